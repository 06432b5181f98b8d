# SPDX-License-Identifier: GPL-2.0-or-later
"""Gzip decompression with a size limit, for patches and mboxes."""

import zlib

from patchpilot.errors import InputError

PIECE = 1 << 20


def unpack(data: bytes, source: str, limit: int) -> bytes:
    """The data, decompressed when it is gzip (all its members); InputError names the source when it is damaged, cut off or larger than `limit` bytes."""
    if data[:2] != b"\x1f\x8b":
        return data
    whole: list[bytes] = []
    size, rest = 0, data
    try:
        while rest[:2] == b"\x1f\x8b":
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            while not unpacker.eof:
                piece = unpacker.decompress(rest, PIECE)
                rest = unpacker.unconsumed_tail
                size += len(piece)
                if size > limit:
                    raise InputError(
                        f"{source}: larger than {limit >> 20} MiB after decompression", hint="pass the patches, or the mbox of one thread"
                    )
                if not piece and not unpacker.eof:
                    raise InputError(f"{source}: truncated gzip data")
                whole.append(piece)
            rest = unpacker.unused_data
    except zlib.error as error:
        raise InputError(f"{source}: damaged gzip data: {error}") from error
    return b"".join(whole)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Decompress gzipped patches and mbox files, with a size limit."""

import zlib
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import IO

from patchpilot.errors import InputError

MAGIC = b"\x1f\x8b"
PIECE = 1 << 20


def unpack_gzip(data: bytes, source: str, limit: int) -> bytes:
    """Decompress data in gzip format, which may have several members; return other data unchanged.

    Raise InputError, naming `source`, if the data is damaged, truncated or larger than `limit`
    bytes.
    """
    if data[:2] != MAGIC:
        return data
    blocks: list[bytes] = []
    size = 0
    for block in decompress_blocks((data,), source):
        size += len(block)
        if size > limit:
            raise InputError(
                f"{source}: larger than {limit >> 20} MiB after decompression",
                hint="pass the patches, or the mbox of one thread",
            )
        blocks.append(block)
    return b"".join(blocks)


def read_unpacked_blocks(stream: IO[bytes], source: str) -> Iterator[bytes]:
    """Yield the content of a stream in blocks; decompress it if it is in gzip format."""
    head = stream.read(len(MAGIC))
    blocks: Iterator[bytes] = chain((head,), iter(partial(stream.read, PIECE), b""))
    return decompress_blocks(blocks, source) if head == MAGIC else blocks


def decompress_blocks(blocks: Iterable[bytes], source: str) -> Iterator[bytes]:
    """Decompress blocks of gzip data; yield pieces of at most PIECE bytes.

    Raise InputError, naming `source`, if the data is damaged or truncated.
    """
    unpacker = None
    try:
        for block in blocks:
            remaining, output = block, b""
            while remaining or len(output) == PIECE:
                if unpacker is None:
                    if not MAGIC.startswith(remaining[:2]):
                        return
                    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
                output = unpacker.decompress(remaining, PIECE)
                yield output
                remaining = unpacker.unconsumed_tail
                if unpacker.eof:
                    remaining, output, unpacker = unpacker.unused_data, b"", None
    except zlib.error as error:
        raise InputError(f"{source}: damaged gzip data: {error}") from error
    if unpacker:
        raise InputError(f"{source}: truncated gzip data")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Limit the size of messages from an editor."""

import re
from typing import BinaryIO, cast

from patchpilot.errors import InputError
from patchpilot.model.limits import MAX_INPUT, MIB

_LENGTH = re.compile(rb"content-length:\s*0*(\d+)\s*", re.IGNORECASE)
_LONGEST_HEADER = 4096
_DIGITS = len(str(MAX_INPUT))


class BoundedInput:
    """A binary stream of messages with a size limit.

    Reading a message that exceeds the limit for input raises InputError.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readline(self) -> bytes:
        """Return the next line of a header."""
        line = self._stream.readline(_LONGEST_HEADER)
        match = _LENGTH.match(line)
        is_large = match and (len(match[1]) > _DIGITS or int(match[1]) > MAX_INPUT)
        if is_large or len(line) == _LONGEST_HEADER:
            raise InputError(
                "the editor sent a message that is too large",
                hint=(
                    f"the limit is {MAX_INPUT // MIB} MiB, and {_LONGEST_HEADER:,} bytes for a line"
                    " of its header"
                ),
            )
        return line

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        return self._stream.read(size)

    def close(self) -> None:
        self._stream.close()


def bounded(stream: BinaryIO) -> BinaryIO:
    """Return the stream with size limits, in the type that a server reads from."""
    return cast("BinaryIO", BoundedInput(stream))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits on the size of input.

Larger input is rejected before it is parsed, with an error that names the input and the limit
(docs/reference/limits.md).
"""

LARGEST = 10**9
_DIGITS = len(str(LARGEST))


def number(text: str) -> int:
    """Parse a decimal number, limited to LARGEST; return 0 for any other text."""
    if not text.isdecimal():
        return 0
    # leading zeros do not count
    digits = text if len(text) <= _DIGITS else text.lstrip("0") or "0"
    return min(int(digits), LARGEST) if len(digits) <= _DIGITS else LARGEST


MIB = 1 << 20
MAX_INPUT = 128 * MIB
"""Bytes of a file, of standard input, or of decompressed gzip data."""
MAX_ANSWER = 64 * MIB
"""Bytes of an answer of an archive, decompressed: all its mails together."""
MAX_MAIL = 64 * MIB
"""Bytes of one mail or patch."""
MAX_HEADER = MIB
"""Bytes of one mail's header."""
MAX_LINE = MIB
"""Bytes of one line."""
MAX_LINES = MIB
"""Lines of one mail or patch."""
MAX_CHECKED_LINES = 40_000
MAX_CHECKED = 4 * MIB
"""Lines and characters of one patch that rules check.

Of a longer patch only the beginning is checked, and a finding says so.
"""

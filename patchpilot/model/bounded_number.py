# SPDX-License-Identifier: GPL-2.0-or-later
"""Untrusted numbers, with a limit on their size.

Python refuses to parse more than 4,300 digits, and no counted quantity needs as many.
"""

LARGEST = 10**9
_DIGITS = len(str(LARGEST))


def number(text: str) -> int:
    """Parse a decimal number, limited to LARGEST; return 0 for any other text."""
    if not text.isdecimal():
        return 0
    # ignore leading zeros
    digits = text if len(text) <= _DIGITS else text.lstrip("0") or "0"
    return min(int(digits), LARGEST) if len(digits) <= _DIGITS else LARGEST

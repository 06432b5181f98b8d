# SPDX-License-Identifier: GPL-2.0-or-later
"""How much input is read. What is larger is refused with its place and the limit, before it is parsed (docs/reference/limits.md)."""

MIB = 1 << 20
MAX_INPUT = 128 * MIB
"""Bytes of a file, of standard input, of an archive's answer, or of what a gzip unpacks to."""
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
"""Lines and characters of one patch that rules look at; of a longer one the beginning, and a finding says so."""

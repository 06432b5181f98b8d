# SPDX-License-Identifier: GPL-2.0-or-later
"""The values that rooms pass to each other: frozen, parsed from input, no I/O."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""The values that the packages pass to each other: immutable, parsed from input, and without
I/O.
"""

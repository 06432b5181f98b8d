# SPDX-License-Identifier: GPL-2.0-or-later
"""Define immutable value types that the packages share, and parsers for them.

Nothing in this package does I/O.
"""

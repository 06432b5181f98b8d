# SPDX-License-Identifier: GPL-2.0-or-later
"""Immutable value types shared by the packages, and parsers for them; nothing here does I/O."""

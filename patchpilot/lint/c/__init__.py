# SPDX-License-Identifier: GPL-2.0-or-later
"""A C lexer and statement scanner for diffs, on which all C rules are based."""

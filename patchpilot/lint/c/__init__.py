# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide a C lexer and statement scanner for diffs. All C rules are based on them."""

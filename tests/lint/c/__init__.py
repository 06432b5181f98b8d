# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the C lexer, the statement scanner and the walk."""

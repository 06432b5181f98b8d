# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the command line: one module per command, and central error handling."""

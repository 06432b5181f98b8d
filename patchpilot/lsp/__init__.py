# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the language server: findings, rule pages and safe fixes in an editor."""

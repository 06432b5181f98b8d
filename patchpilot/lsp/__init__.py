# SPDX-License-Identifier: GPL-2.0-or-later
"""The language server: findings, rule pages and safe fixes in an editor."""

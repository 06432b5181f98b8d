# SPDX-License-Identifier: GPL-2.0-or-later
"""Adapts a fix to a branch where it conflicts: its changes are carried to the branch's own code,
token by token.
"""

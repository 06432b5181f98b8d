# SPDX-License-Identifier: GPL-2.0-or-later
"""A fix adapted to a branch where it conflicts: its changes are carried to the branch's own code,
token by token.
"""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `track reply` command: write and send replies to messages."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `send` and `draft` commands: create messages, find blocking problems, and send."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the topic of a command: its patches, base, draft, sends and state."""

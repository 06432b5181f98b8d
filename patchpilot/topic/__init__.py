# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine a command's topic: its patches, base, draft, sends and state."""

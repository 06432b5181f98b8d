# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixes:, Cc: stable and the other tags: found, explained, added, undone."""

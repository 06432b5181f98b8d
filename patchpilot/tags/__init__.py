# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds, explains, adds and removes Fixes:, Cc: stable and other tags."""

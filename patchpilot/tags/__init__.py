# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds, explains, adds and undoes Fixes:, Cc: stable and other tags."""

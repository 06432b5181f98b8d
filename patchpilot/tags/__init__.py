# SPDX-License-Identifier: GPL-2.0-or-later
"""Find, explain, add and remove Fixes:, Cc: stable and other tags."""

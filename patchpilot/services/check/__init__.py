# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `check` command: read patches, and return findings and fixes."""

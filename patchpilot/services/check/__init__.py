# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `check`: read patches, and return findings and fixes."""

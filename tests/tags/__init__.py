# SPDX-License-Identifier: GPL-2.0-or-later
"""Test of tags and their commands."""

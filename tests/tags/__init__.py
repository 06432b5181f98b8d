# SPDX-License-Identifier: GPL-2.0-or-later
"""Test tags and their commands."""

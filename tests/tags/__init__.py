# SPDX-License-Identifier: GPL-2.0-or-later
"""Test tags, and the commands that find and write them."""

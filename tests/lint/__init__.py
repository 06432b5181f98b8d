# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the linter."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the widgets that several screens use."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the settings and loads the rule packs that they name."""

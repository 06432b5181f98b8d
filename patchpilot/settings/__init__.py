# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the settings and load the rule packs that they name."""

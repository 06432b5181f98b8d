# SPDX-License-Identifier: GPL-2.0-or-later
"""Tools that mine, fit, score, measure and fuzz; README.md lists them."""

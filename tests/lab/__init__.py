# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory: tools that mine, fit, score, measure and break. README.md lists them."""

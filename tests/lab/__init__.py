# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory: tools that mine, fit, score, measure and break; none is part of the suite, and README.md says what each made."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail archives: queries, stored results, and searches for a series in a tree."""

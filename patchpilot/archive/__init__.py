# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail archives: queries, stored results, and the traces of a series in a tree."""

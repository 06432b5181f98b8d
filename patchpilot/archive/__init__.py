# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail archives: queries, the store of tracked series, and the search for a series' commits."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail archives: how they are asked, what is stored of them, and what a tree shows of a series."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Query mail archives, store tracked series, and find a series' commits."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of `track export --format html`: tracked series, drawn and written as one HTML document
that needs nothing else.
"""

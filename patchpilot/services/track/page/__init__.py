# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTML page of `track export --format html`.

The page shows tracked series and is a single document without external files.
"""

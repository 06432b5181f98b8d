# SPDX-License-Identifier: GPL-2.0-or-later
"""Cached data, which may be deleted at any time: $XDG_CACHE_HOME/patchpilot.

`folder` has the path and decides which files are trusted. `entries` caches values by a key of their
input and of the code that computes them. `patterns` caches compiled regular expressions. Data in
other formats (SQLite, git's commit-graph, the archive's answers) gets its path from `folder` too.
"""

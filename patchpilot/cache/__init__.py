# SPDX-License-Identifier: GPL-2.0-or-later
"""The cache, $XDG_CACHE_HOME/patchpilot, which may be deleted at any time.

`entries` provides its path, decides which files are trusted, and caches values under keys that
depend on their inputs and on the code that computes them. `cached_re` caches compiled regular
expressions. Data in other formats (SQLite, git's commit-graph, responses from the archive) is
stored at paths that `entries` provides.
"""

# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept between runs and may be deleted at any time: $XDG_CACHE_HOME/patchpilot.

`folder` says where, and what may be trusted there. `entries` keeps values by a key made of their content and of the code that made them.
`patterns` keeps compiled regular expressions. What has a form of its own (SQLite, git's commit-graph, the archive's answers) gets its place
from `folder` too.
"""

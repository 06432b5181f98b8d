# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the topic of a command: its patches, base, draft, sends and state.

In: a TARGET, or the current branch. Out: a `Topic`. Read `find` first, then `base` and `state`.

Front modules:

- `archive_target`: the series that a Message-ID names
- `base`: the base of a topic
- `current`: the topic of the current branch
- `edit_commits`: start an editor or git on the terminal
- `facts`: a topic in one line
- `find`: the draft of a topic
- `head_watch`: whether HEAD moved
- `message_changes`: change commit messages
- `open_repository`: the repository of a user interface
- `own_archive`: archives with the user's settings
- `patches`: the commits as patches
- `posted_elsewhere`: sends from elsewhere
- `project`: the project of a topic
- `read_series`: the series that TARGETs name
- `reroll`: the next version
- `state`: the state of a topic
- `undisclosed_commits`: commits of undisclosed fixes
- `upstream_state`: whether mainline has a fix
- `workplace`: repository, tree and settings of a command
"""

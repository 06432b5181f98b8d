# SPDX-License-Identifier: GPL-2.0-or-later
"""Read all topics of all repositories and tracked series, sorted by whose turn it is.

In: the drafts, sends and tracked series of the user. Out: `HomeTopic`s. Read `read` first.

Front modules:

- `branches`: the branches that may be topics
- `drafts`: the messages that were written but not sent
- `read`: all topics
- `topic`: a topic as the home screen shows it
"""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Track series until they are merged: fetch their messages, show them, and reply.

In: a Message-ID, an mbox or a sent topic. Out: `Tracked` series (patchpilot/threads) with their
state and next step. Read `follow_series` first, then `update_series`; `reply` has `track reply`.

Front modules:

- `classify_mails`: `track classify`
- `compare_versions`: `track show --range-diff`
- `conversation`: the messages of a series as a tree
- `follow_author`: `track add --author`
- `follow_series`: `track add`
- `follow_topic`: the tracked series of a topic
- `moment_since`: the date of `track --since`
- `poll_archives`: the request of an update
- `posted_commit`: `find COMMIT`
- `reply.answer`: the JSON document of `track reply`
- `reply.plan`: plan a reply
- `reply.send`: send a reply
- `reply.session`: the reply that the user edits
- `review_lines`: the table of patches and reviewers
- `series_head`: the first rows of each view
- `series_turns`: the series by whose turn it is
- `update_series`: `track update`
"""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the tracked series in the local store: versions, replies, review comments and next step.

No archive is queried here: patchpilot/tracking does that. In: the stored messages and the user's
marks. Out: `Tracked`, the record of a series. Read `known_series` first.

Front modules:

- `known_senders`: confirm the address of a sender
- `known_series`: read tracked series
- `review_ledger`: the review comments, and which are open
- `series_record`: the state and next step after a request was marked
- `story`: the history of a series
- `tracked`: the record of a series
"""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Plan a series' recipients (To and Cc, with reasons), and apply the user's edits.

In: patches or source files, and a tree with MAINTAINERS. Out: a `RecipientPlan`, or what
get_maintainer.pl prints. Read `plan` first.

Front modules:

- `contact_history`: the commits that a contact made
- `get_maintainer.topic_answer`: `maintainers --format get_maintainer`
- `groups`: the recipients by the reason why they were added
- `history`: earlier commits by the recipients
- `topic`: `maintainers`, and the recipients of a topic
"""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Plan a send, send each message exactly once, and edit the draft of a topic.

In: a topic, its draft and answers. Out: a `Sending` (`outgoing/transport.py`) with its messages,
recipients, problems and result. Read `plan` first, then `mails`.

Front modules:

- `build_proof`: the line `Compile-tested:`
- `counted_recipients`: the number of recipients, before a plan is made
- `edit_draft`: `draft`
- `mail_changes`: what changed since the last version
- `mail_recipients`: who receives each message
- `mails`: send the messages of a plan
- `outbox_folder`: `send -o`
- `plan`: `send --dry-run`
- `plan_rows`: the facts about a plan, each with a key
- `propose_prefix`: the target tree in the subject prefix
- `questions`: the pre-send questions
- `readable_mail`: a message for reading
- `recipient_advice`: notes on the recipients
- `resume`: `send --resume`
- `state`: the state of a topic's send
- `transport_names`: the transports
"""

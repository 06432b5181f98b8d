# SPDX-License-Identifier: GPL-2.0-or-later
"""The next version of a topic: its number, its changelog pre-filled, its link to the one before."""

from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.outgoing.draft import Draft, Drafts
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.plan import Request


def reroll(repository: Repository, request: Request, draft: Draft) -> Draft:
    """The draft one version after what was sent last. UsageError when nothing was sent."""
    del repository, request
    with Outbox() as outbox:
        sent = [one for one in outbox.sends(draft.change_id) if one.state in ("sent", "partial")]
    if not sent:
        raise UsageError("nothing of this topic was sent yet", hint="send v1 first: patchpilot send")
    version = max(one.version for one in sent) + 1
    if draft.version >= version:
        return draft
    with Drafts() as drafts:
        return drafts.save(replace(draft, version=version))

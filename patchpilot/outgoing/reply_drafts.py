# SPDX-License-Identifier: GPL-2.0-or-later
"""Store drafts of replies in the outbox's database until they are sent or discarded."""

from datetime import UTC, datetime
from typing import NamedTuple

from patchpilot.model.json_form import json_form
from patchpilot.series.topic_database import TopicStore

_COLUMNS = "answers, template, message_id, subject, text, updated"


@json_form("in_reply_to=answers template subject text updated")
class ReplyDraft(NamedTuple):
    """The draft of a reply.

    `answers` is the Message-ID of the message to which it replies, and `message_id` the Message-ID
    of the reply.
    """

    answers: str
    template: str
    message_id: str
    subject: str
    text: str
    updated: str = ""


class ReplyDrafts(TopicStore):
    """The stored reply drafts, at most one for each message and template."""

    def all(self) -> tuple[ReplyDraft, ...]:
        """Return all drafts, most recently changed first."""
        return tuple(
            ReplyDraft(*row)
            for row in self._db.execute(
                f"SELECT {_COLUMNS} FROM replies ORDER BY updated DESC, rowid DESC"
            )
        )

    def find(self, answers: str, template: str) -> ReplyDraft | None:
        """Return the draft of a reply to this message, or None."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM replies WHERE answers = ? AND template = ?",
            (answers, template),
        ).fetchone()
        return ReplyDraft(*row) if row else None

    def keep(self, draft: ReplyDraft) -> ReplyDraft:
        """Store a draft, and return it with the current time as its time of change."""
        saved = draft._replace(updated=datetime.now(UTC).isoformat(timespec="seconds"))
        self._db.execute(
            f"INSERT OR REPLACE INTO replies ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
            saved,
        )
        return saved

    def discard(self, draft: ReplyDraft) -> None:
        """Delete a draft unless another process has changed it."""
        self._db.execute(
            "DELETE FROM replies WHERE answers = ? AND template = ? AND text = ?",
            (draft.answers, draft.template, draft.text),
        )

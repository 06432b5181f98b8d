# SPDX-License-Identifier: GPL-2.0-or-later
"""Open the database of drafts and the outbox in the user's state directory."""

from typing import Self

from patchpilot.resources import TOPIC_DATABASE, state_path
from patchpilot.series.database import Database, DatabaseLayout, open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sends (
    id INTEGER PRIMARY KEY, change_id TEXT NOT NULL, repository TEXT NOT NULL, branch TEXT, version INTEGER NOT NULL, transport TEXT NOT NULL,
    account TEXT NOT NULL, sender TEXT NOT NULL, kind TEXT NOT NULL, base TEXT, head TEXT, force TEXT, bcc TEXT NOT NULL, note TEXT,
    begun TEXT NOT NULL, ended TEXT);
CREATE INDEX IF NOT EXISTS sends_topic ON sends (change_id, version);
CREATE TABLE IF NOT EXISTS mails (
    send INTEGER NOT NULL REFERENCES sends (id) ON DELETE CASCADE, place INTEGER NOT NULL, number INTEGER NOT NULL, message_id TEXT NOT NULL,
    subject TEXT NOT NULL, commit_id TEXT, patch_id TEXT, file BLOB NOT NULL, raw BLOB NOT NULL, envelope TEXT NOT NULL,
    recipients TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL, changed TEXT NOT NULL, PRIMARY KEY (send, place));
CREATE INDEX IF NOT EXISTS mails_patch ON mails (patch_id);
CREATE TABLE IF NOT EXISTS facts (
    send INTEGER NOT NULL REFERENCES sends (id) ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (send, name));
CREATE TABLE IF NOT EXISTS drafts (
    change_id TEXT PRIMARY KEY, repository TEXT NOT NULL, branch TEXT, data TEXT NOT NULL, updated TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS drafts_repository ON drafts (repository);
"""  # noqa: E501
_REPLIES = """
CREATE TABLE IF NOT EXISTS replies (
    answers TEXT NOT NULL, template TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, text TEXT NOT NULL,
    updated TEXT NOT NULL, PRIMARY KEY (answers, template));
"""  # noqa: E501
LAYOUT = DatabaseLayout("the outbox", (_SCHEMA, _REPLIES))


def open_topic_database() -> Database:
    """Open the database of drafts and the outbox in autocommit mode, in which each statement is on
    disk when it returns.
    """
    return open_database(state_path() / TOPIC_DATABASE, LAYOUT)


class TopicStore:
    """A store in the database of drafts and the outbox, closed when its context ends."""

    def __init__(self) -> None:
        self._db = open_topic_database()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def has_drafts(self) -> bool:
        """Return whether any topic has a draft."""
        query = "SELECT 1 FROM drafts LIMIT 1"
        return self._db.execute(query).fetchone() is not None

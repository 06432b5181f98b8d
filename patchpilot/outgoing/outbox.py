# SPDX-License-Identifier: GPL-2.0-or-later
"""Manage the outbox: an SQLite database of planned messages and their delivery states.

It is updated before and after each attempt.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.json_form import json_form
from patchpilot.model.message import MailState, Message, parse_message
from patchpilot.model.patch import parse_subject
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.series.database import write_transaction
from patchpilot.series.topic_database import TopicStore


@json_form("version begun transport state forced=force left_out messages=entries")
@dataclass(frozen=True, slots=True)
class Send:
    """One attempt to send a version of a topic.

    `kind` is "real" or "to-self". `force` is the user's reason for overriding blocking problems.
    `tracking_data` is the data that the transport needs to send these messages. `left_out` contains
    recipients that were removed from unsent messages. `undisclosed` is set for a security fix that
    was not public at the time. `files` contains the absolute paths of sent patch files.
    """

    id: int
    change_id: str
    repository: str
    branch: str | None
    version: int
    transport: str
    account: str
    sender: str
    kind: str
    base: str | None
    head: str | None
    force: str | None
    bcc: tuple[str, ...]
    begun: str
    entries: tuple[Message, ...]
    identity: str | None = None
    tracking_data: Mapping[str, Sequence[str]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    undisclosed: bool = False
    files: tuple[str, ...] = ()

    @property
    def waiting_messages(self) -> tuple[Message, ...]:
        """Return the messages that are still to be sent."""
        return tuple(entry for entry in self.entries if entry.is_waiting)

    @property
    def patch_ids(self) -> frozenset[str]:
        return frozenset(entry.patch_id for entry in self.entries if entry.patch_id)

    @property
    def target_version(self) -> str:
        """Return the version of the stable branch in the first subject, or ""."""
        return (parse_subject(self.entries[0].subject).stable or "") if self.entries else ""

    @property
    def may_have_been_sent(self) -> bool:
        """Return whether any message was, or may have been, sent."""
        return any(
            entry.state in (MailState.ACCEPTED, MailState.UNKNOWN, MailState.SENDING)
            for entry in self.entries
        )

    @property
    def state(self) -> str:
        """Return the state of the whole send: `planned`, `sent`, `partial` or `failed`."""
        states = [entry.state for entry in self.entries]
        if all(state is MailState.ACCEPTED for state in states):
            return "sent"
        if all(state is MailState.PENDING for state in states):
            return "planned"
        return (
            "partial"
            if any(state in (MailState.ACCEPTED, MailState.UNKNOWN) for state in states)
            else "failed"
        )


def remove_from_send(send: Send, keys: Sequence[str]) -> Send:
    """Remove these mailboxes (in lower case) from the unsent messages of a send."""
    from patchpilot.outgoing.compose_message import remove_recipients

    return replace(
        send,
        bcc=tuple(address for address in send.bcc if address.lower() not in keys),
        left_out=tuple(dict.fromkeys((*send.left_out, *keys))),
        entries=tuple(
            remove_recipients(entry, keys) if entry.is_waiting else entry for entry in send.entries
        ),
    )


class Outbox(TopicStore):
    """The sends that are stored in a database, with their messages."""

    def add(self, send: Send) -> Send:
        """Store a planned send.

        Return it with its id, and with all messages pending.
        """
        timestamp = _format_current_time()
        with write_transaction(self._db):
            row = self._db.execute(
                f"INSERT INTO sends ({', '.join(_SEND_COLUMNS)}, bcc, begun, note)"
                f" VALUES ({', '.join('?' * (len(_SEND_COLUMNS) + 3))})",
                (
                    *(getattr(send, name) for name in _SEND_COLUMNS),
                    json.dumps(send.bcc),
                    timestamp,
                    send.identity,
                ),
            )
            if send.tracking_data:
                self._note(row.lastrowid, _TRACKING_DATA, send.tracking_data)
            if send.undisclosed:
                self._note(row.lastrowid, _UNDISCLOSED, True)
            if send.files:
                self._note(row.lastrowid, _FILES, send.files)
            for entry, message in enumerate(send.entries):
                self._db.execute(
                    "INSERT INTO mails VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        row.lastrowid,
                        entry,
                        message.number,
                        message.message_id,
                        message.subject,
                        message.commit,
                        message.patch_id,
                        message.file,
                        message.raw,
                        message.envelope_from,
                        json.dumps(message.recipients),
                        MailState.PENDING,
                        "",
                        timestamp,
                    ),
                )
        return self.get(row.lastrowid)

    def mark(self, send_id: int, index: int, outcome: Outcome) -> None:
        """Store the state of a message, and wait until it is on disk."""
        self._db.execute(
            "UPDATE mails SET state = ?, detail = ?, changed = ? WHERE send = ? AND place = ?",
            (
                outcome.state,
                outcome.detail[:2000],
                _format_current_time(),
                send_id,
                index,
            ),
        )

    def rename(self, send_id: int, index: int, message_id: str, raw: bytes) -> None:
        """Store the Message-ID and bytes with which a message was sent."""
        self._db.execute(
            "UPDATE mails SET message_id = ?, raw = ? WHERE send = ? AND place = ?",
            (message_id, raw, send_id, index),
        )

    def drop_recipients(self, send_id: int, keys: Sequence[str]) -> Send:
        """Remove these mailboxes (in lower case) from the unsent messages.

        Return the updated send.
        """
        with write_transaction(self._db):
            send = remove_from_send(self.get(send_id), keys)
            for entry in send.entries:
                self._db.execute(
                    "UPDATE mails SET file = ?, raw = ?, recipients = ?, changed = ? WHERE send"
                    " = ? AND place = ?",
                    (
                        entry.file,
                        entry.raw,
                        json.dumps(entry.recipients),
                        _format_current_time(),
                        send_id,
                        entry.position,
                    ),
                )
            self._db.execute(
                "UPDATE sends SET bcc = ? WHERE id = ?", (json.dumps(send.bcc), send_id)
            )
            self._note(send_id, "left out", send.left_out)
        return self.get(send_id)

    def resume_send(
        self, send_id: int, outcomes: Mapping[int, Outcome], left_out: Sequence[str]
    ) -> Send:
        """Prepare to resume a send whose process has exited.

        `outcomes` maps the positions of messages in an unknown state to their outcomes; `left_out`
        are recipients to remove.
        """
        with write_transaction(self._db):
            for entry in self.settle(send_id).entries:
                if entry.state is MailState.UNKNOWN and entry.position in outcomes:
                    self.mark(send_id, entry.position, outcomes[entry.position])
            return self.drop_recipients(send_id, left_out) if left_out else self.get(send_id)

    def end(self, send_id: int) -> None:
        """Record the time at which the attempt ended."""
        self._db.execute(
            "UPDATE sends SET ended = ? WHERE id = ?", (_format_current_time(), send_id)
        )

    def forget(self, send_id: int) -> None:
        """Delete a send if none of its messages was sent."""
        self._db.execute("DELETE FROM sends WHERE id = ?", (send_id,))

    def get(self, send_id: int) -> Send:
        """Return the send with this id, which must exist."""
        send = self.find(send_id)
        assert send is not None
        return send

    def find(self, send_id: int) -> Send | None:
        return next(iter(self._sends("WHERE id = ?", send_id)), None)

    def _sends(self, clause: str, *values: object) -> tuple[Send, ...]:
        rows = self._db.execute(
            f"SELECT DISTINCT {_ALL_COLUMNS} FROM sends {clause} ORDER BY sends.id",
            values,
        ).fetchall()
        with self._db.convert_errors():
            return tuple(map(self._read, rows))

    def sends(
        self, change_id: str, version: int | None = None, kind: str = "real"
    ) -> tuple[Send, ...]:
        """Return the sends of a topic, or of one of its versions, oldest first."""
        return self._sends(
            "WHERE change_id = ? AND kind = ? AND (? IS NULL OR version = ?)",
            change_id,
            kind,
            version,
            version,
        )

    def replies(self, parent: str) -> tuple[Send, ...]:
        """Return all replies to the message with this Message-ID, oldest first."""
        sends = self._sends(
            "JOIN mails ON mails.send = sends.id"
            " WHERE sends.kind = 'reply' AND instr(mails.file, ?)",
            parent.encode("utf-8", "surrogateescape"),
        )
        return tuple(send for send in sends if send.entries[0].in_reply_to == parent)

    def find_related(
        self, change_id: str, patch_ids: Iterable[str], target_version: str
    ) -> tuple[Send, ...]:
        """Return all real sends of a topic, or with any of these patch-ids for the same target.

        `target_version` is the version of the stable branch that the patches are for, or "".
        """
        sends = self._sends(
            "WHERE kind = 'real' AND (change_id = ? OR id IN (SELECT send FROM mails WHERE"
            " patch_id IN (SELECT value FROM json_each(?))))",
            change_id,
            json.dumps([patch_id_ for patch_id_ in patch_ids if patch_id_]),
        )
        return tuple(
            send
            for send in sends
            if send.change_id == change_id or send.target_version == target_version
        )

    def find_for_branch(self, repository: str, branch: str, limit: int) -> tuple[Send, ...]:
        """Return the last real sends of a branch, oldest first."""
        return self._sends(
            "WHERE id IN (SELECT id FROM sends WHERE repository = ? AND branch = ? AND"
            " kind = 'real' ORDER BY id DESC LIMIT ?)",
            repository,
            branch,
            limit,
        )

    def last_version(self, change_id: str) -> int:
        """Return the highest version in which a message was sent or may have been sent, or 0."""
        row = self._db.execute(
            "SELECT max(sends.version) FROM sends JOIN mails ON mails.send = sends.id WHERE"
            " sends.change_id = ? AND sends.kind = 'real' AND mails.state IN ('accepted',"
            " 'unknown', 'sending')",
            (change_id,),
        ).fetchone()
        return int(row[0] or 0)

    def is_undisclosed(self, change_id: str) -> bool:
        """Return whether the topic's last real send was an undisclosed security fix."""
        row = self._db.execute(
            "SELECT facts.value FROM sends LEFT JOIN facts ON facts.send = sends.id AND facts.name"
            " = ? WHERE change_id = ? AND kind = 'real' ORDER BY sends.id DESC LIMIT 1",
            (_UNDISCLOSED, change_id),
        ).fetchone()
        return bool(row and row[0])

    def received(self, change_id: str) -> list[Send]:
        """Return a topic's sends in which any message was, or may have been, accepted."""
        sends = self.sends(change_id)
        return [send for send in sends if send.state in ("sent", "partial")]

    def test_ids(self) -> frozenset[str]:
        """Return the Message-IDs of all messages that were sent only to the sender as a test."""
        rows = self._db.execute(
            "SELECT message_id FROM mails JOIN sends ON sends.id = mails.send WHERE sends.kind ="
            " 'to-self'"
        )
        return frozenset(str(row[0]) for row in rows)

    def undisclosed_ids(self) -> frozenset[str]:
        """Return the Message-IDs that must not become public.

        They belong to messages that were sent as undisclosed fixes, and to all messages in topics
        that are now undisclosed.
        """
        with self._db.convert_errors():
            rows = self._db.execute(
                "SELECT message_id FROM mails WHERE send IN (SELECT send FROM facts WHERE name = ?)"
                " OR send IN (SELECT sends.id FROM sends JOIN drafts USING (change_id) WHERE"
                " json_extract(drafts.data, '$.answers.security') = 'yes')",
                (_UNDISCLOSED,),
            )
            return frozenset(str(row[0]) for row in rows)

    def undisclosed_sends(self) -> tuple[Send, ...]:
        """Return the sends of the topics whose last send was an undisclosed security fix."""
        return tuple(
            send
            for send in self._sends("WHERE kind = 'real'")
            if send.undisclosed and self.is_undisclosed(send.change_id)
        )

    def public_ids(self) -> frozenset[str]:
        """Return the Message-IDs of all messages that were sent, except of undisclosed fixes."""
        rows = self._db.execute(
            "SELECT message_id FROM mails JOIN sends ON sends.id = mails.send WHERE sends.kind <>"
            " 'to-self'"
        )
        return frozenset(str(row[0]) for row in rows) - self.undisclosed_ids()

    def accepted_since(self, since: datetime) -> tuple[tuple[str, datetime, int], ...]:
        """Return the Message-ID, the start of the send, and the send's id for each message accepted
        since this time.
        """
        rows = self._db.execute(
            f"SELECT mails.message_id, {_ALL_COLUMNS} FROM mails JOIN sends ON"
            " sends.id = mails.send WHERE sends.kind = 'real' AND mails.state ="
            " 'accepted' ORDER BY sends.id, mails.rowid"
        )
        mails = (
            (str(message_id), parse_stored_time(str(start)), int(send))
            for message_id, send, *_, start, _ in rows
        )
        return tuple(mail for mail in mails if mail[1] >= since)

    def topics_of_mails(self) -> dict[str, str]:
        """Map the Message-IDs of accepted messages to their topics' change-ids."""
        rows = self._db.execute(
            "SELECT mails.message_id, sends.change_id FROM mails JOIN sends ON sends.id ="
            " mails.send WHERE sends.kind = 'real' AND mails.state = 'accepted' ORDER BY"
            " sends.id, mails.place"
        )
        return {str(message_id): str(change_id) for message_id, change_id in rows}

    def subjects_of_mails(self) -> dict[str, str]:
        """Map the Message-IDs of accepted messages to their subjects."""
        rows = self._db.execute(
            "SELECT message_id, subject FROM mails JOIN sends ON sends.id = mails.send WHERE"
            " sends.kind = 'real' AND mails.state = 'accepted'"
        )
        return {str(message_id): str(subject) for message_id, subject in rows}

    def senders(self) -> tuple[str, ...]:
        """Return the senders of all real sends, without duplicates."""
        rows = self._db.execute(
            "SELECT DISTINCT sender FROM sends WHERE kind = 'real' ORDER BY sender"
        )
        return tuple(str(row[0]) for row in rows)

    def find_by_messages(self, message_ids: Iterable[str]) -> tuple[Send, ...]:
        """Return the real sends that contain any of these Message-IDs."""
        return self._sends(
            "JOIN mails ON mails.send = sends.id WHERE sends.kind = 'real' AND"
            " mails.message_id IN (SELECT value FROM json_each(?))",
            json.dumps(list(message_ids)),
        )

    def note_archived(self, message_ids: Iterable[str]) -> None:
        """Record which of these messages, found in an archive, were sent from here."""
        rows = self._db.execute(
            "SELECT DISTINCT send FROM mails WHERE state = 'accepted' AND message_id IN"
            " (SELECT value FROM json_each(?))",
            (json.dumps(list(message_ids)),),
        ).fetchall()
        for (send_id,) in rows:
            self._note(send_id, _ARRIVED, "archive")

    def note_received(self, account: str) -> bool:
        """Record that the user received a message sent with this account.

        Return whether any was sent.
        """
        row = self._db.execute(
            "SELECT send FROM mails JOIN sends ON sends.id = mails.send WHERE account = ? AND"
            " state = 'accepted' ORDER BY kind = 'to-self' DESC, send DESC LIMIT 1",
            (account,),
        ).fetchone()
        if row:
            self._note(row[0], _ARRIVED, "user")
        return row is not None

    def find_delivery_proof(self, account: str) -> str:
        """Return what proves that messages sent with this account arrive, or "".

        It is "archive" if one was found in an archive, or "user" if the user received one.
        """
        row = self._db.execute(
            "SELECT min(value) FROM facts JOIN sends ON sends.id = facts.send WHERE name = ? AND"
            " account = ?",
            (_ARRIVED, account),
        ).fetchone()
        return str(json.loads(row[0])) if row[0] else ""

    def has_sent(self) -> bool:
        """Return whether any message was ever accepted."""
        return bool(
            self._db.execute("SELECT 1 FROM mails WHERE state = 'accepted' LIMIT 1").fetchone()
        )

    def count_sent_topics(self) -> int:
        """Return the number of topics of which a message was accepted, other than in a test."""
        (count,) = self._db.execute(
            "SELECT count(DISTINCT change_id) FROM sends JOIN mails ON mails.send = sends.id"
            " WHERE kind = 'real' AND state = 'accepted'"
        ).fetchone()
        return int(count)

    def settle(self, send_id: int) -> Send:
        """Change the state `sending` of messages to `unknown` after the process has exited, and
        return the send.
        """
        self._db.execute(
            "UPDATE mails SET state = 'unknown', detail = 'the sending program ended before the"
            " answer was known', changed = ? WHERE send = ? AND state = 'sending'",
            (_format_current_time(), send_id),
        )
        return self.get(send_id)

    def _note(self, send_id: int | None, name: str, value: object) -> None:
        self._db.execute(
            "INSERT INTO facts VALUES (?, ?, ?) ON CONFLICT (send, name) DO UPDATE SET value ="
            " excluded.value",
            (send_id, name, json.dumps(value)),
        )

    def _read(self, row: tuple[Any, ...]) -> Send:
        send_id, *columns, bcc, start_time, identity = row
        rows = self._db.execute(
            "SELECT raw, envelope, recipients, state, place, number, commit_id, patch_id, file,"
            " detail FROM mails WHERE send = ? ORDER BY place",
            (send_id,),
        ).fetchall()
        names = ("position", "number", "commit", "patch_id", "file", "detail")
        entries = tuple(
            replace(
                parse_message(raw, envelope, tuple(json.loads(recipients))),
                state=MailState(state),
                **dict(zip(names, values, strict=True)),
            )
            for raw, envelope, recipients, state, *values in rows
        )
        facts = {
            name: json.loads(value)
            for name, value in self._db.execute(
                "SELECT name, value FROM facts WHERE send = ?", (send_id,)
            )
        }
        fields = dict(zip(_SEND_COLUMNS, columns, strict=True))
        # int() raises an exception if the database is damaged
        fields["version"] = int(fields["version"])
        return Send(
            id=send_id,
            **fields,
            bcc=tuple(json.loads(bcc)),
            begun=start_time,
            entries=entries,
            identity=identity,
            tracking_data=facts.get(_TRACKING_DATA, {}),
            left_out=tuple(facts.get("left out", ())),
            undisclosed=bool(facts.get(_UNDISCLOSED)),
            files=tuple(facts.get(_FILES, ())),
        )


_UNDISCLOSED = "undisclosed"
_ARRIVED = "arrived"
_FILES = "files"
_TRACKING_DATA = "books"
"""The name of the stored fact; it must not change."""
_SEND_COLUMNS = (
    "change_id",
    "repository",
    "branch",
    "version",
    "transport",
    "account",
    "sender",
    "kind",
    "base",
    "head",
    "force",
)
"""Columns of the table `sends` with the same name as a field."""
_ALL_COLUMNS = ", ".join(
    f"sends.{column}" for column in ("id", *_SEND_COLUMNS, "bcc", "begun", "note")
)


def _format_current_time() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

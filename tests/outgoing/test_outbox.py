# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the outbox stores every message with its state."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from patchpilot.errors import PatchpilotError
from patchpilot.model.message import MailState
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.resources import state_folder
from patchpilot.series.topic_database import open_topic_database
from tests.kit.outbox import CHANGE, LIST, MAX, build_message, record_send

PENDING, SENDING, ACCEPTED, REJECTED, UNKNOWN = MailState


def test_planned_send_is_read_from_outbox() -> None:
    messages = (build_message(0), build_message(1, position=1))
    with Outbox() as outbox:
        template = record_send(outbox)
        planned = replace(
            template,
            identity="identity",
            force="a reason",
            bcc=("b@example.com",),
            tracking_data={"patchpilot": ["x", "y"]},
            entries=messages,
        )
        began = datetime.now(UTC).replace(microsecond=0)
        send = outbox.add(planned)
    with Outbox() as outbox:
        second_send = outbox.get(send.id)
    assert second_send == send
    assert replace(second_send, id=planned.id, begun=planned.begun) == planned
    assert datetime.fromisoformat(second_send.begun) >= began
    assert second_send.entries == messages


def test_recorded_send_has_no_tracking_data_by_default() -> None:
    with Outbox() as outbox:
        send = record_send(outbox)
        assert (send.tracking_data, send.left_out, send.identity, send.force) == (
            {},
            (),
            None,
            None,
        )
        assert outbox.find(send.id) == send
        assert outbox.find(send.id + 1) is None
        outbox.forget(send.id)
        assert outbox.find(send.id) is None


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ((ACCEPTED, ACCEPTED), "sent"),
        ((PENDING, PENDING), "planned"),
        ((ACCEPTED, PENDING), "partial"),
        ((UNKNOWN, REJECTED), "partial"),
        ((ACCEPTED, REJECTED), "partial"),
        ((REJECTED, PENDING), "failed"),
        ((REJECTED, REJECTED), "failed"),
        ((SENDING, PENDING), "failed"),
    ],
)
def test_send_state_follows_its_messages(states: tuple[MailState, ...], state: str) -> None:
    with Outbox() as outbox:
        assert record_send(outbox, *states).state == state


def test_server_response_is_truncated() -> None:
    with Outbox() as outbox:
        send = record_send(outbox, PENDING, PENDING)
        outbox.mark(send.id, 1, Outcome(REJECTED, "550 no\n" + "x" * 5000))
        first_message, second_message = outbox.get(send.id).entries
        assert (first_message.state, first_message.detail) == (PENDING, "")
        assert second_message.state is REJECTED
        assert second_message.detail.startswith("550 no\n")
        assert len(second_message.detail) == 2000


def test_changed_message_id_is_recorded() -> None:
    with Outbox() as outbox:
        send = record_send(outbox, ACCEPTED, ACCEPTED)
        raw_mail = send.entries[1].raw.replace(b"-v1-2@", b"-other@")
        outbox.rename(send.id, 1, "other@example.org", raw_mail)
        first_message, second_message = outbox.get(send.id).entries
        assert first_message == send.entries[0]
        assert second_message.raw == raw_mail
        assert second_message.message_id == f"{CHANGE}-other@example.org"


def test_sends_are_listed_oldest_first() -> None:
    with Outbox() as outbox:
        send, two, second = (
            record_send(outbox),
            record_send(outbox, version=2),
            record_send(outbox),
        )
        mine = record_send(outbox, send_kind="to-self")
        other_send = record_send(outbox, change_id="20261120-other-0123456789ab")
        assert outbox.sends(CHANGE) == (send, two, second)
        assert outbox.sends(CHANGE, 1) == (send, second)
        assert outbox.sends(CHANGE, 3) == ()
        assert outbox.sends(CHANGE, kind="to-self") == (mine,)
        assert outbox.find_related(CHANGE, (), "") == (send, two, second)
        assert outbox.find_related("", [str(build_message(1, 2).patch_id)], "") == (two,)
        assert outbox.find_related(CHANGE, [str(build_message(1).patch_id), ""], "") == (
            send,
            two,
            second,
            other_send,
        )
        assert outbox.find_related("20261120-none-0123456789ab", [""], "") == ()


@pytest.mark.parametrize(
    ("state", "known"),
    [
        (ACCEPTED, True),
        (UNKNOWN, True),
        (SENDING, True),
        (PENDING, False),
        (REJECTED, False),
    ],
)
def test_received_patches_are_identified_by_patch_id(state: MailState, known: bool) -> None:
    with Outbox() as outbox:
        send = record_send(outbox, state, PENDING)
        record_send(outbox, ACCEPTED, send_kind="to-self", messages=[build_message(3)])
        first, second = (str(entry.patch_id) for entry in send.entries)

        def find_possible_sends(*patch_ids: str) -> tuple[Send, ...]:
            related_sends = outbox.find_related("", patch_ids, "")
            return tuple(
                related_send for related_send in related_sends if related_send.may_have_been_sent
            )

        assert find_possible_sends(str(build_message(3).patch_id)) == ()
        assert find_possible_sends(first, second) == ((send,) if known else ())


def test_accepted_message_marks_the_topic_as_sent() -> None:
    with Outbox() as outbox:
        assert outbox.has_sent() is False
        send = record_send(outbox, REJECTED, UNKNOWN)
        assert outbox.has_sent() is False
        outbox.mark(send.id, 1, Outcome(ACCEPTED))
        assert outbox.has_sent() is True


def test_message_of_dead_process_has_unknown_state() -> None:
    with Outbox() as outbox:
        send, other = (
            record_send(outbox, ACCEPTED, SENDING, PENDING),
            record_send(outbox, SENDING),
        )
        settled = outbox.settle(send.id)
        assert [entry.state for entry in settled.entries] == [
            ACCEPTED,
            UNKNOWN,
            PENDING,
        ]
        assert settled.entries[1].detail
        assert (settled.entries[0].detail, settled.entries[2].detail) == ("", "")
        assert outbox.get(other.id) == other


def test_end_time_of_send_is_recorded() -> None:
    with Outbox() as outbox:
        send, other = record_send(outbox), record_send(outbox)
        outbox.end(send.id)
    ended = dict(open_topic_database().execute("SELECT id, ended FROM sends").fetchall())
    assert datetime.fromisoformat(ended[send.id]).tzinfo is not None
    assert ended[other.id] is None


def test_recipient_is_dropped_from_unsent_messages() -> None:
    with Outbox() as outbox:
        send = record_send(
            outbox, ACCEPTED, REJECTED, PENDING, bcc=("B@example.com", "c@example.com")
        )
        left = outbox.drop_recipients(send.id, [MAX.key, "b@example.com"])
        assert left.entries[0] == send.entries[0]
        for entry in left.entries[1:]:
            assert entry.recipients == (LIST.email,)
            assert MAX.email.encode() not in entry.raw
            assert MAX.email.encode() not in entry.file
        assert [entry.state for entry in left.entries] == [ACCEPTED, REJECTED, PENDING]
        assert left.bcc == ("c@example.com",)
        assert left.left_out == (MAX.key, "b@example.com")
        assert outbox.drop_recipients(send.id, [LIST.key, MAX.key]).left_out == (
            MAX.key,
            "b@example.com",
            LIST.key,
        )


def test_send_is_stored_atomically() -> None:
    with Outbox() as outbox:
        template = record_send(outbox)
        wrong = replace(build_message(2), raw=object())
        with pytest.raises(sqlite3.ProgrammingError):
            outbox.add(replace(template, entries=(build_message(1), wrong)))
        assert outbox.sends(CHANGE) == (template,)
        # the next transaction requires that this one has ended
        assert outbox.add(template).id > template.id


def test_full_disk_has_a_hint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Outbox() as outbox:
        send = record_send(outbox)
        outbox._db.execute("PRAGMA query_only = ON")
        for write in (
            lambda: outbox.mark(send.id, 0, Outcome(REJECTED)),
            lambda: outbox.drop_recipients(send.id, [MAX.key]),
            lambda: outbox.add(send),
            lambda: outbox.end(send.id),
        ):
            with pytest.raises(PatchpilotError, match="the outbox cannot be written") as error:
                write()
            assert error.value.hint
            assert str(state_folder()) in error.value.hint
    for file in state_folder().glob("outgoing.sqlite3-*"):
        file.unlink()
    (state_folder() / "outgoing.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(PatchpilotError, match="the outbox is damaged"):
        open_topic_database()


def test_outbox_is_private() -> None:
    connection = open_topic_database()
    assert (state_folder() / "outgoing.sqlite3").stat().st_mode & 0o777 == 0o600
    assert state_folder().stat().st_mode & 0o077 == 0
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO facts VALUES (99, 'a', 'b')")
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)

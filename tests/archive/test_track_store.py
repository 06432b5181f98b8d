# SPDX-License-Identifier: GPL-2.0-or-later
"""Test storing, reading and removing tracked series."""

import sqlite3
import stat
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store, default_store_file
from patchpilot.errors import InputError, UsageError
from patchpilot.reading.mbox import parse
from tests.kit import story
from tests.kit.mails import build_mbox

MAILS = parse(build_mbox(story.V1, story.REVIEW))


def test_series_is_stored_with_its_messages(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        entry = store.add("v1@example.org", "demo", "http://x.example/y", None)
        assert set(store.keep(entry.id, "demo: new", MAILS)) == {
            "v1@example.org",
            "r1@example.org",
        }
        assert store.keep(entry.id, "demo: new", MAILS) == ()
    with Store(tmp_path / "s") as store:
        assert [(entry.id, entry.subject, entry.lore) for entry in store.entries()] == [
            (1, "demo: new", "http://x.example/y")
        ]
        assert [mail.subject for mail in store.mails(1)] == [mail.subject for mail in MAILS]


def test_duplicate_series_is_stored_once(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        assert (
            store.add("v1@example.org", "demo", "http://x.example/y", None).id
            == store.add("v1@example.org", "demo", None, "/m").id
        )
        assert store.entries()[0].lore == "http://x.example/y"


def test_replies_are_unread_until_read(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        entry = store.add("v1@example.org", "demo", None, None)
        store.keep(entry.id, "demo", MAILS, seen_ids=["v1@example.org"])
        assert store.unread(entry.id) == {"r1@example.org"}
        store.mark_read(["r1@example.org"])
        assert store.unread(entry.id) == frozenset()


def test_message_of_two_series_is_new_in_the_last_one_and_read_once(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        numbers = [store.add(name, name, None, None).id for name in ("fix", "backport")]
        for number in numbers:
            store.keep(number, "demo", MAILS, seen_ids=["v1@example.org"])
        assert [len(store.unread(number)) for number in numbers] == [0, 1]
        store.mark_read(["r1@example.org"])
        store.remove(numbers[1])
        assert store.unread(numbers[0]) == frozenset()


def test_sent_reply_is_stored_with_every_series_of_its_parent(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        numbers = [store.add(name, name, None, None).id for name in ("ask", "v1", "other")]
        for number in numbers[:2]:
            store.keep(number, "demo", MAILS)
        store.store_sent_mail(numbers[0], *parse(story.ANSWER))
        assert ["r2@example.org" in store.message_ids(it) for it in numbers] == [True, True, False]
        assert "r2@example.org" not in store.unread(numbers[1])


def test_answered_message_is_read_in_every_series(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        numbers = [store.add(name, name, None, None).id for name in ("ask", "v1")]
        for number in numbers:
            store.keep(number, "demo", MAILS)
        (answer,) = parse(story.ANSWER)
        assert answer.in_reply_to in store.unread(numbers[1])
        store.store_sent_mail(numbers[0], answer)
        assert not {answer.in_reply_to} & (store.unread(numbers[0]) | store.unread(numbers[1]))


def test_removing_a_series_removes_its_messages(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        first, second = (
            store.add("v1@example.org", "a", None, None),
            store.add("b", "b", None, None),
        )
        store.keep(first.id, "a", MAILS)
        store.keep(second.id, "b", MAILS[:1])
        store.remove(first.id)
        assert [mail.message_id for mail in store.mails(second.id)] == ["v1@example.org"]
        with pytest.raises(UsageError):
            store.entry(first.id)
        assert store.add("c", "c", None, None).id == 3


def test_store_is_private(tmp_path: Path) -> None:
    with Store() as store:
        assert store.file == default_store_file()
        assert stat.S_IMODE(store.file.stat().st_mode) == 0o600


def test_damaged_store_is_reported(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"not a database" * 100)
    with pytest.raises(InputError, match="s: "):
        Store(tmp_path / "s")


def test_newer_store_is_not_touched(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "s")
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(InputError, match="newer"):
        Store(tmp_path / "s")


def test_non_utf8_messages_are_stored(tmp_path: Path) -> None:
    odd = parse(
        b"From: \xff <a@example.org>\nMessage-ID: <\xfe@example.org>\nSubject: \xe9\n\n\xff\n"
    )
    with Store(tmp_path / "s") as store:
        entry = store.add("x", "\udce9", None, None)
        store.keep(entry.id, "\udce9", odd)
        assert len(store.mails(entry.id)) == 1


def test_two_processes_may_write(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as first_store, Store(tmp_path / "s") as second_store:
        first_store.add("a", "a", None, None)
        second_store.add("b", "b", None, None)
        assert len(first_store.entries()) == 2


def test_messages_stored_by_old_versions_get_a_weight(
    tmp_path: Path,
) -> None:
    with Store(tmp_path / "s") as store:
        entry = store.add("v1@example.org", "demo", None, None)
        store.keep(entry.id, "demo", MAILS)
        with store.transaction() as database:
            database.execute("UPDATE member SET weight = NULL")
        stored = store.read_important_mails(entry.id, 1)
        assert ([mail.message_id for mail in stored.mails], stored.left_out) == (
            ["v1@example.org"],
            1,
        )
        assert store.read_important_mails(entry.id, 2).left_out == 0

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `track update --all` reads each thread again and keeps local data."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from patchpilot.archive.track_store import Store, default_store_file
from patchpilot.series import database
from patchpilot.series.database import list_backups
from tests.kit import story
from tests.kit.archive import serve_archive
from tests.kit.cli import call
from tests.kit.mails import build_described_mail, build_mbox

DAMAGE = "UPDATE mail SET raw = x'00'"


@pytest.fixture(autouse=True)
def start_fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_verified", set())


def execute_sql(statement: str) -> None:
    with sqlite3.connect(default_store_file()) as connection:
        connection.execute(statement)


def read_local_data(number: int = 1) -> dict[str, Any]:
    """Return the data about a series that is stored only locally."""
    with Store() as store:
        entry = store.entry(number)
        return {
            "number": entry.id,
            "key": entry.message_id,
            "added": entry.added,
            "source": (entry.lore, entry.mbox),
            "unread": store.unread(number),
            "ticked": store.marks(number),
            "mails": sorted(mail.raw for mail in store.mails(number)),
        }


def track_series(line: str, *arguments: object) -> dict[str, Any]:
    result = call(f"track {line}", *arguments, "--format", "json")
    assert (result.code, result.err) == (0, "")
    (tracked_series,) = json.loads(result.out)["series"]
    return dict(tracked_series)


def test_damaged_message_is_restored(workdir: Path) -> None:
    with serve_archive(
        "public-inbox",
        workdir / "pi",
        *story.ACCEPTED,
        build_described_mail("w [PATCH] valve: open it", author=story.OTTO),
    ) as server:
        call("track add w@example.org --lore", server.url)
        call("track remove 1")
        call("track add v1@example.org --lore", server.url)
        with Store() as store:
            store.mark_read(["r1@example.org"])
            store.mark(2, "r1@example.org", 3, "declined")
        before, series_json = read_local_data(2), track_series("show --keep-unread")
        execute_sql(f"{DAMAGE} WHERE message_id IN ('r1@example.org', 'v2@example.org')")
        execute_sql("DELETE FROM mail WHERE message_id = 'r4@example.org'")
        assert call("track show 2 --keep-unread").code == 2
        updated = track_series("update --all")
    assert read_local_data(2) == before
    assert updated["new"] == []
    assert {**track_series("show --keep-unread"), "updated": 0} == {
        **series_json,
        "updated": 0,
    }


def test_update_adds_messages_and_keeps_lost_ones(workdir: Path) -> None:
    with serve_archive("stand-in", workdir, story.V1, story.REVIEW) as server:
        call("track add v1@example.org --lore", server.url)
    with serve_archive("stand-in", workdir, story.V1, story.V2, story.TAG) as archive:
        tracked = track_series("update --all --lore", archive.url)
    assert set(tracked["new"]) == {"v2@example.org", "r3@example.org"}
    assert {reply["message_id"] for reply in tracked["replies"]} == {
        "r1@example.org",
        "r3@example.org",
    }
    assert read_local_data()["source"] == (server.url, None)


def test_unavailable_message_is_restored_from_a_backup(
    workdir: Path,
) -> None:
    with serve_archive("stand-in", workdir, *story.BEGINNING) as server:
        call("track add v1@example.org --lore", server.url)
        before = read_local_data()
        call("track")  # delete today's backup as well
        execute_sql(f"{DAMAGE} WHERE message_id = 'r1@example.org'")
    database._verified.clear()
    outcome = call("track update --all")
    assert (outcome.code, read_local_data()) == (4, before)
    execute_sql(f"{DAMAGE} WHERE message_id = 'r1@example.org'")
    for backup in list_backups(default_store_file()):
        backup.unlink()
    outcome = call("track update --all")
    assert (outcome.code, "cannot be reached" in outcome.err) == (4, True)
    output = call("track show 1")
    assert (output.code, "r1@example.org> is damaged" in output.err) == (2, True)


def test_message_with_a_damaged_id_is_replaced_by_its_source(workdir: Path) -> None:
    with serve_archive("stand-in", workdir, *story.BEGINNING) as server:
        call("track add v1@example.org --lore", server.url)
        before = read_local_data()
        for backup in list_backups(default_store_file()):
            backup.unlink()
        execute_sql(
            "UPDATE member SET message_id = 'r1@example.orV' WHERE message_id = 'r1@example.org'"
        )
        output = call("track update 1")
        assert "r1@example.orV> is damaged, and not in the source" in output.out + output.err
        assert call("track show 1 --keep-unread").err == ""
    assert read_local_data()["mails"] == before["mails"]


def test_tracked_file_is_read_again(workdir: Path) -> None:
    file = workdir / "thread.mbox"
    file.write_bytes(build_mbox(*story.BEGINNING))
    call("track add --mbox", file)
    before = read_local_data()
    file.write_bytes(build_mbox(*story.ACCEPTED))
    execute_sql(f"{DAMAGE} WHERE message_id = 'r1@example.org'")
    assert track_series("update --all")["state"] == "accepted"
    assert set(before["mails"]) < set(read_local_data()["mails"])
    for backup in list_backups(default_store_file()):
        backup.unlink()
    file.unlink()
    database._verified.clear()
    execute_sql(DAMAGE)
    outcome = call("track update --all")
    assert outcome.code == 2
    assert f"{file} no longer exists" in outcome.out

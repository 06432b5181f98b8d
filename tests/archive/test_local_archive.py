# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that changes to local archives are detected, that other files are rejected, and that a
damaged index is rebuilt.
"""

import json
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from patchpilot.archive import local_archive
from patchpilot.archive.archive import make_date_query
from patchpilot.archive.local_mails import FoundMail
from patchpilot.archive.local_query import normalize_words, translate_to_sql
from patchpilot.archive.open_archive import normalize_archive_address, open_archive
from patchpilot.cache.entries import cache_dir
from patchpilot.errors import CancelledError, NetworkError, UsageError
from patchpilot.model.mail import parse_mail
from tests.kit import story
from tests.kit.archive import LOCAL, SERVED, serve_archive
from tests.kit.cli import call
from tests.kit.mails import RITA, START, build_mail, build_reply


def search_subjects(url: str, query: str) -> list[str]:
    with open_archive(url) as archive:
        return [mail.message_id.split("@")[0] for mail in archive.search(query)]


@pytest.mark.parametrize("kind", LOCAL)
def test_series_is_tracked_offline(kind: str, workdir: Path) -> None:
    with serve_archive(kind, workdir / "pi", story.V1) as archive:
        added_outcome = call("track add <v1@example.org> --lore", archive.url)
        assert added_outcome.code == 0, added_outcome.err
        archive.add(story.REVIEW)
        outcome = call("track update --format json")
    (series,) = json.loads(outcome.out)["series"]
    assert series["new"] == ["r1@example.org"]
    assert series["source"] == archive.url


def test_archive_setting_accepts_a_path(
    workdir: Path,
) -> None:
    with serve_archive("maildir", workdir / "pi", story.V1):
        assert call("track add <v1@example.org> --lore ./pi/mails").code == 0
        (series,) = json.loads(call("track --format json").out)["series"]
        assert series["source"] == str(workdir / "pi" / "mails")
    assert normalize_archive_address("file:///a%20b") == "/a b"
    assert (
        normalize_archive_address("https://lore.kernel.org/netdev")
        == "https://lore.kernel.org/netdev"
    )
    with pytest.raises(UsageError, match="not the URL of an archive"):
        open_archive("lore.kernel.org/netdev")


def test_deleted_maildir_message_disappears(tmp_path: Path) -> None:
    with serve_archive("maildir", tmp_path, story.V1, story.REVIEW) as archive:
        assert search_subjects(archive.url, "f:ada") == ["v1"]
        (tmp_path / "mails" / "new" / "0.example").unlink()
        assert search_subjects(archive.url, "f:ada") == []
        # mail programs move messages that were read, and rename them to change their flags
        (tmp_path / "mails" / "new" / "1.example").rename(
            tmp_path / "mails" / "cur" / "1.example:2,S"
        )
        with open_archive(archive.url) as opened:
            assert opened.mail("r1@example.org").body


def test_rewritten_mbox_is_indexed_again(tmp_path: Path) -> None:
    with serve_archive("mbox", tmp_path, story.V1, story.REVIEW) as archive:
        assert search_subjects(archive.url, "m:v1@example.org") == ["v1"]
        content = Path(archive.url).read_bytes()
        Path(archive.url).write_bytes(content[content.rindex(b"\nFrom mboxrd") + 1 :])
        assert search_subjects(archive.url, "m:v1@example.org") == []
        assert search_subjects(archive.url, "m:r1@example.org") == ["r1"]


_COUNT = """
import sys
from patchpilot.archive.open_archive import open_archive
with open_archive(sys.argv[1]) as archive:
    print(len(archive.search("f:rita")))
"""


def test_concurrent_indexing_is_serialized(
    workdir: Path,
) -> None:
    messages = [
        build_mail(f"Re: {number}", "Fine.\n", sender=RITA, id=f"i{number}")
        for number in range(1500)
    ]
    with serve_archive("mbox", workdir, *messages) as archive:
        command = [sys.executable, "-c", _COUNT, archive.url]
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        for process in running:
            output, error_output = process.communicate(timeout=60)
            assert (output.strip(), error_output) == ("1500", "")


def test_waiting_for_the_lock_can_be_canceled(tmp_path: Path) -> None:
    with (
        serve_archive("mbox", tmp_path, story.V1) as archive,
        open_archive(archive.url) as first_archive,
        open_archive(archive.url) as second_archive,
    ):
        assert isinstance(first_archive, local_archive.LocalArchive)
        file = first_archive._file()
        with first_archive._index_lock(file):
            second_archive.cancel()
            with pytest.raises(CancelledError):
                second_archive.search("f:ada")


def test_indexed_messages_are_not_kept_in_memory(tmp_path: Path) -> None:
    parsed = []
    with (
        serve_archive("mbox", tmp_path, story.V1, story.REVIEW) as archive,
        open_archive(archive.url) as opened,
    ):
        opened.parse_mail = lambda raw: parsed.append(raw) or parse_mail(raw)
        assert [mail.message_id for mail in opened.search("f:ada")] == ["v1@example.org"]
    assert len(parsed) == 1


def test_damaged_index_is_rebuilt(tmp_path: Path) -> None:
    with serve_archive("maildir", tmp_path, story.V1) as archive:
        assert search_subjects(archive.url, "f:ada") == ["v1"]
        (index,) = (cache_dir() / "local-archives").glob("*.sqlite")
        index.write_bytes(b"no database at all " * 400)
        assert search_subjects(archive.url, "f:ada") == ["v1"]


@pytest.mark.parametrize(
    ("path_type", "reason"),
    [
        ("nothing", "does not exist"),
        ("folder", "is neither a public-inbox directory, a maildir nor an mbox"),
    ],
)
def test_path_without_an_archive_is_an_error(path_type: str, reason: str, workdir: Path) -> None:
    with serve_archive("maildir", workdir / "pi", story.V1) as archive:
        assert call("track add <v1@example.org> --lore", archive.url).code == 0
    Path(archive.url).rename(workdir / "away")
    if path_type == "folder":
        Path(archive.url).mkdir()
    outcome = call("track update")
    assert outcome.code == 4
    assert reason in outcome.err
    with pytest.raises(NetworkError, match=reason), open_archive(archive.url) as opened:
        opened.mail("v1@example.org")


def test_title_matches_whole_words_only(tmp_path: Path) -> None:
    texts = {
        "a": "Ada Fixer (1):\n   demo: check the pointer\n",
        "b": "demo: check the pointers\n",
    }
    mails = [build_mail("[GIT PULL] demo", text, id=ident) for ident, text in texts.items()]
    with serve_archive("maildir", tmp_path, *mails) as archive:
        assert search_subjects(
            archive.url, 's:pull AND (b:"demo: check the pointer") AND b:"Ada Fixer"'
        ) == ["a"]
        assert sorted(search_subjects(archive.url, "s:pull AND NOT s:re")) == ["a", "b"]
        assert search_subjects(archive.url, 's:pull AND NOT b:"the pointer"') == ["b"]


@pytest.mark.parametrize("kind", [*SERVED, *(kind for kind in LOCAL if kind != "maildir")])
def test_arrival_dates_limit_a_search(kind: str, tmp_path: Path) -> None:
    first, second = START, START + timedelta(days=3)
    with serve_archive(
        kind,
        tmp_path,
        build_mail("one", "x\n", id="one"),
        build_reply("one", "y", id="two", reply_to="one", minutes=4320),
    ) as archive:
        assert search_subjects(archive.url, f"f:example AND {make_date_query(second)}") == ["two"]
        assert sorted(search_subjects(archive.url, f"f:example AND {make_date_query(first)}")) == [
            "one",
            "two",
        ]


@pytest.mark.parametrize(
    "query", ["", "(", "s:a)", "nofield:x", "AND s:a", "s:a OR", "rt:yesterday.."]
)
def test_unsupported_query_is_refused(query: str) -> None:
    with pytest.raises(UsageError, match="a local archive cannot be searched"):
        translate_to_sql(query)


def test_words_are_normalized() -> None:
    assert normalize_words("Demo: check-it, foo_bar()!") == " demo check it foo_bar "


def test_characters_that_sqlite_cannot_store_are_replaced(tmp_path: Path) -> None:
    odd_mail = (
        build_mail("[PATCH] odd", "diff --git a/b\\udcd4 b/x\n", id="odd")
        .replace(b"\\udcd4", b"\xd4\xc8\x08")
        .replace(b"Subject: ", b"Subject: \xd4")
    )
    with serve_archive("maildir", tmp_path, odd_mail, story.V1) as archive:
        assert search_subjects(archive.url, "f:ada") != []
        assert search_subjects(archive.url, "m:odd@example.org") == ["odd"]


def test_indexed_messages_are_not_read_again(tmp_path: Path) -> None:
    with (
        serve_archive("maildir", tmp_path, story.V1, story.REVIEW) as archive,
        open_archive(archive.url) as opened,
    ):
        mails = opened.search("f:ada OR f:rita", excluded_ids={"v1@example.org"})
    assert [mail.message_id for mail in mails] == ["r1@example.org"]


def test_message_is_found_in_a_large_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_archive, "_MAX_MATCHES", 2)
    later = [
        build_reply("demo", "Again.", id=f"l{number}", minutes=10_000 + number)
        for number in range(4)
    ]
    with serve_archive("maildir", tmp_path, story.V1, *later) as archive:
        assert "v1" in search_subjects(archive.url, 'f:rita OR m:"v1@example.org"')


def test_only_requested_days_are_indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mails = [
        build_mail("one", "x\n", id="one"),
        build_reply("one", "y", id="two", reply_to="one", minutes=3 * 24 * 60),
    ]
    added: list[str] = []
    add = local_archive.LocalArchive._add

    def count_call(
        archive: local_archive.LocalArchive, index: sqlite3.Connection, mail: FoundMail
    ) -> None:
        added.append(archive.parse_mail(mail.raw).message_id.partition("@")[0])
        add(archive, index, mail)

    monkeypatch.setattr(local_archive.LocalArchive, "_add", count_call)
    with serve_archive(LOCAL[0], tmp_path, *mails) as archive:
        assert search_subjects(
            archive.url, f"f:rita AND {make_date_query(START + timedelta(days=2))}"
        ) == ["two"]
        assert added == ["two"]
        assert sorted(search_subjects(archive.url, "s:one")) == ["one", "two"]
        assert added == ["two", "one"]
        archive.add(build_reply("one", "z", id="three", reply_to="one", minutes=4 * 24 * 60))
        assert sorted(
            search_subjects(archive.url, f"f:rita AND {make_date_query(START + timedelta(days=2))}")
        ) == ["three", "two"]
        assert added == ["two", "one", "three"]


def test_interrupted_indexing_keeps_its_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_archive, "_BATCH", 2)
    mails = [
        build_mail(f"title {number}", "x\n", id=f"m{number}", minutes=number) for number in range(5)
    ]
    reported: list[tuple[int, int | None]] = []
    with serve_archive(LOCAL[0], tmp_path, *mails) as archive:
        opened = open_archive(
            archive.url,
            progress=lambda _what, done=0, total=None: (
                reported.append((done, total)),
                opened.cancel(),
            )[0],
        )
        with opened, pytest.raises(CancelledError):
            opened.search("s:title")
        assert reported == [(2, 5)]
        reported.clear()
        with open_archive(
            archive.url,
            progress=lambda _what, done=0, total=None: reported.append((done, total)),
        ) as resumed:
            assert len(resumed.search("s:title")) == 5
        assert reported == [(2, 3)]

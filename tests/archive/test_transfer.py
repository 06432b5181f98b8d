# SPDX-License-Identifier: GPL-2.0-or-later
"""`track export --format jsonl` and `track import`: the store goes to a file and comes back, and
nothing is lost on the way.
"""

import json
import os
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from patchpilot.archive.track_store import Store, default_file
from patchpilot.services.track import transfer_series
from tests.kit.cli import call
from tests.kit.mails import mail, mbox, patch
from tests.kit.schemas import validator
from tests.reading import story

ODD = mail(
    "Re: [PATCH] \udce9",
    "> x\n\n\udcff\udcfe \udce9\n",
    sender="R\udce4ta <rita@example.net>",
    id="odd",
    reply_to="v1",
    minutes=70,
)
OTHER = patch("[PATCH] valve: open it", id="w", author=story.OTTO, minutes=5)


def add(*mails: bytes, name: str = "thread.mbox") -> None:
    Path(name).write_bytes(mbox(*mails))
    assert call("track", "add", "--mbox", name).code == 0


def export(name: str = "f.jsonl", *words: str) -> Path:
    outcome = call("track", "export", "--format", "jsonl", "-o", name, *words)
    assert (outcome.code, outcome.err) == (0, "")
    return Path(name)


def elsewhere(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """On another machine."""
    monkeypatch.setenv("XDG_STATE_HOME", str(place / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))


def stored() -> dict[str, Any]:
    """Every row that is not about searches."""
    with sqlite3.connect(default_file()) as base:
        return {
            "series": (
                base.execute(
                    "SELECT id, message_id, subject, lore, mbox, added, updated, news FROM series"
                    " ORDER BY id"
                ).fetchall()
            ),
            "members": (
                base.execute(
                    "SELECT series, message_id, seen FROM member ORDER BY series, rowid"
                ).fetchall()
            ),
            "mails": sorted(base.execute("SELECT message_id, raw FROM mail")),
            "ticks": sorted(
                base.execute("SELECT series, message_id, line, state FROM tick")
            ),
        }


@pytest.fixture
def followed(workdir: Path) -> None:
    """Three series, one of them removed, with mails that were read and points that were ticked."""
    add(OTHER)
    add(patch("[PATCH] gone: x", id="g"), name="gone.mbox")
    call("track", "remove", "2")
    add(*story.WHOLE, ODD, name="whole.mbox")
    with Store() as store:
        store.mark_read(3, ["r1@example.org"])
        store.mark(3, "r1@example.org", 4, "declined")


@pytest.mark.usefixtures("followed")
def test_a_round_trip_is_equal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before, shown, file = (
        stored(),
        call("track", "list", "--format", "json").out,
        export(),
    )
    elsewhere(monkeypatch, tmp_path / "new")
    outcome = call("track", "import", file)
    assert (outcome.code, outcome.out, outcome.err) == (
        0,
        "2 series added as 1, 3; 14 new mails\n",
        "",
    )
    assert stored() == before
    assert call("track", "list", "--format", "json").out == shown
    assert export("again.jsonl").read_bytes() == file.read_bytes()


@pytest.mark.usefixtures("followed")
def test_each_line_has_the_documented_form() -> None:
    lines = export().read_text().splitlines()
    assert len(lines) == 1 + 14 + 2
    for line in lines:
        validator("patchpilot/followed/1").validate(json.loads(line))
    assert [
        next(iter(json.loads(line)))
        for line in export("one.jsonl", "1").read_text().splitlines()
    ] == ["schema", "mail", "series"]


@pytest.mark.usefixtures("followed")
def test_a_second_import_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = stored()
    outcome = call("track", "import", export(), "--format", "json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["imported"] == {
        "added": [],
        "merged": [1, 3],
        "mails": 0,
        "problems": [],
    }
    assert stored() == before
    assert (
        call("track", "import", "-", stdin=Path("f.jsonl").read_bytes()).out
        == "0 series added; 2 series already followed; 0 new mails\n"
    )


def test_two_stores_are_merged_and_neither_loses(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add(*story.BEGINNING)
    add(OTHER, name="other.mbox")
    with Store() as store:
        store.mark_read(1, ["r1@example.org"])
        store.mark(1, "r1@example.org", 4, "declined")
    file = export()
    elsewhere(monkeypatch, tmp_path / "new")
    add(patch("[PATCH] mine: x", id="m"), name="mine.mbox")
    add(story.V1, story.V2, story.TAG, name="later.mbox")
    outcome = call("track", "import", file)
    assert (
        outcome.out == "1 series added as 3; 1 series already followed; 2 new mails\n"
    )
    with Store() as store:
        assert [
            (entry.id, entry.message_id, Path(entry.mbox or "").name)
            for entry in store.entries()
        ] == [
            (1, "m@example.org", "mine.mbox"),
            (2, "v1@example.org", "later.mbox"),
            (3, "w@example.org", "other.mbox"),
        ]
        assert store.message_ids(2) == {
            "v1@example.org",
            "v2@example.org",
            "r1@example.org",
            "r3@example.org",
        }
        assert store.unread(2) == {"r3@example.org"}
        assert store.marks(2) == {("r1@example.org", 4): "declined"}


@pytest.mark.parametrize(
    "first",
    [(story.V2,), (story.V1, story.V2)],
    ids=["the second version", "both versions"],
)
def test_the_same_series_under_another_mail_is_one(
    first: tuple[bytes, ...],
    workdir: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    add(*first)
    file = export()
    elsewhere(monkeypatch, tmp_path / "new")
    add(*((story.V1, story.V2) if len(first) == 1 else (story.V2, story.TAG)))
    call("track", "import", file)
    with Store() as store:
        (entry,) = store.entries()
        assert {"v1@example.org", "v2@example.org"} <= store.message_ids(entry.id)


@pytest.mark.usefixtures("followed")
def test_a_fix_of_a_followed_series_stays_a_series_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = export()
    elsewhere(monkeypatch, tmp_path / "new")
    add(story.FIX_V1)
    assert call("track", "import", file).out.startswith("2 series added")
    with Store() as store:
        assert {entry.message_id for entry in store.entries()} == {
            "f1@example.org",
            "w@example.org",
            "v1@example.org",
        }


def changed(lines: list[str], number: int, **values: object) -> list[str]:
    """The lines with some values of one line changed (of what it holds, where that is a series)."""
    line = json.loads(lines[number])
    (line["series"] if isinstance(line.get("series"), dict) else line).update(values)
    return [*lines[:number], json.dumps(line), *lines[number:][1:]]


WRONG = {
    "empty": (lambda lines: [], "is not an export of tracked series"),
    "an mbox": (
        lambda lines: ["From mboxrd@z Thu Jan  1 00:00:00 1970", "x"],
        "is not an export of tracked series",
    ),
    "a report": (
        lambda lines: ['{"schema": "patchpilot/track/1", "series": []}'],
        "is not an export of tracked series",
    ),
    "newer": (
        lambda lines: changed(lines, 0, schema="patchpilot/followed/2"),
        "was written by a newer version of patchpilot: patchpilot/followed/2",
    ),
}
DAMAGED = {
    "cut": (
        lambda lines: lines[:-1],
        " is incomplete: 1 of 2 series, 14 of 14 messages",
        (1,),
    ),
    "cut in a line": (
        lambda lines: [*lines[:-1], lines[-1][:90]],
        ":17: not a line of an export: ",
        (1,),
    ),
    "without a mail": (
        lambda lines: [lines[0], *lines[2:]],
        ":15: the mail <w@example.org> is not in the file; `patchpilot track rebuild 1` fetches it",
        (1, 3),
    ),
    "not an object": (
        lambda lines: [*lines[:2], "[]", *lines[2:]],
        ":3: not a line of an export: not an object",
        (1, 3),
    ),
    "deep": (
        lambda lines: [lines[0], "[" * 100_000, *lines[1:]],
        ":2: not a line of an export: ",
        (1, 3),
    ),
    "a number too large": (
        lambda lines: changed(lines, -1, id=2**70),
        ":17: not a line of an export: 'id' is out of range",
        (1,),
    ),
    "a key that is missing": (
        lambda lines: [lines[0], '{"mail": "x"}', *lines[1:]],
        ":2: not a line of an export: 'base64' is missing",
        (1, 3),
    ),
    "no base64": (
        lambda lines: [lines[0], '{"mail": "x", "base64": "%"}', *lines[1:]],
        ":2: not a line of an export: ",
        (1, 3),
    ),
    "a wrong time": (
        lambda lines: changed(lines, -1, updated="yesterday"),
        "yesterday",
        (1,),
    ),
    "another kind of archive": (
        lambda lines: changed(lines, -1, archive="file:///etc"),
        "is neither the URL nor the path of an archive",
        (1,),
    ),
    "an archive without a host": (
        lambda lines: changed(lines, -1, archive="http://[::1/"),
        "is neither the URL nor the path",
        (1,),
    ),
    "an archive with an escape": (
        lambda lines: changed(lines, -1, archive="https://a/\x1b]0;b\x07"),
        "is neither the URL nor",
        (1,),
    ),
    "no source": (
        lambda lines: changed(lines, -1, archive=None, mbox=None),
        "neither an archive nor an mbox",
        (1,),
    ),
    "a time before time": (
        lambda lines: changed(lines, -1, added="0001-01-01T00:00:00+23:59"),
        "is not a time",
        (1,),
    ),
    "a time after time": (
        lambda lines: changed(lines, -1, news="9999-12-31T23:59:59-23:59"),
        "is not a time",
        (1,),
    ),
    "a surrogate": (
        lambda lines: changed(lines, -1, subject="\ud800"),
        "'subject' is not valid text",
        (1,),
    ),
    "digits without end": (
        lambda lines: [lines[0], '{"mail": ' + "9" * 5000 + "}", *lines[1:]],
        ":2: not a line of an export: ",
        (1, 3),
    ),
    "deep objects": (
        lambda lines: [lines[0], '{"a":' * 100_000, *lines[1:]],
        ":2: not a line of an export: ",
        (1, 3),
    ),
    "a mail over a limit": (
        lambda lines: [
            lines[0],
            json.dumps({"mail": "x", "text": "a" * (60 << 20)}),
            *lines[1:],
        ],
        "too long",
        (1, 3),
    ),
}
"""What is wrong in a file, what is reported, and which series are imported."""


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.usefixtures("followed")
def test_a_wrong_file_is_an_error_and_changes_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = export().read_text().splitlines()
    make, said = WRONG[name]
    Path("wrong.jsonl").write_text("\n".join(make(lines)))
    elsewhere(monkeypatch, tmp_path / "new")
    add(story.V1)
    before = stored()
    outcome = call("track", "import", "wrong.jsonl")
    assert (outcome.code, outcome.out) == (2, ""), outcome.err
    assert outcome.err.startswith("patchpilot: error: wrong.jsonl")
    assert said in outcome.err
    assert "\nhint: " in outcome.err
    assert stored() == before


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.usefixtures("followed")
def test_a_line_that_cannot_be_read_is_reported_and_all_else_imported(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = export().read_text().splitlines()
    make, said, imported = DAMAGED[name]
    Path("wrong.jsonl").write_text("\n".join(make(lines)))
    everything = stored()
    elsewhere(monkeypatch, tmp_path / "new")
    outcome = call("track", "import", "wrong.jsonl", "--format", "json")
    assert outcome.code == 2
    problem, *more = json.loads(outcome.out)["imported"]["problems"]
    assert problem.startswith("wrong.jsonl")
    assert said in problem
    assert more == (
        ["wrong.jsonl is incomplete: 2 of 2 series, 13 of 14 messages"]
        if name == "without a mail"
        else []
    )
    assert outcome.err == "".join(
        f"patchpilot: warning: {line}\n" for line in (problem, *more)
    )
    there = stored()
    absent = {"w@example.org"} if name == "without a mail" else set()
    assert there["series"] == [
        row for row in everything["series"] if row[0] in imported
    ]
    assert there["members"] == [
        row
        for row in everything["members"]
        if row[0] in imported and row[1] not in absent
    ]
    assert there["ticks"] == [row for row in everything["ticks"] if row[0] in imported]
    assert {message_id for message_id, _ in there["mails"]} == {
        message_id for _, message_id, _ in there["members"]
    }


def test_a_missing_file_is_an_error(workdir: Path) -> None:
    outcome = call("track", "import", "nothing.here")
    assert (outcome.code, outcome.err.splitlines()[0]) == (
        2,
        "patchpilot: error: cannot read nothing.here: No such file or directory",
    )


def test_a_time_of_the_future_does_not_keep_a_series_from_being_asked_about(
    workdir: Path,
) -> None:
    add(*story.WHOLE)
    lines = export().read_text().splitlines()
    Path("future.jsonl").write_text(
        "\n".join(changed(lines, -1, updated="2999-01-01T00:00:00+00:00"))
    )
    call("track", "remove", "1")
    assert call("track", "import", "future.jsonl").code == 0
    with Store() as store:
        assert (store.entries()[0].updated or "") < "2900"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom"])
def test_a_device_that_never_ends_is_no_export(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    monkeypatch.setattr(transfer_series, "_LONGEST_LINE", 1 << 20)
    outcome = call("track", "import", device)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"patchpilot: error: {device}")


def test_a_line_that_never_ends_and_problems_without_end_import_nothing(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(story.V1)
    lines = export().read_text().splitlines()
    call("track", "remove", "1")
    before = stored()
    monkeypatch.setattr(transfer_series, "_LONGEST_LINE", 1 << 20)
    for rest in ("x" * (2 << 20), "\n".join(["x"] * 20_000)):
        Path("h.jsonl").write_text("\n".join([*lines, rest]))
        outcome = call("track", "import", "h.jsonl")
        assert (outcome.code, outcome.out) == (2, "")
        assert "nothing was imported" in outcome.err
        assert stored() == before


def test_what_a_series_says_reaches_no_terminal_no_page_and_no_statement(
    workdir: Path,
) -> None:
    hostile = (
        "'; DROP TABLE series; -- </title><script>alert(1)</script> \x1b[2J\x1b]0;x\x07 \u202e"
        " ::error::x ##[error]x"
    )
    add(story.V1)
    lines = export().read_text().splitlines()
    call("track", "remove", "1")
    Path("h.jsonl").write_text(
        "\n".join(
            changed(lines, -1, subject=hostile, mbox=f"/dev/{hostile}", archive=None)
        )
    )
    assert call("track", "import", "h.jsonl").code == 0
    with Store() as store:
        assert [entry.subject for entry in store.entries()] == [hostile]
    for words in (
        ("list",),
        ("show",),
        ("update",),
        ("rebuild",),
        ("export", "--format", "html"),
        ("list", "--format", "json"),
    ):
        outcome = call("track", *words)
        assert outcome.code != 70
        assert not re.search("\x1b|\u202e", outcome.out + outcome.err)
        assert "html" not in words or "<script" not in outcome.out


@pytest.mark.parametrize("kind", ["a device", "a pipe", "a directory"])
def test_an_mbox_that_is_no_file_is_not_read(workdir: Path, kind: str) -> None:
    add(story.V1)
    lines = export().read_text().splitlines()
    call("track", "remove", "1")
    os.mkfifo("pipe")
    path = {
        "a device": "/dev/zero",
        "a pipe": str(Path("pipe").resolve()),
        "a directory": "/etc",
    }[kind]
    Path("h.jsonl").write_text("\n".join(changed(lines, -1, mbox=path, archive=None)))
    assert call("track", "import", "h.jsonl").code == 0
    for verb in ("update", "rebuild"):
        outcome = call("track", verb)
        assert f"{path} no longer exists" in outcome.out + outcome.err

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `patchpilot track` end to end, with an mbox and a public-inbox."""

import contextlib
import gzip
import json
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from patchpilot.archive import archive as archive_reading
from patchpilot.archive import track_store
from patchpilot.archive.track_store import Store, default_store_file
from patchpilot.cli.common import Common
from patchpilot.cli.output.track_table import format_series_table
from patchpilot.demo.archive_server import HttpAnswer, StandIn
from patchpilot.errors import PatchpilotError
from patchpilot.model import mail as mail_reading
from patchpilot.model.mail import parse_mail
from patchpilot.model.printable import crop_text
from patchpilot.reading import mbox as mbox_reading
from patchpilot.threads.known_series import read_all_series
from patchpilot.topic import base as topic_base
from tests.kit import story
from tests.kit.archive import serve_archive
from tests.kit.cli import Outcome, call
from tests.kit.mails import RITA, build_described_mail, build_mail, build_mbox, build_reply
from tests.kit.repos import Repo
from tests.kit.story import SHA, TITLE


def parse_json_output(outcome: Outcome) -> dict[str, Any]:
    assert outcome.err == ""
    document: dict[str, Any] = json.loads(outcome.out)
    return document


def track_series(line: str = "", *argv: object) -> list[dict[str, Any]]:
    result = call(f"track {line}", *argv, "--format", "json")
    assert result.code == 0, result.err
    document = parse_json_output(result)
    assert document["schema"] == "patchpilot/track/1"
    return list(document["series"])


@pytest.fixture
def thread_mbox(workdir: Path) -> Path:
    file = workdir / "thread.mbox"
    file.write_bytes(build_mbox(*story.WHOLE))
    return file


def test_missing_values_are_null_in_json(workdir: Path) -> None:
    added = story.QUEUED.replace(f"commit {SHA} upstream.\n".encode(), b"").replace(
        SHA.encode(), b""
    )
    (workdir / "m").write_bytes(build_mbox(*story.ACCEPTED, added, story.FIX_V1))
    (tracked,) = track_series("add --mbox", workdir / "m")
    assert [(commit["commit"], commit["tree"]) for commit in tracked["follow_ups"]] == [
        (None, None)
    ]
    assert [branch["commit"] for branch in tracked["stable"]] == [None]


def test_series_is_found_in_an_mbox(thread_mbox: Path) -> None:
    (tracked,) = track_series("add --mbox", thread_mbox)
    assert (tracked["id"], tracked["subject"], tracked["state"]) == (
        1,
        TITLE,
        "in-mainline",
    )
    assert [(revision["version"], revision["message_id"]) for revision in tracked["revisions"]] == [
        (1, "v1@example.org"),
        (2, "v2@example.org"),
    ]
    assert tracked["trailers"] == [
        {
            "trailer": f"Reviewed-by: {RITA}",
            "message_id": "r3@example.org",
            "version": 2,
            "patch": 1,
            "conditional": None,
            "asks": None,
        }
    ]
    assert [(commit["tree"], commit["commit"], commit["release"]) for commit in tracked["landed"]][
        -1
    ] == (
        "torvalds/linux",
        SHA,
        None,
    )
    assert {reply["message_id"]: reply["kind"] for reply in tracked["replies"]}[
        "r1@example.org"
    ] == "review"
    assert tracked["follow_ups"][0]["commit"] == "fedcba987654"
    assert tracked["next_step"]
    assert track_series("add --mbox", thread_mbox)[0]["id"] == 1


_READING = (
    "git",
    "email.message",
    "patchpilot.topic.state",
    "patchpilot.reading.mail_classifier",
)
"""Modules that read messages or a repository."""


def run_track_in_folder(folder: Path, *modules: str) -> str:
    """Run `track` in a directory.

    Return its exit code, and the modules of a given list that it imported.
    """
    program = (
        "import sys; from patchpilot.cli import main; code = main.run(['track']); "
        f"print(code, [name for name in {modules!r} if name in sys.modules], file=sys.stderr)"
    )
    completed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert TITLE[:20] in completed.stdout
    return completed.stderr.strip()


def test_track_list_imports_no_mail_or_git_code(thread_mbox: Path, workdir: Path) -> None:
    track_series("add --mbox", thread_mbox)
    # fill the cache: its key has the times of the source files, which another test may link
    run_track_in_folder(workdir, *_READING)
    assert run_track_in_folder(workdir, *_READING) == "0 []"


def test_track_list_in_a_repository_imports_no_mail_code(thread_mbox: Path, workdir: Path) -> None:
    track_series("add --mbox", thread_mbox)
    repo = Repo(workdir / "linux")
    repo.commit("start\n", {"a.c": "x\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    # the first run in a repository reads all messages in order to find their commits
    assert track_series()[0]["state"] == "in-mainline"
    run_track_in_folder(repo.path)
    assert (
        run_track_in_folder(
            repo.path,
            "patchpilot.reading.mail_classifier",
            "patchpilot.topic.state",
        )
        == "0 []"
    )
    repo.commit("valve: open it\n\nSigned-off-by: Ada Fixer <ada@example.org>\n", {"b.c": "x\n"})
    repo.patchpilot("track")
    assert run_track_in_folder(repo.path, "patchpilot.reading.mail_classifier") == "0 []"


def test_empty_branch_needs_no_base_search(
    thread_mbox: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    track_series("add --mbox", thread_mbox)
    repo = Repo(workdir / "linux")
    repo.commit("start\n", {"a.c": "x\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    searched: list[object] = []
    likeliest = topic_base.find_likeliest_bases
    monkeypatch.setattr(
        topic_base,
        "find_likeliest_bases",
        lambda *args: searched.append(args) or likeliest(*args),
    )
    assert repo.patchpilot("track").code == 0
    assert searched == []


def test_compressed_mbox_is_read(workdir: Path) -> None:
    (workdir / "t.mbox.gz").write_bytes(gzip.compress(build_mbox(*story.BEGINNING)))
    assert track_series("add --mbox t.mbox.gz")[0]["state"] == "changes-requested"


def test_ambiguous_mbox_needs_a_series(workdir: Path) -> None:
    (workdir / "m").write_bytes(
        build_mbox(
            story.V1,
            build_described_mail("w+5 [PATCH] valve: open it", author=story.OTTO),
        )
    )
    assert [series_["subject"] for series_ in track_series("add <w@example.org> --mbox m")] == [
        "valve: open it"
    ]
    assert len(track_series("add --mbox m")) == 2


def test_add_is_atomic(thread_mbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_disk(*arguments: object, **options: object) -> None:
        raise PatchpilotError("the disk is full")

    with monkeypatch.context() as patched_module:
        patched_module.setattr(Store, "keep", fill_disk)
        assert call("track add --mbox", thread_mbox).code != 0
    assert track_series() == []


def test_list_shows_state_and_next_step(thread_mbox: Path) -> None:
    assert "track add" in call("track").out
    call("track add --mbox", thread_mbox)
    outcome = call("track")
    assert TITLE in outcome.out
    assert "in-mainline" in outcome.out
    assert "if it is needed there" in outcome.out


def test_table_is_sorted_by_turn_and_new_messages(
    workdir: Path,
) -> None:
    title = (
        "valve: open it when asked, and close it again before anybody has noticed that it was open"
    )
    robot_mail = build_reply(
        f"[PATCH] {title}", "kernel test robot noticed the following build errors:\n\n>> a.c:1: error: x\n",  # noqa: E501
        sender="kernel test robot <lkp@intel.com>", id="k", reply_to="w", minutes=60,
    )  # fmt: skip
    pump = build_described_mail("p [PATCH] pump: stop", author=story.OTTO)
    question = build_reply(
        "[PATCH] pump: stop", "Please say why.", id="q", reply_to="p", minutes=90
    )
    files = (
        (pump, question),
        (build_described_mail(f"w [PATCH] {title}", author=story.OTTO), robot_mail),
        story.ACCEPTED,
        (story.FIX_V1,),
    )
    for number, mails in enumerate(files, 1):
        (workdir / str(number)).write_bytes(build_mbox(*mails))
        assert call("track add --mbox", str(number)).code == 0
    call("track show 1")
    with Store() as store:
        all_series = read_all_series(store=store)
    narrow, wide = (
        format_series_table(all_series, datetime(2024, 3, 12, tzinfo=UTC), columns).splitlines()
        for columns in (80, 160)
    )
    assert narrow == [
        " ID  NEW  STATE              V   REV    CI    AGE  SERIES                NEXT",
        "Your turn (2)",
        "  2  +1   changes-requested  v1         fail  7d   valve: open it when…  new ve…",
        "  1       changes-requested  v1               7d   pump: stop            answer",
        "Waiting (2)",
        f"  3  +3   accepted           v2  R 1/1        6d   {crop_text(TITLE, 20)}  wait",
        "  4       sent               v1               18h  demo: check the ret…  wait",
        "REV: patches reviewed or acked; CI: test bots",
    ]
    assert all(len(line) <= 80 for line in narrow)
    assert [line.split()[:2] for line in wide[1:-1]] == [line.split()[:2] for line in narrow[1:-1]]
    assert wide[-1].startswith("A/R/T: Acked-by, Reviewed-by, Tested-by; REV: ")
    assert "  -/1/-  R 1/1  " in "\n".join(wide)
    assert "answer the review by Rita Reviewer and" in "\n".join(wide)
    assert {row["id"]: (row["turn"], row["ci"], row["tags"]) for row in track_series()} == {
        1: ("your turn", None, {}),
        2: ("your turn", "failed", {}),
        3: ("waiting", None, {"Reviewed-by": 1}),
        4: ("waiting", None, {}),
    }


def test_since_and_waiting_filter_the_list(
    workdir: Path,
) -> None:
    for number, mails in enumerate((story.BEGINNING[:2], (story.FIX_V1,)), 1):
        (workdir / str(number)).write_bytes(build_mbox(*mails))
        call("track add --mbox", str(number))
    assert call("track --waiting").out.splitlines() == [
        f"1  {TITLE}",
        "    Rita Reviewer: Please add a Fixes: tag and name the net tree in the subject.",
        "      `patchpilot track reply '<r1@example.org>'`",
    ]
    assert call("track --since 2024-03-08").out.splitlines() == [
        "2  sent: demo: check the return of the check",
        "    2024-03-11  v1 sent  <f1@example.org>",
        f"    next        {track_series()[1]['next_step']}",
    ]
    assert [row["id"] for row in track_series("--waiting")] == [1]
    assert call("track --since 2024-04-01").out.startswith("nothing new since 2024-04")
    assert call("track --since soon").code == 2


def test_unrelated_archive_is_trusted(thread_mbox: Path, workdir: Path) -> None:
    call("track add --mbox", thread_mbox)
    with serve_archive(
        "stand-in", workdir, build_described_mail("w [PATCH] valve: open it")
    ) as archive:
        outcome = call("track update 1 --lore", archive.url)
    assert (outcome.code, "which is in the archive" in outcome.err) == (0, False)


def test_showing_marks_replies_as_read(thread_mbox: Path) -> None:
    call("track add --mbox", thread_mbox)
    assert track_series()[0]["unread"] > 0
    assert any(series_["unread"] for series_ in track_series("show 1 --keep-unread")[0]["replies"])
    assert "Please add a Fixes: tag" in call("track show 1 --mails").out
    assert track_series()[0]["unread"] == 0


def test_reply_that_was_not_shown_stays_unread(thread_mbox: Path) -> None:
    call("track add --mbox", thread_mbox)
    unread = track_series()[0]["unread"]
    assert call("track show 1 -o missing/file").code == 2
    assert track_series()[0]["unread"] == unread
    with Store() as store:
        # a message that belongs to no patch is in no view of the series
        store.keep(1, TITLE, [parse_mail(build_mail("Lunch", "At noon?\n", id="lunch"))])
    assert call("track show 1").code == 0
    assert track_series()[0]["unread"] == 0
    with Store() as store:
        assert "lunch@example.org" in store.unread(1)


def test_messages_are_shown_with_their_lines(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = "\n".join(
        [
            "kernel test robot noticed the following build errors:",
            "",
            ">> drivers/demo/pump.c:12:3: error: " + "too few arguments to function call; " * 4,
            "   12 |         pump_start();",
            "",
            "",
            *(f"line {number} of the report" for number in range(40)),
        ]
    )
    robot_mail = build_reply(
        f"[PATCH] {TITLE}",
        report,
        sender="kernel test robot <lkp@intel.com>",
        id="k",
        reply_to="v1",
    )
    answer = build_reply(
        f"[PATCH] {TITLE}",
        "Like this:\n\n---\ndiff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-x\n+y",
        id="d",
        reply_to="v1",
        minutes=5,
    )
    (workdir / "m").write_bytes(build_mbox(story.V1, robot_mail, answer))
    monkeypatch.setattr(Common, "columns", 80)
    out = call("track show --mails --mbox m").out.splitlines()
    shown = [line.removeprefix("        ").rstrip() for line in out]
    start = shown.index("kernel test robot noticed the following build errors:")
    expected = report.splitlines()
    assert shown[start : start + len(expected)] == [line.rstrip() for line in expected]
    assert "+y" in shown


def test_databases_are_opened_and_messages_unpacked_once(
    thread_mbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("track add --mbox", thread_mbox)
    call("track")
    opened: list[str] = []
    unpacked: list[object] = []
    connect, unpack = sqlite3.connect, track_store._unpack_mail

    def note_file(file: Any, *arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(str(file))
        connection: sqlite3.Connection = connect(file, *arguments, **options)
        return connection

    def note_message(raw: object) -> bytes | None:
        unpacked.append(raw)
        return unpack(raw)

    monkeypatch.setattr(sqlite3, "connect", note_file)
    monkeypatch.setattr(track_store, "_unpack_mail", note_message)
    for command, expected in (("track", 0), ("track update", 12), ("track show 1", 12)):
        opened.clear()
        unpacked.clear()
        assert call(command).code == 0
        files = [file for file in opened if file != ":memory:"]
        assert sorted(files) == sorted(set(files)), command
        assert len(unpacked) == expected, command


def test_file_is_shown_without_tracking(thread_mbox: Path) -> None:
    outcome = call("track show --mbox", thread_mbox)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0].endswith(TITLE)
    assert outcome.out.splitlines()[1].startswith("  state     in-mainline")
    assert "as of" in outcome.out
    assert f"not tracked: `patchpilot track add --mbox {thread_mbox}`" in outcome.out
    assert track_series() == []
    assert call("track show 1 --mbox", thread_mbox).code == 2


def test_growing_mbox_is_read_again(workdir: Path) -> None:
    file = workdir / "m"
    file.write_bytes(build_mbox(story.V1))
    assert track_series("add --mbox", file)[0]["state"] == "sent"
    file.write_bytes(build_mbox(*story.BEGINNING))
    (tracked,) = track_series("update")
    assert (tracked["state"], tracked["new"]) == (
        "changes-requested",
        ["r1@example.org"],
    )
    file.write_bytes(b"")
    assert "no mail found" in call("track update").out


def test_series_can_be_removed(thread_mbox: Path) -> None:
    call("track add --mbox", thread_mbox)
    assert call("track remove 1").code == 0
    assert track_series() == []
    outcome = call("track remove 1")
    assert outcome.code == 2
    assert outcome.out == ""


def test_archive_is_polled(workdir: Path) -> None:
    with serve_archive("public-inbox", workdir / "pi", *story.BEGINNING) as server:
        (tracked,) = track_series("add", f"{server.url}/v1@example.org/")
        assert (tracked["state"], tracked["source"]) == (
            "changes-requested",
            server.url,
        )
        server.add(story.V2, story.TAG, story.APPLIED)
        (tracked,) = track_series("update --fresh")
        assert tracked["state"] == "accepted"
        assert set(tracked["new"]) == {
            "v2@example.org",
            "r3@example.org",
            "r4@example.org",
        }
        server.add(story.IN_REVIEW, story.QUEUED)
        assert track_series("update --fresh")[0]["state"] == "in-mainline"


def test_rejected_series_is_still_polled(workdir: Path) -> None:
    rejection = build_reply(
        f"[PATCH] {TITLE}",
        "NAK, this is the wrong place for the check.",
        id="no",
        reply_to="v1",
        minutes=60,
    )
    with serve_archive("stand-in", workdir, story.V1, rejection) as server:
        assert track_series("add <v1@example.org> --lore", server.url)[0]["state"] == "rejected"
        server.add(story.V2, story.TAG, story.APPLIED)
        assert track_series("update --fresh")[0]["state"] == "accepted"


def test_finished_series_is_polled_less_often(workdir: Path) -> None:
    def age_columns(**columns: timedelta) -> None:
        with sqlite3.connect(default_store_file()) as database:
            for column, days_ago in columns.items():
                database.execute(
                    f"UPDATE series SET {column} = ?",
                    ((datetime.now(UTC) - days_ago).isoformat(),),
                )

    with serve_archive("stand-in", workdir, *story.WHOLE) as server:
        track_series("add <v1@example.org> --lore", server.url)
        age_columns(news=timedelta(days=100), updated=timedelta(days=9))
        before = track_series()[0]["updated"]
        assert track_series("update --fresh")[0]["updated"] == before
        age_columns(updated=timedelta(days=11))
        assert track_series("update --fresh")[0]["updated"] != before
        age_columns(news=timedelta(days=2000), updated=timedelta(days=29))
        before = track_series()[0]["updated"]
        assert track_series("update --fresh")[0]["updated"] == before
        assert track_series("update --fresh --all")[0]["updated"] != before


@contextmanager
def serve_bytes(response: bytes, delay: float = 0.0) -> Iterator[tuple[str, list[bytes]]]:
    """Run a server that responds to every request with these bytes, and record the requests."""
    requests: list[bytes] = []
    listening_socket = socket.create_server(("127.0.0.1", 0))
    is_finished = threading.Event()

    def send_response(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            requests.append(connection.recv(65536))
            if not delay:
                connection.sendall(response)
            for byte in response if delay else b"":
                if is_finished.wait(delay):
                    return
                connection.sendall(bytes([byte]))

    def accept_connections() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(
                    target=send_response,
                    args=(listening_socket.accept()[0],),
                    daemon=True,
                ).start()

    threading.Thread(target=accept_connections, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening_socket.getsockname()[1]}/demo", requests
    finally:
        is_finished.set()
        listening_socket.shutdown(socket.SHUT_RDWR)
        listening_socket.close()


def format_http_response(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


FAULTS = {
    "unreachable": (b"", 0.0, "cannot be reached"),
    "404": (
        format_http_response("404 Not Found"),
        0.0,
        "is not an archive: HTTP status 404",
    ),
    "empty": (format_http_response("200 OK"), 0.0, "sent an empty answer"),
    "429": (
        format_http_response("429 Too Many Requests", b"", "Retry-After: 0"),
        0.0,
        "is rate-limiting requests",
    ),
    "503": (
        format_http_response("503 Service Unavailable", b"", "Retry-After: 0"),
        0.0,
        "HTTP status 503",
    ),
    "html": (
        format_http_response("200 OK", b"<html>log in</html>", "Content-Type: text/html"),
        0.0,
        "did not send an mbox",
    ),
    "truncated": (
        format_http_response("200 OK", gzip.compress(build_mbox(story.V1))[:-20]),
        0.0,
        "did not send an mbox",
    ),
    "dripping": (
        format_http_response("200 OK", gzip.compress(build_mbox(story.V1))),
        0.2,
        "no whole answer within",
    ),
    "dripping body": (
        format_http_response("200 OK", b"x" * 9999, "Content-Type: text/plain"),
        0.05,
        "no whole answer within",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_archive_fault_is_not_reported_as_no_new_messages(
    fault: str, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    response, pause, reported = FAULTS[fault]
    monkeypatch.setattr(archive_reading, "MAX_SECONDS", 1.0)
    with serve_archive(
        "stand-in",
        workdir,
        story.V1,
        build_described_mail("w [PATCH] valve: open it", author=story.OTTO),
    ) as server:
        for name in ("v1", "w"):
            track_series("add", f"<{name}@example.org>", "--lore", server.url)
    with serve_bytes(response, pause) as (url, requests):
        start_time = time.monotonic()
        outcome = call("track update --fresh --lore", url, "--format", "json")
        elapsed = time.monotonic() - start_time
    assert (
        outcome.code,
        [series["state"] for series in json.loads(outcome.out)["series"]],
    ) == (
        4,
        ["stalled", "stalled"],
    )
    assert reported in outcome.err
    assert outcome.err.count("warning") == 1, (
        "one host is asked by one series, and what it did is said once"
    )
    assert len(requests) <= 3
    assert elapsed < 9


def test_oversized_response_is_reported(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (archive_reading, mail_reading, mbox_reading):
        for limit in {"MAX_ANSWER", "MAX_MAIL"} & vars(module).keys():
            monkeypatch.setattr(module, limit, 1 << 20)
    with serve_bytes(format_http_response("200 OK", gzip.compress(b"\0" * (3 << 20))), 0.0) as (
        url,
        _,
    ):
        outcome = call("track add <v1@example.org> --lore", url)
    assert outcome.code == 4
    assert "mail too large: the limit is 1 MiB" in outcome.err
    assert "--mbox FILE" in outcome.err
    assert "empty" not in outcome.err


def test_results_before_a_failed_search_are_kept(workdir: Path) -> None:
    class Half(StandIn):
        def answer(self, http_method: str, target: str) -> HttpAnswer:
            return HttpAnswer(403) if http_method == "POST" else super().answer(http_method, target)

    with Half() as server:
        server.add(*story.BEGINNING)
        outcome = call("track add <v1@example.org> --lore", server.url, "--format", "json")
        assert outcome.code == 4
        (tracked,) = json.loads(outcome.out)["series"]
        assert (
            tracked["state"],
            [reply["message_id"] for reply in tracked["replies"]],
        ) == (
            "changes-requested",
            ["r1@example.org"],
        )
        assert "HTTP status 403" in outcome.err


def test_other_archive_serves_a_lore_url(workdir: Path) -> None:
    with serve_archive("stand-in", workdir, story.V1) as server:
        (tracked,) = track_series(
            "add https://lore.kernel.org/netdev/v1@example.org/ --lore", server.url
        )
        assert tracked["source"] == server.url


def test_offline_shows_age_of_stored_data(workdir: Path) -> None:
    with serve_archive("stand-in", workdir, story.V1) as server:
        track_series("add <v1@example.org> --lore", server.url)
    with sqlite3.connect(default_store_file()) as database:
        database.execute(
            "UPDATE series SET updated = ?",
            ((datetime.now(UTC) - timedelta(hours=3)).isoformat(),),
        )
    for argv, code in (
        (("track", "--offline"), 0),
        (("track", "show", "1", "--offline"), 0),
        (("track", "update", "--offline"), 4),
    ):
        outcome = call(*argv)
        assert (
            outcome.code,
            "offline: the archive was last queried 3 hours ago" in outcome.err,
        ) == (code, True), outcome.err
    output = call("track show 1 --offline").out
    assert "when the archive was last queried: days count until then" in output
    assert "as of" not in call("track show 1").out


def test_cached_response_is_reported(workdir: Path) -> None:
    with serve_archive("stand-in", workdir, *story.BEGINNING) as server:
        call("track add <v1@example.org> --lore", server.url)
        assert call("track update").err == ""
        cached = call("track update")
        assert cached.code == 0
        assert "queried just now; --fresh queries it again" in cached.err
        before = track_series()[0]["updated"]
        server.add(story.V2)
        assert len(track_series("update")[0]["revisions"]) == 1
        assert track_series()[0]["updated"] == before
        fresh_outcome = call("track update --fresh")
        assert fresh_outcome.err == ""
        assert "v2" in fresh_outcome.out


def test_missing_message_and_outage_exit_differently(workdir: Path) -> None:
    with serve_archive("stand-in", workdir, story.V1) as server:
        outcome = call("track add nobody@example.org --lore", server.url)
        assert (outcome.code, outcome.out) == (3, "")
        assert "has no message" in outcome.err
        url = server.url
    outcome = call("track add v1@example.org --lore", url)
    assert (outcome.code, outcome.out) == (4, "")
    assert "cannot be reached" in outcome.err
    assert call("track add v1@example.org --offline").code == 4


def test_stored_data_is_shown_while_the_archive_is_down(workdir: Path) -> None:
    with serve_archive("stand-in", workdir, story.V1) as server:
        call("track add v1@example.org --lore", server.url)
    assert track_series("show 1")[0]["state"] == "stalled"


def test_failed_archive_does_not_block_others(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_archive(
        "stand-in",
        workdir,
        build_described_mail("w [PATCH] valve: open it", author=story.OTTO),
    ) as server:
        call("track add w@example.org --lore", server.url)
    with serve_archive("stand-in", workdir, story.V1) as server:
        call("track add v1@example.org --lore", server.url)
        server.add(story.REVIEW)
        outcome = call("track update --fresh --format json")
    assert outcome.code == 4
    assert "cannot be reached" in outcome.err
    unreachable, reachable = json.loads(outcome.out)["series"]
    assert (unreachable["state"], bool(unreachable["troubles"])) == ("stalled", True)
    assert reachable["new"] == ["r1@example.org"]


def test_only_an_archive_that_answered_lacks_a_message(workdir: Path) -> None:
    with serve_archive("stand-in", workdir, story.REVIEW) as server:
        url = server.url
        with Store() as store:
            store.add("v1@example.org", "pump: stop it", url, None, is_chosen=True)
        call("track update")
        answered = track_series()[0]
        with Store() as store:
            store.remove(1)
            store.add("v1@example.org", "pump: stop it", url, None, is_chosen=True)
    assert call("track update").code == 4
    silent = track_series()[0]
    assert answered["why"] == "no archive has it yet"
    assert "does not have the message yet" in answered["next_step"]
    assert (silent["why"], silent["updated"]) == ("no archive has answered yet", None)
    assert "does not have" not in silent["next_step"]
    assert "wait a few minutes" in silent["next_step"]


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["add"], 2),
        (["add", "not an id"], 2),
        (["add", "--mbox", "nothing.here"], 2),
        (["show", "9"], 2),
        (["show", "x"], 2),
        (["classify"], 2),
        (["classify", "nothing.here"], 2),
        (["add", "a@example.org", "--lore", "ftp://x"], 2),
    ],
)
def test_invalid_arguments_are_reported(workdir: Path, argv: list[str], code: int) -> None:
    outcome = call("track", *argv)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err


def test_thread_without_a_patch_is_reported(workdir: Path) -> None:
    (workdir / "m").write_bytes(build_mbox(build_mail("Hello", "Nothing here.\n")))
    assert call("track add --mbox m").code == 2


def _create_fixed_tree(path: Path) -> tuple[Repo, str]:
    """Create a kernel tree after v6.8 that contains the fix. Return it and the fix's id."""
    repo = Repo(path)
    files = dict.fromkeys(("MAINTAINERS", "Kbuild", "Kconfig"), "x\n")
    repo.commit("start\n", {"Makefile": "VERSION = 6\n"} | files)
    repo.tag("v6.8")
    commit_message = f"{TITLE}\n\nCheck it.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"
    return repo, repo.commit(commit_message, {"a.c": "x\n"})


def _backport_fix(repo: Repo, fix_commit: str) -> str:
    repo.branch("linux-6.6.y", "v6.8")
    signoff = "Signed-off-by: Ada Fixer <ada@example.org>"
    commit_message = f"{TITLE}\n\ncommit {fix_commit} upstream.\n\n{signoff}\n"
    return repo.commit(commit_message, {"a.c": "y\n"})


def test_release_is_read_from_the_repository(thread_mbox: Path, workdir: Path) -> None:
    repo, fix = _create_fixed_tree(workdir / "linux")
    repo.commit("Linux 6.9-rc1\n", {"Makefile": "VERSION = 69\n"})
    repo.tag("v6.9-rc1")
    backport = _backport_fix(repo, fix)
    repo.tag("v6.6.30")
    repo.checkout("master")
    (tracked,) = track_series("add --mbox", thread_mbox, "-C", repo.path)
    places = {commit["tree"]: (commit["commit"], commit["release"]) for commit in tracked["landed"]}
    assert places["torvalds/linux"] == (fix, "v6.9-rc1")
    assert places["stable/linux-6.6.y"] == (backport, "v6.6.30")
    assert {branch["version"]: branch["state"] for branch in tracked["stable"]}["6.6"] == "released"


def test_show_lists_events_with_their_proof(thread_mbox: Path, workdir: Path) -> None:
    repo, fix = _create_fixed_tree(workdir / "linux")
    output = call("track add --mbox", thread_mbox, "-C", repo.path).out.splitlines()
    start, end = output.index("  story"), output.index("  replies")
    assert output[start + 1 : end] == [
        "    2024-03-04  v1 sent  <v1@example.org>",
        "    2024-03-04  review by Rita Reviewer  <r1@example.org>",
        "    2024-03-05  v2 sent  <v2@example.org>",
        "    2024-03-05  Reviewed-by Rita Reviewer  <r3@example.org>",
        (
            "    2024-03-05  applied to netdev/net.git (main) by"
            f" patchwork-bot+netdevbpf@kernel.org  {story.SHA[:12]}"
        ),
        f"    2024-03-10  stable review of 6.6  {story.SHA[:12]}",
        f"    2024-03-10  queued for 6.1  {story.SHA[:12]}",
        f"    2024-03-10  did not apply to 5.10  {story.SHA[:12]}",
        f"    now         in mainline, in no release yet  {fix[:12]}",
        (
            "    now         “demo: check the return of the check” fixes it (accepted) "
            " <f1@example.org>"
        ),
    ]


def test_stable_branch_state_is_consistent(thread_mbox: Path, workdir: Path) -> None:
    repo, fix = _create_fixed_tree(workdir / "linux")
    backport = _backport_fix(repo, fix)
    repo.checkout("master")
    output = call("track add --mbox", thread_mbox, "-C", repo.path).out
    lines = [line for line in output.partition("  story\n")[0].splitlines() if "6.6" in line]
    assert [line.split()[0] for line in lines] == ["state", "landed", "stable"], output
    assert all("6.6 merged, in no release yet" in " ".join(line.split()) for line in lines), output
    assert backport[:12] in lines[2]
    assert "under review" not in output
    repo.git("tag -a -m x v6.6.30 linux-6.6.y")
    output = call("track show 1 -C", repo.path).out
    assert all(
        "6.6 released in v6.6.30" in " ".join(line.split())
        for line in output.partition("  story\n")[0].splitlines()
        if "6.6" in line
    ), output


def test_messages_are_classified_without_a_store(workdir: Path) -> None:
    (workdir / "one.eml").write_bytes(story.REVIEW)
    (workdir / "all.mbox").write_bytes(build_mbox(*story.ACCEPTED))
    document = parse_json_output(call("track classify --format json one.eml all.mbox"))
    assert document["schema"] == "patchpilot/classify/1"
    assert [(mail["source"], mail["kind"]) for mail in document["mails"]][:2] == [
        ("one.eml", "review"),
        ("all.mbox:1", "patch"),
    ]
    assert set(document["mails"][0]) >= {
        "source",
        "message_id",
        "kind",
        "confidence",
        "bot",
        "trailers",
        "commits",
        "tree",
        "versions",
    }
    assert "Reviewed-by" in call("track classify all.mbox").out


def test_standard_input_is_classified() -> None:
    outcome = call("track classify - --format json", stdin=story.TAG)
    assert parse_json_output(outcome)["mails"][0]["trailers"][0]["credited"] is True


def test_mail_text_is_escaped(workdir: Path) -> None:
    bad_mail = build_mail(
        f"Re: [PATCH] {TITLE} \x1b[31m\u202e",
        "> x\n\nPlease \x1b]0;owned\x07 change \u202eit.\n",
        sender="\x1b[2JRita <rita@example.net>",
        id="b",
        reply_to="v1",
        minutes=9,
    )
    (workdir / "m").write_bytes(build_mbox(story.V1, bad_mail))
    call("track add --mbox m")
    for argv in (["track"], ["track", "show", "1"], ["track", "classify", "m"]):
        output = call(*argv).out
        assert "\x1b" not in output
        assert "\u202e" not in output


def test_only_important_messages_of_a_huge_thread_are_read(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("known_series", "tracked"):
        monkeypatch.setattr(f"patchpilot.threads.{module}.MOST_READ", 5)
    monkeypatch.setattr("patchpilot.archive.track_store.FIRST_READ", 1)
    title = "[PATCH] demo: check the pointer"
    talk = [
        build_reply(title, f"I wonder about point {index}.", id=f"t{index}", reply_to="v1")
        for index in range(8)
    ]
    tag = build_reply(
        title, "Reviewed-by: Rita Reviewer <rita@example.org>", id="tag", reply_to="v1"
    )
    (workdir / "m").write_bytes(build_mbox(build_described_mail(f"v1 {title}"), tag, *talk))
    assert call("track add --mbox m").code == 0
    output = call("track show 1 --mails").out
    assert "5 of 10 messages not read" in output
    assert "track show 1 --all" in output
    assert "Reviewed-by: Rita Reviewer" in output
    assert [f"point {index}." in output for index in range(8)] == [False] * 5 + [True] * 3
    with Store() as store:
        assert store.unread(1) == {f"t{index}@example.org" for index in range(5)}
    full_output = call("track show 1 --all --mails").out
    assert "not read" not in full_output
    assert all(f"point {index}." in full_output for index in range(8))
    with Store() as store:
        assert store.unread(1) == frozenset()

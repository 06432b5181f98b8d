# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a reply is sent only once if the command is repeated, runs twice at the same time, or
is killed.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from pathlib import Path

import pytest

from patchpilot.outgoing.outbox import Outbox
from tests.kit.cli import Outcome, call, start_and_wait
from tests.kit.replies import ANSWER, track_reviewed_patch
from tests.kit.smtp import Faults, FaultySink, wait_until_quiet

# `track` would index the commits of this repository
pytestmark = pytest.mark.usefixtures("workdir")

BOTH = pytest.mark.parametrize("via", ["git-send-email", "b4"])
OTHER = ANSWER.replace("Right, v2 keeps it.", "No, it has to go.")


def _make_reply_arguments(
    folder: Path, server: FaultySink, *extra_arguments: object, body: str = ANSWER
) -> tuple[object, ...]:
    repo, review = track_reviewed_patch(folder, server)
    (folder / "answer.txt").write_text(body)
    return (
        "track",
        "reply",
        review,
        "-C",
        repo.path,
        "--message",
        folder / "answer.txt",
        "--yes",
        *extra_arguments,
    )


def _list_received_ids(server: FaultySink) -> list[str]:
    return [message_from_bytes(received_mail.data)["Message-ID"] for received_mail in server.take()]


@BOTH
def test_identical_reply_is_refused(tmp_path: Path, via: str) -> None:
    with FaultySink() as server:
        arguments = _make_reply_arguments(tmp_path, server, "--via", via)
        done = [call(*arguments) for _ in range(3)]
        assert [outcome.code for outcome in done] == [0, 1, 1]
        (sent,) = _list_received_ids(server)
        for again in done[1:]:
            assert re.search(
                rf"this reply was sent on \d{{4}}-\d\d-\d\d at \d\d:\d\d UTC as {sent}",
                again.err,
            )
            assert "--force REASON" in again.err
        assert call("track reply").out == "no drafts of replies\n"
        dry = call(*arguments[:-3], "--via", via, "--dry-run", "--format", "json")
        assert (dry.code, dry.json["state"]) == (1, "refused")
        assert [problem["name"] for problem in dry.json["problems"]] == ["sent-already"]
        assert call(*arguments, "--force", "the list lost it").code == 0
        first, second = _list_received_ids(server)
    assert first != second
    with Outbox() as outbox:
        assert [send.force for send in outbox.replies("review@example.org")] == [
            None,
            "the list lost it",
        ]


def test_same_text_to_the_same_message_is_not_sent_again(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        arguments = _make_reply_arguments(tmp_path, server)
        assert call(*arguments).code == 0
        assert call(*arguments, "--via", "b4").code == 1
        assert call(*arguments, "--template", "thanks").code == 1
        (tmp_path / "answer.txt").write_bytes(ANSWER.replace("\n", "\r\n").encode() + b"\r\n \r\n")
        assert call(*arguments).code == 1
        assert len(server.take()) == 1


def test_changed_text_can_be_sent_as_another_reply(tmp_path: Path) -> None:
    with FaultySink() as server:
        arguments = _make_reply_arguments(tmp_path, server)
        assert call(*arguments).code == 0
        (tmp_path / "answer.txt").write_text(OTHER)
        assert call(*arguments).code == 0
        (tmp_path / "answer.txt").write_text(ANSWER)
        assert call(*arguments[:2], "<post@example.org>", *arguments[3:]).code == 0
        assert call(*arguments).code == 1
        assert len(set(_list_received_ids(server))) == 3


def test_resending_a_reply_needs_a_reason(tmp_path: Path) -> None:
    with FaultySink() as server:
        arguments = _make_reply_arguments(tmp_path, server)
        refused_outcome = call(*arguments, "--force", " ")
        assert (refused_outcome.code, server.take()) == (2, ())
    assert "--force requires a reason" in refused_outcome.err


def test_concurrent_processes_send_one_reply(tmp_path: Path) -> None:
    with FaultySink() as server:
        arguments = _make_reply_arguments(tmp_path, server)
        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(lambda _: start_and_wait(*arguments), range(3)))
        assert sorted(outcome.code for outcome in done) == [0, 1, 1], [
            outcome.err for outcome in done
        ]
        assert len(server.take()) == 1


def test_draft_changed_during_a_send_is_kept(tmp_path: Path) -> None:
    written: list[Outcome] = []
    with FaultySink() as server:
        arguments = _make_reply_arguments(tmp_path, server)

        def change_draft(_: int) -> None:
            written.append(
                start_and_wait(*arguments[:5], "--message", "-", "--dry-run", stdin=OTHER.encode())
            )

        server.faults.on_mail = change_draft
        assert call(*arguments).code == 0
        server.faults.heal()
        (draft,) = call("track reply --format json").json["drafts"]
        assert draft["text"] == OTHER
        assert call(*arguments[:5], "--no-edit", "--yes").code == 0
        assert len(set(_list_received_ids(server))) == 2
    assert written[0].code == 0


@BOTH
@pytest.mark.parametrize("after_data", [False, True])
def test_killed_reply_arrives_once(tmp_path: Path, via: str, after_data: bool) -> None:
    with FaultySink() as server:
        arguments = _make_reply_arguments(tmp_path, server, "--via", via)
        _kill_reply(server, arguments, after_data=after_data)
        arrived = len(server.take())
        repeated_outcome = call(*arguments)
        repeated_outcome.expect(1, "it is not known whether this reply was sent")
        assert len(server.take()) == arrived
        settled = call(*arguments, "--unknown", "sent" if arrived else "lost")
        assert settled.code == 0, settled.err
        assert len(server.take()) == 1
        assert call(*arguments).code == 1
        assert len(server.take()) == 1


def test_uncertain_reply_blocks_its_draft(tmp_path: Path) -> None:
    with FaultySink(Faults(close_after_data=1)) as server:
        arguments = _make_reply_arguments(tmp_path, server)
        assert call(*arguments).code == 4
        server.faults.heal()
        assert call(*arguments[:5], "--discard").code == 0
        repeated_outcome = call(*arguments)
        assert (repeated_outcome.code, len(server.take())) == (1, 1)
        assert "it is not known whether this reply was sent" in repeated_outcome.err
        assert call(*arguments, "--unknown", "sent").code == 0
        assert len(server.take()) == 1
        assert call("track reply").out == "no drafts of replies\n"


def test_new_text_is_kept_after_a_send(tmp_path: Path) -> None:
    with FaultySink(Faults(close_after_data=1)) as server:
        arguments = _make_reply_arguments(tmp_path, server)
        assert call(*arguments).code == 4
        server.faults.heal()
        (tmp_path / "answer.txt").write_text(OTHER)
        settled = call(*arguments, "--unknown", "sent")
        settled.expect(1, "has a different text")
        assert call("track reply --format json").json["drafts"][0]["text"] == OTHER
        assert call(*arguments).code == 0
        assert len(set(_list_received_ids(server))) == 2


def _kill_reply(server: FaultySink, arguments: tuple[object, ...], *, after_data: bool) -> None:
    """Kill the sending process when the server receives the message.

    If `after_data` is set, kill it when the server has accepted the message.
    """
    process: list[subprocess.Popen[bytes]] = []
    kill_requested = threading.Event()

    def request_kill(*_: object) -> None:
        kill_requested.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process[0].pid, signal.SIGKILL)

    store_mail = server.keep
    if after_data:
        server.keep = lambda *mail: (store_mail(*mail), request_kill())[0]  # type: ignore[method-assign]
    else:
        server.faults.on_mail = request_kill
    argv = [sys.executable, "-m", "patchpilot", *map(str, arguments)]
    process.append(
        subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    )
    kill_requested.set()
    process[0].wait(60)
    wait_until_quiet(server)
    server.keep = store_mail  # type: ignore[method-assign]
    server.faults.heal()

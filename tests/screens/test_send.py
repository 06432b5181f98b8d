# SPDX-License-Identifier: GPL-2.0-or-later
"""A send that was cut off is found again, and taken up with each mail once; a walk that was killed opens where it was."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git
from patchpilot.demo.sink import Sink
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.plan import Request
from patchpilot.outgoing.transport import MailState, Outcome
from patchpilot.services import send as service
from patchpilot.services.prepare import Wanted, prepare
from patchpilot.threads.store import Store
from patchpilot.tui.app import Walk
from patchpilot.tui.stages import Stage, State
from tests.kit.walk import asked, keys, settle, text_of, until

On = Callable[[Path], Walk]


@pytest.fixture
def ready(mended: Path) -> Iterator[tuple[Path, Sink]]:
    """A topic that may be sent, and a server for it."""
    with Repository.open(mended) as repository:
        prepare(repository, None, Wanted(signoff=True))
    with Sink() as sink:
        for name, value in (("smtpServer", "127.0.0.1"), ("smtpServerPort", str(sink.port)), ("smtpEncryption", ""), ("confirm", "never")):
            git(mended, "config", f"sendemail.{name}", value)
        yield mended, sink


async def test_the_word_must_be_typed_and_what_was_sent_is_followed(ready: tuple[Path, Sink], walk_on: On) -> None:
    work, sink = ready
    app = walk_on(work)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        asked(app)
        await keys(pilot, "7", "s")
        assert "netdev@lists.example.org" in text_of(app)
        await pilot.press(*"yes", "enter")
        await settle(pilot)
        assert not sink.take()
        await pilot.press("escape")
        await keys(pilot, "s")
        await pilot.press(*"send", "enter")
        await until(pilot, lambda: app.session.standing(Stage.SEND).state is State.DONE, "the mail to be sent")
        assert "accepted" in text_of(app)
        assert len(sink.take()) == 1
        await keys(pilot, "s")
        assert len(sink.take()) == 1
    with Store() as store:
        assert len(store.entries()) == 1


async def test_a_send_that_was_cut_off_is_taken_up_once(ready: tuple[Path, Sink], walk_on: On) -> None:
    work, sink = ready
    with Repository.open(work) as repository:
        planned = service.plan(repository, Request())
        with Outbox() as outbox:
            cut = outbox.add(service._record(planned), planned.letters, planned.mails)
            outbox.mark(cut.id, 0, Outcome(MailState.SENDING))
    app = walk_on(work)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        asked(app)
        await keys(pilot, "7")
        assert app.session.standing(Stage.SEND).state is State.BLOCKED
        assert "cut off" in text_of(app)
        await keys(pilot, "s")
        assert not sink.take()
        await keys(pilot, "R", "j", "j", "enter")
        await until(pilot, lambda: app.session.standing(Stage.SEND).state is State.DONE, "it to be taken up")
    assert [one.data.lower().count(planned.mails[0].message_id.lower().encode()) for one in sink.take()] == [1]


def test_a_walk_that_was_killed_opens_where_it_was(mended: Path) -> None:
    state = Path(os.environ["XDG_STATE_HOME"]) / "patchpilot" / "walk.json"
    state.parent.mkdir(parents=True)
    state.write_text('{"": {"tour": "offered"}}')
    first = _Terminal(mended)
    first.wait_for("applies to")
    first.type("8")
    first.wait_for("Nothing is followed yet")
    first.kill()
    assert '"stage": "follow"' in state.read_text()
    second = _Terminal(mended)
    second.wait_for("Nothing is followed yet")
    second.type("q")
    assert second.end() == 0


class _Terminal:
    """The walk as a process of its own, on a terminal of 80x24."""

    def __init__(self, work: Path) -> None:
        master, slave = pty.openpty()
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "patchpilot"], cwd=work, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self._master, self._seen = master, ""

    def _read(self) -> None:
        if select.select([self._master], [], [], 0.1)[0]:
            self._seen += os.read(self._master, 65536).decode("utf-8", "replace")

    def wait_for(self, words: str) -> None:
        end = time.monotonic() + 90
        while words not in self._seen:
            assert time.monotonic() < end, self._seen[-2000:]
            self._read()

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)

    def end(self) -> int:
        end = time.monotonic() + 30
        while self._process.poll() is None and time.monotonic() < end:
            try:
                self._read()
            except OSError:
                break
        code = self._process.wait(30)
        os.close(self._master)
        return code

# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the sandbox with its repositories, SMTP sink and archive.

The servers use only loopback, and the environment is separate from the user's.
"""

import os
import shlex
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from mailbox import mbox
from pathlib import Path

from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.demo import demo_mails
from patchpilot.demo.archive_server import StandIn
from patchpilot.demo.demo_history import LTS
from patchpilot.demo.demo_people import (
    KERNEL_LIST,
    LISTS,
    NEWCOMER,
    REGRESSIONS_LIST,
    SECURITY_TEAM,
)
from patchpilot.demo.demo_repository import Repositories, make_repositories
from patchpilot.demo.git_python import write_settings
from patchpilot.demo.sink import Sink
from patchpilot.errors import InputError
from patchpilot.model.mail import parse_mail
from patchpilot.model.patch import parse_subject
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.loading import DEFAULT, REFRESHED
from patchpilot.settings.read_settings import DEMO_INBOX
from patchpilot.setup.lts_branches import format_lts_toml

KEPT_FROM_THE_PERSON = (
    "PATH",
    "TERM",
    "COLORTERM",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "EDITOR",
    "VISUAL",
    "TMUX",
    "NO_COLOR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONPYCACHEPREFIX",
    "COLUMNS",
    "LINES",
)

OWN = (
    "HOME",
    "GIT_CONFIG_NOSYSTEM",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "PATCHPILOT_DEMO",
)
"""Variables that a shell needs to use a kept sandbox; its file `env` sets them."""
IN_SHELL = {"PATCHPILOT_DEMO_SHELL": "1"}
"""The variable of a shell in the sandbox, whose commands reach the sandbox's mail server."""
ENV = "env"
"""The file with these variables, which only a kept sandbox has."""


@dataclass
class Sandbox:
    """The resources of the demo. `env` is the environment of the programs that it runs."""

    root: Path
    repositories: Repositories
    sink: Sink
    archive: StandIn
    env: dict[str, str] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        return self.repositories.work

    def deliver(self) -> int:
        """Archive the messages that the lists have received since the last delivery, and put the
        ones to the newcomer into the mailbox. A new send replaces the messages there.

        Return the number of archived messages.
        """
        new_messages = self.sink.take()[self._delivered :]
        list_messages = [
            mail for mail in new_messages if not set(LISTS).isdisjoint(mail.recipients)
        ]
        for mail in list_messages:
            self.archive.add(mail.data.replace(b"\r\n", b"\n"))
        for mail in new_messages:
            if NEWCOMER.email in mail.recipients:
                self._put_into_mailbox(mail.data.replace(b"\r\n", b"\n"))
        self._delivered += len(new_messages)
        return len(list_messages)

    def _put_into_mailbox(self, data: bytes) -> None:
        number = parse_subject(parse_mail(data).subject).number
        file = self.root / DEMO_INBOX
        if number is None or self._last_number is None or number <= self._last_number:
            file.unlink(missing_ok=True)
        self._last_number = number
        with closing(mbox(file)) as inbox:
            inbox.add(data)

    _delivered: int = 0
    _last_number: int | None = None


@contextmanager
def open_sandbox(
    keep: Path | None = None, progress: Progress = ignore_progress
) -> Iterator[Sandbox]:
    """Create and start the sandbox.

    It is in `keep`, or in a temporary directory that is deleted at the end. Raise InputError if
    `keep` exists and is not empty.
    """
    if keep is not None:
        try:
            keep.mkdir(parents=True, exist_ok=True)
            full = any(keep.iterdir())
        except OSError as error:
            raise InputError(
                f"cannot use directory {keep}: {error.strerror or error}",
                hint="pass a directory that can be created to --keep",
            ) from error
        if full:
            raise InputError(
                f"{keep} is not empty",
                hint="pass a directory that does not exist to --keep",
            )
    with ExitStack() as stack:
        root = keep.resolve() if keep else stack.enter_context(TemporaryFolder("demo"))
        repositories = make_repositories(root, progress)
        env = sandbox_environment(root)
        write_supported_series(root)
        write_project_lists(root)
        progress("starting the mail server and the archive")
        sink = stack.enter_context(Sink())
        archive = stack.enter_context(StandIn())
        use_loopback(root, sink, archive)
        archive.add(demo_mails.make_announcement())
        if keep:
            own = {name: env[name] for name in OWN if name in env}
            lines = (
                f"export {name}={shlex.quote(value)}\n" for name, value in (own | IN_SHELL).items()
            )
            (root / ENV).write_text("".join(lines), encoding="utf-8")
        yield Sandbox(root, repositories, sink, archive, env)


def is_kept(root: Path) -> bool:
    """Return whether a sandbox stays when the demo ends, as with --keep."""
    return (root / ENV).exists()


def sandbox_environment(root: Path) -> dict[str, str]:
    """Return the environment for programs in the sandbox.

    It has a separate HOME, and none of the user's git, mail or XDG settings.
    """
    env = {name: os.environ[name] for name in KEPT_FROM_THE_PERSON if name in os.environ}
    home = root / "home"
    home.mkdir(exist_ok=True)
    env |= {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "EMAIL": ""}
    editor = (
        os.environ.get("VISUAL")
        or os.environ.get("EDITOR")
        or next((editor for editor in ("nano", "vim", "vi") if shutil.which(editor)), "true")
    )
    env["GIT_EDITOR"] = editor
    env |= {
        f"XDG_{name}_HOME": str(home / name.lower())
        for name in ("CONFIG", "DATA", "STATE", "CACHE")
    }
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["PATCHPILOT_DEMO"] = str(root)
    return env


def write_supported_series(root: Path) -> None:
    """Write a list of supported stable series that never expire, so that the demo works after the
    real end dates.
    """
    today = datetime.now(UTC).date()
    series = {version: f"{today.year + 1 + index // 2}-12" for index, version in enumerate(LTS)}
    copy = root / "home" / "data" / "patchpilot" / REFRESHED
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(
        format_lts_toml({DEFAULT: {"updated": "9999-12-31", "series": series}}),
        encoding="utf-8",
    )


def write_project_lists(root: Path) -> None:
    """Write a project file with the sandbox's lists, so that no real one is a recipient.

    Only the stable list stays, because it is part of the Cc: tag that the tutorial explains.
    """
    file = root / "home" / "data" / "patchpilot" / "projects" / f"{DEFAULT}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'[lists]\nmain = ["{KERNEL_LIST}"]\ncatch_all = ["{KERNEL_LIST}"]\n'
        f'security = "{SECURITY_TEAM}"\nregressions = "{REGRESSIONS_LIST}"\n',
        encoding="utf-8",
    )


def use_loopback(root: Path, sink: Sink, archive: StandIn) -> None:
    """Point the newcomer's mail and archive settings at loopback, so that nothing leaves this
    machine.
    """
    settings = {
        "sendemail.smtpServer": "127.0.0.1",
        "sendemail.smtpServerPort": str(sink.port),
        "sendemail.smtpEncryption": "",
        "sendemail.confirm": "never",
        "patchpilot.lore": archive.url,
        "b4.midmask": f"{archive.url}/%s",
        "b4.send-no-patatt-sign": "yes",
    }
    write_settings(root / "home" / ".gitconfig", settings)


@contextmanager
def deliver_regularly(
    sandbox: Sandbox,
    seconds: float = 0.5,
    after_delivery: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Deliver sent messages to the archive at regular intervals while the context is active.

    `after_delivery` is called after each delivery.
    """
    stop = threading.Event()

    def pump() -> None:
        while not stop.wait(seconds):
            sandbox.deliver()
            after_delivery()

    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        sandbox.deliver()

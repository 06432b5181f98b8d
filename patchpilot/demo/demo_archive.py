# SPDX-License-Identifier: GPL-2.0-or-later
"""An archive on loopback for the demo and the tests.

It is a real public-inbox if that is installed, otherwise a small replacement with the same
responses.

with open_archive(directory) as archive:      # PublicInbox or StandIn
    archive.add(mail_bytes)
    archive.url                               # http://127.0.0.1:PORT/demo
"""

import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Protocol

from patchpilot.commits.run import environment
from patchpilot.demo.archive_server import StandIn
from patchpilot.errors import MissingError, PatchpilotError
from patchpilot.model.hosts import quote_url
from patchpilot.model.mail import join_mbox, parse_mail

NAME = "demo"
ADDRESS = "demo@lists.example.org"
START_SECONDS = 20.0
_IMPORT = r"""
use strict; use warnings;
use PublicInbox::Config; use PublicInbox::InboxWritable; use PublicInbox::MboxReader;
my $ibx = PublicInbox::Config->new->lookup_name($ARGV[0]) or die "no inbox\n";
my $im = PublicInbox::InboxWritable->new($ibx)->importer(1);
PublicInbox::MboxReader->mboxrd(\*STDIN, sub { $im->add($_[0]) });
$im->done;
"""


class ArchiveServer(Protocol):
    """The interface of both archive servers: the URL, adding messages, and closing."""

    url: str

    def add(self, *mails: bytes) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> "ArchiveServer": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def available() -> bool:
    """Whether public-inbox is installed."""
    return all(
        shutil.which(program)
        for program in ("public-inbox-init", "public-inbox-httpd", "perl")
    )


def open_archive(directory: Path) -> ArchiveServer:
    """Return a running archive below `directory`.

    It is a public-inbox, or its replacement if public-inbox is not installed or does not start.
    """
    if available():
        try:
            return PublicInbox(directory)
        except PatchpilotError:
            pass
    return StandIn()


class PublicInbox:
    """A separate public-inbox below `directory`, which is also its HOME.

    It is served on a free loopback port until it is closed.
    """

    def __init__(
        self, directory: Path, *, name: str = NAME, address: str = ADDRESS
    ) -> None:
        if not available():
            raise MissingError(
                "public-inbox is not installed",
                hint="run `apt-get install public-inbox libsearch-xapian-perl libdbd-sqlite3-perl`",
            )
        self.directory = directory
        self.name = name
        self._home = directory / "home"
        self._home.mkdir(parents=True, exist_ok=True)
        self._config = self._home / ".public-inbox" / "config"
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}/{name}"
        self._run(
            "public-inbox-init",
            "-V2",
            "-L",
            "full",
            name,
            str(directory / name),
            self.url,
            address,
        )
        self._run(
            "git", "config", "-f", str(self._config), "publicinboxmda.spamcheck", "none"
        )
        self._server = self._start()
        self._guard = _guard(self._server.pid)

    def add(self, *mails: bytes) -> None:
        """Take in mails; when this returns, threads and searches show them."""
        if mails:
            self._run("perl", "-e", _IMPORT, self.name, stdin=join_mbox(mails))
            self._until_found(parse_mail(mails[-1]).message_id)

    def _until_found(self, message_id: str) -> None:
        """Make the server reopen its index until a search finds this mail."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            self._server.send_signal(signal.SIGHUP)
            for _ in range(6):
                if _answers(f"{self.url}/?x=m&q=m:{quote_url(message_id)}", post=True):
                    return
                time.sleep(0.03)
        raise PatchpilotError(
            "public-inbox does not show a mail that was added",
            hint=f"see {self.directory / 'httpd.log'}",
        )

    def close(self) -> None:
        """Stop the server; the files stay."""
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGTERM)
            try:
                self._server.wait(5)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._guard.communicate(b"closed\n")

    def __enter__(self) -> "PublicInbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _environment(self) -> dict[str, str]:
        known = {
            name: value
            for name, value in environment(parsed=True).items()
            if not name.startswith("PI_")
        }
        return known | {
            "HOME": str(self._home),
            "PI_CONFIG": str(self._config),
            "XDG_CACHE_HOME": str(self._home / "cache"),
            "XDG_DATA_HOME": str(self._home / "data"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PERL_INLINE_DIRECTORY": "",
        }

    def _run(self, *argv: str, stdin: bytes = b"") -> None:
        done = subprocess.run(
            argv,
            input=stdin,
            env=self._environment(),
            cwd=self._home,
            capture_output=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise PatchpilotError(
                f"{argv[0]} failed: {told[-1] if told else done.returncode}",
                hint="check that public-inbox is installed completely",
            )

    def _start(self) -> "subprocess.Popen[bytes]":
        log = self.directory / "httpd.log"
        with log.open("ab") as out:
            server = subprocess.Popen(
                ["public-inbox-httpd", "-l", f"127.0.0.1:{self._port}", "-W0"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self._environment(), cwd=self._home, start_new_session=True,  # noqa: E501
            )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if server.poll() is not None:
                raise PatchpilotError(
                    "public-inbox-httpd did not start", hint=f"see {log}"
                )
            if _answers(self.url + "/"):
                return server
            time.sleep(0.05)
        server.kill()
        server.wait()
        raise PatchpilotError(
            f"public-inbox-httpd did not answer within {START_SECONDS:.0f} s",
            hint=f"see {log}",
        )


def _guard(server: int) -> "subprocess.Popen[bytes]":
    """A process that ends the server when this process ends without closing it."""
    return subprocess.Popen(
        ["sh", "-c", 'read -r word || kill "$1"', "-", str(server)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def free_port() -> int:
    """Return a free port on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str, *, post: bool = False) -> bool:
    """Whether a server listens there; with `post`, whether its search finds the mail."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, data=b"" if post else None, timeout=5):
            return True
    except urllib.error.HTTPError:
        return not post
    except OSError:
        return False

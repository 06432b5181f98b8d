# SPDX-License-Identifier: GPL-2.0-or-later
"""Create public-inboxes, and serve them on loopback."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path

from patchpilot.commits.run import base_environment
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


def is_installed() -> bool:
    return all(
        shutil.which(program) for program in ("public-inbox-init", "public-inbox-httpd", "perl")
    )


class InboxDirectory:
    """A public-inbox in `directory`, which is also its HOME directory."""

    def __init__(self, directory: Path, *mails: bytes) -> None:
        self.directory = directory
        self.url = str(directory / NAME)
        self._home = directory / "home"
        self._config = self._home / ".public-inbox" / "config"
        self._config.parent.mkdir(parents=True)
        shutil.copytree(_build_inbox(mails), directory / NAME)
        self._write_config("")

    def _write_config(self, url: str) -> None:
        self._config.write_text(
            f'[publicinbox "{NAME}"]\n\taddress = {ADDRESS}\n\turl = {url}\n'
            f"\tinboxdir = {self.directory / NAME}\n\tindexlevel = full\n"
            "[publicinboxmda]\n\tspamcheck = none\n"
        )

    def add(self, *mails: bytes) -> None:
        if mails:
            _run(self._home, "perl", "-e", _IMPORT, NAME, stdin=join_mbox(mails))

    def close(self) -> None:
        """Do nothing, because there is no server."""


@cache
def _build_inbox(mails: tuple[bytes, ...]) -> Path:
    """Return the directory of a public-inbox with these messages, which tests copy.

    public-inbox needs a third of a second to make it. It is removed at the end of the process.
    """
    if not is_installed():
        raise MissingError(
            "public-inbox is not installed",
            hint="run `apt-get install public-inbox libsearch-xapian-perl libdbd-sqlite3-perl`",
        )
    if mails:
        folder = _create_folder()
        InboxDirectory(folder).add(*mails)
        return folder / NAME
    folder = _create_folder()
    _run(
        folder,
        "public-inbox-init",
        "-V2",
        "-L",
        "full",
        NAME,
        str(folder / NAME),
        "http://127.0.0.1/",
        ADDRESS,
    )
    return folder / NAME


def _create_folder() -> Path:
    folder = Path(tempfile.mkdtemp(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class PublicInbox(InboxDirectory):
    """A public-inbox that is served on a free loopback port until `close` is called."""

    def __init__(self, directory: Path, *mails: bytes) -> None:
        super().__init__(directory, *mails)
        self._port = find_free_port()
        self.url = f"http://127.0.0.1:{self._port}/{NAME}"
        self._write_config(self.url)
        self._server = self._start()

    def add(self, *mails: bytes) -> None:
        """Add messages, and wait until the last one is in the search index."""
        super().add(*mails)
        if mails:
            self._wait_until_found(parse_mail(mails[-1]).message_id)

    def _wait_until_found(self, message_id: str) -> None:
        """Make the server read its index again until a search finds the message."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self._server.send_signal(signal.SIGHUP)
            for _ in range(6):
                if _responds(f"{self.url}/?x=m&q=m:{quote_url(message_id)}", is_post=True):
                    return
                time.sleep(0.03)
        raise PatchpilotError(
            "public-inbox does not show a mail that was added",
            hint=f"see {self.directory / 'httpd.log'}",
        )

    def close(self) -> None:
        """Stop the server and keep its files."""
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGTERM)
            try:
                self._server.wait(5)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        log = self.directory / "httpd.log"
        with log.open("ab") as stream:
            server = subprocess.Popen(
                ["public-inbox-httpd", "-l", f"127.0.0.1:{self._port}", "-W0"],
                stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=_make_environment(self._home), cwd=self._home, start_new_session=True,  # noqa: E501
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise PatchpilotError("public-inbox-httpd did not start", hint=f"see {log}")
            if _responds(self.url + "/"):
                return server
            time.sleep(0.05)
        server.kill()
        server.wait()
        raise PatchpilotError(
            f"public-inbox-httpd did not answer within {START_SECONDS:.0f} s",
            hint=f"see {log}",
        )


def _make_environment(home: Path) -> dict[str, str]:
    inherited_variables = {
        name: value
        for name, value in base_environment(parsed=True).items()
        if not name.startswith("PI_")
    }
    return inherited_variables | {
        "HOME": str(home),
        "PI_CONFIG": str(home / ".public-inbox" / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PERL_INLINE_DIRECTORY": "",
    }


def _run(home: Path, *argv: str, stdin: bytes = b"") -> None:
    completed = subprocess.run(
        argv,
        input=stdin,
        env=_make_environment(home),
        cwd=home,
        capture_output=True,
        timeout=120,
        check=False,
    )
    if completed.returncode:
        errors = completed.stderr.decode("utf-8", "replace").strip().splitlines()
        raise PatchpilotError(
            f"{argv[0]} failed: {errors[-1] if errors else completed.returncode}",
            hint="check that public-inbox is installed completely",
        )


def find_free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening_socket:
        listening_socket.bind(("127.0.0.1", 0))
        port: int = listening_socket.getsockname()[1]
        return port


def _responds(url: str, *, is_post: bool = False) -> bool:
    """Return whether a server responds to a GET request or, if `is_post` is set, accepts a POST
    request.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, data=b"" if is_post else None, timeout=5):
            return True
    except urllib.error.HTTPError:
        return not is_post
    except OSError:
        return False

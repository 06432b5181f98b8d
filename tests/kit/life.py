# SPDX-License-Identifier: GPL-2.0-or-later
"""Take a topic from its commit to the stable trees.

The topic has a repository, and a mail server and an archive on loopback.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from patchpilot.demo.archive_server import StandIn
from patchpilot.model.mail import parse_mail
from tests.kit.cli import Outcome
from tests.kit.mails import MATT, RITA, build_applied_notice
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic, unpacked

LIST = "demo@lists.example.org"
TITLE = "widget: change line 1"


class Life:
    """A topic in `repo`. Its messages are sent to `server` and, if they are published, added to
    `archive`.
    """

    def __init__(
        self, folder: Path, server: FaultySink, archive: StandIn, patches: int = 1
    ) -> None:
        self.place, self.server, self.archive = folder, server, archive
        self._replies = 0
        self.first = ""
        """The Message-ID of the first message sent."""
        self.repo = self.create_repository("r", patches)

    def create_repository(self, name: str, patches: int = 1) -> Repo:
        """Create a repository with the same topic, mail server and archive."""
        repo = topic(self.place / name, patches, server=self.server)
        repo.git("config --global patchpilot.lore", self.archive.url)
        return repo

    def run(self, line: str, *argv: object) -> Outcome:
        """Run a command in the topic's repository."""
        return self.repo.patchpilot(line, *argv)

    def track(self, line: str = "", *argv: object) -> Outcome:
        """Run a `track` command in the topic's repository."""
        return self.repo.patchpilot(f"track {line}", *argv)

    def send(self, *options: object, publish: bool = True) -> str:
        """Send the topic, publish the messages, and return the first Message-ID."""
        sent_before = len(self.server.take())
        result = self.run("send --to", LIST, "--force", "a test", "--yes", *options)
        assert result.code == 0, result.err
        mails = [unpacked(new_mail) for new_mail in self.server.take()[sent_before:]]
        if publish:
            self.archive.add(*mails)
        message_id = parse_mail(mails[0]).message_id
        self.first = self.first or message_id
        return message_id

    def add_reply(
        self,
        parent_id: str,
        body: str,
        sender: str = RITA,
        subject: str = f"Re: [PATCH] {TITLE}",
    ) -> str:
        """Add a reply to the archive, update the tracked series, and return its Message-ID."""
        self._add_mail(
            parent_id,
            subject,
            f"On Monday Ada Fixer wrote:\n> Line 1 was wrong.\n\n{body}\n",
            sender,
        )
        self.update()
        return f"reply{self._replies}@example.net"

    def add_applied_notice(self, parent_id: str, commit: str = "0123456789ab") -> str:
        """Add the patchwork bot's "applied" message, and return its Message-ID."""
        bot_mail = build_applied_notice(TITLE, commit, prefixes="")
        self._add_mail(
            parent_id,
            f"Re: [PATCH] {TITLE}",
            bot_mail.decode().partition("\n\n")[2],
            "patchwork-bot+netdevbpf@kernel.org",
        )
        self.update()
        return f"reply{self._replies}@example.net"

    def add_refused_notice(self, parent_id: str) -> None:
        self.add_reply(
            parent_id,
            "NAK. This is not how the widget works.\n\nNacked-by: " + MATT,
            MATT,
        )

    def update(self) -> None:
        outcome = self.track("update --fresh")
        assert outcome.code == 0, outcome.err

    def amend_patch(self, new_text: str = "int amended;\n", message: str = "") -> None:
        file = self.repo.path / "widget.c"
        file.write_text(file.read_text() + new_text)
        self.repo.git("add widget.c")
        self.repo.git("commit -q --amend", *(("-m", message) if message else ("--no-edit",)))

    def merge_into_mainline(self, release: str = "") -> str:
        """Merge the topic into mainline, tag `release` if given, and return the commit id."""
        self.repo.git("branch -q upstream master")
        self.repo.git("checkout -q upstream")
        self.repo.commit("widget: another", {"Kbuild": "x\n"})
        self.repo.git("cherry-pick topic")
        if release:
            self.repo.tag(release)
        merged_id = self.repo.git("rev-parse HEAD")
        self.repo.git("update-ref refs/remotes/origin/master", merged_id)
        self.repo.git("checkout -q topic")
        return merged_id

    def backport_to_stable(self, commit: str, version: str) -> None:
        """Backport a commit to a stable branch."""
        self.repo.git("checkout -q --detach master")
        message = self.repo.git("show -s --format=%B", commit).replace(
            "\n\n", f"\n\ncommit {commit} upstream.\n\n", 1
        )
        self.repo.git("cherry-pick -n", commit)
        self.repo.git("commit -q -m", message)
        self.repo.git("update-ref", f"refs/remotes/stable/linux-{version}.y", "HEAD")
        self.repo.git("checkout -q topic")

    def _add_mail(self, parent_id: str, subject: str, body: str, sender: str) -> None:
        self._replies += 1
        message_id = f"reply{self._replies}@example.net"
        date = format_datetime(datetime.now(UTC))
        headers = (
            f"From: {sender}\nTo: {LIST}\nSubject: {subject}\nMessage-ID: <{message_id}>\nDate:"
            f" {date}\nIn-Reply-To: <{parent_id}>\nReferences: <{parent_id}>\n"
        )
        self.archive.add(f"{headers}\n{body}".encode())


@contextmanager
def create_life(folder: Path, patches: int = 1) -> Iterator[Life]:
    """Yield a topic that has been committed but not sent."""
    with FaultySink() as server, StandIn() as archive:
        yield Life(folder, server, archive, patches)

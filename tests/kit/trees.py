# SPDX-License-Identifier: GPL-2.0-or-later
"""Create a small kernel tree in which branches contain, release and revert the patch in
tests.kit.mails.

Its commits are later than the messages.
"""

from pathlib import Path

from tests.kit.mails import ADA
from tests.kit.repos import Repo

FILE = "drivers/demo/pump.c"
LINES = [f"line {number}\n" for number in range(9)] + [
    "int pump_start(struct pump *pump)\n",
    "\tint rc;\n",
    "\n",
    "\trc = pump_prime(pump);\n",
]
CHECK = ["\tif (!pump)\n", "\t\treturn -EINVAL;\n", "\n"]
APRIL = 1_712_000_000


class Trees:
    """A repository with mainline on `master`. Its stable branches start at the first commit."""

    def __init__(self, path: Path) -> None:
        self.repo = Repo(path, start_time=APRIL)
        self.first = self.repo.commit("first", {FILE: "".join(LINES)})

    def commit(self, message: str, *, checked: bool = True, tag: str = "") -> str:
        """Commit the patch or, if `checked` is False, its revert.

        If a tag is given, tag the commit.
        """
        lines = [*LINES[:12], *(CHECK if checked else []), *LINES[12:]]
        commit_id = self.repo.commit(message, {FILE: "".join(lines)}, author=ADA)
        if tag:
            self.repo.tag(tag)
        return commit_id

    def commit_to_stable(
        self, version: str, message: str, *, checked: bool = True, tag: str = ""
    ) -> str:
        branch = f"refs/remotes/stable/linux-{version}.y"
        tip = self.repo.git("rev-parse --verify -q", branch, must_succeed=False)
        self.repo.checkout(tip or self.first)
        commit = self.commit(message, checked=checked, tag=tag)
        self.repo.git("update-ref", branch, commit)
        self.repo.checkout("master")
        return commit

    def backport(self, commit: str, version: str, *, tag: str = "") -> str:
        """Backport a mainline commit to a stable branch."""
        message = self.repo.git("show -s --format=%B", commit)
        return self.commit_to_stable(
            version,
            message.replace("\n\n", f"\n\ncommit {commit} upstream.\n\n", 1),
            tag=tag,
        )

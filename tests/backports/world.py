# SPDX-License-Identifier: GPL-2.0-or-later
"""Create a small project with mainline and stable branches whose verdicts are known."""

import atexit
import copy
import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from patchpilot.archive.track_store import Store
from patchpilot.topic.followed import follow_series
from tests.kit.cli import Outcome, call
from tests.kit.mails import mbox, patch, reply, stable_failed
from tests.kit.repos import Repo

BODY = [f"\tstep({number});\n" for number in range(60)]


def function_source(**changes: str) -> str:
    """Return a C file with one function in which these lines were changed.

    For example, `l7="seven"` replaces line 7. The value may consist of several lines.
    """
    lines = list(BODY)
    for name, value in changes.items():
        lines[int(name[1:])] = f"\t{value}\n" if value else ""
    return "int work(void)\n{\n" + "".join(lines) + "}\n"


GROUND = {"l10": "quick(10);", "l19": "check(19);", "l20": "check(20);"}
FIXED = {**GROUND, "l20": "check(20, all);"}


class World:
    """A repository with the commits base, v6.1, culprit, groundwork and fix on master.

    Each branch starts at a given commit. The repository is created once and then copied.
    """

    _made: ClassVar[list["World"]] = []

    def __init__(self, path: Path) -> None:
        if World._made and World._made[0].repo.path.exists():
            made = World._made[0]
            self.repo = copy.copy(made.repo)
            self.repo.path = path / "world"
            shutil.copytree(made.repo.path, self.repo.path, symlinks=True)
            self.base, self.culprit, self.groundwork, self.fix = (
                made.base,
                made.culprit,
                made.groundwork,
                made.fix,
            )
            return
        self._make(path / "world")
        pristine = World.__new__(World)
        pristine.__dict__ |= self.__dict__
        pristine.repo = copy.copy(self.repo)
        pristine.repo.path = (
            Path(tempfile.mkdtemp(prefix="patchpilot-world-")) / "world"
        )
        atexit.register(shutil.rmtree, pristine.repo.path.parent, ignore_errors=True)
        shutil.copytree(self.repo.path, pristine.repo.path, symlinks=True)
        World._made.append(pristine)

    def _make(self, path: Path) -> None:
        self.repo = repo = Repo(path)
        self.base = repo.commit(
            "start",
            {
                "w.c": function_source(),
                "other.c": function_source(),
                "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n",
            },
        )
        repo.tag("v6.1")
        self.culprit = repo.commit(
            "work: be quick", {"w.c": function_source(l10="quick(10);")}
        )
        self.groundwork = repo.commit(
            "work: check first",
            {"w.c": function_source(**GROUND)},
        )
        self.fix = repo.commit(
            f'work: do not forget step 20\n\nIt was lost.\n\nFixes: {self.culprit[:12]} ("work: be'
            ' quick")\nReported-by: Rita Reporter <rita@example.org>\nSigned-off-by: Ada Fixer'
            " <ada@example.org>\n",
            {"w.c": function_source(**FIXED)},
            author="Ada Author <author@example.org>",
        )

    def branch(
        self, version: str, start: str, *commits: tuple[str, dict[str, str]]
    ) -> str:
        """Create a stable branch that has an additional commit, and return its tip."""
        name = f"linux-{version}.y"
        self.repo.branch(name, start)
        for message, files in commits:
            self.repo.commit(message, files)
        tip = self.repo.git("rev-parse", "HEAD")
        self.repo.checkout("master")
        return tip

    def create_renamed_branch(self) -> str:
        """Create a branch in which the line that the fix changes has a different name. Return the
        branch's tip.
        """
        text = function_source(l10="quick(10);", l19="verify(19);", l20="verify(20);")
        return self.branch("6.6", self.groundwork, ("work: rename", {"w.c": text}))

    def steps(
        self,
        other_files: dict[str, str],
        path: str = "w.c",
        subject: str = "work: more",
    ) -> tuple[str, str]:
        """Create a commit that changes a line and these files, and then a fix of that line."""
        content = {**GROUND, "l20": "check(20, all, more);"}
        prerequisite = self.repo.commit(
            subject, {path: function_source(**content), **other_files}
        )
        content["l20"] = "check(20, all, right);"
        message = f'work: right\n\nFixes: {self.culprit[:12]} ("work: be quick")\n'
        return prerequisite, self.repo.commit(
            message, {path: function_source(**content)}
        )

    def applied(self, tip: str, files: Iterable[object], clone: Path) -> str:
        """Apply the patches to a clone of a branch with `git am`, and return the changed file."""
        self.repo.git("clone", "-q", "--shared", "--no-checkout", ".", str(clone))
        self.repo.git("-C", str(clone), "checkout", "-q", "--detach", tip)
        self.repo.git("-C", str(clone), "am", "-q", *map(str, files))
        return (clone / "w.c").read_text()

    def call(self, *words: object) -> Outcome:
        return call("backport", "-C", self.repo.path, *words)

    def ask(self, *words: object, code: int = 0) -> dict[str, Any]:
        outcome = self.call(*words, "--format", "json")
        assert outcome.code == code, outcome.err
        answer: dict[str, Any] = json.loads(outcome.out)
        return answer

    def branch_result(self, *words: object) -> dict[str, Any]:
        branches = self.ask(*words)["branches"]
        assert len(branches) == 1
        branch: dict[str, Any] = branches[0]
        return branch

    def state(self) -> tuple[str, ...]:
        """Return the repository's state. It is used to check that queries do not change the
        repository.
        """
        git = self.repo.git
        return (
            git("for-each-ref"),
            git("count-objects", "-v"),
            git("status", "--porcelain", "--ignored"),
            git("fsck", "--full", "--unreachable", "--no-progress"),
            git("reflog", "--all"),
            git("stash", "list"),
            git("worktree", "list", "--porcelain"),
            "\n".join(
                sorted(
                    str(file.relative_to(self.repo.path))
                    for file in self.repo.path.rglob("*")
                )
            ),
        )


def track_failed_backports(fix: str, folder: Path, *versions: str) -> None:
    """Track the series of the fix. It has FAILED messages for these versions."""
    title = "work: do not forget step 20"
    mails = [patch(f"[PATCH] {title}", id="first")]
    mails += [
        stable_failed(
            title, fix, version, id=f"failed-{version}-{minute}", minutes=minute
        )
        for version in versions
        for minute in (1, 2)
    ]
    mails.append(
        reply(
            f'FAILED: patch "[PATCH] {title}" failed to apply to 6.12-stable tree',
            f"git cherry-pick -x {fix} works",
            minutes=9,
        )
    )
    file = folder / "followed.mbox"
    file.write_bytes(mbox(*mails))
    with Store() as store:
        follow_series.track_series_in_mbox(file, store=store)

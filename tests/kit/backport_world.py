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
from patchpilot.tracking import follow_series
from tests.kit.cli import Outcome
from tests.kit.mails import build_mbox, build_patch_mail, build_reply, build_stable_failure_notice
from tests.kit.repos import Repo

BODY = [f"\tstep({number});\n" for number in range(60)]


def format_function(**changes: str) -> str:
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
            template = World._made[0]
            self.repo = copy.copy(template.repo)
            self.repo.path = path / "world"
            shutil.copytree(template.repo.path, self.repo.path, symlinks=True)
            self.base, self.culprit, self.groundwork, self.fix = (
                template.base,
                template.culprit,
                template.groundwork,
                template.fix,
            )
            return
        self._create_repository(path / "world")
        template_world = World.__new__(World)
        template_world.__dict__ |= self.__dict__
        template_world.repo = copy.copy(self.repo)
        template_world.repo.path = Path(tempfile.mkdtemp(prefix="patchpilot-world-")) / "world"
        atexit.register(shutil.rmtree, template_world.repo.path.parent, ignore_errors=True)
        shutil.copytree(self.repo.path, template_world.repo.path, symlinks=True)
        World._made.append(template_world)

    def _create_repository(self, path: Path) -> None:
        self.repo = repo = Repo(path)
        self.base = repo.commit(
            "start",
            {
                "w.c": format_function(),
                "other.c": format_function(),
                "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n",
            },
        )
        repo.tag("v6.1")
        self.culprit = repo.commit("work: be quick", {"w.c": format_function(l10="quick(10);")})
        self.groundwork = repo.commit(
            "work: check first",
            {"w.c": format_function(**GROUND)},
        )
        self.fix = repo.commit(
            f'work: do not forget step 20\n\nIt was lost.\n\nFixes: {self.culprit[:12]} ("work: be'
            ' quick")\nReported-by: Rita Reporter <rita@example.org>\nSigned-off-by: Ada Fixer'
            " <ada@example.org>\n",
            {"w.c": format_function(**FIXED)},
            author="Ada Author <author@example.org>",
        )

    def create_stable_branch(
        self, version: str, start: str, *commits: tuple[str, dict[str, str]]
    ) -> str:
        """Create a stable branch that has an additional commit, and return its tip."""
        name = f"linux-{version}.y"
        self.repo.branch(name, start)
        for message, files in commits:
            self.repo.commit(message, files)
        tip = self.repo.git("rev-parse HEAD")
        self.repo.checkout("master")
        return tip

    def create_renamed_branch(self) -> str:
        """Create a branch in which the line that the fix changes has a different name. Return the
        branch's tip.
        """
        content = format_function(l10="quick(10);", l19="check(19);", l20="verify(20);")
        return self.create_stable_branch("6.6", self.groundwork, ("work: rename", {"w.c": content}))

    def commit_prerequisite_and_fix(
        self,
        other_files: dict[str, str],
        path: str = "w.c",
        subject: str = "work: more",
    ) -> tuple[str, str]:
        """Create a commit that changes a line and these files, and then a fix of that line."""
        content = {**GROUND, "l20": "check(20, all, more);"}
        prerequisite = self.repo.commit(subject, {path: format_function(**content), **other_files})
        content["l20"] = "check(20, all, right);"
        message = f'work: right\n\nFixes: {self.culprit[:12]} ("work: be quick")\n'
        return prerequisite, self.repo.commit(message, {path: format_function(**content)})

    def apply_to_clone(self, tip: str, files: Iterable[object], clone: Path) -> str:
        """Apply the patches to a clone of a branch with `git am`, and return the changed file."""
        self.repo.git("clone -q --shared --no-checkout .", str(clone))
        self.repo.git("-C", str(clone), "checkout", "-q", "--detach", tip)
        self.repo.git("-C", str(clone), "am", "-q", *map(str, files))
        return (clone / "w.c").read_text()

    def run_backport(self, *arguments: object) -> Outcome:
        return self.repo.patchpilot("backport", *arguments)

    def read_backport_json(self, *arguments: object, exit_code: int = 0) -> dict[str, Any]:
        result = self.run_backport(*arguments, "--format", "json")
        assert result.code == exit_code, result.err
        document: dict[str, Any] = json.loads(result.out)
        return document

    def read_branch_result(self, *arguments: object) -> dict[str, Any]:
        branches = self.read_backport_json(*arguments)["branches"]
        assert len(branches) == 1
        branch: dict[str, Any] = branches[0]
        return branch

    def read_state(self) -> tuple[str, ...]:
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
                sorted(str(file.relative_to(self.repo.path)) for file in self.repo.path.rglob("*"))
            ),
        )


def track_failed_backports(
    fix_commit: str, folder: Path, *versions: str, **mail_options: str
) -> None:
    """Track the series of the fix. It has FAILED messages for these versions."""
    title = "work: do not forget step 20"
    mails = [build_patch_mail(f"[PATCH] {title}", id="first")]
    mails += [
        build_stable_failure_notice(
            title,
            fix_commit,
            version,
            id=f"failed-{version}-{minute}",
            minutes=minute,
            **mail_options,
        )
        for version in versions
        for minute in (1, 2)
    ]
    mails.append(
        build_reply(
            f'FAILED: patch "[PATCH] {title}" failed to apply to 6.12-stable tree',
            f"git cherry-pick -x {fix_commit} works",
            minutes=9,
        )
    )
    file = folder / "followed.mbox"
    file.write_bytes(build_mbox(*mails))
    with Store() as store:
        follow_series.track_series_in_mbox(file, store=store)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Create the sandbox's repositories.

These are bare repositories for mainline and stable, and the newcomer's clone with a fix on a
branch.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from patchpilot.demo import acme
from patchpilot.demo.demo_history import LTS, Builder, DemoFacts
from patchpilot.demo.demo_people import NEWCOMER
from patchpilot.demo.git_python import use_git_python
from patchpilot.model.progress import Progress, ignore_progress

TOPIC = "acme-old-cards"
FIX_TIME = "1788220800 +0000"


@dataclass(frozen=True, slots=True)
class Repositories:
    """The paths of the repositories, and the ids of the commits that the demo refers to."""

    mainline: Path
    stable: Path
    work: Path
    facts: DemoFacts


def make_first_message(culprit: str) -> str:
    return (
        "net/acme: allow old cards that cannot count their images\n\n"
        f"Commit {culprit} added reading the\n"
        "number of flash images. However, the firmware of some cards does not know\n"
        "the command. In such cases the driver returned EINVAL, and the card was\n"
        "not usable at all.\n\n"
        "We added a check to return EOPNOTSUPP when the command is unsupported,\n"
        "which the caller already takes for harmless.\n"
    )


def make_repositories(root: Path, progress: Progress = ignore_progress) -> Repositories:
    """Build all three repositories below `root`, which is created if missing.

    The commit ids are the same in every run.
    """
    mainline, stable, work = root / "mainline.git", root / "stable.git", root / "linux"
    root.mkdir(parents=True, exist_ok=True)
    with use_git_python() as git:
        for folder in (mainline, stable):
            git.Repo.init(folder, bare=True, initial_branch="master")
            (folder / "objects" / "info").mkdir(exist_ok=True)
        progress("writing the history of the sandbox tree")
        facts = Builder().build(mainline, stable)
        progress("cloning the sandbox tree")
        clone = git.Repo.clone_from(str(mainline), work, no_hardlinks=True)
        shutil.rmtree(work / ".git" / "hooks", ignore_errors=True)
        heads = [
            f"+refs/heads/linux-{version}.y:refs/remotes/stable/linux-{version}.y"
            for version in LTS
        ]
        clone.create_remote("stable", str(stable)).fetch(heads)
        with clone.config_writer() as settings:
            settings.set_value("user", "name", NEWCOMER.name)
            settings.set_value("user", "email", NEWCOMER.email)
            settings.set_value("commit", "gpgSign", "false")
        clone.git.checkout("origin/master", b=TOPIC, track=True)
        clone.close()
    write_first_fix(work, facts.culprit)
    return Repositories(mainline, stable, work, facts)


def write_first_fix(work: Path, culprit: str) -> str:
    """Commit the newcomer's first version and return its id.

    It has no sign-off, no Fixes: tag, and a style error.
    """
    write_driver(work, acme.CHECK_BAD_STYLE)
    with use_git_python() as git, git.Repo(work) as clone:
        clone.git(c="core.hooksPath=/dev/null").commit(
            all=True,
            message=make_first_message(culprit),
            env={"GIT_AUTHOR_DATE": FIX_TIME, "GIT_COMMITTER_DATE": FIX_TIME},
        )
        return str(clone.head.commit.hexsha)


def write_driver(work: Path, check: str) -> None:
    (work / acme.MCP).write_text(acme.make_mcp_source(check=check), encoding="utf-8")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Create the sandbox's repositories.

These are bare repositories for mainline and stable, and the newcomer's clone with a fix on a
branch.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from patchpilot.commits.git_command import git
from patchpilot.commits.pinned_git import run_git
from patchpilot.demo import acme
from patchpilot.demo.demo_history import LTS, Builder, DemoFacts
from patchpilot.demo.demo_people import NEWCOMER
from patchpilot.demo.repository_settings import write_settings
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
    for repository in (mainline, stable):
        git(None, "init", "-q", "--bare", "-b", "master", "--template=", str(repository))
        (repository / "objects" / "info").mkdir(exist_ok=True)
    progress("writing the history of the sandbox tree")
    facts = Builder().build(mainline, stable)
    progress("cloning the sandbox tree")
    git(None, "clone", "-q", "--no-hardlinks", "--template=", str(mainline), str(work))
    shutil.rmtree(work / ".git" / "hooks", ignore_errors=True)
    git(work, "remote", "add", "stable", str(stable))
    git(
        work,
        "fetch",
        "-q",
        "stable",
        *(
            f"+refs/heads/linux-{version}.y:refs/remotes/stable/linux-{version}.y"
            for version in LTS
        ),
    )
    identity = {
        "user.name": NEWCOMER.name,
        "user.email": NEWCOMER.email,
        "commit.gpgSign": "false",
    }
    write_settings(work / ".git" / "config", identity)
    # do not override the user's settings here, because git must write the upstream branch into the
    # clone's configuration
    run_git(work, "checkout", "-q", "--track", "-b", TOPIC, "origin/master")
    write_first_fix(work, facts.culprit)
    return Repositories(mainline, stable, work, facts)


def write_first_fix(work: Path, culprit: str) -> str:
    """Commit the newcomer's first version and return its id.

    It has no sign-off, no Fixes: tag, and a style error.
    """
    write_driver(work, acme.CHECK_BAD_STYLE)
    git(
        work,
        "commit",
        "-q",
        "-a",
        "-F",
        "-",
        stdin=make_first_message(culprit).encode(),
        env={"GIT_AUTHOR_DATE": FIX_TIME, "GIT_COMMITTER_DATE": FIX_TIME},
    )
    return git(work, "rev-parse", "HEAD").text.strip()


def write_driver(work: Path, check: str) -> None:
    (work / acme.MCP).write_text(acme.make_mcp_source(check=check), encoding="utf-8")

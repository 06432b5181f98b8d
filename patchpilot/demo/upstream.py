# SPDX-License-Identifier: GPL-2.0-or-later
"""Simulate the other participants in the demo.

A maintainer applies the fix, mainline advances, and the stable trees backport the fix.
"""

import json
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from patchpilot.commits.git_command import git
from patchpilot.demo import demo_mails
from patchpilot.demo.demo_mails import Sent
from patchpilot.demo.demo_people import LINUS, NET_MAINTAINER, NET_REVIEWER, STABLE
from patchpilot.demo.demo_tree import make_makefile
from patchpilot.demo.sandbox import Sandbox
from patchpilot.errors import InputError
from patchpilot.model.address import Address
from patchpilot.model.mail import parse_mail
from patchpilot.model.patch import parse_subject


def _act_as(person: Address) -> dict[str, str]:
    return {
        "GIT_AUTHOR_NAME": person.name,
        "GIT_AUTHOR_EMAIL": person.email,
        "GIT_COMMITTER_NAME": person.name,
        "GIT_COMMITTER_EMAIL": person.email,
        "GIT_COMMITTER_DATE": f"{int(time.time())} +0000",
    }


REVIEWED = f"Reviewed-by: {NET_REVIEWER.trailer()}"


def apply_upstream(sandbox: Sandbox, mail: bytes, sent: Sent, title: str) -> str:
    """Act as the maintainer who applies the received message, and return the commit id.

    Run `git am`, add the review, Link: and a sign-off, include the commit in a mainline release,
    and notify the list.
    """
    clone = _open_clone(sandbox, sandbox.repositories.mainline, "master", "maintainer")
    env = _act_as(NET_MAINTAINER)
    git(clone, "am", "-q", "-", stdin=mail, env=env)
    message = git(clone, "log", "-1", "--format=%B").text.rstrip("\n")
    trailers = [
        *([] if REVIEWED in message else [REVIEWED]),
        f"Link: {sandbox.archive.url}/{sent.message_id}",
        f"Signed-off-by: {NET_MAINTAINER.trailer()}",
    ]
    git(
        clone,
        "commit",
        "-q",
        "--amend",
        "-F",
        "-",
        stdin=("\n".join([message, *trailers]) + "\n").encode(),
        env=env,
    )
    landed = git(clone, "rev-parse", "HEAD").text.strip()
    (clone / "Makefile").write_text(make_makefile("7.2-rc2"))
    git(clone, "commit", "-q", "-a", "-m", "Linux 7.2-rc2", env=_act_as(LINUS))
    git(clone, "tag", "-a", "-m", "Linux 7.2-rc2", "v7.2-rc2", env=_act_as(LINUS))
    git(clone, "push", "-q", "origin", "master", "v7.2-rc2")
    sandbox.archive.add(demo_mails.make_applied_mail(sent, landed, title))
    return landed


LIMIT = 120
"""The time limit for judging the branches in seconds."""
TAKEN, FAILED = "6.12", "6.1"
"""The branches with an answer after the merge: one takes the fix, the other fails to apply it."""


def judge_stable_branches(sandbox: Sandbox, clone: Path, commit: str) -> dict[str, str]:
    """Return the verdict of `patchpilot backport` for each of these branches, in the clone."""
    names = [f"--onto=origin/linux-{version}.y" for version in (TAKEN, FAILED)]
    command = ("backport", commit, "--effort", "0", "--format", "json", *names)
    result = subprocess.run(
        [sys.executable, "-P", "-m", "patchpilot", "-C", str(clone), *command],
        env=sandbox.env,
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )
    if result.returncode:
        error = result.stderr.decode("utf-8", "replace").strip()
        raise InputError(f"cannot judge the stable branches: {error}")
    branches = json.loads(result.stdout)["branches"]
    return {branch["version"]: branch["verdict"] for branch in branches}


def take_into_stable(clone: Path, commit: str) -> None:
    """Backport the mainline commit to the clone's stable branch, naming the upstream commit."""
    env = _act_as(STABLE)
    git(clone, "cherry-pick", commit, env=env)
    subject, _, body = git(clone, "log", "-1", "--format=%B").text.rstrip("\n").partition("\n\n")
    message = (
        f"{subject}\n\ncommit {commit} upstream.\n\n{body}\nSigned-off-by: {STABLE.trailer()}\n"
    )
    git(
        clone,
        "commit",
        "-q",
        "--amend",
        "-F",
        "-",
        stdin=message.encode(),
        env=env,
    )
    git(clone, "push", "-q", "origin", f"linux-{TAKEN}.y")


def land(sandbox: Sandbox, raw: bytes, sent: Sent) -> tuple[str, str, str, datetime]:
    """Merge a patch into mainline, queue it for 6.12, and report that it does not apply to 6.1.

    The stable maintainer does so only if the branch has the bug, and the fix applies to 6.12 and
    not to 6.1. Return the mainline commit, its title and body, and the time of the review.
    """
    title = parse_subject(sent.subject).title
    commit = apply_upstream(sandbox, raw, sent, title)
    stable = sandbox.repositories.stable
    clone = _open_clone(sandbox, stable, f"linux-{TAKEN}.y", f"stable-{TAKEN}")
    mainline = str(sandbox.repositories.mainline)
    git(clone, "fetch", "-q", mainline, "master:refs/remotes/mainline/master")
    verdicts = judge_stable_branches(sandbox, clone, commit)
    merge_date = sent.date + 9 * 24 * demo_mails.PACE
    body = parse_mail(raw).body.partition("\n---\n")[0]
    if verdicts[TAKEN] in ("clean", "clean-3way"):
        take_into_stable(clone, commit)
        sandbox.archive.add(demo_mails.make_stable_review(commit, title, body, TAKEN, merge_date))
    if verdicts[FAILED] == "conflict":
        date = merge_date + 2 * demo_mails.PACE
        sandbox.archive.add(demo_mails.make_stable_failure(commit, title, FAILED, date))
    return commit, title, body, merge_date


def _open_clone(sandbox: Sandbox, server: Path, branch: str, name: str) -> Path:
    clone = sandbox.root / "desks" / name
    clone.parent.mkdir(exist_ok=True)
    git(None, "clone", "-q", "--template=", "--branch", branch, str(server), str(clone))
    return clone

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a branch cannot choose who receives an undisclosed security fix.

A stranger's commit that was applied to the branch may change every file that names recipients.
"""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model.recipient import RecipientPlan
from patchpilot.recipients.topic import MaintainersRequest, plan_files, plan_series, plan_targets
from patchpilot.topic.read_series import read_series
from tests.kit.repos import Repo

MAINTAINERS = """\
List of maintainers
===================

WIDGET
M:	Mia Maintainer <mia@maintainer.example>
L:	widget@vger.kernel.org
S:	Supported
F:	drivers/widget/

THE REST
M:	Linus Torvalds <torvalds@linux-foundation.org>
L:	linux-kernel@vger.kernel.org
S:	Buried alive in reporters
F:	*
F:	*/
"""
EVE = "eve@stranger.example"
RECIPIENTS = ["mia@maintainer.example", "security@kernel.org"]
SECTION = f"M:	Eve <{EVE}>\nS:	Maintained\n"

PLANTED = {
    "maintainer": {
        "MAINTAINERS": MAINTAINERS.replace("M:	Mia", f"M:	Eve <{EVE}>\nM:	Mia"),
    },
    "only maintainer": {
        "MAINTAINERS": MAINTAINERS.replace(
            "Mia Maintainer <mia@maintainer.example>", f"Eve <{EVE}>"
        ),
    },
    "section": {"MAINTAINERS": f"{MAINTAINERS}\nWIDGETS\n{SECTION}F:	drivers/*/widget.c\n"},
    "name": {"MAINTAINERS": f"{MAINTAINERS}\nWIDGETS\n{SECTION}N:	widget\n"},
    "keyword": {"MAINTAINERS": f"{MAINTAINERS}\nWIDGETS\n{SECTION}K:	int\n"},
    "no section": {"MAINTAINERS": MAINTAINERS.replace("drivers/widget/", "drivers/other/")},
    "no file": {"MAINTAINERS": ""},
    "mailmap": {".mailmap": f"Eve <{EVE}> <mia@maintainer.example>\n"},
    "mailmap by name": {".mailmap": f"Eve <{EVE}> Mia Maintainer <mia@maintainer.example>\n"},
    "ignore": {".get_maintainer.ignore": "mia@maintainer.example\n"},
    "options": {".get_maintainer.conf": "--nom --norolestats --fixes --git --nokeywords\n"},
    "address in the file": {
        "drivers/widget/widget.c": f"/* Author: Eve <{EVE}> */\nint widget;\n",
        ".get_maintainer.conf": "--file-emails\n",
    },
    "project": {"qemu-options.hx": "x\n", "MAINTAINERS": MAINTAINERS},
}


def create_topic(folder: Path, files: dict[str, str]) -> Repo:
    """Create a fix on a branch with a stranger's commit that adds these files."""
    repo = Repo(folder / "r")
    repo.commit(
        "all: start",
        {
            "MAINTAINERS": MAINTAINERS,
            "Makefile": "VERSION = 6\n",
            "Kbuild": "\n",
            "drivers/widget/widget.c": "int widget;\n",
        },
    )
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.commit("all: add a driver", files, author=f"Eve <{EVE}>")
    repo.commit(
        "widget: fix it\n\nIt was wrong.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        {"drivers/widget/widget.c": "int fixed;\n"},
    )
    return repo


def list_emails(plan: RecipientPlan) -> list[str]:
    return [recipient.address.email for recipient in plan.recipients]


@pytest.mark.parametrize("name", PLANTED)
def test_branch_does_not_choose_private_recipients(tmp_path: Path, name: str) -> None:
    repo = create_topic(tmp_path, PLANTED[name])
    with Repository.open(repo.path) as repository:
        (series,) = read_series(["HEAD~..HEAD"], repository, None, None)
        plan = plan_series(series, repository, undisclosed=True).plan
        request = MaintainersRequest(["HEAD~..HEAD"], opened=repository, security=True)
        (planned,) = plan_targets(request).results
        file_request = request._replace(targets=["drivers/widget/widget.c"])
        (file_planned,) = plan_files(file_request).results
    assert list_emails(plan) == RECIPIENTS
    assert list_emails(planned.plan) == RECIPIENTS
    assert list_emails(file_planned.plan) == RECIPIENTS
    if EVE in PLANTED[name].get("MAINTAINERS", ""):
        assert f"{EVE} (WIDGET" in "\n".join(plan.warnings)
        assert "only in this branch's MAINTAINERS" in "\n".join(plan.warnings)


def test_maintainers_without_mainline_are_marked(tmp_path: Path) -> None:
    repo = create_topic(tmp_path, {})
    repo.git("update-ref -d refs/remotes/origin/master")
    with Repository.open(repo.path) as repository:
        (series,) = read_series(["HEAD~..HEAD"], repository, None, None)
        plan = plan_series(series, repository, undisclosed=True).plan
    assert list_emails(plan) == RECIPIENTS
    assert "mainline is not fetched" in "\n".join(plan.warnings)

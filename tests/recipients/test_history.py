# SPDX-License-Identifier: GPL-2.0-or-later
"""Test recipients from the git history.

The tests cover the contacts for files without a maintainer, and warnings about inactive
maintainers.
"""

import time
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.maintainers import Section
from patchpilot.maintainers.load import Entry
from patchpilot.model.address import Address
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from patchpilot.model.recipient import COMMENTED, Recipient
from patchpilot.recipients.topic import plan_series
from patchpilot.recipients.warnings import find_silent_maintainers
from tests.kit.cli import call
from tests.kit.maintainers import FILES, build_widget_patch
from tests.kit.repos import Repo

DAY = 86400


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo._clock = int(time.time()) - 4 * 365 * DAY
    repo.commit("all: begin\n\nReviewed-by: Cy Lister <cy@widgets.example>", dict(FILES))
    repo._clock = int(time.time()) - 30 * DAY
    repo.commit(
        "widget: work\n"
        "\nReviewed-by: Bo, Jr. <bo@widgets.example>\n"
        "Signed-off-by: Ada Fixer <ada@else.example>",
        {"drivers/widget/core.c": "int widget;\nint more;\n"},
        author="Ada Fixer <ada@else.example>",
    )
    repo.commit(
        "plain: work\n\nSigned-off-by: Wes Write <wes@write.example>",
        {"lib/plain.c": "int plain, more;\n"},
        author="Wes Write <wes@write.example>",
    )
    monkeypatch.chdir(repo.path)
    return repo


def test_inactive_maintainer_is_reported(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "x.patch"
    file.write_text(build_widget_patch())
    (plan,) = call("maintainers --format json", file).json["results"]
    silent = [warning for warning in plan["warnings"] if "no commit or review" in warning]
    assert silent == ["Cy Lister: no commit or review in ACME WIDGET DRIVER for 3 years"]
    # a reply is newer than the history
    replied = Recipient(
        Address("Cy L.", "cy@widgets.example"), COMMENTED, None, "cc", ("gave Acked-by to v1",)
    )
    with Repository.open(repo.path) as repository:
        series = Series((parse_patch(file.read_bytes(), "x"),))
        planned = plan_series(series, repository, participants=[replied])
    assert not any("no commit or review" in warning for warning in planned.plan.warnings)


def test_short_history_reports_nothing(repo: Repo) -> None:
    section = Section(
        0,
        "X",
        (
            Entry("M", "Cy Lister <cy@widgets.example>"),
            Entry("S", "Maintained"),
            Entry("F", "drivers/widget/*.c"),
        ),
        1,
    )
    repository = Repository.open(repo.path)
    assert len(find_silent_maintainers([section], repository)) == 1
    assert find_silent_maintainers([section], repository, budget=0.0) == ()
    assert (
        find_silent_maintainers([section._replace(entries=section.entries[:2])], repository) == ()
    )
    assert (
        find_silent_maintainers([section._replace(entries=section.entries[:1])], repository) == ()
    )


def test_history_is_used_without_maintainers(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "x.patch"
    file.write_text(build_widget_patch("lib/plain.c"))
    (plan,) = call("maintainers --format json", file).json["results"]
    recent = [
        recipient for recipient in plan["recipients"] if recipient["role"] == "recent contributor"
    ]
    assert [recipient["email"] for recipient in recent] == ["wes@write.example"]
    assert recent[0]["header"] == "cc"
    assert recent[0]["reasons"][0] == "from git history: commit signer:1/1=100%"
    file.write_text(build_widget_patch("drivers/net/port.c"))
    (plan,) = call("maintainers --format json", file).json["results"]
    assert not [
        recipient for recipient in plan["recipients"] if recipient["role"] == "recent contributor"
    ]
    (plan,) = call("maintainers --format json -f lib/plain.c").json["results"]
    assert [
        recipient["email"]
        for recipient in plan["recipients"]
        if recipient["role"] == "recent contributor"
    ] == ["wes@write.example"]


def test_commit_of_a_bare_repository_has_a_plan(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone -q --bare .", str(tmp_path / "bare.git"))
    (plan,) = call("maintainers --format json HEAD~1 -C", tmp_path / "bare.git").json["results"]
    assert "bo@widgets.example" in [recipient["email"] for recipient in plan["recipients"]]

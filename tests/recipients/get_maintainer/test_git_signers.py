# SPDX-License-Identifier: GPL-2.0-or-later
"""Test contacts from the git history, and when it is searched."""

import time
from pathlib import Path

import pytest

from patchpilot.maintainers.load import RoleWords
from patchpilot.model.get_maintainer import GetMaintainerOptions
from patchpilot.recipients.get_maintainer.address_format import Mailmap, Merger
from patchpilot.recipients.get_maintainer.collected_roles import (
    CollectedRoles,
    GetMaintainerRequest,
)
from patchpilot.recipients.get_maintainer.git_signers import GitHistory
from tests.kit.cli import call
from tests.kit.maintainers import FILES, build_widget_patch
from tests.kit.repos import Repo


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    repo = Repo(tmp_path / "repo")
    # --since is relative to the current time
    repo._clock = int(time.time()) - 86400
    repo.commit("all: begin\n\nSigned-off-by: Zed Start <zed@start.example>", dict(FILES))
    for number in range(3):
        repo.commit(
            f"plain: step {number}\n\nReviewed-by: Rae View <rae@view.example>\nSigned-off-by: Wes"
            " Write <wes@write.example>",
            {"lib/plain.c": "int plain;\n" + "int more;\n" * (number + 1)},
            author="Wes Write <wes@write.example>",
        )
    monkeypatch.chdir(repo.path)
    return repo


def run_and_list_lines(line: str, *arguments: object) -> list[str]:
    result = call(f"maintainers --format get_maintainer {line}", *arguments)
    assert result.code == 0, result.err
    return result.out.splitlines()


def test_history_is_used_without_a_maintained_section(repo: Repo) -> None:
    assert run_and_list_lines("-f lib/plain.c --nol") == [
        "Rae View <rae@view.example> (commit_signer:3/4=75%)",
        (
            "Wes Write <wes@write.example>"
            " (commit_signer:3/4=75%,authored:3/4=75%,added_lines:3/4=75%)"
        ),
        "Zed Start <zed@start.example> (commit_signer:1/4=25%)",
        "Ada Fixer <ada@example.org> (authored:1/4=25%,added_lines:1/4=25%)",
    ]
    assert run_and_list_lines("-f drivers/net/port.c --nol") == [
        "Eve Router <eve@net.example> (maintainer:NETWORK DRIVERS)"
    ]
    assert run_and_list_lines("-f lib/plain.c --nol --no-git-fallback") == []


def test_git_history_search_is_bounded(repo: Repo) -> None:
    assert len(run_and_list_lines("-f drivers/net/port.c --nol --git")) == 3
    assert run_and_list_lines("-f lib/plain.c --nol --git-min-percent 50 --norolestats") == [
        "Rae View <rae@view.example>",
        "Wes Write <wes@write.example>",
    ]


def test_ignored_addresses_are_skipped(repo: Repo) -> None:
    repo.put(".get_maintainer.ignore", "Wes Write <wes@write.example>\n")
    assert not [
        line for line in run_and_list_lines("-f lib/plain.c --nol") if line.startswith("Wes")
    ]


def test_signers_of_the_fixed_commit_are_added(repo: Repo, tmp_path: Path) -> None:
    culprit = repo.git("rev-parse HEAD")
    file = tmp_path / "x.patch"
    file.write_text(
        build_widget_patch("drivers/net/port.c", f'Fixes: {culprit[:12]} ("plain: step 2")\n')
    )
    assert run_and_list_lines("--nol", file)[1:] == [
        "Rae View <rae@view.example> (blamed_fixes:1/1=100%)",
        "Wes Write <wes@write.example> (blamed_fixes:1/1=100%)",
    ]


def test_tracked_file_needs_no_option_f(repo: Repo) -> None:
    assert run_and_list_lines("drivers/net/port.c --nol") == [
        "Eve Router <eve@net.example> (maintainer:NETWORK DRIVERS)"
    ]


def test_bare_repository_is_read_from_its_head(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone -q --bare .", str(tmp_path / "bare.git"))
    outcome = call(
        "maintainers --format get_maintainer -f drivers/net/port.c --nol -C",
        tmp_path / "bare.git",
    )
    assert outcome.out.splitlines() == ["Eve Router <eve@net.example> (maintainer:NETWORK DRIVERS)"]


def test_timeout_is_reported(repo: Repo) -> None:
    history = GitHistory(repo.path, budget=0.0)
    people = CollectedRoles(GetMaintainerOptions().with_implied, RoleWords(), Merger(Mailmap()))
    history.add_file_contacts(people, GetMaintainerRequest(("lib/plain.c",), frozenset()))
    assert people.rows == []
    assert len(history.remarks) == 1


def test_options_of_the_tree_limit_the_history(repo: Repo) -> None:
    conf = repo.path / ".get_maintainer.conf"
    conf.write_text("--git-max-maintainers=1\n")
    assert run_and_list_lines("-f lib/plain.c --nol --norolestats --noroles") == [
        "Rae View <rae@view.example>",
        "Wes Write <wes@write.example>",
    ]
    conf.write_text("--git-min-signatures 4\n")
    assert run_and_list_lines("-f lib/plain.c --nol") == []
    conf.write_text("--git-since=1-hour-ago\n--interactive\n")
    result = call("maintainers --format get_maintainer -f lib/plain.c --nol")
    assert result.out == ""
    assert "--interactive: not supported" in result.err


BLAME = ("--nol", "--no-git-fallback", "--git-blame")
# like the script, skip the first commit, whose id git marks with a caret
ALL_LINES = [
    "Wes Write <wes@write.example> (authored lines:3/3=100%,commits:3/3=100%)",
    "Rae View <rae@view.example> (commits:3/3=100%)",
]


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ((), ALL_LINES),
        (("--no-git-blame-signatures",), ["Wes"]),
        (("--norolestats",), ["Rae", "Wes"]),
        (("--git-max-maintainers=1", "--norolestats"), ["Rae"]),
    ],
)
def test_commits_that_wrote_a_file_are_blamed(
    repo: Repo, switches: tuple[str, ...], expected: list[str]
) -> None:
    lines = run_and_list_lines("-f lib/plain.c", *BLAME, *switches)
    assert [one if expected == ALL_LINES else one.split()[0] for one in lines] == expected


def test_only_the_changed_lines_of_a_patch_are_blamed(repo: Repo, tmp_path: Path) -> None:
    repo.commit(
        "plain: more\n\nTested-by: Tom Try <tom@try.example>\n",
        {"lib/plain.c": "int plain;\n" + "int more;\n" * 3 + "int last;\nint end;\n"},
    )
    file = tmp_path / "x.patch"
    file.write_text(
        "--- a/lib/plain.c\n+++ b/lib/plain.c\n@@ -5,2 +5,3 @@\n int last;\n+int x;\n int end;\n"
    )
    assert run_and_list_lines(*BLAME, file) == []
    types = "--git-all-signature-types"
    tom = "Tom Try <tom@try.example> (modified commits:1/1=100%)"
    assert run_and_list_lines(*BLAME, types, file) == [tom]
    repo.put(".get_maintainer.conf", f"--git-blame {types} --no-git-fallback --web\n")
    plan = call("maintainers", file)
    assert "tom@try.example" in plan.out
    assert "from git history: modified commits:1/1=100%" in plan.out
    assert "not supported" not in plan.out + plan.err

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which branches a statement that a fix was tested is about."""

from pathlib import Path

import pytest

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.stable_request import match_test_reports
from patchpilot.errors import UsageError
from patchpilot.history.branch_verdict import BranchVerdict
from tests.kit.backport_world import World
from tests.kit.terminal import TerminalCommand

BRANCHES = [
    BranchResult(name, version, "2" * 40, BranchVerdict.CLEAN, "")
    for name, version in (
        ("stable/linux-6.12.y", "6.12"),
        ("stable/linux-6.1.y", "6.1"),
        ("vendor/next", None),
    )
]


@pytest.mark.parametrize(
    ("tested", "branch", "sentence"),
    [
        ("6.12.3 by Tess Tester", "stable/linux-6.12.y", "Tested on 6.12.3 by Tess Tester."),
        ("v6.12.3 by Tess Tester", "stable/linux-6.12.y", "Tested on v6.12.3 by Tess Tester."),
        ("on 6.1 by Tess Tester", "stable/linux-6.1.y", "Tested on 6.1 by Tess Tester."),
        ("6.1-rc1 by Tess", "stable/linux-6.1.y", "Tested on 6.1-rc1 by Tess."),
        (
            "stable/linux-6.1.y by Tess",
            "stable/linux-6.1.y",
            "Tested on linux-6.1.y by Tess.",
        ),
        ("vendor/next by Tess", "vendor/next", "Tested on vendor/next by Tess."),
        ("6.1.76", "stable/linux-6.1.y", "Tested on 6.1.76 by Ada Fixer."),
        ("6.1.y by Tess", "stable/linux-6.1.y", "Tested on 6.1.y by Tess."),
        ("6.1.0-18-amd64 by Tess", "stable/linux-6.1.y", "Tested on 6.1.0-18-amd64 by Tess."),
        ("6.1.76+ (qemu) by Tess", "stable/linux-6.1.y", "Tested on 6.1.76+ (qemu) by Tess."),
    ],
)
def test_report_names_its_branch(tested: str, branch: str, sentence: str) -> None:
    assert match_test_reports(BRANCHES, [tested], "Ada Fixer") == {branch: sentence}


@pytest.mark.parametrize(
    "tested",
    [
        "no",
        "yes by Tess",
        "6.120 by Tess",
        "5.10.3 by Tess",
        " by Tess",
        "6.1.x",
        "6.1.7six",
        "6.1.",
    ],
)
def test_report_about_no_branch_is_an_error(tested: str) -> None:
    with pytest.raises(UsageError, match="none of the branches"):
        match_test_reports(BRANCHES, [tested], "Ada Fixer")


@pytest.mark.parametrize("tested", ["6.1.76, 6.12.3", "6.1.76 and 6.12.3 by Tess"])
def test_report_names_one_release(tested: str) -> None:
    with pytest.raises(UsageError, match="these are several releases"):
        match_test_reports(BRANCHES, [tested], "Ada Fixer")


@pytest.mark.parametrize(
    ("tested", "missing"),
    [
        ("6.12.3 by Tess", ""),
        ("6.12.7 by Tess", ""),
        ("v6.12.76 by Tess", "6.12.76"),
    ],
)
def test_tested_release_must_exist(world: World, tested: str, missing: str) -> None:
    makefile = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 3\n"
    tip = world.create_stable_branch(
        "6.12", world.groundwork, ("Linux 6.12.3", {"Makefile": makefile})
    )
    world.repo.git("tag v6.12.7", tip)
    outcome = world.run_backport(
        *(world.fix, "--request", "--all", "--effort", "0", "--onto", "linux-6.12.y"),
        *("--tested", tested),
    )
    if missing:
        outcome.expect(2, "linux-6.12.y ends at 6.12.3")
        outcome.expect(2, f"--tested '6.12.3 by NAME'; `git fetch --all` fetches {missing}")
    else:
        assert f"Tested on {tested}." in outcome.out
        assert "git applies it to 6.12 without conflicts." in outcome.out


def test_several_reports_are_kept() -> None:
    reports = match_test_reports(BRANCHES, ["6.12.3 by Tess", "6.1.76 by Tim"], "")
    assert list(reports.values()) == ["Tested on 6.12.3 by Tess.", "Tested on 6.1.76 by Tim."]


def test_request_is_refused_before_the_question_who_tested(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.create_stable_branch("6.12", world.groundwork)
    monkeypatch.chdir(world.repo.path)
    command = ("backport", world.fix, "--request", "--all", "--effort", "0", "--onto")
    refused = TerminalCommand(*command, "linux-6.6.y")
    assert refused.end() == 2
    assert "does not apply cleanly" in refused.seen
    assert "tested on" not in refused.seen
    asked = TerminalCommand(*command, "linux-6.12.y")
    asked.wait_for("tested on (VERSION by NAME, Enter: not tested)")
    asked.type("6.12.3 by Tess Tester\n")
    asked.wait_for("Tested on 6.12.3 by Tess Tester.")
    assert asked.end() == 0


def test_hint_names_the_file_with_the_request(world: World, workdir: Path) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    command = ("backport", world.fix, "--request", "--tested", "6.12 by Tess", "--all")
    command += ("--effort", "0", "--onto", "linux-6.12.y")
    file = workdir / "my request.txt"
    outcome = world.repo.patchpilot(*command, "-o", str(file))
    assert outcome.code == 0, outcome.err
    assert f"`git send-email '{file}'` sends it" in outcome.err
    assert "follow the answers: `patchpilot track add '<MESSAGE-ID>'`" in outcome.err
    assert "FILE" not in outcome.err
    assert file.read_text().startswith("To: ")
    assert "`git send-email FILE` sends it" in world.repo.patchpilot(*command).err

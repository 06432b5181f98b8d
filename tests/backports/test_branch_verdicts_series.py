# SPDX-License-Identifier: GPL-2.0-or-later
"""Test verdicts on a series: as they are found, after Ctrl-C, and commits that build on others."""

import pytest

from patchpilot.backports.branch_verdicts import BackportSession
from tests.kit.backport_world import GROUND, World, format_function


def commit_lines(world: World, subject: str, **lines: str) -> str:
    return world.repo.commit(subject, {"w.c": format_function(**GROUND, **lines)})


def make_feature(world: World) -> tuple[str, str]:
    """Create a range in which the second commit needs the first, and the third none.

    Return the range and a branch on which the first one conflicts.
    """
    start = world.repo.git("rev-parse master")
    commit_lines(world, "work: add pumps", l40="pump(40);", l41="pump(41);")
    commit_lines(world, "work: use big pumps", l40="pump(40, BIG);", l41="pump(41);")
    world.repo.commit("other: log", {"other.c": format_function(l5="log(5);")})
    own = ("own", {"w.c": format_function(**GROUND, l39="x(39);", l40="own(40);", l41="own(41);")})
    tip = world.create_stable_branch("6.6", world.groundwork, own)
    return f"{start}..master", tip


def test_cause_in_the_same_series_is_named(world: World) -> None:
    feature, tip = make_feature(world)
    rows = world.read_backport_json(feature, "--onto", tip, "--all")["series"]
    first, second, third = (row["branches"][0] for row in rows)
    assert [first["verdict"], second["verdict"], third["verdict"]] == [
        "conflict",
        "conflict",
        "clean",
    ]
    (cause,) = second["causes"]
    assert (cause["commit"], "earlier in the series" in cause["why"]) == (rows[0]["commit"], True)
    assert (second["prerequisites"], second["search"]) == ([], None)
    assert not any("earlier in the series" in cause["why"] for cause in first["causes"])


def test_applied_commit_of_the_series_is_no_cause(world: World) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    missing = commit_lines(world, "work: mind step 40", l40="m(40);")
    commit_lines(world, "work: change step 44", l40="m(40);", l44="c(44);")
    commit_lines(world, "work: change both", l40="m(40, 1);", l44="c(44, 1);")
    rows = world.read_backport_json(f"{missing}..master", "--onto", tip, "--all")["series"]
    first, second = (row["branches"][0] for row in rows)
    assert (first["verdict"], second["verdict"]) == ("clean", "conflict")
    causes = {cause["commit"] for cause in second["causes"]}
    assert missing in causes
    assert rows[0]["commit"] not in causes


def test_feature_is_not_unaffected_because_its_functions_are_missing(world: World) -> None:
    new = "int fresh(int n)\n{{\n\tstep(n);\n\treturn {};\n}}\n"
    start = world.repo.commit("new: start", {"new.c": new.format(1)})
    world.repo.commit("other: log", {"other.c": format_function(l5="log(5);")})
    world.repo.commit("new: go on", {"new.c": new.format(2)})
    tip = world.create_stable_branch("6.6", world.groundwork)
    rows = world.read_backport_json(f"{start}..master", "--onto", tip, "--all")["series"]
    assert [row["branches"][0]["verdict"] for row in rows] == ["clean", "conflict"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_ctrl_c_keeps_the_known_verdicts(
    world: World, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    feature, tip = make_feature(world)
    judge = BackportSession._compute_fix_verdicts
    judged: list[str] = []

    def stop_at_third(self: BackportSession, commit: str, *args: object) -> object:
        if len(judged) == 2:
            raise KeyboardInterrupt
        judged.append(commit)
        return judge(self, commit, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(BackportSession, "_compute_fix_verdicts", stop_at_third)
    outcome = world.run_backport(feature, "--onto", tip, "--all", "--format", form)
    assert outcome.code == 130
    if form == "json":
        rows = outcome.json["series"]
        assert [row["commit"] for row in rows] == judged
        assert rows[0]["interrupted"] == "2 of 3 fixes are judged"
    else:
        assert outcome.out.count(" conflict  ") == 2
        assert outcome.out.endswith("\n\ninterrupted: 2 of 3 fixes are judged\n")


def test_text_has_each_fix_once_and_in_order(world: World) -> None:
    feature, tip = make_feature(world)
    blocks = world.run_backport(feature, "--onto", tip, "--all").out.split("\n\n")
    assert [block.split(" ")[1] for block in blocks[:3]] == ['("work:'] * 2 + ['("other:']

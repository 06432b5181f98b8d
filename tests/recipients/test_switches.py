# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from patchpilot.errors import UsageError
from patchpilot.model.get_maintainer import Switches, assemble, script_defaults, take


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--no-rolestats"], {"rolestats": False}),
        (["--norolestats"], {"rolestats": False}),
        (["-norolestats"], {"rolestats": False}),
        (["-f"], {"file": True}),
        (["--file"], {"file": True}),
        (["--No-Git"], {"git": False}),
        (["--nomoderated"], {"moderated": False}),
        (["--n"], {"n": True}),
        (["--nom"], {"m": False}),
        (["--git-min-percent", "35"], {"git_min_percent": 35}),
        (["--git-min-percent=35"], {"git_min_percent": 35}),
        (["--separator", ";"], {"separator": ";"}),
        (["-k"], {"keywords": True}),
        (["--no-fe"], {"file_emails": False}),
        (["--mpath=x"], {"maintainer_path": "x"}),
    ],
)
def test_the_scripts_spellings_are_taken(words: list[str], expected: dict[str, object]) -> None:
    assert take(words) == (expected, [])


def test_other_words_stay_in_order() -> None:
    found, rest = take(
        ["a.patch", "--tree", "x", "--roles", "--", "--git"],
        lambda word: 2 if word == "--tree" else 0,
    )
    assert found == {"roles": True}
    assert rest == ["a.patch", "--tree", "x", "--", "--git"]


@pytest.mark.parametrize("words", [["--git-min-percent", "many"], ["--separator"]])
def test_a_wrong_value_is_a_usage_error(words: list[str]) -> None:
    with pytest.raises(UsageError):
        take(words)


def test_some_switches_follow_from_others() -> None:
    assert Switches(separator=";").settled.multiline is False
    assert Switches(rolestats=True).settled.roles
    assert Switches(letters="m").settled.sections
    assert not Switches(sections=True).settled.email
    for wrong in (Switches(email=False), Switches(m=False, r=False, l=False)):
        with pytest.raises(UsageError):
            assert wrong.settled


def test_defaults_of_the_trees_script_and_conf_come_before_the_call() -> None:
    defaults = script_defaults(
        [("email_git", "1"), ("email_git_since", "6-months-ago"), ("unknown", "x")]
    )
    assert defaults.git
    assert assemble(defaults, {"git": False}, {"git_since": "1-year-ago"}) == defaults._replace(
        git=False, git_since="1-year-ago"
    )

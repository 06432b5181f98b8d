# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of get_maintainer.pl, in every spelling and combination."""

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
def test_the_scripts_spellings_are_taken(
    words: list[str], expected: dict[str, object]
) -> None:
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
    assert assemble(
        defaults, {"git": False}, {"git_since": "1-year-ago"}
    ) == defaults._replace(git=False, git_since="1-year-ago")


OFF = {"m": False, "r": False, "l": False}
NO_OUTPUT = "nothing to print: --no-email without another output option"
NO_ADDRESS = (
    "no addresses to print: --no-m, --no-r and --no-l together exclude every address"
)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"email": False}, NO_OUTPUT),
        ({"email": False, "scm": True}, None),
        ({"email": False, "status": True}, None),
        ({"email": False, "subsystem": True}, None),
        ({"email": False, "web": True}, None),
        ({"email": False, "bug": True}, None),
        ({"email": False, "git": True}, NO_OUTPUT),
        ({"email": False, "sections": True}, None),
        ({"email": False, "letters": "m"}, None),
        ({**OFF}, NO_ADDRESS),
        ({**OFF, "m": True}, None),
        ({**OFF, "r": True}, None),
        ({**OFF, "l": True}, None),
        ({**OFF, "s": True}, None),
        ({**OFF, "git": True}, None),
        ({**OFF, "git_chief_penguins": True}, None),
        ({**OFF, "git_blame": True}, None),
        ({**OFF, "scm": True}, NO_ADDRESS),
        ({**OFF, "email": False, "scm": True}, None),
        ({**OFF, "sections": True}, None),
    ],
)
def test_what_prints_nothing_is_refused_with_what_to_drop(
    more: dict[str, bool], message: str | None
) -> None:
    switches = Switches()._replace(**more)  # type: ignore[arg-type]
    if message is None:
        assert switches.settled
        return
    with pytest.raises(UsageError) as error:
        assert switches.settled
    assert error.value.message == message
    assert str(error.value.hint).startswith("omit ")


def test_sections_print_nothing_else() -> None:
    every = Switches(
        email=True, scm=True, status=True, subsystem=True, web=True, bug=True
    )
    for asked in (every._replace(sections=True), every._replace(letters="FM")):
        found = asked.settled
        assert found.sections
        names = ("email", "l", "scm", "status", "subsystem", "web", "bug", "keywords")
        assert not any(getattr(found, name) for name in names)
        assert found.m
    assert every.settled == every._replace(roles=True)


@pytest.mark.parametrize(
    ("roles", "rolestats", "separator", "multiline", "expected"),
    [
        (False, True, ", ", True, (True, True)),
        (True, False, ", ", True, (True, True)),
        (False, False, ", ", True, (False, True)),
        (False, True, ";", True, (True, False)),
        (False, True, ", ", False, (True, False)),
    ],
)
def test_role_statistics_have_roles_and_a_separator_has_one_line(
    roles: bool,
    rolestats: bool,
    separator: str,
    multiline: bool,
    expected: tuple[bool, bool],
) -> None:
    found = Switches(
        roles=roles, rolestats=rolestats, separator=separator, multiline=multiline
    ).settled
    assert (found.roles, found.multiline) == expected


@pytest.mark.parametrize(
    ("words", "found", "rest"),
    [
        (["--git=1"], {}, ["--git=1"]),
        (["--no-git=1"], {}, ["--no-git=1"]),
        (["--no-file"], {}, ["--no-file"]),
        (["--no-find-maintainer-files"], {}, ["--no-find-maintainer-files"]),
        (["--no-git-min-percent"], {}, ["--no-git-min-percent"]),
        (["--unknown", "-", "--", "-f"], {}, ["--unknown", "-", "--", "-f"]),
        (["f"], {}, ["f"]),
        (["-i"], {"interactive": True}, []),
        (["--find-maintainer-files"], {"find_maintainer_files": True}, []),
        (["--drop_the_rest_supporter"], {"drop_the_rest_supporter": True}, []),
        (["--git-since", "--git"], {"git_since": "--git"}, []),
        (["--GIT-SINCE=May=Day"], {"git_since": "May=Day"}, []),
        (["--git-since="], {"git_since": ""}, []),
        (["--git", "--no-git"], {"git": False}, []),
        (
            ["--pattern-depth", "3", "a", "--no-r"],
            {"pattern_depth": 3, "r": False},
            ["a"],
        ),
    ],
)
def test_only_the_scripts_options_are_taken(
    words: list[str], found: dict[str, object], rest: list[str]
) -> None:
    assert take(words) == (found, rest)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--git-min-percent", "many"],
            "--git-min-percent requires a number, not 'many'",
        ),
        (["--pattern-depth=x"], "--pattern-depth requires a number, not 'x'"),
        (["--separator"], "--separator requires a value"),
    ],
)
def test_a_wrong_value_is_named(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        take(words)
    assert error.value.message == message


@pytest.mark.parametrize(
    ("variable", "name", "values"),
    [
        ("email_git", "git", (("1", True), ("0", False), ("", False), ("2", True))),
        ("email_git_min_percent", "git_min_percent", (("35", 35), ("0", 0))),
        ("email_git_since", "git_since", (("5-years-ago", "5-years-ago"),)),
        ("email_usename", "n", (("0", False),)),
        ("email_maintainer", "m", (("0", False),)),
        ("email_reviewer", "r", (("0", False),)),
        ("email_fixes", "fixes", (("0", False),)),
        ("email_list", "l", (("0", False),)),
        ("email_moderated_list", "moderated", (("0", False),)),
        ("email_subscriber_list", "s", (("1", True),)),
        ("email_git_penguin_chiefs", "git_chief_penguins", (("1", True),)),
        ("email_use_mailmap", "mailmap", (("0", False),)),
        ("email_file_emails", "file_emails", (("1", True),)),
        ("output_rolestats", "rolestats", (("0", False),)),
        ("pattern_depth", "pattern_depth", (("2", 2),)),
        ("email", "email", (("0", False),)),
        ("email_git_all_signature_types", "git_all_signature_types", (("1", True),)),
        ("email_git_blame", "git_blame", (("1", True),)),
        ("email_git_blame_signatures", "git_blame_signatures", (("0", False),)),
        ("email_git_fallback", "git_fallback", (("0", False),)),
        ("email_git_min_signatures", "git_min_signatures", (("3", 3),)),
        ("email_git_max_maintainers", "git_max_maintainers", (("9", 9),)),
        ("email_remove_duplicates", "remove_duplicates", (("0", False),)),
        ("output_roles", "roles", (("1", True),)),
        ("keywords", "keywords", (("0", False),)),
        ("keywords_in_file", "keywords_in_file", (("0", False),)),
        (
            "email_drop_the_rest_supporter_if_supporter_found",
            "drop_the_rest_supporter",
            (("1", True),),
        ),
    ],
)
def test_a_variable_of_the_script_sets_its_option(
    variable: str, name: str, values: tuple[tuple[str, object], ...]
) -> None:
    for text, value in values:
        assert script_defaults([(variable, text)]) == Switches()._replace(
            **{name: value}
        )  # type: ignore[arg-type]

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test parsing get_maintainer.pl's options in every spelling and combination."""

import pytest

from patchpilot.errors import UsageError
from patchpilot.model.get_maintainer import (
    GetMaintainerOptions,
    apply_option_layers,
    list_unused_options,
    parse_conf_options,
    read_script_defaults,
)


def test_defaults_in_the_tree_come_before_given_options() -> None:
    defaults = read_script_defaults(
        [("email_git", "1"), ("email_git_min_percent", "35"), ("unknown", "x")]
    )
    assert defaults.git
    assert apply_option_layers(
        defaults, {"git": False}, {"git_min_percent": 5}
    ) == defaults._replace(git=False, git_min_percent=5)


OFF = {"m": False, "r": False, "l": False}
NO_ADDRESS = "no addresses to print: --no-m, --no-r and --no-l together exclude every address"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({**OFF}, NO_ADDRESS),
        ({**OFF, "m": True}, None),
        ({**OFF, "r": True}, None),
        ({**OFF, "l": True}, None),
        ({**OFF, "s": True}, None),
        ({**OFF, "git": True}, None),
        ({**OFF, "git_chief_penguins": True}, None),
        ({**OFF, "git_blame": True}, None),
        ({**OFF, "letters": "M"}, None),
        ({"email": False, "web": True}, None),
        ({"email": False}, "--no-email prints no addresses"),
        ({**OFF, "scm": True}, NO_ADDRESS),
        ({**OFF, "sections": True}, None),
    ],
)
def test_conflicting_options_are_refused(
    options: dict[str, bool | str], message: str | None
) -> None:
    switches = GetMaintainerOptions()._replace(**options)  # type: ignore[arg-type]
    if message is None:
        assert switches.with_implied
        return
    with pytest.raises(UsageError) as error:
        assert switches.with_implied
    assert error.value.message == message
    assert str(error.value.hint).startswith(("omit ", "add "))


def test_sections_option_prints_only_sections() -> None:
    switches_on = GetMaintainerOptions(scm=True, status=True, subsystem=True)
    switches = switches_on._replace(sections=True).with_implied
    assert switches.sections
    names = ("m", "r", "l", "git_fallback", "scm", "status", "subsystem", "keywords")
    assert not any(getattr(switches, name) for name in names)
    assert switches_on.with_implied == switches_on._replace(roles=True)


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
def test_rolestats_include_roles(
    roles: bool,
    rolestats: bool,
    separator: str,
    multiline: bool,
    expected: tuple[bool, bool],
) -> None:
    switches = GetMaintainerOptions(
        roles=roles, rolestats=rolestats, separator=separator, multiline=multiline
    ).with_implied
    assert (switches.roles, switches.multiline) == expected


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
        (["--git=1"], {}),
        (["--no-git=1"], {}),
        (["--no-file"], {}),
        (["--no-git-min-percent"], {}),
        (["--unknown", "-", "x"], {}),
        (["f"], {}),
        (["-i", "--hg-since=1"], {}),
        (["--separator", "--git"], {"separator": "--git"}),
        (["--SEPARATOR=May=Day"], {"separator": "May=Day"}),
        (["--separator="], {"separator": ""}),
        (["--git", "--no-git"], {"git": False}),
        (
            ["--git-min-percent", "3", "a", "--no-r"],
            {"git_min_percent": 3, "r": False},
        ),
    ],
)
def test_only_script_options_are_accepted(words: list[str], expected: dict[str, object]) -> None:
    assert parse_conf_options(words) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--git-min-percent", "many"],
            "--git-min-percent requires a number, not 'many'",
        ),
        (["--separator"], "--separator requires a value"),
    ],
)
def test_wrong_value_is_reported(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_conf_options(words)
    assert error.value.message == message


@pytest.mark.parametrize(
    ("variable", "name", "values"),
    [
        ("email_git", "git", (("1", True), ("0", False), ("", False), ("2", True))),
        ("email_git_min_percent", "git_min_percent", (("35", 35), ("0", 0))),
        ("email_usename", "n", (("0", False),)),
        ("email_maintainer", "m", (("0", False),)),
        ("email_reviewer", "r", (("0", False),)),
        ("email_fixes", "fixes", (("0", False),)),
        ("email_list", "l", (("0", False),)),
        ("email_moderated_list", "moderated", (("0", False),)),
        ("email_subscriber_list", "s", (("1", True),)),
        ("email_git_penguin_chiefs", "git_chief_penguins", (("1", True),)),
        ("output_rolestats", "rolestats", (("0", False),)),
        ("email_git_fallback", "git_fallback", (("0", False),)),
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
def test_script_variable_sets_its_option(
    variable: str, name: str, values: tuple[tuple[str, object], ...]
) -> None:
    for text, value in values:
        assert read_script_defaults([(variable, text)]) == GetMaintainerOptions()._replace(
            **{name: value}
        )  # type: ignore[arg-type]


def test_each_option_of_the_file_is_read_or_named() -> None:
    words = [
        "--git-since=3-years-ago",
        "--git-min-signatures",
        "2",
        "--git-max-maintainers=9",
        "--nofixes",
        "--no-remove-duplicates",
        "--mpath",
        "maintainers.d",
        "--find-maintainer-files",
        "--nomailmap",
        "--git-blame",
        "--no-git-blame-signatures",
        "--git-all-signature-types",
        "--pattern-depth",
        "2",
        "--letters=LM",
    ]
    assert parse_conf_options(words) == {
        "git_since": "3-years-ago",
        "git_min_signatures": 2,
        "git_max_maintainers": 9,
        "fixes": False,
        "remove_duplicates": False,
        "mailmap": False,
        "git_blame": True,
        "git_blame_signatures": False,
        "git_all_signature_types": True,
        "pattern_depth": 2,
        "letters": "LM",
    }
    assert not list_unused_options(words)
    words = [
        "--interactive",
        "--hg-since=-365",
        "--no-tree",
        "word",
        "-x\x1b",
    ]
    assert [line.partition(": ")[2] for line in list_unused_options(words)] == [
        "--interactive: not supported",
        "--hg-since=-365: not supported",
        "--no-tree: not supported",
        "-x\\x1b: not supported",
    ]

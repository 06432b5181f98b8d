# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that each setting has the same effect in the CLI and in the TUI.

The tests include invalid values.
"""

import os
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.config import DATA, KEYS, Key, load_settings
from patchpilot.errors import PatchpilotError
from patchpilot.settings.read_settings import read_settings
from patchpilot.tui.screens import checks_rows
from patchpilot.tui.view.session import JobRequest, Session
from tests.kit.cli import call
from tests.kit.repos import Repo

PACK = """
[[rule]]
id = "OUR001"
name = "our-marker"
severity = "warning"
scope = "diff"
summary = "a marker of ours"
why = "It stays behind."
reference = "https://example.org/markers"
[rule.match]
detector = "like"
where = "added"
pattern = 'OURS'
[[rule.bad]]
code = "int OURS;"
path = "a.c"
[[rule.good]]
code = "int x;"
path = "a.c"
"""

RIGHT = {
    "profile": "u-boot",
    "base": "v1",
    "mainline": "v1",
    "ignore": "MISSING_SIGN_OFF, long-line,",
    "select": "long-line",
    "max-line-length": "140",
    "strict": "on",
    "checkers": "off",
    "fail-on": "error",
    "experience": "newcomer",
    "omit-trailers": "Change-Id",
    "packs": "~/ours.toml",
    "projects": "~/acme.toml",
    "subsystems": "~/frob.toml",
    "via": "b4",
    "lore": "https://archive.example.org/all",
    "patchwork": "https://patchwork.example.org/project/demo",
    "mailbox": "~/Maildir",
    "vulns": "~/vulns",
    "branches": "rt/6.1=stable",
    "skip-list": "~/skipped.txt",
    "signoff": "true",
}
WRONG = {
    "profile": ["linx", "../linux"],
    "base": ["no-such-branch"],
    "mainline": [],
    "ignore": ["no-such-rule"],
    "select": ["missing-fxies"],
    "max-line-length": ["wide", "0", "-3", "1e3", "5000", "²"],
    "strict": ["maybe"],
    "checkers": ["maybe"],
    "fail-on": ["nonsense", "Error"],
    "experience": ["expert", "Newcomer"],
    "omit-trailers": [],
    "packs": ["~/nowhere.toml", "~/notes.txt"],
    "projects": ["~/nowhere.toml", "~/notes.txt"],
    "subsystems": ["~/nowhere.toml", "~/notes.txt"],
    "via": ["b5"],
    "lore": ["lore", "ftp://lore.example.org/all", "https://"],
    "patchwork": ["patchwork", "http://patchwork.example.org", "https://"],
    "mailbox": ["Maildir", "https://mail.example.org"],
    "vulns": [],
    "branches": [],
    "skip-list": [],
    "signoff": ["perhaps"],
}


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    new_repo = Repo(tmp_path / "r")
    new_repo.commit("ring: start\n", {"a.c": "int a;\n"})
    new_repo.git("tag v1")
    new_repo.commit(
        "ring: more\n\nMore of it.\n",
        {"a.c": f"int a;\nint OURS;\nint b = {' + '.join(['value'] * 16)};\n"},
    )
    new_repo.git("config patchpilot.base v1")
    home = Path(os.environ["HOME"])
    (home / "ours.toml").write_text(PACK)
    (home / "acme.toml").write_text('title = "Acme"\ninherits = "linux"\n')
    (home / "frob.toml").write_text('title = "Frob"\npaths = ["drivers/frob/"]\n')
    (home / "notes.txt").write_text("not TOML")
    monkeypatch.chdir(tmp_path)
    return new_repo


def run_check_and_compare(repo: Repo, line: str = "check --format json") -> object:
    """Return the result of `check`.

    It is its findings and exit code, or its error message and hint.
    """
    result = repo.patchpilot(line)
    if not result.out:
        message, _, hint = result.err.strip().partition("\n")
        return (
            result.code,
            message.removeprefix("patchpilot: error: "),
            hint.removeprefix("hint: ").strip(),
        )
    document = result.json
    return result.code, [
        (patch["name"], patch["severity"], patch["patch_line"])
        for patch in document["patches"][0]["findings"]
    ]


def check_in_tui(repo: Repo) -> object:
    session = Session(repo.path)
    with Repository.open(repo.path) as repository:
        try:
            session.read_topic(repository)
            result, _ = checks_rows.load_stage(JobRequest(repository, session, lambda *_: None))
        except PatchpilotError as error:
            return int(error.exit_code), error.message, error.hint or ""
    return int(result.exit_code), [
        (finding.name, str(finding.severity), finding.patch_line)
        for finding in result.patches[0].findings
    ]


def test_every_setting_has_a_case() -> None:
    assert set(RIGHT) == set(WRONG) == {key.name for key in KEYS}


@pytest.mark.parametrize("name", RIGHT)
def test_setting_works_in_both_front_ends(repo: Repo, name: str) -> None:
    # packs in the repository's own configuration need trust
    scope = "--global" if name in DATA else "--local"
    repo.git("config", scope, f"patchpilot.{name}", RIGHT[name])
    command = run_check_and_compare(repo)
    assert command == check_in_tui(repo)
    assert isinstance(command[1], list)  # type: ignore[index]
    document = repo.patchpilot("config --format json").json
    assert document["problems"] == []
    with Repository.open(repo.path) as repository:
        assert [
            (setting["name"], setting["value"], setting["origin"])
            for setting in document["settings"][: len(KEYS)]
        ] == [
            (setting.name, setting.value, setting.origin)
            for setting in Session(repo.path).read_settings(repository).all
        ]


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in WRONG.items() for value in values],
)
def test_invalid_value_gives_the_same_error_in_cli_and_tui(
    repo: Repo, name: str, value: str
) -> None:
    scope = "--local" if name == "base" else "--global"
    repo.git("config", scope, f"patchpilot.{name}", value)
    exit_code, message, hint = run_check_and_compare(repo)  # type: ignore[misc]
    assert check_in_tui(repo) == (exit_code, message, hint)
    assert exit_code == 2
    assert hint
    assert (
        value if "\n" not in value and "~" not in value else name.removesuffix("s")
    ) in message + hint or "notes.txt" in message


def test_user_pack_runs_in_both_front_ends(repo: Repo) -> None:
    for value in ("~/ours.toml", "ours.toml"):
        (repo.path / "ours.toml").write_text(PACK)
        repo.git("config --global patchpilot.packs", value)
        assert "our-marker" in str(run_check_and_compare(repo))
        assert run_check_and_compare(repo) == check_in_tui(repo)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    "text",
    [
        "max-line-length = 'wide'\n",
        "strict = 3\n",
        "fail-on = ['error']\n",
        "via = 'b4'\n",
        "= =",
        "packs = 'x.toml'\n",
    ],
)
def test_invalid_tree_setting_gives_the_same_error_in_cli_and_tui(repo: Repo, text: str) -> None:
    (repo.path / ".patchpilot.toml").write_text(text)
    exit_code, message, hint = run_check_and_compare(repo, "check")  # type: ignore[misc]
    assert check_in_tui(repo) == (exit_code, message, hint)
    assert exit_code == 2
    assert str(repo.path) in message + hint


def test_config_and_doctor_survive_bad_settings(
    repo: Repo,
) -> None:
    (repo.path / ".patchpilot.toml").write_text(
        'via = "b4"\nmax-line-length = 7\nprofil = "linux"\nstrict = true\n'
    )
    repo.git("config patchpilot.fail-on nonsense")
    outcome = repo.patchpilot("config")
    assert outcome.code == 0
    for word in (
        "via cannot be set in the settings of a tree",
        "'7' is not a number",
        "unknown setting 'profil'",
        "'nonsense' is not one of",
    ):
        assert word in outcome.err
    assert "strict" in outcome.out
    doctor = repo.patchpilot("doctor --offline --format json").json
    assert (
        len(
            [
                check
                for check in doctor["checks"]
                if check["stage"] == "settings" and check["state"] == "fail"
            ]
        )
        == 4
    )
    assert {check["stage"] for check in doctor["checks"]} > {"repository", "sending"}


def test_git_setting_without_a_value_is_true(repo: Repo) -> None:
    with (repo.path / ".git" / "config").open("a") as file:
        file.write("[patchpilot]\n\tsignoff\n")
    with Repository.open(repo.path) as repository:
        assert read_settings(repository).flag("signoff")


def test_user_settings_apply_outside_a_repository(
    tmp_path: Path, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.git("config --global patchpilot.lore https://archive.example.org/all")
    monkeypatch.chdir(tmp_path)
    assert call("config lore").out == "https://archive.example.org/all\n"


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_defaults_are_valid_settings(key: Key) -> None:
    settings = load_settings(None, {f"patchpilot.{key.name}": [key.default]})
    assert settings.of(key.name).value == key.default


def test_tui_uses_the_same_mail_settings(repo: Repo) -> None:
    for name, value in (("profile", "u-boot"), ("via", "b4"), ("signoff", "yes")):
        repo.git("config", f"patchpilot.{name}", value)
    session = Session(repo.path)
    with Repository.open(repo.path) as repository:
        session.read_topic(repository)
        request = session.make_send_request(repository)
    assert (request.profile, request.via) == ("u-boot", "b4")
    assert session.known_settings
    assert session.known_settings.flag("signoff")


def test_unknown_git_setting_is_reported(
    repo: Repo,
) -> None:
    repo.git("config patchpilot.profil linux")
    repo.git("config patchpilot.maxLineLength 120")
    outcome = repo.patchpilot("config")
    outcome.expect(
        0,
        "patchpilot.profil: unknown setting in git config",
        "did you mean patchpilot.profile?",
    )
    assert "maxlinelength" not in outcome.err.lower()
    problems = repo.patchpilot("config --format json").json["problems"]
    assert [problem["message"].partition(":")[0] for problem in problems] == ["patchpilot.profil"]
    looked = repo.patchpilot("doctor --offline --format json").json["checks"]
    assert [
        check["state"] for check in looked if check["message"].startswith("patchpilot.profil:")
    ] == ["warn"]


def test_command_reports_a_misspelled_setting_that_it_reads_once(repo: Repo) -> None:
    repo.git("config patchpilot.profil linux")
    repo.git("config patchpilot.vulnns ~/vulns")
    repo.git("config patchpilot.of-a-newer-version yes")
    for arguments in ("check HEAD", "send --dry-run", "check HEAD --format json"):
        error = repo.patchpilot(arguments).err
        assert error.count("patchpilot.profil: unknown setting in git config") == 1, arguments
        assert "did you mean patchpilot.profile?" in error
        assert "vulnns" not in error
        assert "newer" not in error
    for arguments in ("check HEAD -q", "check HEAD --format checkpatch", "help settings"):
        assert "profil:" not in repo.patchpilot(arguments).err, arguments


def test_settings_of_reviewers_are_listed_and_misspelled_ones_reported(repo: Repo) -> None:
    repo.git("config --global patchpilot.reviewer.mine.kommand cat")
    repo.git("config --global patchpilot.reviewer.my.own.budget 700")
    repo.git("config --global patchpilot.review-before-sent ask")
    repo.git("config --global patchpilot.reviewer.timeout 5")
    # a repository cannot set the reviewers of its users
    repo.git("config patchpilot.reviewer.my.own.command evil")
    document = repo.patchpilot("config --format json").json
    values = {row["name"]: (row["value"], row["origin"]) for row in document["settings"]}
    assert values["reviewer.my.own.budget"] == ("700", "git config")
    assert values["reviewer.my.own.command"] == ("", "default")
    assert values["review-before-send"] == ("never", "default")
    nearest = {
        problem["message"].partition(":")[0]: problem["hint"].partition("?")[0]
        for problem in document["problems"]
    }
    assert nearest == {
        "patchpilot.reviewer.mine.kommand": "did you mean patchpilot.reviewer.mine.command",
        "patchpilot.review-before-sent": "did you mean patchpilot.review-before-send",
        "patchpilot.reviewer.timeout": "did you mean patchpilot.reviewer.NAME.timeout",
    }
    review = repo.patchpilot("check HEAD --review")
    assert review.err.count("did you mean patchpilot.reviewer.mine.command?") == 1
    assert "review-before" not in review.err
    assert repo.patchpilot("config reviewer.my.own.budget").out == "700\n"


def test_unknown_setting_is_reported_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (Path.home() / ".gitconfig").write_text("[patchpilot]\n\tvai = b4\n")
    assert "did you mean patchpilot.via?" in call("config").err

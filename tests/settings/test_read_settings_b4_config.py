# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a trusted `.b4-config` in the tree sets recipients and the endpoint as in b4."""

from pathlib import Path

import pytest

from patchpilot.commits.private_config import Use, list_own_commands
from patchpilot.commits.repository import Repository
from patchpilot.outgoing import transports
from patchpilot.settings.read_settings import read_settings, read_user_settings
from tests.kit.cli import Outcome, call
from tests.kit.repos import Repo
from tests.kit.topics import topic

TEAM, BOSS = "team@lists.example.org", "boss@example.org"
LINE = "send", "--dry-run", "--format", "json", "--via", "b4", "--force", "x"
URL = "https://lists.example.org/_b4_submit"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create a topic in a tree that configures a list for every series."""
    repo = topic(tmp_path / "r", 1)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    set_b4_option(repo, "send-series-to", f"The Team <{TEAM}>")
    return repo


def set_b4_option(repo: Repo, key: str, value: str) -> None:
    repo.git("config --file", str(repo.path / ".b4-config"), f"b4.{key}", value)


def plan_send(repo: Repo) -> Outcome:
    return call(*LINE, "-C", repo.path, "--to", "x@lists.example.org")


def list_planned_recipients(repo: Repo) -> set[str]:
    result = plan_send(repo)
    assert result.code == 0, result.err
    return {recipient["email"] for recipient in result.json["recipients"]}


def test_tree_recipients_require_trust(repo: Repo) -> None:
    result = plan_send(repo)
    result.expect(1, "b4.send-series-to")
    assert call("trust", repo.path).code == 0
    assert TEAM in list_planned_recipients(repo)
    set_b4_option(repo, "send-series-cc", BOSS)
    assert plan_send(repo).code == 1


def test_git_configuration_overrides_the_tree(repo: Repo) -> None:
    assert call("trust", repo.path).code == 0
    repo.git("config --global b4.send-series-to", BOSS)
    result = list_planned_recipients(repo)
    assert BOSS in result
    assert TEAM not in result


def test_tree_endpoint_requires_trust(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchpilot.outgoing.mail_account.LOCAL_PROGRAMS", ())
    repo.git("config --global --unset sendemail.smtpserver")
    set_b4_option(repo, "send-endpoint-web", URL)
    b4 = transports.find_transport("b4")
    with Repository.open(repo.path) as repository:
        assert b4.account(repository).destination == ""
    assert call("trust", repo.path).code == 0
    with Repository.open(repo.path) as repository:
        assert b4.account(repository).destination == f"b4's web endpoint {URL}"


@pytest.mark.parametrize("value", [URL, "http://127.0.0.1:80/_b4", "http://127.0.0.1@example.org/"])
def test_repository_endpoint_requires_trust(tmp_path: Path, value: str) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.git("config b4.send-endpoint-web", value)
    names = [command.name for command in list_own_commands(repo.path, Use.B4)]
    assert names == ["b4.send-endpoint-web"]


@pytest.mark.parametrize("key", ["midmask", "linkmask", "searchmask"])
def test_tree_archive_needs_trust(tmp_path: Path, key: str) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.git("config --global", f"b4.{key}", "https://mine.example.org/%s")
    assert list_own_commands(repo.path, Use.B4) == ()
    set_b4_option(repo, key, "https://example.org/%s")
    assert [command.name for command in list_own_commands(repo.path, Use.B4)] == [f"b4.{key}"]


def test_tree_archive_requires_trust(repo: Repo) -> None:
    set_b4_option(repo, "midmask", "https://team.example.org/all/%s")
    with Repository.open(repo.path) as repository:
        assert read_user_settings(repository).get("lore") != "https://team.example.org/all"
    assert call("trust", repo.path).code == 0
    with Repository.open(repo.path) as repository:
        assert read_user_settings(repository).get("lore") == "https://team.example.org/all"
        assert read_settings(repository).of("lore").origin == "b4.midmask"

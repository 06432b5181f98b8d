# SPDX-License-Identifier: GPL-2.0-or-later
"""Test who is a newcomer, what newcomers are shown, and that the exit code is that of regulars."""

from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.outgoing.outbox import Outbox
from tests.kit.cli import call
from tests.kit.outbox import record_send
from tests.kit.repos import Repo
from tests.kit.topics import topic

NEWCOMER = {"user.name": "Nele New", "user.email": "nele@example.org"}
MESSAGE = (
    "widget: fix bug in widget driver\n\nI debugged the widget, whose first transfer fails on old"
    " boards because the link is not up.\nWe added a wait for it.\n"
)
FOR_NEWCOMERS = {"vague-subject", "not-imperative", "long-message-line"}


def _make_topic(path: Path) -> Repo:
    """Return a repository with a base by Ada Fixer, and a commit by a newcomer."""
    repo = topic(path, 1)
    for key, value in NEWCOMER.items():
        repo.git(f"config {key}", value)
    repo.git("commit -q --amend --reset-author -s -m", MESSAGE)
    return repo


def _shown(repo: Repo, options: str = "") -> set[str]:
    document = repo.patchpilot(f"check --format json {options}").json
    findings = [*document["patches"][0]["findings"], *document["series"]["findings"]]
    uncounted = {finding["name"] for finding in findings if not finding["counts"]}
    assert uncounted <= {finding["name"] for finding in findings}
    return uncounted


def test_newcomer_is_shown_more(tmp_path: Path) -> None:
    repo = _make_topic(tmp_path / "r")
    assert _shown(repo) >= FOR_NEWCOMERS
    assert not _shown(repo, "--experience regular")
    result = repo.patchpilot("check")
    assert "only shown to newcomers, because you have no commit in the base" in result.err


@pytest.mark.parametrize("options", ["", "--fail-on check", "--fail-on error"])
def test_exit_code_is_that_of_regulars(tmp_path: Path, options: str) -> None:
    repo = _make_topic(tmp_path / "r")
    newcomer, regular = (
        repo.patchpilot(f"check --format json {options} --experience {experience}")
        for experience in ("newcomer", "regular")
    )
    assert newcomer.code == regular.code
    assert newcomer.json["summary"]["checks"] > regular.json["summary"]["checks"]
    streamed = repo.patchpilot(f"check --format jsonl {options} --experience newcomer HEAD")
    assert streamed.code == regular.code


def _accept_commit(repo: Repo) -> None:
    repo.checkout("master")
    repo.commit("widget: document it", {"widget.rst": "Widget\n"})
    repo.checkout("topic")
    repo.git("rebase -q master")


def _send_topics(count: int, kind: str = "real") -> None:
    with Outbox() as outbox:
        for number in range(count):
            record_send(outbox, change_id=f"20261120-widget-{number:012x}", send_kind=kind)


def test_first_sends_leave_a_newcomer(tmp_path: Path) -> None:
    repo = _make_topic(tmp_path / "r")
    with Outbox() as outbox:
        for version in range(1, 5):
            record_send(outbox, version=version)
    _send_topics(1)
    _send_topics(4, "to-self")
    assert _shown(repo) >= FOR_NEWCOMERS


@pytest.mark.parametrize(
    "become_regular",
    [
        _accept_commit,
        lambda repo: repo.git("config patchpilot.experience regular"),
        lambda _: _send_topics(3),
    ],
)
def test_accepted_commit_or_sent_topics_make_a_regular(
    tmp_path: Path, become_regular: Callable[[Repo], object]
) -> None:
    repo = _make_topic(tmp_path / "r")
    assert _shown(repo)
    become_regular(repo)
    assert not _shown(repo)


def test_ci_and_files_outside_a_clone_are_for_regulars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = _make_topic(tmp_path / "r")
    file = tmp_path / "a.patch"
    file.write_bytes(repo.git("format-patch --stdout -1").encode())
    assert "only shown to newcomers" not in call("check", file).err
    monkeypatch.setenv("CI", "true")
    assert not _shown(repo)


@pytest.mark.parametrize("option", ["--strict", "--noise 100%", "--checkpatch-compat"])
def test_explicit_choice_counts(tmp_path: Path, option: str) -> None:
    repo = _make_topic(tmp_path / "r")
    assert not _shown(repo, f"{option} --experience newcomer")

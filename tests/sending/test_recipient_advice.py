# SPDX-License-Identifier: GPL-2.0-or-later
"""Test notes about recipients and the suggested remedies."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model.recipient import Remedy, RemedyKind
from patchpilot.model.send_request import SendRequest
from patchpilot.recipients.history import find_recipient_history
from patchpilot.recipients.topic import edit_recipients
from patchpilot.sending.counted_recipients import (
    CountedRecipients,
    find_topic_recipients,
)
from patchpilot.sending.edit_draft import DraftChanges, change_draft
from patchpilot.sending.mail_recipients import save_question_answer
from patchpilot.sending.questions import (
    find_pre_send_questions,
    save_draft_answer,
)
from tests.kit.maintainers import FILES
from tests.kit.repos import Repo

NET = {"drivers/net/port.c": "int mended;\n"}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    new_repo = Repo(tmp_path / "linux")
    new_repo.commit(
        "start\n\nReviewed-by: Eve Router <eve@net.example>",
        FILES,
        author="Cul Prit <cul@prit.example>",
    )
    new_repo.commit("lib: more", {"lib/more.c": "int more;\n"})
    new_repo.git("config remote.origin.url https://git.example/linux.git")
    new_repo.git("update-ref refs/remotes/origin/master HEAD")
    new_repo.branch("topic")
    return new_repo


def count_notes(repo: Repo, base: str | None = None) -> CountedRecipients:
    with Repository.open(repo.path) as repository:
        return find_topic_recipients(repository, SendRequest(base=base))


def map_recipient_remedies(repo: Repo, base: str | None = None) -> dict[str, Remedy | None]:
    return {advice.title: advice.remedy for advice in count_notes(repo, base).advice}


def test_rebase_command_names_the_tree(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("net: port: mend it", NET)
    with monkeypatch.context() as demo:
        demo.setenv("PATCHPILOT_DEMO", "/sandbox")
        assert any(
            advice.text.endswith("; not needed in the demo") for advice in count_notes(repo).advice
        )
    notes = map_recipient_remedies(repo)
    assert notes["target tree not named"] == Remedy(RemedyKind.PREFIX, ("PATCH net-next",))
    assert notes["other tree"] is None
    assert any(
        "git remote add net git://git.example/net.git && git fetch net && git " in advice.text
        for advice in count_notes(repo).advice
    )
    outcome = repo.patchpilot("send --dry-run --format json")
    planned = outcome.json["warnings"]
    (hint,) = (row["hint"] for row in planned if "uses the tree" in row["message"])
    assert hint.startswith("to rebase onto it: git remote add net git://git.example/net.git && git")
    repo.git("config remote.net.url https://git.example/net.git")
    ahead = repo.git("commit-tree 'origin/master^{tree}' -p origin/master^ -m 'net: more'")
    repo.git("update-ref refs/remotes/net/main", ahead)
    assert map_recipient_remedies(repo)["other tree"] is None
    assert any(
        advice.text.endswith("; run git rebase net/main") for advice in count_notes(repo).advice
    )
    assert "other tree" not in map_recipient_remedies(repo, "net/main")
    repo.git("update-ref refs/remotes/net/main origin/master")
    assert "other tree" not in map_recipient_remedies(repo)
    with Repository.open(repo.path) as repository:
        save_draft_answer(repository, "regression", "yes")
        assert map_recipient_remedies(repo)["target tree not named"] == Remedy(
            RemedyKind.PREFIX, ("PATCH net",)
        )
        assert find_pre_send_questions(repository).missing_tree == "PATCH net"
        change_draft(repository, DraftChanges(prefix="PATCH net"))
    assert "target tree not named" not in map_recipient_remedies(repo)


def test_rebase_command_uses_the_remote_of_the_tree(repo: Repo) -> None:
    repo.commit("net: port: mend it", NET)
    # another tree has the name
    repo.git("config remote.net.url https://git.example/other/net.git")
    added = "git remote add git.example-net git://git.example/net.git && git fetch git.example-net "
    assert any(added in advice.text for advice in count_notes(repo).advice)
    repo.git("config remote.router.url ssh://git@git.example/net.git")
    base = repo.git("rev-parse --short=12 origin/master").strip()
    command = (
        "to rebase onto it: git fetch router && git remote set-head router --auto"
        f" && git rebase --onto router/HEAD {base}"
    )
    assert any(advice.text.endswith(command) for advice in count_notes(repo).advice)


def test_open_questions_are_notes(repo: Repo) -> None:
    repo.commit("net: port: fix it", NET)
    assert map_recipient_remedies(repo)["security question open"] == Remedy(
        RemedyKind.ANSWER, ("security",)
    )
    with Repository.open(repo.path) as repository:
        save_question_answer(repository, "security", "no", SendRequest())
    assert "security question open" not in map_recipient_remedies(repo)
    assert "regression question open" in map_recipient_remedies(repo)


def test_excluded_address_has_no_note(repo: Repo) -> None:
    tags = "Reported-by: Loc <loc@machine.test>\nCc: <kvmarm@lists.cs.columbia.edu>"
    repo.commit(f"widget: mend it\n\n{tags}", {"drivers/widget/core.c": "int m;\n"})
    recipients = count_notes(repo)
    by_title = {advice.title: advice for advice in recipients.advice}
    assert by_title["doubtful address"].words == "Exclude loc@machine.test"
    assert by_title["address that bounces"].words == "Use kvmarm@lists.linux.dev"
    edit_recipients(recipients.planned, drop=["loc@machine.test"])
    assert "doubtful address" not in map_recipient_remedies(repo)


def test_contact_history_covers_the_files(repo: Repo) -> None:
    repo.commit(
        "net: port: more\n\nSigned-off-by: Eve Router <eve@net.example>",
        {"drivers/net/port.c": "int more;\n"},
    )
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.commit("net: port: mend it", NET)
    with Repository.open(repo.path) as repository:
        history = find_recipient_history(repository, SendRequest())
    assert (history.paths, history.total, history.complete) == (
        ("drivers/net/",),
        2,
        True,
    )
    eve, author = (
        history.contacts["eve@net.example"],
        history.contacts["cul@prit.example"],
    )
    assert (eve.commits, eve.percent, eve.last_subject) == (2, 100, "net: port: more")
    assert (author.commits, author.percent, author.last_subject) == (1, 50, "start")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the pre-send questions.

The tests cover their text, the effects of the answers, and questions that are answered
automatically.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patchpilot.backports.target_tip import find_target_tree
from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.target_tree import _tree_name
from patchpilot.sending.questions import (
    PreSendQuestion,
    find_open_questions,
    find_pre_send_questions,
    save_draft_answer,
)
from patchpilot.series.draft import Drafts
from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from patchpilot.topic.find import find_topic
from tests.kit.outbox import list_problem_names
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED, topic


def read_dry_run_document(repo: Repo, line: str = "", *extra_arguments: str) -> dict[str, Any]:
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    result = repo.patchpilot(
        f"send --cc widgets@lists.example.org --dry-run --format json {line}",
        *extra_arguments,
    )
    return result.json


def test_unanswered_question_is_a_warning(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 1)
    assert {"unanswered-security", "unanswered-regression"} <= list_problem_names(
        read_dry_run_document(repo), "warnings"
    )
    reported = read_dry_run_document(repo, "--security no --regression no")
    assert not {"unanswered-security", "unanswered-regression"} & list_problem_names(
        reported, "warnings"
    )
    with Repository.open(repo.path) as repository:
        for name in ("security", "regression"):
            save_draft_answer(repository, name, "no")
    assert not {"unanswered-security", "unanswered-regression"} & list_problem_names(
        read_dry_run_document(repo), "warnings"
    )


@pytest.mark.parametrize(
    ("first", "later", "is_asked"),
    [
        ("wait", "fix an out-of-bounds read", True),
        ("wait", "fix a use after free", True),
        ("wait", "wait for the link", False),
        ("fix an out-of-bounds read", "fix the out of bounds read of a line", False),
        ("fix an out-of-bounds read", "fix a double free", True),
    ],
)
def test_security_question_is_open_again_if_the_message_names_a_memory_error(
    first: str, later: str, is_asked: bool, tmp_path: Path
) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.commit(f"widget: {first}\n\nIt was late.\n\n{SIGNED}", {"widget.c": "int x;\n"})
    with Repository.open(repo.path) as repository:
        assert save_draft_answer(repository, "security", "no").is_undisclosed is False
        questions = find_pre_send_questions(repository)
        assert questions.questions[0].answer == "no"
        assert "is a leak: yes" in questions.questions[0].guide
    repo.git("commit -q --amend -m", f"widget: {later}\n\nIt was late.\n\n{SIGNED}")
    with Repository.open(repo.path) as repository:
        open_names = [question.name for question in find_pre_send_questions(repository).open]
    assert ("security" in open_names) is is_asked


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("correct a comment\n\nThe comment is outdated.", []),
        ("use a table\n\nThe table is shorter.", []),
        ("use a table\n\nThe list has no limit for an attacker.", ["security"]),
        ("use a table\n\nThe list was wrong.", ["security", "regression"]),
        ("fix a hang\n\nIt hangs.", ["security", "regression"]),
    ],
)
def test_questions_about_a_bug_are_asked_if_the_message_may_name_one(
    message: str, asked: list[str], tmp_path: Path
) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.commit(f"widget: {message}\n\n{SIGNED}", {"widget.c": "int x;\n"})
    document = read_dry_run_document(repo)
    unanswered = (list_problem_names(document, kind) for kind in ("refusals", "warnings"))
    assert {name for name in set().union(*unanswered) if name.startswith("unanswered-")} == {
        f"unanswered-{name}" for name in asked
    }
    with Repository.open(repo.path) as repository:
        request = SendRequest(answers=(("tested", "no"),))
        assert [question.name for question in find_open_questions(repository, request)] == asked
        questions = find_pre_send_questions(repository)
        assert [question.name for question in questions.open] == asked
        # they can be answered all the same
        assert [question.name for question in questions.questions] == ["security", "regression"]
        save_draft_answer(repository, "security", "yes")
        assert find_topic(repository, request).draft.is_undisclosed


def test_security_fix_goes_to_the_security_team(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("config --global sendemail.cc linux-kernel@vger.kernel.org")
    reported = read_dry_run_document(repo, "--security yes")
    assert "security-on-list" in list_problem_names(reported, "refusals")
    recipients = {recipient["email"]: recipient["header"] for recipient in reported["recipients"]}
    assert recipients == {
        "security@kernel.org": "to",
        "widgets@lists.example.org": "cc",
    }


def test_missing_project_list_is_added(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    text = "Maintainers\n-----------\n\nWidgets\nM: Wanda Widget <wanda@example.net>\nF: widget.c\n"
    repo.commit(
        f"widget: mend\n\nIt was wrong.\n\n{SIGNED}",
        {"widget.c": "int x;\n", "MAINTAINERS": text},
    )
    outcome = repo.patchpilot("send --profile dpdk --dry-run --format json")
    document = outcome.json
    assert {recipient["email"] for recipient in document["recipients"]} == {
        "wanda@example.net",
        "dev@dpdk.org",
    }
    assert "unanswered-security" in list_problem_names(document, "warnings")
    assert "unanswered-regression" not in list_problem_names(document, "warnings")


def test_regression_is_sent_to_its_tracker(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 0)
    culprit = repo.git("rev-parse HEAD")
    repo.commit(
        f'widget: mend\n\nThis used to work.\n\nFixes: {culprit[:12]} ("widget: start")\n{SIGNED}',
        {"widget.c": "int x;\n"},
    )
    with Repository.open(repo.path) as repository:
        questions = find_pre_send_questions(repository)
        assert any("used to work" in evidence for evidence in questions.questions[1].evidence)
        assert [question.name for question in questions.open] == [
            "security",
            "regression",
        ]
        save_draft_answer(repository, "regression", "yes")
    reported = read_dry_run_document(repo)
    assert "regressions@lists.linux.dev" in {
        recipient["email"] for recipient in reported["recipients"]
    }
    # in the message of a patch, the tracker reads the line as a new report of a regression
    output = repo.patchpilot("send --to x@lists.example.org --dry-run").out
    assert "\n---\n" in output
    assert "#regzbot" not in output
    with Repository.open(repo.path) as repository:
        yes, other = find_pre_send_questions(repository).questions[1].effects[1:]
        assert f"`#regzbot ^introduced: {culprit[:12]}`" in yes
        assert "`#regzbot ^introduced: COMMIT`" in other
        answered = save_draft_answer(repository, "regression", "HEAD~1")
        assert answered.answers["regression"] == culprit[:12]
        with pytest.raises(UsageError, match="no such commit"):
            save_draft_answer(repository, "regression", "no-such-commit")
        with pytest.raises(UsageError, match="invalid answer"):
            save_draft_answer(repository, "security", "maybe")
        with pytest.raises(UsageError, match="unknown question"):
            save_draft_answer(repository, "secure", "no")


def test_merged_or_conflicting_patches_are_refused(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    fix_commit = repo.git("rev-parse HEAD~1")
    repo.checkout("master")
    repo.git("cherry-pick", fix_commit)
    repo.checkout("topic")
    reported = read_dry_run_document(repo)
    assert "already-fixed" in list_problem_names(reported, "refusals")
    repo.checkout("master")
    repo.commit("widget: rewrite\n\n" + SIGNED, {"widget.c": "all new\n"})
    repo.checkout("topic")
    reported = read_dry_run_document(repo)
    assert "does-not-apply" in list_problem_names(reported, "refusals")


def test_subsystem_remote_is_the_target(
    tmp_path: Path,
) -> None:
    upstream = topic(tmp_path / "up", 1)
    repo = topic(tmp_path / "r", 1)
    repo.git("remote add net", str(upstream.path))
    repo.git("fetch -q net")
    repo.git("config remote.net.url https://git.kernel.org/pub/scm/linux/kernel/git/netdev/net.git")
    with Repository.open(repo.path) as repository:
        ids = [repository.resolve("HEAD")]
        target = find_target_tree(
            repository,
            ids,
            None,
            ("git git://git.kernel.org/pub/scm/linux/kernel/git/netdev/net.git master",),
        )
        assert target is not None
        assert target.label == "net/master"
        assert (
            find_target_tree(repository, ids, "master", ("git git://example.org/other.git",)).label
            == "master"
        )


@pytest.mark.parametrize(
    "url",
    [
        "git://git.kernel.org/pub/scm/linux/kernel/git/netdev/net.git",
        "https://git.kernel.org/pub/scm/linux/kernel/git/netdev/net",
        "git@gitolite.kernel.org:pub/scm/linux/kernel/git/netdev/net.git",
        "ssh://git@gitolite.kernel.org/pub/scm/linux/kernel/git/netdev/net.git",
    ],
)
def test_tree_urls_are_compared_by_host_and_path(url: str) -> None:
    assert _tree_name(url) == "kernel.org/pub/scm/linux/kernel/git/netdev/net"


@pytest.mark.parametrize("file", ["other.c", "widget.c"])
def test_unlikely_fixes_tag_is_a_warning(tmp_path: Path, file: str) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.checkout("master")
    culprit = repo.commit(f"widget: add it\n\n{SIGNED}", {"widget.c": "int x;\n", "other.c": ""})
    if file == "other.c":
        culprit = repo.commit(f"other: add it\n\n{SIGNED}", {"third.c": "int y;\n"})
    subject = repo.git(f"log -1 --format=%s {culprit}")
    repo.branch("fix")
    repo.commit(
        f'widget: mend\n\nIt was wrong.\n\nFixes: {culprit[:12]} ("{subject}")\n{SIGNED}',
        {file: "int z;\n"},
    )
    names = list_problem_names(read_dry_run_document(repo), "warnings")
    assert ("unlikely-fixes" in names) == (file == "other.c")


def test_regression_of_a_file_that_the_culprit_added_is_asked_again(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 0)
    added = repo.commit(f"widget: add\n\nNew.\n\n{SIGNED}", {"gadget.c": "int w;\n"})
    repo.commit(
        f'widget: mend\n\nIt broke.\n\nFixes: {added[:12]} ("widget: add")\n{SIGNED}',
        {"gadget.c": "int x;\n"},
    )
    options = "--to x@example.org --dry-run"
    with Repository.open(repo.path) as repository:
        draft = find_topic(repository, SendRequest()).draft
        with Drafts() as drafts:
            drafts.keep(draft, replace(draft, answers={"regression": "yes"}), "answered")
        question = find_pre_send_questions(repository).questions[1]
        assert question.text.startswith(f"{added[:12]} in Fixes: added this code. Did it work")
        assert question.answer is None
        answered = save_draft_answer(repository, "regression", "yes")
        assert answered.answers["regression"] == added[:12]
        assert find_pre_send_questions(repository).questions[1].answer == added[:12]
        assert save_draft_answer(repository, "regression", "no").answers["regression"] == "no"
    assert "regressions@" not in repo.patchpilot(f"send {options}").out


def test_regression_question_calls_a_guessed_tag_a_guess(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 0)
    added = repo.commit(f"widget: add\n\nNew.\n\n{SIGNED}", {"gadget.c": "int w;\n"})
    other = repo.commit(f"widget: more\n\nNew.\n\n{SIGNED}", {"more.c": "int m;\n"})
    repo.git("branch -q -f master HEAD")
    repo.commit(f"widget: mend\n\nIt broke.\n\n{SIGNED}", {"gadget.c": "int x;\n"})

    def write_tag(commit: str, doubt: str) -> None:
        request = PrepareRequest(fixes=(commit,), stable="none", is_fix=True, doubt=doubt)
        with Repository.open(repo.path) as repository:
            assert prepare_commit_tags(repository, request).written

    def read_question() -> PreSendQuestion:
        with Repository.open(repo.path) as repository:
            return find_pre_send_questions(repository).questions[1]

    write_tag(added, "the evidence is weak")
    question = read_question()
    assert question.text.startswith(f"{added[:12]} in Fixes: (a guess) added this code. Did it")
    assert question.effects[1].endswith("; this commit is a guess: the evidence is weak")
    assert "guess" not in question.effects[2]
    assert (
        "Fixes: " + added[:12] + " is a guess: the evidence is weak" in repo.patchpilot("draft").out
    )
    # rebasing keeps the doubt, and another tag has none
    repo.git("commit -q --amend -m", repo.git("log -1 --format=%B").replace("broke", "failed"))
    assert "(a guess)" in read_question().text
    message = repo.git("log -1 --format=%B")
    tag = f'Fixes: {other[:12]} ("widget: more")'
    repo.git("commit -q --amend -m", re.sub("Fixes: .*", tag, message))
    assert "guess" not in f"{read_question().text}{read_question().effects}"


@pytest.mark.parametrize("cause", ["changed", "moved"])
def test_culprit_that_changed_or_moved_a_file_did_not_add_it(tmp_path: Path, cause: str) -> None:
    repo = topic(tmp_path / "r", 0)
    lines = "".join(f"int w{number};\n" for number in range(20))
    repo.commit(f"widget: add\n\nNew.\n\n{SIGNED}", {"old.c": lines})
    if cause == "moved":
        repo.git("mv old.c new.c")
        repo.git("commit -q -m", f"widget: move\n\nx\n\n{SIGNED}")
    path = "new.c" if cause == "moved" else "old.c"
    if cause == "changed":
        repo.commit(f"widget: change\n\nx\n\n{SIGNED}", {path: f"{lines}int y;\n"})
    culprit = repo.git("rev-parse HEAD")
    tag = f'Fixes: {culprit[:12]} ("widget: {cause}")'
    repo.commit(f"widget: mend\n\nIt broke.\n\n{tag}\n{SIGNED}", {path: f"{lines}int z;\n"})
    with Repository.open(repo.path) as repository:
        assert find_pre_send_questions(repository).questions[1].text.startswith("Did this work")
        assert save_draft_answer(repository, "regression", "yes").answers["regression"] == "yes"


def test_answer_how_it_was_tested_holds_until_the_code_changes(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    options = "--to x@example.org --dry-run"
    document = read_dry_run_document(repo)
    assert "not-built" in list_problem_names(document, "warnings")
    document = read_dry_run_document(repo, "--tested hardware")
    assert "not-built" not in list_problem_names(document, "warnings")
    with Repository.open(repo.path) as repository:
        save_draft_answer(repository, "tested", "hardware")
    assert "Tested on hardware." not in repo.patchpilot(f"send {options}").out
    repo.patchpilot("draft --note-build")
    assert "\n---\nTested on hardware.\n" in repo.patchpilot(f"send {options}").out
    repo.git("commit -q --amend -m", f"widget: say more\n\nIt was wrong.\n\n{SIGNED}")
    assert "Tested on hardware." in repo.patchpilot(f"send {options}").out
    (repo.path / "other.c").write_text("int other;\n")
    repo.git("add other.c")
    repo.git("commit -q --amend --no-edit")
    assert "Tested on hardware." not in repo.patchpilot(f"send {options}").out
    bad = repo.patchpilot("send --tested yes --dry-run")
    assert "hardware" in bad.err

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the replies in the demo.

There are none to a test message, and bots report only on the patch.
"""

from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.demo import acme
from patchpilot.demo.answers import Answers
from patchpilot.demo.demo_history import DemoFacts
from patchpilot.demo.demo_people import KERNEL_LIST, MAINTAINER, NET_LIST, NEWCOMER, STABLE_LIST
from patchpilot.demo.demo_repository import TOPIC, Repositories
from patchpilot.demo.sandbox import Sandbox
from patchpilot.demo.sink import Sink
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.reading.mail_classifier import classify
from tests.kit.mails import build_patch_mail


class _Archive:
    url = "http://127.0.0.1:9/demo"

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    def add(self, *mails: bytes) -> None:
        self.mails += map(parse_mail, mails)

    @property
    def message_ids(self) -> list[str]:
        return [mail.message_id for mail in self.mails]


def _create_sandbox(path: Path) -> tuple[Sandbox, _Archive]:
    archive = _Archive()
    commit = ("-c", "user.name=R", "-c", "user.email=r@example.org", "commit", "-q")
    git(path, "init", "-q", "-b", TOPIC)
    git(path, *commit, "--allow-empty", "-m", "base")
    git(path, "update-ref", "refs/remotes/origin/master", "HEAD")
    git(path, *commit, "--allow-empty", "-m", "acme: x")
    return (
        Sandbox(
            path,
            Repositories(path, path, path, DemoFacts("", "", "", {}, 0)),
            Sink(),
            archive,
        ),
        archive,
    )  # type: ignore[arg-type]


def test_archive_contains_list_mail_only(tmp_path: Path) -> None:
    sandbox, archive = _create_sandbox(tmp_path)
    for name, recipients in (
        ("self", [NEWCOMER.email]),
        ("off-list", [MAINTAINER.email]),
        ("list", [MAINTAINER.email, NET_LIST]),
    ):
        sandbox.sink.keep(
            NEWCOMER.email, recipients, build_patch_mail("[PATCH net] acme: x", id=name)
        )
    assert sandbox.deliver() == 1
    sandbox.sink.keep(
        NEWCOMER.email,
        [KERNEL_LIST],
        build_patch_mail("[PATCH net] acme: y", id="other"),
    )
    assert sandbox.deliver() == 1
    assert archive.message_ids == ["list@example.org", "other@example.org"]


@pytest.mark.parametrize(
    ("subject", "versions"),
    [
        ("[PATCH 6.1.y] acme: x", ["6.1"]),
        ("[PATCH 5.15 2/2] acme: x", ["5.15"]),
        ('Please apply 111111111111 ("acme: add it") to 6.6 and 6.18', ["6.6", "6.18"]),
        ('Please apply 222222222222 ("acme: y") to 6.6', []),
        ("[PATCH net] acme: x", []),
    ],
)
def test_sent_backports_and_requests_are_reviewed(
    subject: str, versions: list[str], tmp_path: Path
) -> None:
    sandbox, archive = _create_sandbox(tmp_path)
    answers = Answers(sandbox)
    mail = build_patch_mail(subject, id="sent")
    answers._merged = "1" * 40, "acme: x", "It fails.", parse_mail(mail).date  # type: ignore[assignment]
    sandbox.sink.keep(NEWCOMER.email, [STABLE_LIST], mail)
    answers.answer()
    assert [mail.subject.split()[1] for mail in archive.mails] == versions


def test_backport_sent_to_the_stable_list_only_is_archived_and_answered(tmp_path: Path) -> None:
    sandbox, archive = _create_sandbox(tmp_path)
    answers = Answers(sandbox)
    mail = build_patch_mail("[PATCH 6.1.y] acme: x", id="backport")
    answers._merged = "1" * 40, "acme: x", "It fails.", parse_mail(mail).date  # type: ignore[assignment]
    sandbox.sink.keep(NEWCOMER.email, [STABLE_LIST], mail)
    assert sandbox.deliver() == 1
    answers.answer()
    assert archive.message_ids[0] == "backport@example.org"
    assert "6.1" in archive.mails[1].subject


def _send_and_answer(answers: Answers, to: str, subject: str, name: str) -> None:
    answers.sandbox.sink.keep(NEWCOMER.email, [to], build_patch_mail(subject, id=name))
    answers.answer()


def test_message_to_self_gets_no_reply(tmp_path: Path) -> None:
    sandbox, archive = _create_sandbox(tmp_path)
    answers = Answers(sandbox, (0.0, 0.0, 0.0))
    _send_and_answer(answers, NEWCOMER.email, "[PATCH net] acme: x", name="self")
    assert archive.message_ids == []
    _send_and_answer(answers, NET_LIST, "[PATCH net] acme: x", name="list")
    assert len(archive.message_ids) == 3


@pytest.mark.parametrize("title", ["[PATCH net] acme: mine", "[PATCH net 0/2] acme: mine"])
def test_only_the_demos_branch_gets_replies(tmp_path: Path, title: str) -> None:
    sandbox, archive = _create_sandbox(tmp_path)
    answers = Answers(sandbox, (0.0, 0.0, 0.0))
    _send_and_answer(answers, NET_LIST, title, name="mine")
    assert archive.message_ids == []
    _send_and_answer(answers, NET_LIST, "[PATCH net] acme: x", name="list")
    assert len(archive.message_ids) == 3
    git(tmp_path, "branch", "-m", "renamed")
    _send_and_answer(answers, NET_LIST, "[PATCH net v2] acme: x", name="v2")
    assert len(archive.message_ids) == 3


def test_reply_to_the_list_is_archived(
    tmp_path: Path,
) -> None:
    sandbox, archive = _create_sandbox(tmp_path)
    answers = Answers(sandbox, (0.0, 0.0, 0.0))
    sandbox.sink.keep(
        NEWCOMER.email,
        [NET_LIST],
        build_patch_mail("Re: [PATCH net] acme: x", id="reply", reply_to="question"),
    )
    answers.answer()
    assert archive.message_ids == []
    assert sandbox.deliver() == 1
    assert archive.message_ids == ["reply@example.org"]


@pytest.mark.parametrize(
    ("code", "is_reported"), [(acme.CHECK_UNUSED, True), (acme.CHECK_FIXED, False)]
)
def test_robot_reports_only_the_message(tmp_path: Path, code: str, is_reported: bool) -> None:
    sandbox, archive = _create_sandbox(tmp_path)
    sandbox.sink.keep(
        NEWCOMER.email,
        [NET_LIST],
        build_patch_mail("[PATCH net] acme: x", message=code, id="list"),
    )
    Answers(sandbox, (0.0, 0.0, 0.0)).answer()
    (robot,) = [classified.mail for mail in archive.mails if (classified := classify(mail)).robot]
    assert ("unused variable" in robot.body) is is_reported
    assert ("BUILD SUCCESS" in robot.body) is not is_reported

# SPDX-License-Identifier: GPL-2.0-or-later
"""The story's newcomer does what maintainers want: answers, and fixes what a robot reported before it lands."""

from pathlib import Path

import pytest

from patchpilot.commits.run import git
from patchpilot.demo import acme, demo_mails, robin
from patchpilot.demo.demo_mails import Sent
from patchpilot.demo.demo_people import MAINTAINER, NET_LIST, NEWCOMER
from patchpilot.demo.demo_repository import make_repositories
from patchpilot.demo.sink import Sink
from patchpilot.model.mail import parse_mail


def test_v2_has_what_was_asked_for_and_not_what_the_robot_reported(tmp_path: Path) -> None:
    work = make_repositories(tmp_path).work
    robin.fix_first(work)
    sent = Sent("v1@example.net", "[PATCH net] acme", "", parse_mail(demo_mails.announcement()).date)  # type: ignore[arg-type]
    where = parse_mail(demo_mails.build_report(sent)).body.partition(">> ")[2].split(":")
    reported = git(work, "show", f"HEAD:{where[0]}").text.split("\n")[int(where[1]) - 1]
    assert reported[int(where[2]) - 1 :].startswith("seq = ")
    robin.revise(work)
    assert reported not in git(work, "show", f"HEAD:{acme.MCP}").text.split("\n")
    message = git(work, "log", "-1", "--format=%B").text
    for _, new in robin.ASKED_FOR:
        assert new in message
    assert max(map(len, message.split("\n"))) <= 75


def test_the_question_is_answered_on_the_list(tmp_path: Path) -> None:
    sent = Sent("v1@example.net", "[PATCH net] acme", "", parse_mail(demo_mails.announcement()).date)  # type: ignore[arg-type]
    question = parse_mail(demo_mails.question(sent))
    git(None, "init", "-q", str(tmp_path))
    with Sink() as sink:
        git(tmp_path, "config", "sendemail.smtpServerPort", str(sink.port))
        robin.answer(tmp_path, question)
        (received,) = sink.take()
    assert received.recipients == (MAINTAINER.email, NET_LIST)
    mail = parse_mail(received.data)
    assert (mail.sender, mail.in_reply_to) == (NEWCOMER, question.message_id)
    assert "> Which firmware is that?" in mail.body


@pytest.mark.parametrize("code", [acme.CHECK_UNUSED, acme.CHECK_FIXED])
def test_the_code_of_both_versions_ends_as_the_test_of_the_response_does(code: str) -> None:
    assert code.endswith("else if ((rsp & ACME_MSG_CODE_MASK) != ACME_MSG_OK)")

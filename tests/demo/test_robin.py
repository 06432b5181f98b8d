# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the demo's newcomer replies to maintainers, and fixes a bot's report before the
merge.
"""

from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.demo import acme, demo_mails, robin
from patchpilot.demo.demo_mails import Sent
from patchpilot.demo.demo_people import MAINTAINER, NET_LIST, NEWCOMER
from patchpilot.demo.demo_repository import make_repositories
from patchpilot.demo.sink import Sink
from patchpilot.model.mail import parse_mail
from patchpilot.tags.undo_rewrite import (
    list_recorded_rewrites,
    redo_rewrite,
    undo_branch_rewrite,
    undo_changes_files,
)
from patchpilot.threads.known_series import read_tracked_series
from patchpilot.threads.review_ledger import list_latest_requests, toggle_state
from tests.kit.cli import call
from tests.kit.mails import build_mbox, build_reply
from tests.kit.story import REVIEW, TITLE, V1


def test_v2_contains_the_requested_changes(
    tmp_path: Path,
) -> None:
    work = make_repositories(tmp_path).work
    assert (
        robin.fix_first_version(work)
        == "Fixed the style error and the message for you (git commit --amend); u undoes it"
    )
    assert robin.fix_first_version(work) == "nothing left to fix for v1"
    sent = Sent(
        "v1@example.net",
        "[PATCH net] acme",
        "",
        parse_mail(demo_mails.make_announcement()).date,
    )  # type: ignore[arg-type]
    where = parse_mail(demo_mails.make_build_report(sent)).body.partition(">> ")[2].split(":")
    reported = git(work, "show", f"HEAD:{where[0]}").text.split("\n")[int(where[1]) - 1]
    assert reported[int(where[2]) - 1 :].startswith("seq = ")
    robin.revise_commit(work)
    assert reported not in git(work, "show", f"HEAD:{acme.MCP}").text.split("\n")
    message = git(work, "log", "-1", "--format=%B").text
    for _, new in robin.ASKED_FOR:
        assert new in message
    assert max(map(len, message.split("\n"))) <= 75


def test_v2_code_is_fixed_once(
    tmp_path: Path,
) -> None:
    """Test that v2 contains the requested changes and keeps the tags if the user already fixed
    v1.
    """
    work = make_repositories(tmp_path).work
    file = work / acme.MCP
    file.write_text(file.read_text().replace("if((", "if (("))
    message = git(work, "log", "-1", "--format=%B").text
    git(
        work,
        "commit",
        "-q",
        "--amend",
        "-a",
        "-F",
        "-",
        stdin=(message.rstrip() + "\n\nReviewed-by: Sana <sana@example.org>\n").encode(),
    )
    code = file.read_text()
    robin.fix_first_version(work)
    assert file.read_text() == code
    robin.revise_commit(work)
    revised = git(work, "log", "-1", "--format=%B").text
    assert all(new in revised for _, new in robin.ASKED_FOR)
    assert revised.rstrip().endswith("Reviewed-by: Sana <sana@example.org>")


def test_v2_keeps_user_edits(tmp_path: Path) -> None:
    work = make_repositories(tmp_path).work
    file = work / acme.MCP
    file.write_text(file.read_text().replace("if((", "if (/* old cards */ ("))
    own = (
        "net/acme: work with old cards\n"
        "\nOld cards return an error for this command.\n"
        "\nReviewed-by: Sana <sana@example.org>\n"
    )
    git(work, "commit", "-q", "--amend", "-a", "-F", "-", stdin=own.encode())
    robin.revise_commit(work)
    assert (
        git(work, "log", "-1", "--format=%B").text.rstrip()
        == own.replace("\n\nRev", f"\n\n{robin.STATED}\nRev").rstrip()
    )
    assert "old cards */" in file.read_text()
    robin.revise_commit(work)
    assert git(work, "log", "-1", "--format=%B").text.count("Firmware older") == 1


def test_rewrite_is_undone_and_redone(tmp_path: Path) -> None:
    work = make_repositories(tmp_path).work
    file = work / acme.MCP
    before, code = git(work, "rev-parse", "HEAD").text.strip(), file.read_text()
    robin.fix_first_version(work)
    after, fixed_commit = git(work, "rev-parse", "HEAD").text.strip(), file.read_text()
    with Repository.open(work) as repository:
        (state,) = list_recorded_rewrites(repository)
        assert (state.state, state.undo.old, state.undo.new) == (
            "in-force",
            before,
            after,
        )
        assert undo_changes_files(repository, state.undo)
        undo_branch_rewrite(repository)
        assert (git(work, "rev-parse", "HEAD").text.strip(), file.read_text()) == (
            before,
            code,
        )
        redo_rewrite(repository, state.undo.number)
    assert (git(work, "rev-parse", "HEAD").text.strip(), file.read_text()) == (
        after,
        fixed_commit,
    )
    assert code != fixed_commit


def test_undo_takes_back_only_the_ticks_of_the_demo(tmp_path: Path) -> None:
    work = make_repositories(tmp_path).work
    more = build_reply(
        f"[PATCH] {TITLE}", "Could you add a test?", id="r2", reply_to="v1", minutes=90
    )
    (tmp_path / "m").write_bytes(build_mbox(V1, REVIEW, more))
    assert call("track add --mbox", tmp_path / "m").code == 0
    with Store() as store:
        series = read_tracked_series(1, store=store)
        own, *others = list_latest_requests(series)
        toggle_state(1, own)
        robin._tick_requests(work, read_tracked_series(1, store=store))
        assert len(store.marks(1)) == 1 + len(others) > 1
        assert robin.withdraw_second_version(work) == "Removed the ticks of v2 as well"
        assert [*store.marks(1)] == [(own.point.message_id, own.point.line)]
    assert robin.withdraw_second_version(work) == ""


def test_question_is_answered_on_the_list(tmp_path: Path) -> None:
    sent = Sent(
        "v1@example.net",
        "[PATCH net] acme",
        "",
        parse_mail(demo_mails.make_announcement()).date,
    )  # type: ignore[arg-type]
    question = parse_mail(demo_mails.make_question(sent))
    file = tmp_path / "home" / ".gitconfig"
    file.parent.mkdir()
    with Sink() as sink:
        file.write_text(f"[sendemail]\nsmtpServerPort = {sink.port}\n")
        robin.answer_question(tmp_path / "linux", question)
        (received,) = sink.take()
    assert received.recipients == (MAINTAINER.email, NET_LIST)
    mail = parse_mail(received.data)
    assert (mail.sender, mail.in_reply_to) == (NEWCOMER, question.message_id)
    assert "> Which firmware is that?" in mail.body


@pytest.mark.parametrize("code", [acme.CHECK_UNUSED, acme.CHECK_FIXED])
def test_both_paths_end_with_the_same_code(
    code: str,
) -> None:
    assert code.endswith("else if ((rsp & ACME_MSG_CODE_MASK) != ACME_MSG_OK)")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the rows of the Send stage: checks with the keys that fix them, and messages."""

from patchpilot.model.action import Action, Advice
from patchpilot.model.send_problem import CheckLine, CheckState
from patchpilot.tui.screens.send_rows import is_fixable, mail_row, repair_help


def test_check_names_the_repairing_key() -> None:
    def make_check(name: str, hint: Advice, state: CheckState = CheckState.NOTE) -> str:
        return repair_help(CheckLine(state, name, "", hint))

    sign_off = Action("prepare", ("--signoff",), "git commit -s, or {}")
    assert (
        make_check("no-signoff", sign_off, CheckState.PROBLEM)
        == "press a to go to stage 4 Tags: press w"
    )
    drop = Action("maintainers", ("--drop", "a@b.example"), "drop it: {}")
    assert make_check("many", drop) == "press a to go to stage 3 To/Cc: press Space to exclude it"
    assert make_check("odd", "git fetch") == "git fetch"
    assert make_check("weekend", "") == make_check("target", "", CheckState.OK) == ""


def test_build_is_offered_unless_it_failed() -> None:
    failed = CheckLine(CheckState.NOTE, "not-buildable", "a.c was not built: no Makefile", "")
    assert not is_fixable(failed)
    assert is_fixable(failed._replace(name="not-built"))


def test_answer_of_a_server_is_shown_whole() -> None:
    reply = "535 5.7.8 Authentication credentials invalid; see https://mail.example.org/help " * 3
    row = mail_row(0, "rejected", "[PATCH] frob: wait", reply, 60)
    lines = row.text.plain.split("\n")
    assert max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines[1:]).split()) == " ".join(reply.split())

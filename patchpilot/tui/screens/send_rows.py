# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the send stage: the checks, then the messages while they are being sent."""

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from rich.text import Text
from textual.geometry import Size

from patchpilot.model.printable import format_count, make_one_line
from patchpilot.tui.screens.preview_rows import (
    CHECK_SIGNS,
    NO_SERVER,
    is_blocking,
    read_recorded_status,
)
from patchpilot.tui.screens.preview_rows import load_stage as load_plan
from patchpilot.tui.view.action_keys import first_named_stage, replace_commands
from patchpilot.tui.view.glyphs import STYLE_OF, glyph, join_with_dots
from patchpilot.tui.view.rich_text import (
    HEADING,
    KEY,
    QUIET,
    STRONG,
    fit_text,
    highlight_code,
    join_lines,
    plain_text,
    wrap_with_indent,
)
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.lists import Row
from patchpilot.tui.widgets.panel import TALL, WIDE

if TYPE_CHECKING:
    from patchpilot.model.send_problem import CheckLine
    from patchpilot.outgoing.transport import Sending


def load_stage(request: JobRequest) -> "tuple[Sending | None, StageStatus]":
    """Return the plan and the state of the topic's last send.

    Before the user visits the stage, read only the send record and return None.
    """
    from patchpilot.sending.state import add_last_send, is_plan_outdated

    if not request.visited:
        return None, read_recorded_status(request, Stage.SEND)
    # reuse the preview's plan if it is still valid
    plan: Sending | None = request.session.fresh_result(Stage.PREVIEW)
    if plan is None or request.again or is_plan_outdated(request.repository, plan):
        plan, plan_state = load_plan(request)
        assert plan is not None
        request.session.store_result(Stage.PREVIEW, plan, plan_state)
    sending = add_last_send(request.repository, plan)
    return sending, send_status(sending)


def send_status(sending: "Sending") -> StageStatus:
    from patchpilot.sending.questions import find_open_tested_question

    last, blocking_problem = sending.last, sending.blocking_problem
    state, note, count = StageState.TODO, sending.readiness, 0
    if sending.is_unfinished and last:
        state = StageState.BLOCKED
        count = sum(entry.state != "accepted" for entry in last.entries)
        unsent = format_count(count, "message")
        note = f"v{last.version} was interrupted: {unsent} not accepted; press s to resume"
    elif sending.is_sent:
        state, version = StageState.DONE, (last or sending.send).version
        note = f"v{version} was sent; press n to read the replies"
    elif sending.refused or blocking_problem:
        state = StageState.BLOCKED
        count = len(sending.blockers) + bool(blocking_problem)
    elif not (count := len(sending.open_questions)):
        question = ", answer 1 question" if find_open_tested_question(sending) else ""
        note = f'press s{question}, then type "send" to confirm'
    return StageStatus(state, note, str(count or ""))


FEW = 2
"""Number of recipients per header that a small terminal shows by name."""
WARNINGS, WIDE_ROW = 8, 72
"""Lines and columns for the notes in the question before sending; the rest is shown below it."""


def describe_mails(plan: "Sending", size: Size, columns: int) -> Text:
    """Describe how the messages are sent, with recipients, subjects and notes.

    Subjects are wrapped to this many columns.
    """
    from patchpilot.sending.plan_rows import HEADER_KEYS, format_plan_rows

    is_small = size.height < TALL and size.width < WIDE
    delivery_keys = ("transport",) if is_small else ("transport", "sender", "password")
    rows = [
        Text.assemble(plain_text(f"{row.label.title()} ", HEADING), plain_text(row.text))
        for row in format_plan_rows(plan, delivery_keys)
    ]
    for row in format_plan_rows(plan, HEADER_KEYS):
        names = [*row.lines]
        if is_small and len(names) > FEW:
            names[FEW:] = [f"+{len(names) - FEW}"]
        text = wrap_with_indent(join_with_dots(*names), columns, 5)
        rows.append(Text.assemble(plain_text(f"{row.label:5}", HEADING), plain_text(text)))
    for number, row in enumerate(format_plan_rows(plan, ("message",)), 1):
        subject = wrap_with_indent(row.text, columns, 5)
        rows.append(Text.assemble(plain_text(f"{number:>2}   ", HEADING), plain_text(subject)))
    rows += [
        highlight_code(f"{row.label}: {replace_commands(row.advice, Stage.SEND)}", QUIET)
        for row in format_plan_rows(plan, ("note",))
    ]
    return join_lines(rows)


def next_step_rows(sending: "Sending", columns: int) -> list[Text]:
    link = Text.assemble(("Archive: ", HEADING), plain_text(sending.link))
    rows = [link] * bool(sending.link)
    for sentence in sending.now:
        step_text = wrap_with_indent(replace_commands(sentence, Stage.SEND), columns, 2)
        rows.append(Text.assemble(f"{glyph('folded')} ", highlight_code(step_text)))
    return rows


def send_question(plan: "Sending") -> tuple[Text, list[str]]:
    """Return the question to ask before sending, and the lines below it.

    The question contains the subject, the number of people and public lists, and the notes, with a
    sign if something can be done about them. The lines contain the names and the mail server.
    """
    from patchpilot.sending.plan_rows import QUESTION_KEYS, format_plan_rows
    from patchpilot.settings.read_settings import is_in_demo

    consequence = (
        "In the demo no message leaves this machine."
        if is_in_demo()
        else "A message cannot be recalled."
    )
    mails = plan.send.waiting_messages
    more_text = f" (and {format_count(len(mails) - 1, 'more message')})" if len(mails) > 1 else ""
    rows = [plain_text(f"{mails[0].subject}{more_text}", STRONG)]
    notes = []
    for row in format_plan_rows(plan, QUESTION_KEYS):
        if row.key == "warning":
            # without advice, nothing can be done about it
            sign = glyph("warning") if row.advice else " "
            notes.append(wrap_with_indent(f"{sign} {row.text}", WIDE_ROW, 2))
        else:
            rows.append(plain_text(row.text, QUESTION_STYLES[row.tone]))
    lines = list(accumulate(note.count("\n") + 1 for note in notes))
    shown_count = sum(count <= WARNINGS for count in lines)
    rows += [plain_text(note, "yellow") for note in notes[:shown_count]]
    if hidden_notes := notes[shown_count:]:
        rows.append(plain_text(f"{format_count(len(hidden_notes), 'more note')} below", "yellow"))
    details = [
        *(f"{row.label}: {row.text}" for row in format_plan_rows(plan, ("lists", "people"))),
        "",
        f"Transport: {plan.account.label}. {consequence}",
    ]
    for note in hidden_notes:
        details += ["", note]
    return join_lines(rows), details


QUESTION_STYLES = {"": "", "bad": STRONG, "unknown": "yellow"}
"""Maps the tone of a row in the question before sending to its style."""
MAIL_SIGNS = {
    "pending": "nothing",
    "sending": "busy",
    "accepted": "done",
    "rejected": "blocked",
    "unknown": "warning",
}
"""Maps the state of a message to its sign."""
REPAIRS = {
    "missing-target-tree": ("tree", "press a to set the target tree"),
    "split-recipients": ("to_cover", "press a to choose who receives which patches"),
    "cover-subject": ("edit", "press a to open the cover letter in your editor"),
    "cover-text": ("edit", "press a to open the cover letter in your editor"),
    "no-cover": ("edit", "press a to open a cover letter in your editor"),
    "no-changelog": ("edit", "press a to open the changelog in your editor"),
    "same-commits": (
        "resend",
        "did you forget to amend? press a to change the commits, or to send the last version again",
    ),
    "unfinished": ("edit", "press a to open the changelog in your editor"),
    "first-time": ("to_self", "press a to send the messages to yourself first"),
    "gateway": ("to_self", "press a to send the messages to yourself first"),
    "unverified-delivery": (
        "arrival",
        "press a to send the messages to yourself, or to report that they arrived",
    ),
    "failing-program": ("server", "press a to set up your mail account here"),
    "local-delivery": ("server", "press a to set up your mail account here"),
    "unanswered-security": (
        "security",
        "press a to see the question and why it matters",
    ),
    "unanswered-regression": (
        "regression",
        "press a to see the question and why it matters",
    ),
    "not-built": ("build", "press a to build the commits at stage 2 Checks"),
    NO_SERVER: ("server", "press a to set up your mail account here"),
}
"""Maps the name of a check to the way `a` repairs it here, and a description.

For other checks, `a` goes to the stage that their help names.
"""
BAR = 40
KEYS = 10
"""Columns for a key in a check's row and its effect."""


def repair_stage(check: "CheckLine") -> Stage | None:
    return first_named_stage(check.hint, Stage.SEND)


def is_fixable(check: "CheckLine") -> bool:
    return check.state != "ok" and (check.name in REPAIRS or repair_stage(check) is not None)


def repair_help(check: "CheckLine") -> str:
    if check.state == "ok":
        return ""
    if check.name in REPAIRS:
        return REPAIRS[check.name][1]
    stage = repair_stage(check)
    hint = replace_commands(check.hint, stage or Stage.SEND)
    return f"press a to go to stage {stage.number} {stage.label}: {hint}" if stage else hint


def check_rows(plan: "Sending", columns: int, *, shows_all: bool) -> list[Row]:
    """Format a plan's checks, most serious first.

    Checks that passed share one row unless `shows_all` is set.
    """
    question_checks = plan.open_questions
    checks = sorted(
        plan.checks,
        key=lambda check: (
            not is_blocking(check),
            check not in question_checks,
            is_passed(check),
            # first show what reviewers are waiting for
            check.name != "open-review",
        ),
    )
    passed_count = sum(map(is_passed, checks))
    rows = [
        Row(
            _check_row(check, columns, is_asked=check in question_checks),
            check,
            check.name,
        )
        for check in checks
        if shows_all or not is_passed(check)
    ]
    if passed_count and not shows_all:
        passed_text = f" {glyph('done'):2} {format_count(passed_count, 'check')} passed"
        passed_row = Text.assemble(
            (fit_text(passed_text, columns - KEYS), "green"), ("x ", KEY), "show"
        )
        rows.append(Row(passed_row))
    return rows


def is_passed(check: "CheckLine") -> bool:
    return check.state == "ok"


def _check_row(check: "CheckLine", columns: int, *, is_asked: bool) -> Text:
    action = ""
    if not is_passed(check):
        action = "answer" if is_asked else "fix" if check.name in REPAIRS else ""
        action = action or ("open" if repair_stage(check) else "")
    sign = CHECK_SIGNS["problem" if is_blocking(check) else check.state]
    if is_asked:
        sign = "todo"
    elif check.state == "note" and not check.hint:
        # nothing can be done about it
        sign = "dot"
    text = fit_text(check.message, max(20, columns - KEYS - 5))
    row = Text.assemble(
        (f" {glyph(sign):2} ", STYLE_OF[sign]),
        plain_text(text, QUIET if is_passed(check) else ""),
    )
    return row.append(" a " if action else "", KEY).append(action)


def mail_row(index: int, state: str, subject: str, detail: str, columns: int) -> Row:
    """Format a message's row: its state and subject, and the server's reply unless the message was
    accepted.

    The row's key is the message's index.
    """
    sign = MAIL_SIGNS[state]
    color = STYLE_OF[sign]
    state_text = f" {glyph(sign):2} {state:9} "
    text = wrap_with_indent(make_one_line(subject), columns, len(state_text))
    row = Text.assemble((state_text, color), plain_text(text))
    if detail and state not in ("accepted", "sending"):
        reason = wrap_with_indent(make_one_line(detail), columns, 4)
        row.append("\n    ").append(plain_text(reason, color))
    return Row(row, state, index)


def progress_rows(
    plan: "Sending", states: Sequence[tuple[str, str]], activity: str, columns: int
) -> list[Row]:
    ended = sum(state not in ("pending", "sending") for state, _ in states)
    filled = BAR * ended // max(1, len(states))
    bar = f" {glyph('bar') * filled}{glyph('bar-rest') * (BAR - filled)} {ended}/{len(states)}"
    rows = [
        Row(plain_text(bar, STYLE_OF["busy"])),
        Row(plain_text(f" {activity}", QUIET)),
    ]
    for index, ((state, detail), mail) in enumerate(zip(states, plan.send.entries, strict=True)):
        rows.append(mail_row(index, state, mail.subject, detail, columns))
    return rows

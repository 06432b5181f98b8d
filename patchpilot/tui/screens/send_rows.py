# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the send stage: the checks, then the messages while they are being sent."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.geometry import Size

from patchpilot.model.printable import crop_text, format_count, make_one_line, width
from patchpilot.tui.screens.preview_rows import (
    CHECK_SIGNS,
    NO_SERVER,
    headline,
    is_blocking,
    open_questions,
    read_recorded_status,
)
from patchpilot.tui.screens.preview_rows import load as load_plan
from patchpilot.tui.view.action_keys import first_stage, replace_commands
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    HEADING,
    KEY,
    QUIET,
    STRONG,
    fit_text,
    highlight_code,
    lines,
    plain,
    wrap_hanging,
)
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import NEEDS_YOU, Stage, StageState, StageStatus
from patchpilot.tui.widgets.lists import Row
from patchpilot.tui.widgets.panel import TALL, WIDE

if TYPE_CHECKING:
    from patchpilot.model.send_problem import CheckLine
    from patchpilot.services.send.sending import Sending


def load(ask: JobRequest) -> "tuple[Sending | None, StageStatus]":
    """Return the plan and the state of the topic's last send.

    Return None before the stage is visited, when only the send record is read.
    """
    from patchpilot.services.send.send_state import add_last_send, is_plan_outdated

    if not ask.visited:
        return None, read_recorded_status(ask, Stage.SEND)
    # reuse the preview's plan if it is still valid
    planned: Sending | None = ask.session.fresh(Stage.PREVIEW)
    if planned is None or is_plan_outdated(ask.repository, planned):
        planned, seen = load_plan(ask)
        assert planned is not None
        ask.session.remember(Stage.PREVIEW, planned, seen)
    result = add_last_send(ask.repository, planned)
    return result, status_of(result)


def status_of(sending: "Sending") -> StageStatus:
    last, blocked = sending.last, sending.blocking_problem
    state, note, count = StageState.TODO, headline(sending), 0
    if sending.is_unfinished and last:
        state = StageState.BLOCKED
        count = sum(entry.state != "accepted" for entry in last.entries)
        left = format_count(count, "message")
        note = (
            f"v{last.version} was interrupted: {left} not accepted; press s to resume"
        )
    elif sending.is_sent:
        state, version = StageState.DONE, (last or sending.send).version
        note = f"v{version} was sent; press n to read the replies"
    elif sending.refused or blocked:
        state, count = StageState.BLOCKED, len(sending.blockers) + bool(blocked)
    elif not (count := len(open_questions(sending))):
        note = 'press s, then type "send" to confirm'
    return StageStatus(state, note, str(count or ""))


FEW = 2
"""Number of recipients per header that a small terminal shows by name."""
WARNINGS, WIDE_ROW = 8, 72
"""Lines and columns for the warnings in the question before sending.

Further warnings, and the full text of those that were cut, are shown below it.
"""


def mails_text(plan: "Sending", size: Size, columns: int) -> Text:
    """Describe how the messages are sent, with recipients, subjects and notes.

    Subjects are wrapped to this many columns.
    """
    small = size.height < TALL and size.width < WIDE
    rows = [
        Text.assemble(plain(f"{label.title()} ", HEADING), plain(str(value)))
        for label, value, style in plan.delivery
        if style == "main" and not (small and label != "transport")
    ]
    for header in ("to", "cc"):
        named = [
            f"{make_one_line(recipient.address.called)} ({recipient.role})"
            for recipient in plan.recipients
            if recipient.header == header
        ]
        if small and len(named) > FEW:
            named[FEW:] = [f"+{len(named) - FEW}"]
        if named:
            text = wrap_hanging(f" {glyph('dot')} ".join(named), columns, 5)
            rows.append(
                Text.assemble(plain(f"{header.title():5}", HEADING), plain(text))
            )
    for at, mail in enumerate(plan.send.entries, 1):
        subject = wrap_hanging(make_one_line(mail.subject), columns, 5)
        rows.append(Text.assemble(plain(f"{at:>2}   ", HEADING), plain(subject)))
    rows += [
        highlight_code(f"{label}: {replace_commands(value, Stage.SEND)}", QUIET)
        for label, value, style in plan.delivery
        if style == "note"
    ]
    return lines(rows)


def sent_rows(sending: "Sending", columns: int) -> list[Text]:
    link = Text.assemble(("Archive: ", HEADING), plain(sending.link))
    now = [link] * bool(sending.link)
    for sentence in sending.now:
        words = wrap_hanging(replace_commands(sentence, Stage.SEND), columns, 2)
        now.append(Text.assemble(f"{glyph('folded')} ", highlight_code(words)))
    return now


def question(planned: "Sending") -> tuple[Text, list[str]]:
    """Return the question before sending, and the lines below it.

    The question has the subject, the number of people and public lists, and the warnings; the names
    and the mail server are below it.
    """
    from patchpilot.services.send.send_state import split_lists_and_contacts
    from patchpilot.settings.read_settings import is_in_demo

    lists_, contacts = split_lists_and_contacts(planned)
    where = (
        "In the demo no message leaves this machine."
        if is_in_demo()
        else "A message cannot be recalled."
    )
    mails = planned.send.entries
    more = (
        f" (and {format_count(len(mails) - 1, 'more message')})"
        if len(mails) > 1
        else ""
    )
    people = format_count(len(contacts), "person", "people")
    public = (
        f" and {format_count(len(lists_), 'public list')}"
        if lists_
        else ", no public list"
    )
    rows = [
        plain(f"{mails[0].subject}{more}", STRONG),
        plain(f"to {people}{public}", STRONG if lists_ else ""),
    ]
    if planned.draft.is_undisclosed:
        words = "undisclosed: sent to the maintainers and the security team only"
        rows.append(plain(words, "yellow"))
    # first show what reviewers are waiting for
    told = [
        f"{glyph('warning')} {make_one_line(warning.message)}"
        for warning in sorted(planned.warnings, key=lambda it: it.name != "open-review")
    ]
    shown, further = told[:WARNINGS], told[WARNINGS:]
    rows += [plain(crop_text(text, WIDE_ROW), "yellow") for text in shown]
    if further:
        rows.append(
            plain(f"{format_count(len(further), 'more warning')} below", "yellow")
        )
    cut = [text for text in shown if width(text) > WIDE_ROW]
    below = [
        "Public lists: "
        + (", ".join(recipient.address.email for recipient in lists_) or "none"),
        "Maintainers and others: "
        + (", ".join(contact.address.called for contact in contacts) or "none"),
        "",
        f"Transport: {planned.account.label}. {where}",
    ]
    for text in (*cut, *further):
        below += ["", wrap_hanging(text, WIDE_ROW, 2)]
    return lines(rows), below


MAIL_SIGNS = {
    "pending": ("nothing", "dim"),
    "sending": ("busy", "cyan"),
    "accepted": ("done", "green"),
    "rejected": ("blocked", "bold red"),
    "unknown": ("warning", "yellow"),
}
"""Maps the state of a message to its glyph and color."""
REPAIRS = {
    "missing-target-tree": ("tree", "press a to set the target tree"),
    "cover-subject": ("edit", "press a to open the cover letter in your editor"),
    "cover-text": ("edit", "press a to open the cover letter in your editor"),
    "no-cover": ("edit", "press a to open a cover letter in your editor"),
    "no-changelog": ("edit", "press a to open the changelog in your editor"),
    "unfinished": ("edit", "press a to open the changelog in your editor"),
    "first-time": ("to_self", "press a to send the messages to yourself first"),
    "gateway": ("to_self", "press a to send the messages to yourself first"),
    "unanswered-security": (
        "security",
        "press a to see the question and why it matters",
    ),
    "unanswered-regression": (
        "regression",
        "press a to see the question and why it matters",
    ),
    NO_SERVER: ("server", "press a to set up your mail account here"),
}
"""Maps the name of a check to the way `a` repairs it here, and a description.

For other checks, `a` goes to the stage that their help names.
"""
BAR = 40
KEYS = 10
"""Columns for a key in a check's row and its effect."""


def stage_for(check: "CheckLine") -> Stage | None:
    return first_stage(check.hint, Stage.SEND)


def is_fixable(check: "CheckLine") -> bool:
    return check.state != "ok" and (
        check.name in REPAIRS or stage_for(check) is not None
    )


def help_of(check: "CheckLine") -> str:
    if check.state == "ok":
        return ""
    if check.name in REPAIRS:
        return REPAIRS[check.name][1]
    stage = stage_for(check)
    hint = replace_commands(check.hint, stage or Stage.SEND)
    return (
        f"press a to go to stage {stage.number} {stage.label}: {hint}"
        if stage
        else hint
    )


def check_rows(plan: "Sending", columns: int, *, all_rows: bool) -> list[Row]:
    """Format a plan's checks, most serious first.

    Checks that passed share one row unless `all_rows` is set.
    """
    asked = open_questions(plan)
    checks = sorted(
        plan.checks,
        key=lambda check: (
            not is_blocking(check),
            check not in asked,
            is_passed(check),
            # first show what reviewers are waiting for
            check.name != "open-review",
        ),
    )
    passed = sum(map(is_passed, checks))
    rows = [
        Row(_row(check, columns, is_asked=check in asked), check, check.name)
        for check in checks
        if all_rows or not is_passed(check)
    ]
    if passed and not all_rows:
        words = f" {glyph('done'):2} {format_count(passed, 'check')} passed"
        show = Text.assemble(
            (fit_text(words, columns - KEYS), "green"), ("x ", KEY), "show"
        )
        rows.append(Row(show))
    return rows


def is_passed(check: "CheckLine") -> bool:
    return check.state == "ok"


def _row(check: "CheckLine", columns: int, *, is_asked: bool) -> Text:
    does = ""
    if not is_passed(check):
        does = "answer" if is_asked else "fix" if check.name in REPAIRS else ""
        does = does or ("open" if stage_for(check) else "")
    sign, style = CHECK_SIGNS["problem" if is_blocking(check) else check.state]
    if is_asked:
        sign, style = "todo", NEEDS_YOU
    text = fit_text(check.message, max(20, columns - KEYS - 5))
    row = Text.assemble(
        (f" {glyph(sign):2} ", style), plain(text, QUIET if is_passed(check) else "")
    )
    return row.append(" a " if does else "", KEY).append(does)


def mail_row(at: int, state: str, subject: str, detail: str, columns: int) -> Row:
    """Format a message's row: its state and subject, and the server's reply unless the message was
    accepted.

    The row's key is the message's index.
    """
    sign, color = MAIL_SIGNS[state]
    head = f" {glyph(sign):2} {state:9} "
    text = wrap_hanging(make_one_line(subject), columns, len(head))
    row = Text.assemble((head, color), plain(text))
    if detail and state not in ("accepted", "sending"):
        row.append("\n    ").append(plain(make_one_line(detail), color))
    return Row(row, state, at)


def progress_rows(
    plan: "Sending", states: Sequence[tuple[str, str]], doing: str, columns: int
) -> list[Row]:
    ended = sum(state not in ("pending", "sending") for state, _ in states)
    full = BAR * ended // max(1, len(states))
    bar = f" {glyph('bar') * full}{glyph('bar-rest') * (BAR - full)} {ended}/{len(states)}"
    rows = [Row(plain(bar, MAIL_SIGNS["sending"][1])), Row(plain(f" {doing}", QUIET))]
    for at, ((state, detail), mail) in enumerate(
        zip(states, plan.send.entries, strict=True)
    ):
        rows.append(mail_row(at, state, mail.subject, detail, columns))
    return rows

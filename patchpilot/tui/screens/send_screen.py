# SPDX-License-Identifier: GPL-2.0-or-later
"""The send stage: the pre-flight card with one verdict, repairs, a typed confirmation, a line for
each mail, and what happens afterwards.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from patchpilot.errors import PatchpilotError
from patchpilot.model.action import actions
from patchpilot.model.counted import counted
from patchpilot.model.printable import crop, crop_middle, one_line
from patchpilot.tui.screens.mail_rows import (
    NO_SERVER,
    check_lines,
    is_blocking,
    kilobytes,
    mail_size,
    name_of,
    people_lines,
)
from patchpilot.tui.screens.repair_keys import (
    choose_prefix,
    edit_draft,
    repair,
    switch_transport,
    undo_repair,
)
from patchpilot.tui.stage.job_errors import as_error
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.action_keys import in_keys, key_of
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    HEADING,
    KEY,
    QUIET,
    STRONG,
    fitted,
    lines,
    plain,
    with_code,
    wrapped,
)
from patchpilot.tui.view.shown_keys import WAIT, NextKey, ShownKeys
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.confirm import Confirm
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.keyline import NEXT
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.panel import BROAD, TALL, WIDE, Columns, Panel

if TYPE_CHECKING:
    from patchpilot.services.repair import Repaired, Repairs
    from patchpilot.services.send.after_send import SendReport
    from patchpilot.services.send.preflight_card import CheckLine, PreflightCard
    from patchpilot.services.send.send_plan import SendPlan, SendResult
    from patchpilot.services.send.send_state import TopicSend

MAIL_SIGNS = {
    "pending": ("nothing", "dim"),
    "sending": ("busy", "cyan"),
    "accepted": ("done", "green"),
    "rejected": ("blocked", "bold red"),
    "unknown": ("stale", "yellow"),
}
"""State of a mail → its glyph and its color."""
REPAIRS = {
    "no-signoff": (
        "sign_off",
        "press a to sign off the patches; it first shows what that certifies",
    ),
    "missing-target-tree": ("tree", "press a to set the target tree"),
    "check-errors": ("fixes", "press a to see the safe fixes and tags, then apply them"),
    "check-warnings": ("fixes", "press a to see the safe fixes and tags, then apply them"),
    "tags": ("review_tags", "press a to add the review tags"),
    "cover-subject": ("edit", "press a to open the cover letter in your editor"),
    "cover-text": ("edit", "press a to open the cover letter in your editor"),
    "no-cover": ("edit", "press a to open a cover letter in your editor"),
    "no-changelog": ("edit", "press a to open the changelog in your editor"),
    "unfinished": ("edit", "press a to open the changelog in your editor"),
    "first-time": ("to_self", "press a to send the mails to yourself first"),
    "gateway": ("to_self", "press a to send the mails to yourself first"),
    "unanswered-security": ("security", "press a to see the question and why it matters"),
    "unanswered-regression": ("regression", "press a to see the question and why it matters"),
    NO_SERVER: ("server", "press a to see all git config commands"),
}
"""Name of a check → how `a` repairs it here, and that in words.

For others `a` goes to the stage that their help names.
"""
CERTAIN = frozenset(("missing-target-tree", "check-errors", "check-warnings", "tags"))
"""The checks of which `A` repairs what is certain."""
BEFORE = ("send", "repair", "repair_all", "to_self")
"""The actions before a send."""
BAR = 40
NOTE = 160
"""Columns of a note in the question before the send."""
READER = 84
"""Columns of the mail on a broad terminal (see patchpilot.tcss)."""
AROUND = 14
"""Columns of a check's row that its message cannot take: the border, its sign, its key and what
that does.
"""


def stage_for(check: "CheckLine") -> Stage | None:
    """The stage that a check's help names."""
    keys = (key_of(action) for action in actions(check.hint))
    return next((key.stage for key in keys if key and key.stage not in (None, Stage.SEND)), None)


def help_of(check: "CheckLine") -> str:
    """What repairs a check, in keys; "" for one that is in order."""
    if check.state == "ok":
        return ""
    if check.name in REPAIRS:
        return REPAIRS[check.name][1]
    stage = stage_for(check)
    hint = in_keys(check.hint, stage or Stage.SEND)
    return f"press a to go to stage {stage.number} {stage.label}: {hint}" if stage else hint


class SendScreen(StageScreen):
    """The send stage."""

    stage = Stage.SEND
    AUTO_FOCUS = "#checks"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "cancel",
            "stop after this mail",
            key_display="Esc",
            tooltip="while mails are sent: stop after the current one",
        ),
        Binding("s", "send", "send", tooltip="send the mails, after confirmation"),
        Binding("a", "repair", "fix", tooltip="fix the problem that the selected check found"),
        Binding(
            "A",
            "repair_all",
            "fix all",
            tooltip="apply all safe fixes (code, tags, target tree) after showing them",
        ),
        Binding(
            "e",
            "edit",
            "edit cover",
            show=False,
            tooltip="edit cover letter, changelog and notes in your editor",
        ),
        Binding(
            "o",
            "transport",
            "switch transport",
            show=False,
            tooltip="switch the transport: git send-email or b4",
        ),
        Binding(
            "m", "to_self", "send to yourself", tooltip="send the mails only to yourself, as a test"
        ),
        Binding(
            "R", "resume", "resume", tooltip="resume an interrupted send; no mail is sent twice"
        ),
        Binding(
            "u",
            "undo",
            "undo",
            show=False,
            tooltip="undo the last fix, or the last rewrite of your commits",
        ),
    ]

    class Mail(Message):
        """A step of a mail: its place, its state, and what the server said.

        Without a place a line of progress.
        """

        def __init__(self, place: int | None, state: str, detail: str) -> None:
            super().__init__()
            self.place, self.state, self.detail = place, state, detail

    class Ended(Message):
        """Sending ended; `planned` is the plan that was sent."""

        def __init__(
            self,
            planned: "SendPlan",
            result: "SendResult | None",
            report: "SendReport | None",
            error: PatchpilotError | None,
        ) -> None:
            super().__init__()
            self.planned, self.result, self.report, self.error = planned, result, report, error

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._checks: tuple[CheckLine, ...] = ()
        self._repaired: Repaired | None = None
        self._sending: SendPlan | None = None
        self._states: list[tuple[str, str]] = []
        self._progress = ""
        self._stopping = False

    def body(self) -> ComposeResult:
        """Before a send the checks and the mails to send, after it each mail and what happens next."""  # noqa: E501
        with Container(id="send"):
            with Container(id="send-side"):
                with Columns(id="before"):
                    yield Panel(
                        List(ident="checks"),
                        Static(id="check", markup=False),
                        title="Ready?",
                        id="ready",
                        classes="main",
                    )
                    with (
                        Panel(title="Mails to send", id="to-send"),
                        VerticalScroll(can_focus=False),
                    ):
                        yield Static(id="sending", markup=False)
                with Columns(id="after"):
                    with Panel(title="Sending", id="progress"), VerticalScroll(id="scroll"):
                        yield Static(id="mails", markup=False)
                    with Panel(title="What happens now", id="end"), VerticalScroll():
                        yield Static(id="now", markup=False)
            yield Panel(DiffView(ident="read-mail"), title="Mail", id="send-mail")

    def on_mount(self) -> None:
        """Show the half before a send."""
        super().on_mount()
        self._switch(sent=False)

    def _switch(self, *, sent: bool) -> None:
        self.query_one("#before").display, self.query_one("#after").display = not sent, sent
        self.query_one("#ready").set_class(not sent, "main")
        self.query_one("#progress").set_class(sent, "main")
        self.query_one("#progress").remove_class("-accepted")

    @property
    def shown_keys(self) -> ShownKeys:
        """What can be done now: a and A come before s, and nothing that would leave the mails alone
        while they are sent.
        """
        known: TopicSend | None = self._shown
        if self._sending:
            hidden = {*BEFORE, "resume", "leave", NEXT, *(("cancel",) if self._stopping else ())}
        elif self.query_one("#after").display:
            is_unfinished = known and (
                known.unfinished or (known.result is not None and known.result.state != "sent")
            )
            hidden = {*BEFORE, "cancel", *(() if is_unfinished else ("resume",))}
        else:
            is_blocked = known and (known.plan.refused or known.plan.blocked)
            hidden = {"resume", "cancel", *(("send",) if is_blocked else ())}
            if known and not self._certain:
                hidden |= {"repair_all"}
        return ShownKeys(hidden=frozenset(hidden))

    @property
    def _certain(self) -> bool:
        """Whether A repairs something."""
        return any(check.name in CERTAIN for check in self._checks)

    def show(self, result: "TopicSend") -> None:
        """Show the checks and the mails to send, or the record of the send."""
        if self._sending:
            return
        if result.report:
            self._show_end(result.plan, result.report)
        else:
            self._show_plan(result.plan)
        self.keys_changed()

    # before the send

    def _show_plan(self, plan: "SendPlan") -> None:
        from patchpilot.services.send.preflight_card import preflight_card

        card = preflight_card(plan)
        self._switch(sent=False)
        panel, chosen = self.query_one("#ready", Panel), self.query_one("#checks", List)
        name = self._selected.name if self._selected else ""
        self._checks = _ordered(card)
        with self.prevent(OptionList.OptionHighlighted):
            chosen.clear_options()
            chosen.add_options(Option(self._row(check)) for check in self._checks)
            chosen.highlighted = next(
                (at for at, check in enumerate(self._checks) if check.name == name), 0
            )
        panel.heading = f"{card.verdict[:1].upper()}{card.verdict[1:]}"
        own = (
            "the sign-off is asked separately"
            if any(check.name == "no-signoff" for check in self._checks)
            else ""
        )
        panel.count = " · ".join(
            part
            for part in ("press A to apply all safe fixes" if self._certain else "", own)
            if part
        )
        self.query_one("#sending", Static).update(self._mails_text(plan))
        self.query_one("#to-send", Panel).heading = f"{counted(len(plan.waiting), 'mail')} to send"
        self._show_check()
        self._show_mail(plan, ())
        chosen.focus()

    def _show_mail(self, plan: "SendPlan", ids: "Collection[str]") -> None:
        """Next to the rest, where there is room: the first mail as its readers see it.

        After a send that of these Message-IDs.
        """
        from patchpilot.services.send.readable_mail import readable_lines

        panel = self.query_one("#send-mail", Panel)
        at, mail = next(
            (
                (at, mail)
                for at, mail in enumerate(plan.mails, 1)
                if not ids or mail.message_id in ids
            ),
            (0, None),
        )
        panel.set_class(mail is None, "-none")
        if mail:
            self.query_one("#read-mail", DiffView).fill(readable_lines(mail))
            panel.heading = f"Mail {at}/{len(plan.mails)} {glyph('dot')} {mail.subject}"
            panel.count = mail_size(mail)

    @property
    def _selected(self) -> "CheckLine | None":
        at = self.query_one("#checks", List).highlighted
        return self._checks[at] if at is not None and at < len(self._checks) else None

    def _row(self, check: "CheckLine") -> Text:
        room = max(20, self._list_width() - AROUND)
        does = (
            ""
            if check.state == "ok"
            else "fix"
            if check.name in REPAIRS
            else "open"
            if stage_for(check)
            else ""
        )
        first, *more = check_lines(check, room + 3)
        first.truncate(room + 3, pad=True)
        key = Text.assemble(plain(f"  {'a' if does else ' '} ", KEY), plain(f"{does:<4}", QUIET))
        if self.size.height < TALL and more:
            # the text below the list has all of it
            first = Text.assemble(first[:3], plain(fitted(check.message, room)))
            more = []
        return lines([first + key, *more])

    def _list_width(self) -> int:
        wide = self.size.width or 80
        if wide >= BROAD and self.size.height >= TALL:
            return wide - READER
        return wide * 3 // 5 if wide >= WIDE else wide

    def _mails_text(self, plan: "SendPlan") -> Text:
        """Transport, server and login, who gets the mails, their subjects, and remarks."""
        account, dot = plan.account, f" {glyph('dot')} "
        login = f"password from {account.password_from}" if account.needs_login else "no login"
        small = self.size.height < TALL and self.size.width < WIDE
        rows = [
            plain(
                dot.join(
                    (
                        counted(len(plan.waiting), "mail"),
                        plan.request.via,
                        account.label,
                        *(() if plan.blocked else (login,)),
                    )
                )
            )
        ]
        rows += (
            [Text.assemble(plain("From ", HEADING), plain(str(account.sender)))]
            if account.sender and not small
            else []
        )
        rows += self._everybody(plan)
        rows += [plain("")] if not small else []
        for at, mail in enumerate(plan.mails, 1):
            size = "" if small else f"{kilobytes(mail)}  "
            rows.append(
                Text.assemble(
                    plain(f"{at:>2}   ", HEADING), plain(size, QUIET), plain(one_line(mail.subject))
                )
            )
        rows += [
            with_code(f"note: {in_keys(remark, Stage.SEND)}", QUIET) for remark in plan.remarks
        ]
        return lines(rows)

    def _everybody(self, plan: "SendPlan") -> list[Text]:
        """Who is in To and Cc, with their roles: a line each where there is room, else in one text,
        on a small terminal the first two of each.
        """
        if self.size.height >= TALL and self.size.width >= WIDE:
            return people_lines(plan)
        rows = []
        for header in ("to", "cc"):
            named = [
                f"{name_of(recipient)} ({recipient.role})"
                for recipient in plan.recipients
                if recipient.header == header
            ]
            shown = named[:2] if self.size.height < TALL and self.size.width < WIDE else named
            texts = shown + ([f"+{len(named) - len(shown)}"] if len(named) > len(shown) else [])
            if texts:
                rows.append(
                    Text.assemble(
                        plain(f"{header.title():4} ", HEADING),
                        plain(f" {glyph('dot')} ".join(texts)),
                    )
                )
        return rows

    @property
    def next_key(self) -> NextKey | None:
        """What blocks first, then the send; None once it was sent."""
        known: TopicSend | None = self.current
        if known is None or self._sending:
            return WAIT
        if known.unfinished:
            return NextKey("R", "resume sending")
        if known.is_sent:
            return None
        if not known.plan.refused and not known.plan.blocked:
            return NextKey("s", "send")
        check = self._selected
        if check is None or not is_blocking(check):
            return NextKey("Home", "select the first problem")
        return NextKey("a", "fix the selected problem")

    def _show_check(self) -> None:
        """Below the list: the selected check in full, and what repairs it."""
        check, known = self._selected, self._shown
        rows = [with_code(help_of(check), STRONG)] if check and help_of(check) else []
        if check and known and check.name == NO_SERVER:
            from patchpilot.services.send.send_state import blocked_help

            rows.append(with_code(f"run in a shell: {blocked_help(known.plan)[0]}"))
        if check and self.size.height < TALL:
            # its row may have no room for all of it
            rows.append(with_code(one_line(check.message)))
        self.query_one("#check", Static).update(lines(rows))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the check under the cursor in full."""
        self._show_check()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter does what `a` does."""
        event.stop()
        self.action_repair()

    def on_resize(self) -> None:
        """The rows of the list and the recipients follow the size."""
        super().on_resize()
        chosen, known = self.query_one("#checks", List), self._shown
        for at, check in enumerate(self._checks[: chosen.option_count]):
            chosen.replace_option_prompt_at_index(at, self._row(check))
        if self._sending:
            self._draw_mails()
        elif known and known.report:
            # once the panels have their size
            self.call_after_refresh(self._draw_end, known.plan, known.report)
        elif known:
            self._show_check()
            self.query_one("#sending", Static).update(self._mails_text(known.plan))

    # repairs

    def action_repair(self) -> None:
        """Repair what the selected check found, here or at the stage that does it."""
        check, plan = self._selected, self._plan
        if check is None or plan is None:
            return
        if check.state == "ok":
            self.notify("nothing to fix: this check passed", timeout=3)
            return
        if check.name in REPAIRS:
            self._repairs()[REPAIRS[check.name][0]](plan)
        elif stage := stage_for(check):
            self.tui.action_stage(str(stage))
        else:
            self.notify(
                in_keys(check.hint, Stage.SEND)
                or "this cannot be fixed automatically; fix it manually",
                timeout=6,
            )

    def _repairs(self) -> "dict[str, Callable[[SendPlan], None]]":
        """What `a` does, by its word in REPAIRS."""
        return {
            "sign_off": self._sign_off,
            "tree": lambda plan: choose_prefix(self, plan, self._changed),
            "fixes": self._make_fixes,
            "review_tags": self._add_review_tags,
            "edit": lambda _: self.action_edit(),
            "to_self": lambda _: self.action_to_self(),
            "security": lambda _: self._ask("security"),
            "regression": lambda _: self._ask("regression"),
            "server": self._show_blocked,
        }

    @property
    def _plan(self) -> "SendPlan | None":
        known: TopicSend | None = self.current
        if known is None:
            self.notify("not ready yet", timeout=2)
        return known.plan if known else None

    def _ask(self, name: str) -> None:
        from patchpilot.tui.actions.questions import ask_named

        ask_named(self, name, lambda: self.tui.jobs.begin(self.stage))

    def _sign_off(self, plan: "SendPlan") -> None:
        from patchpilot.services.repair import SIGN_OFF

        repair(self, plan, (SIGN_OFF,), self._done, self._nothing_certain)

    def _make_fixes(self, plan: "SendPlan") -> None:
        from patchpilot.services.repair import FIXES, TAGS

        def none(_: "Repairs") -> None:
            self.notify(
                f"no safe fix for these findings; stage {Stage.CHECKS.number} shows them", timeout=6
            )
            self.tui.action_stage(str(Stage.CHECKS))

        repair(self, plan, (FIXES, TAGS), self._done, none)

    def _add_review_tags(self, plan: "SendPlan") -> None:
        from patchpilot.services.repair import REVIEW_TAGS

        repair(self, plan, (REVIEW_TAGS,), self._done, self._nothing_certain)

    def action_repair_all(self) -> None:
        """Repair all that is certain; what changes is shown first."""
        from patchpilot.services.repair import CERTAIN as ALL

        plan = self._plan
        if plan:
            repair(self, plan, ALL, self._done, self._nothing_certain)

    def _nothing_certain(self, repairs: "Repairs") -> None:
        why = f": {'; '.join(repairs.left)}" if repairs.left else ""
        self.notify(f"no safe fixes to apply{why}", timeout=6)

    def _done(self, done: "Repaired") -> None:
        self._repaired = done
        self.notify(
            "; ".join((f"fixed: {', '.join(done.words)}; press u to undo", *done.costs)), timeout=10
        )
        self._changed()

    def action_undo(self) -> None:
        """Undo the last repair as a whole, else the last rewrite of the commits."""
        if self._repaired:
            done, self._repaired = self._repaired, None
            undo_repair(self, done, self._changed)
            return
        from patchpilot.tui.actions.undo_action import undo

        undo(self)

    def action_transport(self) -> None:
        """Switch to the next transport."""
        known: TopicSend | None = self._shown
        if not self._sending:
            switch_transport(self, known.plan if known else None)

    def action_edit(self) -> None:
        """Edit cover letter, changelog and notes in one text."""
        edit_draft(self, self._changed)

    def _changed(self) -> None:
        self.session.changed("draft")
        self.reread()
        self.tui.jobs.begin(self.stage)

    # the act

    def action_send(self) -> None:
        """Ask for confirmation, then send."""
        known: TopicSend | None = self.current
        if known is None or self.tui.sending:
            self.notify("not ready yet", timeout=2)
        elif known.unfinished:
            self.notify(
                "the last send was interrupted; press R to resume it first", severity="warning"
            )
        elif known.is_sent:
            self.notify(
                f"this version was sent; stage {Stage.FOLLOW.number} shows the replies, v there"
                " makes the next version",
                severity="warning",
            )
        elif known.plan.refused:
            from patchpilot.services.send.preflight_card import preflight_card

            self.notify(
                f"{preflight_card(known.plan).verdict}; press a to fix the selected one",
                severity="warning",
            )
        elif known.plan.blocked:
            self._show_blocked(known.plan)
        else:
            self.app.push_screen(
                Confirm(_question(known.plan), "send", title="Send"),
                lambda agreed: self._go(known.plan) if agreed else None,
            )

    def _show_blocked(self, planned: "SendPlan") -> None:
        from patchpilot.services.send.send_state import blocked_help

        assert planned.blocked
        rows = "\n".join(f"  {line}" for line in blocked_help(planned))
        self.show_error(
            PatchpilotError(
                planned.blocked.message,
                hint=f"run in a shell, then press g here (`patchpilot doctor` tests it):\n{rows}",
            )
        )

    def action_to_self(self) -> None:
        """Send to yourself only: to no list and no maintainer."""
        from patchpilot.services.send.plan_send import plan

        known: TopicSend | None = self._shown
        if known and known.plan.blocked:
            self._show_blocked(known.plan)
            return

        def planned(plan_to_self: "SendPlan") -> None:
            text = (
                f"Send {counted(len(plan_to_self.mails), 'mail')} to yourself only"
                f" ({plan_to_self.account.sender})?"
            )
            if plan_to_self.transport.to_self_note:
                text += f"\n\n{plan_to_self.transport.to_self_note}"
            self.app.push_screen(
                Choose(text, (("yes", "Send to yourself"), ("no", "Cancel"))),
                lambda choice: self._go(plan_to_self) if choice == "yes" else None,
            )

        session = self.session
        self.in_thread(
            "preparing the mails",
            lambda repository, progress: plan(
                repository, session.request(repository, to_self=True), progress=progress
            ),
            planned,
        )

    def action_resume(self) -> None:
        """Resume the last send, with the same Message-IDs."""
        known: TopicSend | None = self._shown
        if known is None or not known.unfinished or known.last is None or self.tui.sending:
            self.notify("no interrupted send to resume", timeout=2)
            return
        if any(entry.state == "unknown" for entry in known.last.entries):
            private = known.last.undisclosed
            where = "your Sent folder" if private else "your Sent folder or the list archive"
            text = (
                f"The server may or may not have accepted some of the mails. Check {where}. Were"
                " they delivered?"
            )
            answers = (
                *(() if private else (("lookup", "Look them up in the archive"),)),
                ("sent", "Yes, they were delivered"),
                ("lost", "No, send them again"),
                ("keep", "Unknown: skip them"),
            )
            self.app.push_screen(
                Choose(text, answers), lambda choice: self._resume(choice) if choice else None
            )
        else:
            self._resume("keep")

    def _resume(self, unknown: str) -> None:
        from patchpilot.services.send.send_state import plan_resumed

        session = self.session

        def work(repository: Any, progress: Any) -> "SendPlan":
            return plan_resumed(
                repository,
                session.settings(repository),
                session.request(repository),
                unknown,
                progress,
            )

        self.in_thread("preparing to resume", work, self._go)

    def action_cancel(self) -> None:
        """While mails are sent: stop after the current one. Else as at every stage."""
        if not self._sending:
            super().action_cancel()
        elif not self._stopping:
            self._stopping = True
            self.keys_changed()
            self.notify("stopping after this mail; press R to send the rest", timeout=6)

    def _go(self, planned: "SendPlan") -> None:
        self.tui.sending = True
        self._sending, self._stopping, self._progress = planned, False, ""
        self._states = [
            (str(planned.states[at]) if planned.states else "pending", "")
            for at in range(len(planned.mails))
        ]
        self._switch(sent=True)
        self.keys_changed()
        self._show_next(shown=False)
        self.query_one(
            "#progress", Panel
        ).heading = f"Sending through {planned.request.via}, {planned.account.label}"
        self.query_one("#progress", Panel).count = ""
        self._draw_mails()
        self._show_sent()
        self.query_one("#scroll").focus()
        self.session.busy[self.stage] = "sending …"
        self.place()
        if planned.account.needs_login:
            # git asks for the password on the terminal, as it always does
            from patchpilot.tui.actions.editing import suspended

            with suspended(self.app):
                print(
                    f"\n{counted(len(planned.mails), 'mail')}, transport {planned.account.label}:"
                    " git asks for the password here\n"
                )
                self._deliver(planned, terminal=True)
        else:
            self.run_worker(
                partial(self._deliver, planned, terminal=False),
                thread=True,
                group="send",
                exclusive=True,
                exit_on_error=False,
            )

    def _deliver(self, planned: "SendPlan", *, terminal: bool) -> None:
        from patchpilot.services.send.after_send import send_report
        from patchpilot.services.send.send_mails import deliver

        def progress(what: str, done: int = 0, total: int | None = None) -> None:
            line = f"{done}/{total} {what}" if total else what
            if terminal:
                print(line)
            elif not total:
                self.post_message(self.Mail(None, "", line))

        def on_mail(place: int, outcome: Any) -> None:
            self.post_message(self.Mail(place, str(outcome.state), outcome.detail))

        try:
            with self.session.repository() as repository:
                result = deliver(
                    repository,
                    planned,
                    terminal=terminal,
                    stopping=lambda: self._stopping,
                    progress=progress,
                    on_mail=on_mail,
                )
                report = send_report(repository, planned, result)
        # shown in the card; the outbox records what was sent
        except BaseException as error:  # noqa: BLE001
            self.post_message(self.Ended(planned, None, None, as_error(error)))
        else:
            self.post_message(self.Ended(planned, result, report, None))

    def on_send_screen_mail(self, message: Mail) -> None:
        """Show a step of a mail."""
        if message.place is None:
            self._progress = message.detail
        elif message.place < len(self._states):
            self._states[message.place] = (message.state, message.detail)
            self._progress = ""
            if message.state == "sending":
                self._show_sent()
        self._draw_mails()

    @property
    def _at(self) -> int:
        """The place of the mail that is sent now, or next."""
        return next(
            (at for at, (state, _) in enumerate(self._states) if state in ("sending", "pending")),
            len(self._states) - 1,
        )

    def _subject(self) -> str:
        """While mails are sent, that of the current one."""
        return self._sending.mails[self._at].subject if self._sending else super()._subject()

    def _show_sent(self) -> None:
        """Show the mail that is sent now, in the title line and as its readers see it."""
        if self._sending:
            self._show_mail(self._sending, {self._sending.mails[self._at].message_id})
            self.place()

    def _draw_mails(self) -> None:
        """The bar, and a line for each mail."""
        plan = self._sending
        if plan is None:
            return
        ended = sum(state not in ("pending", "sending") for state, _ in self._states)
        full = BAR * ended // max(1, len(self._states))
        bar = f"{glyph('bar') * full}{glyph('bar-rest') * (BAR - full)} {ended}/{len(self._states)}"
        rows = [plain(bar, KEY), plain(self._progress, QUIET)]
        for (state, detail), mail in zip(self._states, plan.mails, strict=True):
            rows += _mail_rows(state, mail.subject, detail)
        rows += [Text(), *self._everybody(plan)]
        self.query_one("#mails", Static).update(lines(rows))
        scroll = self.query_one("#scroll", VerticalScroll)
        if self._at + 3 > scroll.size.height:
            scroll.scroll_to(y=self._at + 3 - scroll.size.height // 2, animate=False)

    def on_send_screen_ended(self, message: Ended) -> None:
        """Show what was recorded."""
        self.tui.sending, self._sending = False, None
        self.session.busy.pop(self.stage, None)
        self.session.changed("sent", "followed")
        if message.error or message.result is None or message.report is None:
            self.show_error(
                message.error or PatchpilotError("it is unknown whether the mails were sent")
            )
            self.tui.jobs.begin(self.stage)
            return
        from patchpilot.services.send.send_state import TopicSend, just_sent

        result = message.result
        if message.planned.request.to_self:
            self.notify(
                "sent to yourself; save the mail you receive and try git am on it", timeout=8
            )
            self.tui.jobs.begin(self.stage)
            return
        done = TopicSend(message.planned, None, result, message.report)
        good = result.state == "sent"
        note = (
            f"v{result.version} was sent; press n to see the replies"
            if good
            else f"{message.report.headline}; press R to resume"
        )
        self.session.remember(
            self.stage, done, StageStatus(StageState.DONE if good else StageState.BLOCKED, note)
        )
        if good:
            self._repaired = None
            seen = just_sent(message.planned, result)
            self.session.remember(
                Stage.PREVIEW, seen, StageStatus(StageState.DONE, f"v{result.version} was sent")
            )
        self.tui.remember()
        self._shown = done
        self.show(done)
        self.place()
        if not good:
            self.tui.jobs.begin(self.stage)

    # after the send

    def _columns(self, panel: str) -> int:
        """The columns of a text in a panel, without its border and padding.

        Before it has its size those of the terminal.
        """
        return (self.query_one(panel).size.width or (self.size.width or 80)) - 4

    def _show_next(self, *, shown: bool) -> None:
        """Show or hide what happens next; without it the mails have all the room."""
        self.query_one("#end").display = shown
        self.query_one("#progress").set_class(not shown, "-alone")

    def _show_end(self, plan: "SendPlan", report: "SendReport") -> None:
        """Each mail with its Message-ID, the first one in full, and the card of what happens now."""  # noqa: E501
        self._switch(sent=True)
        panel = self.query_one("#progress", Panel)
        is_sent, dot = all(mail.state == "accepted" for mail in report.mails), f" {glyph('dot')} "
        at = (
            f" {report.at:{'%H:%M' if report.at.date() == datetime.now().astimezone().date() else '%Y-%m-%d %H:%M'}}"  # noqa: E501
            if report.at
            else ""
        )
        banner = (f"{glyph('done')} SENT{at}",) if is_sent else ()
        panel.heading, panel.count = dot.join((*banner, report.headline, plan.request.via)), ""
        panel.set_class(is_sent, "-accepted")
        # once the panels have their size
        self.call_after_refresh(self._draw_end, plan, report)
        self._show_mail(plan, {mail.message_id for mail in report.mails})
        self._show_next(shown=bool(report.now or any(mail.link for mail in report.mails)))
        self.query_one("#end", Panel).heading = "What happens now" if is_sent else "What to do"
        self.query_one("#scroll").focus()

    def _draw_end(self, plan: "SendPlan", report: "SendReport") -> None:
        """The texts of the end card in the room that they have."""
        rows: list[Text] = []
        for mail in report.mails:
            rows += [
                *_mail_rows(str(mail.state), mail.subject, mail.detail),
                plain(crop_middle(f" <{mail.message_id}>", self._columns("#progress")), QUIET),
            ]
        if self.size.height >= TALL:
            rows += [Text(), *self._everybody(plan)]
        self.query_one("#mails", Static).update(lines(rows))
        link = next((mail.link for mail in report.mails if mail.link), "")
        now = (
            [
                Text.assemble(
                    plain("Archive: ", HEADING),
                    plain(crop_middle(link, self._columns("#end") - len("Archive: "))),
                )
            ]
            if link
            else []
        )
        for sentence in report.now:
            # where there is room, a blank line between them
            gap = "\n" if self.size.width >= BROAD and self.size.height >= TALL else ""
            words = "\n  ".join(wrapped(in_keys(sentence, Stage.SEND), self._columns("#end") - 2))
            now.append(Text.assemble((f"{gap}{glyph('folded')} ", KEY), with_code(words)))
        self.query_one("#now", Static).update(lines(now))


def _ordered(card: "PreflightCard") -> "tuple[CheckLine, ...]":
    """The checks of a card, those that block first."""
    return tuple(
        sorted(card.checks, key=lambda check: (not is_blocking(check), check.state == "ok"))
    )


def _mail_rows(state: str, subject: str, detail: str) -> list[Text]:
    """A mail's state and subject; below it what the server said, unless it was accepted."""
    sign, color = MAIL_SIGNS[state]
    rows = [Text.assemble(plain(f"{glyph(sign):2} {state:9} ", color), plain(one_line(subject)))]
    return (
        [*rows, plain(f"   {one_line(detail)}", color)]
        if detail and state not in ("accepted", "sending")
        else rows
    )


def _question(planned: "SendPlan") -> str:
    from patchpilot.services.send.send_state import lists_and_contacts
    from patchpilot.settings.read_settings import in_demo

    lists_, contacts = lists_and_contacts(planned)
    where = (
        "In the demo no mail leaves this machine." if in_demo() else "A mail cannot be recalled."
    )
    rows = [
        (
            f"Send {counted(len(planned.mails), 'mail')} to"
            f" {counted(len(planned.recipients), 'recipient')}?"
        ),
        "",
        *(
            ["Undisclosed: for the maintainers and the security team only"]
            if planned.draft.is_undisclosed
            else []
        ),
        "Public lists: " + (", ".join(recipient.address.email for recipient in lists_) or "none"),
        "Maintainers and others: "
        + (", ".join(contact.address.called for contact in contacts) or "none"),
        "",
        f"Transport: {planned.account.label}. {where}",
    ]
    if planned.warnings:
        rows += [
            "",
            *(crop(f"note: {one_line(warning.message)}", NOTE) for warning in planned.warnings[:2]),
        ]
    return "\n".join(rows)

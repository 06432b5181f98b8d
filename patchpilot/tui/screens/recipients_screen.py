# SPDX-License-Identifier: GPL-2.0-or-later
"""The stage recipients: who gets it, in which header, and why; taken out, added and moved by hand, and kept so."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import DataTable, Static

from patchpilot.model.address import AddressState, is_header_safe, judge, parse_address
from patchpilot.model.counted import counted
from patchpilot.model.recipient import Recipient
from patchpilot.tui.rich_text import fitted, plain
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageStanding, StageState
from patchpilot.tui.widgets.choose import Choose, LineDialog, Reader
from patchpilot.tui.widgets.lists import Table

if TYPE_CHECKING:
    from patchpilot.services.maintainers.counted_recipients import CountedRecipients


def load(ask: JobRequest) -> "tuple[CountedRecipients, StageStanding]":
    """The plan of `patchpilot maintainers`, with what configuration and the answers to the questions add, as `send` counts them."""
    from patchpilot.services.maintainers.counted_recipients import count_recipients, is_sendable
    from patchpilot.services.send.mail_recipients import difference

    ask.progress("looking up recipients")
    patch = ask.session.at if ask.session.view == "patch" else None
    result = count_recipients(ask.repository, ask.session.request(ask.repository), patch)
    kept, out = result.recipients, {recipient.address.key for recipient in result.planned.left_out}
    before: CountedRecipients | None = ask.session.last(Stage.RECIPIENTS)
    changed = difference(before.recipients, kept) if before and before.about == result.about else ""
    to, cc = sum(recipient.header == "to" for recipient in kept), sum(recipient.header == "cc" for recipient in kept)
    note = f"{to} in To, {cc} in Cc" + (f", {len(out)} left out" if out else "") + (f"; {changed}" if changed else "")
    stuck = next((recipient.address.email for recipient in kept if not is_sendable(recipient.address.email)), None)
    if stuck:
        return result, StageStanding(StageState.TODO, f"no mail can be sent to {stuck}: Space on it takes it out")
    return result, StageStanding(StageState.DONE if kept else StageState.TODO, note if kept else "nobody is known: a adds somebody")


WORTH_A_COLUMN = 24
"""Columns below which a reason is not worth showing beside its person."""


class RecipientsScreen(StageScreen):
    """Who gets it."""

    stage = Stage.RECIPIENTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,x", "in_or_out", "in or out", key_display="Space"),
        Binding("t", "move('to')", "To"),
        Binding("c", "move('cc')", "Cc"),
        Binding("a", "add", "add"),
        Binding("d", "restore", "as planned", show=False, tooltip="forget what you changed about this one"),
        Binding("D", "reset", "all as planned", show=False, tooltip="forget everything you changed about the recipients"),
        Binding("w", "warnings", "warnings", show=False, tooltip="what to mind about these recipients, in full"),
        Binding("v", "view", "patch/series", show=False, tooltip="the recipients of one patch, or of the whole series"),
    ]

    def body(self) -> ComposeResult:
        """Warnings, the table, and the reasons of the row under the cursor."""
        yield Static(id="warnings", markup=False, classes="row")
        with Container(classes="stack"):
            yield Table(ident="people")
            with VerticalScroll(classes="side", can_focus=False):
                yield Static(id="reasons", markup=False)

    def show(self, result: "CountedRecipients") -> None:
        """Fill the table; the cursor stays on the recipient it was on."""
        table = self.query_one("#people", Table)
        before = self._under_cursor()
        remarks = self._remarks(result)
        warnings = self.query_one("#warnings", Static)
        warnings.update(plain("\n".join(f"mind{'' if at else ' (w: in full)'}: {remark}" for at, remark in enumerate(remarks[:4]))))
        warnings.display = bool(remarks)
        table.clear(columns=True)
        widths = self._widths()
        for name, width in zip(("in", "who", "as", "why"), widths, strict=True):
            if width:
                table.add_column(name, width=width)
        for header, recipient in result.rows:
            style = "dim" if header == "out" else ""
            mark = f"{header} *" if recipient.by_hand else header
            cells = (
                mark,
                recipient.address.trailer(),
                recipient.role,
                recipient.section or (recipient.reasons[0] if recipient.reasons else ""),
            )
            table.add_row(
                *(plain(fitted(cell, width), style) for cell, width in zip(cells, widths, strict=True) if width), key=recipient.address.key
            )
        at = next((at for at, (_, recipient) in enumerate(result.rows) if recipient.address.key == before), 0)
        table.move_cursor(row=at)
        if self.focused is None or self.focused is table:
            table.focus()
        self._explain(at)

    def _widths(self) -> tuple[int, int, int, int]:
        marked, role, between = 5, 20, 2
        room = (self.size.width or 80) - 1 - marked - role - 4 * between
        who = min(52, max(30, room))
        why = room - who - between
        return marked, who, role, why if why >= WORTH_A_COLUMN else 0

    def on_resize(self) -> None:
        """Columns follow the width."""
        super().on_resize()
        if self._shown is not None:
            self.show(self._shown)

    def _under_cursor(self) -> str:
        table = self.query_one("#people", Table)
        if self._shown is None or not table.row_count:
            return ""
        return str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value)

    def _chosen(self) -> tuple[str, Recipient] | None:
        known: CountedRecipients | None = self.session.last(self.stage)
        key = self._under_cursor()
        return next(((header, recipient) for header, recipient in known.rows if recipient.address.key == key), None) if known else None

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Say why."""
        self._explain(event.cursor_row)

    def _explain(self, at: int) -> None:
        known: CountedRecipients | None = self.session.last(self.stage)
        if known is None or at >= len(known.rows):
            return
        header, recipient = known.rows[at]
        rows = [
            recipient.address.header(),
            f"{'left out by hand' if header == 'out' else header}: {recipient.role}"
            + (f", {recipient.section}" if recipient.section else ""),
        ]
        rows += [f"- {reason}" for reason in recipient.reasons]
        verdict = judge(recipient.address.email)
        if verdict.state is not AddressState.GOOD:
            rows.append(f"address {verdict.state}: {verdict.reason}")
        if known.about != "the patch":
            rows.append(f"(of {known.about}; v: {'the series' if self.session.view == 'patch' else 'one patch'})")
        if self.has_class("-tall"):
            # there is room for what the lines above cut
            rows += ["", *(f"mind: {remark}" for remark in self._remarks(known))]
        self.query_one("#reasons", Static).update(plain("\n".join(rows)))

    def _remarks(self, known: "CountedRecipients") -> list[str]:
        remarks = dict.fromkeys((*known.remarks, *known.planned.plan.warnings))
        return [remark for remark in remarks if not remark.startswith("left out by hand")]

    def _edit(self, **changes: Any) -> None:
        from patchpilot.services.maintainers.topic_recipients import edit

        known: CountedRecipients | None = self.session.last(self.stage)
        if known is None:
            return
        planned = known.planned
        edits = edit(planned, **changes)
        stored = self.session.found[self.stage]
        # a second key may come before the plan is made again: it must build on this edit
        self.session.found[self.stage] = replace(stored, result=replace(known, planned=replace(planned, edits=edits)))
        self.session.changed("edits")
        self.tui.jobs.begin(self.stage)

    def action_in_or_out(self) -> None:
        """In or out."""
        chosen = self._chosen()
        if chosen is None:
            return
        header, recipient = chosen
        if header == "out" or (recipient.by_hand and recipient.role == "by hand"):
            self._edit(restore=[recipient.address.email])
        else:
            self._edit(drop=[recipient.address.email])

    def action_move(self, header: str) -> None:
        """To To or Cc."""
        chosen = self._chosen()
        if chosen and chosen[0].lower() != header:
            self._edit(**{header: [chosen[1].address.header()]})

    def action_restore(self) -> None:
        """As the plan has it."""
        chosen = self._chosen()
        if chosen:
            self._edit(restore=[chosen[1].address.email])

    def action_reset(self) -> None:
        """All as the plan has it."""

        def answered(choice: str | None) -> None:
            if choice == "yes":
                self._edit(reset=True)

        self.app.push_screen(
            Choose("Forget every change you made to the recipients?", (("yes", "forget them"), ("no", "keep them"))), answered
        )

    def action_add(self) -> None:
        """Somebody more; the address is judged while it is typed."""

        def answered(value: str | None) -> None:
            if value:
                self._edit(cc=[value])

        self.app.push_screen(LineDialog("Add to Cc (t moves to To): Name <name@example.org>", self._judge), answered)

    def _judge(self, text: str) -> tuple[bool, str]:
        from patchpilot.services.maintainers.counted_recipients import is_sendable

        address = parse_address(text)
        if address is None or "@" not in address.email:
            return False, "Name <name@example.org>"
        if not is_header_safe(address):
            return False, "that cannot stand in a header"
        known: CountedRecipients | None = self.session.last(self.stage)
        if known and any(recipient.address.key == address.key for _, recipient in known.rows):
            return True, "is there already: Enter moves it to Cc"
        verdict = judge(address.email)
        if verdict.state is AddressState.BAD:
            return False, verdict.reason
        if not is_sendable(address.email):
            return False, "git send-email takes no address whose domain has no dot"
        return True, f"doubtful: {verdict.reason}; Enter takes it all the same" if verdict.state is AddressState.DOUBTFUL else ""

    def action_warnings(self) -> None:
        """What to mind, in full."""
        known: CountedRecipients | None = self.session.last(self.stage)
        if known:
            remarks = dict.fromkeys((*known.remarks, *known.planned.plan.warnings))
            rows = [part for remark in remarks or ["nothing"] for part in (remark, "")]
            self.app.push_screen(Reader("Mind", rows, fold=True))

    def action_view(self) -> None:
        """Of one patch, or of the series."""
        topic = self.session.topic
        if topic is None or len(topic.commits) < 2:
            self.notify(f"there is {counted(1, 'patch')} only", timeout=2)
            return
        self.session.view = "series" if self.session.view == "patch" else "patch"
        self.tui.jobs.begin(self.stage)

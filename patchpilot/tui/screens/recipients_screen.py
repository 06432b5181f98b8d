# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipients stage: who gets the patch, in which header, and why; excluding, adding and moving recipients."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Static

from patchpilot.model.address import AddressState, is_header_safe, judge, parse_address
from patchpilot.model.recipient import Recipient
from patchpilot.tui.rich_text import fitted, plain
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import Choose, LineDialog, Reader
from patchpilot.tui.widgets.lists import Table
from patchpilot.tui.widgets.panel import Columns, Panel, side_columns

if TYPE_CHECKING:
    from patchpilot.services.maintainers.counted_recipients import CountedRecipients


def load(ask: JobRequest) -> "tuple[CountedRecipients, StageStatus]":
    """The plan of `patchpilot maintainers` with the recipients that the configuration and the answers add, as `send` counts them."""
    from patchpilot.services.maintainers.counted_recipients import count_recipients, is_sendable
    from patchpilot.services.send.mail_recipients import difference

    ask.progress("looking up recipients")
    patch = ask.session.at if ask.session.view == "patch" else None
    result = count_recipients(ask.repository, ask.session.request(ask.repository), patch)
    kept, out = result.recipients, {recipient.address.key for recipient in result.planned.left_out}
    before: CountedRecipients | None = ask.session.last(Stage.RECIPIENTS)
    changed = difference(before.recipients, kept) if before and before.about == result.about else ""
    to, cc = sum(recipient.header == "to" for recipient in kept), sum(recipient.header == "cc" for recipient in kept)
    note = f"{to} in To, {cc} in Cc" + (f", {len(out)} excluded" if out else "") + (f"; {changed}" if changed else "")
    stuck = next((recipient.address.email for recipient in kept if not is_sendable(recipient.address.email)), None)
    if stuck:
        return result, StageStatus(StageState.TODO, f"cannot send to {stuck}; press Space on it to exclude it")
    return result, StageStatus(StageState.DONE if kept else StageState.TODO, note if kept else "no recipients; a adds one")


WORTH_A_COLUMN = 24
"""Columns below which the reason column is not shown."""


class RecipientsScreen(StageScreen):
    """The recipients stage."""

    stage = Stage.RECIPIENTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,x", "include", "include/exclude", key_display="Space", tooltip="include or exclude the recipient"),
        Binding("t", "move('to')", "set To", tooltip="move the recipient to To"),
        Binding("c", "move('cc')", "set Cc", tooltip="move the recipient to Cc"),
        Binding("a", "add", "add", tooltip="add a recipient"),
        Binding("d", "restore", "reset", show=False, tooltip="discard your changes to this recipient"),
        Binding("D", "reset", "reset all", show=False, tooltip="discard all your changes to the recipients"),
        Binding("w", "warnings", "show notes", show=False, tooltip="show all notes about these recipients in full"),
        Binding(
            "v", "view", "switch patch/series", show=False, tooltip="switch between the recipients of one patch and of the whole series"
        ),
    ]

    def body(self) -> ComposeResult:
        """Notes, the table, and the reasons for the selected recipient."""
        yield Panel(Static(id="warnings", markup=False), title="Notes", id="notes-panel")
        with Columns():
            yield Panel(Table(ident="people"), title="Recipients", classes="main")
            with Panel(title="Why", classes="below"), VerticalScroll(can_focus=False):
                yield Static(id="reasons", markup=False)

    def show(self, result: "CountedRecipients") -> None:
        """Fill the table; the cursor stays on the recipient it was on."""
        table = self.query_one("#people", Table)
        before = self._under_cursor()
        notes = self._notes(result)
        self.query_one("#warnings", Static).update(
            plain("\n".join(f"note{'' if at else ' (w shows all)'}: {note}" for at, note in enumerate(notes[:4])))
        )
        self.query_one("#notes-panel").display = bool(notes)
        table.clear(columns=True)
        widths = self._widths()
        for name, width in zip(("in", "recipient", "role", "reason"), widths, strict=True):
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
        room = (self.size.width or 80) - side_columns(self.size.width) - 3 - marked - role - 4 * between
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
        """Show the reasons."""
        self._explain(event.cursor_row)

    def _explain(self, at: int) -> None:
        known: CountedRecipients | None = self.session.last(self.stage)
        if known is None or at >= len(known.rows):
            return
        header, recipient = known.rows[at]
        rows = [
            recipient.address.header(),
            f"{'excluded manually' if header == 'out' else header}: {recipient.role}"
            + (f", {recipient.section}" if recipient.section else ""),
        ]
        rows += [f"- {reason}" for reason in recipient.reasons]
        verdict = judge(recipient.address.email)
        if verdict.state is not AddressState.GOOD:
            rows.append(f"address {verdict.state}: {verdict.reason}")
        if known.about != "the patch":
            rows.append(f"(recipients of {known.about}; v shows those of {'the series' if self.session.view == 'patch' else 'one patch'})")
        if self.has_class("-tall"):
            # there is space for the notes that are cut above
            rows += ["", *(f"note: {note}" for note in self._notes(known))]
        self.query_one("#reasons", Static).update(plain("\n".join(rows)))

    def _notes(self, known: "CountedRecipients") -> list[str]:
        remarks = dict.fromkeys((*known.remarks, *known.planned.plan.warnings))
        return [remark for remark in remarks if not remark.startswith("removed manually")]

    def _edit(self, **changes: Any) -> None:
        from patchpilot.services.maintainers.topic_recipients import edit

        known: CountedRecipients | None = self.session.last(self.stage)
        if known is None:
            return
        planned = known.planned
        edits = edit(planned, **changes)
        stored = self.session.found[self.stage]
        # a second key press may come before the new plan: it must build on this edit
        self.session.found[self.stage] = replace(stored, result=replace(known, planned=replace(planned, edits=edits)))
        self.session.changed("edits")
        self.tui.jobs.begin(self.stage)

    def action_include(self) -> None:
        """Include or exclude the recipient."""
        chosen = self._chosen()
        if chosen is None:
            return
        header, recipient = chosen
        if header == "out" or (recipient.by_hand and recipient.role == "by hand"):
            self._edit(restore=[recipient.address.email])
        else:
            self._edit(drop=[recipient.address.email])

    def action_move(self, header: str) -> None:
        """Move the recipient to To or Cc."""
        chosen = self._chosen()
        if chosen and chosen[0].lower() != header:
            self._edit(**{header: [chosen[1].address.header()]})

    def action_restore(self) -> None:
        """Discard the changes to this recipient."""
        chosen = self._chosen()
        if chosen:
            self._edit(restore=[chosen[1].address.email])

    def action_reset(self) -> None:
        """Discard all changes to the recipients."""

        def answered(choice: str | None) -> None:
            if choice == "yes":
                self._edit(reset=True)

        self.app.push_screen(Choose("Discard all your changes to the recipients?", (("yes", "Discard"), ("no", "Keep"))), answered)

    def action_add(self) -> None:
        """Add a recipient; the address is validated while it is typed."""

        def answered(value: str | None) -> None:
            if value:
                self._edit(cc=[value])

        self.app.push_screen(LineDialog("Add to Cc (t moves it to To): Name <name@example.org>", self._judge), answered)

    def _judge(self, text: str) -> tuple[bool, str]:
        from patchpilot.services.maintainers.counted_recipients import is_sendable

        address = parse_address(text)
        if address is None or "@" not in address.email:
            return False, "enter Name <name@example.org>"
        if not is_header_safe(address):
            return False, "not allowed in a mail header"
        known: CountedRecipients | None = self.session.last(self.stage)
        if known and any(recipient.address.key == address.key for _, recipient in known.rows):
            return True, "already a recipient; Enter moves it to Cc"
        verdict = judge(address.email)
        if verdict.state is AddressState.BAD:
            return False, verdict.reason
        if not is_sendable(address.email):
            return False, "git send-email rejects addresses whose domain has no dot"
        return True, f"warning: {verdict.reason}; Enter adds it anyway" if verdict.state is AddressState.DOUBTFUL else ""

    def action_warnings(self) -> None:
        """Show all notes in full."""
        known: CountedRecipients | None = self.session.last(self.stage)
        if known:
            remarks = dict.fromkeys((*known.remarks, *known.planned.plan.warnings))
            rows = [part for remark in remarks or ["No notes."] for part in (remark, "")]
            self.app.push_screen(Reader("Notes", rows, fold=True))

    def action_view(self) -> None:
        """Switch between one patch and the series."""
        topic = self.session.topic
        if topic is None or len(topic.commits) < 2:
            self.notify("the topic has only one patch", timeout=2)
            return
        self.session.view = "series" if self.session.view == "patch" else "patch"
        self.tui.jobs.begin(self.stage)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipients stage: who gets the patch, in which header, and why.

Excluding, adding and moving recipients; notes that can be settled here.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from patchpilot.model.address import AddressState, is_header_safe, judge, parse_address
from patchpilot.model.counted import counted
from patchpilot.model.recipient import Recipient, Remedy, RemedyKind
from patchpilot.tui.screens.file_history_text import history_text, sections_text, where_of
from patchpilot.tui.screens.recipient_groups import OUT, RecipientGroup, grouped, role_of
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import QUIET, STRONG, fitted, plain
from patchpilot.tui.view.shown_keys import NextKey, ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.badge import Tone, badge, ink
from patchpilot.tui.widgets.card import Card, CardAction
from patchpilot.tui.widgets.choose import Choose, LineDialog
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.panel import TALL, WIDE, Columns, Panel

if TYPE_CHECKING:
    from patchpilot.services.maintainers.recipient_history import FileHistory
    from patchpilot.services.send.counted_recipients import CountedRecipients
    from patchpilot.services.send.recipient_advice import RecipientAdvice


HEADER, ROLE = 6, 14
"""Columns of the tick and the header, and of a role."""
SHARE_NAME = "commits"
"""The name of the column with a contact's share of the commits to the files."""
WORTH_A_SHARE = 56
"""Columns of the list below which the share is only in the detail."""


class RecipientsScreen(StageScreen):
    """The recipients stage."""

    stage = Stage.RECIPIENTS
    AUTO_FOCUS = "#people"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space",
            "include",
            "exclude",
            key_display="Space",
            tooltip="include or exclude the recipient",
        ),
        Binding("t", "move('to')", "to To", tooltip="move the recipient to To"),
        Binding("c", "move('cc')", "to Cc", tooltip="move the recipient to Cc"),
        Binding("plus", "add", "add", key_display="+", tooltip="add a recipient"),
        Binding("a", "settle", "resolve note", tooltip="apply the suggestion of the marked note"),
        Binding("f", "note(1)", "next note", show=False, tooltip="mark the next note"),
        Binding("F", "note(-1)", "previous note", show=False, tooltip="mark the previous note"),
        Binding(
            "o",
            "view",
            "one patch",
            tooltip="switch between the recipients of one patch and of the whole series",
        ),
        Binding(
            "d", "restore", "reset", show=False, tooltip="discard your changes to this recipient"
        ),
        Binding(
            "D",
            "reset",
            "reset all",
            show=False,
            tooltip="discard all your changes to the recipients",
        ),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._rows: list[tuple[str, Recipient] | None] = []
        self._history: FileHistory | None = None
        self._history_of = ""
        self._note, self._note_title = 0, ""

    def body(self) -> ComposeResult:
        """The groups, why the selected recipient is one, and the notes as cards."""
        with Columns(id="recipient-columns"):
            # above the list, where a toast does not cover them; on a wide terminal at the right
            yield VerticalScroll(id="recipient-notes")
            with Container(id="recipient-main"):
                yield Panel(
                    List(ident="people", enter="why"),
                    title="Recipients",
                    id="recipient-list",
                    classes="main",
                )
                with Panel(title="Why", id="recipient-why", classes="detail"), VerticalScroll():
                    yield Static(id="reasons", markup=False)
                # these two only where there is room for them
                with Panel(title="MAINTAINERS", id="recipient-sections"), VerticalScroll():
                    yield Static(id="sections", markup=False)
                with (
                    Panel(title="Last commits to these files", id="recipient-commits"),
                    VerticalScroll(),
                ):
                    yield Static(id="commits", markup=False)

    def show(self, result: "CountedRecipients") -> None:
        """Fill the list and the cards; the cursor stays on the recipient it was on."""
        self._fill(result)
        self._show_notes(result)
        people = self.query_one("#people", List)
        if self.focused is None:
            people.focus()
        self._read_history()

    def _fill(self, result: "CountedRecipients") -> None:
        people = self.query_one("#people", List)
        chosen = self._chosen()
        before = chosen[1].address.key if chosen else ""
        groups = grouped(result.rows, result.planned.plan)
        options: list[Option] = []
        rows: list[tuple[str, Recipient] | None] = []
        for at, group in enumerate(groups):
            options.append(Option(self._heading(group, is_first=at == 0), disabled=True))
            options += [Option(self._line(header, recipient)) for header, recipient in group.rows]
            rows += [None, *group.rows]
        self._rows = rows
        with self.prevent(OptionList.OptionHighlighted):
            people.clear_options()
            people.add_options(options)
        keys = [row[1].address.key if row else "" for row in rows]
        people.highlighted = (
            keys.index(before)
            if before and before in keys
            else next((at for at, row in enumerate(rows) if row), None)
        )
        panel = self.query_one("#recipient-list", Panel)
        panel.heading = f"Recipients of {result.about.replace('only ', 'patch: ', 1)}"
        self._explain()

    def _heading(self, group: RecipientGroup, *, is_first: bool) -> Text:
        """The name of a group and its size; the first one also names the columns."""
        who, share = self._widths
        name = plain(
            fitted(f"{group.title} {glyph('dot')} {len(group.rows)}", HEADER + who), STRONG
        )
        return (
            name.append(plain(f" {'role':<{ROLE}}{SHARE_NAME if share else ''}", QUIET))
            if is_first
            else name
        )

    @property
    def _widths(self) -> tuple[int, int]:
        """The columns of a name, and of the share of the commits (0 where there is no room for it)."""  # noqa: E501
        room = (
            self.query_one("#people", List).scrollable_content_region.width or self.size.width - 4
        ) - 1
        share = len(SHARE_NAME) if room >= WORTH_A_SHARE else 0
        return max(24, room - HEADER - 1 - ROLE - share), share

    def _line(self, header: str, recipient: Recipient) -> Text:
        out = header == OUT
        who, wide = self._widths
        style = QUIET if out else ""
        name = recipient.address.trailer() + (" *" if recipient.by_hand else "")
        line = Text(no_wrap=True)
        line.append(f"{glyph('nothing') if out else glyph('ticked'):<2}", style)
        line.append(f"{'--' if out else header:<4}", style or (STRONG if header == "To" else ""))
        line.append(plain(fitted(name, who), style)).append(" ")
        line.append(plain(fitted("excluded" if out else role_of(recipient), ROLE), QUIET))
        return line.append(plain(self._share(recipient).rjust(wide) if wide else "", QUIET))

    def _share(self, recipient: Recipient) -> str:
        known = self._history.contacts.get(recipient.address.key) if self._history else None
        return f"{known.percent} %" if known else ""

    def on_resize(self) -> None:
        """Columns follow the width."""
        super().on_resize()
        if self._shown is not None:
            self.call_after_refresh(self._fill, self._shown)

    @property
    def shown_keys(self) -> ShownKeys:
        """Where the detail has no room of its own, Enter opens it."""
        if self._shown is None:
            return super().shown_keys
        chosen = self._chosen()
        is_small = self.app.size.width < WIDE and self.app.size.height < TALL
        return ShownKeys(
            hidden=frozenset(() if is_small else ("select",)),
            labels={
                "include": "include" if chosen and chosen[0] == OUT else "exclude",
                "view": "one patch" if self.session.view == "series" else "series",
            },
        )

    # the detail

    def _chosen(self) -> tuple[str, Recipient] | None:
        at = self.query_one("#people", List).highlighted
        return self._rows[at] if at is not None and at < len(self._rows) else None

    def on_option_list_option_highlighted(self) -> None:
        """Show why this one is a recipient."""
        self._explain()

    def on_option_list_option_selected(self) -> None:
        """Show it where there was no room."""
        self.open_detail()

    def _explain(self) -> None:
        known: CountedRecipients | None = self._shown
        chosen = self._chosen()
        members = [row for row in self._rows if row]
        panel = self.query_one("#recipient-list", Panel)
        panel.count = f"{members.index(chosen) + 1}/{len(members)}" if chosen else ""
        self.refresh_bindings()
        text = Text()
        if known and chosen:
            text = self._why(known, *chosen)
            self._show_sources(known, chosen[1])
        self.query_one("#reasons", Static).update(text)

    def _show_sources(self, known: "CountedRecipients", recipient: Recipient) -> None:
        """What the reasons come from: the sections of MAINTAINERS, the recipient's first, and the
        commits to the files.
        """
        sections, commits = self.query_one("#sections", Static), self.query_one("#commits", Static)
        if not sections.is_on_screen:
            return
        plan, key = known.planned.plan, recipient.address.key
        in_order = sorted(plan.sections, key=lambda section: section.name != recipient.section)
        reasons = [reason for one in plan.recipients for reason in one.reasons]
        sections.update(sections_text(in_order, reasons, sections.content_size.width, key))
        if self._history is not None:
            panel = self.query_one("#recipient-commits", Panel)
            panel.heading = f"Last commits to {where_of(self._history)}"
            panel.count = f"{len(self._history.newest)}/{self._history.total}"
            commits.update(history_text(self._history, commits.content_size.width, key))

    def _why(self, known: "CountedRecipients", header: str, recipient: Recipient) -> Text:
        """Role and header, section, what matched, what they did to the files, and what is wrong
        with the address.
        """
        out = header == OUT
        text = Text().append(plain(recipient.address.header(), STRONG)).append("\n")
        text.append(
            badge(self.app, "excluded" if out else header, Tone.QUIET if out else Tone.ACCENT)
        ).append(" ")
        text.append(plain(role_of(recipient)))
        section = next(
            (
                section
                for section in known.planned.plan.sections
                if section.name == recipient.section
            ),
            None,
        )
        if section:
            text.append("\n\nSection  ", QUIET).append(plain(section.name, STRONG)).append(
                plain(f" ({section.status})" if section.status else "")
            )
            if section.trees:
                text.append("\nTree     ", QUIET).append(
                    plain(section.trees[0].removeprefix("git "))
                )
        text.append("\n\nReasons", QUIET)
        for reason in recipient.reasons:
            text.append(f"\n{glyph('dot')} ").append(plain(reason))
        if "list" not in recipient.role:
            text.append("\n\n").append(self._activity(recipient))
        verdict = judge(recipient.address.email)
        if verdict.state is not AddressState.GOOD:
            text.append("\n\n").append(glyph("stale"), ink(self.app, Tone.WARNING)).append(
                plain(f" address {verdict.state}: {verdict.reason}")
            )
        if recipient.by_hand:
            text.append("\n\n* changed by you; d discards that", QUIET)
        return text

    def _activity(self, recipient: Recipient) -> Text:
        history = self._history
        if history is None:
            return Text("reading the history of the files …", QUIET)
        if not history.complete:
            return Text("History  git timed out", QUIET)
        where = where_of(history)
        known = history.contacts.get(recipient.address.key)
        text = Text().append("History  ", QUIET)
        if known is None:
            return text.append(
                plain(f"none of {counted(history.total, 'commit')} in three years to {where}")
            )
        text.append(f"{known.percent} %", STRONG).append(
            plain(
                f", {known.commits} of {counted(known.total, 'commit')} in three years to {where}"
            )
        )
        return text.append("\nLast     ", QUIET).append(
            plain(f"{known.last} {known.last_id[:12]} {known.last_subject}")
        )

    def _read_history(self) -> None:
        topic = self.session.topic
        wanted = (
            f"{topic.key if topic else ''}"
            f" {self.session.at if self.session.view == 'patch' else ''}"
        )
        if wanted == self._history_of:
            return
        self._history_of, self._history = wanted, None
        from patchpilot.services.maintainers.recipient_history import recipient_history

        session = self.session
        patch = session.at if session.view == "patch" else None

        def then(history: "FileHistory") -> None:
            self._history = history
            if self._shown is not None:
                self._fill(self._shown)

        self.in_thread(
            "reading the history of the files",
            lambda repository, _: recipient_history(repository, session.request(), patch),
            then,
        )

    # notes

    def _show_notes(self, result: "CountedRecipients") -> None:
        box = self.query_one("#recipient-notes", VerticalScroll)
        box.set_class(not result.advice, "-empty")
        cards = list(box.query(Card))
        for card in cards[len(result.advice) :]:
            card.remove()
        # as many numbers as the stage bar counts: what needs no answer has none
        numbered = [advice for advice in result.advice if advice.remedy]
        for at, advice in enumerate(result.advice):
            filling = (
                Tone(advice.severity) if advice.severity in set(Tone) else Tone.QUIET,
                advice.title,
                advice.text,
                self._actions(advice),
            )
            count = f"{numbered.index(advice) + 1}/{len(numbered)}" if advice.remedy else ""
            if at < len(cards):
                cards[at].fill(*filling, count=count)
            else:
                box.mount(Card(*filling, count=count))
        titles = [advice.title for advice in result.advice]
        self._note = titles.index(self._note_title) if self._note_title in titles else 0
        self.call_after_refresh(self._mark)

    def _actions(self, advice: "RecipientAdvice") -> list[CardAction]:
        settle = [CardAction("a", advice.words, "settle")] if advice.remedy else []
        return [*settle, CardAction("f", "next note", "note(1)")]

    def _mark(self) -> None:
        marked = self._marked()
        self._note_title = marked.title if marked else ""
        for at, card in enumerate(self.query_one("#recipient-notes").query(Card)):
            card.set_class(at == self._note, "-current")
            card.mark(at == self._note)
            if at == self._note:
                card.scroll_visible(animate=False)
        self.refresh_bindings()

    def on_card_chosen(self, message: Card.Chosen) -> None:
        """Mark the card that was clicked."""
        cards = list(self.query_one("#recipient-notes").query(Card))
        # it may have been removed since
        if message.card in cards:
            self._note = cards.index(message.card)
            self._mark()

    def action_note(self, by: int) -> None:
        """Mark the next or the previous note."""
        known: CountedRecipients | None = self._shown
        if known and known.advice:
            self._note = (self._note + by) % len(known.advice)
            self._mark()

    @property
    def next_key(self) -> NextKey | None:
        """The note that is marked, if it can be settled here, else the next one."""
        known: CountedRecipients | None = self.current
        marked = self._marked()
        if marked and marked.remedy:
            return NextKey("a", marked.words)
        return (
            NextKey("f", "go to the next note")
            if known and any(advice.remedy for advice in known.advice)
            else None
        )

    def _marked(self) -> "RecipientAdvice | None":
        known: CountedRecipients | None = self._shown
        return known.advice[self._note] if known and self._note < len(known.advice) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """a is there where the marked note can be settled, f where there are notes."""
        if action == "settle":
            marked = self._marked()
            return bool(marked and marked.remedy)
        if action == "view":
            return bool(self.session.topic and len(self.session.topic.commits) > 1)
        return (
            self._marked() is not None
            if action == "note"
            else super().check_action(action, parameters)
        )

    def action_settle(self) -> None:
        """Do what the marked note offers."""
        marked = self._marked()
        if marked and marked.remedy:
            self._settle(marked, marked.remedy)

    def _settle(self, advice: "RecipientAdvice", remedy: Remedy) -> None:
        first = remedy.values[0]
        if remedy.kind is RemedyKind.EXCLUDE:
            self._edit(f"Excluded {first}. Press Space on it to include it again", drop=[first])
        elif remedy.kind is RemedyKind.REPLACE:
            self._edit(
                f"{remedy.instead} replaces {first}. Press d on each to undo",
                drop=[first],
                cc=[remedy.instead],
            )
        elif remedy.kind is RemedyKind.ADD:
            self._edit(f"Added {first} to Cc. Press d on it to undo", cc=[first])
        elif remedy.kind is RemedyKind.PREFIX:
            from patchpilot.tui.actions.questions import ask_tree

            ask_tree(self, first, lambda: self.tui.jobs.begin(self.stage))
        elif remedy.kind is RemedyKind.ANSWER:
            from patchpilot.tui.actions.questions import ask_named

            ask_named(self, first, lambda: self.tui.jobs.begin(self.stage))
        else:
            from patchpilot.tui.actions.rebase_action import rebase

            rebase(self, remedy.values)

    # edits

    def _edit(self, said: str, **changes: Any) -> None:
        """Change the user's edits of the plan, and report it in these words."""
        from patchpilot.topic.topic_recipients import edit

        known: CountedRecipients | None = self._shown
        if known is None:
            return
        planned = known.planned
        edits = edit(planned, **changes)
        # a second key press may come before the new plan: it must build on this edit
        self._shown = replace(known, planned=replace(planned, edits=edits))
        if stored := self.session.found.get(self.stage):
            self.session.found[self.stage] = replace(stored, result=self._shown)
        self.session.changed("edits")
        self.notify(said, markup=False, timeout=4)
        self.tui.jobs.begin(self.stage)

    def action_include(self) -> None:
        """Include or exclude the recipient."""
        chosen = self._chosen()
        if chosen is None:
            return
        header, recipient = chosen
        email = recipient.address.email
        if header == OUT:
            self._edit(f"Included {email}", restore=[email])
        elif recipient.by_hand and recipient.role == "by hand":
            self._edit(
                f"Removed {email}, which you had added. Press + to add it again", restore=[email]
            )
        else:
            self._edit(f"Excluded {email}. Press Space on it to include it again", drop=[email])

    def action_move(self, header: str) -> None:
        """Move the recipient to To or Cc."""
        chosen = self._chosen()
        if chosen and chosen[0].lower() != header and self._may_place():
            self._edit(
                f"Moved {chosen[1].address.email} to {header.title()}. Press d to undo",
                **{header: [chosen[1].address.header()]},
            )

    def _may_place(self) -> bool:
        """Whether recipients can be added and moved here.

        Reports why not: an undisclosed fix has them from its call only.
        """
        known: CountedRecipients | None = self._shown
        if known is None or not known.planned.undisclosed:
            return True
        words = (
            "An undisclosed fix is for the maintainers and the security team. Name others with --to"
            " and --cc of patchpilot send"
        )
        self.notify(words, markup=False, timeout=6)
        return False

    def action_restore(self) -> None:
        """Discard the changes to this recipient."""
        chosen = self._chosen()
        if chosen:
            self._edit(
                f"{chosen[1].address.email} is again as patchpilot proposes",
                restore=[chosen[1].address.email],
            )

    def action_reset(self) -> None:
        """Discard all changes to the recipients."""

        def answered(choice: str | None) -> None:
            if choice == "yes":
                self._edit("The recipients are again as patchpilot proposes", reset=True)

        self.app.push_screen(
            Choose(
                "Discard all your changes to the recipients?", (("yes", "Discard"), ("no", "Keep"))
            ),
            answered,
        )

    def action_add(self) -> None:
        """Add a recipient; the address is validated while it is typed."""
        if not self._may_place():
            return

        def answered(value: str | None) -> None:
            if value:
                self._edit(
                    f"Added {value} to Cc. Press t to move it to To, Space to remove it", cc=[value]
                )

        self.app.push_screen(
            LineDialog(
                "Add to Cc (press t afterwards to move it to To): Name <name@example.org>",
                self._judge,
            ),
            answered,
        )

    def _judge(self, text: str) -> tuple[bool, str]:
        from patchpilot.services.send.counted_recipients import is_sendable

        address = parse_address(text)
        if address is None or "@" not in address.email:
            return False, "enter Name <name@example.org>"
        if not is_header_safe(address):
            return False, "not allowed in a mail header"
        known: CountedRecipients | None = self._shown
        if known and any(recipient.address.key == address.key for _, recipient in known.rows):
            return True, "already a recipient; press Enter to move it to Cc"
        verdict = judge(address.email)
        if verdict.state is AddressState.BAD:
            return False, verdict.reason
        if not is_sendable(address.email):
            return False, "git send-email rejects addresses whose domain has no dot"
        return (
            True,
            (
                f"warning: {verdict.reason}; press Enter to add it anyway"
                if verdict.state is AddressState.DOUBTFUL
                else ""
            ),
        )

    def action_view(self) -> None:
        """Switch between one patch and the series."""
        self.session.view = "series" if self.session.view == "patch" else "patch"
        self.notify(
            (
                "Recipients of one patch; press o to show the whole series"
                if self.session.view == "patch"
                else "Recipients of the series"
            ),
            timeout=3,
        )
        self.tui.jobs.begin(self.stage)

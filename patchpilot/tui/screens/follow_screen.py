# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the follow stage.

It shows the sent messages, the replies, where the patch was merged, and the next version.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from patchpilot.model.action import PUBLISHED
from patchpilot.model.printable import crop_text, format_count
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.screens.follow_rows import (
    Conversation,
    comparison_rows,
    first_rows,
    history_rows,
    is_unfetched,
    middle_rows,
    open_points,
    opens_at,
    state_words,
    troubles,
)
from patchpilot.tui.screens.repair_keys import edit_draft
from patchpilot.tui.screens.thread_rows import ThreadPart, opened_first, thread_rows
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.action_keys import first_stage, keys_at
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.view.rich_text import lines
from patchpilot.tui.view.shown_keys import ShownKeys
from patchpilot.tui.view.stages import Stage, StageStatus
from patchpilot.tui.widgets.choose import Choose, Option, Reader, ask_which, ask_yes
from patchpilot.tui.widgets.keyline import JUMP
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import TALL, Panel
from patchpilot.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from patchpilot.services.track.compare_revisions import Revision, RevisionComparison
    from patchpilot.services.track.conversation import ConversationMail
    from patchpilot.topic.followed.known_series import Tracked
    from patchpilot.topic.followed.review_ledger import LedgerItem
    from patchpilot.topic.review_trailers import Collected, TagChoice


_NARROW = 40
"""Minimum width for showing the reviewers' table."""
HEAD_LOW, HEAD = 2, 5
"""Lines for the next step above the conversation, on a low terminal and on a tall one."""
OWN = ("version", "collect")
"""Actions for the topic's own series."""


def _ignore_time(series: "Tracked") -> "Tracked":
    return replace(series, entry=series.entry._replace(updated=None), new=())


class FollowScreen(StageScreen["tuple[Tracked, ...]"]):
    """The screen with the patch's status and the replies to it."""

    stage = Stage.FOLLOW
    LIST = "#thread"
    AUTO_FOCUS = LIST
    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "space",
            "mark('addressed')",
            "tick",
            "mark the request under the cursor as addressed",
        ),
        key(
            "r",
            "reply",
            "reply",
            (
                "reply to the message under the cursor: quote it in your editor, review the"
                " reply, and confirm to send it"
            ),
        ),
        more_key(
            "i",
            "mark('declined')",
            "decline",
            "mark the request under the cursor as declined",
        ),
        key(
            "v",
            "version",
            "start next version",
            "start the next version",
        ),
        key(
            "e",
            "edit",
            "edit changelog",
            "edit the changelog",
        ),
        more_key("equals_sign", "fold_all", "open all", "open or close all messages"),
        key(
            "w",
            "collect",
            "collect tags",
            "add the tags from replies (Reviewed-by: …) to your commits",
        ),
        key(
            "g",
            "refresh",
            "refresh",
            "check the mail archive for new messages; after a merge, run git fetch",
        ),
        key(
            "x",
            "more",
            "history, diff",
            "show the history of the series, its reviewers, or how two versions differ; or stop"
            " tracking it",
        ),
    ]

    INTERVAL: ClassVar[float] = 600.0
    """Seconds between two requests to the archive."""

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._changed: frozenset[str] = frozenset()
        self._reading: Conversation | None = None
        self._passed: set[str] = set()
        self._before, self._has_moved = 0, False

    def body(self) -> ComposeResult:
        yield PlainText("next")
        yield Panel(
            RowList(ident="thread", enter="open"),
            title="Conversation",
            id="conversation",
            classes="main",
        )

    @property
    def _series(self) -> "Tracked | None":
        return self._reading.series if self._reading else None

    @property
    def _items(self) -> "tuple[LedgerItem, ...]":
        return self._reading.items if self._reading else ()

    @property
    def _mails(self) -> "tuple[ConversationMail, ...]":
        return self._reading.mails if self._reading else ()

    def may_begin(self) -> bool:
        return bool(self.tui.jobs.is_open)

    def on_mount(self) -> None:
        self._timer = self.set_interval(self.INTERVAL, self.read_again, pause=True)

    def on_screen_resume(self) -> None:
        """Show the stored state, query the archive, and refresh periodically while the screen
        is visible.
        """
        if self.stage not in self.session.busy and self.may_begin():
            self.tui.jobs.begin(self.stage)
        self._timer.resume()

    def on_screen_suspend(self) -> None:
        series, passed = self._series, frozenset(self._passed)
        if series and passed & series.unread:
            from patchpilot.services.track.follow_topic import mark_mails_read

            mark_mails_read(series.entry.id, passed & series.unread)
            self.session.changed("followed")
        self._timer.pause()

    def on_resize(self) -> None:
        if self._shown is None:
            self.call_after_refresh(self.fill)

    def place(self) -> None:
        super().place()
        if self.is_whole and self.session.fresh(self.stage) is not self._shown:
            self.renew()

    def note(self, status: StageStatus) -> str:
        return "" if self._series else status.note

    @property
    def _other(self) -> "Tracked | None":
        """Return the series opened from the home screen, or None if it is the topic's own."""
        return self._series if self._series and not self._series.own else None

    def _subject(self) -> str:
        return self._other.subject if self._other else super()._subject()

    def _topic_titles(self) -> Sequence[str]:
        if self._other is None or self.session.topic is None:
            return super()._topic_titles()
        place = f"stages: {super()._topic_titles()[-1]}"
        return (f"{place} {glyph('dot')} {super()._subject()}", place)

    def read_again(self) -> None:
        if self.stage not in self.session.busy and self.app.screen is self:
            self.tui.jobs.begin(self.stage)

    def show(self, result: "tuple[Tracked, ...]") -> None:
        """Show the conversation, keeping the cursor.

        An unchanged result is not redrawn.
        """
        before, self._reading = self._series, self.session.conversation
        series = self._series
        if series is None:
            self.fill()
        # a new update time alone is not a change
        elif before is None or _ignore_time(series) != _ignore_time(before):
            is_same = before and before.entry.id == series.entry.id
            arrived = series.unread - before.unread if before and is_same else ()
            is_read = is_same and before and before.version == series.version
            self._lay(keep=bool(is_read and (self._has_moved or not arrived)))
            self._tell_arrived(arrived)
        if self.focused is None:
            self.listed.focus()

    def rows(self) -> list[Row]:
        listed = self.listed
        columns = max(40, (listed.scrollable_content_region.width or 78) - 2)
        series, items = self._series, self._items
        if series is None:
            is_reading = self._shown is None
            height = listed.size.height
            return [*map(Row, middle_rows(columns, height, is_reading=is_reading))]
        rows = list(map(Row, troubles(series, columns, self._most)))
        return rows + thread_rows(
            self._mails, items, series.unread, self._changed, columns
        )

    @property
    def _most(self) -> int:
        return HEAD_LOW if self.size.height < TALL else HEAD

    def detail(self) -> None:
        pinned, panel = (
            self.query_one("#next", Static),
            self.query_one("#conversation", Panel),
        )
        shown, series = [], self._series
        if series:
            columns = (self.size.width or 80) - 4
            shown = first_rows(series, columns, self._most)
            # the subject of the topic's own series is already in the title line
            words = f"Conversation {glyph('dot')} {state_words(series)}"
            panel.heading = words if series.own else series.subject
        pinned.update(lines(shown))
        pinned.display = bool(shown)
        panel.count = self._counts(series) if series else ""

    def _counts(self, series: "Tracked") -> str:
        items = self._items
        done = sum(item.done for item in items)
        ticked = f"{done}/{len(items)} ticked {glyph('dot')} " if items else ""
        new = f", {len(series.unread)} new" if series.unread else ""
        return f"{ticked}{format_count(len(self._mails), 'message')}{new}"

    def _lay(self, *, keep: bool) -> None:
        """Show the series.

        If `keep` is set, keep the cursor where it is; otherwise move it to the message that waits
        for the user, or to the latest message.
        """
        series = self._series
        if (keep and self.chosen) or series is None or not self._mails:
            self.fill()
            return
        self.fill(opens_at(series, self._items, self._mails))
        self._before, self._has_moved = self.listed.place, False
        # the list has no height until the next refresh
        self.call_after_refresh(self.listed.scroll_to_highlight, top=True)

    def _tell_arrived(self, arrived: Collection[str]) -> None:
        if not arrived:
            return
        is_listed = any(row.key in arrived for row in self.listed.rows)
        how = "f goes to the next" if is_listed else "press x to read it"
        self.notify(f"{format_count(len(arrived), 'new message')}: {how}")

    def _go(self, row: int) -> None:
        self.listed.go(row)
        self.call_after_refresh(self.listed.scroll_to_highlight, top=True)

    @property
    def own(self) -> "Tracked | None":
        return self._series if self._series and self._series.own else None

    @property
    def _item(self) -> "LedgerItem | None":
        part: ThreadPart | None = self.chosen
        if part is None or part.item:
            return part and part.item
        inside = [
            item for item in self._items if item.point.message_id == part.message_id
        ]
        return inside[0] if len(inside) == 1 else None

    @property
    def shown_keys(self) -> ShownKeys:
        hidden = set(OWN) if self.own and self.own.about.landed else set()
        if self._is_begun:
            hidden |= {"version"}
        is_new = self._series is not None and bool(self._series.unread)
        jump, refresh = "next new" if is_new else "next message", "refresh"
        first: tuple[str, ...] = ("0",) if self._series else ("7", "0")
        if self.own and is_unfetched(self.own):
            first, refresh = ("g",), "fetch what was merged"
        elif self.own:
            first = keys_at(self.own.step.advice, self.stage)
        fold = "open some" if self._all_open else "open all"
        return ShownKeys(
            first,
            frozenset(hidden),
            labels={JUMP: jump, "refresh": refresh, "fold_all": fold},
        )

    @property
    def _all_open(self) -> bool:
        """Return whether all messages are unfolded, so that the key folds those already read."""
        every = {node.message_id for node in self._mails}
        return self._changed & every == every - opened_first(self._mails, self._items)

    @property
    def _is_begun(self) -> bool:
        begun = (Stage.PREVIEW, Stage.SEND)
        return self.own is not None and first_stage(self.own.step.advice) in begun

    @property
    def can_jump(self) -> bool:
        return bool(self._mails)

    def moved(self, listed: RowList) -> None:
        super().moved(listed)
        if part := self.chosen:
            start, end = sorted((self._before, listed.place))
            passed = (row.about for row in listed.rows[start : end + 1] if row.about)
            self._passed |= {part.message_id, *(row.message_id for row in passed)}
            self._before, self._has_moved = listed.place, True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "mark":
            return bool(self._items)
        if action in OWN:
            return self.own is not None
        if action == "edit":
            return self._is_begun
        if action in ("reply", "fold_all", "more"):
            return self._series is not None
        return super().check_action(action, parameters)

    def action_jump(self, by: int) -> None:
        unread = self._series.unread if self._series else ()
        idents = unread or {node.message_id for node in self._mails}
        place = self.listed.place
        heads = [at for at, row in enumerate(self.listed.rows) if row.key in idents]
        ahead = [at for at in heads if (at > place if by > 0 else at < place)] or heads
        if ahead:
            self._go(ahead[0] if by > 0 else ahead[-1])

    def open_selected(self, listed: RowList) -> None:
        if self.chosen and (fold := self.chosen.fold):
            self._changed ^= {fold}
            self.fill(fold)

    def action_fold_all(self) -> None:
        opened = opened_first(self._mails, self._items)
        every = {node.message_id for node in self._mails}
        quotes = self._changed - every
        self._changed = quotes | (opened if self._all_open else every - opened)
        self.fill(self.chosen and self.chosen.message_id)

    def action_reply(self) -> None:
        from patchpilot.services.reply.reply_session import list_reply_templates
        from patchpilot.tui.actions.reply_action import reply_to

        message_id = self.chosen.message_id if self.chosen else self._asked()
        mail = next(
            (shown.mail for shown in self._mails if shown.message_id == message_id),
            None,
        )
        if mail is None:
            words = "r replies to a message: press f to go to the next one"
            self.notify(words, severity="warning")
            return
        templates = list_reply_templates(mail.kind, own=message_id in self._own_ids)
        whom = f"{mail.sender.called}: {mail.mail.subject}"
        sent = [one.mail.mail for one in self._mails if one.message_id in self._own_ids]
        recipients = (*sent[-1].to, *sent[-1].cc) if sent else ()
        reply_to(self, message_id, templates, whom, recipients)

    @property
    def _own_ids(self) -> Collection[str]:
        status = self._reading.series.posted if self._reading else None
        return status.post_ids if status else ()

    def _asked(self) -> str:
        """Return the message with the first open review comment, which `r` replies to.

        If there is none, return the latest message by somebody else.
        """
        due = [item.point.message_id for item in self._items if not item.done]
        idents = [mail.message_id for mail in self._mails]
        others = [ident for ident in idents if ident not in self._own_ids]
        return (*due, *others[-1:], "")[0]

    def action_mark(self, name: str) -> None:
        from patchpilot.topic.followed.review_ledger import PointState, toggle_state

        series, item = self._series, self._item
        if series is None or item is None:
            words = "move the cursor to a line with a box first"
            self.notify(words, severity="warning")
            return
        changed = toggle_state(series.entry.id, item, PointState(name))
        marks = {key: one for key, one in series.marks.items() if key != item.point.key}
        if changed.done:
            marks[item.point.key] = changed.state
        self._replace(replace(series, marks=marks))
        done = str(changed.state).replace("addressed", "ticked")
        self.notify(
            f"{done if changed.done else 'reopened'}: {crop_text(item.point.text, 45)}; press"
            f" {'i' if name == 'declined' else 'Space'} to undo"
        )

    def _replace(self, series: "Tracked") -> None:
        from patchpilot.topic.followed.review_ledger import checklist

        known: tuple[Tracked, ...] = self.session.last(self.stage) or ()
        number = series.entry.id
        result = tuple(series if one.entry.id == number else one for one in known)
        status = self.session.status(self.stage)
        if series.own and self._items:
            status = replace(status, count=open_points(series))
        self.session.remember(self.stage, result, status)
        self._shown = result
        # only the ticks have changed
        self._reading = Conversation(series, checklist(series), self._mails)
        self.session.conversation = self._reading
        self.fill()

    def action_more(self) -> None:
        from patchpilot.services.track.compare_revisions import (
            list_comparable_revisions,
        )

        if (series := self._series) is None:
            return
        known = series if series.is_read and series.posted else None
        pairs = [*combinations(list_comparable_revisions(known), 2)] if known else []
        options = [
            Option(
                "History",
                "its versions, its reviews, and where it was merged",
                lambda: self.app.push_screen(
                    Reader(series.subject, partial(history_rows, series))
                ),
            ),
            *(
                [Option("Reviewers", "who reviewed which patch", self._reviewers)]
                if known
                else []
            ),
            *(
                Option(
                    f"Changes from {old.label} to {new.label}",
                    "the range-diff of both versions",
                    partial(self._compare, series.entry.id, old, new),
                )
                for old, new in reversed(pairs)
            ),
            Option("Unfollow", "asks, then stops tracking this series", self._remove),
        ]
        ask_which(self.app, series.subject, options, "Series")

    def action_refresh(self) -> None:
        """Query the archive.

        If the fix was merged, offer to run git fetch, because local refs show whether it is in
        mainline and the stable branches.
        """
        if self.own and self.own.about.landed:
            from patchpilot.tui.actions.fetch_action import fetch

            fetch(self)
        else:
            self.action_reload()

    def _remove(self) -> None:
        from patchpilot.services.track.follow_topic import remove_series

        series = self._series
        if series is None:
            return
        number = series.entry.id

        def handle_agreement() -> None:
            remove_series(number)
            self.session.series = 0
            self.begin_after("followed")

        answers = (("no", "Keep tracking it"), ("yes", "Unfollow it"))
        question = f"Stop following this series?\n\n{series.subject}"
        ask_yes(self.app, Choose(question, answers), handle_agreement)

    def _reviewers(self) -> None:
        from patchpilot.services.track.review_lines import format_review_table

        series = self._series
        table = series.review if series else None
        if table is None:
            return
        total = format_count(len(table.patches), "patch", "patches")
        title = f"v{table.version}: {table.approved} of {total} reviewed or acked"

        def rows(columns: int) -> tuple[str, ...]:
            known = format_review_table(table, max(_NARROW, columns))
            return known or ("no reviewer is known",)

        self.app.push_screen(Reader(title, rows))

    def _compare(self, number: int, old: "Revision", new: "Revision") -> None:
        from patchpilot.services.track.compare_revisions import format_difference_counts
        from patchpilot.services.track.follow_topic import compare_series_revisions

        names = tuple(f"<{revision.message_id}>" for revision in (old, new))

        def handle_next(comparison: "RevisionComparison") -> None:
            title = (
                f"{' and '.join(comparison.revision_names())}:"
                f" {format_difference_counts(comparison.patches)}"
            )
            self.app.push_screen(Reader(title, comparison_rows(comparison)))

        def compare(*_: object) -> "RevisionComparison":
            return compare_series_revisions(number, names)

        self.in_thread("comparing the versions", compare, handle_next)

    def action_collect(self) -> None:
        from patchpilot.services.tags.add_review_trailers import (
            TagDecisions,
            add_review_trailers,
        )
        from patchpilot.topic.review_trailers import TrailersRequest
        from patchpilot.tui.screens.collect_tags_dialog import (
            CollectTags,
            list_held_tags,
        )

        session = self.session

        def run(
            ticked: "Sequence[TagChoice] | None",
            repository: Any,
            progress: Any,
            given: tuple[str, ...] = (),
        ) -> "Collected":
            def choose(collected: "Collected") -> TagDecisions:
                ticks = ticked or ()
                return TagDecisions(
                    tuple(it for it in collected.choices if it in ticks)
                )

            request = TrailersRequest(
                session.target,
                session.topic_base,
                dry_run=ticked is None,
                overrides=given,
            )
            return add_review_trailers(
                repository,
                request,
                choose=None if ticked is None else choose,
                progress=progress,
            )

        def handle_plan(collected: "Collected") -> None:
            if collected.choices:
                self.app.push_screen(CollectTags(collected), handle_answer)
            else:
                self.notify("; ".join(list_held_tags(collected)) or "no new tags")

        def handle_answer(ticked: "Sequence[TagChoice] | None") -> None:
            if ticked:
                confirm_rewrite(
                    self,
                    "adding the tags",
                    partial(run, ticked),
                    lambda _: handle_added(len(ticked)),
                    (PUBLISHED,),
                )

        def handle_added(count: int) -> None:
            self.notify(f"added {format_count(count, 'tag')}; press u to undo")
            self.reread()

        self.in_thread("collecting the tags", partial(run, None), handle_plan)

    def action_edit(self) -> None:
        edit_draft(self, partial(self.begin_after, "draft"))

    def action_version(self) -> None:
        from patchpilot.services.send.edit_draft import begin_next_version

        session = self.session

        def show(draft: Any) -> None:
            self.begin_after("draft")
            self.notify(f"v{draft.version} is started")

        self.in_thread(
            "starting the next version",
            lambda repository, _: begin_next_version(
                repository, session.request(repository)
            ),
            show,
        )

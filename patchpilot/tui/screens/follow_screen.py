# SPDX-License-Identifier: GPL-2.0-or-later
"""The screen of the follow stage.

It shows the messages that were sent, the replies, where the patch was merged, and the next
version.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer
from textual.widgets import Static

from patchpilot.model.counted import counted
from patchpilot.model.rewrite_overrides import PUBLISHED
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.screens.follow_rows import (
    comparison_rows,
    first_rows,
    head,
    history_rows,
    middle_rows,
    open_points,
    rank,
    troubles,
    wants,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.action_keys import first_stage
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.view.rich_text import lines
from patchpilot.tui.view.shown_keys import NextKey, ShownKeys
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import Choose, LineDialog, Reader, ask_line, ask_yes
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.pager import Pager
from patchpilot.tui.widgets.panel import TALL, WIDE, Panel
from patchpilot.tui.widgets.plain_text import PlainText
from patchpilot.tui.widgets.thread_tree import (
    Folding,
    Laid,
    ThreadLayout,
    ThreadTree,
    lay_thread,
    tree_line,
)

if TYPE_CHECKING:
    from patchpilot.services.track.compare_revisions import Revision, RevisionComparison
    from patchpilot.services.track.conversation import ConversationMail
    from patchpilot.topic.followed.known_series import Tracked
    from patchpilot.topic.followed.review_ledger import LedgerItem, PointState
    from patchpilot.topic.review_trailers import Collected
    from patchpilot.tui.stage.stage_screen import StageScreen


_NARROW = 40
"""Columns that the table of reviewers has at least."""
BINDINGS: list[BindingType] = [
    key(
        "enter",
        "fold",
        "open",
        "open or close the message or the quote under the cursor",
    ),
    key("space", "tick", "tick", "mark the request under the cursor as addressed"),
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
        "i", "decline", "decline", "mark the request under the cursor as declined"
    ),
    key(
        "v",
        "version",
        "reroll",
        "start the next version: write its changelog, then check the preview",
    ),
    key(
        "pagedown", "page", "scroll", "scroll down in the conversation; PgUp scrolls up"
    ),
    key(
        "right_square_bracket",
        "mail",
        "next message",
        "go to the next message of the conversation; [ goes to the previous one",
    ),
    key(
        "f",
        "fetch",
        "run git fetch",
        "after confirmation, run git fetch to see where the patch was merged",
    ),
    key(
        "c",
        "collect",
        "collect tags",
        "add the tags from replies (Reviewed-by: …) to your commits",
    ),
    key("g", "reload", "refresh", "check the mail archive for new messages"),
    key(
        "d",
        "story",
        "show history",
        "show the history of the series: its versions, its reviews, and where it was merged",
    ),
    more_key(
        "D",
        "compare",
        "range-diff",
        "show how two versions of the series differ (range-diff)",
    ),
    more_key(
        "w",
        "reviewers",
        "reviewers",
        "show what each reviewer has done with each patch of the latest version",
    ),
    key("a", "add", "track series", "track another series by its Message-ID or link"),
    more_key("m", "read", "mark read", "mark all messages of the series as read"),
    more_key(
        "less_than_sign", "series(-1)", "previous series", "show the previous series"
    ),
    more_key("greater_than_sign", "series(1)", "next series", "show the next series"),
    more_key("X", "remove", "unfollow", "stop tracking this series"),
]


def mail_file(value: str) -> Path | None:
    """The file with a mail that was entered instead of a Message-ID, None for anything else.

    A path that does not exist counts as well, if it can be nothing else: its error names it.
    """
    path = Path(value.strip()).expanduser()
    with suppress(OSError, ValueError):
        if path.is_file():
            return path
    return path if value.strip().startswith(("/", "~/", "./", "../")) else None


def add(screen: "StageScreen", show: Callable[[int], None]) -> None:
    """Track another series and pass its number to `show`."""

    from patchpilot.services.track.follow_topic import add_series, add_series_in_file

    def work(value: str, repository: Any, progress: Any) -> "tuple[Tracked, ...]":
        path = mail_file(value)
        if path is not None:
            return add_series_in_file(repository, path, progress)
        return add_series(
            repository, screen.session.settings(repository), value, progress
        )

    def added(added_series: "tuple[Tracked, ...]") -> None:
        if added_series:
            show(added_series[-1].entry.id)
        screen.begin_after("followed")

    question = LineDialog(
        "Message-ID or archive link of the series; for a bounce, the path of the file with"
        " the mail:"
    )
    ask_line(
        screen.app,
        question,
        lambda value: screen.in_thread(
            "reading the archive", partial(work, value), added
        ),
    )


def show_history(screen: "StageScreen", series: "Tracked") -> None:
    """Show the facts about the series and its history."""
    screen.app.push_screen(
        Reader(series.subject, partial(history_rows, series), styler=tree_line)
    )


def remove(screen: "StageScreen", series: "Tracked") -> None:
    """Stop tracking the series, after confirmation."""

    from patchpilot.services.track.follow_topic import remove_series

    def agreed() -> None:
        remove_series(series.entry.id)
        screen.begin_after("followed")

    answers = (("no", "Keep tracking it"), ("yes", "Unfollow it"))
    question = Choose(f"Stop following this series?\n\n{series.subject}", answers)
    ask_yes(screen.app, question, agreed)


def reviewers(screen: "StageScreen", series: "Tracked") -> None:
    """Show the status of each reviewer for each patch of the latest version."""
    from patchpilot.services.track.review_lines import review_lines, review_of

    table = review_of(series)
    if table is None:
        return
    total = counted(len(table.patches), "patch", "patches")
    title = f"v{table.version}: {table.approved} of {total} reviewed or acked"

    def rows(columns: int) -> tuple[str, ...]:
        return review_lines(table, max(_NARROW, columns)) or ("no reviewer is known",)

    screen.app.push_screen(Reader(title, rows))


def compare(screen: "StageScreen", series: "Tracked") -> None:
    """Show the range-diff between two revisions; with more than two, the user chooses a pair."""
    from patchpilot.services.track.compare_revisions import comparable, newest_two

    revisions = comparable(series)
    pairs = {
        f"{number}": pair for number, pair in enumerate(combinations(revisions, 2))
    }
    first = newest_two(series)
    if len(pairs) == 1:
        _compare(screen, series.entry.id, *first)
        return

    def answered(choice: str | None) -> None:
        if choice is not None:
            _compare(screen, series.entry.id, *pairs[choice])

    answers = tuple(
        (name, f"{old.label} and {new.label}")
        for name, (old, new) in reversed(pairs.items())
    )
    at = next(name for name, pair in pairs.items() if pair == first)
    screen.app.push_screen(
        Choose("Which versions do you want to compare?", answers, at=at), answered
    )


def _compare(
    screen: "StageScreen", number: int, old: "Revision", new: "Revision"
) -> None:
    from patchpilot.services.track.compare_revisions import counts
    from patchpilot.services.track.follow_topic import compare_series

    names = tuple(f"<{revision.message_id}>" for revision in (old, new))

    def then(comparison: "RevisionComparison") -> None:
        title = f"{' and '.join(comparison.names())}: {counts(comparison.patches)}"
        screen.app.push_screen(
            Reader(
                title,
                comparison_rows(comparison),
                pager=DiffView(ident="text"),
            )
        )

    screen.in_thread(
        "comparing the versions", lambda _, __: compare_series(number, names), then
    )


def collect(screen: "StageScreen") -> None:
    """Show the tags from replies, then add them to the commits."""
    from patchpilot.services.tags.add_review_trailers import add_review_trailers
    from patchpilot.topic.review_trailers import TrailersRequest
    from patchpilot.tui.screens.collect_tags_dialog import CollectTags

    session = screen.session

    def run(
        repository: Any,
        progress: Any,
        also: tuple[str, ...] | None,
        given: tuple[str, ...] = (),
    ) -> "Collected":
        request = TrailersRequest(
            session.target,
            session.topic_base,
            also=also or (),
            dry_run=also is None,
            overrides=given,
        )
        return add_review_trailers(repository, request, progress=progress)

    def planned(collected: "Collected") -> None:
        rows = [
            row
            for change in collected.preparation.changed
            for row in change.marked.rstrip("\n").split("\n")
            if "{+" in row
        ]
        if not rows and not any(tag.asks for tag in collected.held):
            held_back = [
                f"not added: {trailer.trailer} ({trailer.why})"
                for trailer in collected.held
            ]
            screen.notify("; ".join(held_back) or "no new tags")
            return
        screen.app.push_screen(CollectTags(rows, collected), answered)

    def answered(also: tuple[str, ...] | None) -> None:
        if also is not None:
            confirm_rewrite(
                screen,
                "adding the tags",
                lambda repository, progress, given: run(
                    repository, progress, also, given
                ),
                lambda _: screen.reread(),
                (PUBLISHED,),
            )

    screen.in_thread(
        "collecting the tags",
        lambda repository, progress: run(repository, progress, None),
        planned,
    )


def start_version(screen: "StageScreen") -> None:
    """Start the next version and show its changelog."""
    from patchpilot.services.send.edit_draft import begin_version

    session = screen.session

    def show(draft: Any) -> None:
        session.changed("draft")
        rows = [
            f"Version {draft.version} is started. Next steps:",
            "",
            (
                f"1. Amend your commits as requested in review (stage {Stage.COMMIT.number}, e)"
                " and collect the tags (c here)."
            ),
            (
                f"2. Write the changelog (stage {Stage.PREVIEW.number}, e); the differences"
                " from the previous version are listed there."
            ),
            (
                f"3. Send it (stage {Stage.SEND.number}) as a new thread with a link to the"
                " previous version."
            ),
            "",
            "The changelog so far:",
            *draft.changelog.split("\n"),
        ]
        screen.app.push_screen(Reader(f"Version {draft.version}", rows, fold=True))

    screen.in_thread(
        "starting the next version",
        lambda repository, _: begin_version(repository, session.request(repository)),
        show,
    )


ROOMY = 100
"""From how many columns the key line has room for the keys that are seldom needed."""
SHORT = 30
"""Below how many lines a narrow terminal shows only the next step and the open requests above the
conversation; the rest is above the history.
"""
HEAD_LOW, HEAD = 2, 5
"""Lines of the next step above the conversation, on a low terminal and on a tall one."""
LONG = 400
"""Replies from which the rows of a conversation are made in a thread."""


class Reading(NamedTuple):
    """The display data of a series: its review comments, its messages and their rows."""

    series: "Tracked"
    items: "tuple[LedgerItem, ...]"
    mails: "tuple[ConversationMail, ...]"
    laid: Laid
    layout: ThreadLayout
    columns: int


def _without_time(result: "tuple[Tracked, ...]") -> "tuple[Tracked, ...]":
    return tuple(
        replace(one, entry=replace(one.entry, updated=None), new=()) for one in result
    )


def read_conversation(series: "Tracked", columns: int) -> Reading:
    """Return the display data of a series for a conversation of so many columns.

    This takes a second for thousands of messages.
    """
    from patchpilot.services.track.conversation import conversation
    from patchpilot.topic.followed.review_ledger import checklist

    laid: Laid = {}
    items, mails = checklist(series), conversation(series)
    layout = lay_thread(mails, items, series.unread, None, columns, laid)
    return Reading(series, items, mails, laid, layout, columns)


class FollowScreen(StageScreen):
    """The screen with the replies to the patch and its status."""

    stage = Stage.FOLLOW
    BINDINGS = BINDINGS
    AUTO_FOCUS = "#thread"
    INTERVAL: ClassVar[float] = 600.0
    """Seconds between two requests to the archive."""

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._folding = Folding()
        self._laid: Laid = {}
        self._mails: tuple[ConversationMail, ...] = ()
        self._laid_for: Tracked | None = None
        self._fresh: Reading | None = None
        self._items: Sequence[LedgerItem] = ()
        self._order: tuple[Tracked, ...] = ()
        self._number = self.session.series
        self._timer: Timer | None = None
        self._passed: set[str] = set()
        self._known: tuple[Tracked, ...] | None = None
        self._led = ""

    def body(self) -> ComposeResult:
        """What is next, and the conversation, in which the requests are ticked."""
        yield PlainText("next")
        yield Panel(
            ThreadTree(ident="thread"),
            title="Conversation",
            id="conversation",
            classes="main",
        )

    @property
    def _tree(self) -> ThreadTree:
        return self.query_one(ThreadTree)

    @property
    def _is_short(self) -> bool:
        """Whether the conversation needs the lines that the facts would take."""
        return self.app.size.height < SHORT and self.app.size.width < WIDE

    def on_mount(self) -> None:
        """Nothing is there before the first series was read."""
        self._show_nothing()

    def may_begin(self) -> bool:
        """Following a series needs no topic."""
        return self.tui.jobs.is_open

    def on_screen_resume(self) -> None:
        """Show the stored state, read the archive, and refresh periodically while the screen is
        shown.
        """
        # who just came reads nothing yet, and may be led to new mails
        self._led = self._mail_at_cursor()
        super().on_screen_resume()
        if self.stage not in self.session.busy and self.may_begin():
            self.tui.jobs.begin(self.stage)
        if self._timer is None:
            self._timer = self.set_interval(self.INTERVAL, self.read_again)
        else:
            self._timer.resume()

    def on_screen_suspend(self) -> None:
        """Stop refreshing; mails that the cursor passed count as read."""
        series, passed = self._current(), frozenset(self._passed)
        if series and passed & series.unread:
            from patchpilot.services.track.follow_topic import mark_read

            mark_read(series.entry.id, passed & series.unread)
            self.session.changed("followed")
        if self._timer:
            self._timer.pause()

    def on_resize(self) -> None:
        """What is above the conversation follows the size, once it has its own."""
        self.call_after_refresh(self.on_thread_tree_resized)

    def on_thread_tree_resized(self) -> None:
        """Wrap the conversation for its new width."""
        if self._order:
            self._lay_again()
        else:
            self._show_nothing()

    def _lay_again(self) -> None:
        """Lay the conversation for another size; a message under the cursor keeps it."""
        ident, tree = self._mail_at_cursor(), self._tree
        self._lay(keep=True)
        if ident in tree.laid.ids:
            tree.show_mail(tree.laid.mails[tree.laid.ids.index(ident)])

    def place(self) -> None:
        """Also what the running job knows before it asked the archive is shown."""
        super().place()
        if self.is_whole and self.session.fresh(self.stage) is not self._shown:
            self.renew()

    def notes(self, status: StageStatus) -> tuple[str, str]:
        """The note is about the topic: no other series has it. What blocks is in the next step."""
        return "" if self._other else status.note, ""

    @property
    def _other(self) -> "Tracked | None":
        """The series that is shown, where it is not the topic's own."""
        series = self._current()
        return series if series and not series.own else None

    def _subject(self) -> str:
        return self._other.subject if self._other else super()._subject()

    def _places(self) -> Sequence[str]:
        """Of another series: which topic the stage bar is about."""
        if self._other is None or self.session.topic is None:
            return super()._places()
        place = f"stages: {super()._places()[-1]}"
        return (f"{place} {glyph('dot')} {super()._subject()}", place)

    def read_again(self) -> None:
        """Read the archive again, unless that is being done."""
        if self.stage not in self.session.busy and self.app.screen is self:
            self.tui.jobs.begin(self.stage)

    def show(self, result: "tuple[Tracked, ...]") -> None:
        """Fill the lists and the conversation; the cursor stays.

        An unchanged result is not drawn again.
        """
        # the time of the last update alone is no change
        seen = _without_time(result)
        if seen and seen == self._known:
            # the new one replaces the old one: two copies of a large thread are many megabytes
            self._known = seen
            self._take(result)
            return
        self._known = seen
        before = {series.entry.id: series.unread for series in self._order}
        # a mail with an open request keeps the cursor
        asked = self._tree.item
        is_still = self._mail_at_cursor() == self._led and (not asked or asked.done)
        self._take(result)
        if self._order:
            chosen = self._chosen()
            is_same = chosen.entry.id == self._number
            self._lay(keep=is_same)
            if (
                is_same
                and chosen is self._laid_for
                and (
                    arrived := chosen.unread
                    - before.get(chosen.entry.id, chosen.unread)
                )
            ):
                self._lead_to(arrived, go=is_still)
        else:
            self._show_nothing()
        if self.focused is None:
            self._tree.focus()

    def _show_nothing(self) -> None:
        """What will be here, while no series is tracked or none was read yet."""
        tree = self._tree
        columns, lines = (tree.size.width or 78) - 2, tree.size.height
        rows = middle_rows(columns, lines, is_reading=self._known is None)
        self.query_one("#next").display = False
        tree.show_layout(rows, lay_thread(()), keep=False)

    def _take(self, result: "tuple[Tracked, ...]") -> None:
        """Put the series in order; what was read of one that has nothing new is kept."""
        had = {series.entry.id: series for series in self._order if series.is_read}
        kept = (
            (
                replace(series, status=old.status, is_read=True)
                if not series.is_read
                and (old := had.get(series.entry.id))
                and old.summary == series.summary
                else series
            )
            for series in result
        )
        self._order = tuple(sorted(kept, key=rank))

    @property
    def shown_keys(self) -> ShownKeys:
        """The room is for what is next."""
        hidden = {"reload"} if self.app.size.width < ROOMY else set()
        if self._order:
            hidden |= {"add"}
        wanted = wants(self._chosen()) if self._order else ""
        return ShownKeys(
            hidden=frozenset(hidden),
            added=frozenset(("home",) if wanted == "0" else ()),
            labels={"version": "start next version"} if wanted == "v" else {},
        )

    def _mail_at_cursor(self) -> str:
        """The mail whose first row has the cursor, "" for none."""
        tree = self._tree
        return next(
            (
                ident
                for at, ident in zip(tree.laid.mails, tree.laid.ids, strict=True)
                if at == tree.cursor
            ),
            "",
        )

    def _lead_to(self, arrived: "frozenset[str]", *, go: bool) -> None:
        """Report mails that arrived, and go to the first of them, unless it is in view or the user
        reads another one.
        """
        tree = self._tree
        words = counted(len(arrived), "new message")
        rows = zip(tree.laid.mails, tree.laid.ids, strict=True)
        found = next((row for row in rows if row[1] in arrived), None)
        if found is None:
            # a report about the delivery is none of the conversation
            self.notify(f"{words}: press d to read it")
            return
        at, ident = found
        if tree.scroll_offset.y <= at < tree.scroll_offset.y + tree.size.height:
            self.notify(f"{words}, marked new")
        elif go:
            self._led = ident
            self.call_after_refresh(tree.show_mail, at)
            self.notify(f"{words} arrived; press ] to go to the next message")
        else:
            below = "below" if at > tree.cursor else "above"
            self.notify(
                f"{words} {below}: press {']' if at > tree.cursor else '['} until you see it",
            )

    def show_series(self, number: int) -> None:
        """Show the series of this number from now on."""
        self._number = number

    def _chosen(self) -> "Tracked":
        """The series to show: the one that was, otherwise the topic's own, otherwise the first."""
        first = next((series for series in self._order if series.own), self._order[0])
        return next(
            (series for series in self._order if series.entry.id == self._number), first
        )

    def _lay(self, *, keep: bool) -> None:
        series = self._chosen()
        self._number = self.session.series = series.entry.id
        tree = self._tree
        wide = (tree.size.width or (self.size.width or 80) - 2) - 1
        if series is not self._laid_for:
            if (
                not series.is_read
                or len(series.status.replies if series.status else ()) > LONG
            ):
                self._read_in_thread(series, wide, keep=keep)
                return
            self._take_reading(read_conversation(series, wide))
        found, self._fresh = self._fresh, None
        if found and found.columns == wide and self._folding == Folding():
            laid = found.layout
        else:
            laid = lay_thread(
                self._mails, self._items, series.unread, self._folding, wide, self._laid
            )
        most = HEAD_LOW if self.size.height < TALL else HEAD
        brief = self._is_short
        pinned = self.query_one("#next", Static)
        # it has a padding
        shown = first_rows(series, wide - 2, most, brief=brief)
        pinned.update(lines(Text.assemble(*row.parts) for row in shown))
        pinned.display = bool(shown)
        # the first mails of a series that had none yet
        keep = keep and bool(tree.laid.mails)
        above = (troubles if brief else head)(series, wide, most)
        tree.show_layout(above, laid, keep=keep)
        if not keep and (
            unread := [
                at
                for at, ident in zip(tree.laid.mails, laid.ids, strict=True)
                if ident in series.unread
            ]
        ):
            # once the tree has its height: what to do next stays in view above the first new mail
            self._led = laid.ids[tree.laid.mails.index(unread[0])]
            self.call_after_refresh(tree.show_mail, unread[0])
        elif not keep and tree.laid.mails:
            self.call_after_refresh(tree.show_mail, tree.laid.mails[0])
        self._tell_count()

    @property
    def next_key(self) -> NextKey | None:
        """What the topic's own series waits for, where one is tracked."""
        own = next((series for series in self._order if series.own), None)
        if own is None:
            return NextKey(str(Stage.SEND.number), "send the patch first")
        if own.landed:
            has_commit = own.status and own.status.evidence.commits
            return None if has_commit else NextKey("f", "fetch what was merged")
        if first_stage(own.step.advice) is Stage.SEND:
            return NextKey(str(Stage.SEND.number), "send the prepared version")
        return None

    def _tell_count(self) -> None:
        """The requests, the messages and the series in the border."""
        items, series = self._items, self._chosen()
        new = f", {len(series.unread)} new" if series.unread else ""
        parts = [f"{counted(len(self._mails), 'message')}{new}"]
        if items:
            done = sum(item.done for item in items)
            parts.insert(0, f"{done}/{len(items)} ticked")
        if len(self._order) > 1:
            others = sum(len(one.unread) for one in self._order if one is not series)
            more = f", {others} new in others" if others else ""
            at = self._order.index(series) + 1
            parts.append(f"series {at}/{len(self._order)}{more}: < >")
        panel = self.query_one("#conversation", Panel)
        panel.count = f" {glyph('dot')} ".join(parts)
        self.refresh_bindings()

    def _read_in_thread(self, series: "Tracked", columns: int, *, keep: bool) -> None:
        """Read the mails of a series that is shown for the first time, or of a long one, then show
        them.
        """
        number = series.entry.id
        if self._laid_for is None or self._laid_for.entry.id != number:
            self._items, self._laid_for = (), None

        def read(repository: Any, progress: Any) -> "Reading":
            from patchpilot.services.track.follow_topic import read_series

            return read_conversation(
                series if series.is_read else read_series(number, repository, progress),
                columns,
            )

        def then(found: "Reading") -> None:
            self._order = tuple(
                replace(one, status=found.series.status, is_read=True)
                if one.entry.id == number
                else one
                for one in self._order
            )
            if self._number == number:
                self._take_reading(found._replace(series=self._chosen()))
                self._lay(keep=keep)

        def lasts() -> None:
            if self._laid_for is not None:
                return
            self.query_one("#conversation", Panel).heading = series.subject
            self._tree.show_layout(
                ["reading the messages …"], lay_thread(()), keep=False
            )

        self.in_thread("reading the messages", read, then, lasts)

    def _take_reading(self, found: "Reading") -> None:
        """What is shown of a series, computed once for each state of it."""
        series, self._items, self._mails, self._laid = (
            found.series,
            found.items,
            found.mails,
            found.laid,
        )
        self._laid_for, self._fresh = series, found
        self.query_one("#conversation", Panel).heading = series.subject

    def on_pager_moved(self, event: Pager.Moved) -> None:
        """Record which mails were seen."""
        laid = self._tree.laid
        self._passed.update(laid.ids[: bisect_right(laid.mails, event.line)])

    def _current(self) -> "Tracked | None":
        return next(
            (series for series in self._order if series.entry.id == self._number), None
        )

    def id_to_copy(self) -> str:
        """The series' Message-ID."""
        series = self._current()
        return f"<{series.entry.message_id}>" if series else super().id_to_copy()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys without anything to act on are not shown."""
        if action in ("tick", "decline"):
            return bool(self._items)
        if action == "series":
            return len(self._order) > 1
        if action in ("version", "collect"):
            return any(series.own for series in self._order)
        if action == "compare":
            from patchpilot.services.track.compare_revisions import comparable

            series = self._current()
            return series is not None and series.is_read and len(comparable(series)) > 1
        if action == "reviewers":
            series = self._current()
            return series is not None and series.is_read and series.status is not None
        if action in (
            "read",
            "remove",
            "fold",
            "reply",
            "page",
            "mail",
            "fetch",
            "story",
        ):
            return bool(self._order)
        return super().check_action(action, parameters)

    def action_page(self) -> None:
        """Scroll the conversation, also while another panel has the focus."""
        self._tree.action_page(1)

    def action_mail(self) -> None:
        """Go to the next mail, also while another panel has the focus."""
        self._tree.action_stop(1)

    def action_fold(self) -> None:
        """Open or close the mail or the quote under the cursor."""
        tree = self._tree
        fold = tree.fold
        if self._order and fold:
            self._folding = self._folding.toggled(fold)
            self._lay(keep=True)
            tree.go(tree.row_of(fold))

    def action_reply(self) -> None:
        """Reply to the mail under the cursor."""
        from patchpilot.services.reply.reply_session import templates_for
        from patchpilot.tui.actions.reply_action import reply_to

        message_id = self._tree.message_id or self._asked()
        mail = next(
            (shown.mail for shown in self._mails if shown.message_id == message_id),
            None,
        )
        if mail is None:
            self.notify(
                "r replies to a message: press ] to go to the next one",
                severity="warning",
            )
            return
        status = self._laid_for.status if self._laid_for else None
        own = status is not None and message_id in status.topic.message_ids
        whom = f"{mail.sender.called}: {mail.mail.subject}"
        reply_to(self, message_id, templates_for(mail.kind, own=own), whom)

    def _asked(self) -> str:
        """The message with the first open review point, which `r` answers above all messages.

        Without one, the latest message that somebody else wrote.
        """
        due = next((item for item in self._items if not item.done), None)
        if due is not None:
            return due.point.message_id
        status = self._laid_for.status if self._laid_for else None
        own = status.topic.message_ids if status else ()
        others = [one.message_id for one in self._mails if one.message_id not in own]
        return others[-1] if others else ""

    def action_tick(self) -> None:
        """Tick the review point under the cursor, or clear its tick."""
        from patchpilot.topic.followed.review_ledger import PointState

        self._mark(PointState.ADDRESSED)

    def action_decline(self) -> None:
        """Mark the review point under the cursor as declined, or clear the mark."""
        from patchpilot.topic.followed.review_ledger import PointState

        self._mark(PointState.DECLINED)

    def _mark(self, state: "PointState") -> None:
        from patchpilot.topic.followed.review_ledger import tick

        series, item = self._current(), self._tree.item
        if series is None or item is None:
            words = "move the cursor to a line with a box first"
            self.notify(words, severity="warning")
            return
        changed = tick(series.entry.id, item, state)
        others = {
            key: state for key, state in series.marks.items() if key != item.point.key
        }
        self._replace(
            replace(
                series,
                marks={**others, item.point.key: changed.state}
                if changed.done
                else others,
            )
        )
        is_ticked = changed.state == "addressed"
        words = (
            "ticked"
            if is_ticked
            else str(changed.state)
            if changed.done
            else "reopened"
        )
        more = (
            "; press v to copy ticked points into the changelog"
            if is_ticked and series.own
            else ""
        )
        self.notify(
            f"{words}: {item.point.text[:60]} (press {'i' if state == 'declined' else 'Space'} to"
            f" undo{more})",
        )

    def _replace(self, series: "Tracked") -> None:
        """Show a series whose points were ticked here, and keep it as the stage's result."""
        from patchpilot.topic.followed.review_ledger import checklist

        result: tuple[Tracked, ...] | None = self.session.last(self.stage)
        changed = tuple(
            series if one.entry.id == series.entry.id else one for one in result or ()
        )
        status = self.session.status(self.stage)
        if series.own and status.state is StageState.BLOCKED:
            status = replace(status, count=open_points(series))
        self.session.remember(self.stage, changed, status)
        self._shown = changed
        self._known = _without_time(changed)
        self._order = tuple(
            series if one.entry.id == series.entry.id else one for one in self._order
        )
        # only the ticks are others
        self._laid_for, self._items = series, checklist(series)
        self._lay(keep=True)

    def action_story(self) -> None:
        """Show the facts about the series and its history."""
        if series := self._current():
            show_history(self, series)

    def action_series(self, by: int) -> None:
        """Show the next or the previous series."""
        at = self._order.index(self._chosen()) + by
        self.show_series(self._order[at % len(self._order)].entry.id)
        self._lay(keep=False)
        self.place()
        self.keys_changed()

    def action_read(self) -> None:
        """Mark all mails as read."""
        from patchpilot.services.track.follow_topic import mark_read

        series = self._current()
        if series:
            mark_read(series.entry.id)
            self.begin_after("followed")

    def action_fetch(self) -> None:
        """Run git fetch: whether a fix is in mainline and the stable branches is read from the
        local refs.
        """
        from patchpilot.tui.actions.fetch_action import fetch

        fetch(self)

    def action_add(self) -> None:
        """Follow another series."""
        add(self, self.show_series)

    def action_remove(self) -> None:
        """Stop following the series."""
        if series := self._current():
            remove(self, series)

    def action_compare(self) -> None:
        """Show the range-diff between two revisions: of more than two, those that are chosen."""
        if series := self._current():
            compare(self, series)

    def action_reviewers(self) -> None:
        """Show what each reviewer has done with each patch of the latest version."""
        if series := self._current():
            reviewers(self, series)

    def action_collect(self) -> None:
        """Show the tags from replies, then add them to the commits."""
        collect(self)

    def action_version(self) -> None:
        """Start the next version and show its changelog."""
        start_version(self)

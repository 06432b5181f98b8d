# SPDX-License-Identifier: GPL-2.0-or-later
"""The home screen: all topics of all repositories used, grouped by whose turn it is.

Enter opens a topic at its next stage.
"""

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import OptionList, Static
from textual.worker import get_current_worker

from patchpilot.errors import CancelledError, PatchpilotError
from patchpilot.model.action import actions
from patchpilot.model.own_command import UntrustedCommandsError
from patchpilot.tui.screens.home_rows import (
    States,
    activity,
    detail,
    fact_sheet,
    heights,
    home_path,
    home_row,
    lines_of,
    next_stage,
    states_of,
    summary,
    table_head,
)
from patchpilot.tui.stage.job_errors import as_error
from patchpilot.tui.stage.reporting import ReportsErrors
from patchpilot.tui.stage.trust_dialog import ask_trust
from patchpilot.tui.view.action_keys import in_keys, key_of
from patchpilot.tui.view.empty import empty_rows, empty_text
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.view.rich_text import lines
from patchpilot.tui.view.shown_keys import ShownKeys
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.view.thread_work import in_new_thread, progress_to
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.keyline import NEXT, KeyLine
from patchpilot.tui.widgets.lists import event_row
from patchpilot.tui.widgets.panel import TALL, Panel
from patchpilot.tui.widgets.plain_text import PlainText
from patchpilot.tui.widgets.row_list import Row, RowList
from patchpilot.tui.widgets.title_line import TitleLine

if TYPE_CHECKING:
    from patchpilot.model.finding import Finding
    from patchpilot.topic.home.home_branches import Checkout
    from patchpilot.topic.home.home_topic import HomeTopic
    from patchpilot.tui.stage.stage_app import StageApp

SELDOM = 600.0
"""Seconds between two requests to the archives while Home is shown."""
DETAIL = 5
"""Lines that the selected topic has at least."""
BARS = 3
"""Lines of the title line, the table's titles and the key line."""
ACTIVE = 3
"""The fewest lines for which there is a panel with events."""
AROUND = BARS + DETAIL + 2
"""Lines that are not for the groups: those, and the selected topic with its border."""
BROAD, ASIDE = 160, 52
"""From how many columns the selected topic is next to the groups, and how many it has then (see
patchpilot.tcss).
"""
GROUPS = {
    "yours": ("Your turn", "your turn"),
    "waiting": ("Waiting", "waiting"),
    "finished": ("Finished", "finished"),
}
"""A group's id → its title, and whose turn it is there."""
NOTHING = (
    "A branch with your own commits becomes a topic once you open it here: quit, cd"
    " into your clone, commit your fix, and run patchpilot. Series that you send or follow are"
    " listed too."
)


class TopicList(RowList):
    """A group of topics; at its edge, the cursor moves on to the next group."""

    class Edge(Message):
        """The cursor would leave the list."""

        def __init__(self, topics: "TopicList", by: int) -> None:
            super().__init__()
            self.topics, self.by = topics, by

    def action_cursor_down(self) -> None:
        """Move down, or on to the next group."""
        self._move(1)

    def action_cursor_up(self) -> None:
        """Move up, or back to the group before."""
        self._move(-1)

    def _move(self, by: int) -> None:
        at = (self.highlighted if self.highlighted is not None else -1) + by
        if 0 <= at < self.option_count:
            self.highlighted = at
        else:
            self.post_message(self.Edge(self, by))


class HomeScreen(ReportsErrors, Screen[None]):
    """The screen with all topics.

    Known topics are shown immediately. Branches and messages are read next, the archives last.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "g",
            "refresh",
            "refresh",
            "read all branches, and check the archives for new messages",
        ),
        key("escape", "back", "back", "go back to the open topic"),
        *(
            more_key(
                str(stage.number),
                f"open_at('{stage}')",
                stage.label,
                f"open the selected topic at {stage.label}",
            )
            for stage in Stage
        ),
    ]

    shown_keys = ShownKeys(hidden=frozenset((NEXT,)))
    """There is no next stage here."""

    def __init__(self) -> None:
        super().__init__()
        self._topics: tuple[HomeTopic, ...] | None = None
        self._groups: dict[str, tuple[HomeTopic, ...]] = {}
        self._chosen = ""
        self._is_moved = False
        self._wanted: Stage | None = None
        self._doing = ""
        self._room = DETAIL
        self._timer: Timer | None = None

    @property
    def tui(self) -> "StageApp":
        """The application."""
        return cast("StageApp", self.app)

    def compose(self) -> ComposeResult:
        """Title line, the groups, the selected topic, key line."""
        yield TitleLine()
        with Container(id="body", classes="home"):
            with Container(id="groups"):
                yield PlainText("titles")
                for ident, (title, _) in GROUPS.items():
                    yield Panel(
                        TopicList(ident=ident, enter="open"),
                        title=title,
                        id=f"{ident}-panel",
                        classes="group",
                    )
                yield Panel(
                    PlainText("activity"),
                    title="Last events of all topics",
                    id="activity-panel",
                )
                yield PlainText("no-topics")
            yield Panel(PlainText("selected"), title="Selected", id="selected-panel")
        yield KeyLine()

    # reading

    def on_screen_resume(self) -> None:
        """Show what is known, then read what changed, then ask the archives."""
        self._draw()
        self._begin(fresh=False)
        if self._timer is None:
            self._timer = self.set_interval(SELDOM, partial(self._begin, fresh=False))
        else:
            self._timer.resume()

    def on_screen_suspend(self) -> None:
        """Read nothing while another screen is shown."""
        self.workers.cancel_group(self, "home")
        if self._timer:
            self._timer.pause()

    def action_refresh(self) -> None:
        """Read everything again and ask the archives, past the cache."""
        self._begin(fresh=True)

    def _begin(self, *, fresh: bool) -> None:
        in_new_thread(self, partial(self._read, fresh), "home")

    def _repositories(self) -> tuple[str, ...]:
        """The repositories that the saved state names, and the one around the current directory."""

        keys = [place.rpartition(":")[0] for place in self.tui.memory.places]
        with (
            contextlib.suppress(PatchpilotError),
            self.tui.session.repository() as repository,
        ):
            keys.insert(0, repository.key)
        return tuple(dict.fromkeys(keys))

    def _read(self, fresh: bool) -> None:
        from patchpilot.topic.home.read_home import (
            known_topics,
            read_topics,
            update_topics,
        )

        worker = get_current_worker()
        progress = progress_to(partial(self.call_later, self._do))
        try:
            self.call_later(self._arrived, known_topics())
            repositories = self._repositories()
            progress("reading branches")
            self.call_later(
                self._arrived,
                read_topics(repositories, arrived=self._some, progress=progress),
            )
            progress("checking the archives for new messages")
            self.call_later(
                self._arrived,
                *update_topics(repositories, fresh=fresh, progress=progress),
            )
        except CancelledError:
            return
        # shown as a toast: what is known stays on screen
        except BaseException as error:  # noqa: BLE001
            if not worker.is_cancelled:
                self.call_later(self._failed, as_error(error))
        if not worker.is_cancelled:
            self.call_later(self._do, "")

    def _some(self, topics: "tuple[HomeTopic, ...]") -> None:
        """Some topics were read, in a thread: the others stay as they are shown."""
        self.call_later(self._arrived, topics, partly=True)

    def _arrived(
        self,
        topics: "tuple[HomeTopic, ...]",
        problem: str = "",
        *,
        partly: bool = False,
    ) -> None:
        """Show the topics, `partly` only some of them; the cursor stays on its topic.

        `problem` is the reason why an archive could not be asked.
        """
        if problem:
            self.notify(
                f"some archives could not be reached: {problem}",
                severity="warning",
                timeout=5,
            )
        if partly:
            from patchpilot.topic.home.home_topic import in_order

            topics = in_order(
                {
                    topic.key: topic for topic in (*(self._topics or ()), *topics)
                }.values()
            )
        if topics != self._topics:
            self._topics = topics
            self._draw()

    def _do(self, what: str) -> None:
        """Show what is being done, "" for nothing, at the right of the title line."""
        self._doing = what
        self._title()

    def _failed(self, error: PatchpilotError) -> None:
        """Show an error as a toast, with its hint; where trust is missing, ask for it."""
        if isinstance(error, UntrustedCommandsError):
            ask_trust(
                self.app,
                error,
                lambda: self.notify("commands trusted; open the topic again"),
            )
            return
        hint = f"\n{in_keys(error.advice)}" if error.advice else ""
        self.notify(f"{error.message}{hint}", severity="error", timeout=8)

    # drawing

    def on_resize(self) -> None:
        """Fit the rows to the width."""
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        topics = self._topics or ()
        # on a broad terminal the selected topic is at the right
        is_beside, is_tall = self.size.width >= BROAD, self.size.height >= TALL
        wide = max(20, (self.size.width or 80) - 5 - (ASIDE if is_beside else 0))
        keys = [topic.key for topic in topics]
        if self._chosen not in keys or not self._is_moved:
            # until the user moves the cursor it is on the first topic, also while others are being
            # read
            self._chosen = keys[0] if keys else ""
        for ident, (_, turn) in GROUPS.items():
            group = self._groups[ident] = tuple(
                topic for topic in topics if topic.turn == turn
            )
            chosen, panel = (
                self.query_one(f"#{ident}", TopicList),
                self.query_one(f"#{ident}-panel", Panel),
            )
            chosen.fill(
                (
                    Row(
                        home_row(topic, wide, self._states(topic), two_lines=is_tall),
                        topic,
                        topic.key,
                    )
                    for topic in group
                ),
                self._chosen,
            )
            if not (is_here := self._topic() in group):
                chosen.highlighted = None
            panel.display = bool(group)
            panel.count = str(len(group))
            if (
                is_here
                and not chosen.has_focus
                and not (self._is_moved and isinstance(self.focused, TopicList))
            ):
                chosen.focus()
        high = self.size.height or 24
        room = max(0, high - (BARS if is_beside else AROUND))
        used = 0
        rows = [
            sum(lines_of(topic) if is_tall else 1 for topic in group)
            for group in self._groups.values()
        ]
        for ident, high_group in zip(GROUPS, heights(rows, room), strict=True):
            self.query_one(f"#{ident}-panel").styles.height = high_group
            used += high_group
        self._room = max(DETAIL, high - AROUND + DETAIL - used)
        self.query_one("#titles", Static).update(table_head(wide))
        self.query_one("#titles").display = bool(topics)
        self._show_activity(room - used - 2 if is_beside else 0, wide)
        self._no_topics(topics)
        self._select()
        self._title()

    def _show_activity(self, room: int, columns: int) -> None:
        """The last events of all topics, where there is room below them."""
        rows = activity(self._topics or (), columns - 2, room) if room >= ACTIVE else []
        self.query_one("#activity-panel").display = bool(rows)
        self.query_one("#activity", Static).update(lines(rows))

    def _no_topics(self, topics: "Sequence[HomeTopic]") -> None:
        """What to do where there are none."""
        here = self.query_one("#no-topics", Static)
        here.display = not topics
        title, text = ("No topics yet", NOTHING)
        keys = [
            ("g", "read all branches again"),
            ("q", "quit, then start patchpilot in your clone"),
        ]
        if self._topics is None:
            title, text, keys = ("Reading topics …", "", [])
        if self.tui.session.topic is not None:
            keys.append(("Esc", "go back to the open topic"))
        room = (self.size.width or 80), (self.size.height or 24) - BARS
        here.update(empty_text(empty_rows(title, text, keys, *room)))
        self.query_one("#selected-panel").display = bool(topics)

    def _title(self) -> None:
        topics = self._topics or ()
        repositories = list(
            dict.fromkeys(topic.repository for topic in topics if topic.repository)
        )
        more = f" +{len(repositories) - 1}" if len(repositories) > 1 else ""
        where = f"{home_path(repositories[0])}{more}" if repositories else ""
        self.query_one(TitleLine).tell(
            "patchpilot: all topics",
            summary(topics, where) if topics else (),
            self._doing,
        )

    def _select(self) -> None:
        topic = self._topic()
        if topic:
            is_beside = self.size.width >= BROAD
            text = self._selected_text(topic, is_beside=is_beside)
            self.query_one("#selected", Static).update(text)
            stage = self._stage(topic)
            self.query_one(
                "#selected-panel", Panel
            ).count = f"Enter opens it at {stage.number} {stage.label}"

    def _selected_text(self, topic: "HomeTopic", *, is_beside: bool) -> Text:
        """The selected topic in the room that it has."""
        states = self._states(topic)
        findings = self._findings(topic)
        if is_beside:
            return fact_sheet(topic, ASIDE - 4, states, findings)
        return detail(
            topic, max(40, (self.size.width or 80) - 5), self._room, states, findings
        )

    def _is_open(self, topic: "HomeTopic") -> bool:
        """Whether it is the topic that the stages show."""
        session = self.tui.session
        return (
            session.topic is not None
            and session.target is None
            and self.tui.place == f"{topic.repository}:{topic.branch}"
        )

    def _findings(self, topic: "HomeTopic") -> "Sequence[Finding]":
        """What the checks found in the open topic; of others it is not kept."""
        result = self.tui.session.last(Stage.CHECKS) if self._is_open(topic) else None
        return result.all if result else ()

    def _topic(self) -> "HomeTopic | None":
        return next(
            (topic for topic in self._topics or () if topic.key == self._chosen), None
        )

    def on_option_list_option_highlighted(
        self, event: OptionList.OptionHighlighted
    ) -> None:
        """Show the topic under the cursor."""
        listed = cast(TopicList, event.option_list)
        if listed.has_focus and event_row(event) >= 0:
            self._is_moved |= self._chosen != listed.chosen.key
            self._chosen = listed.chosen.key
            self._select()

    def on_descendant_focus(self, event: Any) -> None:
        """The group that has the focus has the cursor."""
        if isinstance(event.widget, TopicList):
            for other in self.query(TopicList):
                if other is not event.widget:
                    other.highlighted = None
            if event.widget.highlighted is None and event.widget.option_count:
                event.widget.highlighted = 0

    def on_topic_list_edge(self, message: TopicList.Edge) -> None:
        """Go on to the next group, or back to the one before."""
        lists = [topics for topics in self.query(TopicList) if topics.option_count]
        at = lists.index(message.topics) + message.by if message.topics in lists else -1
        if 0 <= at < len(lists):
            lists[at].highlighted = 0 if message.by > 0 else lists[at].option_count - 1
            lists[at].focus()

    @property
    def line_to_copy(self) -> str:
        """The title of the selected topic."""
        topic = self._topic()
        return topic.title if topic else ""

    # opening

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Going back needs a topic that is open, a stage that or a selected one."""
        is_open = self.tui.session.topic is not None
        if action == "open_at":
            return is_open or self._topic() is not None
        return action != "back" or is_open

    def action_back(self) -> None:
        """Go back to the topic that is open."""
        self.tui.go_back()

    def action_open_at(self, stage: str) -> None:
        """Open the selected topic at a stage; if it is the open one, go back to it there."""
        topic = self._topic()
        if self.tui.session.topic is not None and (
            topic is None or self._is_open(topic)
        ):
            self.tui.go_back(Stage(stage))
        elif topic is not None:
            self._open_selected(topic, Stage(stage))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the topic at its next stage."""
        event.stop()
        topic = self._topic()
        if topic is not None:
            self._open_selected(topic, None)

    def _open_selected(self, topic: "HomeTopic", stage: Stage | None) -> None:
        """Open a topic at this stage, None for its next one."""
        self._wanted = stage
        if topic.repository:
            in_new_thread(self, partial(self._find, topic), "open")
        elif topic.series is not None and stage not in (None, Stage.FOLLOW):
            self.notify(
                "no local branch of this series is known; only Follow can show it",
                timeout=4,
            )
        elif topic.series is not None:
            # a series without a branch: any repository will do
            self.tui.open_topic(
                self.tui.session.directory, Stage.FOLLOW, series=topic.series
            )

    def _find(self, topic: "HomeTopic") -> None:
        from patchpilot.topic.home.home_branches import checkout_of

        try:
            self.call_later(
                self._found, topic, checkout_of(topic.repository, topic.branch)
            )
        except BaseException as error:  # noqa: BLE001 (shown as a toast)
            self.call_later(self._failed, as_error(error))

    def _found(self, topic: "HomeTopic", checkout: "Checkout") -> None:
        """Open a topic where its branch is checked out; else ask whether to switch."""
        if checkout.is_on_branch or not topic.branch:
            self._open(topic, checkout)
            return

        def answered(choice: str | None) -> None:
            if choice in ("switch", "read"):
                in_new_thread(
                    self, partial(self._prepare, topic, checkout, choice), "open"
                )

        text = f"{topic.branch} is not checked out in {home_path(str(checkout.directory))}."
        answers = (
            ("switch", "Switch branch", f"runs: git switch {topic.branch}"),
            (
                "read",
                "Open without switching",
                (
                    "shows and checks the commits; to change them, you must switch to the"
                    " branch"
                ),
            ),
            ("no", "Cancel", ""),
        )
        self.app.push_screen(Choose(text, answers, "Open a topic"), answered)

    def _prepare(self, topic: "HomeTopic", checkout: "Checkout", choice: str) -> None:
        from patchpilot.topic.home.home_branches import range_of, switch_branch

        try:
            branch = topic.branch or ""
            target = (
                None if choice == "switch" else range_of(checkout.directory, branch)
            )
            if choice == "switch":
                switch_branch(checkout.directory, branch)
            self.app.call_later(self._open, topic, checkout, target)
        except BaseException as error:  # noqa: BLE001 (shown as a toast)
            self.call_later(self._failed, as_error(error))

    def _open(
        self, topic: "HomeTopic", checkout: "Checkout", target: str | None = None
    ) -> None:
        self.tui.open_topic(
            checkout.directory,
            self._wanted or self._stage(topic),
            target=target,
            series=topic.series or 0,
        )

    def _stage(self, topic: "HomeTopic") -> Stage:
        """The topic's next stage: that of its next step.

        Before the first version the first one that is not done, as it was left.
        """
        if topic.series is not None or topic.version:
            named = [key_of(action) for action in actions(topic.step)]
            return (
                next((key.stage for key in named if key and key.stage), None)
                or Stage.FOLLOW
            )
        return next_stage(topic, self._states(topic)) or Stage.COMMIT

    def _states(self, topic: "HomeTopic") -> States:
        """The stages of a topic: as they are now where it is open, otherwise as they were left.

        Empty where it was never opened here.
        """
        if self._is_open(topic):
            return {stage: self.tui.session.status(stage) for stage in Stage}
        kept = self.tui.memory.get("standings", f"{topic.repository}:{topic.branch}")
        return states_of(kept) if topic.branch else {}

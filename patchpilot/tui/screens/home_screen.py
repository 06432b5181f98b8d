# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the home screen: all topics in all known repositories, in one list.

Enter opens a topic at its next stage.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from textual import getters
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import OptionList, Static

from patchpilot.errors import PatchpilotError
from patchpilot.home.drafts import DRAFT, read_draft_topics, settle_draft
from patchpilot.model.action import UntrustedCommandsError
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress
from patchpilot.tui.actions.editing import DraftReader, edit_draft_file
from patchpilot.tui.screens.home_rows import (
    NOT_STARTED,
    SIGNS,
    SORTED,
    States,
    cell_widths,
    column_titles,
    display_path,
    error_row,
    format_topic_news,
    load_topic_states,
    next_open_stage,
    render_topic_details,
    topic_group,
    topic_rows,
)
from patchpilot.tui.stage.reporting import ReportsErrors
from patchpilot.tui.stage.thread_jobs import ThreadJobs
from patchpilot.tui.stage.trust_dialog import ask_for_trust
from patchpilot.tui.view.action_keys import first_named_stage, format_error
from patchpilot.tui.view.empty import format_placeholder
from patchpilot.tui.view.glyphs import join_with_dots
from patchpilot.tui.view.key_bindings import (
    OffersActions,
    ShownKeys,
    bind_keys,
    key_binding,
    more_key,
)
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Callback, Choose, ask_for_answer
from patchpilot.tui.widgets.input_line import LineInput
from patchpilot.tui.widgets.keyline import NEXT, KeyLine
from patchpilot.tui.widgets.lists import RowList, is_current
from patchpilot.tui.widgets.message_row import MessageRow
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.plain_text import PlainText
from patchpilot.tui.widgets.title_line import TitleLine

if TYPE_CHECKING:
    from patchpilot.home.branches import Checkout
    from patchpilot.home.topic import HomeTopic

SELDOM = 600.0
"""Seconds between two requests to the archives while Home is shown."""
LOW, HIGH, LIST = 3, 10, 32
"""Minimum and maximum lines for the selected topic, and the lines reserved for everything else: of
36 lines, 20 are for topics.
"""
NOTHING = (
    "A branch with your own commits becomes a topic once you run patchpilot on it in your"
    " clone. Series that you send or follow are listed too."
)


class HomeScreen(ReportsErrors, OffersActions, Screen[None]):
    """The screen with all topics in one list.

    Known topics are shown immediately. Then, branches and messages are read, and finally the
    archives.
    """

    BINDINGS = bind_keys(
        key_binding(
            "slash",
            "filter",
            "filter",
            "list only the topics whose row has these words",
        ),
        key_binding("o", "sort", "sort", "sort by latest news, by subject or by repository"),
        key_binding(
            "g",
            "refresh",
            "refresh",
            "read all branches, and check the archives for new messages",
        ),
        key_binding(
            "w",
            "ask",
            "start new",
            "start with a log, a commit, a branch, a bisection or a series on a list",
        ),
        key_binding(
            "m",
            "mark_sent",
            "mark as sent, or discard",
            "mark the selected draft as sent from a shell, or delete it",
        ),
        key_binding("e", "edit", "edit draft", "edit the selected draft in your editor"),
        key_binding("escape", "back", "back", "end the filter, or go back to the open topic"),
        *(
            more_key(
                str(stage.number),
                f"open_at('{stage}')",
                stage.label,
                f"open the selected topic at {stage.label}",
            )
            for stage in Stage
        ),
    )

    AUTO_FOCUS = "#topics"

    def __init__(self) -> None:
        super().__init__()
        self._topics: tuple[HomeTopic, ...] | None = None
        self._sorted = next(iter(SORTED))
        self._is_moved = False
        self._wanted: Stage | None = None
        self._doing = ""
        self.can_ask, self.asks = True, False
        self._errors: dict[str, str] = {}
        self._threads = ThreadJobs(self)

    @property
    def hints(self) -> list[tuple[str, str]]:
        filter_hints = [("Enter", "keep the filter"), ("Esc", "end it")]
        return filter_hints if isinstance(self.focused, LineInput) else []

    @property
    def shown_keys(self) -> ShownKeys:
        """Hide the key for the next stage and, while the filter is open, the keys typed into it."""
        typed_keys = ("filter", "back") if self.hints else ()
        filter_labels = {"back": "end filter", "filter": "change filter"}
        return ShownKeys(
            ("Esc",) if self._is_filtered else (),
            hidden=(NEXT, *typed_keys),
            labels=filter_labels if self._is_filtered else {},
        )

    @property
    def _is_filtered(self) -> bool:
        return any(line.display for line in self.query("#filter"))

    def compose(self) -> ComposeResult:
        yield TitleLine()
        with Container(id="body", classes="home"):
            yield PlainText("titles")
            yield Panel(RowList(ident="topics", enter="open"), title="Topics", id="list")
            yield PlainText("no-topics")
            yield Panel(PlainText("selected"), id="selected-panel")
        yield LineInput(placeholder="words of a row; Enter keeps them", id="filter")
        yield MessageRow()
        yield KeyLine()

    def on_mount(self) -> None:
        read_again = partial(self._start_reading, fresh=False)
        self._timer = self.set_interval(SELDOM, read_again, pause=True)

    def on_screen_resume(self) -> None:
        self.draw_topics()
        self._start_reading(fresh=False)
        self._timer.resume()

    def on_screen_suspend(self) -> None:
        self._threads.cancel_jobs("home")
        self._timer.pause()

    def action_refresh(self) -> None:
        self._start_reading(fresh=True)

    def action_ask(self) -> None:
        from patchpilot.tui.screens.first_question import ask_starting_point

        ask_starting_point(self)

    def _start_reading(self, *, fresh: bool) -> None:
        self._has_new_error = False

        def end(_: object) -> None:
            # an error stays until everything was read without one
            if not self._has_new_error:
                self._errors.pop("", None)
            self.show_activity("")

        self._threads.start_job(
            "home",
            partial(self._read_topics, fresh),
            end,
            self.show_failure,
            self.show_activity,
        )

    def _known_repositories(self) -> tuple[str, ...]:

        keys = [saved_place.rpartition(":")[0] for saved_place in self.tui.memory.saved_places]
        try:
            with self.tui.session.open_repository() as repository:
                keys.insert(0, repository.key)
        except PatchpilotError:
            self.can_ask = False
        return tuple(dict.fromkeys(keys))

    def _read_topics(self, fresh: bool, progress: Progress) -> None:
        from patchpilot.home.read import (
            read_cached_topics,
            read_topics,
            update_topics,
        )

        self.call_later(self._show_new_topics, read_cached_topics())
        repositories = self._known_repositories()
        progress("reading branches")
        self.call_later(
            self._show_new_topics,
            read_topics(
                repositories,
                # keep the other topics, because these are only some of them
                on_topics=partial(self.call_later, self._show_new_topics, is_partial=True),  # type: ignore[arg-type]
                progress=progress,
            ),
        )
        self.call_later(self._handle_all_read)
        progress("checking the archives for new messages")
        self.call_later(
            self._show_new_topics,
            *update_topics(repositories, fresh=fresh, progress=progress),
        )

    def _show_new_topics(
        self,
        topics: "tuple[HomeTopic, ...]",
        problem: str = "",
        *,
        is_partial: bool = False,
    ) -> None:
        """Show all topics, keeping the cursor on the same topic.

        If `is_partial` is set, these are only some of the topics. `problem` is why an archive could
        not be queried.
        """
        if problem:
            text = f"some archives could not be reached: {problem}; press g to try again"
            self._keep_error(text)
            self.notify(text, severity="warning")
        if is_partial:
            from patchpilot.home.topic import sort_topics

            topics = sort_topics(
                {topic.key: topic for topic in (*(self._topics or ()), *topics)}.values()
            )
        if topics != self._topics:
            self._topics = topics
            self.draw_topics()

    def _handle_all_read(self) -> None:
        # draw the keys again, because it was not known earlier whether the repository is a clone
        self.query_one(KeyLine).redraw_keys()
        groups = {topic_group(topic, self._topic_states(topic)) for topic in self._topics or ()}
        if self.asks and groups <= {NOT_STARTED} and self.is_active:
            self.action_ask()
        self.asks = False

    def show_activity(self, activity: str) -> None:
        self._doing = activity
        self.draw_topics()

    def _keep_error(self, text: str, key: str = "") -> None:
        """Show an error in the row of a topic, or above all, until it is settled."""
        self._errors[key] = text
        self._has_new_error = self._has_new_error or not key
        self.draw_topics()

    def show_failure(self, error: PatchpilotError, key: str = "") -> None:
        """Show an error and keep it in the row of the topic with this key, or above all topics."""
        self.show_activity("")
        self._keep_error(format_error(error), key)

        def settle() -> None:
            self._errors.pop(key, None)
            self.notify("commands trusted; open the topic again")
            self.draw_topics()

        if isinstance(error, UntrustedCommandsError):
            ask_for_trust(
                self,
                error,
                settle,
            )
            return
        self.notify(format_error(error), severity="error")

    def on_resize(self) -> None:
        self.draw_topics()

    _topic_list = getters.query_one("#topics", RowList)

    def draw_topics(self) -> None:
        if not self.is_mounted:
            return
        topics, filter_text = (
            (*read_draft_topics(), *(self._topics or ())),
            self.query_one("#filter", LineInput).value,
        )
        grouped: dict[str, list[HomeTopic]] = {group: [] for group in SIGNS}
        for topic in sorted(topics, key=SORTED[self._sorted]):
            grouped[topic_group(topic, self._topic_states(topic))].append(topic)
        widths = cell_widths(grouped, max(40, (self.size.width or 80) - 4), self._topic_news)
        rows = topic_rows(
            {name: group for name, group in grouped.items() if group},
            widths,
            self._topic_news,
            self._errors,
        )
        if general := self._errors.get(""):
            rows.insert(0, error_row(general, max(40, (self.size.width or 80) - 6)))
        shown_rows = [
            row
            for row in rows
            if not filter_text
            or (row.about and filter_text.casefold() in row.text.plain.casefold())
        ]
        # until the user moves it, keep the cursor on the first topic as others come in
        self._topic_list.set_rows(shown_rows, None if self._is_moved else "")
        self.query_one("#titles", Static).update(column_titles(widths))
        for name in ("#titles", "#list", "#selected-panel"):
            self.query_one(name).display = bool(topics)
        self._show_placeholder(topics)
        self._show_selected_topic()
        count_text = f"{sum(bool(row.about) for row in shown_rows)} of " if filter_text else ""
        self._update_title(grouped, count_text)

    def _topic_news(self, topic: "HomeTopic") -> str:
        return format_topic_news(topic, self._topic_states(topic))

    def action_filter(self) -> None:
        line = self.query_one("#filter", LineInput)
        line.display = True
        line.focus()

    def on_input_changed(self) -> None:
        self.draw_topics()

    def on_input_submitted(self) -> None:
        self._topic_list.focus()

    def action_sort(self) -> None:
        names = list(SORTED)
        self._sorted = names[(names.index(self._sorted) + 1) % len(names)]
        self.draw_topics()

    def _show_placeholder(self, topics: "Sequence[HomeTopic]") -> None:
        placeholder = self.query_one("#no-topics", Static)
        placeholder.display = not topics
        title, text = ("No topics yet", NOTHING)
        keys = [
            ("w", "start with a log, a commit, a branch, a bisection or a series")
            if self.can_ask
            else ("q", "quit, then start patchpilot in your clone"),
            ("g", "read all branches again"),
        ]
        if self._topics is None:
            title, text, keys = ("Reading topics …", "", [])
        if general := self._errors.get(""):
            title, text = "The topics could not be read", general
        if self._is_topic_open:
            keys.append(("Esc", "go back to the open topic"))
        size = (self.size.width or 80), (self.size.height or 24) - 2
        placeholder.update(format_placeholder(title, text, keys, *size))

    def _update_title(
        self, grouped: "Mapping[str, Sequence[HomeTopic]]", count_prefix: str
    ) -> None:
        counts = [f"{len(group)} {name}" for name, group in grouped.items() if group]
        total = format_count(sum(map(len, grouped.values())), "topic")
        self.query_one(TitleLine).show_texts(
            join_with_dots("patchpilot", count_prefix + total),
            [join_with_dots(*counts[:count]) for count in range(len(counts), 0, -1)],
            self._doing,
        )

    def _show_selected_topic(self) -> None:
        topic, panel = self._selected_topic(), self.query_one("#selected-panel", Panel)
        position = self._topic_list.position
        self.query_one("#list", Panel).count = join_with_dots(position, self._sorted)
        panel.heading, panel.count = "No topic has these words", ""
        self.query_one("#selected", Static).update("Esc ends the filter")
        if topic:
            stage = self._topic_stage(topic)
            panel.heading = topic.title
            is_draft = topic.state == DRAFT
            stage_text = "" if is_draft else f" at {stage.number} {stage.label}"
            panel.count = f"Enter opens it{stage_text}"
            lines = max(LOW, min(HIGH, self.size.height - LIST))
            self.query_one("#selected", Static).update(
                render_topic_details(
                    topic,
                    (self.size.width or 80) - 5,
                    lines,
                    self._topic_states(topic),
                    self._errors.get(topic.key, ""),
                )
            )

    def _is_open_topic(self, topic: "HomeTopic") -> bool:
        session = self.tui.session
        return (
            session.topic is not None
            and session.target is None
            and self.tui.place == f"{topic.repository}:{topic.branch}"
        )

    def _selected_topic(self) -> "HomeTopic | None":
        topic: HomeTopic | None = self._topic_list.selected_item
        return topic

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if is_current(event):
            self._is_moved = True
            self._show_selected_topic()

    @property
    def _is_topic_open(self) -> bool:
        return self.tui.session.topic is not None

    @property
    def can_open_at(self) -> bool:
        return self._is_topic_open or self._selected_topic() is not None

    @property
    def can_mark_sent(self) -> bool:
        topic = self._selected_topic()
        return topic is not None and topic.state == DRAFT

    can_edit = can_mark_sent

    @property
    def can_back(self) -> bool:
        return self._is_topic_open or self._is_filtered

    @property
    def can_filter(self) -> bool:
        return self._selected_topic() is not None or self._is_filtered

    can_sort = can_filter

    def action_back(self) -> None:
        line = self.query_one("#filter", LineInput)
        if line.display:
            line.value, line.display = "", False
            self._topic_list.focus()
            self.query_one(KeyLine).redraw_keys()
        else:
            self.tui.go_back()

    def action_mark_sent(self) -> None:
        if (topic := self._selected_topic()) is None:
            return

        def settle(answer: str) -> None:
            if answer != "keep":
                settle_draft(topic, is_sent=answer == "sent")
                self.draw_topics()
            if answer == "sent":
                from patchpilot.tui.screens.first_question import ask_for_input

                note = (
                    "git send-email printed the Message-ID, and the copy in your Sent folder has"
                    " it. Esc: do not follow the answers."
                )
                ask_for_input(self, "series", note=note, title="Follow the answers")

        answers = (
            ("sent", "Yes: do not list it any more", "the file stays"),
            ("keep", "No: it is still unsent"),
            ("discard", "Discard it", "deletes the file"),
        )
        ask_for_answer(
            self, Choose(f"Did you send this draft?\n\n{topic.key}", answers, "Draft"), settle
        )

    def action_edit(self) -> None:
        if topic := self._selected_topic():
            edit_draft_file(self, Path(topic.key), self.draw_topics)

    def action_open_at(self, stage: str) -> None:
        topic = self._selected_topic()
        if self._is_topic_open and (topic is None or self._is_open_topic(topic)):
            self.tui.go_back(Stage(stage))
        elif topic is not None:
            self._open_selected_topic(topic, Stage(stage))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        topic = self._selected_topic()
        if topic is not None:
            self._open_selected_topic(topic, None)

    def _open_selected_topic(self, topic: "HomeTopic", stage: Stage | None) -> None:
        self._wanted = stage
        # the next try settles the error, or has it again
        self._errors.pop(topic.key, None)
        if topic.state == DRAFT:
            self.app.push_screen(DraftReader(Path(topic.key)))
        elif topic.repository:
            from patchpilot.home.branches import find_checkout

            self.run_in_thread(
                lambda: partial(
                    self._open_checkout, topic, find_checkout(topic.repository, topic.branch)
                ),
                partial(self.show_failure, key=topic.key),
            )
        elif topic.series is not None and stage not in (None, Stage.FOLLOW):
            self.notify(
                "no local branch of this series is known; only Follow can show it",
            )
        elif topic.series is not None:
            # a series without a branch can be opened in any repository
            self._wanted = Stage.FOLLOW
            self._open_topic(topic, self.tui.session.directory)

    def run_in_thread(
        self,
        work: Callable[[], Callback],
        on_failure: Callable[[PatchpilotError], object],
    ) -> None:
        """Run `work` in a thread, then call the function that it returns, or pass its error to
        `on_failure`.
        """
        self._threads.start_job(
            "open",
            lambda _: work(),
            lambda show_found: show_found(),
            on_failure,
        )

    def _open_checkout(self, topic: "HomeTopic", checkout: "Checkout") -> None:
        if checkout.is_on_branch or not topic.branch:
            self._open_topic(topic, checkout.directory)
            return

        def handle_answer(choice: str | None) -> None:
            if choice in ("switch", "read"):
                self.run_in_thread(
                    partial(self._prepare_checkout, topic, checkout, choice),
                    partial(self.show_failure, key=topic.key),
                )

        text = f"{topic.branch} is not checked out in {display_path(str(checkout.directory))}."
        answers = (
            ("switch", "Switch branch", f"runs: git switch {quote(topic.branch)}"),
            (
                "read",
                "Open without switching",
                ("shows and checks the commits; to change them, you must switch to the branch"),
            ),
            ("no", "Cancel", ""),
        )
        self.app.push_screen(Choose(text, answers, "Open a topic"), handle_answer)

    def _prepare_checkout(self, topic: "HomeTopic", checkout: "Checkout", choice: str) -> Callback:
        from patchpilot.home.branches import find_branch_range, switch_branch

        branch, target = topic.branch or "", None
        if choice == "switch":
            switch_branch(checkout.directory, branch)
        else:
            target = find_branch_range(checkout.directory, branch)
        return partial(self._open_topic, topic, checkout.directory, target)

    def _open_topic(
        self, topic: "HomeTopic", directory: Path | None, target: str | None = None
    ) -> None:
        """Open a topic; the topic of a backport without a branch is the commit in mainline."""
        self.tui.open_topic(
            directory,
            self._wanted or self._topic_stage(topic),
            target=target or (None if topic.branch else topic.backported or None),
            series=topic.series or 0,
        )

    def _topic_stage(self, topic: "HomeTopic") -> Stage:
        """Return the stage for the topic's next step.

        Until v1 is sent, this is the first unfinished stage according to the saved states.
        """
        if topic.series is not None or topic.version:
            return first_named_stage(topic.step) or Stage.FOLLOW
        return next_open_stage(topic, self._topic_states(topic)) or Stage.COMMIT

    def _topic_states(self, topic: "HomeTopic") -> States:
        """Return the states of a topic's stages: the current states if it is open, otherwise the
        saved ones.

        Return {} if the topic was never opened.
        """
        if self._is_open_topic(topic):
            return {stage: self.tui.session.stage_status(stage) for stage in Stage}
        saved_states = self.tui.memory.get("standings", f"{topic.repository}:{topic.branch}")
        return load_topic_states(saved_states) if topic.branch else {}

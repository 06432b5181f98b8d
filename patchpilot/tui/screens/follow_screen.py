# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the screen of the follow stage.

It shows the sent messages, the replies, where the patch was merged, and the next version.
"""

from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult

from patchpilot.model.printable import crop_text, format_count
from patchpilot.tui.screens.follow_rows import (
    Conversation,
    describe_series_state,
    follow_status,
    pinned_rows,
    placeholder_rows,
    problem_rows,
)
from patchpilot.tui.screens.repair_keys import edit_draft
from patchpilot.tui.screens.thread_rows import (
    ThreadPart,
    initially_open_messages,
    thread_rows,
)
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.action_keys import keys_at_stage
from patchpilot.tui.view.glyphs import join_with_dots
from patchpilot.tui.view.key_bindings import ShownKeys, bind_keys, key_binding, more_key
from patchpilot.tui.view.stages import Stage, StageStatus
from patchpilot.tui.widgets.choose import (
    Choose,
    DialogOption,
    ask_for_confirmation,
    ask_for_option,
)
from patchpilot.tui.widgets.keyline import JUMP
from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.panel import TALL, Panel
from patchpilot.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from patchpilot.threads.review_ledger import LedgerItem
    from patchpilot.threads.tracked import Tracked
    from patchpilot.tracking.conversation import ConversationMail


HEAD_LOW, HEAD = 4, 5
"""Lines for each row above the conversation, on a low terminal and on a tall one."""
OWN = ("version", "collect")
"""Actions for the topic's own series."""


class FollowScreen(StageScreen["tuple[Tracked, ...]"]):
    """The screen with the patch's status and the replies to it."""

    stage = Stage.FOLLOW
    LIST = "#thread"
    AUTO_FOCUS = LIST
    BINDINGS = bind_keys(
        key_binding(
            "space",
            "mark('addressed')",
            "tick",
            "mark the request under the cursor as addressed",
        ),
        key_binding(
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
        key_binding(
            "v",
            "version",
            "start next version",
            "start the next version",
        ),
        key_binding(
            "e",
            "edit",
            "edit changelog",
            "edit the changelog",
        ),
        more_key("equals_sign", "fold_all", "open all", "open or close all messages"),
        key_binding(
            "w",
            "collect",
            "collect tags",
            "add the tags from replies (Reviewed-by: …) to your commits",
        ),
        key_binding(
            "g",
            "refresh",
            "refresh",
            "check the mail archive for new messages; after a merge, run git fetch",
        ),
        key_binding(
            "x",
            "more",
            "history, diff",
            "show the history of the series, its reviewers, or how two versions differ; or stop"
            " tracking it",
        ),
    )

    INTERVAL: ClassVar[float] = 600.0
    """Seconds between two requests to the archive."""

    _reading = Conversation()
    _changed: frozenset[str] = frozenset()
    """The messages and quotes that the user folded or unfolded."""
    _passed: frozenset[str] = frozenset()
    """The messages that the cursor has passed."""
    _before, _has_moved = 0, False
    _arrived = _passed
    """The messages that arrived while the screen was open, and are unread."""

    def compose_body(self) -> ComposeResult:
        yield PlainText("next")
        yield Panel(
            RowList(ident="thread", enter="open"),
            title="Conversation",
            id="conversation",
            classes="main",
        )

    @property
    def _series(self) -> "Tracked | None":
        return self._reading.series

    @property
    def _items(self) -> "tuple[LedgerItem, ...]":
        return self._reading.items

    @property
    def _mails(self) -> "tuple[ConversationMail, ...]":
        return self._reading.mails

    def can_start(self) -> bool:
        return bool(self.tui.jobs.is_open)

    def on_mount(self) -> None:
        self._timer = self.set_interval(self.INTERVAL, self.check_archive, pause=True)

    def on_screen_resume(self) -> None:
        """Show the stored state, query the archive, and refresh periodically while the screen
        is visible.
        """
        if self.stage not in self.session.busy and self.can_start():
            self.tui.jobs.start_stage(self.stage)
        self._timer.resume()

    def on_screen_suspend(self) -> None:
        series = self._series
        if series and (read_ids := self._passed & series.unread):
            from patchpilot.tracking.follow_topic import mark_mails_read

            mark_mails_read(read_ids)
            self.session.mark_changed("followed")
        self._timer.pause()

    def on_resize(self) -> None:
        if self._shown is None:
            self.call_after_refresh(self.refill_list)

    def update_titles(self) -> None:
        super().update_titles()
        if self.has_all_widgets and self.session.fresh_result(self.stage) is not self._shown:
            self.show_new_result()

    def format_note(self, status: StageStatus) -> str:
        return "" if self._series else status.note

    @property
    def _other_series(self) -> "Tracked | None":
        """Return the series opened from the home screen, or None if it is the topic's own."""
        return None if self.own_series else self._series

    def _title_subject(self) -> str:
        return self._other_series.title if self._other_series else super()._title_subject()

    def _title_texts(self) -> Sequence[str]:
        if self._other_series is None or self.session.topic is None:
            return super()._title_texts()
        stages_text = f"stages: {super()._title_texts()[-1]}"
        return (join_with_dots(stages_text, super()._title_subject()), stages_text)

    def check_archive(self) -> None:
        if self.stage not in self.session.busy and self.is_active:
            self.tui.jobs.start_stage(self.stage)

    def has_changed(self, before: "tuple[Tracked, ...]", after: "tuple[Tracked, ...]") -> bool:
        return [it.facts for it in before] != [it.facts for it in after]

    def show_result(self, result: "tuple[Tracked, ...]") -> None:
        """Show the conversation, keeping the cursor.

        An unchanged result is not redrawn.
        """
        old_series, self._reading = self._series, self.session.conversation or Conversation()
        series = self._series
        if series is None:
            self.refill_list()
        # do not redraw if only the time of the update has changed
        elif old_series is None or series.without_update != old_series.without_update:
            is_same = old_series and old_series.entry.id == series.entry.id
            new_ids = series.unread - old_series.unread if old_series and is_same else frozenset()
            is_read = is_same and old_series and old_series.version == series.version
            self._show_conversation(keep_cursor=bool(is_read and (self._has_moved or not new_ids)))
            if new_ids:
                self._arrived = (self._arrived | new_ids) & series.unread
                is_listed = any(row.key in self._arrived for row in self.row_list.rows)
                advice = "f goes to the next" if is_listed else "press x to read it"
                self.notify(f"{format_count(len(self._arrived), 'new message')}: {advice}")
        if self.focused is None:
            self.row_list.focus()

    def build_rows(self) -> list[Row]:
        row_list = self.row_list
        columns = max(40, (row_list.scrollable_content_region.width or 78) - 2)
        series, items = self._series, self._items
        if series is None:
            is_reading = self._shown is None
            height = row_list.size.height
            is_merged = self.session.is_merged
            texts = placeholder_rows(columns, height, is_reading=is_reading, is_merged=is_merged)
            return list(map(Row, texts))
        rows = list(map(Row, problem_rows(series, columns, self._max_step_lines)))
        return rows + thread_rows(self._mails, items, series.unread, self._changed, columns)

    @property
    def _max_step_lines(self) -> int:
        return HEAD_LOW if self.size.height < TALL else HEAD

    def show_selected_row(self) -> None:
        panel, pinned_texts, series = self.list_panel, list[Text](), self._series
        if series:
            columns = (self.size.width or 80) - 4
            pinned_texts = pinned_rows(series, columns, self._max_step_lines)
            # leave out the subject of the topic's own series, because the title line shows it
            heading = join_with_dots("Conversation", describe_series_state(series))
            panel.heading = heading if series.own else series.title
        self.show_rows("#next", pinned_texts)
        panel.count = self._format_counts(series) if series else ""

    def _format_counts(self, series: "Tracked") -> str:
        items = self._items
        done_count = sum(item.done for item in items)
        ticked_text = f"{done_count}/{len(items)} ticked" if items else ""
        new_text = f", {len(series.unread)} new" if series.unread else ""
        return join_with_dots(ticked_text, format_count(len(self._mails), "message") + new_text)

    def _show_conversation(self, *, keep_cursor: bool) -> None:
        """Show the series.

        If `keep_cursor` is set, keep the cursor where it is; otherwise move it to the message that
        waits for the user, or to the latest message.
        """
        from patchpilot.tracking.conversation import find_first_message

        series = self._series
        if (keep_cursor and self.selected_item) or series is None or not self._mails:
            self.refill_list()
            return
        self.refill_list(find_first_message(series, self._items, self._mails))
        self._before, self._has_moved = self.row_list.cursor_line, False
        # the list has no height until the next refresh
        self.call_after_refresh(self.row_list.scroll_to_highlight, top=True)

    @property
    def own_series(self) -> "Tracked | None":
        return self._series if self._series and self._series.own else None

    @property
    def _selected_comment(self) -> "LedgerItem | None":
        part: ThreadPart | None = self.selected_item
        if part is None or part.item:
            return part and part.item
        items_inside = [item for item in self._items if item.point.message_id == part.message_id]
        return items_inside[0] if len(items_inside) == 1 else None

    @property
    def shown_keys(self) -> ShownKeys:
        hidden = set(OWN) if self.own_series and self.own_series.about.landed else set()
        if self.can_edit:
            hidden |= {"version"}
        is_new = self._series is not None and bool(self._series.unread)
        jump_label, refresh_label = "next new" if is_new else "next message", "refresh"
        next_stage = Stage.BACKPORTS if self.session.is_merged else Stage.SEND
        first_keys: tuple[str, ...] = ("0",) if self._series else (str(next_stage.number), "0")
        if self.own_series and self.own_series.about.lacks_commits:
            first_keys, refresh_label = ("g",), "fetch what was merged"
        elif self.own_series:
            first_keys = keys_at_stage(self.own_series.step.advice, self.stage)
        fold_label = "open some" if self._has_all_open else "open all"
        return ShownKeys(
            first_keys,
            hidden,
            labels={JUMP: jump_label, "refresh": refresh_label, "fold_all": fold_label},
        )

    @property
    def _has_all_open(self) -> bool:
        """Return whether all messages are unfolded, in which case the key folds the messages
        already read.
        """
        all_ids = {mail.message_id for mail in self._mails}
        return self._changed & all_ids == all_ids - initially_open_messages(
            self._mails, self._items
        )

    @property
    def can_edit(self) -> bool:
        return self.own_series is not None and self.own_series.is_next_begun

    @property
    def can_jump(self) -> bool:
        return bool(self._mails)

    def handle_cursor_move(self, row_list: RowList) -> None:
        super().handle_cursor_move(row_list)
        if part := self.selected_item:
            start, end = sorted((self._before, row_list.cursor_line))
            passed_parts = (row.about for row in row_list.rows[start : end + 1] if row.about)
            self._passed |= {part.message_id, *(row.message_id for row in passed_parts)}
            self._before, self._has_moved = row_list.cursor_line, True

    @property
    def can_mark(self) -> bool:
        return bool(self._items)

    @property
    def can_version(self) -> bool:
        return self.own_series is not None

    can_collect = can_version

    @property
    def can_reply(self) -> bool:
        return self._series is not None

    can_fold_all = can_more = can_reply

    def action_jump(self, direction: int) -> None:
        unread = self._series.unread if self._series else ()
        message_ids = unread or {node.message_id for node in self._mails}
        head_rows = [
            index for index, row in enumerate(self.row_list.rows) if row.key in message_ids
        ]
        if head_rows:
            self.row_list.go_to_match(head_rows, direction)
            self.call_after_refresh(self.row_list.scroll_to_highlight, top=True)

    def open_selected_row(self, row_list: RowList) -> None:
        if self.selected_item and (fold := self.selected_item.fold):
            self._changed ^= {fold}
            self.refill_list(fold)

    def action_fold_all(self) -> None:
        open_ids = initially_open_messages(self._mails, self._items)
        all_ids = {node.message_id for node in self._mails}
        quotes = self._changed - all_ids
        self._changed = quotes | (open_ids if self._has_all_open else all_ids - open_ids)
        self.refill_list(self.selected_item and self.selected_item.message_id)

    def action_reply(self) -> None:
        """Reply to the message under the cursor.

        If the next step names another one, ask which of them.
        """
        selected_id = (
            self.selected_item.message_id if self.selected_item else self._message_to_answer()
        )
        mails = {mail.message_id: mail for mail in self._mails}
        named_id = self.named_message()
        if selected_id not in mails:
            words = "r replies to a message: press f to go to the next one"
            self.notify(words, severity="warning")
        elif named_id in (selected_id, "") or named_id not in mails:
            self._reply_to(mails[selected_id])
        else:
            choices = {named_id: "the next step", selected_id: "the message under the cursor"}
            options = [
                DialogOption(
                    mails[ident].mail.sender.called, effect, partial(self._reply_to, mails[ident])
                )
                for ident, effect in choices.items()
            ]
            ask_for_option(self, "Whose message do you reply to?", options, "Reply")

    def named_message(self) -> str:
        """Return the Message-ID of the message that the next step asks to answer, or ""."""
        return self._series.step.message_to_answer if self._series else ""

    def _reply_to(self, answered: "ConversationMail") -> None:
        from patchpilot.tracking.reply.session import list_reply_templates
        from patchpilot.tui.actions.reply_action import reply_to_message

        mail = answered.mail
        templates = list_reply_templates(mail.kind, own=mail.message_id in self._own_message_ids)
        description = f"{mail.sender.called}: {mail.mail.subject}"
        sent_mails = [
            own_mail.mail.mail
            for own_mail in self._mails
            if own_mail.message_id in self._own_message_ids
        ]
        recipients = (*sent_mails[-1].to, *sent_mails[-1].cc) if sent_mails else ()
        reply_to_message(self, mail.message_id, templates, description, recipients)

    @property
    def _own_message_ids(self) -> Collection[str]:
        return self._series.about.post_ids if self._series else ()

    def _message_to_answer(self) -> str:
        """Return the message with the first open review comment, which `r` replies to.

        If there is none, return the latest message by somebody else.
        """
        open_ids = [item.point.message_id for item in self._items if not item.done]
        all_ids = (mail.message_id for mail in self._mails)
        other_ids = [ident for ident in all_ids if ident not in self._own_message_ids]
        return (*open_ids, *other_ids[-1:], "")[0]

    def action_mark(self, name: str) -> None:
        from patchpilot.reading.requests import PointState
        from patchpilot.threads.review_ledger import toggle_state
        from patchpilot.threads.series_record import mark_request

        series, item = self._series, self._selected_comment
        if series is None or item is None:
            words = "move the cursor to a line with a box first"
            self.notify(words, severity="warning")
            return
        changed_item = toggle_state(series.entry.id, item, PointState(name))
        self.session.mark_changed("marks")
        self._replace_series(mark_request(series, changed_item))
        done_text = str(changed_item.state).replace("addressed", "ticked")
        self.notify(
            f"{done_text if changed_item.done else 'reopened'}: {crop_text(item.point.text, 45)};"
            f" press {'i' if name == 'declined' else 'Space'} to undo"
        )

    def _replace_series(self, series: "Tracked") -> None:
        from patchpilot.threads.review_ledger import list_latest_requests
        from patchpilot.topic.state import add_topic_step

        all_series: tuple[Tracked, ...] = self.session.last_result(self.stage) or ()
        status, topic = self.session.stage_status(self.stage), self._reading.topic
        if series.own and topic:
            topic = topic._replace(series=series)
            series = add_topic_step(series, topic)
            status = follow_status(topic, all_series)
        number = series.entry.id
        result = tuple(
            series if candidate.entry.id == number else candidate for candidate in all_series
        )
        self.session.store_result(self.stage, result, status)
        self._shown = result
        # keep the messages, because only the ticks of review comments have changed
        self._reading = Conversation(series, list_latest_requests(series), self._mails, topic)
        self.session.conversation = self._reading
        self.refill_list()

    def action_more(self) -> None:
        from patchpilot.tui.screens.series_dialog import show_series_actions

        if self._series:
            show_series_actions(self, self._series)

    def action_refresh(self) -> None:
        """Query the archive.

        If the fix was merged, or the stable maintainers took the backport, offer to run git fetch,
        because local refs show whether it is in mainline and the stable branches.
        """
        if self._series and self._series.about.awaits_git:
            from patchpilot.tui.actions.fetch_action import fetch_remotes

            fetch_remotes(self)
        else:
            self.action_reload()

    def action_collect(self) -> None:
        from patchpilot.tui.screens.collect_tags_dialog import collect_tags

        collect_tags(self)

    def action_edit(self) -> None:
        edit_draft(self, partial(self.rerun_stage, "draft"))

    def action_version(self) -> None:
        """Start the next version; ask first if it may be needless."""
        topic = self._reading.topic
        doubt = topic.doubt_of_version if topic else ""
        if not doubt:
            self._begin_next_version()
            return
        answers = ("no", "Keep this version"), ("yes", "Start the next version")
        question = Choose(doubt, answers, "Version")
        ask_for_confirmation(self, question, self._begin_next_version)

    def _begin_next_version(self) -> None:
        from patchpilot.sending.edit_draft import begin_next_version

        session = self.session

        def show_draft(draft: Any) -> None:
            self.rerun_stage("draft")
            self.notify(f"v{draft.version} is started")

        self.run_in_thread(
            "starting the next version",
            lambda repository, _: begin_next_version(
                repository, session.make_send_request(repository)
            ),
            show_draft,
        )

# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the follow stage, and the confirmations before something changes."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.binding import BindingType

from patchpilot.model.counted import counted
from patchpilot.model.rewrite_overrides import PUBLISHED
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.screens.follow_rows import comparison_rows, history_rows
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose, LineDialog, Reader, ask_line, ask_yes
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.thread_tree import tree_line

if TYPE_CHECKING:
    from patchpilot.services.track.compare_revisions import Revision, RevisionComparison
    from patchpilot.topic.followed.known_series import Tracked
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

# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask what to show of a tracked series, such as its history or how two versions differ, or stop
tracking it.
"""

from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

from patchpilot.model.printable import format_count
from patchpilot.tracking.compare_versions import (
    Revision,
    RevisionComparison,
    format_difference_counts,
    list_comparable_revisions,
)
from patchpilot.tracking.follow_topic import compare_series_revisions, remove_series
from patchpilot.tracking.review_lines import format_review_table
from patchpilot.tui.screens.follow_rows import comparison_rows, history_rows
from patchpilot.tui.widgets.choose import (
    Choose,
    DialogOption,
    Reader,
    ask_for_confirmation,
    ask_for_option,
)

if TYPE_CHECKING:
    from patchpilot.threads.tracked import Tracked
    from patchpilot.tui.stage.stage_screen import AnyScreen

_NARROW = 40
"""Minimum width for showing the reviewers' table."""


def show_series_actions(screen: "AnyScreen", series: "Tracked") -> None:
    is_readable = bool(series.is_read and series.posted)
    revisions = list_comparable_revisions(series) if is_readable else ()
    options = [
        DialogOption(
            "History",
            "its versions, its reviews, and where it was merged",
            lambda: screen.app.push_screen(Reader(series.title, partial(history_rows, series))),
        )
    ]
    if is_readable:
        options.append(
            DialogOption(
                "Reviewers",
                "who reviewed which patch",
                partial(_show_reviewers, screen, series),
            )
        )
    options += [
        DialogOption(
            f"Changes from {old.label} to {new.label}",
            "the range-diff of both versions",
            partial(_compare_versions, screen, series.entry.id, old, new),
        )
        for old, new in reversed([*combinations(revisions, 2)])
    ]
    options.append(
        DialogOption(
            "Unfollow",
            "asks, then stops tracking this series",
            partial(_confirm_unfollow, screen, series),
        )
    )
    ask_for_option(screen, series.title, options, "Series")


def _show_reviewers(screen: "AnyScreen", series: "Tracked") -> None:
    if (table := series.review) is None:
        return
    total = format_count(len(table.patches), "patch", "patches")
    title = f"v{table.version}: {table.approved} of {total} reviewed or acked"

    def format_rows(columns: int) -> tuple[str, ...]:
        return format_review_table(table, max(_NARROW, columns)) or ("no reviewer is known",)

    screen.app.push_screen(Reader(title, format_rows))


def _compare_versions(screen: "AnyScreen", number: int, old: "Revision", new: "Revision") -> None:
    names = tuple(f"<{revision.message_id}>" for revision in (old, new))

    def show_comparison(comparison: "RevisionComparison") -> None:
        title = (
            f"{' and '.join(comparison.revision_names())}:"
            f" {format_difference_counts(comparison.patches)}"
        )
        screen.app.push_screen(Reader(title, comparison_rows(comparison)))

    screen.run_in_thread(
        "comparing the versions",
        lambda *_: compare_series_revisions(number, names),
        show_comparison,
    )


def _confirm_unfollow(screen: "AnyScreen", series: "Tracked") -> None:
    def stop_following() -> None:
        remove_series(series.entry.id)
        screen.session.series = 0
        screen.rerun_stage("followed")

    answers = (("no", "Keep tracking it"), ("yes", "Unfollow it"))
    question = f"Stop following this series?\n\n{series.title}"
    ask_for_confirmation(screen, Choose(question, answers), stop_following)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the follow stage.

They show the tracked series, the review comments, and the next step above the conversation.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.action import actions
from patchpilot.model.printable import crop, one_line
from patchpilot.tui.view.action_keys import in_keys
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import HEADING, QUIET, STRONG, fitted, plain, wrapped
from patchpilot.tui.view.stages import NEEDS_YOU, Stage
from patchpilot.tui.widgets.thread_tree import TreeRow, tick_sign

if TYPE_CHECKING:
    from patchpilot.services.track.compare_revisions import RevisionComparison
    from patchpilot.topic.followed.known_series import Tracked
    from patchpilot.topic.followed.review_ledger import LedgerItem

TURNS = {
    "action": ("todo", NEEDS_YOU),
    "patience": ("waiting", "blue"),
    "nothing": ("done", "green"),
}
"""What a series needs from its author → the name of its glyph, and its style."""
MUST = ("next", "fetch")
"""The lines above the conversation that say what to do."""


BRIEF = (*MUST, "open")
"""The lines that stay above the conversation on a short terminal."""


def rank(series: "Tracked") -> tuple[bool, int, float]:
    """Return the sort key of a series.

    The topic's own series come first. The others are sorted by whose turn it is, then by the
    latest message.
    """
    last = series.summary.last_activity if series.summary else None
    return (
        not series.own,
        list(TURNS).index(str(series.step.need)),
        -last.timestamp() if last else 0.0,
    )


def series_row(series: "Tracked", columns: int, *, tall: bool) -> Text:
    """Return the row of a series: whose turn it is, its unread messages, and its title.

    With `tall`, on a wide terminal, a second row has its state.
    """
    sign, style = TURNS[str(series.step.need)]
    reviewed = series.summary.reviewed if series.summary else ""
    new = f"{len(series.unread)} new" if series.unread else ""
    own = f"{glyph('cursor')}" if series.own else " "
    if tall:
        first = "\n   ".join(wrapped(one_line(series.subject), max(10, columns - 5)))
        second = f" {glyph('dot')} ".join(
            part
            for part in (
                f"  {glyph('tree-last')} {series.state}",
                f"R {reviewed}" if reviewed else "",
                new,
            )
            if part
        )
        return Text.assemble(
            (own, "bold"),
            (f"{glyph(sign)} ", style),
            plain(first),
            "\n",
            plain(second, QUIET),
        )
    return Text.assemble(
        (own, "bold"),
        (f"{glyph(sign)} ", style),
        plain(f"{fitted(series.state, 18)} {new:<7}", QUIET),
        plain(series.subject),
    )


def point_row(item: "LedgerItem") -> Text:
    """Return the row of a review comment, with a word about one that was answered."""
    from patchpilot.topic.followed.review_ledger import ANSWERED

    return Text.assemble(
        (f"{tick_sign(item)} ", "green" if item.done else "bold"),
        plain(f"{item.point.asker}: ", QUIET),
        plain(item.point.text),
        plain("" if item.open or item.done else f" ({ANSWERED})", QUIET),
    )


def wants(series: "Tracked") -> frozenset[str]:
    """Return the keys for the actions that the author of a series should take next.

    `r` replies, `v` starts the next version, and `0` opens Home if the series belongs to another
    topic.
    """
    if series.step.need != "action":
        return frozenset()
    asked = {action.verb for action in actions(series.step.advice)}
    return frozenset(
        (
            *(("r",) if "track" in asked else ()),
            *(("v" if series.own else "0",) if "send" in asked else ()),
        )
    )


def keys_of(series: "Tracked") -> str:
    """Return the keys of `wants` in words, or "" if there are none."""
    does = {
        "r": "press r to reply",
        "v": "press v to start the next version",
        "0": "press 0 to open its topic at Home",
    }
    wanted = wants(series)
    return ", ".join(words for key, words in does.items() if key in wanted)


def first_rows(
    series: "Tracked", columns: int, most: int, *, brief: bool = False
) -> list[TreeRow]:
    """Return the first five rows of each view of a series, which stay above the conversation.

    The next step takes at most `most` lines, the other rows one or two. With `brief`, only the
    rows in BRIEF.
    """
    from patchpilot.services.track.series_head import head_rows

    way = f" ({keys})" if (keys := keys_of(series)) else ""
    rows = []
    if series.status and series.landed and not series.status.evidence.commits:
        # what the next step needs comes first
        rows.append(
            (
                "fetch",
                (
                    f"press f to fetch what was merged; stage {Stage.BACKPORTS.number} then uses"
                    " the mainline commit"
                ),
            ),
        )
    for name, says in head_rows(series):
        if name == "next":
            rows.append((name, f"{in_keys(says, Stage.FOLLOW)}{way}"))
        else:
            rows.append((name, one_line(str(says))))
    others = max(1, most // 2)
    return [
        row
        for name, text in rows
        if not brief or name in BRIEF
        for row in _laid([(name, text)], columns, most if name in MUST else others)
    ]


def other_rows(series: "Tracked", columns: int) -> list[TreeRow]:
    """Return the rows that a short terminal has no room for above the conversation."""
    from patchpilot.services.track.series_head import head_rows

    rows = [
        (name, one_line(str(says)))
        for name, says in head_rows(series)
        if name not in BRIEF
    ]
    return [*_laid(rows, columns, 2), *head(series, columns, 2)]


def troubles(series: "Tracked", columns: int, most: int) -> list[TreeRow]:
    """Return the rows about what could not be read, which every terminal shows."""
    notes = [("note", note) for note in (*series.troubles, *series.damaged)]
    return [*_laid(notes, columns, most), TreeRow(("", ""))] if notes else []


def head(series: "Tracked", columns: int, most: int) -> list[TreeRow]:
    """Return the rows above the messages: the state of the series, its patches, and what is
    missing.
    """
    from patchpilot.services.track.series_head import as_of_words

    rows = []
    if words := as_of_words(series):
        rows.append(("as of", crop(words, columns - 10)))
    if series.status:
        several = series.status.patches if len(series.status.patches) > 1 else ()
        rows += [
            (
                f"v{it.version} {it.number}",
                crop(one_line(f"{it.state}: {it.title}"), columns - 10),
            )
            for it in several
        ]
        if series.summary and series.summary.reviewed:
            words = f"{series.summary.reviewed} patches reviewed or acked; press w for details"
            rows.append(("review", words))
        rows += [
            ("missing", f"v{version} <{ident}> is referenced but not in the archive")
            for ident, version in series.status.topic.missing.items()
        ]
    rows += [("note", note) for note in (*series.troubles, *series.damaged)]
    return [*_laid(rows, columns, most), TreeRow(("", ""))]


def _laid(rows: "Sequence[tuple[str, str]]", columns: int, most: int) -> list[TreeRow]:
    parts = []
    for name, text in rows:
        lines = wrapped(plain(text).plain, columns - 9)
        if len(lines) > most:
            # the story has it in full
            lines = [
                *lines[: most - 1],
                crop(f"{lines[most - 1]}{glyph('ellipsis')}", columns - 9),
            ]
        for number, line in enumerate(lines):
            parts.append(
                TreeRow(
                    (
                        f"{name if not number else '':<9}",
                        HEADING if name in MUST else QUIET,
                    ),
                    (line, STRONG if name in MUST else ""),
                )
            )
    return parts


def comparison_rows(comparison: "RevisionComparison") -> list[str]:
    """Return a range-diff in a form that the patch viewer can show.

    Each changed patch becomes a file, and each changed part a hunk.
    """
    from patchpilot.services.track.compare_revisions import heading

    rows: list[str] = []
    for patch in comparison.patches:
        name = heading(patch)
        if patch.text:
            rows += [f"--- {name}", f"+++ {name}", *_hunks(patch.text)]
        else:
            rows.append(f"{name} ({patch.difference})")
    return rows


def _hunks(text: str) -> Iterator[str]:
    """The parts of a range-diff of one patch, with the numbers that the heading of a hunk has."""
    old = new = 1
    for part in re.split(r"^@@ ?", text, flags=re.MULTILINE):
        section, _, body = part.partition("\n")
        lines = body.rstrip("\n").split("\n")
        removed, added = (
            sum(not line.startswith(sign) for line in lines) for sign in "+-"
        )
        if body:
            yield f"@@ -{old},{removed} +{new},{added} @@ {section}"
            yield from lines
            old, new = old + removed, new + added

# SPDX-License-Identifier: GPL-2.0-or-later
"""The tree of mails: guides, badges, folds, boxes at review points; and its look."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult

from patchpilot.services.track.conversation import conversation
from patchpilot.topic.followed.follow_series import add_from_mbox
from patchpilot.topic.followed.known_series import Tracked, open_store
from patchpilot.topic.followed.review_ledger import LedgerItem, PointState, checklist
from patchpilot.topic.home.series_news import topic_of_series
from patchpilot.tui.widgets.thread_tree import (
    Folding,
    ThreadLayout,
    ThreadTree,
    TreeRow,
    lay_thread,
    tree_line,
)
from tests.kit.mails import MATT, mail, mbox
from tests.reading import story

REVIEW = """\
On Monday, Ada Fixer wrote:
> one
> two
> three
> four

Can pump ever be NULL here?

> short quote
Please \x1b[31mrename\x1b[0m it [bold]now[/bold].
"""


def on_v1(text: str, ident: str = "p1", to: str = "v1", minutes: int = 70) -> bytes:
    return mail(
        f"Re: [PATCH] {story.TITLE}",
        text,
        sender=MATT,
        id=ident,
        reply_to=to,
        minutes=minutes,
    )


def followed(place: Path, *mails: bytes) -> Tracked:
    (place / "m").write_bytes(mbox(*mails))
    with open_store() as store:
        return add_from_mbox(place / "m", store=store)[0]


def laid(
    series: Tracked,
    folding: Folding | None = None,
    columns: int = 78,
    items: list[LedgerItem] | None = None,
) -> ThreadLayout:
    shown = checklist(series) if items is None else items
    return lay_thread(conversation(series), shown, series.unread, folding, columns)


def test_posts_are_closed_replies_open_quotes_folded_and_points_have_boxes(
    tmp_path: Path,
) -> None:
    layout = laid(
        followed(
            tmp_path,
            story.V1,
            on_v1(REVIEW),
            on_v1("Reviewed-by: Matt Maintainer <matt@example.com>\n", "p2", "p1", 90),
        )
    )
    assert list(layout.rows) == [
        "▸ patch Ada Fixer · 2024-03-04 · v1 demo: check the pointer before use",
        "└─▾ review Matt Maintainer · 2024-03-04 · on v1 new",
        "  │      On Monday, Ada Fixer wrote:",
        "  │      > … 4 quoted lines",
        "  │      ",
        "  │  [ ] Can pump ever be NULL here?",
        "  │      ",
        "  │      > short quote",
        "  │  [ ] Please \\x1b[31mrename\\x1b[0m it [bold]now[/bold].",
        "  └─▾ trailers Matt Maintainer · 2024-03-04 · on v1 new",
        "       Reviewed-by: Matt Maintainer <matt@example.com>",
    ]
    assert layout.mails == (0, 1, 9)
    assert [layout.points[at].point.text[:10] for at in (5, 8)] == [
        "Can pump e",
        "Please \x1b[3",
    ]


def test_enter_opens_and_closes_mails_and_quotes(tmp_path: Path) -> None:
    series = followed(tmp_path, story.V1, on_v1(REVIEW))
    first = laid(series)
    closed = laid(series, Folding().toggled(first.folds[1]))
    assert len(closed.rows) == 2
    assert closed.rows[1].startswith("└─▸")
    shown = laid(series, Folding().toggled(first.folds[3]))
    assert list(shown.rows[3:7]) == [
        f"         > {number}" for number in ("one", "two", "three", "four")
    ]
    assert {shown.folds[at] for at in (3, 4, 5, 6)} == {first.folds[3]}
    post = laid(series, Folding().toggled(first.folds[0]))
    assert any("+\tif (!pump)".expandtabs(8) in row for row in post.rows)


def test_a_ticked_point_has_a_cross_in_its_box(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = followed(tmp_path, story.V1, on_v1(REVIEW))
    items = [replace(it, state=PointState.ADDRESSED) for it in checklist(series)]
    assert "  [✓] Can pump ever be NULL here?" in laid(series, items=items).rows[5]
    monkeypatch.setenv("PATCHPILOT_ASCII", "1")
    rows = laid(series, items=items).rows
    assert "[x] Can pump" in rows[5]
    assert rows[1].startswith("`-v review Matt")


def test_a_point_starts_a_row_with_its_box_in_the_margin(tmp_path: Path) -> None:
    text = (
        "Fine so far. Could you say in the message that the probe\n"
        "function takes it as harmless? Thanks. Please send a v2 with that.\n"
    )
    layout = laid(followed(tmp_path, story.V1, on_v1(text)))
    assert [row.strip(" │") for row in layout.rows[2:]] == [
        "[ ] Fine so far. Could you say in the message that the probe",
        "function takes it as harmless? Thanks. Please send a v2 with that.",
    ]


@pytest.mark.parametrize(
    ("words", "badge"),
    [("warning: unused", "build-warning"), ("error: undeclared", "build-failure")],
)
def test_a_report_without_an_error_is_no_failure(
    tmp_path: Path, words: str, badge: str
) -> None:
    report = (
        f"kernel test robot noticed the following build {words.partition(':')[0]}s:\n\n>>"
        f" drivers/demo/pump.c:12:3: {words} 'x'\n"
    )
    robot = mail(
        f"Re: [PATCH] {story.TITLE}",
        report,
        sender="kernel test robot <lkp@intel.com>",
        id="lkp",
        reply_to="v1",
        minutes=90,
    )
    series = followed(tmp_path, story.V1, robot)
    assert f" {badge} kernel test robot" in laid(series).rows[1]
    assert (
        str(series.step.advice) == "kernel test robot reports"
        f" {'build warnings' if 'warning' in words else 'a build failure'}: fix it and send v2"
    )
    assert topic_of_series("", series).failed is ("error" in words)


def test_long_lines_go_on_below_and_none_is_cut(tmp_path: Path) -> None:
    text = "Please " + "explain " * 20 + "it.\n\n\tif (" + "x" * 100 + ")\n"
    rows = laid(followed(tmp_path, story.V1, on_v1(text)), columns=60).rows
    assert max(len(row) for row in rows if "explain" in row) <= 60
    assert max(map(len, rows[1:])) <= 60
    assert "x" * 100 in "".join(row.strip(" │") for row in rows)


def test_a_paragraph_that_is_too_wide_is_filled_again_and_a_quote_keeps_its_level(
    tmp_path: Path,
) -> None:
    wide = (
        "The firmware of some cards does not know this command and says so,",
        "which the probe function then takes for an error of the bus. Short end.",
    )
    text = (
        "\n".join(
            (
                *(f"> > {line}" for line in wide),
                "",
                *wide,
                "Tested-by: A <a@example.com>",
                "",
                "Thanks,",
                "Maya",
            )
        )
        + "\n"
    )
    layout = laid(followed(tmp_path, story.V1, on_v1(text)), columns=58)
    assert [row[5:].rstrip() for row in layout.rows[2:]] == [
        "> > The firmware of some cards does not know this",
        "> > command and says so, which the probe function",
        "> > then takes for an error of the bus. Short end.",
        "",
        "The firmware of some cards does not know this command",
        "and says so, which the probe function then takes for",
        "an error of the bus. Short end.",
        "Tested-by: A <a@example.com>",
        "",
        "Thanks,",
        "Maya",
    ]


def test_in_a_long_conversation_only_what_asks_something_is_open(
    tmp_path: Path,
) -> None:
    many = [
        on_v1("Thanks, this works for me on two boards.\n", f"t{at}", minutes=100 + at)
        for at in range(45)
    ]
    layout = laid(followed(tmp_path, story.V1, on_v1("Why?\n"), *many))
    assert len(layout.rows) == len(layout.mails) + 1


def test_what_is_shown_again_is_not_laid_again(tmp_path: Path) -> None:
    series = followed(tmp_path, story.V1, on_v1(REVIEW))
    known: dict[Any, Any] = {}
    before = lay_thread(conversation(series), (), series.unread, None, 78, known)
    after = lay_thread(
        conversation(series),
        (),
        series.unread,
        Folding().toggled(before.folds[0]),
        78,
        known,
    )
    assert after.rows[-1] is before.rows[-1]


def test_a_build_report_s_new_lines_are_no_quotes() -> None:
    series_row = TreeRow(("x", "bold"), ("\u202ey", ""))
    assert tree_line(series_row).plain == series_row
    assert "\u202e" not in series_row


class Shown(App[None]):
    """A tree alone."""

    def __init__(self, layout: ThreadLayout) -> None:
        super().__init__()
        self.layout = layout

    def compose(self) -> ComposeResult:
        yield ThreadTree(ident="thread")

    def on_mount(self) -> None:
        tree = self.query_one(ThreadTree)
        tree.show_layout(
            [
                TreeRow(("next     ", "dim"), ("answer the review", "bold")),
                TreeRow(("", "")),
            ],
            self.layout,
            keep=False,
        )
        tree.focus()


async def test_brackets_go_from_mail_to_mail(tmp_path: Path) -> None:
    app = Shown(laid(followed(tmp_path, story.V1, on_v1(REVIEW))))
    async with app.run_test(size=(80, 24)) as pilot:
        tree = app.query_one(ThreadTree)
        at = []
        for by in (1, 1, -1):
            # ] is a key of the stage
            if by > 0:
                tree.action_stop(by)
            else:
                await pilot.press("left_square_bracket")
            at.append((tree.cursor, bool(tree.fold)))
        assert at == [(2, True), (3, True), (2, True)]
        tree.go(7)
        assert tree.item is not None
        assert tree.row_of(tree.laid.folds[5]) == 5


def test_it_looks_as_it_did(
    snap_compare: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    series = followed(tmp_path, *story.ACCEPTED, story.IN_REVIEW, on_v1(REVIEW))
    assert snap_compare(Shown(laid(series)), terminal_size=(80, 40))

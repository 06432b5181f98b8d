# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the rows of a conversation, which have badges, folds, and boxes for review comments."""

from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.home.series_news import make_series_topic
from patchpilot.reading.requests import PointState
from patchpilot.threads.known_series import open_store
from patchpilot.threads.review_ledger import LedgerItem, list_latest_requests
from patchpilot.threads.tracked import Tracked
from patchpilot.tracking.conversation import find_first_message, list_conversation
from patchpilot.tracking.follow_series import track_series_in_mbox
from patchpilot.tui.screens.thread_rows import thread_rows
from patchpilot.tui.widgets.lists import Row
from tests.kit import story
from tests.kit.mails import MATT, build_mail, build_mbox

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


def make_v1_reply(
    body: str, message_id: str = "p1", parent_id: str = "v1", minutes: int = 70
) -> bytes:
    return build_mail(
        f"Re: [PATCH] {story.TITLE}",
        body,
        sender=MATT,
        id=message_id,
        reply_to=parent_id,
        minutes=minutes,
    )


def follow_mails(mbox_folder: Path, *mails: bytes) -> Tracked:
    (mbox_folder / "m").write_bytes(build_mbox(*mails))
    with open_store() as store:
        return track_series_in_mbox(mbox_folder / "m", store=store)[0]


def lay_out_rows(
    series: Tracked,
    changed_ids: frozenset[str] = frozenset(),
    columns: int = 78,
    items: list[LedgerItem] | None = None,
) -> list[Row]:
    shown_items = list_latest_requests(series) if items is None else items
    mails = list_conversation(series)
    return thread_rows(mails, shown_items, series.unread, changed_ids, columns)


def list_row_texts(rows: list[Row]) -> list[str]:
    lines = "\n".join(row.text.plain for row in rows).split("\n")
    # the first column is reserved for the cursor
    return [line[1:] for line in lines]


def test_thread_rows_are_folded(
    tmp_path: Path,
) -> None:
    ack = make_v1_reply("Reviewed-by: Matt Maintainer <matt@example.com>\n", "p2", "p1", 90)
    rows = lay_out_rows(follow_mails(tmp_path, story.V1, make_v1_reply(REVIEW), ack))
    assert [line.rstrip() for line in list_row_texts(rows)] == [
        "▸ patch Ada Fixer · 2024-03-04 · v1 demo: check the pointer before use",
        "  ▾ review Matt Maintainer · 2024-03-04 · on v1 new",
        "        On Monday, Ada Fixer wrote:",
        "        > … 4 quoted lines",
        "",
        "    [ ] Can pump ever be NULL here?",
        "",
        "        > short quote",
        "    [ ] Please \\x1b[31mrename\\x1b[0m it [bold]now[/bold].",
        "    ▾ trailers Matt Maintainer · 2024-03-04 · on v1 new",
        "      Reviewed-by: Matt Maintainer <matt@example.com>",
    ]
    points = [row.about.item.point.text[:10] for row in rows if row.about and row.about.item]
    assert points == ["Can pump e", "Please \x1b[3"]
    assert all((row.about is None) == (not row.text.plain.strip()) for row in rows)


def test_follow_opens_at_a_request_or_the_latest_message(
    tmp_path: Path,
) -> None:
    ack = make_v1_reply("Reviewed-by: Matt Maintainer <matt@example.com>\n", "p2", "p1", 90)
    series = follow_mails(tmp_path, story.V1, make_v1_reply(REVIEW), ack)
    mails, items = list_conversation(series), list_latest_requests(series)
    (review,) = {item.point.message_id for item in items}
    unread = next(node.message_id for node in mails if node.message_id[:2] == "p2")
    assert find_first_message(series, items, mails) == review
    assert find_first_message(replace(series, unread=frozenset((unread,))), (), mails) == unread
    assert find_first_message(replace(series, unread=frozenset()), (), mails) == unread


def test_enter_folds_mails_and_quotes(tmp_path: Path) -> None:
    series = follow_mails(tmp_path, story.V1, make_v1_reply(REVIEW))
    post, review, *_ = folds = [
        row.about.fold for row in lay_out_rows(series) if row.about and row.about.fold
    ]
    quote = folds[-1]
    closed = lay_out_rows(series, frozenset((review,)))
    assert len(closed) == 2
    assert closed[1].text.plain.startswith("   ▸ review")
    assert "new  Can pump ever be NULL" in closed[1].text.plain, "its first own line"
    assert "rename" in closed[1].hidden, "a search finds the rest"
    shown = next(row for row in lay_out_rows(series, frozenset((quote,))) if row.key == quote)
    assert [line.strip() for line in shown.text.plain.split("\n")] == [
        "> one",
        "> two",
        "> three",
        "> four",
    ]
    opened = list_row_texts(lay_out_rows(series, frozenset((post,))))
    assert any("+\tif (!pump)".expandtabs(8) in row for row in opened)


def test_settled_point_is_crossed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series = follow_mails(tmp_path, story.V1, make_v1_reply(REVIEW))
    items = [it._replace(state=PointState.ADDRESSED) for it in list_latest_requests(series)]
    assert "    [✓] Can pump ever be NULL here?" in list_row_texts(
        lay_out_rows(series, items=items)
    )
    monkeypatch.setenv("PATCHPILOT_ASCII", "1")
    rows = list_row_texts(lay_out_rows(series, items=items))
    assert "    [x] Can pump ever be NULL here?" in rows
    assert rows[1].startswith("  v review Matt")


def test_point_has_a_box_in_the_margin(tmp_path: Path) -> None:
    text = (
        "Fine so far. Could you say in the message that the probe\n"
        "function takes it as harmless? Thanks. Please send a v2 with that.\n"
    )
    rows = list_row_texts(lay_out_rows(follow_mails(tmp_path, story.V1, make_v1_reply(text))))
    assert [row.strip() for row in rows[2:]] == [
        "[ ] Fine so far. Could you say in the message that the probe",
        "function takes it as harmless? Thanks. Please send a v2 with that.",
    ]


@pytest.mark.parametrize(
    ("words", "badge"),
    [("warning: unused", "build-warning"), ("error: undeclared", "build-failure")],
)
def test_clean_report_is_not_a_failure(tmp_path: Path, words: str, badge: str) -> None:
    report = (
        f"kernel test robot noticed the following build {words.partition(':')[0]}s:\n\n>>"
        f" drivers/demo/pump.c:12:3: {words} 'x'\n"
    )
    robot_mail = build_mail(
        f"Re: [PATCH] {story.TITLE}",
        report,
        sender="kernel test robot <lkp@intel.com>",
        id="lkp",
        reply_to="v1",
        minutes=90,
    )
    series = follow_mails(tmp_path, story.V1, robot_mail)
    assert f" {badge} kernel test robot" in lay_out_rows(series)[1].text.plain
    assert (
        str(series.step.advice) == "kernel test robot reports"
        f" {'build warnings' if 'warning' in words else 'a build failure'}: fix it, build it, then"
        " send v2"
    )
    assert make_series_topic("", series).failed is ("error" in words)


def test_long_lines_are_wrapped(tmp_path: Path) -> None:
    text = "Please " + "explain " * 20 + "it.\n\n\tif (" + "x" * 100 + ")\n"
    rows = list_row_texts(
        lay_out_rows(follow_mails(tmp_path, story.V1, make_v1_reply(text)), columns=60)
    )
    assert max(map(len, rows[2:])) <= 60
    assert "x" * 100 in "".join(row.strip() for row in rows)


def test_wrapped_quote_keeps_its_level(
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
    rows = list_row_texts(
        lay_out_rows(follow_mails(tmp_path, story.V1, make_v1_reply(text)), columns=60)
    )
    assert [row.strip() for row in rows[2:]] == [
        "> > The firmware of some cards does not know this",
        "> > command and says so, which the probe function",
        "> > then takes for an error of the bus. Short end.",
        "",
        "[ ] The firmware of some cards does not know this",
        "command and says so, which the probe function then",
        "takes for an error of the bus. Short end.",
        "Tested-by: A <a@example.com>",
        "",
        "Thanks,",
        "Maya",
    ]


def test_only_requests_are_open_in_a_long_thread(
    tmp_path: Path,
) -> None:
    many = [
        make_v1_reply(
            "Thanks, this works for me on two boards.\n",
            f"t{index}",
            minutes=100 + index,
        )
        for index in range(45)
    ]
    rows = lay_out_rows(follow_mails(tmp_path, story.V1, make_v1_reply("Why?\n"), *many))
    assert sum("\u25be" in row.text.plain for row in rows) == 1
    assert len(rows) == 48


@pytest.mark.parametrize(
    "command",
    [
        "git fetch https://git.example.org/linux.git linux-5.10.y && git checkout FETCH_HEAD",
        "git checkout FETCH_HEAD",
        "make -j8 drivers/net/",
        "$ frob --test",
        "make W=1 drivers/net/frob.o",
        "COMPILER=clang make drivers/",
        "./scripts/checkpatch.pl -g HEAD",
        "b4 am 1@example.org",
    ],
)
def test_commands_keep_their_lines(tmp_path: Path, command: str) -> None:
    prose = "To try it, run the commands that follow, and answer with the result of the"
    other = "make sure that nobody else uses the tree while it is built with these commands."
    body = f"{prose}\n{command}\n{other}\nmake progress with all of the words of this line."
    series = follow_mails(tmp_path, *story.BEGINNING, make_v1_reply(body))
    rows = "\n".join(list_row_texts(lay_out_rows(series, columns=60)))
    lines = [line.strip() for line in rows.split("\n")]
    start = next(line for line in lines if line and command.startswith(line))
    after = lines[lines.index(start) :]
    assert " ".join(after).startswith(f"{command} make sure that")
    assert not any(line.endswith(f" {command.split()[0]}") for line in lines)
    assert any(line.startswith("make sure that") for line in lines)

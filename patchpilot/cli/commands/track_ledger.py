# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot track ledger`: the reviewers' requests for a series, and whether they are
addressed.
"""

import click

from patchpilot.cli.options import Common, common_options
from patchpilot.cli.series_number import SeriesNumber, chosen_series
from patchpilot.cli.verb_command import VerbCommand


@click.command(
    "ledger",
    cls=VerbCommand,
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track ledger\n"
        "  patchpilot track ledger 1 --open\n"
        "  patchpilot track ledger 1 --decline 1"
    ),
)
@common_options("text", "json")
@click.option("--open", "only_open", is_flag=True, help="list only open requests")
@click.option(
    "--address",
    "addressed",
    metavar="N",
    type=int,
    multiple=True,
    help="mark request N as addressed; repeatable",
)
@click.option(
    "--decline",
    "declined",
    metavar="N",
    type=int,
    multiple=True,
    help="mark request N as declined; repeatable",
)
@click.option(
    "--reopen",
    "reopened",
    metavar="N",
    type=int,
    multiple=True,
    help="mark request N as open; repeatable",
)
@click.option(
    "--reset",
    metavar="N",
    type=int,
    multiple=True,
    help="remove your mark from request N; repeatable",
)
@click.argument("number", metavar="[ID]", type=SeriesNumber(), required=False)
def command(
    common: Common,
    number: int | None,
    only_open: bool,
    addressed: tuple[int, ...],
    declined: tuple[int, ...],
    reopened: tuple[int, ...],
    reset: tuple[int, ...],
) -> None:
    """List the requests of reviewers and bots for a series (default: this topic's or the only one),
    with the state of each request.

    A request is addressed if the range-diff to the next version, or its changelog, shows the
    change; answered if you replied to it; otherwise open. Your own marks take precedence.
    """
    from patchpilot.cli.output.json_document import document
    from patchpilot.cli.output.ledger_report import ledger_text
    from patchpilot.topic.current_topic import topic_at
    from patchpilot.topic.followed.known_series import open_store, show
    from patchpilot.topic.followed.review_ledger import (
        NumberedItem,
        PointState,
        SeriesLedger,
        mark_numbered,
        series_ledger,
    )

    marks: dict[PointState | None, tuple[int, ...]] = {
        PointState.ADDRESSED: addressed,
        PointState.DECLINED: declined,
        PointState.OPEN: reopened,
        None: reset,
    }
    wanted = [(place, state) for state, places in marks.items() for place in places]
    with common.workplace() as place, open_store() as store:
        if number is None:
            number = chosen_series(
                [(entry.id, entry.subject) for entry in store.entries()],
                topic_at(place, store),
                "ledger",
            )
        items = series_ledger(show(number, store=store))
        if wanted:
            mark_numbered(number, items, wanted)
            items = series_ledger(show(number, store=store))
    shown = SeriesLedger(
        number,
        tuple(
            NumberedItem(place, item)
            for place, item in enumerate(items, 1)
            if not only_open or item.state is PointState.OPEN
        ),
    )
    common.write(
        document("ledger", shown) if common.format == "json" else ledger_text(shown)
    )

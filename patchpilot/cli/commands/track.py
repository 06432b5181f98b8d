# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot track`: track series on an archive until they are merged."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patchpilot.cli.commands import track_ledger, track_reply
from patchpilot.cli.error_exit import notice
from patchpilot.cli.options import Common, common_options, progress_of
from patchpilot.cli.series_number import SeriesNumber, chosen_series
from patchpilot.cli.verb_command import VerbGroup

if TYPE_CHECKING:
    from datetime import timedelta

    from patchpilot.model.progress import Progress
    from patchpilot.topic.followed.known_series import Tracked
    from patchpilot.topic.followed.poll_archives import ArchiveAt
    from patchpilot.topic.topic_state import TopicState

_LORE = click.option(
    "--lore",
    metavar="URL|PATH",
    help=(
        "archive to query: a URL, or a public-inbox directory, maildir or mbox  [default:"
        " patchpilot.lore or https://lore.kernel.org/all]"
    ),
)
_FRESH = click.option(
    "--fresh", is_flag=True, help="do not use cached answers of the last ten minutes"
)
_ID = click.argument("number", metavar="ID", type=SeriesNumber())
MINIMUM_INTERVAL = 60
UNLIMITED = 1000
"""Columns of a table in a pipe or a file."""


@click.group(
    cls=VerbGroup,
    invoke_without_command=True,
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track add 'https://lore.kernel.org/netdev/<message-id>/'\n"
        "  patchpilot track update"
    ),
)
@common_options("text", "json")
def command(common: Common) -> int:
    """Track sent series until they are merged. Without a command: list the tracked series."""
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        return _list(common)
    if common.repo:
        context.find_root().ensure_object(dict)["repo"] = common.repo
    return 0


command.add_command(track_ledger.command)
command.add_command(track_reply.command)


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track add '<20240101120000.1-1-ada@example.org>'\n"
        "  patchpilot track add --mbox thread.mbox\n"
        "  patchpilot track add - < bounce.eml"
    )
)
@common_options("text", "json")
@click.option(
    "--mbox",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="read the messages from FILE instead of an archive",
)
@_FRESH
@_LORE
@click.argument("target", metavar="MSGID|URL|-", required=False)
def add(
    common: Common, target: str | None, mbox: Path | None, fresh: bool, lore: str | None
) -> int:
    """Track the series that a mail belongs to, or with --mbox the series in a file.

    FILE `-` is standard input. A bounce or a moderation notice in the file is stored with the
    series that it is about.
    """
    from patchpilot.topic.archive_target import archive_setting
    from patchpilot.topic.followed import follow_series as service
    from patchpilot.topic.followed.known_series import open_store

    if target == "-":
        target, mbox = None, Path("-")
    with (
        common.workplace() as place,
        open_store(offline=common.offline) as store,
        progress_of(common) as progress,
    ):
        lore = lore or archive_setting(common.repo)
        archives = _archives(common, progress)
        repository = place.repository_if_any()
        if mbox is not None:
            series = service.add_from_mbox(
                mbox, target, store=store, repository=repository, progress=progress
            )
        else:
            series = service.add(
                target,
                lore=lore,
                fresh=fresh,
                store=store,
                archive_at=archives,
                repository=repository,
                progress=progress,
            )
    _write(common, series, whole=True)
    return _warn_incomplete(series)


@command.command("list", epilog="\b\nExample:\n  patchpilot track list --format json")
@common_options("text", "json")
def list_(common: Common) -> int:
    """List the tracked series with the next step for each of them."""
    return _list(common)


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track show\n"
        "  patchpilot track show 1\n"
        "  patchpilot track show --mbox thread.mbox"
    )
)
@common_options("text", "json")
@click.option("--keep-unread", is_flag=True, help="do not mark its replies as read")
@click.option(
    "--all", "every_mail", is_flag=True, help="read every message of a very long thread"
)
@click.option("--mails", "with_mails", is_flag=True, help="show the text of each reply")
@click.option(
    "--mutt",
    "in_mailer",
    is_flag=True,
    help="open the thread in your mail program ($MAILER, otherwise neomutt or mutt)",
)
@click.option(
    "--mbox",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="show the series in FILE without tracking them",
)
@click.argument("number", metavar="[ID]", type=SeriesNumber(), required=False)
def show(
    common: Common,
    number: int | None,
    keep_unread: bool,
    every_mail: bool,
    with_mails: bool,
    in_mailer: bool,
    mbox: Path | None,
) -> int:
    """Show the details of a tracked series, and mark its replies as read.

    ID is the number of a series, or the Message-ID or URL of one of its messages (default: the
    series of this topic, or the only one). The output begins with five rows: the state, whose turn
    it is, the next step, open requests, and where the series landed.

    If a series has more than 2,000 messages, only the latest messages and those that decide its
    state are read. A note shows how many messages are skipped.
    """
    if in_mailer:
        return _open(common, number, mbox)
    if mbox is not None:
        series_in_file = _in_file(common, mbox, number)
        _write(common, series_in_file, whole=True, with_mails=with_mails)
        return _warn_incomplete(series_in_file)
    with progress_of(common) as progress:
        topic, series = _shown(
            common, number, progress, mark_read=not keep_unread, every_mail=every_mail
        )
    _write(common, (series,), whole=True, topic=topic, with_mails=with_mails)
    _note_offline(common, (series,))
    return _warn_incomplete((series,))


@command.command(
    epilog="\b\nExamples:\n  patchpilot track update\n  patchpilot track update 2 --fresh"
)
@common_options("text", "json")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="read every series again from the start, including finished ones",
)
@_FRESH
@_LORE
@click.argument("numbers", metavar="[ID]...", type=SeriesNumber(), nargs=-1)
def update(
    common: Common,
    numbers: tuple[int, ...],
    everything: bool,
    fresh: bool,
    lore: str | None,
) -> int:
    """Fetch new replies from the archive.

    Reviews by machines are fetched from the servers in the setting machine-reviews."""
    from patchpilot.services.track.machine_reviews import update_machine_reviews
    from patchpilot.topic.current_topic import topic_at
    from patchpilot.topic.followed import follow_series as service
    from patchpilot.topic.followed.known_series import open_store

    with (
        common.workplace() as place,
        open_store(offline=common.offline) as store,
        progress_of(common) as progress,
    ):
        series = service.update(
            service.UpdateRequest(
                numbers, everything, fresh, lore, whole=common.format == "json"
            ),
            store=store,
            archive_at=_archives(common, progress),
            repository=place.repository_if_any(),
            progress=progress,
        )
        for failed in update_machine_reviews(
            series, offline=common.offline, progress=progress
        ):
            notice("warning", failed)
        topic = topic_at(place, store, series)
    _write(common, series, topic=topic)
    if common.format == "text":
        _note_cached(series)
    _note_offline(common, series)
    return _warn_incomplete(series)


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track watch --notify desktop\n"
        "  patchpilot track watch --once || echo something new\n"
        "  patchpilot track watch --notify-command 'logger -t patchpilot'"
    )
)
@common_options("text", "json")
@click.option(
    "--once", is_flag=True, help="check once; exit with 1 if there is something new"
)
@click.option(
    "--interval",
    metavar="SECONDS",
    type=click.IntRange(MINIMUM_INTERVAL),
    default=900,
    show_default=True,
    help="pause between checks",
)
@click.option(
    "--notify",
    "ways",
    metavar="WAY",
    multiple=True,
    help=(
        "report news by bell, osc9 or osc777 (terminal), desktop (notify-send), or none"
        " (repeatable)  [default: patchpilot.notify or bell]"
    ),
)
@click.option(
    "--notify-command",
    metavar="COMMAND",
    help=(
        "run COMMAND for each series with news, with a title and a text as its last arguments "
        " [default: patchpilot.notify-command]"
    ),
)
@_LORE
def watch(
    common: Common,
    once: bool,
    interval: int,
    ways: tuple[str, ...],
    notify_command: str | None,
    lore: str | None,
) -> int:
    """Check for new replies until interrupted, and notify you of them."""
    import time

    from patchpilot.cli.output.track_report import news_text, series_json
    from patchpilot.services.track import notify
    from patchpilot.topic.followed import follow_series as service
    from patchpilot.topic.followed.known_series import open_store

    notifier = notify.notifier(ways, notify_command)
    while True:
        # open only while the archives are asked: what was fetched since counts, and an interrupted
        # pause leaves nothing behind
        with (
            common.workplace() as place,
            open_store(offline=common.offline) as store,
            progress_of(common) as progress,
        ):
            looked_at = service.news(
                store=store, archive_at=_archives(common, progress), lore=lore, fresh=not once and service.outlives(interval),  # noqa: E501
                repository=place.repository_if_any(), progress=progress,
            )  # fmt: skip
        news = [series for series in looked_at if notify.news_lines(series)]
        if news or (once and common.format == "json"):
            common.write(
                series_json(news) if common.format == "json" else news_text(news),
                paged=False,
            )
            sys.stdout.flush()
        code = _warn_incomplete(looked_at)
        found = notify.notifications(news)
        if sys.stderr.isatty():
            sys.stderr.write(notify.terminal_text(notifier, found))
            sys.stderr.flush()
        for problem in notify.run_notifiers(notifier, found):
            notice("warning", problem)
        if once:
            return 1 if news else code
        time.sleep(interval)


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track rebuild\n"
        "  patchpilot track rebuild 2 --lore https://lore.kernel.org/netdev"
    )
)
@common_options("text", "json")
@_LORE
@click.argument("numbers", metavar="[ID]...", type=SeriesNumber(), nargs=-1)
def rebuild(common: Common, numbers: tuple[int, ...], lore: str | None) -> int:
    """Fetch all messages of tracked series (default: all) again, for example if one is damaged.

    The numbers of the series, your marks, and messages that the archive lacks are kept.
    """
    from patchpilot.services.track.rebuild_series import rebuild as rebuilt
    from patchpilot.topic.followed import known_series as service

    with (
        common.workplace() as place,
        service.open_store(offline=common.offline) as store,
        progress_of(common) as progress,
    ):
        series = rebuilt(
            numbers,
            lore=lore,
            store=store,
            archive_at=_archives(common, progress),
            repository=place.repository_if_any(),
            progress=progress,
        )
    _write(common, series)
    return _warn_incomplete(series)


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track discover\n"
        "  patchpilot track discover --since 1y --author ada@example.org\n"
        "  patchpilot track discover --all"
    )
)
@common_options("text", "json")
@click.option(
    "--author",
    "authors",
    metavar="ADDRESS",
    multiple=True,
    help="search for this sender (repeatable)  [default: your addresses]",
)
@click.option(
    "--since",
    metavar="WHEN",
    default="6m",
    show_default=True,
    help="how far to search: 90d, 6m, 1y, or a date",
)
@click.option(
    "--all", "everything", is_flag=True, help="track all series that are found"
)
@click.option(
    "--lore",
    "archives",
    metavar="URL",
    multiple=True,
    help="archive to search (repeatable)  [default: yours and the tracked ones]",
)
@click.argument("targets", metavar="[MSGID|URL]...", nargs=-1)
def discover(
    common: Common,
    authors: tuple[str, ...],
    since: str,
    everything: bool,
    archives: tuple[str, ...],
    targets: tuple[str, ...],
) -> int:
    """List the series that you sent from any machine, and track the ones that you choose.

    Your addresses are taken from the git configuration, earlier sends and .mailmap. Messages of
    the stable maintainers about your patches (AUTOSEL, FAILED, reviews) lead to the original
    series.
    """
    from patchpilot.cli.output.discovered_report import discovered_text
    from patchpilot.cli.output.json_document import document
    from patchpilot.errors import ExitCode
    from patchpilot.services.track import discover_series as service
    from patchpilot.topic.archive_target import archive_setting
    from patchpilot.topic.followed.known_series import open_store
    from patchpilot.topic.followed.own_addresses import known_addresses

    with (
        common.workplace() as place,
        open_store(offline=common.offline) as store,
        progress_of(common) as progress,
    ):
        repository, archive_at = place.repository_if_any(), _archives(common, progress)
        places = archives or tuple(
            dict.fromkeys(
                (
                    archive_setting(common.repo),
                    *(entry.lore for entry in store.entries() if entry.lore),
                )
            )
        )
        found = service.discover(
            authors or known_addresses(repository, common.repo),
            service.moment_since(since),
            places,
            store=store,
            archive_at=archive_at,
            progress=progress,
        )
        open_ones = [series for series in found.series if series.number is None]
        wanted = (
            service.chosen(found, targets)
            if targets
            else tuple(open_ones)
            if everything
            else ()
        )
        if (
            open_ones
            and not targets
            and not everything
            and common.format == "text"
            and sys.stdin.isatty()
            and sys.stderr.isatty()
        ):
            click.echo(
                discovered_text(replace(found, series=tuple(open_ones)), numbered=True),
                err=True,
            )
            picked = click.prompt(
                "Follow which? (1 3-5, all; Enter: none)",
                default="",
                show_default=False,
                value_proc=_picked(len(open_ones)),
                err=True,
            )
            wanted = tuple(open_ones[at] for at in picked)
        found = service.follow_discovered(
            found,
            wanted,
            store=store,
            archive_at=archive_at,
            repository=repository,
            progress=progress,
        )
    common.write(
        document("discover", found)
        if common.format == "json"
        else discovered_text(found)
    )
    for problem in found.troubles:
        notice("warning", problem)
    return ExitCode.NETWORK if found.troubles else ExitCode.OK


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track forecast 1\n"
        "  patchpilot track forecast 1 --lore https://lore.kernel.org/linux-usb"
    )
)
@common_options("text", "json")
@_LORE
@click.argument("number", metavar="[ID]", type=SeriesNumber(), required=False)
def forecast(common: Common, number: int | None, lore: str | None) -> None:
    """Estimate when a series will be answered and applied.

    The estimate is based on how long that usually takes on the mailing list of the series (default:
    as in show). Once a month, the messages of four months are read from the archive. After that,
    show, export --format html and the guided workflow include the estimate.
    """
    from patchpilot.model.printable import printable
    from patchpilot.topic.followed.forecast import forecast_lines, make_forecast

    with progress_of(common) as progress:
        topic, series = _shown(common, number, progress)
        make_forecast(
            series, lore=lore, archive_at=_archives(common, progress), progress=progress
        )
    if common.format == "json":
        _write(common, (series,), topic=topic)
    else:
        common.write(printable("\n".join(forecast_lines(series))))


@command.command(epilog="\b\nExample:\n  patchpilot track patchwork 1")
@common_options("text", "json")
@click.argument("number", metavar="[ID]", type=SeriesNumber(), required=False)
def patchwork(common: Common, number: int | None) -> None:
    """Fetch the state and the checks of a series from the project's patchwork.

    The default series is as in show. The results are shown as evidence; messages and commits decide
    the state of a series. After
    that, show and export --format html include the results. The Sashiko servers in the setting
    machine-reviews are queried as well.
    """
    from patchpilot.cli.output.track_report import machine_lines
    from patchpilot.model.printable import printable
    from patchpilot.services.track.machine_reviews import (
        PATCHWORK,
        read_machine_reviews,
        servers,
    )
    from patchpilot.services.track.patchwork_state import read_patchwork

    with progress_of(common) as progress:
        topic, series = _shown(common, number, progress)
        found = read_patchwork(series, offline=common.offline, progress=progress)
        places = [place for place in servers() if place != PATCHWORK]
        reviews = read_machine_reviews(series, places, offline=common.offline)
    if common.format == "json":
        _write(common, (series,), topic=topic)
    else:
        lines = [printable(it.words) for it in found] + machine_lines(reviews)
        common.write("\n".join(lines))


@command.command(
    "range-diff",
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track range-diff 1\n"
        "  patchpilot track range-diff 1 v1 v3\n"
        "  patchpilot track range-diff 1 'RFC v1'"
    ),
)
@common_options("text", "json")
@_ID
@click.argument("revisions", metavar="[OLD] [NEW]", nargs=-1)
def range_diff(common: Common, number: int, revisions: tuple[str, ...]) -> None:
    """Show how two revisions of a series differ (default: the latest two), as git range-diff does.

    The range-diff is computed from the messages, without a branch or a base. A revision is a
    version (v2), a label (RFC v1) or a Message-ID; a single revision is compared with the latest.
    """
    from patchpilot.cli.output.json_document import document
    from patchpilot.errors import UsageError
    from patchpilot.model.printable import printable
    from patchpilot.services.track.compare_revisions import (
        compare_revisions,
        comparison_lines,
    )
    from patchpilot.topic.followed.known_series import open_store

    if len(revisions) > 2:
        raise UsageError(
            f"{len(revisions)} revisions given; at most 2",
            hint="use two revisions, for example `patchpilot track range-diff ID v1 v3`",
        )
    with open_store(offline=common.offline) as store:
        comparison = compare_revisions(number, revisions, store=store)
    if common.format == "json":
        common.write(document("range-diff", comparison))
    else:
        common.write(printable("\n".join(comparison_lines(comparison))))


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track confirm '<id@example.org>'\n"
        "  patchpilot track confirm --stranger '<id@example.org>'"
    )
)
@common_options("text", "json")
@click.option(
    "--stranger",
    is_flag=True,
    help="the sender is not who they claim to be: do not ask again",
)
@click.argument("message_ids", metavar="MESSAGE-ID...", nargs=-1, required=True)
def confirm(common: Common, stranger: bool, message_ids: tuple[str, ...]) -> None:
    """Confirm the sender of a message from an unknown address.

    Until the sender is confirmed, the message does not change the state of its series. Check the
    message in the archive first, because anyone can use any name.
    """
    from patchpilot.topic.followed.known_senders import confirm_senders
    from patchpilot.topic.followed.known_series import open_store, show

    with open_store(offline=common.offline) as store, progress_of(common) as progress:
        numbers = confirm_senders(message_ids, known=not stranger, store=store)
        series = tuple(
            show(number, store=store, progress=progress) for number in numbers
        )
    _write(common, series)


@command.command(epilog="\b\nExample:\n  patchpilot track remove 3")
@common_options("text", "json")
@_ID
def remove(common: Common, number: int) -> None:
    """Stop tracking a series."""
    from patchpilot.cli.output.json_document import document
    from patchpilot.model.printable import printable
    from patchpilot.services.track.series_answer import RemovedAnswer
    from patchpilot.topic.followed import known_series as service

    with service.open_store(offline=common.offline) as store:
        entry = service.remove(number, store=store)
    if common.format == "json":
        common.write(document("track", RemovedAnswer((), entry)))
    else:
        common.write(f"no longer following {entry.id}: {printable(entry.subject)}")


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track export --format mbox -o mine.mbox\n"
        "  patchpilot track export --format jsonl -o followed.jsonl"
    )
)
@common_options("json", "jsonl", "mbox", "html")
@click.argument("numbers", metavar="[ID]...", type=SeriesNumber(), nargs=-1)
def export(common: Common, numbers: tuple[int, ...]) -> int:
    """Export tracked series (default: all) as JSON, as an mbox, or as an HTML page.

    --format jsonl exports all data that is stored about the series; `track import` reads it.
    """
    from datetime import UTC, datetime

    from patchpilot.errors import ExitCode
    from patchpilot.services.track.page.html_page import as_html
    from patchpilot.services.track.track_export import as_mbox
    from patchpilot.services.track.transfer_series import as_lines
    from patchpilot.topic.followed import known_series as service

    with (
        common.workplace() as place,
        service.open_store(offline=common.offline) as store,
    ):
        chosen = tuple(store.entry(number).id for number in numbers) or tuple(
            entry.id for entry in store.entries()
        )
        if common.format in ("jsonl", "mbox"):
            lost: list[str] = []
            if common.format == "jsonl":
                common.write("\n".join(as_lines(chosen, store, lost.append)))
            else:
                common.write(
                    as_mbox(chosen, store, lost.append).decode(
                        "utf-8", "surrogateescape"
                    )
                )
            for reason in lost:
                notice("warning", reason)
            return ExitCode.USAGE if lost else ExitCode.OK
        repository = place.repository_if_any()
        series = tuple(
            service.show(number, store=store, repository=repository)
            for number in chosen
        )
    if common.format == "html":
        common.write(as_html(series, datetime.now(UTC)))
    else:
        _write(common, series)
    return ExitCode.OK


@command.command(
    "import", epilog="\b\nExample:\n  patchpilot track import followed.jsonl"
)
@common_options("text", "json")
@click.argument("file", metavar="FILE")
def import_(common: Common, file: str) -> int:
    """Track the series in a file that `track export --format jsonl` wrote (`-`: standard input).

    Missing messages are added to series that you already track; nothing is overwritten. Lines that
    cannot be read are reported, and all other lines are imported.
    """
    from patchpilot.cli.output.track_report import imported_text, series_json
    from patchpilot.errors import ExitCode
    from patchpilot.services.track.transfer_series import import_file
    from patchpilot.topic.followed import known_series as service

    with (
        common.workplace() as place,
        service.open_store(offline=common.offline) as store,
        progress_of(common) as progress,
    ):
        imported = import_file(file, store)
        if common.format == "text":
            common.write(imported_text(imported))
        else:
            repository = place.repository_if_any()
            series = [
                service.show(
                    number, store=store, repository=repository, progress=progress
                )
                for number in imported.numbers
            ]
            common.write(series_json(series, imported=imported))
    for problem in imported.problems:
        notice("warning", problem)
    return ExitCode.USAGE if imported.problems else ExitCode.OK


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track classify reply.eml\n"
        "  patchpilot track classify --format json thread.mbox"
    )
)
@common_options("text", "json")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
def classify(common: Common, files: tuple[str, ...]) -> None:
    """Classify the messages of files (`-`: standard input) without tracking anything."""
    from patchpilot.cli.common import left_out
    from patchpilot.cli.output.json_document import document
    from patchpilot.cli.output.track_report import classified_text
    from patchpilot.services.track.classify_mails import classify_files

    with progress_of(common) as progress:
        mails = classify_files(files, progress=progress, skipped=left_out)
    if common.format == "json":
        common.write(document("classify", mails=mails))
    else:
        common.write(classified_text(mails))


def _picked(count: int) -> "Callable[[str], Sequence[int]]":
    """Reads a choice among so many; click asks again after a wrong one."""
    from patchpilot.errors import UsageError
    from patchpilot.services.track.discover_series import picked_places

    def read(text: str) -> Sequence[int]:
        try:
            return picked_places(text, count)
        except UsageError as error:
            raise click.UsageError(f"{error.message}: {error.hint}") from error

    return read


def _list(common: Common) -> int:
    from patchpilot.topic.current_topic import topic_at
    from patchpilot.topic.followed import known_series as service

    with (
        common.workplace() as place,
        service.open_store(offline=common.offline) as store,
        progress_of(common) as progress,
    ):
        whole = common.format == "json"
        series = service.listed(
            store=store,
            repository=place.repository_if_any(),
            whole=whole,
            progress=progress,
        )
        topic = topic_at(place, store, series)
    _write(common, series, topic=topic)
    _note_offline(common, series)
    return _warn_incomplete(series)


def _shown(
    common: Common,
    number: int | None,
    progress: "Progress",
    *,
    mark_read: bool = False,
    every_mail: bool = False,
) -> tuple["TopicState | None", "Tracked"]:
    """The state of the current topic, and the series of this number, else the one that `_chosen`
    gives.
    """
    from patchpilot.topic.current_topic import topic_at
    from patchpilot.topic.followed import known_series as service

    with (
        common.workplace() as place,
        service.open_store(offline=common.offline) as store,
    ):
        topic = topic_at(place, store)
        chosen = (
            number
            if number is not None
            else chosen_series(
                [(entry.id, entry.subject) for entry in store.entries()], topic
            )
        )
        series = service.show(
            chosen,
            store=store,
            repository=place.repository_if_any(),
            mark_read=mark_read,
            every_mail=every_mail,
            progress=progress,
        )
        return topic, series


def _open(common: Common, number: int | None, mbox: Path | None) -> int:
    """Open a followed series in the user's mail program."""
    from patchpilot.errors import UsageError
    from patchpilot.services.track.open_in_mailer import open_in_mailer
    from patchpilot.topic.followed.known_series import open_store

    if mbox is not None:
        raise UsageError(
            "--mutt requires a tracked series",
            hint=f"run `neomutt -f {mbox}` to open a file",
        )
    with progress_of(common) as progress:
        _, series = _shown(common, number, progress, mark_read=False, every_mail=False)
    with open_store(offline=common.offline) as store:
        return open_in_mailer(series.entry.id, store)


def _in_file(common: Common, mbox: Path, number: int | None) -> tuple["Tracked", ...]:
    """The series in a file."""
    from patchpilot.errors import UsageError
    from patchpilot.topic.followed.follow_series import read_mbox

    if number is not None:
        raise UsageError(
            "--mbox and ID cannot be combined",
            hint="run `patchpilot track show --mbox FILE`",
        )
    with common.workplace() as place, progress_of(common) as progress:
        return read_mbox(mbox, repository=place.repository_if_any(), progress=progress)


def _write(
    common: Common,
    series: Sequence["Tracked"],
    *,
    whole: bool = False,
    topic: "TopicState | None" = None,
    with_mails: bool = False,
) -> None:
    from datetime import UTC, datetime

    if topic:
        from patchpilot.topic.topic_state import with_topic

        series = with_topic(series, topic)
    if common.format == "json":
        from patchpilot.cli.output.track_report import series_json

        common.write(series_json(series, topic))
    elif whole:
        from patchpilot.cli.output.track_report import series_text

        texts = (
            (
                it.entry.id,
                series_text(it, topic, room=common.room, with_mails=with_mails),
            )
            for it in series
        )
        common.write("\n\n".join(f"{number:>3}  {text}" for number, text in texts))
    else:
        from patchpilot.cli.output.track_table import series_table

        common.write(
            series_table(series, datetime.now(UTC), common.room or UNLIMITED, topic)
        )


def _warn_incomplete(series: Sequence["Tracked"]) -> int:
    """Warn on stderr about damaged mails and archives that did not answer.

    Returns the exit code for that, else 0.
    """
    from patchpilot.errors import ExitCode

    silent = list(
        dict.fromkeys(
            problem
            for series_ in series
            if series_.unreachable
            for problem in series_.troubles
        )
    )
    for problem in silent:
        notice("warning", problem)
    damaged = [
        f"series {series_.entry.id}: {problem}"
        for series_ in series
        for problem in series_.damaged
    ]
    for problem in damaged:
        notice("warning", problem)
    return ExitCode.NETWORK if silent else ExitCode.USAGE if damaged else ExitCode.OK


def _note_cached(series: Sequence["Tracked"]) -> None:
    """Print on stderr how old cached answers are."""
    from datetime import UTC, datetime

    from patchpilot.model.bounded_date import stored_time

    asked = [
        stored_time(series_.entry.updated)
        for series_ in series
        if series_.cached and series_.entry.updated
    ]
    if asked:
        notice(
            "note",
            f"the archive was queried {_ago(datetime.now(UTC) - min(asked))}; --fresh queries it"
            " again",
        )


def _note_offline(common: Common, series: Sequence["Tracked"]) -> None:
    """With --offline, print on stderr how old what is shown is."""
    from datetime import UTC, datetime

    from patchpilot.model.bounded_date import stored_time

    asked = [
        stored_time(series_.entry.updated)
        for series_ in series
        if series_.entry.updated
    ]
    if common.offline and asked:
        notice(
            "note",
            f"offline: the archive was last queried {_ago(datetime.now(UTC) - min(asked))}",
        )


def _ago(past: "timedelta") -> str:
    """A time in the past in the largest unit that fits: `3 hours ago`."""
    from patchpilot.model.counted import counted

    minutes = int(past.total_seconds()) // 60
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            return f"{counted(minutes // size, unit)} ago"
    return "just now"


def _archives(common: Common, progress: "Progress") -> "ArchiveAt":
    from patchpilot.topic.followed.follow_series import default_archive

    return default_archive(offline=common.offline, progress=progress, where=common.repo)

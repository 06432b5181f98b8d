# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot track`: follow series in an archive until they are merged."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.cli.command import (
    CHOICE,
    NUMBER,
    Common,
    Option,
    argument,
    common_options,
    convert_argument,
    make_command,
    option,
    show_progress,
)
from patchpilot.cli.commands import track_reply
from patchpilot.cli.error_exit import print_notice
from patchpilot.cli.series_number import choose_series, find_series_number

if TYPE_CHECKING:
    from datetime import timedelta

    from patchpilot.model.progress import Progress
    from patchpilot.threads.tracked import Tracked
    from patchpilot.topic.own_archive import ArchiveAt
    from patchpilot.topic.state import TopicState
    from patchpilot.tracking.follow_author import AuthorFindings

_LORE = option(
    "--lore",
    metavar="URL|PATH",
    help=(
        "archive to query: a URL, or a public-inbox directory, maildir or mbox  [default:"
        " patchpilot.lore or https://lore.kernel.org/all]"
    ),
)
_FRESH = option("--fresh", is_flag=True, help="do not use cached answers of the last ten minutes")
_ID = argument("number", metavar="ID", type=find_series_number)
_MARKS = ("addressed", "declined", "open", "none")
_AUTHOR_SINCE = "2y"
UNLIMITED = 1000
"""Width of a table in a pipe or file."""


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track add 'https://lore.kernel.org/netdev/<message-id>/'\n"
        "  patchpilot track update\n"
        "  patchpilot track --since 1d"
    ),
)
@common_options("text", "json")
@option(
    "--since",
    metavar="DATE",
    help="list what happened since DATE, or since 1d, 2w, 6m ago",
)
@option(
    "--waiting",
    is_flag=True,
    help="list the messages that wait for your answer, in all series",
)
def command(common: Common, since: str | None, waiting: bool) -> int:
    """Track sent series until they are merged. Without a command: list the tracked series."""
    return _list_series(common, since, waiting=waiting)


command.add(track_reply.command)


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track add '<20240101120000.1-1-ada@example.org>'\n"
        "  patchpilot track add 0123456789ab\n"
        "  patchpilot track add --author me\n"
        "  patchpilot track add --mbox thread.mbox\n"
        "  patchpilot track add - < bounce.eml"
    )
)
@common_options("text", "json")
@option(
    "--mbox",
    metavar="FILE",
    type=Path,
    help="read the messages from FILE instead of an archive",
)
@option(
    "--author",
    "authors",
    metavar="ADDRESS",
    multiple=True,
    help="track the open series of an author; `me` is your own addresses (repeatable)",
)
@option(
    "--since",
    metavar="DATE",
    help="search for an author's patches since DATE, or since 6m, 1y ago  [default: 2y]",
)
@_FRESH
@_LORE
@argument("target", metavar="MSGID|URL|COMMIT|-", required=False)
def add(
    common: Common,
    target: str | None,
    mbox: Path | None,
    authors: tuple[str, ...],
    since: str | None,
    fresh: bool,
    lore: str | None,
) -> int:
    """Track the series that a message or a commit belongs to, or with --mbox the series in a file.

    FILE `-` is standard input. A bounce or a moderation notice in the file is stored with the
    series that it is about. A message of a stable tree or a bot can be the first of a series.

    A search for an author joins the versions of each series, and tracks the series that are not
    finished. After an interruption, the series found until then are tracked; run
    the command again to continue.
    """
    from patchpilot.errors import UsageError
    from patchpilot.model.mail import parse_message_id
    from patchpilot.threads.known_series import open_store
    from patchpilot.topic.archive_target import read_archive_setting
    from patchpilot.tracking import follow_series as service
    from patchpilot.tracking.posted_commit import find_posted_series

    if authors or since is not None:
        if target or mbox or not authors:
            raise UsageError(
                "--since needs --author"
                if not authors
                else f"--author and {'--mbox' if mbox else target} cannot be combined",
                hint="use `patchpilot track add --author ADDRESS`, for a file with --lore FILE",
            )
        return _add_author(common, authors, since, fresh=fresh, lore=lore)
    if target == "-":
        target, mbox = None, Path("-")
    with (
        common.workplace() as workplace,
        open_store(offline=common.offline) as store,
        show_progress(common) as progress,
    ):
        lore = lore or read_archive_setting(common.repo)
        archives = _archive_names(common, progress)
        repository = workplace.repository_if_any()
        if mbox is not None:
            series = service.track_series_in_mbox(
                mbox, target, store=store, repository=repository, progress=progress
            )
        else:
            if target and repository and not parse_message_id(target):
                # ignore errors here, because the code below reports arguments that are not commits
                with suppress(UsageError):
                    posted_commit = find_posted_series(
                        repository, target, lore=lore, archive_at=archives
                    )
                    target = posted_commit.mail.message_id
            series = service.track_named_series(
                target,
                lore=lore,
                fresh=fresh,
                store=store,
                archive_at=archives,
                repository=repository,
                progress=progress,
            )
    _write_series(common, series, is_complete=True)
    return _warn_incomplete(series)


def _add_author(
    common: Common, authors: Sequence[str], since: str | None, *, fresh: bool, lore: str | None
) -> int:
    """Track the open series of an author, and list them.

    After an interruption or an error of the archive, list the series found until then.
    """
    from patchpilot.threads.known_series import open_store
    from patchpilot.topic.archive_target import read_archive_setting
    from patchpilot.tracking.follow_author import (
        AuthorFindings,
        AuthorRequest,
        parse_authors,
        track_author_series,
    )
    from patchpilot.tracking.moment_since import parse_since

    findings = AuthorFindings()
    with common.workplace() as workplace, open_store(offline=common.offline) as store:
        repository = workplace.repository_if_any()
        request = AuthorRequest(
            parse_authors(authors, repository),
            parse_since(since or _AUTHOR_SINCE, store.reader.now),
            lore or read_archive_setting(common.repo),
            fresh,
        )
        try:
            with show_progress(common) as progress:
                track_author_series(
                    request,
                    findings,
                    store=store,
                    archive_at=_archive_names(common, progress),
                    repository=repository,
                    progress=progress,
                )
        except BaseException:
            if findings.series:
                print_notice("note", "not complete; run the same command again to continue")
                _write_author_series(common, findings)
            raise
    _write_author_series(common, findings)
    return _warn_incomplete(tuple(findings.series.values()))


def _write_author_series(common: Common, findings: "AuthorFindings") -> None:
    from patchpilot.threads.tracked import quote_subjects

    series = tuple(findings.series[number] for number in sorted(findings.series))
    if finished := findings.finished:
        titles = quote_subjects(finished)
        print_notice("note", f"{len(finished)} finished series not tracked: {titles}")
    if findings.tracked_before:
        print_notice("note", f"{findings.tracked_before} of these were tracked before")
    if series or common.format == "json":
        _write_series(common, series)
    else:
        common.write("no open series")


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track show\n"
        "  patchpilot track show 1 --ledger --mark 2 declined\n"
        "  patchpilot track show 1 --range-diff v1 v3\n"
        "  patchpilot track show --mbox thread.mbox"
    )
)
@common_options("text", "json")
@option("--keep-unread", is_flag=True, help="do not mark its replies as read")
@option("--all", "every_mail", is_flag=True, help="read every message of a very long thread")
@option("--mails", "with_mails", is_flag=True, help="show the text of each reply")
@option(
    "--ledger",
    is_flag=True,
    help="list the requests of reviewers and bots, and whether they are addressed",
)
@option("--open", "only_open", is_flag=True, help="with --ledger: list only open requests")
@option(
    "--mark",
    "marks",
    metavar="N STATE",
    width=2,
    multiple=True,
    help=(
        "with --ledger: mark request N as addressed, declined or open; none removes your mark"
        " (repeatable)"
    ),
)
@option(
    "--range-diff",
    is_flag=True,
    help="show how two versions differ, as git range-diff does  [default: the latest two]",
)
@option(
    "--mbox",
    metavar="FILE",
    type=Path,
    help="show the series in FILE without tracking them",
)
@argument("number", metavar="[ID]", type=find_series_number, required=False)
@argument("revisions", metavar="[OLD] [NEW]", several=True)
def show(common: Common, number: int | None, revisions: tuple[str, ...], **asked: Any) -> int:
    """Show the details of a tracked series, and mark the replies that are shown as read.

    ID is the number of a series, or the Message-ID or URL of one of its messages (default: the
    series of this topic, or the only one). The output begins with five rows: the state, whose turn
    it is, the next step, open requests, and where the series landed.

    If a series has more than 2,000 messages, only the latest messages and those that decide its
    state are read. A note shows how many messages are skipped.

    --ledger: a request is addressed if the range-diff to the next version, or its changelog, shows
    the change; answered if you replied to it; otherwise open. Your own marks take precedence.

    --range-diff compares the messages and needs no branch or base. OLD and NEW are a version (v2),
    a label (RFC v1) or a Message-ID; a single version is compared with the latest.
    """
    if mbox := asked["mbox"]:
        if asked["ledger"] or asked["range_diff"]:
            from patchpilot.errors import UsageError
            from patchpilot.model.action import Action

            raise UsageError(
                "--mbox cannot be combined with --ledger or --range-diff",
                hint=Action("track", ("add", "--mbox", str(mbox)), "follow the file first: {}"),
            )
        series_in_file = _find_in_mbox(common, mbox, number)
        _write_series(common, series_in_file, is_complete=True, with_mails=asked["with_mails"])
        return _warn_incomplete(series_in_file)
    if asked["ledger"]:
        _show_ledger(common, number, asked["marks"], only_open=asked["only_open"])
        return 0
    if asked["range_diff"] or revisions:
        _show_range_diff(common, number, revisions)
        return 0
    with _open_topic(common, number, every_mail=asked["every_mail"]) as (topic, series, mark_read):
        _write_series(
            common, (series,), is_complete=True, topic=topic, with_mails=asked["with_mails"]
        )
        if series.shown_unread and not asked["keep_unread"]:
            mark_read(series.shown_unread)
    _note_offline_age(common, (series,))
    return _warn_incomplete((series,))


def _show_ledger(
    common: Common,
    number: int | None,
    marks: Sequence[tuple[str, str]],
    *,
    only_open: bool,
) -> None:
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.cli.output.ledger_report import format_ledger
    from patchpilot.reading.requests import PointState
    from patchpilot.threads.review_ledger import (
        SeriesLedger,
        make_series_ledger,
        set_numbered_states,
    )

    series = _read_series(common, number)
    items = make_series_ledger(series)
    if marks:
        number_form = Option(("--mark",), "", NUMBER, limits=(1, None))
        state_form = Option(("--mark",), "", CHOICE, choices=_MARKS)
        changes = [
            (
                convert_argument(number_form, mark),
                None if convert_argument(state_form, state) == "none" else PointState(state),
            )
            for mark, state in marks
        ]
        set_numbered_states(series.entry.id, items, changes)
        items = make_series_ledger(_read_series(common, series.entry.id))
    shown_ledger = SeriesLedger(
        series.entry.id,
        tuple(item for item in items if not only_open or item.state is PointState.OPEN),
    )
    versions = series.posted.revisions if series.posted else ()
    numbered_versions = {version.version for version in versions if version.patch_count > 1}
    common.write(
        format_json("ledger", shown_ledger)
        if common.format == "json"
        else format_ledger(shown_ledger, numbered_versions)
    )


def _show_range_diff(common: Common, number: int | None, revisions: Sequence[str]) -> None:
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.errors import UsageError
    from patchpilot.model.printable import make_printable
    from patchpilot.threads.known_series import open_store
    from patchpilot.tracking.compare_versions import (
        compare_revisions,
        format_comparison,
    )

    if len(revisions) > 2:
        raise UsageError(
            f"{len(revisions)} revisions given; at most 2",
            hint="use two revisions, for example `patchpilot track show ID --range-diff v1 v3`",
        )
    if number is None:
        number = _read_series(common, number).entry.id
    with open_store(offline=common.offline) as store:
        comparison = compare_revisions(number, revisions, store=store)
    if common.format == "json":
        common.write(format_json("range-diff", comparison))
    else:
        common.write(make_printable("\n".join(format_comparison(comparison))))


@command.command(
    epilog="\b\nExamples:\n  patchpilot track update\n  patchpilot track update 2 --fresh"
)
@common_options("text", "json")
@option(
    "--all",
    "everything",
    is_flag=True,
    help="read every series again from the start, including finished ones",
)
@_FRESH
@_LORE
@argument("numbers", metavar="[ID]...", type=find_series_number, several=True)
def update(
    common: Common,
    numbers: tuple[int, ...],
    everything: bool,
    fresh: bool,
    lore: str | None,
) -> int:
    """Fetch new replies from the archive.

    A damaged message is fetched again; --all fetches all messages again. Your marks, and messages
    that the archive lacks, are kept.
    """
    from patchpilot.threads.known_series import open_store
    from patchpilot.topic.current import read_current_topic
    from patchpilot.tracking.poll_archives import UpdateRequest
    from patchpilot.tracking.update_series import (
        update_tracked_series as read_news,
    )

    with (
        common.workplace() as workplace,
        open_store(offline=common.offline) as store,
        show_progress(common) as progress,
    ):
        series = read_news(
            UpdateRequest(
                numbers,
                everything,
                fresh,
                lore,
                whole=common.format == "json",
                offline=common.offline,
            ),
            store=store,
            archive_at=_archive_names(common, progress),
            repository=workplace.repository_if_any(),
            progress=progress,
        )
        topic = read_current_topic(workplace, store, series)
    _write_series(common, series, topic=topic)
    if common.format == "text":
        _note_cache_age(series)
    _note_offline_age(common, series)
    return _warn_incomplete(series)


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track confirm '<id@example.org>'\n"
        "  patchpilot track confirm --no '<id@example.org>'"
    )
)
@common_options("text", "json")
@option(
    "--no",
    "is_denied",
    is_flag=True,
    help="the sender is somebody else, or the message means something else: do not ask again",
)
@argument("message_ids", metavar="MESSAGE-ID...", several=True, required=True)
def confirm(common: Common, is_denied: bool, message_ids: tuple[str, ...]) -> None:
    """Confirm a message from an unknown address, or what it claims.

    Until the sender is confirmed, the message does not change the state of its series. Check the
    message in the archive first, because anyone can use any name. An unclear statement then counts
    as "applied", or as a rejection if it is an objection.
    """
    from patchpilot.threads.known_senders import confirm_senders
    from patchpilot.threads.known_series import open_store, read_tracked_series
    from patchpilot.topic.current import read_current_topic

    with (
        common.workplace() as workplace,
        open_store(offline=common.offline) as store,
        show_progress(common) as progress,
    ):
        numbers = confirm_senders(message_ids, is_known=not is_denied, store=store)
        repository, topic = workplace.repository_if_any(), read_current_topic(workplace, store)
        series = tuple(
            read_tracked_series(number, store=store, repository=repository, progress=progress)
            for number in numbers
        )
    _write_series(common, series, topic=topic)


@command.command(epilog="\b\nExample:\n  patchpilot track remove 3")
@common_options("text", "json")
@_ID
def remove(common: Common, number: int) -> None:
    """Stop tracking a series."""
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.model.printable import make_printable
    from patchpilot.threads import known_series as service
    from patchpilot.tracking.follow_topic import RemovedSeries

    with service.open_store(offline=common.offline) as store:
        entry = store.remove(number)
    if common.format == "json":
        common.write(format_json("track", RemovedSeries((), entry)))
    else:
        common.write(f"no longer following {entry.id}: {make_printable(entry.subject)}")


@command.command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track classify reply.eml\n"
        "  patchpilot track classify --format json thread.mbox"
    )
)
@common_options("text", "json")
@argument("files", metavar="FILE...", several=True, required=True)
def classify(common: Common, files: tuple[str, ...]) -> None:
    """Classify the messages of files (`-`: standard input) without tracking anything."""
    from patchpilot.cli.common import report_skipped_input
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.cli.output.track_report import format_classified_mails
    from patchpilot.tracking.classify_mails import classify_files

    with show_progress(common) as progress:
        mails = classify_files(files, progress=progress, on_skipped=report_skipped_input)
    if common.format == "json":
        common.write(format_json("classify", mails=mails))
    else:
        common.write(format_classified_mails(mails))


def _list_series(common: Common, since: str | None, *, waiting: bool) -> int:
    from patchpilot.threads import known_series as service
    from patchpilot.topic.current import read_current_topic

    with (
        common.workplace() as workplace,
        service.open_store(offline=common.offline) as store,
        show_progress(common) as progress,
    ):
        is_part = waiting or since is not None
        is_complete = common.format == "json" and not is_part
        series = service.read_all_series(
            store=store,
            repository=workplace.repository_if_any(),
            whole=is_complete,
            progress=progress,
        )
        topic = None if is_part else read_current_topic(workplace, store, series)
        if is_part:
            repository = workplace.repository_if_any()
            read_series = partial(service.add_series_mails, store=store, repository=repository)
            series, text = _select_recent_series(series, since, read_series, waiting=waiting)
    if is_part and common.format == "text":
        common.write(text)
    else:
        _write_series(common, series, topic=topic)
    _note_offline_age(common, series)
    return _warn_incomplete(series)


def _select_recent_series(
    series: "tuple[Tracked, ...]",
    since: str | None,
    read_series: "Callable[[Tracked], Tracked]",
    *,
    waiting: bool,
) -> "tuple[tuple[Tracked, ...], str]":
    """Return the series with recent events, and the text that lists them.

    If `waiting` is set, return the series with messages that wait for an answer.
    """
    from patchpilot.cli.output.track_report import (
        format_digest,
        format_waiting_messages,
    )
    from patchpilot.model.bounded import EPOCH
    from patchpilot.threads.review_ledger import group_requests
    from patchpilot.tracking.moment_since import parse_since

    start = parse_since(since) if since is not None else EPOCH
    recent_series = tuple(
        item
        for item in series
        if item.version and (item.last_activity or EPOCH) >= start
        if not waiting or item.step.need == "your turn"
    )
    recent_series = tuple(map(read_series, recent_series))
    if not waiting:
        return recent_series, format_digest(recent_series, start)
    tracked_series = tuple(item for item in recent_series if group_requests(item))
    return tracked_series, format_waiting_messages(tracked_series)


@contextmanager
def _open_topic(
    common: Common, number: int | None, *, every_mail: bool = False
) -> Iterator[tuple["TopicState | None", "Tracked", Callable[[Collection[str]], None]]]:
    """Yield the state of the current topic, the tracked series to show, and a function that marks
    its messages as read.

    This is the series with this number, by default the topic's series.
    """
    from patchpilot.threads.known_series import open_store, read_tracked_series
    from patchpilot.topic.current import read_current_topic

    with common.workplace() as workplace, open_store(offline=common.offline) as store:
        with show_progress(common) as progress:
            topic = read_current_topic(workplace, store)
            entries = [(entry.id, entry.subject) for entry in store.entries()]
            series = read_tracked_series(
                choose_series(entries, topic) if number is None else number,
                store=store,
                repository=workplace.repository_if_any(),
                every_mail=every_mail,
                progress=progress,
            )
        yield topic, series, store.mark_read


def _read_series(common: Common, number: int | None) -> "Tracked":
    with _open_topic(common, number) as (_, series, _mark_read):
        return series


def _find_in_mbox(common: Common, mbox: Path, number: int | None) -> tuple["Tracked", ...]:
    from patchpilot.errors import UsageError
    from patchpilot.tracking.follow_series import read_mbox

    if number is not None:
        raise UsageError(
            "--mbox and ID cannot be combined",
            hint="run `patchpilot track show --mbox FILE`",
        )
    with common.workplace() as workplace, show_progress(common) as progress:
        return read_mbox(mbox, repository=workplace.repository_if_any(), progress=progress)


def _write_series(
    common: Common,
    series: Sequence["Tracked"],
    *,
    is_complete: bool = False,
    topic: "TopicState | None" = None,
    with_mails: bool = False,
) -> None:
    from datetime import UTC, datetime

    if topic:
        from patchpilot.topic.state import mark_current_topic

        # the next step depends on the messages, which only the topic's own series has in a list
        read = {topic.series.entry.id: topic.series} if topic.series else {}
        all_series = [it if it.is_read else read.get(it.entry.id, it) for it in series]
        series = mark_current_topic(all_series, topic)
    if common.format == "json":
        from patchpilot.cli.output.track_report import format_series_json

        common.write(format_series_json(series, topic))
    elif is_complete:
        from patchpilot.cli.output.track_report import format_series

        series_texts = (
            (
                tracked_series.entry.id,
                format_series(
                    tracked_series,
                    topic,
                    max_width=common.columns,
                    with_mails=with_mails,
                ),
            )
            for tracked_series in series
        )
        common.write("\n\n".join(f"{number:>3}  {text}" for number, text in series_texts))
    else:
        from patchpilot.cli.output.track_table import format_series_table

        common.write(
            format_series_table(series, datetime.now(UTC), common.columns or UNLIMITED, topic)
        )


def _warn_incomplete(series: Sequence["Tracked"]) -> int:
    """Warn on stderr about damaged messages and unavailable archives.

    Return the exit code for these problems, or 0.
    """
    from patchpilot.errors import ExitCode

    silent_problems = list(
        dict.fromkeys(
            problem for series_ in series if series_.unreachable for problem in series_.update_notes
        )
    )
    for problem in silent_problems:
        print_notice("warning", problem)
    damaged = [
        f"series {series_.entry.id}: {problem}" for series_ in series for problem in series_.damaged
    ]
    for problem in damaged:
        print_notice("warning", problem)
    return ExitCode.NETWORK if silent_problems else ExitCode.USAGE if damaged else ExitCode.OK


def _note_cache_age(series: Sequence["Tracked"]) -> None:
    from datetime import UTC, datetime

    from patchpilot.model.bounded import parse_stored_time

    dates = [
        parse_stored_time(series_.entry.updated)
        for series_ in series
        if series_.cached and series_.entry.updated
    ]
    if dates:
        print_notice(
            "note",
            f"the archive was queried {_format_age(datetime.now(UTC) - min(dates))}; --fresh"
            " queries it again",
        )


def _note_offline_age(common: Common, series: Sequence["Tracked"]) -> None:
    from datetime import UTC, datetime

    from patchpilot.model.bounded import parse_stored_time

    dates = [
        parse_stored_time(series_.entry.updated) for series_ in series if series_.entry.updated
    ]
    if common.offline and dates:
        print_notice(
            "note",
            f"offline: the archive was last queried {_format_age(datetime.now(UTC) - min(dates))}",
        )


def _format_age(age: "timedelta") -> str:
    """Format an elapsed time in the largest unit that fits: `3 hours ago`."""
    from patchpilot.model.printable import format_count

    minutes = int(age.total_seconds()) // 60
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            return f"{format_count(minutes // size, unit)} ago"
    return "just now"


def _archive_names(common: Common, progress: "Progress") -> "ArchiveAt":
    from patchpilot.topic.own_archive import make_archive_opener

    return make_archive_opener(offline=common.offline, progress=progress, directory=common.repo)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands `track export --format jsonl` and `track import`.

They transfer or back up tracked series and their messages as JSON lines. The first line
is a heading with the counts. After it, there is a line for each message and each series;
a series comes after its messages.
"""

import base64
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from patchpilot.archive.collect_mails import status_of
from patchpilot.archive.open_archive import is_archive_address
from patchpilot.archive.track_store import SeriesRecord, Store, TrackEntry
from patchpilot.errors import InputError
from patchpilot.model.action import Action
from patchpilot.model.bounded_date import read_iso
from patchpilot.model.json_form import json_form, json_object
from patchpilot.model.mail import Mail
from patchpilot.reading.ledger import PointState
from patchpilot.reading.status import read_thread
from patchpilot.series.database import DamagedError
from patchpilot.services.track.track_export import readable
from patchpilot.topic.followed.known_senders import WHOLE_MAIL
from patchpilot.topic.followed.known_series import is_undisclosed

SCHEMA = "patchpilot/followed/"
VERSION = 1
Schema = Literal["patchpilot/followed/1"]
UserState = Literal["addressed", "declined", "open"]
"""The states of review points that a user sets."""
_LONGEST_LINE = 256 * 1024 * 1024
_LARGEST = 2**31 - 1
_MOST_PROBLEMS = 10_000
_SURROGATE = re.compile("[\ud800-\udfff]")
_HEADING, _SERIES, _MAIL = "schema", "series", "mail"


@json_form()
@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import.

    Contains the numbers of the series that were added, the numbers of existing series that
    were extended, the number of new messages, and the problems, each with its line and the
    reason.
    """

    added: tuple[int, ...]
    merged: tuple[int, ...]
    mails: int
    problems: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of all added and extended series."""
        return (*self.added, *self.merged)


@json_form()
@dataclass(frozen=True, slots=True)
class ExportHeading:
    """The first line of an export: its format, and the number of series and of messages."""

    schema: Schema
    series: int
    mails: int


@json_form()
@dataclass(frozen=True, slots=True)
class TextMail:
    """The line for a UTF-8 message: its Message-ID and its text."""

    mail: str
    text: str


@json_form()
@dataclass(frozen=True, slots=True)
class EncodedMail:
    """The line for a message that is not UTF-8: its Message-ID and its base64-encoded content."""

    mail: str
    base64: str


@json_form()
@dataclass(frozen=True, slots=True)
class ExportedMember:
    """A message of an exported series, and whether the user has read it."""

    message_id: str
    read: bool


@json_form("message_id", "line", "state?")
@dataclass(frozen=True, slots=True)
class ExportedPoint:
    """A review request whose state was set by the user."""

    message_id: str
    line: int
    state: UserState


@json_form(
    "id=entry.id",
    "message_id=entry.message_id",
    "subject=entry.subject",
    "archive=entry.lore",
    "mbox=entry.mbox",
    "added=entry.added",
    "updated=entry.updated",
    "news=entry.news",
    "mails",
    "ticked",
)
@dataclass(frozen=True, slots=True)
class ExportedSeries:
    """An exported series with its message ids and the review requests that the user set."""

    entry: TrackEntry
    mails: tuple[ExportedMember, ...]
    ticked: tuple[ExportedPoint, ...]


@json_form()
@dataclass(frozen=True, slots=True)
class SeriesLine:
    """The line for a series, which comes after the lines for its messages."""

    series: ExportedSeries


def as_lines(
    numbers: Sequence[int], store: Store, lost: Callable[[str], None]
) -> Iterator[str]:
    """Yields the series and their messages as JSON lines, without line ends.

    `lost` is called with a line of text for each message that cannot be read. Undisclosed
    fixes are not exported and are reported to `lost`, because after an import an archive
    would be asked about them.
    """
    numbers = tuple(dict.fromkeys(numbers))
    private = [
        number for number in numbers if is_undisclosed(store.entry(number), store)
    ]
    for number in private:
        lost(
            f"series {number}: undisclosed, not exported: an import would ask an archive about it;"
            " use --format mbox"
        )
    records = [store.record(number) for number in numbers if number not in private]
    mails = {
        mail.message_id: mail.raw
        for record in records
        for mail in readable(record.entry.id, store, lost)
    }
    records = [
        replace(
            record,
            members=tuple(member for member in record.members if member[0] in mails),
        )
        for record in records
    ]
    yield _line(ExportHeading("patchpilot/followed/1", len(records), len(mails)))
    for message_id, raw in mails.items():
        yield _line(_packed(message_id, raw))
    for record in records:
        yield _line(SeriesLine(_exported(record)))


def _line(row: ExportHeading | TextMail | EncodedMail | SeriesLine) -> str:
    return json.dumps(json_object(row))


def _packed(message_id: str, raw: bytes) -> TextMail | EncodedMail:
    """The line of a mail: its text where it is UTF-8, otherwise base64."""
    try:
        return TextMail(message_id, raw.decode())
    except UnicodeDecodeError:
        return EncodedMail(message_id, base64.b64encode(raw).decode())


def _exported(record: SeriesRecord) -> ExportedSeries:
    points = [
        ExportedPoint(message_id, line, cast("UserState", state))
        for (message_id, line), state in sorted(record.marks.items())
        # whom the user knows is theirs to say
        if line != WHOLE_MAIL
    ]
    members = tuple(
        ExportedMember(message_id, read) for message_id, read in record.members
    )
    return ExportedSeries(record.entry, members, tuple(points))


def import_file(name: str, store: Store) -> Imported:
    """Imports the series from an export file (`-`: standard input); see `import_lines`.

    Raises `InputError` if the file cannot be read.
    """
    try:
        if name == "-":
            return import_lines(sys.stdin.buffer, "standard input", store)
        with Path(name).open("rb") as stream:
            return import_lines(stream, name, store)
    except OSError as error:
        raise InputError(
            f"cannot read {name}: {error.strerror or error}",
            hint="pass a file that `track export` wrote",
        ) from error


def import_lines(lines: BinaryIO, source: str, store: Store) -> Imported:
    """Imports the series from the lines of an export and returns the result.

    A series that is already tracked gets the missing messages and keeps its data. A line that
    cannot be read is reported, and all others are imported. A series is imported even if the
    file lacks some of its messages, which is reported.

    Raises `InputError` and imports nothing if the file is not an export or has a newer
    format.
    """
    numbered = enumerate(_bounded(lines, source), 1)
    heading = _heading(next(numbered, (1, b""))[1], source)
    added, merged, mails, count = list[int](), list[int](), 0, 0
    problems: list[str] = []
    unread = 0
    with store.changing():
        for at, line in numbered:
            try:
                value = _value(line)
                if _MAIL in value:
                    store.keep_raw(_typed(value, _MAIL, str), _raw(value))
                    count += 1
                else:
                    record = _record(_typed(value, _SERIES, dict))
                    taken = _take(record, store)
                    mails += taken.new
                    (added if taken.is_added else merged).append(taken.number)
                    number = taken.number
                    again = Action("track", ("rebuild", str(number)), "`{}` fetches it")
                    problems += [
                        f"{source}:{at}: the mail <{lacking}> is not in the file; {again}"
                        for lacking in taken.lacking
                    ]
            except (ValueError, KeyError, TypeError) as error:
                unread += 1
                problems.append(
                    f"{source}:{at}: not a line of an export: {_said(error)}"
                )
            except DamagedError:
                raise
            except InputError as error:
                unread += 1
                problems.append(f"{source}:{at}: {error.message}")
            if len(problems) > _MOST_PROBLEMS:
                raise InputError(
                    f"{source}: more than {_MOST_PROBLEMS} problems; nothing was imported",
                    hint=_again(),
                )
        series = len(added) + len(merged)
        if series + count + unread < heading["series"] + heading["mails"]:
            problems.append(
                f"{source} is incomplete: {series} of {heading['series']} series, {count} of"
                f" {heading['mails']} messages"
            )
        store.drop_unused_mails()
    return Imported(tuple(added), tuple(merged), mails, tuple(problems))


def _bounded(stream: BinaryIO, source: str) -> Iterator[bytes]:
    """The lines of a stream; InputError for one that no export has: a device may never end one."""
    while line := stream.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise InputError(
                f"{source}: a line is longer than {_LONGEST_LINE >> 20} MiB; nothing was imported",
                hint=_again(),
            )
        yield line


def _heading(line: bytes, source: str) -> Mapping[str, Any]:
    try:
        heading = _value(line)
        name, _, version = str(heading.get(_HEADING)).rpartition("/")
        if f"{name}/" != SCHEMA or not version.isdecimal():
            raise ValueError
        if int(version) > VERSION:
            raise InputError(
                f"{source} was written by a newer version of patchpilot: {heading[_HEADING]}, but"
                f" this version reads {SCHEMA}{VERSION}",
                hint="run `pip install --upgrade patchpilot`",
            )
        return {key: _typed(heading, key, int) for key in ("series", "mails")}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{source} is not an export of tracked series", hint=_again()
        ) from error


def _again() -> Action:
    return Action(
        "track",
        ("export", "--format", "jsonl", "-o", "followed.jsonl"),
        "`{}` writes a file that can be imported",
    )


def _said(error: Exception) -> str:
    return (
        f"{error} is missing"
        if isinstance(error, KeyError)
        else str(error) or type(error).__name__
    )


def _value(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except RecursionError as error:
        raise ValueError("too deeply nested") from error
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _typed(value: Mapping[str, Any], key: str, kind: type | tuple[type, ...]) -> Any:
    found = value[key]
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is int):
        raise TypeError(f"{key!r} has the wrong type")
    if isinstance(found, int) and not 0 <= found <= _LARGEST:
        raise ValueError(f"{key!r} is out of range")
    if isinstance(found, str) and _SURROGATE.search(found):
        raise ValueError(f"{key!r} is not valid text")
    return found


def _raw(value: Mapping[str, Any]) -> bytes:
    if "text" in value:
        return str(_typed(value, "text", str)).encode()
    return base64.b64decode(_typed(value, "base64", str), validate=True)


def _record(value: Mapping[str, Any]) -> SeriesRecord:
    text = (str, type(None))
    entry = TrackEntry(
        _typed(value, "id", int),
        _typed(value, "message_id", str),
        _typed(value, "subject", str),
        _typed(value, "archive", text),
        _typed(value, "mbox", text),
        _typed(value, "added", str),
        _typed(value, "updated", text),
        _typed(value, "news", text),
    )
    if entry.lore is None and entry.mbox is None:
        raise ValueError("neither an archive nor an mbox")
    if entry.lore is not None and not is_archive_address(entry.lore):
        raise ValueError(
            f"{entry.lore!r} is neither the URL nor the path of an archive"
        )
    entry = replace(
        entry,
        added=_moment(entry.added),
        updated=_moment(entry.updated),
        news=_moment(entry.news),
    )
    members = tuple(
        (_typed(mail, "message_id", str), _typed(mail, "read", bool))
        for mail in _typed(value, "mails", list)
    )
    marks = {
        (_typed(tick, "message_id", str), _typed(tick, "line", int)): (
            PointState(_typed(tick, "state", str))
            if "state" in tick
            else PointState.ADDRESSED
        )
        for tick in _typed(value, "ticked", list)
    }
    return SeriesRecord(entry, members, marks)


def _moment(text: Any) -> Any:
    """A time of the past as the store has it: one of the future would keep the series from being
    asked about.
    """
    if text is None:
        return None
    moment = read_iso(text)
    if moment is None:
        raise ValueError(f"{text!r} is not a time with a time zone")
    return min(moment.astimezone(UTC), datetime.now(UTC)).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class _Taken:
    """A series that was taken in: its number here, whether it was added, how many of its mails are
    new to it, and which are not in the file.
    """

    number: int
    is_added: bool
    new: int
    lacking: tuple[str, ...]


def _take(record: SeriesRecord, store: Store) -> _Taken:
    ids = {message_id for message_id, _ in record.members}
    there = {mail.message_id: mail for mail in store.stored(ids)}
    known = store.holding([record.entry.message_id]) or _same_topic(
        record, there, store
    )
    before = store.message_ids(known.id) if known else frozenset()
    record = replace(
        record, members=tuple(member for member in record.members if member[0] in there)
    )
    return _Taken(
        store.merge(record, known),
        known is None,
        len(there.keys() - before),
        tuple(sorted(ids - there.keys())),
    )


def _same_topic(
    record: SeriesRecord, mails: Mapping[str, Mail], store: Store
) -> TrackEntry | None:
    """The series that is followed under another of the series' mails, such as its second version."""  # noqa: E501
    key = record.entry.message_id
    for entry in store.entries():
        if entry.message_id not in mails and key not in store.message_ids(entry.id):
            continue
        every = read_thread(
            (*mails.values(), *store.readable_mails(entry.id)[0]),
            reader=store.reader,
            anchor=key,
        )
        status = status_of(key, every)
        if status and {key, entry.message_id} <= status.topic.message_ids:
            return entry
    return None

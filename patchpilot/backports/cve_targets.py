# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the CVEs that a TARGET names: an id, a link, messages of the CVE team, a list or a year."""

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from patchpilot.archive.cve_records import SETTING, CveRecords, Snapshot, make_records_error
from patchpilot.commits.range import is_existing_file, is_network_target
from patchpilot.errors import InputError, UsageError
from patchpilot.model.bounded import MAX_INPUT
from patchpilot.model.bounded_gzip import unpack_gzip
from patchpilot.model.printable import format_count
from patchpilot.reading.cve_record import (
    CveRecord,
    CveState,
    find_cve_ids,
    find_linked_cve,
    list_main_fixes,
    parse_announcement,
    parse_cve_id,
    parse_json_records,
)
from patchpilot.reading.mbox import parse

_YEAR = re.compile(r"(?:19|20)\d\d")
_MAIL = re.compile(rb"(?im)^subject:[^\n]*CVE-\d{4}-\d{4}")
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
MAX_CVES = 50_000
MAX_NAMED = 20
"""Number of CVEs of a page that are looked up."""


class CveQuery(NamedTuple):
    """The CVEs that are asked about: their records, the state of the local copy with the records,
    and the number of messages that announce no CVE, or of parts of a JSON text that are no record.
    """

    records: tuple[CveRecord, ...]
    snapshot: Snapshot | None = None
    left_out: int = 0
    unit: str = "message"

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was not read, and the age of the records."""
        notes = []
        if self.left_out:
            count = format_count(self.left_out, self.unit)
            notes.append(f"{count} not judged: neither publishes nor rejects a CVE")
        return tuple(notes)


def may_name_cves(target: str) -> bool:
    """Return whether `read_cve_target` has to read a TARGET; a commit or range names none."""
    is_read = target == "-" or is_existing_file(target) or is_network_target(target)
    return is_read or parse_cve_id(target) is not None


def read_cve_target(target: str | None, path: str, stdin: bytes | None = None) -> CveQuery | None:
    """Return the CVEs that a TARGET names, or None if it names something else.

    It is an id, a link or Message-ID with one, or a file or standard input with messages of the CVE
    team or records in the CVE JSON format. `path` is the local copy of the records, or ""; without
    it, messages and files are the only source.
    """
    if not target:
        return None
    if target == "-" or is_existing_file(target):
        data = stdin if target == "-" else _read_file(Path(target))
        return _read_records(data or b"", target, path)
    cve = parse_cve_id(target)
    if cve is None and is_network_target(target):
        cve = find_linked_cve(target)
    return look_up_cves([cve], path) if cve else None


def read_cve_targets(
    targets: Sequence[str], path: str, stdin: bytes | None = None
) -> CveQuery | None:
    """Return the CVEs of all TARGETs, or None if one of them names something else."""
    names = [cve for target in targets if (cve := parse_cve_id(target))]
    if len(targets) > 1 and len(names) == len(targets):
        return look_up_cves(names, path)
    queries = []
    for target in targets:
        query = read_cve_target(target, path, stdin)
        if query is None:
            return None
        queries.append(query)
    if len(queries) < 2:
        return next(iter(queries), None)
    records = {record.cve: record for query in queries for record in query.records}
    left_out = sum(query.left_out for query in queries)
    return queries[0]._replace(records=tuple(records.values()), left_out=left_out)


def read_cve_list(source: str, path: str) -> CveQuery:
    """Return the CVEs of a year, or in a file: messages of the CVE team, or any text with ids.

    Raise `InputError` if the file names none.
    """
    if _YEAR.fullmatch(source) and not is_existing_file(source):
        if not path:
            raise _make_missing_error()
        with CveRecords(Path(path)) as records:
            cves = records.list_year(source)
            if not cves:
                raise UsageError(f"no CVE of {source} in {path}", hint=f"run `git -C {path} fetch`")
            return CveQuery(tuple(records.read(cves)), records.snapshot)
    if source != "-" and not Path(source).is_file():
        raise UsageError(
            f"--cves {source}: neither a file nor a year",
            hint="use a file with ids or messages, or a year such as 2026",
        )
    data = _read_stdin() if source == "-" else _read_file(Path(source))
    if query := _read_records(data, source, path):
        return query
    cves = find_cve_ids(data.decode("utf-8", "replace"))
    if not cves:
        raise InputError(
            f"{source}: names no CVE",
            hint="use lines with ids such as CVE-2026-12345, or messages that announce CVEs",
        )
    if len(cves) > MAX_CVES:
        raise InputError(f"{source}: names more than {MAX_CVES} CVEs", hint="split the list")
    return look_up_cves(cves, path)


def read_cves_in_text(text: str, path: str) -> CveQuery | None:
    """Return the CVEs that a mail publishes or that a page names, or None.

    A page counts if a CVE in it is published in the local records; only these are returned.
    """
    if query := _read_mails(text.encode("utf-8", "surrogateescape"), "-", path):
        return query
    cves = find_cve_ids(text)[:MAX_NAMED] if path else ()
    query = look_up_cves(cves, path) if cves else CveQuery(())
    kernel = tuple(record for record in query.records if record.state is not CveState.UNKNOWN)
    return query._replace(records=kernel) if kernel else None


def _read_stdin() -> bytes:
    return sys.stdin.buffer.read(MAX_INPUT + 1)


def _read_file(file: Path) -> bytes:
    """Return the unpacked content of a regular file, or b"" for a directory."""
    if file.is_dir():
        return b""
    try:
        with file.open("rb") as stream:
            return unpack_gzip(stream.read(MAX_INPUT + 1), str(file), MAX_INPUT)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error


def look_up_cves(cves: Sequence[str], path: str, known: Sequence[CveRecord] = ()) -> CveQuery:
    """Return the stored records; use one of the `known` ones for a CVE without a stored record."""
    if not path:
        if known:
            return CveQuery(tuple(known))
        raise _make_missing_error()
    by_id = {record.cve: record for record in known}
    with CveRecords(Path(path)) as records:
        stored = (
            by_id.get(record.cve, record) if record.state is CveState.UNKNOWN else record
            for record in records.read(cves)
        )
        return CveQuery(tuple(stored), records.snapshot)


def _read_records(data: bytes, source: str, path: str) -> CveQuery | None:
    """Return the CVEs in messages or in the CVE JSON format, or None if there are none."""
    return _read_mails(data, source, path) or _read_json(data, path)


def _look_up_latest(records: Iterable[CveRecord], path: str) -> CveQuery | None:
    """Look up CVEs that were read. Of several records of a CVE, the last one counts, but a
    rejection is final.
    """
    latest: dict[str, CveRecord] = {}
    for record in records:
        known = latest.get(record.cve, record)
        is_final = known.state is CveState.REJECTED
        latest[record.cve] = known if is_final else record
    return look_up_cves(tuple(latest), path, tuple(latest.values())) if latest else None


def _read_mails(data: bytes, source: str, path: str) -> CveQuery | None:
    """Return the CVEs that messages publish or reject, or None if there are none."""
    if not _MAIL.search(data):
        return None
    damaged: list[str] = []
    try:
        mails = parse(data, skipped=damaged.append, source=source)
    except InputError:
        return None
    records = [parse_announcement(mail.subject, mail.body) for mail in mails]
    query = _look_up_latest(filter(None, records), path)
    return query and query._replace(left_out=len(damaged) + records.count(None))


def _read_json(data: bytes, path: str) -> CveQuery | None:
    """Return the CVEs of records in the CVE JSON format, or None if there are none."""
    if not _JSON.match(data):
        return None
    stored, others = parse_json_records(data)
    records = [
        CveRecord(
            record.cve,
            CveState.REJECTED if record.is_rejected else CveState.PUBLISHED,
            record.title,
            list_main_fixes(record.pairs),
            record.pairs,
        )
        for record in stored
    ]
    query = _look_up_latest(records, path)
    return query and query._replace(left_out=others, unit="part")


def _make_missing_error() -> Exception:
    return make_records_error(f"{SETTING} is not set: the CVE team's records are not known")

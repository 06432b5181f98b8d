# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the records of the kernel's CVE team: the files of a record, and the message about it.

The commits of a record are its fixes, and pairs of the commit that introduced the bug and the
commit that fixed it in a release. All input is untrusted: what is damaged is left out, and ids are
hexadecimal digits.
"""

import json
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.printable import make_one_line

MAX_PAIRS = 2000
"""Maximum number of pairs of a record; the largest ones have about 40."""
ROOT = "1da177e4c3f41524e886b7f1b8a0c1fc7321cac2"
"""The first commit of Linux in git. JSON records name it if the origin of a bug is unknown."""
_CVE = lazy_pattern(r"(?<![\w-])CVE-[12]\d{3}-\d{4,12}(?![\w-])", re.IGNORECASE)
_LINKED = lazy_pattern(r"CVE-[12]\d{3}-\d{4,12}", re.IGNORECASE)
_ID = lazy_pattern(r"[0-9a-f]{7,40}")
_DYAD = lazy_pattern(r"(?P<since>[\w.-]+):(?P<bug>\w+):(?P<until>[\w.-]+):(?P<fix>\w+)")
_PAIR = lazy_pattern(
    r"\s*(?:Issue introduced in (?P<since>\S+) with commit (?P<bug>\w+))?"
    r"(?: and |Issue )?(?:fixed in (?P<until>\S+) with commit (?P<fix>\w+))?",
    re.IGNORECASE,
)
_TITLE = lazy_pattern(
    r"(?P<rejected>REJECTED: )?(?P<cve>CVE-\d{4}-\d{4,12}):\s*(?P<title>.*)", re.DOTALL
)
_ASSIGNED = lazy_pattern(r"assigned (CVE-\d{4}-\d{4,12}) to this issue")
_REJECTED = lazy_pattern(r"^(CVE-\d{4}-\d{4,12}) has now been rejected\b[^\n]*", re.MULTILINE)
_SECTION = lazy_pattern(r"^Affected and fixed versions\n=+\n(?P<text>.*?)(?=^\S)", re.M | re.S)
_MAINLINE = lazy_pattern(r"v?(?:2\.6\.\d+|(?:[3-9]|\d\d)\.\d+)(?:-rc\d+)?")


class CveState(StrEnum):
    """The states of a CVE in the records: the folder that has its files, or none."""

    PUBLISHED = "published"
    REJECTED = "rejected"
    RESERVED = "reserved"
    RETURNED = "returned"
    UNKNOWN = "unknown"


class CvePair(NamedTuple):
    """The commit that introduced a bug and the commit that fixed it, with their releases.

    A commit is "" if it is not known, or if there is no fix.
    """

    culprit: str
    fix: str
    since: str = ""
    until: str = ""


class CveRecord(NamedTuple):
    """The CVE team's record of a CVE.

    `fixes` are the commits that fix it, usually in mainline; several ones fix different bugs, or
    are alternatives. `note` is the reason of a rejection, or what could not be read.
    """

    cve: str
    state: CveState
    title: str = ""
    fixes: tuple[str, ...] = ()
    pairs: tuple[CvePair, ...] = ()
    note: str = ""

    @property
    def culprits(self) -> tuple[str, ...]:
        """Return all commits that introduced the bug, mainline commits first."""
        pairs = sorted(self.pairs, key=lambda pair: not is_mainline_release(pair.since))
        return tuple(dict.fromkeys(pair.culprit for pair in pairs if pair.culprit))

    @property
    def fixed_in(self) -> dict[str, str]:
        """Return the first release with each fix."""
        return {pair.fix: pair.until for pair in self.pairs if pair.fix}


def is_mainline_release(release: str) -> bool:
    """Return whether a release is mainline's, such as 6.1, 6.1-rc2 and 2.6.39, and not 6.1.7."""
    return bool(_MAINLINE.fullmatch(release))


def is_stable_release(release: str) -> bool:
    """Return whether a release is known and not mainline's, such as 6.1.7."""
    return bool(release) and not is_mainline_release(release)


def parse_cve_id(text: str) -> str | None:
    """Return the CVE id that a text consists of, in capitals, or None."""
    return text.upper() if _CVE.fullmatch(text) else None


def find_cve_ids(text: str) -> tuple[str, ...]:
    """Return the ids of CVEs that occur in a text as words, in order and without duplicates."""
    return tuple(dict.fromkeys(match[0].upper() for match in _CVE.finditer(text)))


def find_linked_cve(url: str) -> str | None:
    """Return the only CVE that a URL or Message-ID names, or None.

    The team's Message-IDs contain the id, and so do the addresses of databases.
    """
    cves = {match[0].upper() for match in _LINKED.finditer(url)}
    return cves.pop() if len(cves) == 1 else None


def parse_commit_ids(text: str) -> tuple[str, ...]:
    """Return the commit ids in a .sha1 or .vulnerable file, which separates them by white space."""
    return tuple(dict.fromkeys(id_ for word in text.split() if (id_ := _read_id(word))))


def _read_id(word: str) -> str:
    """Return a commit id in lower case, or "" for anything else; zeros are no commit."""
    word = word.lower()
    return word if _ID.fullmatch(word) and word.strip("0") else ""


def parse_dyad(text: str) -> tuple[CvePair, ...]:
    """Return the pairs in a .dyad file, with lines such as `5.10:<id>:6.1.3:<fix>`.

    The release and the commit are 0 if they are unknown.
    """
    matches = (_DYAD.fullmatch(line.strip()) for line in text.splitlines()[: 2 * MAX_PAIRS])
    return _make_pairs(match for match in matches if match)


def _make_pairs(matches: Iterator[re.Match[str]]) -> tuple[CvePair, ...]:
    pairs: dict[CvePair, None] = {}
    for match in matches:
        culprit, fix = _read_id(match["bug"] or ""), _read_id(match["fix"] or "")
        if (culprit or fix) and len(pairs) < MAX_PAIRS:
            since = match["since"] if culprit else ""
            pairs[CvePair(culprit, fix, since, match["until"] if fix else "")] = None
    return tuple(pairs)


class JsonRecord(NamedTuple):
    """The content of a record in the CVE JSON format."""

    cve: str = ""
    title: str = ""
    pairs: tuple[CvePair, ...] = ()
    is_rejected: bool = False


def parse_json_record(data: bytes) -> JsonRecord | None:
    """Parse a record in the CVE JSON format; return None for anything else.

    It names no releases of the commits.
    """
    try:
        return _read_record(json.loads(data))
    except (ValueError, RecursionError):
        return None


def parse_json_records(data: bytes) -> tuple[tuple[JsonRecord, ...], int]:
    """Return the records in a JSON text, and the number of its other or damaged parts.

    The text is a record, an array, an object that contains arrays, or several of these one after
    the other, such as a record on each line.
    """
    text, at = data.decode("utf-8", "replace").lstrip("\ufeff"), 0
    decoder = json.JSONDecoder()
    parts: list[Any] = []
    while match := _JSON_START.search(text, at):
        try:
            document, at = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            document, at = None, (text.find("\n{", match.end()) + 1) or len(text)
        parts += _list_parts(document)
    records = [record for part in parts if (record := _read_record(part))]
    return tuple(records), len(parts) - len(records)


_JSON_START = lazy_pattern(r"[^\s,\[\]]")
"""The parts of arrays are read one by one, because an array may be truncated."""


def _list_parts(document: Any) -> list[Any]:
    """Return the elements of the arrays in an object; a record is a part itself."""
    values = document.values() if isinstance(document, dict) else ()
    arrays = [value for value in values if isinstance(value, list)]
    is_record = bool(_read_object(document, "cveMetadata"))
    return [document] if is_record or not arrays else [part for array in arrays for part in array]


def _read_record(document: Any) -> JsonRecord | None:
    metadata = _read_object(document, "cveMetadata")
    team = _read_object(_read_object(document, "containers"), "cna")
    cve = parse_cve_id(_read_text(metadata, "cveId") or _read_text(metadata, "cveID"))
    if not cve:
        return None
    pairs: dict[CvePair, None] = {}
    for affected in _read_objects(team, "affected"):
        for version in _read_objects(affected, "versions"):
            if _read_text(version, "status") != "affected":
                continue
            culprit, fix = (_read_id(_read_text(version, key)) for key in ("version", "lessThan"))
            culprit = "" if culprit == ROOT else culprit
            if (culprit or fix) and len(pairs) < MAX_PAIRS:
                pairs[CvePair(culprit, fix)] = None
    is_rejected = _read_text(metadata, "state") == "REJECTED"
    return JsonRecord(cve, make_one_line(_read_text(team, "title")), tuple(pairs), is_rejected)


def _read_object(value: Any, key: str) -> dict[str, Any]:
    part = value.get(key) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def _read_objects(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    part = value.get(key)
    return [row for row in part if isinstance(row, dict)] if isinstance(part, list) else []


def _read_text(value: dict[str, Any], key: str) -> str:
    part = value.get(key)
    return part if isinstance(part, str) else ""


def parse_announcement(subject: str, body: str) -> CveRecord | None:
    """Return the record that a message of the CVE team publishes or rejects, or None.

    None is returned for replies to it as well. Only its section about versions is read: the
    description is the message of the fix.
    """
    heading = _TITLE.fullmatch(subject.strip())
    if not heading:
        return None
    cve, title = heading["cve"], make_one_line(heading["title"])
    if heading["rejected"]:
        rejected = _REJECTED.search(body)
        if not rejected or rejected[1] != cve:
            return None
        return CveRecord(cve, CveState.REJECTED, title, note=read_rejection(body))
    assigned, section = _ASSIGNED.search(body), _SECTION.search(f"{body}\n.")
    if not section or (assigned and assigned[1] != cve):
        return None
    lines = section["text"].splitlines()[: 2 * MAX_PAIRS]
    matches = (_PAIR.fullmatch(line.rstrip()) for line in lines)
    pairs = _make_pairs(match for match in matches if match)
    return CveRecord(cve, CveState.PUBLISHED, title, list_main_fixes(pairs), pairs)


def read_rejection(body: str) -> str:
    """Return the reason in a message that rejects a CVE, or "" if it has none."""
    match = _REJECTED.search(body)
    return make_one_line(" ".join(body[match.end() :].split())) if match else ""


def list_main_fixes(pairs: Sequence[CvePair]) -> tuple[str, ...]:
    """Return the fixes in mainline releases, otherwise all fixes of the pairs."""
    main = [pair.fix for pair in pairs if pair.fix and is_mainline_release(pair.until)]
    return tuple(dict.fromkeys(main or [pair.fix for pair in pairs if pair.fix]))

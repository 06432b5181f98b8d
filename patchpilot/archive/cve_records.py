# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the CVE records of the kernel's CVE team from a local copy of its repository.

The copy is a clone, a bare clone or a directory with the files. Its branch `master` has the
records, whatever is checked out. Nothing is fetched, and nothing in it is trusted: only regular
files with the expected names are read, up to a size.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError, MissingError, PatchpilotError
from patchpilot.model.bounded import MIB
from patchpilot.model.json_form import json_form
from patchpilot.model.printable import join_words
from patchpilot.read_file import read_regular_file
from patchpilot.reading.cve_record import (
    CvePair,
    CveRecord,
    CveState,
    list_main_fixes,
    parse_commit_ids,
    parse_cve_id,
    parse_dyad,
    parse_json_record,
    read_rejection,
)

SETTING = "patchpilot.vulns"
_FOLDERS = (CveState.REJECTED, CveState.PUBLISHED, CveState.RESERVED, CveState.RETURNED)
_FORMS = (".sha1", ".dyad", ".json", ".vulnerable", ".mbox.rejected", "")
_REFS = ("refs/remotes/origin/master", "refs/heads/master", "HEAD")
_MAX_FILE = 8 * MIB
_FEW = 40
"""So many records are looked up by name; for more, the folder of the year is listed."""
_CLONE = "git clone https://git.kernel.org/pub/scm/linux/security/vulns.git"


@json_form("path commit~ date~")
class Snapshot(NamedTuple):
    """The state of the records: the path of the copy, its commit ("" without git), and its day."""

    path: str
    commit: str = ""
    date: str = ""


class CveRecords:
    """The records in a local copy. A context manager that keeps git's process open."""

    def __init__(self, path: Path) -> None:
        self._root = path.expanduser()
        self._repository, self.snapshot = self._open()
        self._listed: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._repository:
            self._repository.close()

    def _open(self) -> tuple[Repository | None, Snapshot]:
        try:
            repository = Repository.open(self._root)
        except PatchpilotError as error:
            if (self._root / "cve" / CveState.PUBLISHED).is_dir():
                return None, Snapshot(str(self._root))
            raise make_records_error(f"{self._root}: {error.message}") from error
        # of commits with the same date, the fetched one is the latest
        tips = dict.fromkeys(tip for ref in _REFS if (tip := repository.find(ref)))
        with_records = [tip for tip in tips if self._is_folder(repository, tip)]
        commits = repository.commits(with_records)
        latest = max(commits, key=lambda commit: commit.committed, default=None)
        if latest:
            day = latest.committed.date().isoformat()
            return repository, Snapshot(str(self._root), latest.id, day)
        repository.close()
        if (self._root / "cve" / CveState.PUBLISHED).is_dir():
            return None, Snapshot(str(self._root))
        raise make_records_error(f"{self._root}: no folder cve/published in its branch master")

    @staticmethod
    def _is_folder(repository: Repository, tip: str) -> bool:
        info = repository.objects.info(f"{tip}:cve/{CveState.PUBLISHED}")
        return bool(info and info[1] == "tree")

    def list_year(self, year: str) -> tuple[str, ...]:
        """Return the ids of the year's CVEs that were published or rejected, in order."""
        names: set[str] = set()
        for state in (CveState.PUBLISHED, CveState.REJECTED):
            folder = f"cve/{state}/{year}/"
            if self._repository:
                names |= {name.rpartition("/")[2] for name in self._list([folder])}
            else:
                names |= {file.name for file in (self._root / folder).glob("CVE-*.json")}
        cves = {cve for name in names if (cve := parse_cve_id(name.partition(".")[0]))}
        return tuple(sorted(cves, key=lambda cve: int(cve.rpartition("-")[2])))

    def read(self, cves: Sequence[str]) -> Iterator[CveRecord]:
        """Yield the record of each CVE; one without files has the state `unknown`."""
        years = {cve.split("-")[1] for cve in cves}
        if self._repository and len(cves) > _FEW:
            for year in years:
                folders = [f"cve/{state}/{year}/" for state in _FOLDERS]
                self._listed[year] = self._list(folders)
        for cve in cves:
            yield self._read_record(cve)

    def _list(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the ids of regular files of a moderate size below paths."""
        assert self._repository
        files: dict[str, str] = {}
        options = ("ls-tree", "-l", "-z", "--full-tree", self.snapshot.commit, "--")
        for row in self._repository.git(*options, *paths).text.split("\0"):
            facts, _, path = row.partition("\t")
            fields = facts.split()
            if len(fields) == 4 and fields[0].startswith("100") and fields[3].isdigit():
                files |= {path: fields[2]} if int(fields[3]) <= _MAX_FILE else {}
        return files

    def _read_files(self, cve: str) -> tuple[CveState, Mapping[str, bytes]]:
        """Return the state of a CVE, and its files by the ends of their names."""
        year = cve.split("-")[1]
        for state in _FOLDERS:
            start = f"cve/{state}/{year}/{cve}"
            names = {form: start + form for form in _FORMS}
            if self._repository:
                listed = self._listed.get(year)
                listed = self._list(list(names.values())) if listed is None else listed
                entries = {
                    form: self._repository.objects.get(listed[name])
                    for form, name in names.items()
                    if name in listed
                }
                files = {form: entry[2] for form, entry in entries.items() if entry}
            else:
                contents = {form: self._read_file(name) for form, name in names.items()}
                files = {form: data for form, data in contents.items() if data is not None}
            if files:
                return state, files
        return CveState.UNKNOWN, {}

    def _read_file(self, name: str) -> bytes | None:
        """Return a file of the directory, unless it or a folder above it is a link to elsewhere."""
        file = self._root / name
        try:
            is_inside = file.resolve().is_relative_to(self._root.resolve())
        except (OSError, RuntimeError):
            return None
        return read_regular_file(file, _MAX_FILE) if is_inside else None

    def _read_record(self, cve: str) -> CveRecord:
        try:
            state, files = self._read_files(cve)
        except GitError as error:
            return CveRecord(cve, CveState.UNKNOWN, note=f"cannot be read: {error.message}")
        texts = {form: data.decode("utf-8", "replace") for form, data in files.items()}
        if state is CveState.UNKNOWN:
            as_of = f" of {self.snapshot.date}" if self.snapshot.date else ""
            return CveRecord(cve, state, note=f"no record in {self.snapshot.path}{as_of}")
        if state in (CveState.RESERVED, CveState.RETURNED):
            return CveRecord(cve, state)
        stored = parse_json_record(files.get(".json", b""))
        is_wrong = stored is None or stored.cve != cve
        pairs = parse_dyad(texts.get(".dyad", ""))
        if stored and not is_wrong:
            pairs = pairs or stored.pairs
            state = CveState.REJECTED if stored.is_rejected else state
        fixes = parse_commit_ids(texts.get(".sha1", "")) or list_main_fixes(pairs)
        if not any(pair.culprit for pair in pairs):
            # the team names culprits here that no Fixes: tag names
            named = parse_commit_ids(texts.get(".vulnerable", ""))
            pairs = (*pairs, *(CvePair(culprit, "") for culprit in named))
        damaged = [form for form in (".json",) if form in files and is_wrong]
        note = f"damaged: {join_words(damaged)}" if damaged else ""
        if state is CveState.REJECTED:
            note = read_rejection(texts.get(".mbox.rejected", ""))
        title = stored.title if stored and not is_wrong else ""
        return CveRecord(cve, state, title, fixes, pairs, note)


def make_records_error(problem: str) -> MissingError:
    """Return the error for missing CVE records."""
    return MissingError(
        problem,
        hint=f"run `{_CLONE}`, then `git config {SETTING} DIR`",
    )

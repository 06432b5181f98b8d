# SPDX-License-Identifier: GPL-2.0-or-later
"""Store facts about commits in an SQLite file for each repository.

The file is in the user's cache directory and may be deleted at any time. It maps commit ids to
facts that cannot change. Therefore, it stays valid when a branch is rebased or deleted, and each
run adds only new commits. Parents are added before their children.
"""

import contextlib
import hashlib
import json
import sqlite3
import time
from array import array
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from patchpilot.commits.git_command import stream_output
from patchpilot.commits.objects import parse_commit
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError, MissingError
from patchpilot.history.ancestor_bitmap import (
    AncestorBitmap,
    extend_reachable,
    find_reachable,
)
from patchpilot.history.index_file import delete_index, open_index_database
from patchpilot.history.shallow_clones import read_shallow_commits
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.commit_marks import CommitMarks, read_commit_marks, strip_vendor_prefixes

_FORMAT = "--format=%H %P%n%B"
_FEW = 3000
_CHUNK = 1 << 16
_KEPT_REACHES = 400
_KEPT_TIPS = 60
_SORTED = {
    "commits_by_subject": "commits (subject)",
    "upstream_by_id": "upstream (id)",
    "upstream_by_ord": "upstream (ord)",
    "reverts_by_id": "reverts (id)",
    "fixes_by_id": "fixes (id)",
}
"""Database indexes that are created after the first fill, which takes half the time."""


class CommitFact(NamedTuple):
    """The facts stored for a commit."""

    id: str
    parents: tuple[str, ...]
    subject: str
    marks: CommitMarks


class Index:
    """The index of facts about a repository's commits.

    Open it with `Index.open`, and `add` the relevant tips before a query. Ordinals are commit
    numbers. A parent's ordinal is smaller than its children's.
    """

    def __init__(self, repository: Repository, database: sqlite3.Connection) -> None:
        self.repository = repository
        self._db = database
        self._parents: array[int] | None = None
        self._has_originals = False
        self._reaches: dict[int, AncestorBitmap] = {}

    @classmethod
    def open(cls, repository: Repository) -> "Index":
        """Open the index of a repository.

        It is created again if it is missing or corrupt, or if its version or the state of a shallow
        clone differs.
        """
        return cls(repository, open_index_database(repository))

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, tips: Iterable[str], progress: Progress = ignore_progress) -> int:
        """Add all commits reachable from these tips; return the number of new ones.

        Raise GitError if a tip is not in the repository.
        """
        tips = tuple(dict.fromkeys(tips))
        try:
            return self._add_with_originals(tips, progress)
        except sqlite3.OperationalError as error:
            raise MissingError(
                f"the history index cannot be used: {error}",
                hint="another patchpilot process may be updating it; try again",
            ) from error
        except sqlite3.DatabaseError:
            # the cached index is corrupt, so create it again
            self._db.close()
            delete_index(self.repository)
            self._db, self._reaches = open_index_database(self.repository), {}
            return self._add_with_originals(tips, progress)

    def _add_with_originals(self, tips: Sequence[str], progress: Progress) -> int:
        """Add the tips, and all commits of the repository that others name.

        These are the origins of backports, and fixed or reverted commits. They may be on a branch
        that was never added. If they were missing, an answer would depend on which branches were
        added before.
        """
        added = self._add(tips, progress)
        if added or not self._has_originals:
            while originals := self._find_unindexed_originals():
                self._add(originals, progress)
            self._has_originals = True
        return added

    def _find_unindexed_originals(self) -> list[str]:
        """Return the commits that indexed commits name, if only the repository has them.

        The ids that the repository lacks are looked up again after its refs have changed.
        """
        unknown = [str(row[0]) for row in self._db.execute("select id from unknown_names")]
        refs = hashlib.sha256(
            "".join(f"{ref.name}{ref.object_id}" for ref in self.repository.all_refs).encode(
                "utf-8", "surrogateescape"
            )
        ).hexdigest()
        row = self._db.execute("select value from meta where name = 'refs'").fetchone()
        if not unknown or (row and row[0] == f"{refs} {len(unknown)}"):
            return []
        known = [name for name in unknown if self.resolve(name)]
        commits = {
            name: commit
            for name in unknown
            if name not in known and (commit := self.repository.find(name))
        }
        with contextlib.suppress(sqlite3.OperationalError):
            self._db.execute("begin immediate")
            self._db.executemany(
                "delete from unknown_names where id = ?", [(name,) for name in known]
            )
            value = f"{refs} {len(unknown) - len(known)}"
            self._db.execute("insert or replace into meta values ('refs', ?)", (value,))
            self._db.execute("commit")
        return list(dict.fromkeys(commits.values()))

    def _add(self, tips: Sequence[str], progress: Progress) -> int:
        new_tips = [tip for tip in tips if self.ordinal(tip) is None]
        if not new_tips:
            return 0
        added = 0
        self._db.execute("begin immediate")
        try:
            start = self._count()
            if start == 0:
                for name in _SORTED:
                    self._db.execute(f"drop index if exists {name}")
            ordinals: dict[str, int] = {}
            old_tips = [
                str(row[0])
                for row in self._db.execute(
                    "select id from tips order by added desc, rowid desc limit ?",
                    (_KEPT_TIPS,),
                )
            ]
            for batch in _split_into_batches(
                _read_new_facts(self.repository, new_tips, self._is_known, old_tips),
                20_000,
            ):
                added += self._insert(batch, start + added, ordinals)
                if len(ordinals) > 400_000:
                    ordinals.clear()
                progress("reading history", added)
            for name, columns in _SORTED.items():
                self._db.execute(f"create index if not exists {name} on {columns}")
            for tip in new_tips:
                if self.ordinal(tip) is None:
                    raise GitError(
                        f"commit {tip[:12]} is not in the repository",
                        hint="fetch the branch it is on",
                    )
                self._db.execute("insert or replace into tips values (?, ?)", (tip, start))
            self._db.execute("commit")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("rollback")
            raise
        finally:
            self._parents = None
        return added

    def ordinal(self, commit_id: str) -> int | None:
        """Return the number of a commit, or None if it is not indexed."""
        row = self._db.execute(
            "select ord from commits where id = ?", (bytes.fromhex(commit_id),)
        ).fetchone()
        return int(row[0]) if row else None

    def id(self, ordinal: int) -> str:
        """Return the id of the commit with this number."""
        return bytes(
            self._db.execute("select id from commits where ord = ?", (ordinal,)).fetchone()[0]
        ).hex()

    def ids(self, ordinals: Iterable[int]) -> list[str]:
        return [self.id(ordinal) for ordinal in ordinals]

    def resolve(self, prefix: str) -> list[tuple[int, str]]:
        """Return (number, id) of every indexed commit whose id starts with these hex digits."""
        low, high = (
            bytes.fromhex(prefix.ljust(40, "0")),
            bytes.fromhex(prefix.ljust(40, "f")),
        )
        rows = self._db.execute(
            "select ord, id from commits where id between ? and ? limit 8", (low, high)
        )
        return [(int(number), bytes(commit_id).hex()) for number, commit_id in rows]

    def by_subject(self, subject: str) -> list[int]:
        """Return the numbers of commits with this subject, with or without vendor prefixes.

        The index stores only a 64-bit hash, so check the subject of each commit.
        """
        return [
            int(row[0])
            for row in self._db.execute(
                "select ord from commits where subject = ? order by ord",
                (hash_subject(subject),),
            )
        ]

    def same_subject(self, ordinal: int) -> list[int]:
        """Return the numbers of the other commits with the subject of this one."""
        rows = self._db.execute(
            "select other.ord from commits own join commits other on other.subject = own.subject"
            " where own.ord = ? and other.ord != own.ord order by other.ord",
            (ordinal,),
        )
        return [int(row[0]) for row in rows]

    def backports_of(self, commit_id: str) -> list[int]:
        """Return the numbers of commits that name this one as their upstream commit."""
        return self._commits_naming("upstream", commit_id, 12)

    def reverts_of(self, commit_id: str) -> list[int]:
        """Return the numbers of commits that name this one as reverted."""
        return self._commits_naming("reverts", commit_id, 7)

    def fixes_of(self, commit_id: str) -> list[int]:
        """Return the numbers of commits with a `Fixes:` line for this one."""
        return self._commits_naming("fixes", commit_id, 7)

    def list_references(
        self,
        table: Literal["fixes", "reverts", "upstream"],
        commits: Container[int] | None = None,
    ) -> list[tuple[int, str]]:
        """Return (number, id) for each id that one of the `commits`, or any commit, names."""
        rows = self._db.execute(f"select ord, id from {table} order by ord, rowid")
        pairs = ((int(number), str(name)) for number, name in rows)
        return [pair for pair in pairs if commits is None or pair[0] in commits]

    def upstream_ids(self, ordinals: Sequence[int]) -> dict[int, list[str]]:
        """Map the numbers of commits with upstream markers to the upstream ids."""
        backports: dict[int, list[str]] = {}
        rows = self._db.execute(
            "select ord, id from upstream where ord in (select value from json_each(?))",
            (json.dumps(list(ordinals)),),
        )
        for number, upstream in rows:
            backports.setdefault(int(number), []).append(str(upstream))
        return backports

    def reach(self, commit_id: str) -> AncestorBitmap:
        """Return the set of `commit_id` and its ancestors, which is computed once and stored."""
        ordinal = self.ordinal(commit_id)
        if ordinal is None:
            self.add([commit_id])
            ordinal = self.ordinal(commit_id)
            assert ordinal is not None
        return self._reachable_commits(ordinal)

    def _reachable_commits(self, ordinal: int) -> AncestorBitmap:
        if ordinal not in self._reaches:
            row = self._db.execute("select data from reach where ord = ?", (ordinal,)).fetchone()
            if row:
                self._reaches[ordinal] = AncestorBitmap.unpack(row[0])
            else:
                self._reaches[ordinal] = self._find_reachable(ordinal)
                self._store_reach(ordinal, self._reaches[ordinal])
        return self._reaches[ordinal]

    def patch_ids(self, ordinals: Sequence[int]) -> dict[int, str]:
        """Map commit numbers to stored patch-ids ("" if a commit has none)."""
        rows = self._db.execute(
            "select ord, id from patch_id where ord in (select value from json_each(?))",
            (json.dumps(list(ordinals)),),
        )
        return {int(number): str(patch_id) for number, patch_id in rows}

    def store_patch_ids(self, patch_ids: dict[int, str]) -> None:
        with contextlib.suppress(sqlite3.OperationalError):
            self._db.execute("begin immediate")
            self._db.executemany("insert or replace into patch_id values (?, ?)", patch_ids.items())
            self._db.execute("commit")

    def _commits_naming(self, table: str, commit_id: str, shortest: int) -> list[int]:
        forms = [commit_id[:length] for length in range(shortest, len(commit_id) + 1)]
        longer = f"or (id > ? and id < '{commit_id}g')" if len(commit_id) < 40 else "or id = ?"
        rows = self._db.execute(
            f"select distinct ord from {table} where id in ({','.join('?' * len(forms))}) {longer}"
            " order by ord",
            (*forms, commit_id),
        )
        return [int(row[0]) for row in rows]

    def _is_known(self, commit_id: str) -> bool:
        return self.ordinal(commit_id) is not None

    def _count(self) -> int:
        row = self._db.execute("select max(ord) from commits").fetchone()
        return 0 if row[0] is None else int(row[0]) + 1

    def _insert(self, facts: Sequence[CommitFact], start: int, ordinals: dict[str, int]) -> int:
        rows: list[tuple[int, bytes, int]] = []
        links = array("i")
        octopus: list[tuple[int, int]] = []
        references: dict[str, list[tuple[str, int]]] = {
            "upstream": [],
            "reverts": [],
            "fixes": [],
        }
        for number, fact in enumerate(facts, start):
            rows.append((number, bytes.fromhex(fact.id), hash_subject(fact.subject)))
            ordinals[fact.id] = number
            parents = [
                value
                for value in (ordinals.get(parent, self.ordinal(parent)) for parent in fact.parents)
                if value is not None
            ]
            links.append(parents[0] if parents else -1)
            links.append(parents[1] if len(parents) > 1 else -1)
            octopus += [(number, parent) for parent in parents[2:]]
            references["upstream"] += [(value, number) for value in fact.marks.upstream]
            references["reverts"] += [(revert, number) for revert in fact.marks.reverts]
            references["fixes"] += [
                (fix, number) for fix in dict.fromkeys(fixed.id for fixed in fact.marks.fixes)
            ]
        self._db.executemany("insert into commits values (?, ?, ?)", rows)
        self._db.executemany("insert into octopus values (?, ?)", octopus)
        for table, pairs in references.items():
            self._db.executemany(f"insert into {table} values (?, ?)", pairs)
        unknown = [value for value, _ in references["upstream"]]
        # a commit of the branch is before the commit that fixes or reverts it
        unknown += [
            value
            for value, _ in references["fixes"] + references["reverts"]
            if not self.resolve(value)
        ]
        self._db.executemany(
            "insert or ignore into unknown_names values (?)", [(value,) for value in unknown]
        )
        self._append_parents(start, links)
        return len(rows)

    def _append_parents(self, start: int, links: "array[int]") -> None:
        position = 0
        while position < len(links):
            chunk, offset = divmod(start + position // 2, _CHUNK)
            row = self._db.execute("select data from parents where chunk = ?", (chunk,)).fetchone()
            data = bytes(row[0])[: offset * 8] if row else b""
            block = links[position : position + 2 * (_CHUNK - offset)]
            self._db.execute(
                "insert or replace into parents values (?, ?)",
                (chunk, data + block.tobytes()),
            )
            position += len(block)

    def _find_reachable(self, ordinal: int) -> AncestorBitmap:
        # another process may have added commits in the meantime
        if self._parents is None or len(self._parents) <= 2 * ordinal:
            self._parents = array("i")
            for row in self._db.execute("select data from parents order by chunk"):
                self._parents.frombytes(row[0])
        extra_parents: dict[int, list[int]] = {}
        for number, parent in self._db.execute("select ord, parent from octopus"):
            extra_parents.setdefault(number, []).append(parent)
        stored = {int(row[0]) for row in self._db.execute("select ord from reach")}
        return extend_reachable(
            self._parents, extra_parents, ordinal, stored, self._reachable_commits
        ) or find_reachable(self._parents, extra_parents, ordinal)

    def _store_reach(self, ordinal: int, reach: AncestorBitmap) -> None:
        timestamp = int(time.time())
        with contextlib.suppress(sqlite3.OperationalError):
            self._db.execute(
                "insert or replace into reach values (?, ?, ?)",
                (ordinal, timestamp, reach.pack()),
            )
            self._db.execute(
                "delete from reach where ord not in (select ord from reach order by used desc"
                " limit ?)",
                (_KEPT_REACHES,),
            )


def hash_subject(subject: str) -> int:
    """Return a hash of a subject, without vendor prefixes, as a signed 64-bit number."""
    digest = hashlib.blake2b(
        strip_vendor_prefixes(subject).encode("utf-8", "surrogateescape"), digest_size=8
    ).digest()
    return int.from_bytes(digest, "little", signed=True)


def _split_into_batches(facts: Iterable[CommitFact], size: int) -> Iterator[list[CommitFact]]:
    batch: list[CommitFact] = []
    for fact in facts:
        batch.append(fact)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _read_new_facts(
    repository: Repository,
    tips: Sequence[str],
    is_known: Callable[[str], bool],
    indexed_tips: Sequence[str],
) -> Iterator[CommitFact]:
    """Yield facts about all unknown commits that are reachable from `tips`, parents first.

    All commits that are reachable from `indexed_tips` are known. A few commits are read one by one;
    for more, one `git log` is run.
    """
    if indexed_tips:
        facts = _read_few_facts(repository, tips, is_known)
        if facts is not None:
            yield from facts
            return
    exclusions = [f"^{tip}" for tip in indexed_tips]
    with stream_output(
        repository.top,
        "log",
        "--topo-order",
        "--reverse",
        "--ignore-missing",
        "-z",
        _FORMAT,
        *tips,
        *exclusions,
        "--",
    ) as stream:
        remainder = b""
        while block := stream.read(1 << 20):
            *records, remainder = (remainder + block).split(b"\0")
            for record in records:
                fact = _parse_fact(record)
                if fact and not (indexed_tips and is_known(fact.id)):
                    yield fact
        fact = _parse_fact(remainder)
        if fact and not (indexed_tips and is_known(fact.id)):
            yield fact


def _parse_fact(record: bytes) -> CommitFact | None:
    head, _, message = record.strip(b"\n").partition(b"\n")
    ids = head.decode("ascii", "replace").split()
    return (
        _make_fact(ids[0], tuple(ids[1:]), message.decode("utf-8", "surrogateescape"))
        if ids
        else None
    )


def _make_fact(commit_id: str, parents: tuple[str, ...], message: str) -> CommitFact:
    paragraph = message.lstrip("\n").split("\n\n", 1)[0]
    subject = (
        " ".join(line.strip() for line in paragraph.strip().split("\n"))
        if "\n" in paragraph.strip()
        else paragraph.strip()
    )
    return CommitFact(commit_id, parents, subject, read_commit_marks(message))


def _read_few_facts(
    repository: Repository, tips: Sequence[str], is_known: Callable[[str], bool]
) -> list[CommitFact] | None:
    """Return the new facts, or None if there are more than a few.

    Commits missing from a shallow or partial clone are skipped.
    """
    facts: dict[str, CommitFact] = {}
    order: list[str] = []
    stack = [(tip, False) for tip in reversed(tips)]
    boundary = read_shallow_commits(repository)
    while stack:
        commit_id, is_expanded = stack.pop()
        if is_expanded:
            order.append(commit_id)
            continue
        if commit_id in facts or is_known(commit_id):
            continue
        if len(facts) >= _FEW:
            return None
        raw = repository.objects.get(commit_id)
        if not raw or raw[1] != "commit":
            continue
        commit = parse_commit(commit_id, raw[2])
        parents = () if commit_id in boundary else commit.parents
        facts[commit_id] = _make_fact(commit_id, parents, commit.message)
        stack.append((commit_id, True))
        stack += [(parent, False) for parent in reversed(parents)]
    return [facts[commit_id] for commit_id in order]

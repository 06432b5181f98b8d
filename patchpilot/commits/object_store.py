# SPDX-License-Identifier: GPL-2.0-or-later
"""Merge trees in a temporary object store, without changing the repository.

The store borrows objects from the repository's object store.
"""

import hashlib
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from patchpilot.commits import alternates
from patchpilot.commits.merge_tree import MergeProcess
from patchpilot.commits.merging import (
    Entry,
    Merge,
    Stages,
    parse_merge,
    plan_merge,
    read_merge,
)
from patchpilot.commits.objects import EMPTY_TREE, CatFile
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import Completed
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import GitError
from patchpilot.model.commit import Commit

_DIRECTORY = "40000"
_MOST_LISTINGS = 2000
_MOST_PENDING = 5000
# for fewer merges than this, start a separate process for each merge
_FEW = 2
_MOST_CHANGES = 500
_MOST_SHARED = 100
_MAX_SHARED_BYTES = 500_000
# this is larger than a pipe buffer, to force git to write its output; see commits/merge_tree.py
_FILLER_NAMES = tuple(f"{number}{'f' * 700}" for number in range(12))
# this date is later than all commits, so that git stops looking for a merge base at our base
# instead of reading the whole history
_LATE = 4_000_000_000
_Sides = tuple[str, Entry, Entry, Entry]
_IDENT = f"patchpilot <patchpilot@localhost> {_LATE} +0000"


class ScratchStore:
    """A temporary object store, deleted when the context exits."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._folder = TemporaryFolder("objects")
        self._path = self._folder.path
        alternates.write_alternates(self._path, (repository.common_dir / "objects").resolve())
        self._env = {"GIT_OBJECT_DIRECTORY": str(self._path)}
        self._objects = CatFile(repository.top, self._env)
        self._merges: MergeProcess | None = None
        self._merge_count = 0
        self._listings: dict[str, Mapping[str, Entry]] = {}
        # do not write these trees until git needs them; it never needs most of them
        self._pending: dict[str, bytes] = {}
        self._changes: dict[tuple[str, str], dict[str, tuple[Entry, Entry]]] = {}
        self._renames: dict[str, tuple[tuple[str, str], ...]] = {}
        # maps the sides of a merged file to the resulting entry and the kind of conflict, or ""
        # without a conflict
        self._merged: dict[_Sides, tuple[Entry, str]] = {}

    def __enter__(self) -> "ScratchStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._objects.close()
        if self._merges:
            self._merges.close()
        self._folder.close()

    def release_memory(self) -> None:
        """End the git processes, which keep all objects in memory; they restart if needed."""
        self._objects.close()
        if self._merges:
            self._merges.close()

    @property
    def path(self) -> Path:
        """Return the directory of the store, after writing all pending trees."""
        self._write_pending()
        return self._path

    @property
    def env(self) -> dict[str, str]:
        """Return the environment with which git writes to this store and reads both stores."""
        self._write_pending()
        return dict(self._env)

    @property
    def objects(self) -> CatFile:
        """Return a reader for objects in this store and the repository."""
        self._write_pending()
        return self._objects

    def git(
        self,
        *args: str,
        stdin: bytes | None = None,
        ok: Sequence[int] = (0,),
        env: dict[str, str] | None = None,
        timeout: float = 300.0,
    ) -> Completed:
        """Run git in the repository; new objects are written to this store."""
        return self.repository.git(
            *args, stdin=stdin, env=self.env | (env or {}), ok=ok, timeout=timeout
        )

    def grep(
        self,
        tree: str,
        patterns: Iterable[str],
        *flags: str,
        paths: Iterable[str] = (),
        timeout: float,
    ) -> str:
        """Return the output of git grep on the text files of a tree."""
        pattern_options = [option for pattern in patterns for option in ("-e", pattern)]
        return self.git(
            "grep",
            "-I",
            *flags,
            *pattern_options,
            tree,
            "--",
            *paths,
            ok=(0, 1),
            timeout=timeout,
        ).text

    def files_with(
        self,
        tree: str,
        patterns: Iterable[str],
        *flags: str,
        paths: Iterable[str],
        timeout: float,
    ) -> list[str]:
        """Return the names of the files in which git grep finds a match."""
        output = self.grep(tree, patterns, "-l", "-z", *flags, paths=paths, timeout=timeout)
        return [name.partition(":")[2] for name in output.split("\0") if name]

    def find_words(
        self,
        tree: str,
        words: Iterable[str],
        *,
        paths: Iterable[str] = (),
        timeout: float,
    ) -> set[str]:
        """Return the words that occur in the text files of a tree."""
        flags = ("-w", "-h", "-o", "-F")
        output = self.grep(tree, sorted(words), *flags, paths=paths, timeout=timeout)
        return set(output.split("\n"))

    def write(self, kind: str, content: bytes) -> str:
        """Write an object; return its id."""
        name, raw = _hash_object(kind, content)
        self._write_object(name, raw)
        return name

    def _write_object(self, name: str, raw: bytes) -> None:
        file = self._path / name[:2] / name[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(raw, 1))

    def _write_pending(self) -> None:
        while self._pending:
            self._write_object(*self._pending.popitem())

    def _write_pending_tree(self, tree: str) -> None:
        raw = self._pending.pop(tree, None)
        if raw is not None:
            self._write_object(tree, raw)
            for mode, name in _read_tree(raw.partition(b"\0")[2]).values():
                if mode == _DIRECTORY:
                    self._write_pending_tree(name)

    def commit(self, tree: str, *parents: str, message: str = "x") -> str:
        """Write a commit of a tree; return its id."""
        lines = [
            f"tree {tree}",
            *(f"parent {parent}" for parent in parents),
            f"author {_IDENT}",
            f"committer {_IDENT}",
            "",
            message,
            "",
        ]
        return self.write("commit", "\n".join(lines).encode())

    def commit_like(self, original: Commit, tree: str, parent: str, message: str) -> str:
        """Write a commit of a tree with the authorship of another commit; return its id."""
        author = (
            f"{original.author.name} <{original.author.email}> {int(original.authored.timestamp())}"
            f" {original.authored:%z}"
        )
        head = f"tree {tree}\nparent {parent}\nauthor {author}\ncommitter {_IDENT}\n\n"
        return self.write("commit", (head + message).encode("utf-8", "surrogateescape"))

    def tree_of(self, commit: str) -> str:
        """Return the tree of a commit in the repository or in this store."""
        entry = self._objects.get(commit)
        if not entry or entry[1] != "commit":
            raise GitError(
                f"commit {commit[:12]} is not in the repository",
                hint="in a shallow or partial clone, run `git fetch` to get it",
            )
        return entry[2].split(b"\n", 1)[0].removeprefix(b"tree ").decode()

    def base_tree(self, base: str | None) -> str:
        """Return the tree of a commit's parent, or the empty tree if there is no parent."""
        return self.tree_of(base) if base else EMPTY_TREE

    def merge(self, base: str, ours: str, theirs: str) -> Merge:
        """Merge the changes from `base` to `theirs` into `ours`, like `git cherry-pick`."""
        if base == theirs or ours == theirs:
            return Merge(ours, True)
        if base == ours:
            return Merge(theirs, True)
        planned = plan_merge(
            self.changed(base, theirs),
            lambda path: self._find_entry(ours, path),
            lambda path: self._find_entry(theirs, path),
        )
        if planned is None:
            return self.merge_trees(base, ours, theirs)
        entries, both_changed = planned
        kinds: dict[str, str] = {}
        stages: dict[str, Stages] = {}
        for path, merged in self._merge_files(both_changed, base, ours, theirs).items():
            entries[path], kind = merged
            if kind:
                sides = (self._find_entry(tree, path) for tree in (base, ours, theirs))
                stages[path] = {number: side for number, side in enumerate(sides, 1) if side}
                kinds[path] = kind
        tree = self.write_with_files(ours, entries)
        return Merge(tree, not kinds, tuple(kinds), kinds, stages)

    def _merge_files(
        self, paths: Sequence[str], base: str, ours: str, theirs: str
    ) -> dict[str, tuple[Entry, str]]:
        """Merge files that exist on all sides, with conflict markers.

        git is called only for merges that are not cached here, or by another store.
        """
        sides = {
            path: (
                path,
                self._find_entry(base, path),
                self._find_entry(ours, path),
                self._find_entry(theirs, path),
            )
            for path in paths
        }
        new = [path for path in paths if not self._recall_merge(sides[path])]
        if new:
            small = [
                self.write_with_files(EMPTY_TREE, self.entries(tree, new))
                for tree in (base, ours, theirs)
            ]
            merge = self.merge_trees(*small)
            for path in new:
                kind = merge.kinds.get(path, "content") if path in merge.paths else ""
                self._merged[sides[path]] = self._find_entry(merge.tree, path), kind
                self._share_merge(sides[path])
        return {path: self._merged[sides[path]] for path in paths}

    def _share_merge(self, sides: _Sides) -> None:
        """Keep the content of a merged file for later stores of the repository."""
        entry, kind = self._merged[sides]
        merged = self._objects.get(entry[1]) if entry else None
        if entry and merged and merged[1] == "blob" and len(merged[2]) <= _MAX_SHARED_BYTES:
            shared = self.repository.cached_values.setdefault("merged files", {})
            if len(shared) >= _MOST_SHARED:
                shared.clear()
            shared[sides] = entry[0], merged[2], kind

    def _recall_merge(self, sides: _Sides) -> bool:
        """Return whether a merged file is known, after writing it if another store merged it."""
        shared = self.repository.cached_values.get("merged files", {})
        if sides not in self._merged and (known := shared.get(sides)):
            mode, content, kind = known
            self._merged[sides] = (mode, self.write("blob", content)), kind
        return sides in self._merged

    def merge_trees(self, base: str, ours: str, theirs: str) -> Merge:
        """Merge trees with git, which detects renames."""
        for tree in (base, ours, theirs):
            self._write_pending_tree(tree)
        root = self.commit(base)
        our_commit, their_commit = (
            self.commit(ours, root),
            self.commit(theirs, root, message="y"),
        )
        self._merge_count += 1
        if self._merge_count > _FEW:
            self._merges = self._merges or MergeProcess(
                self.repository.top,
                self._filler(),
                self._env,
            )
            result = self._merges.merge(our_commit, their_commit)
            if result:
                return parse_merge(result[1], clean=result[0])
        return read_merge(
            self.git(
                "merge-tree",
                "--write-tree",
                "--messages",
                "-z",
                our_commit,
                their_commit,
                ok=(0, 1),
            )
        )

    def _filler(self) -> tuple[str, str]:
        trees = [
            self.write_with_files(
                EMPTY_TREE,
                dict.fromkeys(_FILLER_NAMES, ("100644", self.write("blob", content))),
            )
            for content in (b"", b"1\n", b"2\n")
        ]
        for tree in trees:
            self._write_pending_tree(tree)
        root = self.commit(trees[0])
        return self.commit(trees[1], root), self.commit(trees[2], root)

    def changed(self, old: str, new: str) -> dict[str, tuple[Entry, Entry]]:
        """Map the paths that differ between two trees to their entries.

        A directory that exists in only one tree counts as one path.
        """
        if (old, new) not in self._changes:
            if len(self._changes) >= _MOST_CHANGES:
                self._changes.clear()
            self._changes[old, new] = self._differences(old, new)
        return dict(self._changes[old, new])

    def _differences(self, old_tree: str, new_tree: str) -> dict[str, tuple[Entry, Entry]]:
        result: dict[str, tuple[Entry, Entry]] = {}
        old_entries, new_entries = self._read(old_tree), self._read(new_tree)
        for name in old_entries.keys() | new_entries.keys():
            old, new = old_entries.get(name), new_entries.get(name)
            if old == new:
                continue
            if old and new and old[0] == new[0] == _DIRECTORY:
                result |= {
                    f"{name}/{path}": pair
                    for path, pair in self._differences(old[1], new[1]).items()
                }
            else:
                result[name] = (old, new)
        return result

    def pick(self, commit: str, onto: str, base: str | None = None) -> Merge:
        """Cherry-pick a commit onto a tree; `base` is its first parent (None for a root commit)."""
        return self.merge(self.base_tree(base), onto, self.tree_of(commit))

    def part(self, commit: str, base: str | None, paths: Iterable[str]) -> tuple[str, str]:
        """Return two trees, `base` and `base` with the commit's changes to `paths`.

        `base` is the commit's first parent. A part does not rename or create a file, because the
        files that build it are not part of it: if the commit renames a file, it is changed under
        its old name.
        """
        before, after = self.base_tree(base), self.tree_of(commit)
        old = self.entries(before, sorted(paths))
        new = self.entries(after, old)
        if base and any(bool(old[path]) != bool(new[path]) for path in old):
            for old_name, new_name in self._list_renames(base, commit):
                if old_name in new or new_name in new:
                    new[old_name] = self._find_entry(after, new_name)
                    new.pop(new_name, None)
        return before, self.write_with_files(
            before,
            {path: entry for path, entry in new.items() if self._find_entry(before, path)},
        )

    def _list_renames(self, base: str, commit: str) -> tuple[tuple[str, str], ...]:
        """Return the old and new name of each file that a commit renames."""
        if commit not in self._renames:
            output = self.git(
                "diff-tree", "-r", "-M", "-z", "--diff-filter=R", "--name-status", base, commit
            ).text  # fmt: skip
            fields = output.split("\0")
            self._renames[commit] = tuple(zip(fields[1::3], fields[2::3], strict=False))
        return self._renames[commit]

    def has(self, tree: str, path: str) -> bool:
        return self._find_entry(tree, path) is not None

    def entries(self, tree: str, paths: Iterable[str]) -> dict[str, Entry]:
        """Map each path to its entry in a tree, or to None if it is missing."""
        return {path: self._find_entry(tree, path) for path in paths}

    def write_with_files(self, tree: str, files: Mapping[str, Entry]) -> str:
        """Write a tree in which these files are replaced, or removed if their value is None. Return
        its id.
        """
        nested: dict[str, dict[str, Entry]] = {}
        entries = dict(self._read(tree))
        for path, entry in files.items():
            directory, _, subpath = path.partition("/")
            if subpath:
                nested.setdefault(directory, {})[subpath] = entry
            elif entry is None:
                entries.pop(directory, None)
            else:
                entries[directory] = entry
        for directory, inner in nested.items():
            existing = entries.get(directory)
            subtree = self.write_with_files(
                existing[1] if existing and existing[0] == _DIRECTORY else EMPTY_TREE,
                inner,
            )
            if subtree == EMPTY_TREE:
                entries.pop(directory, None)
            else:
                entries[directory] = (_DIRECTORY, subtree)
        rows = sorted(
            entries.items(),
            key=lambda row: (
                os.fsencode(row[0]) + (b"/" if row[1] and row[1][0] == _DIRECTORY else b"")
            ),
        )
        content = b"".join(
            b"%s %s\0" % (row[0].encode(), os.fsencode(name)) + bytes.fromhex(row[1])
            for name, row in rows
            if row
        )
        subtree, raw = _hash_object("tree", content)
        if subtree not in self._listings:
            if len(self._pending) >= _MOST_PENDING:
                self._write_pending()
            self._pending[subtree] = raw
        self._cache_listing(subtree, entries)
        return subtree

    def _find_entry(self, tree: str, path: str) -> Entry:
        entry: Entry = (_DIRECTORY, tree)
        for part in path.split("/"):
            entry = self._read(entry[1]).get(part) if entry and entry[0] == _DIRECTORY else None
        return entry

    def _read(self, tree: str) -> Mapping[str, Entry]:
        if tree == EMPTY_TREE:
            return {}
        if tree not in self._listings:
            self._write_pending_tree(tree)
            entry = self._objects.get(tree)
            if not entry or entry[1] != "tree":
                raise GitError(
                    f"tree {tree[:12]} is not in the repository",
                    hint="in a partial clone, run `git fetch --refetch` to get it",
                )
            self._cache_listing(tree, _read_tree(entry[2]))
        return self._listings[tree]

    def _cache_listing(self, tree: str, listing: Mapping[str, Entry]) -> None:
        if len(self._listings) >= _MOST_LISTINGS:
            self._listings.clear()
        self._listings[tree] = listing

    def blob(self, tree: str, path: str) -> bytes | None:
        """Return the content of a file in a tree, or None."""
        return self.content(self._find_entry(tree, path))

    def content(self, entry: Entry) -> bytes | None:
        result = self._objects.get(entry[1]) if entry else None
        return result[2] if result and result[1] == "blob" else None


def _hash_object(kind: str, content: bytes) -> tuple[str, bytes]:
    raw = b"%s %d\0" % (kind.encode(), len(content)) + content
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest(), raw


def _read_tree(raw: bytes) -> dict[str, tuple[str, str]]:
    """Return the entries of a raw tree; raise GitError if it is damaged."""
    result: dict[str, tuple[str, str]] = {}
    offset = 0
    while offset < len(raw):
        end = raw.find(b"\0", offset)
        mode, _, name = raw[offset:end].partition(b" ")
        offset = end + 21
        if end < 0 or not mode.isdigit() or offset > len(raw):
            raise GitError(
                "a tree of the repository is damaged",
                hint="run `git fsck` to find the damaged tree",
            )
        result[os.fsdecode(name)] = (
            mode.decode("ascii"),
            raw[offset - 20 : offset].hex(),
        )
    return result

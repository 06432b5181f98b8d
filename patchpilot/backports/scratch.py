# SPDX-License-Identifier: GPL-2.0-or-later
"""A throw-away object store over the repository's own: trees are merged in it, and nothing of the repository changes."""

import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from patchpilot.backports.merging import Entry, Merge, plan, read_merge
from patchpilot.commits.batch import CatFile
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import Completed
from patchpilot.errors import GitError
from patchpilot.model.commit import Commit

_DIRECTORY = "40000"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_MOST_BLOBS = 64
_MOST_LISTINGS = 2000
# later than any commit: the walk for the merge base ends at the base at once instead of going through all history
_LATE = 4_000_000_000
_IDENT = f"patchpilot <patchpilot@localhost> {_LATE} +0000"


class Scratch:
    """The store. Use it as a context: all that was written is gone at its end."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._folder = tempfile.TemporaryDirectory(prefix="patchpilot-objects-")
        self.path = Path(self._folder.name)
        (self.path / "info").mkdir()
        (self.path / "info" / "alternates").write_bytes(os.fsencode((repository.common_dir / "objects").resolve()) + b"\n")
        self.env = {"GIT_OBJECT_DIRECTORY": str(self.path)}
        self.objects = CatFile(repository.top, self.env)
        self._trees: dict[str, str] = {}
        self._blobs: dict[tuple[str, str], bytes | None] = {}
        self._listings: dict[str, dict[str, Entry]] = {}

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self.objects.close()
        self._folder.cleanup()

    def git(self, *args: str, stdin: bytes | None = None, ok: Sequence[int] = (0,), env: dict[str, str] | None = None) -> Completed:
        """git in the repository, writing objects here."""
        return self.repository.git(*args, stdin=stdin, env=self.env | (env or {}), ok=ok)

    def write(self, kind: str, content: bytes) -> str:
        """Write an object; its id."""
        raw = b"%s %d\0" % (kind.encode(), len(content)) + content
        name = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        file = self.path / name[:2] / name[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(raw, 1))
        return name

    def commit(self, tree: str, *parents: str, message: str = "x") -> str:
        """A commit of a tree; its id."""
        lines = [f"tree {tree}", *(f"parent {one}" for one in parents), f"author {_IDENT}", f"committer {_IDENT}", "", message, ""]
        return self.write("commit", "\n".join(lines).encode())

    def commit_like(self, original: Commit, tree: str, parent: str, message: str) -> str:
        """A commit of a tree with the authorship of another commit; its id."""
        author = f"{original.author.name} <{original.author.email}> {int(original.authored.timestamp())} {original.authored:%z}"
        head = f"tree {tree}\nparent {parent}\nauthor {author}\ncommitter {_IDENT}\n\n"
        return self.write("commit", (head + message).encode("utf-8", "surrogateescape"))

    def tree_of(self, commit: str) -> str:
        """The tree of a commit of the repository or of this store."""
        if commit not in self._trees:
            found = self.objects.get(commit)
            if not found or found[1] != "commit":
                raise GitError(f"commit {commit[:12]} is not in the repository", hint="a shallow or partial clone lacks it: `git fetch`")
            self._trees[commit] = found[2].split(b"\n", 1)[0].removeprefix(b"tree ").decode()
        return self._trees[commit]

    def merge(self, base: str, ours: str, theirs: str) -> Merge:
        """The three-way merge of trees, as `git cherry-pick` makes it: what `theirs` changed over `base`, onto `ours`."""
        if base == theirs or ours == theirs:
            return Merge(ours, True)
        if base == ours:
            return Merge(theirs, True)
        planned = plan(self.changed(base, theirs), lambda path: self._entry(ours, path), lambda path: self._entry(theirs, path))
        if planned is None:
            return self.merge_trees(base, ours, theirs)
        merge = Merge(ours, True)
        taken = dict(planned.taken)
        if planned.both:
            small = [self.with_files(EMPTY_TREE, self.entries(tree, planned.both)) for tree in (base, ours, theirs)]
            merge = self.merge_trees(*small)
            taken |= self.entries(merge.tree, planned.both)
        return replace(merge, tree=self.with_files(ours, taken))

    def merge_trees(self, base: str, ours: str, theirs: str) -> Merge:
        """The three-way merge of trees by git, which looks for renames in all of them."""
        root = self.commit(base)
        done = self.git(
            "merge-tree", "--write-tree", "--messages", "-z", self.commit(ours, root), self.commit(theirs, root, message="y"), ok=(0, 1)
        )
        return read_merge(done)

    def changed(self, one: str, other: str) -> dict[str, tuple[Entry, Entry]]:
        """Path → what it is in each of two trees, where that differs; a directory in the one that is none in the other is one path."""
        found: dict[str, tuple[Entry, Entry]] = {}
        mine, theirs = self._read(one), self._read(other)
        for name in mine.keys() | theirs.keys():
            old, new = mine.get(name), theirs.get(name)
            if old == new:
                continue
            if old and new and old[0] == new[0] == _DIRECTORY:
                found |= {f"{name}/{path}": pair for path, pair in self.changed(old[1], new[1]).items()}
            else:
                found[name] = (old, new)
        return found

    def pick(self, commit: str, onto: str, base: str | None = None) -> Merge:
        """Cherry-pick a commit onto a tree; `base` is its first parent (None for a root commit)."""
        return self.merge(self.tree_of(base) if base else self.write("tree", b""), onto, self.tree_of(commit))

    def has(self, tree: str, path: str) -> bool:
        """Whether a tree has a file or directory of this path."""
        return self.objects.get(f"{tree}:{path}") is not None

    def entries(self, tree: str, paths: Iterable[str]) -> dict[str, Entry]:
        """Path → (mode, id) in a tree, None where there is no such path."""
        return {path: self._entry(tree, path) for path in paths}

    def with_files(self, tree: str, files: Mapping[str, Entry]) -> str:
        """A tree like `tree` with these files in place of its own, None meaning without; its id."""
        nested: dict[str, dict[str, Entry]] = {}
        own = dict(self._read(tree))
        for path, entry in files.items():
            head, _, rest = path.partition("/")
            if rest:
                nested.setdefault(head, {})[rest] = entry
            elif entry is None:
                own.pop(head, None)
            else:
                own[head] = entry
        for head, inner in nested.items():
            below = own.get(head)
            made = self.with_files(below[1] if below and below[0] == _DIRECTORY else self.write("tree", b""), inner)
            if made == EMPTY_TREE:
                own.pop(head, None)
            else:
                own[head] = (_DIRECTORY, made)
        rows = sorted(own.items(), key=lambda row: os.fsencode(row[0]) + (b"/" if row[1] and row[1][0] == _DIRECTORY else b""))
        made = self.write(
            "tree", b"".join(b"%s %s\0" % (one[0].encode(), os.fsencode(name)) + bytes.fromhex(one[1]) for name, one in rows if one)
        )
        self._keep(made, own)
        return made

    def _entry(self, tree: str, path: str) -> Entry:
        at: Entry = (_DIRECTORY, tree)
        for part in path.split("/"):
            at = self._read(at[1]).get(part) if at and at[0] == _DIRECTORY else None
        return at

    def _read(self, tree: str) -> Mapping[str, Entry]:
        if tree == EMPTY_TREE:
            return {}
        if tree not in self._listings:
            found = self.objects.get(tree)
            if not found or found[1] != "tree":
                raise GitError(f"tree {tree[:12]} is not in the repository", hint="a partial clone lacks it: `git fetch --refetch`")
            self._keep(tree, _read_tree(found[2]))
        return self._listings[tree]

    def _keep(self, tree: str, listing: dict[str, Entry]) -> None:
        if len(self._listings) >= _MOST_LISTINGS:
            self._listings.clear()
        self._listings[tree] = listing

    def blob(self, tree: str, path: str) -> bytes | None:
        """A file of a tree, or None."""
        if (tree, path) not in self._blobs:
            found = self.objects.get(f"{tree}:{path}")
            if len(self._blobs) >= _MOST_BLOBS:
                self._blobs.clear()
            self._blobs[tree, path] = found[2] if found and found[1] == "blob" else None
        return self._blobs[tree, path]


def _read_tree(raw: bytes) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    at = 0
    while at < len(raw):
        end = raw.index(b"\0", at)
        mode, _, name = raw[at:end].partition(b" ")
        found[os.fsdecode(name)] = (mode.decode("ascii"), raw[end + 1 : end + 21].hex())
        at = end + 21
    return found

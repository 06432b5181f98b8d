# SPDX-License-Identifier: GPL-2.0-or-later
"""Load a tree's MAINTAINERS with its index, cached by content."""

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from patchpilot.cache.entries import Kind, key_of, recall, remember
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.errors import MissingError
from patchpilot.maintainers.section import RoleWords
from patchpilot.maintainers.section_index import MaintainersFile, Plain, build
from patchpilot.model.action import Action
from patchpilot.model.source_tree import Tree

SCRIPT = "scripts/get_maintainer.pl"
INDEXES = Kind("maintainers", (str(Path(__file__).parent),), keep=8)
"""The index of a MAINTAINERS file and the defaults of its get_maintainer.pl."""


def load(tree: Tree, *, keep: bool = True) -> MaintainersFile:
    """Load the MAINTAINERS of a tree, which may be a file or a directory of files.

    The tree's .get_maintainer.conf may name another file or directory, and may include every file
    of that name below the directory. With `keep`, the index is cached. Raise MissingError if there
    is no MAINTAINERS.
    """
    path, everywhere = parse_maintainers_options(conf_words(tree))
    content = b"\n".join(data for _, data in maintainers_files(tree, path, everywhere))
    script = tree.read(SCRIPT) or b""
    text, index, words = _index_file(content, script, keep)
    return MaintainersFile(text, index, words, tree.is_dir)


# a check reads the file from the patch's tree and from other tips, where it seldom differs
@lru_cache(maxsize=2)
def _index_file(
    content: bytes, script: bytes, keep: bool
) -> tuple[str, Plain, RoleWords]:
    text = content.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    key = key_of(INDEXES, (content, script))
    known = recall(INDEXES, key) if keep else None
    if not isinstance(known, dict):
        from patchpilot.maintainers.script_defaults import read_words

        known = {
            "index": build(text),
            "words": tuple(read_words(script.decode("utf-8", "replace"))),
        }
        if keep:
            remember(INDEXES, key, known)
    return text, known["index"], RoleWords(*known["words"])


def maintainers_files(
    tree: Tree, path: str, everywhere: bool
) -> list[tuple[str, bytes]]:
    """Return (path, content) of the files that make up a tree's MAINTAINERS, in order.

    Raise MissingError if there are none.
    """
    data = tree.read(path)
    if data is not None:
        return [(path, data)]
    top = path.removeprefix("./").strip("/")
    if tree.is_dir(path) or top in ("", "."):
        prefix = f"{top}/" if top not in ("", ".") else ""
        if everywhere:
            paths = _everywhere(tree, "" if top == "." else top)
        else:
            names = tree.files("" if top == "." else top)
            paths = [
                name
                for name in names
                if "/" not in name[len(prefix) :]
                and not name[len(prefix) :].startswith(".")
            ]
        files = [
            (name, content)
            for name in paths
            if (content := tree.read(name)) is not None
        ]
        if files:
            return files
    raise MissingError(
        f"{tree.label}: {path} not found",
        hint=Action(
            "",
            ("-C", "DIR"),
            "name a source tree with --tree DIR, or a repository with {}",
        ),
    )


def _everywhere(tree: Tree, top: str) -> list[str]:
    """Return every file named MAINTAINERS below a folder."""
    if not isinstance(tree, DirectoryTree):
        return [
            name for name in tree.files(top) if name.rsplit("/", 1)[-1] == "MAINTAINERS"
        ]
    paths = []
    for folder, folders, names in os.walk(tree.root / top):
        folders[:] = sorted(folder for folder in folders if folder != ".git")
        if "MAINTAINERS" in names:
            paths.append(Path(folder, "MAINTAINERS").relative_to(tree.root).as_posix())
    return sorted(paths)


def conf_words(tree: Tree) -> tuple[str, ...]:
    """Return the options in a tree's .get_maintainer.conf, which come before those on the
    command line.
    """
    text = (tree.read(".get_maintainer.conf") or b"").decode("utf-8", "surrogateescape")
    words: list[str] = []
    for line in text.splitlines():
        for word in line.split():
            if word.startswith("#"):
                break
            words.append(word)
    return tuple(words)


def parse_maintainers_options(words: Sequence[str]) -> tuple[str, bool]:
    """Return (path, everywhere) from the options; the last option of each kind takes precedence."""
    path, everywhere = "MAINTAINERS", False
    for at, word in enumerate(words):
        name, _, value = word.lstrip("-").partition("=")
        if not word.startswith("-"):
            continue
        if name.lower() in ("mpath", "maintainer-path"):
            path = value or (words[at + 1] if at + 1 < len(words) else path)
        elif name.lower() == "find-maintainer-files":
            everywhere = True
    return path, everywhere

# SPDX-License-Identifier: GPL-2.0-or-later
"""A tree's MAINTAINERS, with its index kept between runs beside the content it was made of."""

import marshal
import os
import sys
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.errors import MissingError
from patchpilot.maintainers.role_words import RoleWords
from patchpilot.maintainers.section_index import MaintainersFile, build
from patchpilot.model.source_tree import Tree

SCRIPT = "scripts/get_maintainer.pl"
FORM = f"patchpilot maintainers 8 {sys.version}\n".encode()
KEPT = 8
"""How many indexes are kept; older ones go."""


def load(tree: Tree, *, path: str | None = None, everywhere: bool | None = None, keep: bool = True) -> MaintainersFile:
    """The MAINTAINERS of a tree, a file or a directory of files; with `everywhere`, every file of that name below `path`. Where they are not
    given, the tree's own .get_maintainer.conf says both.

    MissingError when there is none. The kept index is only a shortcut: without it, or when it is damaged, it is made anew.
    """
    if path is None or everywhere is None:
        said_path, said_everywhere = where_maintainers_are(conf_words(tree))
        path = said_path if path is None else path
        everywhere = said_everywhere if everywhere is None else everywhere
    content = b"\n".join(data for _, data in maintainers_files(tree, path, everywhere))
    source = FORM + len(content).to_bytes(8, "big") + content + (tree.read(SCRIPT) or b"")
    folder = _folder() if keep else None
    place = folder / f"{zlib.crc32(source):08x}-{len(source)}.index" if folder else None
    kept = _read(place, source) if place else None
    text = content.decode("utf-8", "surrogateescape")
    if kept is None:
        from patchpilot.maintainers.script_defaults import read_words

        script = source[len(FORM) + 8 + len(content) :]
        kept = {"index": build(text), "words": tuple(read_words(script.decode("utf-8", "replace")))}
        if place:
            _write(place, source, kept)
    return MaintainersFile(text, kept["index"], RoleWords(*kept["words"]), tree.is_dir)


def maintainers_files(tree: Tree, path: str = "MAINTAINERS", everywhere: bool = False) -> list[tuple[str, bytes]]:
    """(path, content) of the files that make up a tree's MAINTAINERS, in order; MissingError when there is none."""
    data = tree.read(path)
    if data is not None:
        return [(path, data)]
    top = path.removeprefix("./").strip("/")
    if tree.is_dir(path) or top in ("", "."):
        prefix = f"{top}/" if top not in ("", ".") else ""
        if everywhere:
            wanted = _everywhere(tree, "" if top == "." else top)
        else:
            names = tree.files("" if top == "." else top)
            wanted = [name for name in names if "/" not in name[len(prefix) :] and not name[len(prefix) :].startswith(".")]
        found = [(name, content) for name in wanted if (content := tree.read(name)) is not None]
        if found:
            return found
    raise MissingError(f"{tree.label}: no {path} there", hint="name a source tree with --tree DIR, or a repository with -C DIR")


def _everywhere(tree: Tree, top: str) -> list[str]:
    """Every file called MAINTAINERS below a folder."""
    if not isinstance(tree, DirectoryTree):
        return [name for name in tree.files(top) if name.rsplit("/", 1)[-1] == "MAINTAINERS"]
    found = []
    for folder, folders, names in os.walk(tree.root / top):
        folders[:] = sorted(folder for folder in folders if folder != ".git")
        if "MAINTAINERS" in names:
            found.append(Path(folder, "MAINTAINERS").relative_to(tree.root).as_posix())
    return sorted(found)


def conf_words(tree: Tree) -> tuple[str, ...]:
    """The switches a tree's .get_maintainer.conf puts before those of the call."""
    text = (tree.read(".get_maintainer.conf") or b"").decode("utf-8", "surrogateescape")
    words: list[str] = []
    for line in text.splitlines():
        for word in line.split():
            if word.startswith("#"):
                break
            words.append(word)
    return tuple(words)


def where_maintainers_are(words: Sequence[str]) -> tuple[str, bool]:
    """(path, everywhere) that switches name; the last of a kind wins."""
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


@cache
def _folder() -> Path | None:
    """Where indexes are kept; None where the user has no such place."""
    try:
        folder = _cache_home() / "patchpilot" / "maintainers"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, RuntimeError):
        return None
    return folder


def _cache_home() -> Path:
    """Where caches are. On Linux the answer of platformdirs without its import, which costs as much as all that is read from there."""
    if sys.platform == "linux":
        said = os.environ.get("XDG_CACHE_HOME", "")
        return Path(said) if said.startswith("/") else Path.home() / ".cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir())


def _read(place: Path, source: bytes) -> dict[str, Any] | None:
    """What was kept for exactly this source. A half-written or damaged file counts as none: the index has a checksum, the source is compared whole."""
    try:
        data = place.read_bytes()
    except OSError:
        return None
    end = 12 + len(source)
    if data[:8] != len(source).to_bytes(8, "big") or data[12:end] != source or data[8:12] != zlib.crc32(data[end:]).to_bytes(4, "big"):
        return None
    try:
        kept = marshal.loads(data[end:])
    except (ValueError, EOFError, TypeError):
        return None
    return kept if isinstance(kept, dict) else None


def _write(place: Path, source: bytes, kept: dict[str, Any]) -> None:
    """Keep it: written beside and moved into place, so that two writers never make half a file. Failing to is no failure."""
    payload = marshal.dumps(kept)
    beside = place.with_suffix(f".{os.getpid()}")
    try:
        beside.write_bytes(len(source).to_bytes(8, "big") + zlib.crc32(payload).to_bytes(4, "big") + source + payload)
        beside.replace(place)
        for old in sorted(place.parent.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return

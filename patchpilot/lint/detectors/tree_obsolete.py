# SPDX-License-Identifier: GPL-2.0-or-later
"""The detector for files that MAINTAINERS lists as obsolete."""

import re
from collections.abc import Iterator

from patchpilot.lint.c.line_scan import as_text, scan
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.model.source_tree import Tree, changed_below, ground_of

_SCRIPT = "scripts/get_maintainer.pl"


_FILES = lazy(r"^F:[ \t]*([^*?\[\n]*)", re.MULTILINE)
_NAMES = lazy(r"^N:", re.MULTILINE)
_READ: list[tuple[Tree, tuple[str, ...]]] = []


@detector(
    "checkpatch-obsolete",
)
def obsolete(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report changes to files in an obsolete MAINTAINERS section.

    A file that is not in the tree counts as obsolete if "obsolete" is part of its name. The
    finding is on the file's header line.
    """
    tree = context.tree
    lines = [line for line in scan(context).lines if line.starts_file]
    if (
        tree is None
        or not lines
        or not tree.exists(_SCRIPT)
        or not _may_be(tree, {line.file for line in lines})
    ):
        return
    from patchpilot.maintainers import load, match

    file = load(tree)
    known: dict[str, bool] = {}
    for line in lines:
        path = as_text(line.file)
        if path not in known:
            if tree.exists(path):
                known[path] = any(
                    "obsolete" in (found.section.status or "").lower()
                    for found in match(file, [path])
                )
            else:
                known[path] = "obsolete" in path.lower()
        if known[path]:
            yield make_hit(line.number, path=path)


def _may_be(tree: Tree, paths: set[str]) -> bool:
    """Return whether a path starts like a pattern of an obsolete section, to avoid parsing all
    of MAINTAINERS.
    """
    tree = tree if "MAINTAINERS" in changed_below(tree, "") else ground_of(tree)
    starts = next((kept for one, kept in _READ if one is tree), None)
    if starts is None:
        starts = _starts((tree.read("MAINTAINERS") or b"").decode("latin-1"))
        _READ[:] = [(tree, starts)]
    return any(path.startswith(starts) or "obsolete" in path.lower() for path in paths)


def _starts(text: str) -> tuple[str, ...]:
    starts: set[str] = set()
    at = text.find("bsolete")
    while at >= 0:
        if text.startswith("S:", text.rfind("\n", 0, at) + 1):
            section = text[text.rfind("\n\n", 0, at) + 1 : text.find("\n\n", at)]
            starts.update(found[1].rstrip("/") for found in _FILES.finditer(section))
            if _NAMES.search(section):
                starts.add("")
        at = text.find("bsolete", at + 1)
    return tuple(starts)

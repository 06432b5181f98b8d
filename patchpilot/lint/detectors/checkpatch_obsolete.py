# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that MAINTAINERS calls obsolete."""

from collections.abc import Iterator

from patchpilot.lint.clang.lines import as_text, scan
from patchpilot.lint.context import Context
from patchpilot.lint.detector import Arguments, Hit, detector

_SCRIPT = "scripts/get_maintainer.pl"


@detector("checkpatch-obsolete")
def obsolete(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """The header lines of files whose section is obsolete (or that are not in the tree and say so in their name)."""
    tree = context.tree
    lines = [line for line in scan(context).lines if line.starts_file]
    if tree is None or not lines or not tree.exists(_SCRIPT) or not tree.exists("MAINTAINERS"):
        return
    from patchpilot.maintainers import load, match

    file = load(tree)
    known: dict[str, bool] = {}
    for line in lines:
        path = as_text(line.file)
        if path not in known:
            if tree.exists(path):
                known[path] = any("obsolete" in (found.section.status or "").lower() for found in match(file, [path]))
            else:
                known[path] = "obsolete" in path.lower()
        if known[path]:
            yield Hit(line.number, f"{path} is obsolete: only what must be changed should be")

# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of a file after the patch, for fixers that need more than the lines of a hunk."""

import re

from patchpilot.lint.c.line_scan import as_bytes
from patchpilot.lint.fixing.fixer import FixSite
from patchpilot.model.file_diff import FileChange


def file_text(site: FixSite, path: str) -> tuple[str, bool]:
    """Returns the text of a file with the patch's added lines, and whether it is complete.

    The text is the file's lines in the tree, followed by the added lines, with one character per
    byte.
    """
    change = next(
        (one for one in site.context.patch.files if one.new_path == path), None
    )
    old = _old_text(site, path, change)
    return (old or "") + as_bytes(
        "".join(f"{line.text}\n" for line in change.lines("+")) if change else ""
    ), old is not None


def _old_text(site: FixSite, path: str, change: FileChange | None) -> str | None:
    if change is not None and change.old_path is None:
        return ""
    tree = site.context.tree
    content = (
        tree.read(change.old_path if change and change.old_path else path)
        if tree
        else None
    )
    return None if content is None else content.decode("latin-1")


def has_include(site: FixSite, pattern: "re.Pattern[str]") -> bool:
    """Returns whether an #include that matches `pattern` is available to the finding's file.

    It is in the file itself or, for a header, above the #include of that header in every file of
    the patch that includes it.
    """
    path = site.line.file
    if pattern.search(file_text(site, path)[0]):
        return True
    if not path.endswith(".h"):
        return False
    own = re.compile(
        rf'#\s*include\s*["<](?:[^">]*/)?{re.escape(path.rpartition("/")[2])}[">]'
    )
    texts = [
        file_text(site, one.path)[0]
        for one in site.context.patch.files
        if one.path.endswith((".c", ".h"))
    ]
    users = [text[: match.start()] for text in texts if (match := own.search(text))]
    return bool(users) and all(pattern.search(text) for text in users)

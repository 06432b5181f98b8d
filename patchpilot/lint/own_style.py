# SPDX-License-Identifier: GPL-2.0-or-later
"""What the changed files did before: style that their own lines have is not asked about."""

from collections.abc import Iterator

from patchpilot.lint.lint_context import Context, once
from patchpilot.model.file_diff import FileChange
from patchpilot.model.finding import Severity
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Rule

_STYLE = ("checkpatch-c-", "checkpatch-api", "checkpatch-strings", "code", "devicetree")
_LONG = ("long-comment-line", "long-line")
"""The beginnings of the names of packs, and of rules of other packs, on the style of code."""


def is_style(rule: Rule, severity: Severity) -> bool:
    """Return whether findings of a rule are about the style of code, which a file may have."""
    return severity is not Severity.ERROR and (
        rule.pack.startswith(_STYLE) or rule.name.startswith(_LONG)
    )


@once
def before(context: Context) -> Context | None:
    """Return the context of a patch that adds the lines which the diff shows of the files before
    it: the unchanged and the removed ones. Return None if there are none.
    """
    lines = tuple(_lines(context.patch))
    if not lines:
        return None
    patch = context.patch._replace(
        lines=lines, headers=(), message=(), message_line=1, notes=(), diff_line=1
    )
    return context.for_patch(patch)


def _lines(patch: Patch) -> Iterator[str]:
    for change in patch.files:
        if change.old_path and change.new_path:
            yield from _before(change)


def _before(change: FileChange) -> Iterator[str]:
    yield f"diff --git a/{change.path} b/{change.path}"
    yield f"--- a/{change.path}"
    yield f"+++ b/{change.path}"
    for hunk in change.hunks:
        old = [line.text for line in hunk.lines if line.kind in " -"]
        if old:
            yield f"@@ -{hunk.old_start},0 +{hunk.old_start},{len(old)} @@ {hunk.section}"
            yield from (f"+{text}" for text in old)

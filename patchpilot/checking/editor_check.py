# SPDX-License-Identifier: GPL-2.0-or-later
"""Find problems and safe fixes in a text while it is being edited."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from patchpilot.checking.driver import Driver, options_of
from patchpilot.checking.editor_texts import (
    TextKind,
    TextPatch,
    convert_message_to_patch,
    convert_source_to_patch,
    patches_in_file,
)
from patchpilot.checking.fixed_patch import fixed_patch
from patchpilot.checking.list_rules import explain, rule_page
from patchpilot.checking.result import CheckResult, FindingRow
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import InputError, MissingError
from patchpilot.lint.fixing.try_fixes import FixOutcome
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.patch import Series
from patchpilot.model.rule import Finding
from patchpilot.settings.tree_data import read_trusted_packs
from patchpilot.topic.base import find_base
from patchpilot.topic.workplace import Workplace


class TextEdit(NamedTuple):
    """The replacement of the lines from `start` up to, but not including, `end` (0-based)."""

    start: int
    end: int
    lines: tuple[str, ...]


def find_edited_tree(path: Path) -> Path:
    """Return the top directory of the working tree that contains an edited file.

    For a commit message, this is the working tree of its commit. Outside a working tree, return the
    file's directory.
    """
    link = path.parent / "gitdir"
    if link.is_file():
        # the commit message is in the git directory of a linked worktree
        return Path(link.read_text().strip()).parent
    return next((parent for parent in path.parents if (parent / ".git").exists()), path.parent)


class EditorCheck:
    """Check files in a repository, or patch files outside a repository.

    Changes are relative to HEAD. With `topic`, they are relative to `base` or, if it is not given,
    to the topic's base. Call `close` after use.
    """

    def __init__(self, directory: Path, *, topic: bool = False, base: str | None = None) -> None:
        self._place = Workplace(directory)
        self._topic, self._base = topic or bool(base), base
        self.repository = None
        self._top = directory
        try:
            self.repository = self._place.repository
            self._top = self.repository.top.resolve()
        except MissingError:
            self._place = Workplace(directory, uses_repository=False)
        self.refresh()

    def close(self) -> None:
        """Stop the git processes."""
        self._place.close()

    def refresh(self) -> None:
        """Read the settings again, and determine the commit with which changes are compared."""
        settings = self._place.settings()
        self._packs, _ = read_trusted_packs(settings, self._place.source())
        self._options = options_of(settings, packs=self._packs)
        self._rules = load_rules(self._packs)
        self._trees: dict[str, _CachedTree | None] = {}
        self._start = ""
        if self.repository and (head := self.repository.find("HEAD")):
            self._start = find_base(self.repository, self._base).start if self._topic else head

    def findings(
        self, path: Path, text: str, *, with_history: bool = False
    ) -> tuple[FindingRow, ...]:
        """Return the findings in the text of a file, with their places in it.

        Rules that read the git history run only if `with_history` is set, because they can take
        seconds.
        """
        lines = text.split("\n")
        rows = []
        for part in self._make_patches(path, text):
            for row in self._check_part(part, with_history=with_history).rows:
                finding = row.finding
                if not _is_about_text(TextKind.of(path), part, row):
                    continue
                line = part.lines.get(finding.patch_line or 0, 0)
                column = (
                    min(finding.column - part.signs, len(lines[line]))
                    if finding.column and finding.path
                    else 0
                )
                rows.append(row._replace(line=line, column=column))
        return tuple(rows)

    def fix(self, path: Path, text: str, target: Finding) -> tuple[TextEdit, ...]:
        """Return the edits that apply a finding's safe fix, or () without one."""
        for part in self._make_patches(path, text):
            result = self._check_part(part, with_history=False)
            checked_patch = result.patches[0]
            if target not in checked_patch.findings:
                continue
            _, outcome = fixed_patch(
                result,
                checked_patch,
                (Series((part.patch,)),),
                only=lambda _, finding: finding == target,
            )
            return tuple(_make_text_edits(part, outcome)) if outcome else ()
        return ()

    def changed(self) -> tuple[Path, ...]:
        """Return the changed and added files that exist in the working tree."""
        if not self.repository or not self._start:
            return ()
        names = self.repository.git(
            "diff", "--name-only", "-z", "--diff-filter=AM", self._start
        ).text.split("\0")
        return tuple(file for name in names if name and (file := self._top / name).is_file())

    def page(self, rule: str) -> str:
        """Return the documentation of a rule as Markdown."""
        return rule_page(explain(rule, self._packs)[0])

    def _make_patches(self, path: Path, text: str) -> Sequence[TextPatch]:
        kind = TextKind.of(path)
        try:
            if kind is TextKind.PATCH:
                return tuple(patches_in_file(path.name, text))
            if self.repository is None:
                return ()
            if kind is TextKind.MESSAGE:
                part = convert_message_to_patch(self.repository, path.name, text)
                return (part,) if part.patch.subject.title else ()
        except InputError:
            return ()
        if not self._start or not path.is_relative_to(self._top):
            return ()
        source_patch = convert_source_to_patch(
            self.repository, self._start, str(path.relative_to(self._top)), text
        )
        return (source_patch,) if source_patch else ()

    def _check_part(self, part: TextPatch, *, with_history: bool) -> CheckResult:
        return Driver(
            self._options,
            rules=self._rules,
            repository=self.repository if with_history else None,
            tree=self._tree(part.base),
        ).check((Series((part.patch,)),))

    def _tree(self, revision: str) -> "_CachedTree | None":
        if self.repository and revision and revision not in self._trees:
            commit = self.repository.find(revision)
            self._trees[revision] = _CachedTree(self.repository, commit) if commit else None
        return self._trees.get(revision)


class _CachedTree(CommitTree):
    """A commit's tree with a cache, because every edit reads the same few files."""

    read = lru_cache(256)(CommitTree.read)
    exists = lru_cache(256)(CommitTree.exists)


def _is_about_text(kind: TextKind, part: TextPatch, row: FindingRow) -> bool:
    """Return whether a finding is about the edited text.

    In a source file, it must be on a changed line. In a commit message, it must not be about staged
    changes or the mail header.
    """
    finding = row.finding
    is_in_text = finding.patch_line in part.lines
    if kind is TextKind.MESSAGE:
        is_about_mail = row.rule is not None and row.rule.scope == "mail"
        return (is_in_text or not finding.patch_line) and not is_about_mail
    return kind is TextKind.PATCH or (is_in_text and finding.line is not None)


def _make_text_edits(part: TextPatch, outcome: FixOutcome) -> Iterator[TextEdit]:
    before, after = outcome.original.lines, outcome.draft.patch.lines
    for kind, old_start, old_end, new_start, new_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if kind == "equal" or "".join(before[old_start : old_start + 1]).startswith("@@ -"):
            continue
        # an inserted line has no line in the text, so use the line above it
        line_above = part.lines.get(old_start)
        line = part.lines.get(old_start + 1, (line_above + 1) if line_above is not None else None)
        if line is not None:
            yield TextEdit(
                line,
                line + old_end - old_start,
                tuple(map(part.text_of, after[new_start:new_end])),
            )

# SPDX-License-Identifier: GPL-2.0-or-later
"""Find problems and safe fixes in a text while it is being edited."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.checking.driver import Driver, options_of
from patchpilot.checking.editor_texts import (
    TextKind,
    TextPatch,
    convert_message_to_patch,
    convert_source_to_patch,
    cut_patch,
    patches_in_file,
)
from patchpilot.checking.fixed_patch import Only, fixed_patch
from patchpilot.checking.list_rules import explain, rule_page
from patchpilot.checking.proposed_edits import collect_edits
from patchpilot.checking.result import CheckResult, FindingRow
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import InputError, MissingError
from patchpilot.lint.fixing.try_fixes import FixOutcome
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.patch import Series
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Finding, Severity
from patchpilot.settings.read_settings import use_tree_files_of
from patchpilot.settings.tree_data import read_trusted_packs
from patchpilot.topic.base import find_base
from patchpilot.topic.workplace import Workplace

if TYPE_CHECKING:
    from patchpilot.checking.result import Suppressions


LONG = 2000
"""Lines of a patch above which a fix is tried with the lines around it."""


class Replacement(NamedTuple):
    """A word that may be replaced on a line of a text."""

    wrong: str
    right: str
    edit: "TextEdit"


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
        self._settings = self._place.settings()
        self._packs, _ = read_trusted_packs(self._settings, self._place.source())
        self._options = options_of(self._settings, packs=self._packs)
        self._rules = load_rules(self._packs)
        self._trees: dict[str, _CachedTree | None] = {}
        self._checked: dict[Path, _CheckedText] = {}
        self._start = ""
        if self.repository and (head := self.repository.find("HEAD")):
            self._start = find_base(self.repository, self._base).start if self._topic else head

    def findings(
        self,
        path: Path,
        text: str,
        *,
        with_history: bool = False,
        progress: Progress = ignore_progress,
    ) -> tuple[FindingRow, ...]:
        """Return the findings in the text of a file, with their places in it.

        Rules that read the git history run only if `with_history` is set, because they can take
        seconds. `progress` may raise CancelledError.
        """
        use_tree_files_of(self._settings)
        lines = text.split("\n")
        rows = []
        kind = TextKind.of(path)
        suppressions = None
        if with_history and kind is TextKind.MESSAGE:
            suppressions = self._read_suppressions()
        parts = [
            (part, self._check_part(part, with_history, progress, suppressions))
            for part in self._make_patches(path, text)
        ]
        self._checked[path] = _CheckedText(text, parts)
        for part, result in parts:
            for row in result.rows:
                if not _is_about_text(kind, part, row):
                    continue
                finding = row.finding
                line = part.lines.get(finding.patch_line or 0, 0)
                if kind is TextKind.MESSAGE and finding.patch_line not in part.lines:
                    line, finding = _place_in_message(part, finding)
                column = (
                    min(finding.column - part.signs, len(lines[line]))
                    if finding.column and finding.path
                    else 0
                )
                rows.append(row._replace(finding=finding, line=line, column=column))
        return tuple(rows)

    def fix(self, path: Path, text: str, target: Finding) -> tuple[TextEdit, ...]:
        """Return the edits that apply a finding's safe fix, or () without one."""
        for part, result in self._check_again(path, text):
            if target in result.patches[0].findings:
                return self._fix_near(part, target) or _fix_part(
                    part, result, lambda _, finding: finding == target
                )
        return ()

    def _fix_near(self, part: TextPatch, target: Finding) -> tuple[TextEdit, ...]:
        """Fix a finding in a long patch, in a patch of only the lines around it.

        Return () if the patch is not long, or if the finding is not found there.
        """
        if len(part.patch.lines) <= LONG or not target.line or not part.signs:
            return ()
        near = cut_patch(part, target.patch_line or 0)
        if near is None:
            return ()
        result = self._check_part(near, False, ignore_progress, None)
        place = target.rule, target.line, target.column, target.message
        same = [
            finding
            for finding in result.patches[0].findings
            if (finding.rule, finding.line, finding.column, finding.message) == place
        ]
        if len(same) != 1:
            return ()
        return _fix_part(near, result, lambda _, finding: finding == same[0])

    def fix_all(self, path: Path, text: str) -> tuple[TextEdit, ...]:
        """Return the edits that apply all safe fixes in a text."""
        return tuple(
            edit
            for part, result in self._check_again(path, text)
            for edit in _fix_part(part, result, None)
        )

    def _check_again(self, path: Path, text: str) -> "Sequence[tuple[TextPatch, CheckResult]]":
        """Return the parts of a text with their results; use the last check of the same text."""
        use_tree_files_of(self._settings)
        checked = self._checked.get(path)
        if checked is None or checked.text != text:
            self.findings(path, text)
            checked = self._checked[path]
        return checked.parts

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

    def _check_part(
        self,
        part: TextPatch,
        with_history: bool,
        progress: Progress,
        suppressions: "Suppressions | None",
    ) -> CheckResult:
        return Driver(
            self._options,
            rules=self._rules,
            repository=self.repository if with_history else None,
            tree=self._tree(part.base),
            suppressions=suppressions,
            progress=progress,
        ).check((Series((part.patch,)),))

    def _read_suppressions(self) -> "Suppressions | None":
        """Return the waivers that the commit hook applies, or None if there are none."""
        if self.repository is None:
            return None
        from patchpilot.checking.topic_waivers import suppressions_of

        base = self._settings.get("base") or None
        return suppressions_of(self.repository, self._settings, (), base, among=self._rules)

    def _tree(self, revision: str) -> "_CachedTree | None":
        if self.repository and revision and revision not in self._trees:
            commit = self.repository.find(revision)
            self._trees[revision] = _CachedTree(self.repository, commit) if commit else None
        return self._trees.get(revision)


class _CheckedText(NamedTuple):
    """A text, and the results of its parts."""

    text: str
    parts: Sequence[tuple[TextPatch, CheckResult]]


class _CachedTree(CommitTree):
    """A commit's tree with a cache, because every edit reads the same few files."""

    read = lru_cache(256)(CommitTree.read)
    exists = lru_cache(256)(CommitTree.exists)


def _place_in_message(part: TextPatch, finding: Finding) -> tuple[int, Finding]:
    """Return where a finding that is not about a line of a commit message is shown, and as what.

    What is missing is shown at the end of the message, and a finding in the staged changes with its
    place at the beginning.
    """
    if finding.path is None:
        return (max(part.lines.values(), default=0) if finding.patch_line else 0), finding
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    return 0, finding._replace(message=f"{place}: {finding.message}")


def _is_about_text(kind: TextKind, part: TextPatch, row: FindingRow) -> bool:
    """Return whether a finding is about the edited text.

    In a source file, it must be on a changed line. In a commit message, it must not be about staged
    changes or the mail header, unless it is an error: the commit hook rejects those.
    """
    finding = row.finding
    is_in_text = finding.patch_line in part.lines
    if kind is TextKind.MESSAGE:
        is_about_mail = row.rule is not None and row.rule.scope == "mail"
        is_about_message = (is_in_text or not finding.patch_line) and not is_about_mail
        return is_about_message or finding.severity is Severity.ERROR
    return kind is TextKind.PATCH or (is_in_text and finding.line is not None)


def find_replacements(text: str, found: FindingRow) -> Iterator[Replacement]:
    """Yield the corrections of a misspelled word, each with its edit."""
    finding = found.finding
    wrong = finding.value("typo") or finding.value("word")
    right = finding.value("better") or finding.value("right")
    if finding.name not in _MISSPELLINGS or not wrong:
        return
    line = text.split("\n")[found.line]
    pattern = re.compile(rf"(?<!\w){re.escape(wrong)}(?!\w)", re.IGNORECASE)
    match = pattern.search(line, found.column) or pattern.search(line)
    if match is None:
        return
    for correction in right.split(", "):
        new = f"{line[: match.start()]}{correction}{line[match.end() :]}"
        edit = TextEdit(found.line, found.line + 1, (new,))
        yield Replacement(match[0], correction, edit)


_MISSPELLINGS = ("misspelling", "possible-misspelling")


def _fix_part(part: TextPatch, result: CheckResult, only: Only | None) -> tuple[TextEdit, ...]:
    series = (Series((part.patch,)),)
    _, outcome = fixed_patch(result.setting, result.patches[0], series, only=only)
    return tuple(_make_text_edits(part, outcome)) if outcome else ()


def _make_text_edits(part: TextPatch, outcome: FixOutcome) -> Iterator[TextEdit]:
    if part.signs:
        # in a source file, a realigned line is not removed and added again
        for edit in chain(*collect_edits(outcome).values()):
            yield TextEdit(edit.start - 1, edit.end, edit.insert)
        return
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

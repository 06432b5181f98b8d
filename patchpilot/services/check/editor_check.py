# SPDX-License-Identifier: GPL-2.0-or-later
"""Find problems and safe fixes in a text being edited."""

from collections.abc import Container, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from patchpilot.checking.check_result import CheckResult
from patchpilot.checking.driver import Driver, options_of
from patchpilot.checking.fixed_patch import fixed_patch
from patchpilot.checking.list_rules import explain, rule_page
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import InputError, MissingError
from patchpilot.lint.fixing.try_fixes import FixOutcome
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.patch import Series
from patchpilot.model.rule import Finding
from patchpilot.services.check.editor_texts import (
    TextKind,
    TextPatch,
    message_text,
    patch_texts,
    source_text,
)
from patchpilot.settings.trusted_packs import packs_if_trusted
from patchpilot.topic.topic_base import find_base
from patchpilot.topic.workplace import Workplace


class TextFinding(NamedTuple):
    """A finding with its line in the text (0-based) and its columns.

    `is_fixable` is set if the rule has a safe fix.
    """

    finding: Finding
    line: int
    start: int
    end: int
    is_fixable: bool


class TextEdit(NamedTuple):
    """A replacement for the lines from `start` up to, but not including, `end` (0-based).

    `lines` are the new lines.
    """

    start: int
    end: int
    lines: tuple[str, ...]


def editor_directory(path: Path) -> Path:
    """Return the top directory of the working tree of a file open in an editor.

    For a commit message, this is the working tree of the commit. Without a working tree, return the
    file's directory.
    """
    link = path.parent / "gitdir"
    if link.is_file():
        # the message is that of a linked worktree
        return Path(link.read_text().strip()).parent
    return next(
        (above for above in path.parents if (above / ".git").exists()), path.parent
    )


class EditorCheck:
    """Check the files of a repository, or patch files outside a repository.

    Changes are relative to HEAD or, with `topic`, to the base of the topic (`base` if given).
    Call `close` after use.
    """

    def __init__(
        self, directory: Path, *, topic: bool = False, base: str | None = None
    ) -> None:
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
        """Stop the processes that read the repository."""
        self._place.close()

    def refresh(self) -> None:
        """Reread the settings and the commit to compare changes with."""
        settings = self._place.settings()
        self._packs, _ = packs_if_trusted(settings, self._place.source())
        self._options = options_of(settings, packs=self._packs)
        self._rules = load_rules(self._packs)
        self._trees: dict[str, _KnownTree | None] = {}
        self._start = ""
        if self.repository and (head := self.repository.find("HEAD")):
            self._start = (
                find_base(self.repository, self._base).start if self._topic else head
            )

    def findings(
        self, path: Path, text: str, *, with_history: bool = False
    ) -> tuple[TextFinding, ...]:
        """Return the findings in the text of a file.

        Rules that need the git history run only `with_history`, because they can take seconds.
        """
        lines = text.split("\n")
        listed = []
        for part in self._parts(path, text):
            result = self._check_part(part, with_history=with_history)
            safe = {rule.id for rule in result.rules if rule.remedy.kind == "safe"}
            of_mails = {rule.id for rule in result.rules if rule.scope == "mail"}
            for finding in _findings_about(
                TextKind.of(path), part, result.patches[0].findings, of_mails
            ):
                at = part.lines.get(finding.patch_line or 0, 0)
                start = (
                    min(finding.column - part.signs, len(lines[at]))
                    if finding.column and finding.path
                    else 0
                )
                listed.append(
                    TextFinding(
                        finding, at, start, len(lines[at]), finding.rule in safe
                    )
                )
        return tuple(listed)

    def fix(self, path: Path, text: str, wanted: Finding) -> tuple[TextEdit, ...]:
        """Return the edits for a finding's safe fix, or () if no fix is certain."""
        for part in self._parts(path, text):
            result = self._check_part(part, with_history=False)
            checked = result.patches[0]
            if wanted not in checked.findings:
                continue
            _, outcome = fixed_patch(
                result,
                checked,
                (Series((part.patch,)),),
                only=lambda _, finding: finding == wanted,
            )
            return tuple(_edits(part, outcome)) if outcome else ()
        return ()

    def changed(self) -> tuple[Path, ...]:
        """Return the paths of changed or added files that exist in the working tree."""
        if not self.repository or not self._start:
            return ()
        names = self.repository.git(
            "diff", "--name-only", "-z", "--diff-filter=AM", self._start
        ).text.split("\0")
        return tuple(
            file for name in names if name and (file := self._top / name).is_file()
        )

    def page(self, rule: str) -> str:
        """Return the documentation of a rule in Markdown."""
        return rule_page(explain(rule, self._packs)[0])

    def _parts(self, path: Path, text: str) -> Sequence[TextPatch]:
        kind = TextKind.of(path)
        try:
            if kind is TextKind.PATCH:
                return tuple(patch_texts(path.name, text))
            if self.repository is None:
                return ()
            if kind is TextKind.MESSAGE:
                part = message_text(self.repository, path.name, text)
                return (part,) if part.patch.subject.title else ()
        except InputError:
            return ()
        if not self._start or not path.is_relative_to(self._top):
            return ()
        changes = source_text(
            self.repository, self._start, str(path.relative_to(self._top)), text
        )
        return (changes,) if changes else ()

    def _check_part(self, part: TextPatch, *, with_history: bool) -> CheckResult:
        return Driver(
            self._options,
            rules=self._rules,
            repository=self.repository if with_history else None,
            tree=self._tree(part.base),
        ).check((Series((part.patch,)),))

    def _tree(self, revision: str) -> "_KnownTree | None":
        if self.repository and revision and revision not in self._trees:
            commit = self.repository.find(revision)
            self._trees[revision] = (
                _KnownTree(self.repository, commit) if commit else None
            )
        return self._trees.get(revision)


class _KnownTree(CommitTree):
    """A commit's tree with a cache, because every edit reads the same few files."""

    read = lru_cache(256)(CommitTree.read)
    exists = lru_cache(256)(CommitTree.exists)


def _findings_about(
    kind: TextKind,
    part: TextPatch,
    findings: Sequence[Finding],
    of_mails: Container[str],
) -> Iterator[Finding]:
    """Yield the findings about the edited text.

    In a source file, yield findings on its lines. In a message, skip findings about staged changes
    and the mail header.
    """
    for finding in findings:
        shown = finding.patch_line in part.lines
        if kind is TextKind.MESSAGE:
            shown = (shown or not finding.patch_line) and finding.rule not in of_mails
        elif kind is TextKind.SOURCE:
            shown = shown and finding.line is not None
        if shown or kind is TextKind.PATCH:
            yield finding


def _edits(part: TextPatch, outcome: FixOutcome) -> Iterator[TextEdit]:
    before, after = outcome.original.lines, outcome.draft.patch.lines
    for kind, first, last, start, end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if kind == "equal" or "".join(before[first : first + 1]).startswith("@@ -"):
            continue
        # attach an insertion to the line above it
        above = part.lines.get(first)
        at = part.lines.get(first + 1, (above + 1) if above is not None else None)
        if at is not None:
            yield TextEdit(
                at, at + last - first, tuple(map(part.text_of, after[start:end]))
            )

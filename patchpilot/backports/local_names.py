# SPDX-License-Identifier: GPL-2.0-or-later
"""Find labels and local variables that a fix uses and that a branch's function lacks."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patchpilot.backports.changed_functions import Function, list_functions
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.model.c_scanner import C_FILES, read_code_of, read_hunk_code
from patchpilot.model.hunk_fit import split_text_lines
from patchpilot.model.patch import FileChange

_GOTO = re.compile(r"\bgoto\s+([A-Za-z_]\w*)\s*;")
_LABEL = re.compile(r"^\s*([A-Za-z_]\w*)\s*:(?!:)(?!.*\?)")
_NO_LABELS = frozenset(("default", "public", "private", "protected"))
# a variable, not a field, a key of an initializer or a member of a scope
_WORD = re.compile(r"(?<![\w.>:])[A-Za-z_]\w*\b")
_DECLARED = re.compile(
    r"^\s+(?!(?:return|goto|else|case|delete|throw|typedef)\b)"
    r"(?:[A-Za-z_]\w*\s+)*[A-Za-z_]\w*(?:\s+\**|\s*\*+\s*)(?P<name>[A-Za-z_]\w*)\s*(?:[=;,\[]|$)"
)


class MissingName(NamedTuple):
    """A name that a fix uses and a branch lacks, with the file of mainline that has it.

    `function` is set if the name is local to it. A label is marked by `is_label`.
    """

    name: str
    path: str
    function: str = ""
    is_label: bool = False

    @property
    def words(self) -> str:
        """Return the name, with its kind if it is local to a function."""
        if not self.function:
            return self.name
        return f"the {'label' if self.is_label else 'variable'} {self.name}"

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return the pattern of the name in a line that adds it."""
        return re.compile(rf"\b{self.name}\s*:" if self.is_label else rf"\b{self.name}\b")


def find_missing_locals(
    scratch: ScratchStore, fix: FixCommit, tree: str, merged: str
) -> tuple[MissingName, ...]:
    """Return the labels and variables that the added lines need, missing from the merged tree.

    The functions have them in mainline before the fix. `tree` is the branch without the fix: a
    variable is only reported if its file there lacks the name.
    """
    base = scratch.base_tree(fix.base)
    result: dict[MissingName, None] = {}
    for change in fix.files:
        path = change.old_path
        if not path or path != change.new_path or not path.endswith(C_FILES):
            continue
        contents = [scratch.blob(it, path) for it in (base, tree, merged)]
        if None in contents or contents[0] == contents[1]:
            continue
        codes = [read_code_of(path, split_text_lines(content or b"")) for content in contents]
        result |= dict.fromkeys(_compare_functions(change, path, *codes))
    return tuple(result)


def _compare_functions(
    change: FileChange,
    path: str,
    base: Sequence[str],
    branch: Sequence[str],
    merged: Sequence[str],
) -> Iterator[MissingName]:
    functions = list_functions(base)
    merged_functions = {function.name: function for function in list_functions(merged)}
    known_words = {word for line in branch for word in _WORD.findall(line)}
    for function, added in _group_added_code(change, functions):
        if function.name not in merged_functions:
            continue
        lines = _read_body(base, function)
        own_lines = _read_body(merged, merged_functions[function.name])
        labels, own_labels = _find_labels(lines), _find_labels(own_lines)
        for label in dict.fromkeys(_GOTO.findall(added)):
            if label in labels and label not in own_labels:
                yield MissingName(label, path, function.name, is_label=True)
        variables = {match["name"] for line in lines if (match := _DECLARED.match(line))}
        own_variables = {match["name"] for line in own_lines if (match := _DECLARED.match(line))}
        for word in dict.fromkeys(_WORD.findall(added)):
            if word in variables - own_variables - known_words:
                yield MissingName(word, path, function.name)


def _group_added_code(
    change: FileChange, functions: Sequence[Function]
) -> Iterator[tuple[Function, str]]:
    """Yield each function that gets new lines, with these lines."""
    added: dict[Function, list[str]] = {}
    for hunk in change.hunks:
        position = hunk.old_start - 1
        for line, code in zip(hunk.lines, read_hunk_code(hunk), strict=True):
            if line.kind == "+":
                for function in functions:
                    if function.span[0] < position < function.span[1]:
                        added.setdefault(function, []).append(code)
            position += line.kind in " -"
    yield from ((function, "\n".join(lines)) for function, lines in added.items())


def _read_body(lines: Sequence[str], function: Function) -> Sequence[str]:
    return lines[function.span[0] : function.span[1]]


def _find_labels(lines: Sequence[str]) -> set[str]:
    return {match[1] for line in lines if (match := _LABEL.match(line))} - _NO_LABELS

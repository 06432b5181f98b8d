# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that removed the last use of an identifier that a fix uses again.

The identifier is still defined, such as a module parameter that nothing reads.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from patchpilot.commits.repository import Repository
from patchpilot.tags.blame import Blame
from patchpilot.tags.commit_change import CommitChange, CommitFileChange
from patchpilot.tags.comparable_words import SIGNIFICANT, compute_significance, find_identifiers
from patchpilot.tags.file_histories import FileHistories
from patchpilot.tags.line_sources import MAX_LINES, is_definition

MAX_NAMES = 20
"""Number of identifiers that are searched for in the directory of a file."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_MACRO = re.compile(r"#\s*define\s+(\w+)")


def find_last_uses(
    repository: Repository,
    parent: str,
    files: Sequence[CommitFileChange],
    blames: Mapping[str, Blame],
    histories: FileHistories,
) -> dict[str, tuple[str, ...]]:
    """Map the commits that removed the last use of an identifier to these identifiers.

    The fix uses them again. They are defined in the directory of the file or below it, and no file
    there uses them.
    """
    names = {
        path: new
        for change in files
        if (path := change.old_path or "") in blames
        and path.endswith((".c", ".h"))
        and (new := _find_new_names(change, files) - _find_used_names(blames[path].texts.values()))
    }
    result: dict[str, list[str]] = {}
    changes = histories.read([blames[path] for path in names]) if names else {}
    for path, new in names.items():
        removers = _find_removers(changes[path], new)
        unused = _find_unused_names(repository, parent, path, sorted(removers)[:MAX_NAMES])
        for name in unused:
            result.setdefault(removers[name], []).append(name)
    return {commit: tuple(dict.fromkeys(used)) for commit, used in result.items()}


def _find_new_names(change: CommitFileChange, files: Sequence[CommitFileChange]) -> set[str]:
    """Return the identifiers that a fix uses in a file, if it does not define them and none of its
    removed lines uses them.
    """
    added = [text for run in change.runs for text in run.added]
    removed = [text for file in files for run in file.runs for text in run.removed]
    new = _find_used_names(added) - _find_used_names(removed)
    return {name for name in new if not any(is_definition(name, text) for text in added)}


def _find_used_names(lines: Iterable[str]) -> set[str]:
    return {name for text in lines for name in _list_uses(text)}


def _list_uses(text: str) -> Collection[str]:
    """Return the identifiers that a line of C uses.

    A line at the left margin that is not a preprocessor directive defines or registers something.
    """
    if not text[:1].isspace() and not text.startswith("#"):
        return ()
    if compute_significance(text) < SIGNIFICANT:
        return ()
    names = find_identifiers(_STRING.sub("", text))
    macro = _MACRO.match(text)
    return names - {macro[1]} if macro else names


def _find_removers(history: Sequence[CommitChange], names: Collection[str]) -> dict[str, str]:
    """Map each identifier to the latest commit that removed a use of it from the file."""
    result: dict[str, str] = {}
    for commit in history:
        if sum(file.size for file in commit.files) > MAX_LINES:
            continue
        balance: Counter[str] = Counter()
        for run in (run for file in commit.files for run in file.runs):
            for lines, number in ((run.removed, -1), (run.added, 1)):
                for name in (name for text in lines for name in _list_uses(text)):
                    if name in names:
                        balance[name] += number
        for name, number in balance.items():
            if number < 0:
                result.setdefault(name, commit.id)
    return result


def _find_unused_names(
    repository: Repository, revision: str, path: str, names: Sequence[str]
) -> list[str]:
    """Return the identifiers that the C files below the directory of a file define but do not use.

    In the root directory, only its own files are searched.
    """
    if not names:
        return []
    folder = path[: path.rfind("/") + 1]
    options = [option for name in names for option in ("-e", name)]
    output = repository.git(
        "grep", "-h", "-w", "-F", "-I", *options, revision, "--",
        f":(top,glob){folder}**/*.[ch]" if folder else ":(top,glob)*.[ch]",
        env={"GIT_LITERAL_PATHSPECS": "0"}, ok=(0, 1),
    )  # fmt: skip
    lines = output.text.split("\n")
    used = _find_used_names(lines)
    definitions = "\n".join(line for line in lines if not line[:1].isspace())
    return [name for name in names if name not in used and is_definition(name, definitions)]

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the names in printed git commands are quoted for the shell.

Names of branches, remotes and files may contain characters that a shell obeys. People copy printed
commands into a shell.
"""

import ast
import re
from collections.abc import Iterator

from tests.kit.source import ROOT

COMMAND = re.compile(
    r"\b(?:git (?:fetch|switch|rebase|remote|checkout|branch|push|cherry-pick|merge|reset|revert"
    r"|worktree|diff)|rm)(?= )[^`:;)\n]*"
)
HARMLESS = {
    "local_branch": "made of an ID and a version",
    "fix.id": "an ID",
    "prerequisite.commit": "an ID",
    "options": "options that we write",
    "version": "a number",
    "commit": "an ID",
    "stable.remote_name": "a name from the table of projects",
    "branch": "a name from the table of projects, with a version",
}
QUOTED_BEFORE = {
    "patchpilot/commits/git_reading.py": ("remote",),
    "patchpilot/finding/try_commit.py": ("name", "folder"),
    "patchpilot/outgoing/target_tree.py": ("remote",),
    "patchpilot/sending/mails.py": ("start", "file"),
    "patchpilot/sending/recipient_advice.py": ("name", "tip"),
}


def find_unquoted_values(text: str) -> Iterator[str]:
    """Yield the values in git commands of a module's texts that are neither quoted nor an ID."""
    if not re.search(r"\b(?:git|rm) ", text):
        return
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.JoinedStr):
            continue
        values = [value.value for value in node.values if isinstance(value, ast.FormattedValue)]
        text = "".join(
            str(value.value) if isinstance(value, ast.Constant) else "\0" for value in node.values
        )
        for command in COMMAND.finditer(text):
            first = text[: command.start()].count("\0")
            for value in values[first : first + command[0].count("\0")]:
                is_quoted = re.match(r"(?:shlex\.)?quote\(", ast.unparse(value))
                is_id = isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice)
                if not is_quoted and not is_id and ast.unparse(value) not in HARMLESS:
                    yield ast.unparse(value)


def test_names_in_git_commands_are_quoted() -> None:
    unquoted = {}
    for path in sorted((ROOT / "patchpilot").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        values = {*find_unquoted_values(path.read_text())} - {*QUOTED_BEFORE.get(name, ())}
        if values:
            unquoted[name] = values
    assert unquoted == {}


def test_unquoted_names_are_found() -> None:
    text = "a = f'run `git fetch {remote}`: {why}; git rebase {quote(tip)} {id[:12]}, rm {path}'"
    assert [*find_unquoted_values(text)] == ["remote", "path"]

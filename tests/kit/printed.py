# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect the commands that patchpilot prints, and the commands in the documentation.

Commands are printed in hints, help, advice, rule packs and templates.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from patchpilot.cli.command import COMMANDS
from tests.kit.source import ROOT, trees

TUTORIAL = ROOT / "docs/tutorial/first-fix.md"
"""Its commands are run in order by tests/journey/test_tutorial_page.py."""
_BEGIN = re.compile(
    rf"(?<![\w/.-])patchpilot (?={'|'.join(COMMANDS)})(?:{'|'.join(COMMANDS)})\b(?![-.\w])"
)
_END = re.compile(
    r"\n|`|; |, (?:then|or) |, (?=patchpilot )| \(|\)| {3,}|  #| \|\| |[.,:;]?$|: |\"/>"
)


def map_printed_commands() -> dict[str, str]:
    """Map each command to the first file that contains it."""
    result: dict[str, str] = {}
    for path, text in _read_printed_texts():
        for command in find_quoted_commands(text):
            result.setdefault(command, str(path.relative_to(ROOT)))
    return result


def find_quoted_commands(text: str) -> Iterator[str]:
    """Yield the commands in a text. Each command is in quotes or ends with the clause."""
    for start_match in _BEGIN.finditer(text):
        remaining_text = text[start_match.start() :]
        preceding_char = text[start_match.start() - 1 : start_match.start()]
        if (
            preceding_char in ("`", "'", '"')
            and preceding_char in remaining_text.partition("\n")[0]
        ):
            yield " ".join(remaining_text.partition(preceding_char)[0].split())
            continue
        yield remaining_text[: _find_command_end(remaining_text)].rstrip(" .,:;")


def _find_command_end(text: str) -> int:
    quote, nesting_depth = "", 0
    for offset, char in enumerate(text):
        nesting_depth += (char == "{") - (char == "}")
        if nesting_depth:
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and text[offset - 1] in " =":
            quote = char
        elif char == '"' or _END.match(text, offset):
            return offset
    return len(text)


def _read_printed_texts() -> Iterator[tuple[Path, str]]:
    # skip other modules, because each pytest worker would need seconds to parse all of them
    for path, tree in trees("patchpilot ", "Action("):
        for text in find_user_strings(tree):
            yield path, text
    for folder in ("checks", "templates"):
        for path in sorted((ROOT / folder).rglob("*.*")):
            yield (
                path,
                "\n".join(
                    line
                    for line in path.read_text(encoding="utf-8").splitlines()
                    if not line.startswith("#")
                ),
            )
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        if path == TUTORIAL:
            continue
        yield path, "\n".join(_extract_code(path.read_text(encoding="utf-8")))


def find_user_strings(tree: ast.AST, *, includes_actions: bool = True) -> Iterator[str]:
    """Yield the strings in a module.

    A docstring is included only if it is the help of a command. The commands of `Action` calls
    are included if `includes_actions` is set.
    """
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(node.body[0], ast.Expr)
        and not any(
            "command" in ast.unparse(decorator_node)
            for decorator_node in getattr(node, "decorator_list", ())
        )
    }
    pending_nodes: list[ast.AST] = [tree]
    while pending_nodes:
        node = pending_nodes.pop()
        if (
            includes_actions
            and isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Action"
        ):
            yield from _format_action_command(node)
        if isinstance(node, ast.JoinedStr):
            yield _format_text(node)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield node.value
        else:
            pending_nodes += [
                child_node
                for child_node in ast.iter_child_nodes(node)
                if child_node not in docstrings
            ]


def _format_action_command(call: ast.Call) -> Iterator[str]:
    """Yield the command of `Action(command, (argument, …), …)` in backticks.

    Yield nothing if the action only adds options to the current command.
    """
    command = call.args[0]
    if isinstance(command, ast.Constant) and command.value:
        arguments = (
            call.args[1].elts if len(call.args) > 1 and isinstance(call.args[1], ast.Tuple) else ()
        )
        yield (
            f"`{' '.join(['patchpilot', str(command.value), *(_format_argument(argument) for argument in arguments)])}`"  # noqa: E501
        )


def _format_argument(node: ast.expr) -> str:
    if isinstance(node, ast.Constant | ast.JoinedStr):
        text = str(node.value) if isinstance(node, ast.Constant) else _format_text(node)
        return f"'{text}'" if re.search(r"[\s<>]|^$", text) else text
    return f"{{{ast.unparse(node.value if isinstance(node, ast.Starred) else node)}}}"


def _format_text(node: ast.JoinedStr) -> str:
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
        for part in node.values
        if isinstance(part, ast.Constant | ast.FormattedValue)
    )


def _extract_code(text: str) -> Iterator[str]:
    """Yield the lines in code blocks, and the inline code of each paragraph."""
    is_in_code_block = False
    prose_lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("```"):
            is_in_code_block = not is_in_code_block
        elif is_in_code_block or line.startswith("    "):
            yield line.strip().removeprefix("$ ")
        else:
            prose_lines.append(line.strip())
    # inline code may continue on the next line, but not in the next paragraph
    for paragraph in "\n".join(prose_lines).split("\n\n"):
        for match in re.findall(r"`([^`]+)`", paragraph.replace("\n", " ")):
            yield f"`{match}`"

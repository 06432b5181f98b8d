# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect every text that a user can read, with its location.

The texts are in code, rule packs, templates and documentation.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from tests.kit.source import ROOT, trees

_RULE_TEXTS = (
    "summary",
    "why",
    "message",
    "messages",
    "known_problems",
    "problems",
    "options",
    "text",
    "name",
)


class LocatedText(NamedTuple):
    """A text and its location.

    The location is `path:line` in code and documentation, and `path:rule` in packs.
    """

    place: str
    kind: str
    text: str


def find_code_strings() -> Iterator[LocatedText]:
    """Yield the string constants in the package, except docstrings and keys of JSON objects.

    The pieces of an f-string are joined, with {} in place of each value.
    """
    return (text for text in _read_modules() if text.kind == "code")


def find_help_texts() -> Iterator[LocatedText]:
    """Yield the descriptions of commands. They are the docstrings that `--help` and the man pages
    show.
    """
    return (text for text in _read_modules() if text.kind == "help")


def find_docstrings() -> Iterator[LocatedText]:
    return (text for text in _read_modules() if text.kind == "docstring")


@cache
def _read_modules() -> tuple[LocatedText, ...]:
    """Return the texts in the package. They are cached, because parsing it takes two seconds."""
    return tuple(
        LocatedText(f"{file.relative_to(ROOT)}:{line}", kind, text)
        for file, tree in trees()
        for line, kind, text in _find_module_texts(tree)
    )


def _find_module_texts(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Yield (line, kind, text) of each text in a module."""
    docstrings = list(_find_docstring_constants(tree))
    help_ids = set()
    for node in _find_help_constants(tree):
        help_ids.add(id(node))
        yield node.lineno, "help", str(node.value)
    for node in docstrings:
        if id(node) not in help_ids:
            yield node.lineno, "docstring", str(node.value)
    skipped_ids = set(map(id, docstrings))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id == "json_form":
                skipped_ids.update(map(id, node.args))
        elif isinstance(node, ast.JoinedStr):
            string_parts = [
                str(string_part.value) if isinstance(string_part, ast.Constant) else "{}"
                for string_part in node.values
            ]
            skipped_ids.update(id(string_part) for string_part in node.values)
            yield node.lineno, "code", "".join(string_parts)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in skipped_ids
        ):
            yield node.lineno, "code", node.value


def _find_help_constants(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(
            re.match(
                r"(?:\w+\.)*(?:make_command|command|group)\b",
                ast.unparse(decorator_node),
            )
            for decorator_node in node.decorator_list
        ):
            yield from _find_docstring_constants(ast.Module(node.body, []))


def find_rule_texts() -> Iterator[LocatedText]:
    for file in sorted((ROOT / "checks").glob("*.toml")):
        for rule in tomllib.loads(file.read_text(encoding="utf-8")).get("rule", ()):
            source = f"{file.relative_to(ROOT)}:{rule.get('name')}"
            for rule_text in _find_nested_strings(
                {key: value for key, value in rule.items() if key in (*_RULE_TEXTS, "fix")}
            ):
                yield LocatedText(source, "rule", rule_text)


def find_documentation() -> Iterator[LocatedText]:
    """Yield the paragraphs of the documentation without code."""
    files = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    for file in [*files, *sorted((ROOT / "docs").rglob("*.md"))]:
        prose = re.sub(
            r"^(```+).*?^\1|^    [^\n]*$|<!--.*?-->",
            lambda match: "\n" * match[0].count("\n"),
            file.read_text("utf-8"),
            flags=re.M | re.S,
        )
        line = 1
        for paragraph in re.split(r"(\n\s*\n)", prose):
            if paragraph.strip():
                plain_paragraph = re.sub(r"`[^`]*`|\]\([^)]*\)", "``", paragraph)
                yield LocatedText(
                    f"{file.relative_to(ROOT)}:{line}",
                    "documentation",
                    plain_paragraph.strip(),
                )
            line += paragraph.count("\n")


def find_templates() -> Iterator[LocatedText]:
    for file in sorted((ROOT / "templates").iterdir()):
        yield LocatedText(str(file.relative_to(ROOT)), "template", file.read_text(encoding="utf-8"))


def _find_docstring_constants(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        for statement in (
            getattr(node, "body", None) or ()
            if not isinstance(node, ast.Lambda | ast.IfExp)
            else ()
        ):
            if (
                isinstance(statement, ast.Expr)
                and isinstance(statement.value, ast.Constant)
                and isinstance(statement.value.value, str)
            ):
                yield statement.value


def _find_nested_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("fixer", "kind", "arguments"):
                yield from _find_nested_strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _find_nested_strings(item)

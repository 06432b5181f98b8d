# SPDX-License-Identifier: GPL-2.0-or-later
"""The reference pages of settings, environment variables and errors, made from the code and from
the calls that tests/cli/test_misuses.py runs.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from patchpilot.cli.help_topics import TOPICS
from patchpilot.config import KEYS

ERRORS = Path(__file__).parents[1] / "tests" / "cli" / "misuses.toml"


def settings_page() -> str:
    """Every setting with its default, and every environment variable, as Markdown."""
    rows = [
        f"| `{key.name}` | {f'`{key.default}`' if key.default else '(empty)'} |"
        f" {'yes' if key.from_tree else 'no'} | {_cell(key.meaning)} |"
        for key in KEYS
    ]
    return "\n".join(
        [
            "# Settings and environment",
            "",
            _paragraphs(TOPICS["settings"]),
            "",
            "## Settings",
            "",
            "The third column shows whether `.patchpilot.toml` of a tree can contain the setting.",
            "",
            "| setting | default | from the tree | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Environment variables",
            "",
            "| variable | meaning |",
            "|---|---|",
            *(f"| `{names}` | {_cell(meaning)} |" for names, meaning in variables()),
            "",
        ]
    )


def variables() -> Iterator[tuple[str, str]]:
    """Each row of `patchpilot help environment`: the names, and what they do."""
    for line in TOPICS["environment"].split("\n"):
        names, _, meaning = line.strip().partition("   ")
        if line.startswith("  ") and meaning:
            yield names, meaning.strip()


def troubleshooting_page() -> str:
    """Errors with their hints, by the command that reports them, as Markdown."""
    calls: dict[str, list[str]] = {}
    for call in tomllib.loads(ERRORS.read_text(encoding="utf-8"))["misuse"]:
        error = call["error"].removeprefix("patchpilot: error: ")
        hint = call["hint"].removeprefix("hint: ")
        calls.setdefault(call["argv"][0] if call["argv"] else "", []).append(
            f"| `{_code(' '.join(call['argv']))}` | {_cell(error)} | {_cell(hint)} |"
        )
    parts = [
        "# Troubleshooting",
        "",
        "Each error has a hint with the next step. The exit code is 2 for a wrong call, 3 for"
        " a missing repository, tool or tree, 4 for the network, and 70 for a bug. The test suite"
        " makes each of these calls.",
        "",
    ]
    for command, rows in sorted(calls.items()):
        parts += [f"## {command}", "", "| call | error | hint |", "|---|---|---|"]
        parts += [*rows, ""]
    return "\n".join(parts)


def _paragraphs(topic: str) -> str:
    return f"```\n{topic.strip().partition(chr(10))[2].strip(chr(10))}\n```"


def _code(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def _cell(text: str) -> str:
    for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|")):
        text = text.replace(plain, escaped)
    return text

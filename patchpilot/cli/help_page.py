# SPDX-License-Identifier: GPL-2.0-or-later
"""Format a command's help: its usage, description, options and examples.

Shared options are printed only by `patchpilot help options`.
"""

import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator

from patchpilot.cli.command import Command, Option, Table, base_table, common_table
from patchpilot.model.action import OVERRIDES

REWRITING = tuple(Option((f"--{name}",), text) for name, text in OVERRIDES.items())
SHARED: dict[str, Table] = {
    "Options of most commands": common_table(("text", "json")),
    "Options of commands that work on a topic": base_table(),
    "Options of commands that rewrite commits": REWRITING,
}
"""Options that several commands share."""
_KEYS = frozenset(option.key for table in SHARED.values() for option in table)
_NAME_WIDTH = 30


def command_options(command: Command) -> list[Option]:
    """Return the options listed on a command's page."""
    return [
        option
        for option in command.options
        if option.key not in _KEYS and not option.hidden
    ]


def formats(command: Command) -> tuple[str, ...]:
    """Return the values of the command's --format, the default first."""
    return next(
        (option.choices for option in command.options if option.key == "format"), ()
    )


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a help text; one that starts with \\b keeps its lines."""
    result = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.rstrip() for line in paragraph.split("\n")]
        # before 3.13, Python keeps the indentation of docstrings
        indent = lines[0].find("\b")
        result.append(
            "\b" + "\n".join(line[indent:] for line in lines[1:])
            if lines[0].strip() == "\b"
            else " ".join(line.strip() for line in lines)
        )
    return result


def first_sentence(text: str) -> str:
    """Return the first sentence of a help text as a phrase, without text in parentheses."""
    text = re.sub(r"\s*\([^)]*\)", "", " ".join(text.split("\n\n")[0].split()))
    first = re.split(r"(?<=[.])\s", text)[0].rstrip(".")
    return first[:1].lower() + first[1:]


def examples(command: Command) -> list[str]:
    lines = (line.strip() for line in command.epilog.replace("\b", "").split("\n"))
    return [line for line in lines if line.startswith(("patchpilot", "git "))]


def note(command: Command) -> str:
    """Return the pointer to the shared options, and the output formats."""
    if not formats(command):
        return ""
    printed = f"Formats of the output: {', '.join(formats(command))}. "
    return f"{printed}`patchpilot help options` lists the options of all commands."


def help_text(command: Command) -> str:
    """Return the help of a command for the terminal."""
    width = min(shutil.get_terminal_size((80, 24)).columns, 100) - 2
    lines = _wrap(f"Usage: {command.usage}", width, "", " " * 8)
    for paragraph in paragraphs(command.help):
        lines.append("")
        if paragraph.startswith("\b"):
            lines += [f"  {line}".rstrip() for line in paragraph[1:].split("\n")]
        else:
            lines += _wrap(paragraph, width, "  ", "  ")
    if rows := [(option.form, option.text) for option in command_options(command)]:
        lines += ["", "Options:", *_table(rows, width)]
    if command.commands:
        inner = (
            (name, first_sentence(sub.help)) for name, sub in command.commands.items()
        )
        lines += ["", "Commands:", *_table(inner, width)]
    if text := note(command):
        lines += ["", *_wrap(text, width, "", "")]
    if calls := examples(command):
        lines += ["", "Examples:", *(f"  {line}" for line in calls)]
    return "\n".join(lines)


def shared_options_text() -> str:
    """Return the text of `patchpilot help options`."""
    lines = ["Options that several commands have"]
    for title, table in SHARED.items():
        rows = ((option.form, option.text) for option in table)
        lines += ["", f"{title}:", *_table(rows, 96)]
    return "\n".join(lines)


def _wrap(text: str, width: int, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _table(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """Format rows as two columns."""
    entries = list(rows)
    wide = min(max(len(name) for name, _ in entries), _NAME_WIDTH)
    for name, text in entries:
        parts = textwrap.wrap(text, max(width - wide - 4, 20), break_on_hyphens=False)
        head = f"  {name:{wide}}  "
        if len(name) > wide or not parts:
            yield f"  {name}"
            head = " " * (wide + 4)
        for part in parts:
            yield head + part
            head = " " * (wide + 4)

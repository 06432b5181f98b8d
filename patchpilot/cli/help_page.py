# SPDX-License-Identifier: GPL-2.0-or-later
"""Format a command's help: usage, description, options and examples.

Only `patchpilot help options` prints the shared options.
"""

import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator

from patchpilot.cli.command import (
    ROOT_OPTIONS,
    Command,
    Option,
    Table,
    list_base_options,
    list_common_options,
)
from patchpilot.cli.help_topics import TOPICS
from patchpilot.config import KEYS, USER_KEYS
from patchpilot.model.action import OVERRIDES

REWRITING = tuple(Option((f"--{name}",), text) for name, text in OVERRIDES.items())
SHARED: dict[str, Table] = {
    "Options of most commands": list_common_options(("text", "json")),
    "Options of commands that work on a topic": list_base_options(),
    "Options of commands that rewrite commits": REWRITING,
    "Options before the command": ROOT_OPTIONS,
}
"""Options that several commands have."""
_SHARED_LABELS = frozenset(option.label for table in SHARED.values() for option in table)
_NAME_WIDTH = 30


def list_command_options(command: Command) -> list[Option]:
    """Return the options to list in a command's help."""
    return [
        option
        for option in command.options
        if option.label not in _SHARED_LABELS and not option.hidden
    ]


def list_output_formats(command: Command) -> tuple[str, ...]:
    """Return the values of a command's --format, the default first."""
    return next((option.choices for option in command.options if option.key == "format"), ())


def split_paragraphs(text: str) -> list[str]:
    r"""Return the paragraphs of a help text.

    Lines of a paragraph that starts with \\b are not joined.
    """
    result = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.rstrip() for line in paragraph.split("\n")]
        # remove the indentation of docstrings, which Python before 3.13 keeps
        indent = lines[0].find("\b")
        result.append(
            "\b" + "\n".join(line[indent:] for line in lines[1:])
            if lines[0].strip() == "\b"
            else " ".join(line.strip() for line in lines)
        )
    return result


def first_sentence(text: str) -> str:
    """Return the first sentence of a help text as a phrase, without parenthesized text."""
    text = re.sub(r"\s*\([^)]*\)", "", " ".join(text.split("\n\n")[0].split()))
    sentence = re.split(r"(?<=[.])\s", text)[0].rstrip(".")
    return sentence[:1].lower() + sentence[1:]


def list_examples(command: Command) -> list[str]:
    lines = (line.strip() for line in command.epilog.replace("\b", "").split("\n"))
    return [line for line in lines if line.startswith(("patchpilot", "git "))]


def format_options_note(command: Command) -> str:
    """Return a note with the output formats and a reference to the shared options."""
    if not list_output_formats(command):
        return ""
    format_note = f"Formats of the output: {', '.join(list_output_formats(command))}. "
    return f"{format_note}`patchpilot help options` lists the options of all commands."


def format_help(command: Command) -> str:
    """Format a command's help for the terminal."""
    width = min(shutil.get_terminal_size((80, 24)).columns, 100) - 2
    lines = _wrap_paragraph(f"Usage: {command.usage}", width, "", " " * 8)
    for paragraph in split_paragraphs(command.help):
        lines.append("")
        if paragraph.startswith("\b"):
            lines += [f"  {line}".rstrip() for line in paragraph[1:].split("\n")]
        else:
            lines += _wrap_paragraph(paragraph, width, "  ", "  ")
    if rows := [(option.form, option.text) for option in list_command_options(command)]:
        lines += ["", "Options:", *_format_two_columns(rows, width)]
    if command.commands:
        summaries = (
            (name, first_sentence(subcommand.help)) for name, subcommand in command.commands.items()
        )
        lines += ["", "Commands:", *_format_two_columns(summaries, width)]
    if text := format_options_note(command):
        lines += ["", *_wrap_paragraph(text, width, "", "")]
    if example_lines := list_examples(command):
        lines += ["", "Examples:", *(f"  {line}" for line in example_lines)]
    return "\n".join(lines)


def format_shared_options() -> str:
    """Return the output of `patchpilot help options`."""
    lines = ["Options that several commands have"]
    for title, table in SHARED.items():
        rows = ((option.form, option.text) for option in table)
        lines += ["", f"{title}:", *_format_two_columns(rows, 96)]
    return "\n".join(lines)


def format_topic(name: str) -> str:
    """Return a help topic, with the list of what it is about: the settings with their defaults."""
    text = TOPICS[name].strip()
    if name != "settings":
        return text
    rows = (
        (key.name, f"{key.meaning} [default: {key.default}]" if key.default else key.meaning)
        for key in (*KEYS, *USER_KEYS)
    )
    return "\n".join([text, "", "Settings:", *_format_two_columns(rows, 96)])


def _wrap_paragraph(text: str, width: int, first_indent: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first_indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _format_two_columns(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    entries = list(rows)
    name_width = min(max(len(name) for name, _ in entries), _NAME_WIDTH)
    for name, text in entries:
        wrapped_lines = textwrap.wrap(text, max(width - name_width - 4, 20), break_on_hyphens=False)
        line_start = f"  {name:{name_width}}  "
        if len(name) > name_width or not wrapped_lines:
            yield f"  {name}"
            line_start = " " * (name_width + 4)
        for wrapped_line in wrapped_lines:
            yield line_start + wrapped_line
            line_start = " " * (name_width + 4)

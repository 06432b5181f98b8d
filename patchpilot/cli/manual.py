# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate the man pages.

Each page contains the description, options and examples of a command. `python -m
patchpilot.cli.manual DIR` writes the pages.
"""

import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

from patchpilot.cli.command import (
    COMMANDS,
    GROUPS,
    OTHERS,
    Command,
    Table,
    walk_commands,
)
from patchpilot.cli.help_page import (
    SHARED,
    first_sentence,
    format_options_note,
    format_topic,
    list_command_options,
    list_examples,
    split_paragraphs,
)
from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.main import root

_DATE = "2026-11-23"
"""Date of the last change to the manual."""
_WIDTH = 66
"""Width of a line before escaping."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def list_documented_commands() -> list[Command]:
    """Return all commands; a group precedes its subcommands."""
    return list(walk_commands(root))


def summarize_command(command: Command) -> str:
    """Describe a command in one sentence."""
    return COMMANDS.get(command.name) or first_sentence(command.help)


def format_man_page(command: Command) -> str:
    """Format the help of a command as a man page in section 1."""
    title = f"patchpilot-{command.name.replace(' ', '-')}"
    lines = [
        _page_header(title),
        ".SH NAME",
        f"{_escape_roff(title)} \\-",
        *_wrap_roff(summarize_command(command)),
        ".SH SYNOPSIS",
        f".B {_escape_roff(command.usage)}",
        ".SH DESCRIPTION",
    ]
    for number, paragraph in enumerate(
        [*split_paragraphs(command.help), format_options_note(command)]
    ):
        if paragraph:
            lines += _format_man_paragraph(paragraph)[0 if number else 1 :]
    if command.commands:
        rows = (
            (name, summarize_command(subcommand)) for name, subcommand in command.commands.items()
        )
        lines += [".SH COMMANDS", *_format_man_rows(rows)]
    if options := list_command_options(command):
        lines += [".SH OPTIONS", *_format_man_options(options)]
    if example_lines := list_examples(command):
        lines += [
            ".SH EXAMPLES",
            ".nf",
            *(_escape_roff(line) for line in example_lines),
            ".fi",
        ]
    lines += [".SH SEE ALSO", *_list_related_pages(command)]
    return "\n".join(lines) + "\n"


def _format_man_options(options: Table) -> list[str]:
    return _format_man_rows((option.form, option.text) for option in options)


def _format_man_rows(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Format each row as a paragraph with a bold name."""
    return [
        line
        for name, text in rows
        for line in (".TP", f"\\fB{_escape_roff(name)}\\fR", *_wrap_roff(text))
    ]


def _list_related_pages(command: Command) -> list[str]:
    """Return the related pages: the parent, the subcommands, and the other commands in the
    group.
    """
    group_name, _, inner = command.name.partition(" ")
    if inner:
        page_names = [f"patchpilot-{group_name}"]
    else:
        group = next((rows for rows in GROUPS.values() if group_name in rows), {})
        commands = [f"{group_name}-{name}" for name in command.commands]
        siblings = [name for name in group if name != group_name]
        page_names = [f"patchpilot-{name}" for name in (*commands, *siblings)]
    references = [f"\\fB{_escape_roff(name)}\\fR(1)" for name in ("patchpilot", *page_names)]
    return [f"{name}," for name in references[:-1]] + references[-1:]


def format_overview_page() -> str:
    """Return patchpilot(1), which lists the commands and the help topics."""
    lines = [
        _page_header("patchpilot"),
        ".SH NAME",
        r"patchpilot \-",
        "take a Linux kernel fix from git commit to mainline and every LTS branch",
    ]
    lines += [
        ".SH SYNOPSIS",
        r".B patchpilot [\-C DIR] COMMAND [OPTIONS] [TARGET]...",
        ".SH DESCRIPTION",
    ]
    lines += _wrap_roff(
        "Without COMMAND, the guided workflow opens in the terminal. Each command has its own page."
    )
    for title, commands in (*GROUPS.items(), ("Others", OTHERS)):
        lines.append(f".SH {title.upper()}")
        for name, text in commands.items():
            page = f"\\fBpatchpilot\\-{_escape_roff(name)}\\fR(1)"
            lines += [".TP", page, *_wrap_roff(text)]
    for title, table in SHARED.items():
        lines += [f".SH {title.upper()}", *_format_man_options(table)]
    for topic in TOPICS:
        title, _, body = format_topic(topic).partition("\n")
        lines += [
            f".SH {_escape_roff(title.upper())}",
            ".nf",
            *(_escape_roff(line) for line in body.strip("\n").split("\n")),
            ".fi",
        ]
    return "\n".join(lines) + "\n"


def _page_header(title: str) -> str:
    name = _escape_roff(title.upper())
    return (
        '.\\" SPDX-License-Identifier: GPL-2.0-or-later\n'
        f'.TH "{name}" "1" "{_DATE}" "patchpilot" "patchpilot"'
    )


def _format_man_paragraph(paragraph: str) -> list[str]:
    if paragraph.startswith("\b"):
        return [
            ".PP",
            ".nf",
            *(_escape_roff(line) for line in paragraph[1:].split("\n")),
            ".fi",
        ]
    return [".PP", *_wrap_roff(paragraph)]


def _escape_roff(text: str) -> str:
    """Escape a text for roff."""
    escaped_text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    escaped_text = _NOT_ASCII.sub(lambda match: f"\\[u{ord(match[0]):04X}]", escaped_text)
    return "\n".join(
        f"\\&{line}" if line.startswith((".", "'")) else line for line in escaped_text.split("\n")
    )


def _wrap_roff(text: str) -> list[str]:
    """Wrap a text for readable source; man reflows the lines itself."""
    return [_escape_roff(line) for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False)]


def _format_git_page() -> str:
    lines = [
        _page_header("git-patchpilot"),
        ".SH NAME",
        _escape_roff("git-patchpilot - patchpilot as a command of git"),
        ".SH SYNOPSIS",
        "\\fBgit patchpilot\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
        *_wrap_roff("git patchpilot is the same program as patchpilot."),
        ".SH SEE ALSO",
        "\\fBpatchpilot\\fR(1)",
    ]
    return "\n".join(lines) + "\n"


def write_man_pages(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "patchpilot.1").write_text(format_overview_page(), encoding="utf-8")
    # write a page for `git help patchpilot`
    (directory / "git-patchpilot.1").write_text(_format_git_page(), encoding="utf-8")
    for page in list_documented_commands():
        (directory / f"patchpilot-{page.name.replace(' ', '-')}.1").write_text(
            format_man_page(page), encoding="utf-8"
        )


if __name__ == "__main__":
    write_man_pages(Path(sys.argv[1]))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate the man pages.

Each page has the description, options and examples of a command. `python -m patchpilot.cli.manual
DIR` writes the pages.
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
    command_options,
    examples,
    first_sentence,
    note,
    paragraphs,
)
from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.main import root

_DATE = "2026-11-23"
"""Date of the manual's last revision."""
_WIDE = 66
"""Width of a line before escaping."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def pages() -> list[Command]:
    """Return all commands, each followed by its subcommands."""
    return list(walk_commands(root))


def summary(command: Command) -> str:
    """Describe a command in one sentence."""
    return COMMANDS.get(command.name) or first_sentence(command.help)


def man_page(command: Command) -> str:
    """Format the help of a command as a man page of section 1."""
    title = f"patchpilot-{command.name.replace(' ', '-')}"
    lines = [
        _head(title),
        ".SH NAME",
        f"{_roff(title)} \\-",
        *_fill(summary(command)),
        ".SH SYNOPSIS",
        f".B {_roff(command.usage)}",
        ".SH DESCRIPTION",
    ]
    for at, paragraph in enumerate([*paragraphs(command.help), note(command)]):
        if paragraph:
            lines += _man_paragraph(paragraph)[0 if at else 1 :]
    if command.commands:
        rows = ((name, summary(sub)) for name, sub in command.commands.items())
        lines += [".SH COMMANDS", *_man_rows(rows)]
    if options := command_options(command):
        lines += [".SH OPTIONS", *_man_options(options)]
    if calls := examples(command):
        lines += [".SH EXAMPLES", ".nf", *(_roff(line) for line in calls), ".fi"]
    lines += [".SH SEE ALSO", *_see_also(command)]
    return "\n".join(lines) + "\n"


def _man_options(options: Table) -> list[str]:
    return _man_rows((option.form, option.text) for option in options)


def _man_rows(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Format each row as a paragraph with the name in bold."""
    return [
        line
        for name, text in rows
        for line in (".TP", f"\\fB{_roff(name)}\\fR", *_fill(text))
    ]


def _see_also(command: Command) -> list[str]:
    """Return the related pages: the parent, the subcommands, and the siblings."""
    outer, _, inner = command.name.partition(" ")
    if inner:
        names = [f"patchpilot-{outer}"]
    else:
        group = next((rows for rows in GROUPS.values() if outer in rows), {})
        commands = [f"{outer}-{name}" for name in command.commands]
        near = [name for name in group if name != outer]
        names = [f"patchpilot-{name}" for name in (*commands, *near)]
    every = [f"\\fB{_roff(name)}\\fR(1)" for name in ("patchpilot", *names)]
    return [f"{name}," for name in every[:-1]] + every[-1:]


def overview_page() -> str:
    """Return patchpilot(1), which lists the commands and the help topics."""
    lines = [
        _head("patchpilot"),
        ".SH NAME",
        r"patchpilot \-",
        "take a Linux kernel fix from git commit to mainline and every LTS branch",
    ]
    lines += [
        ".SH SYNOPSIS",
        r".B patchpilot [\-C DIR] COMMAND [OPTIONS] [TARGET]...",
        ".SH DESCRIPTION",
    ]
    lines += _fill(
        "Without COMMAND, the guided workflow opens in the terminal. Each command has its own page."
    )
    for title, commands in (*GROUPS.items(), ("Others", OTHERS)):
        lines.append(f".SH {title.upper()}")
        for name, text in commands.items():
            page = f"\\fBpatchpilot\\-{_roff(name)}\\fR(1)"
            lines += [".TP", page, *_fill(text)]
    for title, table in SHARED.items():
        lines += [f".SH {title.upper()}", *_man_options(table)]
    for text in TOPICS.values():
        title, _, rest = text.strip().partition("\n")
        lines += [
            f".SH {_roff(title.upper())}",
            ".nf",
            *(_roff(line) for line in rest.strip("\n").split("\n")),
            ".fi",
        ]
    return "\n".join(lines) + "\n"


def _head(title: str) -> str:
    name = _roff(title.upper())
    return (
        '.\\" SPDX-License-Identifier: GPL-2.0-or-later\n'
        f'.TH "{name}" "1" "{_DATE}" "patchpilot" "patchpilot"'
    )


def _man_paragraph(paragraph: str) -> list[str]:
    if paragraph.startswith("\b"):
        return [
            ".PP",
            ".nf",
            *(_roff(line) for line in paragraph[1:].split("\n")),
            ".fi",
        ]
    return [".PP", *_fill(paragraph)]


def _roff(text: str) -> str:
    """Escape a text for roff."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    plain = _NOT_ASCII.sub(lambda sign: f"\\[u{ord(sign[0]):04X}]", plain)
    return "\n".join(
        f"\\&{line}" if line.startswith((".", "'")) else line
        for line in plain.split("\n")
    )


def _fill(text: str) -> list[str]:
    """Wrap a text to make the page's source readable; man fills the lines again."""
    return [_roff(line) for line in textwrap.wrap(text, _WIDE, break_on_hyphens=False)]


def _git_page() -> str:
    """Return the man page for `git patchpilot`."""
    lines = [
        _head("git-patchpilot"),
        ".SH NAME",
        _roff("git-patchpilot - patchpilot as a command of git"),
        ".SH SYNOPSIS",
        "\\fBgit patchpilot\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
        *_fill("git patchpilot is the same program as patchpilot."),
        ".SH SEE ALSO",
        "\\fBpatchpilot\\fR(1)",
    ]
    return "\n".join(lines) + "\n"


def write(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "patchpilot.1").write_text(overview_page(), encoding="utf-8")
    # shown by `git help patchpilot`
    (directory / "git-patchpilot.1").write_text(_git_page(), encoding="utf-8")
    for page in pages():
        (directory / f"patchpilot-{page.name.replace(' ', '-')}.1").write_text(
            man_page(page), encoding="utf-8"
        )


if __name__ == "__main__":
    write(Path(sys.argv[1]))

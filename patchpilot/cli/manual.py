# SPDX-License-Identifier: GPL-2.0-or-later
"""Generates the manual as man pages and as Markdown.

Each page has the description, options and examples of a command. `python -m patchpilot.cli.manual
DIR` writes the man pages.
"""

import re
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import click

from patchpilot.cli.help_sections import sections_of
from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.main import cli
from patchpilot.cli.verbs import GROUPS, OTHERS, VERBS

Rows = tuple[tuple[str, str], ...]
_DATE = "2026-11-23"
"""The day on which the manual was last revised, as the pages show it."""
_WIDE = 66
"""Characters of a line of text before its escapes."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class Page(NamedTuple):
    """The manual page of a command.

    It has the command's words ("track add"), usage, description, options by section, examples,
    and subcommands with one line each.
    """

    name: str
    usage: str
    summary: str
    description: tuple[str, ...]
    sections: tuple[tuple[str, Rows], ...]
    examples: tuple[str, ...]
    commands: Rows = ()


def pages() -> list[Page]:
    """Return the pages of all commands, each followed by the pages of its subcommands."""
    root = click.Context(cli, info_name="patchpilot")
    result: list[Page] = []
    for name, summary in VERBS.items():
        command = cli.get_command(root, name)
        assert command is not None, name
        result += _pages(
            command, click.Context(command, info_name=name, parent=root), summary
        )
    return result


def _pages(command: click.Command, ctx: click.Context, summary: str) -> list[Page]:
    options = [
        option for option in command.get_params(ctx) if isinstance(option, click.Option)
    ]
    records = {
        str(option.name): record
        for option in options
        if (record := option.get_help_record(ctx))
    }
    sections = tuple(
        (title, tuple(records[key] for key in keys))
        for title, keys in sections_of(ctx.info_name or "", records)
    )
    examples = [
        line.strip() for line in (command.epilog or "").replace("\b", "").split("\n")
    ]
    page = Page(
        name=ctx.command_path.removeprefix("patchpilot "),
        usage=" ".join([ctx.command_path, *command.collect_usage_pieces(ctx)]),
        summary=summary,
        description=tuple(_paragraphs(command.help or "")),
        sections=sections,
        examples=tuple(
            line for line in examples if line.startswith(("patchpilot", "git "))
        ),
    )
    if not isinstance(command, click.Group):
        return [page]
    result = []
    for name in command.list_commands(ctx):
        inner = command.get_command(ctx, name)
        assert inner is not None
        result += _pages(
            inner,
            click.Context(inner, info_name=name, parent=ctx),
            _first_sentence(inner.help or ""),
        )
    names = tuple((one.name.partition(" ")[2], one.summary) for one in result)
    return [page._replace(commands=names), *result]


def _first_sentence(text: str) -> str:
    """The first sentence of a help text as a phrase, without what is in parentheses."""
    text = re.sub(r"\s*\([^)]*\)", "", " ".join(text.split("\n\n")[0].split()))
    first = re.split(r"(?<=[.])\s", text)[0].rstrip(".")
    return first[:1].lower() + first[1:]


def _paragraphs(text: str) -> list[str]:
    """The paragraphs of a help text; one that begins with \\b keeps its lines."""
    result = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.rstrip() for line in paragraph.split("\n")]
        result.append(
            "\n".join(lines).replace("\b\n", "\b")
            if lines[0].strip() == "\b"
            else " ".join(line.strip() for line in lines)
        )
    return result


def man_page(page: Page) -> str:
    """Return a page as a man page of section 1."""
    title = f"patchpilot-{page.name.replace(' ', '-')}"
    lines = [
        _head(title),
        ".SH NAME",
        f"{_roff(title)} \\-",
        *_filled(page.summary),
        ".SH SYNOPSIS",
        f".B {_roff(page.usage)}",
        ".SH DESCRIPTION",
    ]
    for at, paragraph in enumerate(page.description):
        lines += _man_paragraph(paragraph)[0 if at else 1 :]
    if page.commands:
        lines += [".SH COMMANDS", *_man_rows(page.commands)]
    for name, rows in page.sections:
        lines += [f".SH {_roff(name.upper())}", *_man_rows(rows)]
    lines += _man_examples(page.examples)
    lines += [".SH SEE ALSO", *_see_also(page)]
    return "\n".join(lines) + "\n"


def _man_rows(rows: Rows) -> list[str]:
    """A paragraph for each row, with the name in bold."""
    return [
        line
        for name, text in rows
        for line in (".TP", f"\\fB{_roff(name)}\\fR", *_filled(text))
    ]


def _see_also(page: Page) -> list[str]:
    """The pages that belong to this one: above it, its commands, and its neighbours."""
    verb, _, inner = page.name.partition(" ")
    if inner:
        names = [f"patchpilot-{verb}"]
    else:
        group = next((verbs for verbs in GROUPS.values() if verb in verbs), {})
        commands = [f"{verb}-{name}" for name, _ in page.commands]
        near = [name for name in group if name != verb]
        names = [f"patchpilot-{name}" for name in (*commands, *near)]
    every = [f"\\fB{_roff(name)}\\fR(1)" for name in ("patchpilot", *names)]
    return [f"{name}," for name in every[:-1]] + every[-1:]


def overview_page() -> str:
    """Return the man page patchpilot(1) with the commands and the help topics."""
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
    lines += _filled(
        "Without COMMAND, the guided workflow opens in the terminal. Each command has its own page."
    )
    for title, verbs in (*GROUPS.items(), ("Others", OTHERS)):
        lines.append(f".SH {title.upper()}")
        for name, text in verbs.items():
            page = f"\\fBpatchpilot\\-{_roff(name)}\\fR(1)"
            lines += [".TP", page, *_filled(text)]
    for text in TOPICS.values():
        title, _, rest = text.strip().partition("\n")
        lines += [
            f".SH {_roff(title.upper())}",
            ".nf",
            *(_roff(line) for line in rest.strip("\n").split("\n")),
            ".fi",
        ]
    return "\n".join(lines) + "\n"


def markdown_page(page: Page) -> str:
    """Return a page as Markdown for the documentation."""
    lines = [f"# patchpilot {page.name}", "", "```", page.usage, "```", ""]
    for paragraph in page.description:
        lines += (
            ["```", paragraph.replace("\b", ""), "```", ""]
            if paragraph.startswith("\b")
            else [_escaped(paragraph), ""]
        )
    for name, rows in page.sections:
        lines += [f"## {name}", "", "| option | |", "|---|---|"]
        lines += [
            f"| `{option.replace('|', chr(92) + '|')}` | {_escaped(text)} |"
            for option, text in rows
        ] + [""]
    if page.examples:
        lines += ["## Examples", "", "```", *page.examples, "```", ""]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|").replace("*", "\\*")


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
    return [".PP", *_filled(paragraph)]


def _man_examples(examples: tuple[str, ...]) -> list[str]:
    return (
        [".SH EXAMPLES", ".nf", *(_roff(line) for line in examples), ".fi"]
        if examples
        else []
    )


def _roff(text: str) -> str:
    """Text in which nothing is read as a request or an escape."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    plain = _NOT_ASCII.sub(lambda sign: f"\\[u{ord(sign[0]):04X}]", plain)
    return "\n".join(
        f"\\&{line}" if line.startswith((".", "'")) else line
        for line in plain.split("\n")
    )


def _filled(text: str) -> list[str]:
    """Text in lines that are short enough for an editor; a reader of the page fills them again."""
    return [_roff(line) for line in textwrap.wrap(text, _WIDE, break_on_hyphens=False)]


def _git_page() -> str:
    """The page of the program that `git patchpilot` starts."""
    lines = [
        _head("git-patchpilot"),
        ".SH NAME",
        _roff("git-patchpilot - patchpilot as a command of git"),
        ".SH SYNOPSIS",
        "\\fBgit patchpilot\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
        *_filled("git patchpilot is the same program as patchpilot."),
        ".SH SEE ALSO",
        "\\fBpatchpilot\\fR(1)",
    ]
    return "\n".join(lines) + "\n"


def write(directory: Path) -> None:
    """Write all man pages to a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "patchpilot.1").write_text(overview_page(), encoding="utf-8")
    # what `git help patchpilot` shows
    (directory / "git-patchpilot.1").write_text(_git_page(), encoding="utf-8")
    for page in pages():
        (directory / f"patchpilot-{page.name.replace(' ', '-')}.1").write_text(
            man_page(page), encoding="utf-8"
        )


if __name__ == "__main__":
    write(Path(sys.argv[1]))

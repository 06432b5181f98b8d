# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the tools of `patchpilot mcp` as commands, with the texts of their help."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from patchpilot.cli.command import CHOICE, DECIMAL, FLAG, NUMBER, Command, Option
from patchpilot.cli.help_page import split_paragraphs
from patchpilot.mcp.tools import Parameter, ParameterKind, Tool

_TARGET = (
    "a commit, a range A..B, a patch file in the working tree, or the <message-id> of a mail;"
    " without it: the commits of the branch that are not in its base"
)
_COMMIT = _TARGET.replace(", a patch file in the working tree, or the <message-id> of a mail", "")
_PATCH_TEXT = "a patch or an mbox, instead of target"
_KINDS = {
    FLAG: ParameterKind.FLAG,
    NUMBER: ParameterKind.NUMBER,
    DECIMAL: ParameterKind.NUMBER,
    CHOICE: ParameterKind.CHOICE,
}
TARGET = Parameter("target", _TARGET, ParameterKind.TARGET)
COMMIT = Parameter("target", _COMMIT, ParameterKind.TARGET)
PATCH = Parameter("text", _PATCH_TEXT, ParameterKind.STDIN)
FILES = Parameter(
    "files", "source files, instead of target", ParameterKind.FILES, several=True, added=("-f",)
)
_OF_RECORDS = frozenset({"noise", "gone", "asked", "rank", "rule", "checkpatch", "reference"})
_OF_RUN = frozenset({"patchpilot", "repository", "tree"})
_SHOW = "--experience=newcomer"
"""An agent reads all that helps the author of a first patch, whoever runs it."""


class _ToolRow(NamedTuple):
    """A tool: its command with fixed arguments, its use, its operands, and its options.

    `options` are spellings of options of the command; `renamed` maps them to other argument names.
    """

    name: str
    command: str
    use: str
    operands: tuple[Parameter, ...] = ()
    options: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    omitted: frozenset[str] = frozenset()
    writes: bool = False


_ROWS = (
    _ToolRow(
        "check",
        "check",
        "Use it first, and again after each change.",
        (TARGET, PATCH, FILES),
        ("--base", "--select", "--ignore", "--strict", "--since-version", "--kernel"),
        ("--fail-on=warning", _SHOW),
        _OF_RECORDS | _OF_RUN,
    ),
    _ToolRow(
        "preview_fixes",
        "check",
        "Shows the diff of all safe fixes, and changes nothing.",
        (TARGET, PATCH),
        ("--base", "--select", "--ignore"),
        ("--diff", _SHOW),
        _OF_RECORDS | _OF_RUN | {"findings"},
    ),
    _ToolRow(
        "apply_fixes",
        "check",
        "Writes the safe fixes to the files of the working tree: to patch files, or for commits to"
        " the source files, without a commit. Messages of commits are not changed.",
        (TARGET,),
        ("--base", "--select", "--ignore"),
        ("--fix", "--no-commit", _SHOW),
        _OF_RECORDS | _OF_RUN,
        writes=True,
    ),
    _ToolRow(
        "explain",
        "explain",
        "",
        (Parameter("rule", "id, name or checkpatch type of a rule", required=True),),
    ),
    _ToolRow(
        "conventions",
        "explain",
        "Shows how patches to a directory or file are written.",
        (
            Parameter(
                "path",
                "directory or file in the working tree",
                ParameterKind.PATH,
                "--path",
                required=True,
            ),
        ),
    ),
    _ToolRow("maintainers", "maintainers", "", (TARGET, PATCH, FILES), ("--base", "--per-patch")),
    _ToolRow("fixes", "fixes", "", (COMMIT,), ("--limit", "--verify", "--base")),
    _ToolRow("stable", "stable", "", (COMMIT,), ("--fixes",)),
    _ToolRow(
        "backport",
        "backport",
        "A branch with the fix has the verdict already-fixed.",
        (TARGET,),
        ("--onto", "--effort", "--fixes", "--base"),
    ),
    _ToolRow(
        "find",
        "find",
        "Use it to see whether a bug is fixed, or a change was posted, already.",
        (
            Parameter(
                "what",
                "a commit, a function, a source file, a message of a driver, or the <message-id>"
                " of a report",
                ParameterKind.TARGET,
            ),
            Parameter("text", "the output of dmesg, instead of what", ParameterKind.STDIN),
        ),
        ("--in", "--good", "--bad", "--mails"),
    ),
    _ToolRow("track", "track", "", (), ("--since", "--waiting")),
    _ToolRow(
        "series",
        "track show",
        "",
        (Parameter("series", "number in the answer of track, or a <message-id>"),),
        ("--mails", "--ledger"),
        ("--keep-unread",),
    ),
    _ToolRow(
        "preview_send",
        "send",
        "Only the preview: nothing is sent.",
        (COMMIT,),
        ("--base", "--reroll", "--resend"),
        ("--dry-run",),
    ),
)


def make_tools(commands: Mapping[str, Command], *shared: str) -> tuple[Tool, ...]:
    """Return the tools, with the descriptions of these commands.

    `shared` are options of all commands.
    """
    return tuple(_make_tool(row, commands, shared) for row in _ROWS)


def _make_tool(row: _ToolRow, commands: Mapping[str, Command], shared: tuple[str, ...]) -> Tool:
    name, *subcommand = row.command.split()
    command = commands[name]
    for part in subcommand:
        command = command.sub(part)
    options = {spelling: each for each in command.options for spelling in each.spellings}
    summary = split_paragraphs(command.help)[0]
    # the options of a group's subcommand follow its name
    return Tool(
        row.name,
        f"{summary} {row.use}".strip(),
        (*row.command.split(), *shared, "--json", *row.fixed),
        (*row.operands, *_make_parameters(row.options, options)),
        either=tuple(operand.name for operand in row.operands),
        omitted=row.omitted,
        writes=row.writes,
    )


def _make_parameters(
    spellings: tuple[str, ...], options: Mapping[str, Option]
) -> Iterator[Parameter]:
    for spelling in spellings:
        row = options[spelling]
        kind = _KINDS.get(row.kind, ParameterKind.WORDS)
        # a revision must not name a directory outside of the tree
        is_revision = row.metavar in ("REV", "REV|DIR", "COMMIT", "N")
        if kind is ParameterKind.WORDS and is_revision:
            kind = ParameterKind.TARGET
        yield Parameter(
            spelling.lstrip("-").replace("-", "_"),
            row.text,
            kind,
            spelling,
            several=row.multiple,
            choices=row.choices,
            limits=row.limits or (None, None),
        )

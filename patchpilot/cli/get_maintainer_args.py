# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers `patchpilot maintainers --format get_maintainer …` without the command-line library.

git and b4 run it once for every patch, and the library takes longer than the answer.
"""

import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.cli.option_table import (
    TEXT,
    Option,
    Table,
    base_table,
    common_table,
    read_plain,
    widths,
)

if TYPE_CHECKING:
    from patchpilot.model.get_maintainer import GetMaintainerAnswer

FORMATS = ("text", "json", "get_maintainer")
COMMON = common_table(FORMATS)
OPTIONS = (
    *base_table("base of the topic, if no TARGET is given"),
    Option(
        ("--per-patch",),
        "list the recipients of each patch instead of the series' recipients",
        plain=False,
    ),
    Option(("--brief",), "do not print reasons", plain=False),
    Option(
        ("--add-to",),
        "add ADDRESS to To: for this topic",
        TEXT,
        "ADDRESS",
        multiple=True,
        plain=False,
    ),
    Option(
        ("--add-cc",),
        "add ADDRESS to Cc: for this topic",
        TEXT,
        "ADDRESS",
        multiple=True,
        plain=False,
    ),
    Option(
        ("--drop",),
        "remove ADDRESS from the recipients of this topic",
        TEXT,
        "ADDRESS",
        multiple=True,
        plain=False,
    ),
    Option(
        ("--restore",),
        "undo --add-to, --add-cc or --drop for ADDRESS",
        TEXT,
        "ADDRESS",
        multiple=True,
        plain=False,
    ),
    Option(
        ("--reset",),
        "undo all manual changes to the recipients of this topic",
        plain=False,
    ),
    Option(
        ("--security",),
        "undisclosed security fix: only the maintainers, with a copy to the security team",
        plain=False,
    ),
)
ANSWERED = frozenset({"repo", "tree", "format", "offline", "quiet", "color"})
"""The options that the short way acts on; with another one set the whole command line answers."""


class Call(NamedTuple):
    """A parsed call of get_maintainer.

    It has the patches or files, the script's switches, the tree and repository, and whether to
    omit notes.
    """

    targets: tuple[str, ...]
    switches: dict[str, Any]
    tree: Path | None = None
    repo: Path | None = None
    quiet: bool = False


def read(argv: Sequence[str]) -> Call | None:
    """Return the call for these arguments, or None if they need the full command line."""
    if (
        not argv
        or argv[0] != "maintainers"
        or not any(word.endswith("get_maintainer") for word in argv)
    ):
        return None
    from patchpilot.errors import UsageError
    from patchpilot.model.get_maintainer import take

    table = (*COMMON, *OPTIONS)
    try:
        switches, words = take(argv[1:], width_of(table))
    except UsageError:
        return None
    plain = read_plain(table, words)
    if plain is None:
        return None
    values, targets = plain
    if (
        values["format"] != "get_maintainer"
        or values["color"]
        or any(target.startswith(("<", "http://", "https://")) for target in targets)
    ):
        return None
    if any(
        values[option.key] != option.unset
        for option in table
        if option.plain and option.key not in ANSWERED
    ):
        return None
    return Call(targets, switches, values["tree"], values["repo"], values["quiet"])


def width_of(table: Table) -> Callable[[str], int]:
    """Return a function that returns the number of arguments of an option, including its value.

    It returns 0 for a word that is not an option in the table.
    """
    known = widths(table)

    def width(word: str) -> int:
        name, equals, _ = word.partition("=")
        if equals and name in known and name.startswith("--"):
            return 1
        # -oFILE and -CDIR
        return known.get(word) or (
            1 if len(word) > 2 and word[:2] in ("-o", "-C") and word[1] != "-" else 0
        )

    return width


def answer(call: Call) -> int:
    """Print the answer; notes go to stderr."""
    from patchpilot.cli.output.stream import emit
    from patchpilot.services.maintainers.get_maintainer_answer import drop_in

    # garbage collection does not pay off in so short a run
    gc.set_threshold(100_000, 50, 50)
    result = drop_in(call.targets, call.switches, tree=call.tree, repo=call.repo)
    emit(
        shown(result, quiet=call.quiet, to_terminal=sys.stdout.isatty()),
        colored=False,
        exact=True,
    )
    return 0


def shown(result: "GetMaintainerAnswer", *, quiet: bool, to_terminal: bool) -> str:
    """Return the lines as text, made printable for a terminal.

    Notes are printed on stderr unless `quiet` is set.
    """
    text = "".join(f"{line}\n" for line in result.lines)
    if to_terminal or result.remarks:
        from patchpilot.cli.error_exit import notice
        from patchpilot.model.printable import printable

        for remark in () if quiet else result.remarks:
            notice("warning", remark)
        text = printable(text) if to_terminal else text
    return text

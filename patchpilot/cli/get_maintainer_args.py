# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot maintainers --format get_maintainer …`, answered without the command-line library: git and b4 call it once for every patch, and
the library costs more than the answer."""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from patchpilot.model.get_maintainer import GetMaintainerAnswer

_VALUED = {"--tree": "tree", "--repo": "repo", "-C": "repo", "--format": "format"}
_FLAGS = {"--offline": "", "-q": "quiet", "--quiet": "quiet", "--no-color": ""}


class Call(NamedTuple):
    """What a call asks for: patches or files, the script's switches, where to look, and whether to keep remarks back."""

    targets: tuple[str, ...]
    switches: dict[str, Any]
    tree: Path | None = None
    repo: Path | None = None
    quiet: bool = False


def read(argv: Sequence[str]) -> Call | None:
    """The call these words make; None where they hold anything that the whole command line must read."""
    if not argv or argv[0] != "maintainers" or not any(word.endswith("get_maintainer") for word in argv):
        return None
    from patchpilot.errors import UsageError
    from patchpilot.model.get_maintainer import take

    try:
        switches, words = take(argv[1:], _width)
    except UsageError:
        return None
    given: dict[str, Any] = {}
    targets = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word in _FLAGS:
            given[_FLAGS[word]] = True
        elif name in _VALUED and ((equals and name != "-C") or not equals):
            value = value if equals else next(rest, "")
            if not value:
                return None
            given[_VALUED[name]] = value
        elif word.startswith(("-", "<", "http://", "https://")) and word != "-":
            return None
        else:
            targets.append(word)
    if given.get("format") != "get_maintainer":
        return None
    tree, repo = given.get("tree"), given.get("repo")
    return Call(tuple(targets), switches, Path(tree) if tree else None, Path(repo) if repo else None, bool(given.get("quiet")))


def _width(word: str) -> int:
    """How many words an option of ours takes, its value among them; 0 for any other word."""
    if word in _VALUED:
        return 2
    name, equals, _ = word.partition("=")
    return 1 if word in _FLAGS or (equals and name in _VALUED) else 0


def answer(call: Call) -> int:
    """Print the answer; remarks go to stderr."""
    from patchpilot.cli.output.stream import emit
    from patchpilot.services.maintainers.get_maintainer_answer import drop_in

    # nothing that is made in so short a run is worth collecting
    gc.set_threshold(100_000, 50, 50)
    result = drop_in(call.targets, call.switches, tree=call.tree, repo=call.repo)
    emit(shown(result, quiet=call.quiet, to_terminal=sys.stdout.isatty()), colored=False, exact=True)
    return 0


def shown(result: "GetMaintainerAnswer", *, quiet: bool, to_terminal: bool) -> str:
    """The lines as text, harmless where a terminal gets them; remarks are told on stderr unless `quiet`."""
    text = "".join(f"{line}\n" for line in result.lines)
    if to_terminal or result.remarks:
        from patchpilot.cli.output.safe_text import printable

        for remark in () if quiet else result.remarks:
            print(f"patchpilot: {printable(remark)}", file=sys.stderr)
        text = printable(text) if to_terminal else text
    return text

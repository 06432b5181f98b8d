# SPDX-License-Identifier: GPL-2.0-or-later
"""The objects that a backport touches, compiled in a kernel tree before and after it: the warnings
that it adds.
"""

import os
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from patchpilot.commits.run import Watched, git, run
from patchpilot.errors import MissingError, UsageError
from patchpilot.model.progress import Progress
from patchpilot.model.source_tree import Tree
from patchpilot.projects.detection import project_of_tree

OBJECTS = "objects"
"""The word in place of a command: compile what the fix touches."""
_TOOLS = ("make", "gcc", "flex", "bison", "bc")
_SOURCE = re.compile(r"[\w./+,@][\w./+,@-]*\.c")
"""A C file whose object is a target of make, neither an option nor a variable (`CC=x.o`)."""
_PLACE = re.compile(r":\d+(?::\d+)?: (?=warning: )")
_WARNING = ": warning: "
_LINES = 20


@dataclass(frozen=True, slots=True)
class Compiled:
    """How the last compilation ended: its exit code, the end of its output where it failed, and the
    warnings that the branch did not have before.
    """

    code: int
    tail: str
    warnings: tuple[str, ...] = ()


def check_tools(tree: Tree) -> None:
    """UsageError where a tree is not the kernel's, MissingError with the tools that are not
    installed.
    """
    project = project_of_tree(tree)
    if project is None or not project.kernel:
        raise UsageError(
            f"--build {OBJECTS}: only a kernel tree can be built by object",
            hint="pass a command, e.g. --build 'make -j8'",
        )
    missing = [tool for tool in _TOOLS if not shutil.which(tool)]
    if missing:
        raise MissingError(
            f"--build {OBJECTS}: not installed: {', '.join(missing)}",
            hint="install what the kernel's build needs",
        )


def compile_objects(
    place: Path,
    before: str,
    after: str,
    paths: Sequence[str],
    progress: Progress,
    *,
    hours: float,
) -> Compiled:
    """Compile the objects of the C files among `paths` in a clone at two commits, configured with
    allmodconfig in a build directory next to it.
    """
    sources = [path for path in paths if _SOURCE.fullmatch(path)]
    if not sources:
        return Compiled(-1, "no C file is changed: there is no object to compile")

    def make(what: str, *words: str) -> tuple[int, str]:
        # allmodconfig makes errors of warnings
        argv = ["make", f"O={place.parent / 'build'}", "KCFLAGS=-Wno-error", *words]
        done = run(
            argv, cwd=place, timeout=Watched(hours * 3600, partial(progress, what))
        )
        return done.code, (done.out + done.err).decode("utf-8", "replace").replace(
            f"{place}/", ""
        ).strip()

    def make_objects(what: str, commit: str) -> tuple[int, str]:
        git(place, "checkout", "-q", "--detach", commit, timeout=1800)
        here = [
            f"{path.removesuffix('.c')}.o"
            for path in sources
            if (place / path).is_file()
        ]
        return make(what, "-k", f"-j{os.cpu_count() or 1}", *here) if here else (0, "")

    git(place, "checkout", "-q", "--detach", before, timeout=1800)
    code, text = make("configuring with allmodconfig", "allmodconfig")
    if code == 0:
        known = _warnings(make_objects("compiling the branch's objects", before)[1])
        code, text = make_objects("compiling the objects with the fix", after)
        if code == 0:
            return Compiled(0, "", tuple((_warnings(text) - known).elements()))
    return Compiled(code, "\n".join(text.split("\n")[-_LINES:]))


def _warnings(text: str) -> Counter[str]:
    """The warnings of a compiler, without the lines that they are for: those move."""
    return Counter(
        _PLACE.sub(": ", line) for line in text.split("\n") if _WARNING in line
    )

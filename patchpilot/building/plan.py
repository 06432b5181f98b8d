# SPDX-License-Identifier: GPL-2.0-or-later
"""Plan the build of a series: each commit's objects, and the configurations to build them in.

The configurations are the smallest ones on top of allnoconfig that include the objects.
"""

import functools
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from patchpilot.building.choose_symbols import SymbolChoice
from patchpilot.building.configuration import (
    OPTIONAL,
    Configuration,
    host_arch,
    source_arch,
)
from patchpilot.building.kconfig import Kconfig
from patchpilot.building.kconfig_names import is_kconfig
from patchpilot.building.makefiles import needs_of
from patchpilot.building.tree_state import TreeState
from patchpilot.building.work_place import SAFE
from patchpilot.cache.entries import Kind, get_or_compute
from patchpilot.model.patch import FileChange
from patchpilot.model.printable import counted

KIND = Kind("build-plan", (str(Path(__file__).parent),), 60)
SOURCES = (".c", ".S")
BUILT = (*SOURCES, ".h", ".dts", ".dtsi")
"""The suffixes of files that are built."""
_FILES = ("-l", "-z", "-E")
_USERS = {".h": ("*.c",), ".dtsi": ("*.dts", "*.dtsi")}
"""The files that may include a file with each of these suffixes."""
INCLUDERS = 8
"""Maximum number of files built for a changed header, unless all are requested."""
_BASE = ("SMP", "MODULES")
_USUAL = ("DYNAMIC_DEBUG", "DEBUG_SECTION_MISMATCH")
"""Symbols without which compilers drop debugging output and inline functions whose sections modpost
compares.
"""
_NOT_KBUILD = (
    "tools/",
    "Documentation/",
    "samples/",
    "scripts/",
    "usr/",
    "rust/",
    "certs/",
)
_OTHER_ARCHES = ("arm64", "arm", "riscv", "powerpc", "mips", "s390", "sparc64", "m68k")
_SHORT = {"x86_64": "i386", "arm64": "arm"}
_BYTE_ORDER = re.compile(
    r"(?:__)?[bl]e(?:16|32|64)|cpu_to|_to_cpu|bitfield|htons|ntohs|htonl|ntohl"
)
_BIG_ENDIAN = "powerpc"
_MOST_LEVELS, _MOST_NAMES = 8, 500
"""Limits on the nesting of devicetree includes, and on the names searched for at once."""
_WHOLE = re.compile(r"arch/\w+/boot/dts/.*\.dts|include/uapi/.*\.h")
"""Files that are compiled without depending on a symbol: blobs, and headers for user space."""
_NAMED = re.compile(r"\bCONFIG_(\w+?)(?:_MODULE)?\b")
_DEBUGGING = re.compile(
    r"(?:DEBUG_(?!FS)|PROVE_|KASAN|KCSAN|KMSAN|LOCK|PREEMPT|TRAC|FTRACE|FUNCTION_|GCOV)"
)
_OF_ARCH = re.compile(r"arch/(\w+)/")
_WORD = re.compile(r"[A-Za-z_]\w{3,}")


class BuildOptions(NamedTuple):
    """The options of a build: a configuration's text, architectures, compilers, and the extent.

    `place` is the name of the build directory, if there are several.
    """

    config: str | None = None
    arches: tuple[str, ...] = ()
    llvm: bool = False
    gcc: bool = False
    quick: bool = False
    every: bool = False
    jobs: int = 1
    place: str = ""

    @property
    def first_arch(self) -> str:
        """Return the architecture for files that do not belong to one."""
        return (self.arches or (host_arch(),))[0]


class Change(NamedTuple):
    """A commit of the series: the tree states before and after it, its diff, and its title."""

    before: TreeState
    after: TreeState
    files: tuple[FileChange, ...]
    title: str


class Plan(NamedTuple):
    """A build plan.

    It has, for each change, the source files to build and the reasons why others are not built; and
    the configurations, each with the files to build in it.
    """

    sources: Sequence[tuple[str, ...]]
    configurations: Sequence[tuple[Configuration, tuple[str, ...]]]
    notes: Sequence[Sequence[str]]


def is_target(path: str) -> bool:
    """Return whether a path contains only characters that other programs accept in paths."""
    return SAFE.fullmatch(path) is not None


def make_plan(changes: Sequence[Change], options: BuildOptions) -> Plan:
    """Return the build plan for a series."""
    planned = [_sources(change, options) for change in changes]
    every = tuple(dict.fromkeys(path for own, _ in planned for path in own))
    chosen: list[tuple[Configuration, tuple[str, ...]]] = []
    if objects := [path for path in every if path.endswith(SOURCES)]:
        chosen, refused = _object_configurations(changes, options, objects)
        for own, notes in planned:
            notes += [
                f"{path} was not built: {why}"
                for path, why in refused.items()
                if path in own
            ]
    paths = (file.path for change in changes for file in change.files)
    whole = [path for path in every if path not in objects]
    whole += filter(is_kconfig, () if every else paths)
    by_arch = defaultdict[str, list[str]](list)
    for path in whole:
        named = _OF_ARCH.match(path)
        by_arch[named[1] if named else options.first_arch].append(path)
    for arch, some in by_arch.items():
        new = Configuration(arch, options.llvm), ()
        made, own = next((row for row in chosen if row[0].arch == arch), new)
        rest = [row for row in chosen if row[0] != made]
        chosen = [(made, (*own, *some)), *rest]
    return Plan([own for own, _ in planned], chosen, [notes for _, notes in planned])


def _object_configurations(
    changes: Sequence[Change], options: BuildOptions, paths: Sequence[str]
) -> tuple[list[tuple[Configuration, tuple[str, ...]]], dict[str, str]]:
    """Return the configurations, and the reason for each file that has none.

    Results are cached, because reading all Kconfig files takes seconds.
    """
    files = [file for change in changes for file in change.files]
    state = changes[-1].after
    guards = _guards(state, files)
    text = (line.text for file in files for line in file.lines("+"))
    chooser = _Chooser(
        state, options, guards, is_ordered=any(map(_BYTE_ORDER.search, text))
    )
    programs = [*map(shutil.which, OPTIONAL)]
    rest = options._replace(jobs=1, place=""), programs, host_arch()
    inputs = repr((rest, guards, chooser.is_ordered, paths))

    def chosen() -> tuple[Any, ...]:
        rows = [(tuple(one), own) for one, own in chooser.configurations(paths)]
        return rows, chooser.refused

    rows, refused = get_or_compute(KIND, (state.build_digest, inputs), chosen)
    return [(Configuration(*row), own) for row, own in rows], refused


def _guards(state: TreeState, changes: Iterable[FileChange]) -> tuple[str, ...]:
    """Return the Kconfig symbols named in changed files, except debugging symbols.

    Without these symbols, parts of the files are not compiled.
    """
    paths = [file.path for file in changes if file.path.endswith((".c", ".h"))]
    text = "\n".join(filter(None, map(state.read, paths)))
    names = dict.fromkeys(_NAMED.findall(text))
    return tuple(name for name in names if not _DEBUGGING.match(name))


def _sources(
    change: Change, options: BuildOptions
) -> tuple[tuple[str, ...], list[str]]:
    """Return the source files whose objects a change affects, and notes on unbuilt files."""
    found: dict[str, None] = {}
    notes: list[str] = []
    for file in change.files:
        path = file.path
        if file.new_path is None:
            continue
        if path.endswith((*SOURCES, ".h")) and path.startswith(_NOT_KBUILD):
            notes.append(f"{path} was not built: only objects of the kernel are")
        elif path.endswith(SOURCES) or _WHOLE.fullmatch(path):
            found[path] = None
    for file in change.files:
        suffix = PurePosixPath(file.path).suffix
        if suffix in _USERS and not file.path.startswith(_NOT_KBUILD):
            more, left = _includers(change.after, file, tuple(found), options)
            found |= dict.fromkeys(more)
            if left:
                notes.append(
                    f"{counted(left, 'more file')} with what changed in {file.path} not built;"
                    " --all builds every one"
                )
    usable = tuple(path for path in found if is_target(path))
    notes += [
        f"{path!r} was not built: its name" for path in found if path not in usable
    ]
    return usable, notes


def _includers(
    state: TreeState,
    file: FileChange,
    known: tuple[str, ...],
    options: BuildOptions,
) -> tuple[tuple[str, ...], int]:
    """Return the source files affected by a change to a header, and the number of any others.

    Files with a word from the changed lines come first, in order of distance.
    """
    folder, _, name = file.path.rpartition("/")
    kinds = _USERS[PurePosixPath(name).suffix]
    users = _find_includers(state, name, kinds)
    text = "\n".join(line.text for kind in "+-" for line in file.lines(kind))
    rare = sorted(set(_WORD.findall(text)), key=len)[-12:]
    patterns = [rf"\b{word}\b" for word in rare]
    naming = set(state.grep(patterns, *_FILES, paths=kinds) if rare else ())
    if name.endswith(".dtsi"):
        # headers are included by name, and these words occur in every devicetree
        naming &= users

    def distance(path: str) -> tuple[bool, bool, str]:
        return path not in users, not path.startswith(f"{folder}/"), path

    usable = [
        path
        for path in sorted(naming & users or naming or users, key=distance)
        if path not in known and not path.startswith(_NOT_KBUILD)
    ]
    most = len(usable) if options.every else max(INCLUDERS - len(known), 1)
    return tuple(usable[:most]), len(usable[most:])


def _find_includers(state: TreeState, name: str, kinds: Sequence[str]) -> set[str]:
    """Return the sources that include a file; devicetree sources may do so through a `.dtsi`
    file.
    """
    found: set[str] = set()
    names = [name]
    for _ in range(_MOST_LEVELS):
        if not names:
            break
        either = "|".join(map(re.escape, names[:_MOST_NAMES]))
        users = state.grep([f'include.*[</"]({either})'], *_FILES, paths=kinds)
        new = set(users) - found
        found |= new
        names = [path.rpartition("/")[2] for path in new if path.endswith(".dtsi")]
    return {path for path in found if not path.endswith(".dtsi")}


class _Chooser:
    """Find the configurations for source files.

    `refused` maps files without a configuration to the reason.
    """

    def __init__(
        self,
        state: TreeState,
        options: BuildOptions,
        guards: tuple[str, ...],
        *,
        is_ordered: bool,
    ) -> None:
        self._options, self._guards, self.is_ordered = options, guards, is_ordered
        self._kconfig = functools.cache(partial(Kconfig, state.read))
        self._needs = functools.cache(partial(needs_of, state.read))
        self.refused: dict[str, str] = {}

    def configurations(
        self, paths: Sequence[str]
    ) -> Iterator[tuple[Configuration, tuple[str, ...]]]:
        """Yield the configurations, each with the files that it builds, most likely first."""
        if self._options.config is not None:
            given = Configuration(
                self._options.first_arch,
                self._options.llvm,
                given=self._options.config,
                checks=True,
            )
            yield given, tuple(paths)
            return
        for arch, own in self._first_architectures(paths).items():
            yield from self._arch_configurations(arch, tuple(own))

    def _first_architectures(self, paths: Sequence[str]) -> dict[str, list[str]]:
        """Group the files by the architecture to try first."""
        found: dict[str, list[str]] = {}
        for path in paths:
            for arch in self._arches(path):
                if self._together(arch, (path,), minimal=True)[1]:
                    found.setdefault(arch, []).append(path)
                    break
            else:
                self.refused[path] = self._reason(path)
        return found

    def _arches(self, path: str) -> tuple[str, ...]:
        """Return the values of ARCH with which a file may be built, in the order to try them."""
        host, own = host_arch(), _OF_ARCH.match(path)
        others = (own[1],) if own else _OTHER_ARCHES
        is_host = not own or own[1] == source_arch(host)
        first = (host,) if is_host else ()
        more = () if (own and is_host) or not shutil.which("clang") else others
        return self._options.arches or (*first, *more)

    def _reason(self, path: str) -> str:
        if not self._needs(path):
            return "no Makefile names its object"
        if not self._arches(path):
            return "clang is not installed"
        names = ", ".join(f"CONFIG_{name}" for name in self._needs(path)[0].symbols)
        return f"no configuration enables {names}; --config FILE may"

    def _arch_configurations(
        self, arch: str, paths: tuple[str, ...]
    ) -> Iterator[tuple[Configuration, tuple[str, ...]]]:
        """Yield the configurations of files that are built for one architecture first."""
        short = _SHORT.get(host_arch())
        llvm = arch not in (host_arch(), short) or self._options.llvm
        plain = Configuration(arch, llvm)
        made = [plain._replace(checks=True)]
        if not self._options.quick:
            may_clang = not self._options.gcc and shutil.which("clang") is not None
            made.append(plain._replace(minimal=True))
            if may_clang and not llvm:
                made.append(plain._replace(llvm=True))
            if not self._options.arches and arch == host_arch():
                made += [plain._replace(arch=short)] if short else []
                if may_clang and self.is_ordered:
                    made.append(Configuration(_BIG_ENDIAN, llvm=True))
        for variant in made:
            is_foreign = variant.arch == _BIG_ENDIAN != arch
            own = (it for it in paths if not (is_foreign and it.startswith("arch/")))
            yield from self._group_configurations(variant, tuple(own))

    def _group_configurations(
        self, made: Configuration, paths: tuple[str, ...]
    ) -> Iterator[tuple[Configuration, tuple[str, ...]]]:
        """Yield a configuration for as many files as are compatible, then one for the others.

        A minimal configuration disables everything that the files do not need, and builds them in.
        """
        left = paths
        while left:
            choice, reached = self._together(made.arch, left, minimal=made.minimal)
            if not reached:
                return
            wanted = tuple(dict.fromkeys(chain(*reached.values())))
            text = choice.text(() if made.minimal else wanted)
            yield made._replace(fragment=text, wanted=wanted), tuple(reached)
            left = tuple(path for path in left if path not in reached)

    def _together(
        self, arch: str, paths: Sequence[str], *, minimal: bool
    ) -> tuple[SymbolChoice, dict[str, tuple[str, ...]]]:
        """Choose symbols for as many of the files as are compatible; return them with each file's
        own symbols.
        """
        choice = SymbolChoice(self._kconfig(source_arch(arch)), _BASE)
        if minimal:
            choice.keep_off(self._guards)
        reached: dict[str, tuple[str, ...]] = {}
        for path in paths:
            need = self._turn_on_any(choice, path)
            if need is None and not reached:
                # it may depend on a symbol that must stay off
                choice.off = frozenset()
                need = self._turn_on_any(choice, path)
            if need is not None:
                reached[path] = need
        if not minimal:
            for name in (*_USUAL, *self._guards):
                choice.turn_on(name)
        return choice, reached

    def _turn_on_any(self, choice: SymbolChoice, path: str) -> tuple[str, ...] | None:
        ways = (need.symbols for need in self._needs(path))
        return next(filter(choice.turn_on_all, ways), None)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Plan the build of a series: which objects to build for each commit, in the smallest
configurations on top of allnoconfig that include them.
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
    OPTIONAL_PROGRAMS,
    Configuration,
    host_arch,
    source_arch,
)
from patchpilot.building.kconfig import Kconfig
from patchpilot.building.kconfig_names import is_kconfig
from patchpilot.building.makefiles import needs_of
from patchpilot.building.tree_state import TreeState
from patchpilot.building.work_place import SAFE
from patchpilot.cache.entries import CacheKind, get_or_compute
from patchpilot.model.patch import FileChange
from patchpilot.model.printable import format_count

KIND = CacheKind("build-plan", (str(Path(__file__).parent),), 60)
SOURCES = (".c", ".S")
BUILT = (*SOURCES, ".h", ".dts", ".dtsi")
"""Suffixes of files that can be built."""
_GREP_FLAGS = ("-l", "-z", "-E")
_INCLUDING_FILES = {".h": ("*.c",), ".dtsi": ("*.dts", "*.dtsi")}
"""Which files may include a file with each suffix."""
INCLUDERS = 8
"""Maximum number of files to build for a changed header, unless all are requested."""
_ALWAYS_ENABLED = ("SMP", "MODULES")
_ENABLED_IF_POSSIBLE = ("DYNAMIC_DEBUG", "DEBUG_SECTION_MISMATCH")
"""Without these, compilers drop debug output, and inline functions whose sections modpost
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
_COMPAT_ARCH = {"x86_64": "i386", "arm64": "arm"}
_BYTE_ORDER = re.compile(
    r"(?:__)?[bl]e(?:16|32|64)|cpu_to|_to_cpu|bitfield|htons|ntohs|htonl|ntohl"
)
_BIG_ENDIAN = "powerpc"
_MOST_LEVELS, _MOST_NAMES = 8, 500
"""Limits on the nesting of devicetree includes, and on the names searched for at once."""
_WHOLE = re.compile(r"arch/\w+/boot/dts/.*\.dts|include/uapi/.*\.h")
"""Files that are built regardless of symbols: devicetree blobs and user-space headers."""
_CONFIG_NAME = re.compile(r"\bCONFIG_(\w+?)(?:_MODULE)?\b")
_DEBUGGING = re.compile(
    r"(?:DEBUG_(?!FS)|PROVE_|KASAN|KCSAN|KMSAN|LOCK|PREEMPT|TRAC|FTRACE|FUNCTION_|GCOV)"
)
_ARCH_PATH = re.compile(r"arch/(\w+)/")
_WORD = re.compile(r"[A-Za-z_]\w{3,}")


class BuildOptions(NamedTuple):
    """The options of a build.

    `config` is the text of a .config. If `every` is set, all files that include a changed header
    are built. `place` is the name of the build directory, if there are several.
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
        """Return the architecture used for files that do not belong to an architecture."""
        return (self.arches or (host_arch(),))[0]


class Change(NamedTuple):
    """A commit with its diff, its title, and the trees before and after it."""

    before: TreeState
    after: TreeState
    files: tuple[FileChange, ...]
    title: str


class Plan(NamedTuple):
    """A build plan.

    `sources` contains the files to build for each change. `notes` contains the reasons why other
    files are not built. `configurations` contains each configuration with the files to build in it.
    """

    sources: Sequence[tuple[str, ...]]
    configurations: Sequence[tuple[Configuration, tuple[str, ...]]]
    notes: Sequence[Sequence[str]]


def is_target(path: str) -> bool:
    """Return whether all characters of a path are allowed in make targets and arguments."""
    return SAFE.fullmatch(path) is not None


def make_plan(changes: Sequence[Change], options: BuildOptions) -> Plan:
    """Return the build plan of a series."""
    planned = [_sources(change, options) for change in changes]
    all_paths = tuple(dict.fromkeys(path for change_paths, _ in planned for path in change_paths))
    chosen: list[tuple[Configuration, tuple[str, ...]]] = []
    if objects := [path for path in all_paths if path.endswith(SOURCES)]:
        chosen, reasons = _object_configurations(changes, options, objects)
        for change_paths, notes in planned:
            notes += [
                f"{path} was not built: {reason}"
                for path, reason in reasons.items()
                if path in change_paths
            ]
    paths = (file.path for change in changes for file in change.files)
    unconditional = [path for path in all_paths if path not in objects]
    unconditional += filter(is_kconfig, () if all_paths else paths)
    by_arch = defaultdict[str, list[str]](list)
    for path in unconditional:
        arch_match = _ARCH_PATH.match(path)
        by_arch[arch_match[1] if arch_match else options.first_arch].append(path)
    for arch, arch_paths in by_arch.items():
        new = Configuration(arch, options.llvm), ()
        configuration_, change_paths = next((row for row in chosen if row[0].arch == arch), new)
        other_rows = [row for row in chosen if row[0] != configuration_]
        chosen = [(configuration_, (*change_paths, *arch_paths)), *other_rows]
    return Plan(
        [change_paths for change_paths, _ in planned],
        chosen,
        [notes for _, notes in planned],
    )


def _object_configurations(
    changes: Sequence[Change], options: BuildOptions, paths: Sequence[str]
) -> tuple[list[tuple[Configuration, tuple[str, ...]]], dict[str, str]]:
    """Return the configurations, and the reason for each file without one.

    The result is cached, because parsing all Kconfig files takes seconds.
    """
    files = [file for change in changes for file in change.files]
    state = changes[-1].after
    guards = _guards(state, files)
    added_texts = (line.text for file in files for line in file.lines("+"))
    chooser = _Chooser(state, options, guards, is_ordered=any(map(_BYTE_ORDER.search, added_texts)))
    programs = [*map(shutil.which, OPTIONAL_PROGRAMS)]
    key_options = options._replace(jobs=1, place=""), programs, host_arch()
    inputs = repr((key_options, guards, chooser.is_ordered, paths))

    def choose() -> tuple[Any, ...]:
        rows = [
            (tuple(configuration_), config_paths)
            for configuration_, config_paths in chooser.configurations(paths)
        ]
        return rows, chooser.skip_reasons

    rows, reasons = get_or_compute(KIND, (state.build_digest, inputs), choose)
    return [(Configuration(*row), config_paths) for row, config_paths in rows], reasons


def _guards(state: TreeState, changes: Iterable[FileChange]) -> tuple[str, ...]:
    """Return the Kconfig symbols that occur in changed files, except debugging symbols.

    If they are disabled, parts of the files are not compiled.
    """
    paths = [file.path for file in changes if file.path.endswith((".c", ".h"))]
    text = "\n".join(filter(None, map(state.read, paths)))
    names = dict.fromkeys(_CONFIG_NAME.findall(text))
    return tuple(name for name in names if not _DEBUGGING.match(name))


def _sources(change: Change, options: BuildOptions) -> tuple[tuple[str, ...], list[str]]:
    """Return the source files to build for a change, and the reasons for not building others."""
    paths: dict[str, None] = {}
    notes: list[str] = []
    for file in change.files:
        path = file.path
        if file.new_path is None:
            continue
        if path.endswith((*SOURCES, ".h")) and path.startswith(_NOT_KBUILD):
            notes.append(f"{path} was not built: only objects of the kernel are")
        elif path.endswith(SOURCES) or _WHOLE.fullmatch(path):
            paths[path] = None
    for file in change.files:
        suffix = PurePosixPath(file.path).suffix
        if suffix in _INCLUDING_FILES and not file.path.startswith(_NOT_KBUILD):
            includers, remaining = _includers(change.after, file, tuple(paths), options)
            paths |= dict.fromkeys(includers)
            if remaining:
                notes.append(
                    f"{format_count(remaining, 'more file')} with what changed in"
                    f" {file.path} not built; help: run `patchpilot build --all`"
                )
    targets = tuple(path for path in paths if is_target(path))
    notes += [f"{path!r} was not built: its name" for path in paths if path not in targets]
    return targets, notes


def _includers(
    state: TreeState,
    file: FileChange,
    known_paths: tuple[str, ...],
    options: BuildOptions,
) -> tuple[tuple[str, ...], int]:
    """Return the source files affected by a change to a header, and how many such files were left
    out.

    Files that contain a word from the changed lines and nearby files come first.
    """
    folder, _, name = file.path.rpartition("/")
    kinds = _INCLUDING_FILES[PurePosixPath(name).suffix]
    includers = _find_includers(state, name, kinds)
    text = "\n".join(line.text for kind in "+-" for line in file.lines(kind))
    longest_words = sorted(set(_WORD.findall(text)), key=len)[-12:]
    patterns = [rf"\b{word}\b" for word in longest_words]
    files_with_words = set(state.grep(patterns, *_GREP_FLAGS, paths=kinds) if longest_words else ())
    if name.endswith(".dtsi"):
        # devicetrees include files by name, and all of them would match the words of the changed
        # lines
        files_with_words &= includers

    def distance(path: str) -> tuple[bool, bool, str]:
        return path not in includers, not path.startswith(f"{folder}/"), path

    candidates = [
        path
        for path in sorted(
            files_with_words & includers or files_with_words or includers, key=distance
        )
        if path not in known_paths and not path.startswith(_NOT_KBUILD)
    ]
    limit = len(candidates) if options.every else max(INCLUDERS - len(known_paths), 1)
    return tuple(candidates[:limit]), len(candidates[limit:])


def _find_includers(state: TreeState, name: str, kinds: Sequence[str]) -> set[str]:
    """Return the source files that include a file. A devicetree may include it through `.dtsi`
    files.
    """
    includers: set[str] = set()
    names = [name]
    for _ in range(_MOST_LEVELS):
        if not names:
            break
        alternatives = "|".join(map(re.escape, names[:_MOST_NAMES]))
        users = state.grep([f'include.*[</"]({alternatives})'], *_GREP_FLAGS, paths=kinds)
        new_includers = set(users) - includers
        includers |= new_includers
        names = [path.rpartition("/")[2] for path in new_includers if path.endswith(".dtsi")]
    return {path for path in includers if not path.endswith(".dtsi")}


class _Chooser:
    """A chooser of configurations for source files.

    `skip_reasons` maps each file without a configuration to the reason.
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
        self.skip_reasons: dict[str, str] = {}

    def configurations(
        self, paths: Sequence[str]
    ) -> Iterator[tuple[Configuration, tuple[str, ...]]]:
        """Yield configurations, most likely first, each with the files to build in it."""
        if self._options.config is not None:
            configuration = Configuration(
                self._options.first_arch,
                self._options.llvm,
                given=self._options.config,
                checks=True,
            )
            yield configuration, tuple(paths)
            return
        for arch, arch_paths in self._first_architectures(paths).items():
            yield from self._arch_configurations(arch, tuple(arch_paths))

    def _first_architectures(self, paths: Sequence[str]) -> dict[str, list[str]]:
        """Group files by the first architecture for which they can be built."""
        paths_by_arch: dict[str, list[str]] = {}
        for path in paths:
            for arch in self._arches(path):
                if self._choose_symbols(arch, (path,), minimal=True)[1]:
                    paths_by_arch.setdefault(arch, []).append(path)
                    break
            else:
                self.skip_reasons[path] = self._reason(path)
        return paths_by_arch

    def _arches(self, path: str) -> tuple[str, ...]:
        """Return the values of ARCH for which a file may be built, preferred ones first."""
        host, path_arch = host_arch(), _ARCH_PATH.match(path)
        candidates = (path_arch[1],) if path_arch else _OTHER_ARCHES
        is_host = not path_arch or path_arch[1] == source_arch(host)
        host_arches = (host,) if is_host else ()
        cross_arches = () if (path_arch and is_host) or not shutil.which("clang") else candidates
        return self._options.arches or (*host_arches, *cross_arches)

    def _reason(self, path: str) -> str:
        if not self._needs(path):
            return "no Makefile names its object"
        if not self._arches(path):
            return "clang is not installed"
        names = ", ".join(f"CONFIG_{name}" for name in self._needs(path)[0].symbols)
        return f"no configuration enables {names}; help: run `patchpilot build --config FILE`"

    def _arch_configurations(
        self, arch: str, paths: tuple[str, ...]
    ) -> Iterator[tuple[Configuration, tuple[str, ...]]]:
        compat_arch = _COMPAT_ARCH.get(host_arch())
        llvm = arch not in (host_arch(), compat_arch) or self._options.llvm
        base = Configuration(arch, llvm)
        variants = [base._replace(checks=True)]
        if not self._options.quick:
            uses_clang = not self._options.gcc and shutil.which("clang") is not None
            variants.append(base._replace(minimal=True))
            if uses_clang and not llvm:
                variants.append(base._replace(llvm=True))
            if not self._options.arches and arch == host_arch():
                variants += [base._replace(arch=compat_arch)] if compat_arch else []
                if uses_clang and self.is_ordered:
                    variants.append(Configuration(_BIG_ENDIAN, llvm=True))
        for variant in variants:
            is_foreign = variant.arch == _BIG_ENDIAN != arch
            own_paths = (path for path in paths if not (is_foreign and path.startswith("arch/")))
            yield from self._group_configurations(variant, tuple(own_paths))

    def _group_configurations(
        self, template: Configuration, paths: tuple[str, ...]
    ) -> Iterator[tuple[Configuration, tuple[str, ...]]]:
        """Yield a configuration for as many compatible files as possible, and then others for the
        rest.
        """
        remaining = paths
        while remaining:
            choice, enabled = self._choose_symbols(
                template.arch, remaining, minimal=template.minimal
            )
            if not enabled:
                return
            symbols = tuple(dict.fromkeys(chain(*enabled.values())))
            fragment = choice.text(() if template.minimal else symbols)
            yield template._replace(fragment=fragment, wanted=symbols), tuple(enabled)
            remaining = tuple(path for path in remaining if path not in enabled)

    def _choose_symbols(
        self, arch: str, paths: Sequence[str], *, minimal: bool
    ) -> tuple[SymbolChoice, dict[str, tuple[str, ...]]]:
        """Choose symbols for as many compatible files as possible. Return each file's symbols."""
        choice = SymbolChoice(self._kconfig(source_arch(arch)), _ALWAYS_ENABLED)
        if minimal:
            choice.keep_off(self._guards)
        enabled: dict[str, tuple[str, ...]] = {}
        for path in paths:
            symbols = self._enable_any(choice, path)
            if symbols is None and not enabled:
                # allow all symbols, because the file's dependencies may include one that must stay
                # disabled
                choice.off = frozenset()
                symbols = self._enable_any(choice, path)
            if symbols is not None:
                enabled[path] = symbols
        if not minimal:
            for name in (*_ENABLED_IF_POSSIBLE, *self._guards):
                choice.turn_on(name)
        return choice, enabled

    def _enable_any(self, choice: SymbolChoice, path: str) -> tuple[str, ...] | None:
        alternatives = (need.symbols for need in self._needs(path))
        return next(filter(choice.turn_on_all, alternatives), None)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Run make on single objects in a checked-out kernel tree."""

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from patchpilot.building.configuration import Configuration
from patchpilot.building.diagnostics import (
    ERROR,
    ObjectReport,
    object_in,
    pair_with_objects,
    read_diagnostics,
)
from patchpilot.building.makefiles import target_of
from patchpilot.building.module_symbols import needed_symbols
from patchpilot.building.output_folder import OutputFolder
from patchpilot.commits.confinement import Access, run_confined, stream_confined
from patchpilot.commits.run import RunWatch
from patchpilot.errors import GitError
from patchpilot.model.printable import make_printable
from patchpilot.model.progress import Progress

_TIMEOUT = 6 * 3600.0
_HEADER_TIMEOUT = 60.0
_USER_SPACE = (
    *("-fsyntax-only", "-std=c90", "-Wall", "-Werror=implicit-function-declaration"),
    *("-D__EXPORTED_HEADERS__", "-D__packed=__attribute__((packed))"),
    *(f"-D{word}=" for word in ("__user", "__force", "__iomem", "__attribute_const__")),
    *(f"-D{word}=__{word}__" for word in ("inline", "asm")),
)
_TAIL = 12
_FRAGMENT = "patchpilot.config"
_MISSING = re.compile("No such file or directory|No rule to make target|can't open file")
_FAILURE = re.compile(r"^[^\s:]*Kconfig[^\s:]*:\d+: |rror|\*\*\*")
_DEPENDENCY = re.compile(r"^\s+(\S+?)\s*\\?$", re.MULTILINE)


class Maker:
    """A kernel tree, and an output directory in which make runs.

    `lacks_file` is set if make reports a missing file. The checkout may then be partial.
    """

    def __init__(
        self,
        tree: Path,
        output: Path,
        configuration: Configuration,
        jobs: int,
        progress: Progress,
    ) -> None:
        self._tree, self._output, self._progress = tree, output, progress
        self._files, self._access = OutputFolder(output), Access((tree,), (output,))
        self._configuration, self._jobs = configuration, jobs
        self.lacks_file = False

    def configure(self, build_digest: str) -> tuple[tuple[str, ...], str]:
        """Configure the tree, unless the output directory already has this configuration.

        `build_digest` changes whenever the tree's Kconfig files change. Return the symbols that did
        not stay enabled, and make's error message or "".
        """
        self._files.remove_special_files(self._tree)
        # not in the output folder, where the build could write it
        stamp = self._output.with_name(f"{self._output.name.replace('out-', 'state-', 1)}")
        state = f"{self._configuration.key} {build_digest}"
        is_configured = stamp.exists() and stamp.read_text("utf-8") == state
        if not is_configured or not self._files.has(".config"):
            stamp.unlink(missing_ok=True)
            if failure := self._configure():
                return (), failure
            stamp.write_text(state, "utf-8")
        text = self._files.read(".config") or ""
        enabled = set(re.findall(r"^CONFIG_(\w+)=[ym]$", text, re.MULTILINE))
        return tuple(name for name in self._configuration.wanted if name not in enabled), ""

    def _configure(self) -> str:
        """Create the .config, and return the error of make or ""."""
        target, env = "olddefconfig", {}
        self._files.remove(".config")
        if self._configuration.given is not None:
            self._files.write(".config", self._configuration.given)
        else:
            self._files.write(_FRAGMENT, self._configuration.fragment)
            target, env = "allnoconfig", {"KCONFIG_ALLCONFIG": str(self._output / _FRAGMENT)}
        code, lines = self._make((target,), f"configuring {self._configuration.label}", env)
        return _last_error(lines) if code else ""

    def objects(self, paths: Sequence[str]) -> dict[str, ObjectReport]:
        """Build the objects of these source files, and return a report on each."""
        headers = [path for path in paths if path.endswith(".h")]
        targets = {target_of(self._read, path): path for path in paths if path not in headers}
        for target in targets:
            self._files.remove(target)
        checks = ["C=1"] if self._configuration.uses_sparse else []
        # targets of devicetree blobs are relative to the architecture's boot/dts
        names = (target.rpartition("/boot/dts/")[2] for target in targets)
        arguments = ("-k", "W=1", *checks, "KCFLAGS=-Wno-error", *names)
        arguments += ("prepare",) if headers else ()
        step = f"building for {self._configuration.label}"
        _, lines = self._make(arguments, step, {})
        return self._reports(targets, lines) | {path: self._test_header(path) for path in headers}

    def _test_header(self, path: str) -> ObjectReport:
        """Compile a header as a user-space program would, as usr/include/Makefile does with the
        installed header.

        Macros that scripts/headers_install.sh removes are defined as empty.
        """
        # not in the output folder, where the build could replace it by a link
        stand_ins = self._output.with_name("uapi") / "linux"
        stand_ins.mkdir(parents=True, exist_ok=True)
        for name in ("compiler.h", "compiler_types.h"):
            (stand_ins / name).touch()
        include_folders = ("include", f"arch/{self._configuration.source_arch}/include")
        folders = [
            stand_ins.parent,
            *(f"{top}/uapi" for top in include_folders),
            "usr/dummy-include",
        ]
        folders += [self._output / top / "generated" / "uapi" for top in include_folders]
        argv = [
            self._configuration.compiler,
            *_USER_SPACE,
            *(f"-I{folder}" for folder in folders),
            "-xc",
            "/dev/null",
            # include the header twice to test its include guard
            f"-include{path}",
            f"-include{path}",
        ]
        try:
            access = Access((self._tree, stand_ins.parent), (self._output,))
            completed = run_confined(argv, access, cwd=self._tree, timeout=_HEADER_TIMEOUT)
        except GitError:
            return ObjectReport((), False)
        lines = completed.error_text.split("\n")
        return ObjectReport(read_diagnostics(lines, str(self._tree)), True)

    def _read(self, path: str) -> str | None:
        file = self._tree / path
        return file.read_text("utf-8", "replace") if file.is_file() else None

    def find_sources(self, path: str) -> tuple[str, ...]:
        """Return the files in the tree from which an object was built, or none if unknown."""
        command = self._command(target_of(self._read, path))
        dependencies = command.partition("\ndeps_")[2].partition("\n\n")[0]
        prefix = f"{self._tree}/"
        names = (name for name in _DEPENDENCY.findall(dependencies) if name.startswith(prefix))
        paths = {path, *(os.path.normpath(name.removeprefix(prefix)) for name in names)}
        return tuple(sorted(paths)) if command else ()

    def _command(self, target: str) -> str:
        folder, slash, name = target.rpartition("/")
        return self._files.read(f"{folder}{slash}.{name}.cmd") or ""

    def _reports(self, targets: Mapping[str, str], lines: list[str]) -> dict[str, ObjectReport]:
        lines_by_target = defaultdict[str, list[str]](list)
        for name, line in pair_with_objects(lines):
            lines_by_target[name if name in targets else ""].append(line)
        result = {}
        for target, path in targets.items():
            diagnostics = read_diagnostics(lines_by_target[target], str(self._tree))
            is_built = self._files.has(target)
            if not is_built and ERROR not in {diagnostic.kind for diagnostic in diagnostics}:
                # make may have failed before it reached any object, so add the errors that it
                # printed
                diagnostics += read_diagnostics(lines_by_target[""], str(self._tree))
            if is_built and target.endswith(".o"):
                command = self._command(target)
                diagnostics += tuple(
                    needed_symbols(self._files, self._access, target, path, command)
                )
            result[path] = ObjectReport(diagnostics, is_built)
        return result

    def _make(
        self,
        arguments: Sequence[str],
        step: str,
        env: Mapping[str, str],
    ) -> tuple[int, list[str]]:
        argv = [
            "make",
            f"-j{self._jobs}",
            "--output-sync=target",
            "--no-print-directory",
            f"O={self._output}",
            *self._configuration.words,
            *arguments,
        ]
        lines: list[str] = []
        status = [step]

        def line(text: str) -> None:
            lines.append(text)
            self.lacks_file |= _MISSING.search(text) is not None
            if name := object_in(text):
                status[0] = f"{step}: {name}"

        def running() -> None:
            self._progress(make_printable(status[0]))

        code = stream_confined(
            argv,
            line,
            self._access,
            env=env,
            cwd=self._tree,
            watched=RunWatch(_TIMEOUT, running),
        )
        return code, lines


def _last_error(lines: Sequence[str]) -> str:
    last_lines = [line.strip() for line in lines[-_TAIL * 4 :] if line.strip()]
    errors = [line for line in last_lines if _FAILURE.search(line)]
    return make_printable((errors or last_lines or ["make printed nothing"])[0])[:300]

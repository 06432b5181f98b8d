# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tests on a mutant: in a copy of the tree that subprocesses import from too, in a fork of a
process that has pytest loaded.
"""

import importlib
import os
import py_compile
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.mutants.operators import Mutant

MEMORY = 4 << 30
NOT_RUN = 70
FIRST_SECONDS, FIRST_TESTS = 6.0, 40
SECOND_SECONDS, SECOND_TESTS = 20.0, 120
"""What is run on a mutant first, and what on one that survives that.

In seconds that the tests took without it.
"""
_LOADED = (
    *(
        "pytest",
        "hypothesis.strategies",
        "hypothesis.internal.conjecture.engine",
        "_hypothesis_pytestplugin",
    ),
    *(
        "pytest_asyncio",
        "syrupy",
        "pytest_textual_snapshot",
        "xdist.plugin",
        "pytest_cov.plugin",
    ),
    *(
        "sqlite3",
        "asyncio",
        "email.message",
        "aiosmtpd.controller",
        "xml.etree.ElementTree",
        "click",
    ),
)
"""What every run of pytest would load again.

Nothing of patchpilot, and not b4, which changes how mails are encoded.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: "killed", "timeout", "survived" or "not covered", and the test that
    noticed.
    """

    state: str
    by: str = ""
    tests: int = 0


class Runner:
    """Mutates files of a copy of the tree and runs tests there."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.tree, self.log = root, folder / "tree", folder / "log"
        for name in _LOADED:
            importlib.import_module(name)

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which Python imports patchpilot from the copy, in children as well."""
        return {**os.environ, "PYTHONPATH": str(self.tree)}

    def copy(self, commit: str | None = None, tests: Sequence[str] = ()) -> None:
        """Copy the tree as it is in the checkout, or as it was in a commit, with these tests of the
        checkout.
        """
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.mkdir(parents=True)
        if commit:
            subprocess.run(
                ["tar", "-x", "-C", self.tree],
                input=_git(self.root, "archive", commit),
                check=True,
            )
        wanted = list(tests) if commit else ["."]
        names = (
            _git(
                self.root,
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
                "--",
                *wanted,
            )
            if wanted
            else b""
        )
        for name in filter(None, names.split(b"\0")):
            source, target = (
                self.root / os.fsdecode(name),
                self.tree / os.fsdecode(name),
            )
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)

    def judge(
        self, mutant: Mutant, tests: Sequence[str], seconds: dict[str, float]
    ) -> Verdict:
        """Run the tests that cover a mutant until one fails: the first ones, then, where it
        survives, more.
        """
        if not tests:
            return Verdict("not covered")
        first = _within(tests, seconds, FIRST_SECONDS, FIRST_TESTS)
        rest = _within(tests[len(first) :], seconds, SECOND_SECONDS, SECOND_TESTS)
        file = self.tree / mutant.path
        source = file.read_bytes()
        try:
            _write(file, mutant.applied(source))
            ran = 0
            for some in (first, rest):
                if not some:
                    continue
                ran += len(some)
                state, by = self._run(
                    some, 20 + 6 * sum(seconds.get(one, 1.0) for one in some)
                )
                if state != "survived":
                    return Verdict(state, by, ran)
            return Verdict("survived", tests=ran)
        finally:
            _write(file, source)

    def passes(self, tests: Sequence[str]) -> bool:
        """Whether tests pass where nothing is mutated."""
        return self._run(tests, 1200)[0] == "survived"

    def _run(self, tests: Sequence[str], limit: float) -> tuple[str, str]:
        child = os.fork()
        if not child:
            self._child(tests)
        state, deadline = "", time.monotonic() + limit
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > deadline:
                state = "timeout"
                # pytest takes an interrupt for a reason to tear down what the test had started
                _signal(
                    child,
                    signal.SIGINT
                    if time.monotonic() < deadline + 5
                    else signal.SIGKILL,
                )
            time.sleep(0.1 if state else 0.02)
        code = os.waitstatus_to_exitcode(status)
        output = self.log.read_text(encoding="utf-8", errors="replace")
        if state:
            return state, ""
        if code in (0, 5):
            return "survived", ""
        if code == 4 and "ERROR: not found" in output:
            # names of cases may hold values of the code: run the files they are in
            files = sorted({test.partition("::")[0] for test in tests})
            return (
                ("survived", "")
                if files == list(tests)
                else self._run(files, limit * 3)
            )
        if code == NOT_RUN:
            raise RuntimeError(f"pytest did not run: {output}")
        failed = next(
            (
                line
                for line in output.splitlines()
                if line.startswith(("FAILED ", "ERROR "))
            ),
            f"exit {code}",
        )
        return "killed", failed.removeprefix("FAILED ").removeprefix(
            "ERROR "
        ).partition(" - ")[0]

    def _child(self, tests: Sequence[str]) -> None:
        """Become pytest in the copy; never returns."""
        code = NOT_RUN
        try:
            os.setsid()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            output = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.chdir(self.tree)
            for name in [
                module
                for module in sys.modules
                if module.partition(".")[0] in ("tests", "patchpilot")
            ]:
                del sys.modules[name]
            sys.path[:] = [
                str(self.tree),
                *(one for one in sys.path if one not in ("", str(self.root))),
            ]
            os.environ["PYTHONPATH"] = str(self.tree)
            importlib.invalidate_caches()
            import pytest

            code = int(
                pytest.main(
                    [
                        "-x",
                        "-q",
                        "--tb=no",
                        "-W",
                        "ignore::pytest.PytestAssertRewriteWarning",
                        "-p",
                        "no:xdist",
                        "-p",
                        "no:cov",
                        *tests,
                    ]
                )
            )
        finally:
            if code == NOT_RUN:
                traceback.print_exception(*sys.exc_info())
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _within(
    tests: Sequence[str], seconds: dict[str, float], most: float, count: int
) -> list[str]:
    found: list[str] = []
    spent = 0.0
    for test in tests[:count]:
        spent += seconds.get(test, 0.0)
        if found and spent > most:
            break
        found.append(test)
    return found


def _write(file: Path, source: bytes) -> None:
    """Write a module and its bytecode: two mutants of one length, written within a second, have the
    same time stamp and size.
    """
    file.write_bytes(source)
    py_compile.compile(
        str(file),
        doraise=True,
        quiet=2,
        invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
    )


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        os.kill(group, number)


def _git(root: Path, *words: str) -> bytes:
    return subprocess.run(
        ["git", *words], cwd=root, capture_output=True, check=True
    ).stdout

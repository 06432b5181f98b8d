# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the demo without a terminal.

Each step runs a public command, as a user would, and then checks and prints the result.
"""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from patchpilot.demo.sandbox import Sandbox
from patchpilot.errors import ExitCode, PatchpilotError

LIMIT = 300
"""Time limit of a step in seconds, generous for slow machines."""

Judge = Callable[[str], str]
"""Examine a step's output; return a summary line, or raise StepFailedError."""


class StepFailedError(PatchpilotError):
    """A step of the demo does not have the expected result."""

    exit_code = ExitCode.FINDINGS


@dataclass
class Journey:
    """Run the steps of the demo in the sandbox and print them."""

    sandbox: Sandbox
    out: TextIO
    steps: int = 0

    def announce(self, text: str) -> None:
        print(f"\n# {text}", file=self.out, flush=True)

    def run(
        self,
        command: str,
        *,
        expect: Sequence[int] = (0,),
        judge: Judge | None = None,
        stdin: str = "",
        quiet: bool = False,
    ) -> str:
        """Run a command, as typed in a shell, in the newcomer's clone; return its standard output.

        Raise StepFailedError if its exit code or output is unexpected.
        """
        self.steps += 1
        print(f"$ {command}", file=self.out, flush=True)
        argv = shlex.split(command)
        if argv[0] == "patchpilot":
            argv[:1] = [sys.executable, "-P", "-m", "patchpilot"]
        try:
            result = subprocess.run(
                argv,
                cwd=self.sandbox.work,
                env=self.sandbox.env,
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise StepFailedError(
                f"step {self.steps}: `{command}` timed out after {LIMIT} s"
            ) from error
        output = result.stdout + result.stderr
        if not quiet:
            self._print(output)
        if result.returncode not in expect:
            if quiet:
                self._print(output)
            raise StepFailedError(
                f"step {self.steps}: `{command}` exited with {result.returncode}, expected"
                f" {' or '.join(map(str, expect))}"
            )
        print(
            f"  -> exit {result.returncode}{': ' + judge(result.stdout) if judge else ''}",
            file=self.out,
            flush=True,
        )
        return result.stdout

    def read(
        self,
        command: str,
        *,
        expect: Sequence[int] = (0,),
        judge: Callable[[Any], str],
    ) -> Any:
        """Run a command with `--format json`, print a summary, and return its document."""
        text = self.run(
            f"{command} --format json",
            expect=expect,
            quiet=True,
            judge=lambda output: judge(_parse_json(output)),
        )
        return _parse_json(text)

    def show(
        self,
        command: str,
        *,
        expect: Sequence[int] = (0,),
        judge: Callable[[Any], str],
    ) -> Any:
        """Run a command, print its text, and return the same document as `read`."""
        self.run(command, expect=expect)
        return self.read(command, expect=expect, judge=judge)

    def _print(self, text: str) -> None:
        for line in text.rstrip("\n").split("\n") if text.strip() else ():
            print(f"  | {line}".rstrip(), file=self.out)


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise StepFailedError(f"no JSON in the output: {text[:200]!r}") from error


def require_condition(condition: bool, expected: str) -> str:
    """Return `expected` if the condition holds; otherwise raise StepFailedError."""
    if not condition:
        raise StepFailedError(f"expected: {expected}")
    return expected

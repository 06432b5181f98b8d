# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the tutorial's commands print the output that its page shows."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from patchpilot.demo.answers import Answers
from patchpilot.demo.sandbox import deliver_regularly, open_sandbox
from tests.kit.printed import TUTORIAL

PAGE = TUTORIAL
WIDTH = "100"
"""Width of the terminal on the page."""
ASKS = ("patchpilot send --subject", "patchpilot send --reroll", "patchpilot trailers")
"""Commands that ask before they write; the test passes --yes."""
WAITS = 40
"""Seconds until the list replies."""
DIFFERS = (
    (r"\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b", "ID"),
    (r"\b\d{4}-\d\d-\d\d\b", "DATE"),
    (r"<\d{8}-[^>]*>", "<MESSAGE-ID>"),
    (r"127\.0\.0\.1:\d+", "HOST"),
    (r"\(\d+ kept\)", "(N kept)"),
    (r"\b\d+m(?= )", "AGE"),
    (r"[ ]{2,}", "  "),
)
"""Parts that differ between runs."""


def page_commands() -> list[tuple[str, list[str]]]:
    """Return each command in the console blocks of the page, with its output."""
    result: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.M | re.S):
        lines = iter(block.splitlines())
        for line in lines:
            if not line.startswith("$ "):
                result[-1][1].append(line)
                continue
            command = [line[2:]]
            if line.endswith("<<'EOF'"):
                while command[-1] != "EOF":
                    command.append(next(lines))
            result.append(("\n".join(command), []))
    return result


def normalize_line(line: str) -> str:
    for pattern, name in DIFFERS:
        line = re.sub(pattern, name, line)
    return line.rstrip()


def first_missing_line(shown: list[str], printed: list[str]) -> str | None:
    """Return the first line on the page that the output lacks, or None. `…` matches any number of
    lines.
    """
    at, anywhere = 0, False
    for line in map(normalize_line, shown):
        if line == "…":
            anywhere = True
            continue
        rest = printed[at:]
        here = next(
            (n for n, shown_line in enumerate(rest) if shown_line == line), None
        )
        if here is None or (here and not anywhere):
            return line
        at, anywhere = at + here + 1, False
    return None if anywhere or at == len(printed) else f"(the end) {printed[at]}"


def test_lines_are_matched_in_order() -> None:
    printed = ["a", "b", "c"]
    assert first_missing_line(["a", "…", "c"], printed) is None
    assert first_missing_line(["a", "…"], printed) is None
    assert first_missing_line(["a", "c"], printed) == "c"
    assert first_missing_line(["…", "c", "a"], printed) == "a"
    assert first_missing_line(["a", "b"], printed) == "(the end) c"


@pytest.mark.long
def test_commands_print_the_output_on_the_page() -> None:
    done = 0
    with (
        open_sandbox() as sandbox,
        deliver_regularly(sandbox, after_delivery=Answers(sandbox).answer),
    ):
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = {**sandbox.env, "COLUMNS": WIDTH, "PATH": path}

        def run(command: str) -> list[str]:
            if command.startswith(ASKS):
                command += " --yes"
            shell = ["bash", "-c", command]
            out = subprocess.run(
                shell,
                cwd=sandbox.work,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ).stdout
            return [normalize_line(line) for line in out.splitlines()]

        for command, shown in page_commands():
            until = time.monotonic() + (WAITS if "--fresh" in command else 0)
            while missing := first_missing_line(shown, printed := run(command)):
                if time.monotonic() > until:
                    pytest.fail(f"{command}\nlacks: {missing}\n" + "\n".join(printed))
                time.sleep(1)
                run("git fetch -q --all --tags")
            done += 1
    assert done > 20

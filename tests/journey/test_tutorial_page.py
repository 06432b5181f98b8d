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


def read_page_commands() -> list[tuple[str, list[str]]]:
    """Return each command in the console blocks of the page, with its output."""
    result: list[tuple[str, list[str]]] = []
    for console_block in re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.M | re.S):
        lines = iter(console_block.splitlines())
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


def find_first_missing_line(page_lines: list[str], output_lines: list[str]) -> str | None:
    """Return the first line on the page that the output lacks, or None. `…` matches any number of
    lines.
    """
    next_index, skips_lines = 0, False
    for line in map(normalize_line, page_lines):
        if line == "…":
            skips_lines = True
            continue
        remaining_lines = output_lines[next_index:]
        match_index = next(
            (n for n, shown_line in enumerate(remaining_lines) if shown_line == line),
            None,
        )
        if match_index is None or (match_index and not skips_lines):
            return line
        next_index, skips_lines = next_index + match_index + 1, False
    return (
        None
        if skips_lines or next_index == len(output_lines)
        else f"(the end) {output_lines[next_index]}"
    )


def test_lines_are_matched_in_order() -> None:
    printed = ["a", "b", "c"]
    assert find_first_missing_line(["a", "…", "c"], printed) is None
    assert find_first_missing_line(["a", "…"], printed) is None
    assert find_first_missing_line(["a", "c"], printed) == "c"
    assert find_first_missing_line(["…", "c", "a"], printed) == "a"
    assert find_first_missing_line(["a", "b"], printed) == "(the end) c"


@pytest.mark.long
def test_commands_print_the_output_on_the_page() -> None:
    done = 0
    with (
        open_sandbox() as sandbox,
        deliver_regularly(sandbox, after_delivery=Answers(sandbox).answer),
    ):
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = {**sandbox.env, "COLUMNS": WIDTH, "PATH": path}

        def run_shell_command(command: str) -> list[str]:
            if command.startswith(ASKS):
                command += " --yes"
            shell_argv = ["bash", "-c", command]
            output = subprocess.run(
                shell_argv,
                cwd=sandbox.work,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ).stdout
            return [normalize_line(line) for line in output.splitlines()]

        for command, shown in read_page_commands():
            until = time.monotonic() + (WAITS if "--fresh" in command else 0)
            while missing := find_first_missing_line(shown, printed := run_shell_command(command)):
                if time.monotonic() > until:
                    pytest.fail(f"{command}\nlacks: {missing}\n" + "\n".join(printed))
                time.sleep(1)
                run_shell_command("git fetch -q --all --tags")
            done += 1
    assert done > 20

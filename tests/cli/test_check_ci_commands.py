# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that text in patches and file names is never interpreted as markup or as a command of a CI
server.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from patchpilot.cli.check.check_options import FORMATS
from patchpilot.model.json_text import json_text
from patchpilot.model.printable import escape_commands
from tests.kit.cli import call

COMMANDS = (
    "::set-output name=a::b",
    "  ::stop-commands::x",
    "\u00a0::add-mask::b",
    "::error file=a,line=1::b",
    "see ##[add-matcher]a.json",
    "##vso[task.setvariable variable=a]b",
    "##teamcity[buildStop comment='b']",
    "a%0A::warning::b",
    "a\r::notice::b",
    (
        "`id` ```suggestion [a](https://evil.example) ![a](https://evil.example/a.png) <img src=a>"
        " @torvalds"
    ),
)
MESSAGE = "\n".join(f"{line} teh teh the the {line}" for line in COMMANDS)
NAMES = (
    "drivers/::error::a.c",
    "::error file=a::b/##[command]a.c",
    "a\\n::error::b.c",
    "`id`/[a](b).c",
    "//evil.example/a.c",
)
WORKFLOW = re.compile(r"::(?P<name>[\w-]+)(?: [^:]*)?::")
OWN_FORMAT = re.compile(
    r"::(?:error|warning|notice) file=[^:,\s]*(?: [^:,]*)?,line=\d+(?:,col=\d+)?,title=[\w-]+ \([A-Z]+\d+\)::"  # noqa: E501
)


def find_executed_commands(log: str) -> Iterator[str]:
    """Return the lines of a log that GitHub, Azure or TeamCity would execute as commands."""
    for line in re.split(r"\r\n|\r|\n", log):
        if WORKFLOW.match(line.lstrip()) or re.search(r"##\w*\[", line):
            yield line


def make_diff(name: str) -> str:
    path = f'"b/{name}"' if "\\" in name else f"b/{name}"
    old = path.replace("b/", "a/", 1)
    lines = "".join(f"+/* teh teh {line} */ \n" for line in COMMANDS if "\r" not in line)
    count = lines.count("\n")
    return f"diff --git {old} {path}\n--- /dev/null\n+++ {path}\n@@ -0,0 +1,{count} @@\n{lines}"


@pytest.fixture
def hostile_patch(workdir: Path) -> Path:
    """Create a patch with CI commands in names, subject, message, tags and lines."""
    trailers = "".join(f"Reviewed-by: {line.strip()}\n" for line in COMMANDS if "\r" not in line)
    file = workdir / "::error file=x::teh ##[group]a.patch"
    file.write_text(
        "From: ::error::a <a@example.org>\nSubject: [PATCH] ::error::teh: ##[error]Teh the the"
        f" {COMMANDS[-1]}.\n\n"
        f'{MESSAGE}\n\n{trailers}Fixes: 123 ("{COMMANDS[3]}")\n---\n'
        f"{''.join(map(make_diff, NAMES))}--"
        " \n2.40\n",
        newline="",
    )
    return Path(file.name)


@pytest.mark.parametrize("form", FORMATS)
def test_patch_text_is_not_a_ci_command(hostile_patch: Path, form: str) -> None:
    outcome = call("check --strict --format", form, hostile_patch)
    assert outcome.code == 1
    assert "teh" in outcome.out
    commands = [
        line
        for line in find_executed_commands(outcome.out)
        if form != "github" or not OWN_FORMAT.match(line)
    ]
    assert commands == []
    assert list(find_executed_commands(outcome.err)) == []


def test_github_has_one_command_per_rule(hostile_patch: Path) -> None:
    lines = call("check --strict --format github", hostile_patch).out.splitlines()
    issues = json.loads(call("check --strict --format gitlab", hostile_patch).out)
    assert len(lines) == len({(issue["check_name"], issue["severity"]) for issue in issues})
    assert all(OWN_FORMAT.match(line) for line in lines)


@pytest.mark.parametrize("words", [("--verbose",), ("--diff",), ("--fix",), ("--color",)])
def test_options_do_not_enable_ci_commands(hostile_patch: Path, words: tuple[str, ...]) -> None:
    outcome = call("check --strict", *words, hostile_patch)
    assert outcome.code in (0, 1, 2)
    # a diff must be exact, and its lines cannot be commands because each starts with a sign
    log = outcome.err if words == ("--diff",) else outcome.out + outcome.err
    assert list(find_executed_commands(log)) == []


@pytest.mark.parametrize("name", ["::error::a.patch", "##[error]a.patch", "a\n::error::b.patch"])
def test_file_name_is_not_a_ci_command(workdir: Path, name: str) -> None:
    missing = call("check", name)
    Path(name).write_text("nothing\n")
    empty_outcome = call("check", name)
    assert (missing.code, empty_outcome.code) == (2, 2)
    assert (
        list(
            find_executed_commands(
                missing.out + missing.err + empty_outcome.out + empty_outcome.err
            )
        )
        == []
    )


def test_gitlab_and_sarif_use_one_line(hostile_patch: Path) -> None:
    issues = json.loads(call("check --strict --format gitlab", hostile_patch).out)
    assert all("\n" not in issue["description"] for issue in issues)
    (run,) = json.loads(call("check --strict --format sarif", hostile_patch).out)["runs"]
    messages = [result["message"]["text"] for result in run["results"]]
    assert any("evil.example" in message for message in messages)
    assert not [message for message in messages if re.search(r"(?<!\\)\[[^\]]*\]\(", message)]
    uris = [
        location["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
        for location in result["locations"]
    ]
    assert not [uri for uri in uris if uri.startswith("/") or re.match(r"[a-zA-Z][\w+.-]*:", uri)]


def test_junit_escapes_text(hostile_patch: Path) -> None:
    output = call("check --strict --format junit", hostile_patch).out
    assert {element.tag for element in ET.fromstring(output).iter()} <= {
        *("testsuites", "testsuite", "testcase", "failure", "system-out", "skipped")
    }
    assert "<img" not in output


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("::error::x", "\\x3a:error::x"),
        (" \t::a b=c::x", " \t\\x3a:a b=c::x"),
        ("x\n::error::x", "x\n\\x3a:error::x"),
        ("std::vector::x", "std::vector::x"),
        ("text::\n\n::\n", "text::\n\n::\n"),
        ("a ##[error]b ##vso[x]", "a \\x23#[error]b \\x23#vso[x]"),
        ("## [title] a##b", "## [title] a##b"),
    ],
)
def test_only_ci_commands_are_escaped(text: str, safe: str) -> None:
    assert escape_commands(text) == safe
    assert list(find_executed_commands(safe)) == []


def test_escaped_json_keeps_its_value() -> None:
    value = {"a": "##[error]x \\##vso[a]", "##[b]": ["::error::x"]}
    assert json.loads(json_text(value)) == value
    assert list(find_executed_commands(json_text(value))) == []


def test_action_runs_no_code_from_the_checkout(workdir: Path) -> None:
    action = yaml.safe_load((Path(__file__).parents[2] / "action.yml").read_text())
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    # no script contains ${{ }}, because the shell would execute the inserted text
    assert not [script for script in scripts if "${{" in script]
    install, *checks = scripts
    # only the steps for builds prepare the machine for the tree's code
    for step in action["runs"]["steps"]:
        if step.get("if") == "contains(inputs.arguments, '--build')":
            checks = [script for script in checks if script != step.get("run")]
    Path("pip").mkdir()
    Path("pip/__init__.py").touch()
    Path("pip/__main__.py").write_text("print('code of the tree')")
    command = install.replace('install --quiet "$GITHUB_ACTION_PATH"', "--version")
    outcome = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "code of the tree" not in outcome.stdout
    # a range must never be parsed as an option
    assert all('-- "$range"' in script for script in checks)

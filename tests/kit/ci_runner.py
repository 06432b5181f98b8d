# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the files for CI as GitHub, GitLab and Jenkins do, without a forge."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.kit.source import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
GITLAB_JOBS = yaml.safe_load((ROOT / "contrib/ci/gitlab-ci.yml").read_text())


def run_script(
    script: str, folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a step of a workflow in a shell that stops at the first error, like a CI runner."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass
class ActionRun:
    """The result of the action: whether the job passed, its log, and the files that it wrote."""

    passed: bool = True
    log: str = ""
    annotations: list[str] = field(default_factory=list)
    summary: str = ""
    sarif: dict[str, Any] | None = None

    @property
    def shown(self) -> list[str]:
        """Return the annotations that GitHub shows: ten errors and ten warnings of a step."""
        kinds = {"error": 0, "warning": 0, "notice": 0}
        shown = []
        for line in self.annotations:
            kind = line[2:].partition(" ")[0]
            kinds[kind] += 1
            if kinds[kind] <= 10:
                shown.append(line)
        return shown


def run_action(
    folder: Path,
    event: str = "pull_request",
    payload: Mapping[str, Any] | None = None,
    *,
    upload: Callable[[Path], bool] = lambda _: True,
    installs: bool = False,
    ref: str = "refs/pull/1/merge",
    **inputs: str,
) -> ActionRun:
    """Run the steps of the action in a checkout, as GitHub does.

    After the first failed step that may not fail, only steps run whose condition says so. `upload`
    replaces the upload of the report.
    """
    temporary = folder.parent / "runner-temp"
    temporary.mkdir(exist_ok=True)
    output, summary = temporary / "output", temporary / "summary.md"
    for file in (output, summary):
        file.write_text("")
    event_file = temporary / "event.json"
    body = {"repository": {"default_branch": "master"}, **(payload or {})}
    event_file.write_text(json.dumps(body))
    values: dict[str, Any] = {
        "inputs": {name: entry["default"] for name, entry in ACTION["inputs"].items()} | inputs,
        "github": {"event": body, "sha": "0" * 40},
        "runner": {"temp": str(temporary), "arch": "X64"},
        "steps": {},
    }
    variables = {
        "GITHUB_ACTIONS": "true",
        "CI": "true",
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(event_file),
        "GITHUB_REF": ref,
        "GITHUB_BASE_REF": "master" if event.startswith("pull_request") else "",
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(temporary),
    }
    result = ActionRun()
    for step in ACTION["runs"]["steps"]:
        condition = str(step.get("if", ""))
        if not _is_met(condition, values) or not (result.passed or "cancelled()" in condition):
            continue
        if step.get("name") == "Install" and not installs:
            continue
        passed = True
        if "run" in step:
            given = {name: _fill(str(text), values) for name, text in step.get("env", {}).items()}
            completed = run_script(step["run"], folder, {**variables, **given})
            result.log += completed.stdout + completed.stderr
            lines = completed.stdout.splitlines()
            result.annotations += [line for line in lines if line.startswith("::")]
            passed = completed.returncode == 0
            pairs = (line.partition("=") for line in output.read_text().splitlines())
            values["steps"][step.get("id", "")] = {
                "outputs": {name: value for name, _, value in pairs}
            }
        elif "upload-sarif@" in step["uses"]:
            file = Path(_fill(step["with"]["sarif_file"], values))
            result.sarif = json.loads(file.read_text())
            passed = upload(file)
        result.passed &= passed or bool(step.get("continue-on-error"))
    result.summary = summary.read_text()
    return result


def _fill(text: str, values: Mapping[str, Any]) -> str:
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: _evaluate(match[1], values), text)


def _evaluate(expression: str, values: Mapping[str, Any]) -> str:
    """Return the value of `a.b.c || d.e` in an expression, as text."""
    for path in expression.split(" || "):
        value: Any = values
        for name in path.split("."):
            value = value.get(name, "") if isinstance(value, Mapping) else ""
        if value:
            return str(value)
    return ""


def _is_met(condition: str, values: Mapping[str, Any]) -> bool:
    terms = condition.removeprefix("${{ ").removesuffix(" }}")
    for term in filter(None, terms.split(" && ")):
        if term == "!cancelled()":
            continue
        contains = re.fullmatch(r"contains\((.*), '(.*)'\)", term)
        if not (
            contains[2] in _evaluate(contains[1], values) if contains else _evaluate(term, values)
        ):
            return False
    return True


def run_gitlab_job(
    name: str, folder: Path, *, installs: bool = True, **variables: str
) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]] | None]:
    """Run the script of a job with its variables. Return also its report, if there is one."""
    job = GITLAB_JOBS[name]
    lines = [line for line in job["script"] if installs or "pip install" not in line]
    given = {"CI": "true", "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_PROJECT_ID": "1", **variables}
    completed = run_script("\n".join(lines), folder, {**job["variables"], **given})
    report = folder / job["artifacts"]["reports"]["codequality"]
    return completed, json.loads(report.read_text()) if report.exists() else None


def run_jenkins_stage(
    folder: Path, target: str = "master"
) -> tuple[list[subprocess.CompletedProcess[str]], Path]:
    """Run the steps of the stage up to the first that fails. Return also the JUnit report."""
    content = (ROOT / "contrib/ci/Jenkinsfile").read_text()
    steps = []
    for script in re.findall(r"^ *sh '(.*)'$", content, re.MULTILINE):
        steps.append(run_script(script, folder, {"CI": "true", "CHANGE_TARGET": target}))
        if steps[-1].returncode:
            break
    (report,) = re.findall(r"testResults: '(.*?)'", content)
    return steps, folder / report

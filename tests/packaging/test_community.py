# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the resources for contributors.

They are issue forms, the checks of our own commits, and small tasks for a first change.
"""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from patchpilot.cli.command import COMMANDS
from patchpilot.lint.rule_store import load_rules
from tests.kit.source import ROOT

FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"))
FIRST = (ROOT / "docs/how-to/first-contribution.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_issue_form_is_valid(form: Path) -> None:
    data = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= data.keys()
    fields = [item for item in data["body"] if item["type"] != "markdown"]
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_bug_form_names_an_existing_command() -> None:
    assert "`patchpilot doctor --report`" in (ROOT / FORMS[0]).read_text(encoding="utf-8")
    assert "doctor" in COMMANDS


def test_project_has_commit_rules() -> None:
    content = (ROOT / ".ci/commits").read_text(encoding="utf-8")
    named = set(",".join(re.findall(r"^rules\+?=,?(.*)$", content, re.MULTILINE)).split(","))
    assert len(named) > 10
    assert named <= {rule.name for rule in load_rules()}


def test_first_changes_are_still_open() -> None:
    rows = re.findall(r"^\| (\w+): ([\w -]+\w)", FIRST, re.MULTILINE)
    assert len(rows) == 20
    done = {("subsystem", file.stem) for file in (ROOT / "checks/subsystems").iterdir()}
    done |= {("project", file.stem) for file in (ROOT / "checks/projects").iterdir()}
    providers = tomllib.loads(
        (ROOT / "patchpilot/outgoing/providers.toml").read_text(encoding="utf-8")
    )
    done |= {("provider", provider["name"]) for provider in providers["provider"]}
    assert not done & set(rows)


def test_workflow_steps_are_local_files() -> None:
    content = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    for name in re.findall(r"\.ci/[\w-]+(?![\w.-])", content):
        file = ROOT / name
        assert file.stat().st_mode & 0o111, name
        first = file.read_text(encoding="utf-8").splitlines()[0]
        if "bash" in first:
            subprocess.run(["bash", "-n", file], check=True)

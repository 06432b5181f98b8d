# SPDX-License-Identifier: GPL-2.0-or-later
"""Follow the recipes of docs/how-to/add-a-rule.md in a new repository."""

import re
from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.source import ROOT

_BLOCK = re.compile(r'^```toml title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_OURS = ("no-bug-tag", "no-marker", "forbidden-function", "unconventional-prefix")
_SIGN_OFF = "Signed-off-by: Ada Fixer <ada@example.org>\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Return a repository in which the files of the page are in the base."""
    page = (ROOT / "docs/how-to/add-a-rule.md").read_text(encoding="utf-8")
    files = dict(_BLOCK.findall(page))
    assert len(files) == 5
    new_repo = Repo(tmp_path / "r")
    for number in range(30):
        new_repo.commit(f"frob: step {number}\n", {"drivers/frob/frob.c": f"int a{number};\n"})
    new_repo.commit("all: rules\n", files)
    new_repo.git("branch base")
    new_repo.git("config patchpilot.base base")
    return new_repo


def _list_findings(repo: Repo, *arguments: str) -> list[str]:
    outcome = repo.patchpilot("check --json --strict --profile linux", *arguments, "HEAD")
    assert outcome.code in (0, 1), outcome.err
    findings = outcome.json["patches"][0]["findings"]
    return [finding["name"] for finding in findings if finding["name"] in _OURS]


@pytest.mark.parametrize("name", ["required-tag", "required-prefix", "forbidden-function"])
def test_examples_of_a_recipe_pass(repo: Repo, name: str) -> None:
    outcome = call("explain --test", repo.path / f"tools/{name}.toml")
    assert (outcome.code, "all passed" in outcome.out) == (0, True), outcome.out


def test_recipes_work_in_ci_without_a_question(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    body = f"It is needed.\n\n{_SIGN_OFF}"
    repo.commit(f"frob: copy\n\n{body}", {"drivers/frob/frob.c": "\tstrcpy(a, b);\n"})
    assert set(_list_findings(repo)) == {"no-bug-tag", "no-marker", "forbidden-function"}
    repo.commit(
        f"VENDOR: frob: copy\n\nIt is needed.\n\nBug: PROJ-1\n{_SIGN_OFF}",
        {"drivers/frob/frob.c": "\tstrscpy(a, b);\n"},
    )
    assert _list_findings(repo) == []


@pytest.mark.parametrize("form", ["text", "github", "markdown"])
def test_findings_of_a_rule_with_other_messages_are_separate(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("CI", "true")
    code = "\tstrcpy(a, b);\n\tsprintf(a, b);\n\tstrcpy(c, d);\n"
    repo.commit(
        f"VENDOR: frob: copy\n\nIt is.\n\nBug: PROJ-1\n{_SIGN_OFF}", {"drivers/frob/frob.c": code}
    )
    outcome = repo.patchpilot(f"check --select forbidden-function --format {form} HEAD")
    lines = [line for line in outcome.out.splitlines() if "is forbidden here" in line]
    assert len(lines) == 2
    assert all(any(name in line for line in lines) for name in ("strcpy", "sprintf"))
    assert outcome.out.count("It does not know") == {"text": 1, "github": 0, "markdown": 2}[form]


@pytest.mark.parametrize(
    "subject", ["fixup! VENDOR: frob: a", 'Revert "VENDOR: frob: a"', "frob: a", "VENDOR: frob: a"]
)
def test_prefix_recipe_and_its_exceptions(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    monkeypatch.setenv("CI", "true")
    page = (ROOT / "docs/how-to/add-a-rule.md").read_text(encoding="utf-8")
    (exceptions,) = re.findall(r"`(pattern = '\^\(.*Revert.*)`", page)
    pack = repo.path / "tools/required-prefix.toml"
    repo.commit(f"{subject}\n\nIt is.\n\n{_SIGN_OFF}", {"drivers/frob/frob.c": "int z;\n"})
    assert ("no-marker" in _list_findings(repo)) is not subject.startswith("VENDOR")
    repo.git("checkout -q --detach base")
    pack.write_text(re.sub(r"(?m)^pattern = .*$", lambda _: exceptions, pack.read_text()))
    repo.commit("all: rules\n")
    repo.git("branch -f base")
    repo.commit(f"{subject}\n\nIt is.\n\n{_SIGN_OFF}", {"drivers/frob/frob.c": "int z;\n"})
    assert ("no-marker" in _list_findings(repo)) is (subject == "frob: a")


def test_recipes_need_trust_on_the_machine_of_a_person(repo: Repo) -> None:
    repo.commit(f"VENDOR: frob: a\n\nBug: PROJ-1\n{_SIGN_OFF}", {"a.c": "int a;\n"})
    refusal = repo.patchpilot("check --json HEAD")
    refusal.expect(2, "not trusted yet", "tools/acme.toml")
    outcome = call("trust", repo.path)
    assert (outcome.code, "subject_prefixes" in outcome.out) == (0, True)
    assert _list_findings(repo, "--config-from", "HEAD") == []


def test_project_and_subsystem_of_the_tree(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    subsystem = 'title = "Frob"\npaths = ["drivers/frob/"]\nprefix = "VENDOR: frob: foo"\n'
    subsystem += "prefix_pattern = '^(?:UPSTREAM|VENDOR): frob: '\n"
    subsystem += '[sources]\nprefix = "https://example.org"\n'
    settings = (
        'projects = ["tools/acme.toml"]\nsubsystems = ["tools/frob.toml"]\nprofile = "acme"\n'
    )
    repo.put("tools/frob.toml", subsystem)
    repo.put(".patchpilot.toml", settings)
    repo.commit("all: conventions\n")
    repo.git("branch -f base")
    repo.commit(f"VENDOR: frob: a\n\nIt is.\n\n{_SIGN_OFF}", {"drivers/frob/frob.c": "int z;\n"})
    refusal = repo.patchpilot("check HEAD")
    refusal.expect(2, "not trusted yet", "tools/frob.toml")
    monkeypatch.setenv("CI", "true")
    outcome = repo.patchpilot("check --json HEAD")
    assert outcome.code in (0, 1), outcome.err
    names = {finding["name"] for finding in outcome.json["patches"][0]["findings"]}
    assert "unconventional-prefix" not in names
    assert outcome.json["profile"] == "acme"


def test_option_names_a_project_of_the_tree(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.put(".patchpilot.toml", 'projects = ["tools/acme.toml"]\n')
    repo.commit("all: conventions\n")
    repo.git("branch -f base")
    repo.commit(f"VENDOR: frob: a\n\nIt is.\n\n{_SIGN_OFF}", {"drivers/frob/frob.c": "int z;\n"})
    check = "check --json --profile acme HEAD"
    repo.patchpilot(check).expect(2, "not trusted yet", "tools/acme.toml")
    repo.patchpilot("config --profile acme").expect(0, "")
    assert call("trust", repo.path).code == 0
    assert repo.patchpilot("config --profile acme").err == ""
    repo.patchpilot("config --profile acne").expect(2, "unknown project 'acne'")
    monkeypatch.setenv("CI", "true")
    assert repo.patchpilot(check).json["profile"] == "acme"
    repo.patchpilot("check --profile acne HEAD").expect(2, "did you mean 'acme'")
    # the branch lacks the file of the base
    repo.git("checkout -q -b old base~2")
    repo.commit(f"VENDOR: frob: b\n\nIt is.\n\n{_SIGN_OFF}", {"drivers/frob/b.c": "int z;\n"})
    assert repo.patchpilot(check).json["profile"] == "acme"


def test_pattern_of_a_tree_that_could_take_too_long_is_refused(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    repo.put("tools/acme.toml", "title = 'A'\ninherits = 'linux'\npaths_pattern = '(x+x+)+y'\n")
    repo.put(".patchpilot.toml", 'projects = ["tools/acme.toml"]\n')
    repo.commit("all: conventions\n")
    repo.git("branch -f base")
    repo.commit(f"frob: a\n\n{_SIGN_OFF}", {"a.c": "int a;\n"})
    repo.patchpilot("check HEAD").expect(2, "tools/acme.toml: key 'paths_pattern'", "too long")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the project file in docs/how-to/add-a-project.md, installed as described there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from patchpilot.model.address import Address
from patchpilot.model.mail import parse_patch
from patchpilot.projects.checking import _NOT_WRITTEN
from patchpilot.projects.loading import (
    detect,
    find_project,
    forget,
    is_list,
    projects,
    user_folder,
)
from patchpilot.projects.project import SECTIONS, Project
from tests.kit.cli import Outcome, call
from tests.kit.repos import Repo
from tests.kit.snippets import MemoryTree, build_file_diff, mail
from tests.kit.source import ROOT

PAGE = (ROOT / "docs" / "how-to" / "add-a-project.md").read_text(encoding="utf-8")
ACME = PAGE.split("```toml\n")[1].split("```")[0]
MAINTAINERS = """Acme maintainers
----------------

ACME SCHEDULER
M:	Sue Sched <sue@acme.example>
L:	acme-devel@lists.acme.example
S:	Maintained
F:	kernel/
"""
START = {
    "kernel/acme.c": "int acme_count;\n\nint acme_get(void)\n{\n\treturn acme_count;\n}\n",
    "acme.mk": "all:\n",
    "MAINTAINERS": MAINTAINERS,
    "scripts/get_maintainer.pl": "#!/usr/bin/perl\n",
}
MESSAGE = """scheduler: fix the count that an interrupt changes twice

The the count is wrong where an interrupt comes in between, which is a
problem for ASIL D.

Fixes: {culprit} ("scheduler: count")
Signed-off-by: Ada Fixer <ada@example.org>
"""


def write_project(project_toml: str = ACME, name: str = "acme") -> None:
    file = Path(user_folder()) / "projects" / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(project_toml, encoding="utf-8")
    forget()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create an Acme tree.

    It has a bug in 4.2, a stable branch that starts at 4.2, and a fix.
    """
    repo = Repo(tmp_path / "acme")
    repo.commit("Acme 4.0.0", START)
    repo.tag("v4.0.0")
    culprit = repo.commit(
        "scheduler: count\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
        {"kernel/acme.c": START["kernel/acme.c"] + "int x;\n"},
    )
    repo.commit("Acme 4.2.0")
    repo.tag("v4.2.0")
    repo.git("update-ref refs/remotes/acme/acme-4.2-lts HEAD")
    repo.git("update-ref refs/remotes/origin/master HEAD")
    fixed_code = (
        START["kernel/acme.c"].replace("return acme_count", "return acme_count + 1") + "int x;\n"
    )
    repo.commit(MESSAGE.format(culprit=culprit[:12]), {"kernel/acme.c": fixed_code})
    write_project()
    return repo


def read_json_document(repo: Repo, *arguments: str, codes: tuple[int, ...] = (0,)) -> Any:
    result = call(arguments[0], "-C", str(repo.path), "--format", "json", *arguments[1:])
    assert result.code in codes, result.err
    return json.loads(result.out)


def test_tree_and_messages_are_detected(repo: Repo) -> None:
    assert "project acme" in call("check -C", str(repo.path), "-v", "HEAD").err
    assert detect(MemoryTree({"kernel/acme.c": "", "acme.mk": ""})).name == "acme"
    assert detect(MemoryTree({"acme.mk": ""})).name == "linux"
    assert is_list(Address("", "acme-devel@lists.acme.example"))
    assert "acme" in call("help options").out


@pytest.mark.parametrize(
    ("to", "path", "shipped"),
    [
        ("acme-devel@lists.acme.example", "a.c", "linux"),
        ("acme-devel@lists.acme.example", "linux-6.1/drivers/a.c", "linux"),
        ("x@example.org", "boards/acme/a.c", "other"),
    ],
)
def test_patch_without_a_tree_is_detected(to: str, path: str, shipped: str) -> None:
    patch_text = mail("x: y", "T.", build_file_diff(path, "-a\n+b\n")).replace(
        "Date: ", f"To: {to}\nDate: ", 1
    )
    patch = parse_patch(patch_text.encode(), "x.patch")
    assert detect(None, [patch]).name == shipped
    write_project()
    assert detect(None, [patch]).name == "acme"


USER_SPACE = """
nfs-utils lib/a.c other
kvm-unit-tests scripts/a.bash other
nfs-utils net/a.c linux
perf-tools tools/perf/a.c linux
libcrypto lib/crypto/a.c linux
net src/a.c other
net include/a.h other
net tools/a.c other
net Makefile netdev
"""


def detect_by_patch(prefix: str, path: str) -> Project:
    text = mail(f"[PATCH {prefix}] x: y", "T.", build_file_diff(path, "-a\n+b\n"))
    return detect(None, [parse_patch(text.encode(), "x.patch")])


@pytest.mark.parametrize("row", USER_SPACE.strip().splitlines())
def test_user_space_patch_is_detected(row: str) -> None:
    prefix, path, name = row.split()
    assert detect_by_patch(prefix, path).name == name


def test_project_tag_requests_a_backport(repo: Repo) -> None:
    assert read_json_document(repo, "stable", "HEAD")["lines"] == [
        "Backport-to: acme-stable@lists.acme.example # 4.2.0 and later"
    ]


def test_stable_branches_are_known(repo: Repo) -> None:
    answer = read_json_document(repo, "backport", "HEAD", "--profile", "acme")
    (branch,) = answer["branches"]
    assert (branch["branch"], branch["version"], branch["affected"]) == (
        "acme/acme-4.2-lts",
        "4.2",
        True,
    )
    assert [row["version"] for row in answer["missing"]] == ["5.0"]
    add = "git remote add acme https://git.acme.example/acme.git"
    assert answer["missing"][0]["command"] == f"{add} && git fetch acme acme-5.0-lts"
    arguments = ("--offline", "--profile", "acme", "--format", "json")
    series = call("setup stable -C", str(repo.path), *arguments).json
    assert (series["family"], series["updated"]) == ("acme", "2026-11-01")
    assert [row["version"] for row in series["series"]] == ["4.2", "5.0"]


def test_project_lists_get_the_patch(repo: Repo) -> None:
    (result,) = read_json_document(repo, "maintainers", "HEAD")["results"]
    roles = {row["email"]: row["role"] for row in result["recipients"]}
    assert roles["acme-safety@lists.acme.example"] == "safety list"
    assert "acme-devel@lists.acme.example" in roles


def test_project_style_is_applied(repo: Repo) -> None:
    (patch,) = read_json_document(repo, "check", "HEAD", "--strict", codes=(1,))["patches"]
    severities = {finding["name"]: finding["severity"] for finding in patch["findings"]}
    assert severities["repeated-word"] == "error"
    assert any("allows 50" in finding["message"] for finding in patch["findings"])
    write_project(ACME.replace('"missing-stable"]', '"missing-stable", "repeated-word"]'))
    (patch,) = read_json_document(repo, "check", "HEAD", codes=(0, 1))["patches"]
    assert "repeated-word" not in {finding["name"] for finding in patch["findings"]}


def assert_refused(project_toml: str, repo: Repo) -> Outcome:
    write_project(project_toml)
    result = call("check -C", str(repo.path), "HEAD")
    assert result.code == 2, result.err
    return result


@pytest.mark.parametrize(
    ("right", "wrong", "named", "near"),
    [
        (
            "resend_hours",
            "resend_hour",
            "[mail]: unknown key 'resend_hour'",
            "'resend_hours'",
        ),
        ("title", "titel", "unknown key 'titel'", "'title'"),
        ("[stable]", "[stabel]", "unknown key 'stabel'", "'stable'"),
        ("reason =", "raeson =", "[lists]: rules 1: unknown key 'raeson'", "'reason'"),
        (
            '"missing-stable"',
            '"mising-stable"',
            "[style]: ignore: unknown rule 'mising-stable'",
            "'missing-stable'",
        ),
        (
            "repeated-word =",
            "repeated-wort =",
            "[style]: severity: unknown rule 'repeated-wort'",
            "'repeated-word'",
        ),
        (
            '= "error"',
            '= "eror"',
            "[style]: severity of 'repeated-word': 'eror' is not one of",
            "'error'",
        ),
        (
            "title =",
            'inherits = "linxu"\ntitle =',
            "inherits = 'linxu' names no other project",
            "'linux'",
        ),
    ],
)
def test_unknown_name_has_a_suggestion(
    right: str, wrong: str, named: str, near: str, repo: Repo
) -> None:
    done = assert_refused(ACME.replace(right, wrong, 1), repo)
    assert f"projects/acme.toml: {named}" in done.err
    assert f"did you mean {near}?" in done.err


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        (
            "resend_hours = 48",
            'resend_hours = "48"',
            "[mail]: key 'resend_hours' takes a number",
        ),
        (
            r"(?P<version>\d+\.\d+)",
            r"\d+\.\d+",
            "[stable]: key 'branch' needs a group (?P<version>",
        ),
        (
            r"(?i)\bASIL\b",
            r"(ASIL",
            "[lists]: rules 1: key 'message' is not a valid pattern",
        ),
        (
            "{version} and later",
            "{since} and later",
            "[tags]: key 'line' takes {address}, {version} as placeholders",
        ),
        (
            '"4.2" = "2027-06"',
            '"4.2" = "June"',
            "[stable]: series '4.2' needs the last month of its support",
        ),
        ('role = "safety list"\n', "", "[lists]: rules 1: missing key 'role'"),
        (
            'remote = "https://git.acme.example/acme.git"\n',
            "",
            "[stable]: missing key 'remote'",
        ),
    ],
)
def test_wrong_value_is_reported(right: str, wrong: str, named: str, repo: Repo) -> None:
    assert right in ACME
    assert f"projects/acme.toml: {named}" in assert_refused(ACME.replace(right, wrong, 1), repo).err


def test_user_file_overrides_a_shipped_project() -> None:
    before = find_project("linux")
    write_project('[mail]\nwaiting_days = 5\n[stable.series]\n"6.18" = "2030-12"\n', "linux")
    after = find_project("linux")
    assert after.mail == before.mail._replace(waiting_days=5)
    assert (after.stable.ends("6.18"), after.stable.ends("6.12")) == (
        "2030-12",
        before.stable.ends("6.12"),
    )
    assert after.lists == before.lists
    assert (
        find_project("netdev").stable.ends("6.18"),
        find_project("netdev").mail.waiting_days,
    ) == ("2030-12", 7)


def test_subsystem_inherits_its_project() -> None:
    write_project(
        'title = "Acme"\n'
        'inherits = "linux"\n'
        'subject_prefixes = ["acme-next"]\n'
        "[lists]\n"
        'main = ["acme@vger.kernel.org"]\n'
    )
    acme = detect_by_patch("acme-next", "a")
    assert (acme.name, acme.kernel, acme.lists.stable) == (
        "acme",
        True,
        "stable@vger.kernel.org",
    )
    assert acme.lists.rules == find_project("linux").lists.rules


def test_project_needs_its_file() -> None:
    assert "acme" not in projects()
    assert call("setup stable --offline --profile acme").code == 2


def test_page_names_every_key() -> None:
    table = PAGE.split("## All keys")[1]
    for kind, label in (
        (Project, "top"),
        *((kind, f"`[{name}]`") for name, kind in SECTIONS.items()),
    ):
        (row,) = re.findall(rf"^\| {re.escape(label)} \|(.*)\|$", table, re.MULTILINE)
        named = {word.strip("[]").rpartition(".")[2] for word in re.findall(r"`([^`]+)`", row)}
        keys = {key for key in kind._fields if key not in (*_NOT_WRITTEN.get(kind, ()), *SECTIONS)}
        assert keys <= named, label

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which commits `check` leaves out because another branch has them."""

from pathlib import Path

import pytest

from tests.kit.mails import ADA
from tests.kit.repos import Repo

SIGNED = f"\n\nIt is needed.\n\nSigned-off-by: {ADA}"
LINES = [f"int a{number};" for number in range(20)]


def edit(number: int, text: str) -> dict[str, str]:
    lines = [*LINES]
    lines[number] = text
    return {"kernel/a.c": "\n".join(lines) + "\n"}


@pytest.fixture
def vendor(tmp_path: Path) -> Repo:
    """Return a vendor's branch that merged a release of upstream with a resolved conflict."""
    repo = Repo(tmp_path / "clone")
    repo.commit(f"a: add it{SIGNED}", {"kernel/a.c": "\n".join(LINES) + "\n", "MAINTAINERS": "\n"})
    repo.branch("release")
    repo.commit(f"a: change five{SIGNED}", edit(5, "long a5;"))
    repo.commit(f"a: change five again{SIGNED}", edit(5, "long long a5; "))
    repo.checkout("master")
    repo.commit(f"a: change it here{SIGNED}", edit(5, "short a5;"))
    repo.git("merge -q release", must_succeed=False)
    repo.write(**edit(5, "short long a5; "))
    (repo.path / "kernel/a.c").write_text(edit(5, "int  a5; ")["kernel/a.c"])
    repo.git("commit -q -a -m 'Merge branch '\"'\"'release'\"'\"''")
    repo.commit(f"b: add it{SIGNED}", {"kernel/b.c": "int b;\n"})
    return repo


def test_commits_of_another_branch_are_left_out(vendor: Repo) -> None:
    outcome = vendor.patchpilot("check master~2..master --format json --strict")
    assert len(outcome.json["patches"]) == 4
    outcome = vendor.patchpilot("check master~2..master --not release --format json --strict")
    patches = outcome.json["patches"]
    assert [patch["subject"] for patch in patches] == ["b: add it", "Merge branch 'release'"]
    # only the resolution is the merge's own
    findings = [each for each in patches[1]["findings"] if each["name"] == "trailing-space"]
    assert [(each["path"], each["line"]) for each in findings] == [("kernel/a.c", 6)]


def test_unknown_revision_is_an_error(vendor: Repo) -> None:
    outcome = vendor.patchpilot("check master~2..master --not nothing")
    assert outcome.code == 2
    assert "nothing" in outcome.err


def test_waiver_for_a_subject_covers_only_its_patch(vendor: Repo) -> None:
    vendor.put(
        ".patchpilot.toml",
        '[[waiver]]\nrule = "trailing-space"\nsubject = "a: change f*"\nreason = "as is"\n',
    )
    vendor.git("add .patchpilot.toml")
    vendor.git("commit -q -m settings")
    words = "check release~1..release --strict --format json --config-from master"
    document = vendor.patchpilot(words).json
    assert [each["reason"] for each in document["waived"]] == ["as is"]
    vendor.git("checkout -q release")
    vendor.git("commit -q --amend -m", f"a: set it{SIGNED}")
    assert vendor.patchpilot(words).json["waived"] == []

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the user's own branches and the form of the backports to them."""

from pathlib import Path

import pytest

from patchpilot.projects.loading import forget, user_folder
from tests.kit.mails import ADA
from tests.kit.repos import Repo

TAGS = f"Signed-off-by: {ADA}"


def edit(text: str) -> dict[str, str]:
    lines = [f"\tstep({number});" for number in range(30)]
    return {"kernel/fork.c": "\n".join(lines).replace("step(15)", text) + "\n"}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "clone")
    tree = {"MAINTAINERS": "", "Kbuild": "", "init/main.c": "", **edit("step(15)")}
    culprit = repo.commit(f"fork: step\n\n{TAGS}", tree)
    repo.branch("vendor/6.1")
    repo.checkout("master")
    repo.commit(
        f'fork: step on\n\nIt hangs.\n\nFixes: {culprit[:12]} ("fork: step")\n{TAGS}',
        edit("step_on(15)"),
    )
    repo.git("update-ref refs/remotes/origin/master HEAD")
    return repo


@pytest.mark.parametrize(
    ("form", "title", "last"),
    [
        ("stable", "[PATCH vendor/6.1] fork: step on", "Signed-off-by: "),
        ("cherry-pick", "[PATCH vendor/6.1] fork: step on", "(cherry picked from commit {})"),
        ("suse", "[PATCH vendor/6.1] fork: step on", "Git-commit: {}"),
        (
            "UPSTREAM:",
            "[PATCH vendor/6.1] UPSTREAM: fork: step on",
            "(cherry picked from commit {})",
        ),
        ("quilt", "[PATCH vendor/6.1] fork: step on", "Signed-off-by: "),
    ],
)
def test_backport_to_an_own_branch_has_its_form(
    repo: Repo, tmp_path: Path, form: str, title: str, last: str
) -> None:
    repo.git("config patchpilot.branches", f"vendor/6.1={form}")
    fix = repo.git("rev-parse master")
    out = tmp_path / "out"
    repo.patchpilot("backport master --write", str(out)).expect(0)
    (patch,) = out.rglob("*.patch")
    text = patch.read_text()
    assert f"Subject: {title}\n" in text
    message = text.partition("\n---\n")[0].strip().split("\n")
    assert message[-1].startswith(last.format(fix))
    assert (f"commit {fix} upstream." in text) == (form in ("stable", "quilt"))
    assert "stable@vger.kernel.org" not in text
    assert [path.read_text() for path in out.rglob("series")] == (
        [f"{patch.name}\n"] if form == "quilt" else []
    )
    repo.git("checkout -q vendor/6.1")
    repo.git("am -q", str(patch))
    assert repo.patchpilot("check HEAD --profile downstream --strict").code == 0


def read_headers(out: Path) -> str:
    (patch,) = out.rglob("*.patch")
    return patch.read_text().partition("\n---\n")[0]


@pytest.mark.parametrize("words", [("master",), ("--missing",)])
def test_backport_goes_to_the_recipients_of_its_branch(
    repo: Repo, tmp_path: Path, words: tuple[str, ...]
) -> None:
    value = "vendor/6.1=UPSTREAM: kernel@vendor.example bsp@vendor.example"
    repo.git("config --global patchpilot.branches", value)
    outcome = repo.patchpilot("backport --write", str(tmp_path / "out"), *words)
    outcome.expect(0)
    headers = read_headers(tmp_path / "out")
    assert headers.count("kernel@vendor.example") == headers.count("bsp@vendor.example") == 1
    assert "Subject: [PATCH vendor/6.1] UPSTREAM: fork: step on" in headers
    assert "stable@vger" not in headers
    assert "\nCc:" not in headers


def test_recipients_in_the_configuration_of_a_repository_require_trust(
    repo: Repo, tmp_path: Path
) -> None:
    repo.git("config patchpilot.branches 'vendor/6.1=stable kernel@vendor.example'")
    outcome = repo.patchpilot("backport master --write", str(tmp_path / "out"))
    outcome.expect(1, "not trusted yet: patchpilot.branches", "patchpilot trust")
    assert repo.patchpilot("trust").code == 0
    repo.patchpilot("backport master --write", str(tmp_path / "out")).expect(0)
    assert "kernel@vendor.example" in read_headers(tmp_path / "out")


def test_branch_without_recipients_has_the_ones_of_its_profile(repo: Repo, tmp_path: Path) -> None:
    repo.git("config patchpilot.branches vendor/6.1")
    words = "backport master --profile downstream --write"
    repo.patchpilot(words, str(tmp_path / "no")).expect(0)
    headers = read_headers(tmp_path / "no")
    assert not any(name in headers for name in ("\nTo:", "\nCc:"))
    folder = Path(user_folder()) / "projects"
    folder.mkdir(parents=True)
    (folder / "ours.toml").write_text(
        'title = "ours"\ninherits = "downstream"\n[stable]\nrecipients = ["us@vendor.example"]\n'
    )
    forget()
    words = "backport master --profile ours --onto vendor/6.1 --write"
    repo.patchpilot(words, str(tmp_path / "out")).expect(0)
    headers = read_headers(tmp_path / "out")
    assert "\nTo: us@vendor.example\n" in headers
    assert "stable@vger" not in headers


def test_unknown_form_is_an_error(repo: Repo) -> None:
    repo.git("config patchpilot.branches vendor/6.1=stab")
    outcome = repo.patchpilot("backport master")
    assert outcome.code == 2
    assert "unknown form 'stab'" in outcome.err


def test_required_tags_of_a_downstream_project_are_reported(repo: Repo) -> None:
    repo.git("checkout -q vendor/6.1")
    fix = repo.git("rev-parse master")
    repo.git("cherry-pick -x master")
    assert repo.patchpilot("check HEAD --profile downstream").code == 0
    document = repo.patchpilot("check HEAD --profile android --format json").json
    (patch,) = document["patches"]
    assert [each["message"].partition(",")[0] for each in patch["findings"]] == [
        "missing Bug:",
        "missing Change-Id:",
    ]
    message = repo.git("log -1 --format=%B")
    repo.git("commit -q --amend -m", f"{message}\nBug: 1234\nChange-Id: I{fix}")
    assert repo.patchpilot("check HEAD --profile android --strict").code == 0
    assert (patch["origin"]["commit"], patch["origin"]["same"]) == (fix, "identical")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the fixes of CVEs."""

from pathlib import Path

import pytest

from tests.kit.backport_world import World
from tests.kit.cve_records import CveRepository, Pair, format_announcement, format_rejection

CVE, TITLE = "CVE-2026-1001", "work: do not forget step 20"


@pytest.fixture
def pairs(world: World, tmp_path: Path) -> list[Pair]:
    """Return the pairs of the record of a CVE whose fix is in mainline."""
    pairs = [("6.2", world.culprit, "6.3", world.fix)]
    records = CveRepository(tmp_path / "vulns")
    records.publish(CVE, TITLE, [world.fix], pairs)
    records.reject("CVE-2026-1002", "nothing", "No bug.")
    records.commit()
    world.create_stable_branch("6.1", world.base)
    world.create_stable_branch("6.6", world.groundwork)
    world.repo.git("config patchpilot.vulns", str(records.path))
    return pairs


def test_id_mail_and_page_have_the_verdicts_of_backport(
    world: World, pairs: list[Pair], tmp_path: Path
) -> None:
    by_id = world.repo.patchpilot("find --format json", CVE)
    assert by_id.code == 0, by_id.err
    (fix,) = by_id.json["candidates"]
    assert (fix["commit"], fix["matches"]) == (world.fix, [f"fixes {CVE}"])
    branches = world.read_backport_json(CVE)["cves"][0]["branches"]
    assert by_id.json["cves"][0]["branches"] == branches
    assert [row["verdict"] for row in fix["branches"]] == ["not-affected", "clean"]
    page = tmp_path / "page.html"
    page.write_text(f"<h1>Bug 7</h1><p>fixed, see {CVE.lower()} and CVE-2019-11111</p>\n")
    mail = format_announcement(CVE, TITLE, pairs)
    for outcome in (
        world.repo.patchpilot("find --format json", page),
        world.repo.patchpilot("find - --format json", stdin=mail.encode()),
        world.repo.patchpilot("find --format json", f"<2026-{CVE}-1@example.org>"),
        world.repo.patchpilot("find --format json", f"https://db.example.org/{CVE}"),
    ):
        assert outcome.json == by_id.json, outcome.err
    text = world.repo.patchpilot("find", CVE).out
    assert f"{CVE}  fixed by {world.fix[:12]}" in text
    assert "linux-6.1.y  not-affected" in text


def test_mail_needs_no_records(world: World, pairs: list[Pair], tmp_path: Path) -> None:
    world.repo.git("config --unset patchpilot.vulns")
    file = tmp_path / "cve.mbox"
    file.write_text(format_announcement(CVE, TITLE, pairs) + format_announcement(CVE, TITLE, pairs))
    answer = world.repo.patchpilot("find --format json", file).json
    assert [fix["commit"] for fix in answer["candidates"]] == [world.fix]
    file.write_text(format_rejection(CVE, TITLE, "No bug."))
    outcome = world.repo.patchpilot("find", file)
    assert (outcome.code, "rejected by the CVE team: No bug." in outcome.out) == (1, True)


@pytest.mark.parametrize(
    ("page", "is_named"),
    [
        ("Comment 5: this was fixed by commit {fix}, thanks.", True),
        ("<tr><td>State</td><td>Accepted</td></tr><tr><td>Commit</td><td>{fix}</td></tr>", True),
        ('Fixed in mainline: <a href="https://git.example.org/c/{fix}">here</a>', True),
        ("work() hangs. I bisected it to commit {fix}.", False),
        ("It is not fixed. {fix} is the first bad commit", False),
        ("work() hangs\n\nFixes: {fix}", False),
        ("Linux version 6.3.0-g{fix} hangs, please fix it in work()", False),
    ],
)
def test_page_names_a_fix_by_its_id(
    world: World, tmp_path: Path, page: str, *, is_named: bool
) -> None:
    file = tmp_path / "page"
    file.write_text(page.format(fix=world.fix[:12]))
    outcome = world.repo.patchpilot("find --format json --in v6.1", file)
    candidates = outcome.json["candidates"] if outcome.out else []
    named = [row["commit"] for row in candidates if row["matches"] == ["named as the fix"]]
    assert named == ([world.fix] if is_named else [])


def test_next_step_after_a_page_is_another_command(world: World, tmp_path: Path) -> None:
    file = tmp_path / "page"
    file.write_text(f"Comment 5: this was fixed by commit {world.fix[:12]}, thanks.")
    tree = world.repo.git(f"rev-parse {world.fix}~1")
    with_tree = world.repo.patchpilot("find --in", tree, file).out
    assert f"try whether the bug is gone: patchpilot find --try {world.fix[:12]}" in with_tree
    assert f"find {file}" not in with_tree
    without = world.repo.patchpilot("find", file).out
    assert f"next: patchpilot find {file} --in VERSION" in without


def test_cve_of_other_software_in_a_log_is_ignored(
    world: World, pairs: list[Pair], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.write_text("mitigation for CVE-2018-12126 is off\nBUG: bad\nRIP: 0010:work+0x1/0x9\n")
    outcome = world.repo.patchpilot("find --format json --in v6.1", log)
    assert outcome.json["functions"] == ["work"]
    assert "cves" not in outcome.json

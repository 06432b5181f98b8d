# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the verdicts of CVEs for branches."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.kit.backport_world import FIXED, GROUND, World, format_function
from tests.kit.cve_records import (
    CveRepository,
    format_announcement,
    format_rejection,
    make_json,
)

CVE, TITLE = "CVE-2026-1001", "work: do not forget step 20"


@pytest.fixture
def records(tmp_path: Path, world: World) -> CveRepository:
    repository = CveRepository(tmp_path / "vulns")
    world.repo.git("config patchpilot.vulns", str(repository.path))
    pairs = [("6.2", world.culprit, "6.3", world.fix)]
    repository.publish(CVE, TITLE, [world.fix], pairs)
    return repository


def read_lines(world: World, *arguments: object) -> list[dict[str, Any]]:
    outcome = world.run_backport(*arguments, "--format", "jsonl")
    assert outcome.code == 0, outcome.err
    return [json.loads(line) for line in outcome.out.splitlines()]


def make_branches(world: World) -> tuple[str, str]:
    return world.create_stable_branch("6.1", world.base), world.create_stable_branch(
        "6.6", world.groundwork
    )


def test_verdict_is_that_of_fix_and_culprit(world: World, records: CveRepository) -> None:
    records.commit()
    make_branches(world)
    answer = world.read_backport_json(CVE)
    single = world.read_backport_json(world.fix, "--fixes", world.culprit)
    assert answer["branches"] == single["branches"]
    assert {row["branch"]: row["verdict"] for row in answer["cves"][0]["branches"]} == {
        "linux-6.1.y": "not-affected",
        "linux-6.6.y": "clean",
    }
    assert world.run_backport(CVE).out.splitlines()[0].startswith(f"{CVE}  fixed by ")


def test_culprit_of_the_record_overrides_the_tag(world: World, records: CveRepository) -> None:
    records.publish(CVE, TITLE, [world.fix], [("6.2", world.groundwork, "6.3", world.fix)])
    records.commit()
    tip = world.create_stable_branch("6.1", world.culprit)
    answer = world.read_branch_result(CVE, "--onto", tip)
    assert answer["verdict"] == "not-affected"
    assert "by its Fixes: tag the branch needs the fix" in answer["reason"]


def test_ids_of_a_stable_tree_stand_for_mainline(world: World, records: CveRepository) -> None:
    """The branch has another backport of the culprit, and another tree has the fix."""
    mark = f"[ Upstream commit {world.culprit} ]"
    content = {"w.c": format_function(l10="quick(10);")}
    world.create_stable_branch("5.15", world.base, (f"work: be quick\n\n{mark}\n", content))
    world.create_stable_branch("6.1", world.base, (f"work: be quick\n\n{mark}\n", content))
    culprit = world.repo.git("rev-parse linux-6.1.y")
    mark = f"commit {world.fix} upstream."
    fixed = ("work: do not forget step 20\n\n" + mark + "\n", {"w.c": format_function(**FIXED)})
    world.create_stable_branch("6.6", world.groundwork, fixed)
    fix = world.repo.git("rev-parse linux-6.6.y")
    records.publish(CVE, TITLE, [fix], [("6.1.9", culprit, "6.6.7", fix)])
    records.commit()
    (line, _) = read_lines(world, CVE, "--onto", "linux-5.15.y")
    assert (line["commit"], line["culprit"]) == (world.fix, world.culprit)
    assert line["culprit_in_branch"] == world.repo.git("rev-parse linux-5.15.y")
    assert line["verdict"] in ("clean", "clean-3way", "conflict")
    (line, _) = read_lines(world, CVE, "--onto", "linux-6.6.y")
    assert (line["verdict"], line["landed_as"]) == ("already-fixed", fix)


def test_each_bug_of_a_cve_needs_one_of_its_fixes(world: World, records: CveRepository) -> None:
    second = world.repo.commit("other: be quick", {"other.c": format_function(l5="quick(5);")})
    repair = world.repo.commit("other: stop", {"other.c": format_function(l5="calm(5);")})
    twin = world.repo.commit("other: never", {"other.c": format_function(l5="never(5);")})
    branch = world.create_stable_branch("6.6", world.fix, ("x", {"x.c": "x\n"}))
    pairs = [("6.2", world.culprit, "6.3", world.fix), ("6.4", second, "6.5", repair)]
    records.publish(CVE, TITLE, [world.fix, repair], pairs)
    records.publish("CVE-2026-1002", "other", [repair, twin], [("6.4", second, "6.5", repair)])
    records.commit()
    assert read_lines(world, CVE, "--onto", branch)[0]["verdict"] == "already-fixed"
    assert read_lines(world, CVE, "--onto", second)[0]["commit"] == repair
    assert read_lines(world, CVE, "--onto", second)[0]["verdict"] == "clean"
    # one of two fixes of the same bug is enough
    (line, _) = read_lines(world, "CVE-2026-1002", "--onto", repair)
    assert line["verdict"] == "already-fixed"


def test_backport_in_another_tree_is_not_missed(world: World, records: CveRepository) -> None:
    """A record lists a backport without a mark as a fix of its own; its tree is not here."""
    other = "abcdef" * 6 + "abcd"
    pairs = [("6.2", world.culprit, "6.3", world.fix), ("6.2", world.culprit, "5.10.9", other)]
    records.publish("CVE-2026-1012", TITLE, [world.fix, other], pairs)
    records.commit()
    tip = world.create_stable_branch("6.6", world.groundwork)
    answer = world.read_backport_json("CVE-2026-1012", "--onto", tip)["cves"][0]
    assert (answer["branches"][0]["verdict"], answer["note"]) == ("clean", None)


def test_cve_without_fix_here_is_judged_by_its_culprit(
    world: World, records: CveRepository
) -> None:
    unknown = "1234567890" * 4
    pairs = [("6.2", world.culprit, "7.1", unknown)]
    records.publish("CVE-2026-1003", "far", [unknown], pairs)
    records.publish("CVE-2026-1004", "no fix", [], [("6.2", world.culprit, "0", "0")])
    records.publish("CVE-2026-1005", "lost", [world.fix], [("7.0", unknown, "6.3", world.fix)])
    records.commit()
    with_bug, without = world.create_stable_branch("6.6", world.culprit), world.base

    def judge(cve: str, onto: str) -> tuple[str, str]:
        line = read_lines(world, cve, "--onto", onto)[0]
        return line["verdict"], line["reason"]

    verdict, reason = judge("CVE-2026-1003", with_bug)
    assert verdict == "unknown"
    assert reason.endswith("the fix is not in this repository")
    assert judge("CVE-2026-1003", without)[0] == "not-affected"
    assert judge("CVE-2026-1004", with_bug)[0] == "no-fix"
    assert judge("CVE-2026-1004", without)[0] == "not-affected"
    lost = world.run_backport("CVE-2026-1005", "--onto", with_bug)
    assert "not known whether the branch has the bug" in " ".join(lost.out.split())
    assert "fetch mainline" in world.run_backport("CVE-2026-1003", "--onto", with_bug).out


def test_unpublished_cves_are_verdicts(world: World, records: CveRepository) -> None:
    records.reject("CVE-2026-1006", "nothing", "Root may do that.")
    records.reserve("CVE-2026-1007")
    records.reserve("CVE-2026-1008", "returned")
    records.commit()
    names = "".join(f"CVE-2026-100{number}\n" for number in range(6, 10))
    outcome = world.repo.patchpilot(
        "backport --cves - --onto master --format jsonl", stdin=names.encode()
    )
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    assert outcome.code == 0
    assert [line["verdict"] for line in lines[:-1]] == [
        "rejected",
        "reserved",
        "returned",
        "unknown",
    ]
    assert lines[0]["reason"] == "rejected by the CVE team: Root may do that."
    assert lines[3]["reason"].startswith("no record in ")
    assert lines[-1]["summary"]["others"] == {
        "rejected": 1,
        "reserved": 1,
        "returned": 1,
        "unknown": 1,
    }


def test_mail_alone_has_the_verdict_of_the_record(
    world: World, records: CveRepository, tmp_path: Path
) -> None:
    records.commit()
    make_branches(world)
    by_record = world.read_backport_json(CVE)
    world.repo.git("config --unset patchpilot.vulns")
    pairs = [("6.2", world.culprit, "6.3", world.fix)]
    mail = format_announcement(CVE, TITLE, pairs)
    file = tmp_path / "announced.mbox"
    file.write_text(mail)
    answer = world.read_backport_json(file)
    assert answer["branches"] == by_record["branches"]
    piped = world.repo.patchpilot("backport - --format json", stdin=mail.encode()).json
    assert piped["cves"] == answer["cves"]
    file.write_text(mail + format_rejection(CVE, TITLE, "No bug.") + mail)
    assert world.read_backport_json(file)["cves"][0]["verdict"] == "rejected"


RECORDS = {
    "record": "{0}",
    "array": "[{0},\n {1},\n {2}]\n",
    "lines": "{0}\n{1}\n{2}\n",
    "concatenated": "\ufeff{0}{1} {2}",
    "object": '{{"count": 3, "cves": [{0}, {1}, {2}]}}',
    "truncated": '[{0}, {1}, {2}, {{"containers": ',
    "damaged": '{0}\n{{"containers": }}\n{1}\n[]\n{2}\n',
    "other part": "[{0}, {{}}, {1}, {2}]",
}


@pytest.mark.parametrize(
    "form",
    [
        "truncated",
        *(pytest.param(form, marks=pytest.mark.long) for form in RECORDS if form != "truncated"),
    ],
)
@pytest.mark.parametrize("indent", [None, pytest.param(2, marks=pytest.mark.long)])
def test_records_in_a_file_are_judged(
    world: World, tmp_path: Path, form: str, indent: int | None
) -> None:
    pairs = [("6.2", world.culprit, "6.3", world.fix)]
    cves = [CVE, "CVE-2026-1021", "CVE-2026-1022"]
    texts = [json.dumps(make_json(cve, TITLE, pairs), indent=indent) for cve in cves[:2]]
    texts.append(json.dumps(make_json(cves[2], TITLE, pairs, "REJECTED"), indent=indent))
    file = tmp_path / f"{CVE}.json"
    file.write_text(RECORDS[form].format(*texts))
    count = 1 if form == "record" else 3
    for words in (file,), ("--cves", file):
        *lines, last = read_lines(world, *words, "--onto", "master")
        assert [line["cve"] for line in lines] == cves[:count]
        verdicts = ["already-fixed", "already-fixed", "rejected"][:count]
        assert [line["verdict"] for line in lines] == verdicts
        is_damaged = form in ("truncated", "damaged", "other part")
        assert last["summary"]["left_out"] == int(is_damaged)


def test_several_records_may_be_targets(world: World, tmp_path: Path) -> None:
    pairs = [("6.2", world.culprit, "6.3", world.fix)]
    files = [tmp_path / f"{name}.json" for name in ("a", "b")]
    for number, file in enumerate(files):
        file.write_text(json.dumps(make_json(f"CVE-2026-103{number}", TITLE, pairs)))
    lines = read_lines(world, *files, "--onto", "master")
    assert [line["cve"] for line in lines[:-1]] == ["CVE-2026-1030", "CVE-2026-1031"]


def test_newer_record_replaces_a_mail(world: World, records: CveRepository, tmp_path: Path) -> None:
    records.reject("CVE-2026-1010", "work", "No bug.")
    records.commit()
    file = tmp_path / "announced.mbox"
    file.write_text(format_announcement("CVE-2026-1010", "work", []))
    answer = world.read_backport_json(file, "--onto", "master")
    assert answer["cves"][0]["verdict"] == "rejected"


def test_year_as_csv_and_totals(world: World, records: CveRepository) -> None:
    records.publish("CVE-2026-999", "early", [world.fix], [("0", "0", "6.3", world.fix)])
    records.commit()
    branches = make_branches(world)
    onto = [word for tip in branches for word in ("--onto", tip)]
    outcome = world.run_backport("--cves", "2026", *onto, "--format", "csv")
    rows = list(csv.DictReader(outcome.out.splitlines()))
    assert [row["cve"] for row in rows] == ["CVE-2026-1001", "CVE-2026-1001"]
    assert [row["verdict"] for row in rows] == ["not-affected", "clean"]
    assert [row["fix"] for row in rows] == [world.fix, world.fix]
    text = world.run_backport("--cves", "2026", *onto, "--fail-on", "affected")
    assert text.code == 1
    assert text.out.rstrip().splitlines()[-1].startswith("records of 2023-11-14 in ")


def test_cve_can_be_written(world: World, records: CveRepository, tmp_path: Path) -> None:
    second = world.repo.commit(
        f'work: again\n\nFixes: {world.fix[:12]} ("work: do not forget step 20")\n',
        {"w.c": format_function(**{**FIXED, "l21": "again(21);"})},
    )
    records.publish("CVE-2026-1011", "again", [second], [("6.2", world.culprit, "6.5", second)])
    records.commit()
    tip = world.create_stable_branch("6.6", world.groundwork)
    ids = tmp_path / "ids"
    ids.write_text(f"CVE-2026-1011 first\n{CVE},second\n")
    outcome = world.run_backport("--cves", ids, "--onto", tip, "--write", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    patches = sorted((tmp_path / "out").rglob("*.patch"))
    assert [TITLE.split()[-1] in patch.read_text() for patch in patches] != []
    content = world.apply_to_clone(tip, patches, tmp_path / "clone")
    assert content == format_function(**{**FIXED, "l21": "again(21);"})


def test_unpacked_tree_is_judged_by_its_content(
    world: World, records: CveRepository, tmp_path: Path
) -> None:
    records.commit()
    for name, content in (("old", format_function(**GROUND)), ("new", format_function(**FIXED))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "w.c").write_text(content)
    lines = read_lines(world, CVE, "--onto", tmp_path / "old", "--onto", tmp_path / "new")
    assert [line["verdict"] for line in lines[:-1]] == ["clean", "already-fixed"]


def test_branch_with_the_name_of_a_cve(world: World, records: CveRepository) -> None:
    world.repo.git("branch", CVE, world.fix)
    records.commit()
    outcome = world.run_backport(CVE, "--onto", "v6.1", "--format", "jsonl")
    assert json.loads(outcome.out.splitlines()[0])["verdict"] == "not-affected"
    both = world.run_backport(CVE, "CVE-2026-1013", "--onto", "v6.1", "--format", "csv")
    assert [line.split(",")[2] for line in both.out.splitlines()[1:]] == ["not-affected", "unknown"]
    assert f"refs/heads/{CVE}" in outcome.err
    world.repo.git("config --unset patchpilot.vulns")
    assert "cves" not in world.read_backport_json(CVE, "--onto", "v6.1")


def test_missing_records_are_an_error_with_the_command(world: World) -> None:
    world.run_backport(CVE).expect(3, "patchpilot.vulns", "git clone ")
    world.repo.git("config patchpilot.vulns", str(world.repo.path))
    world.run_backport(CVE).expect(3, "no folder cve/published")
    world.run_backport("--cves", "none", "--onto", "master").expect(2, "neither a file nor a year")
    world.run_backport(world.fix, "--format", "csv").expect(2, "CVEs only")

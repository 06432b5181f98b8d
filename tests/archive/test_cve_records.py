# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading CVE records from clones, mirrors and directories that nobody trusts."""

import json
import os
import shutil
from pathlib import Path

import pytest

from patchpilot.archive.cve_records import CveRecords
from patchpilot.errors import MissingError
from patchpilot.reading.cve_record import CvePair, CveRecord, CveState
from tests.kit.cve_records import CveRepository, make_json

CVE, TITLE = "CVE-2026-1001", "ring: fix a leak"
CULPRIT, FIX = "1a" * 20, "2b" * 20
PAIRS = [("5.10", CULPRIT, "5.11", FIX)]


@pytest.fixture
def stored(tmp_path: Path) -> CveRepository:
    repository = CveRepository(tmp_path / "vulns")
    repository.publish(CVE, TITLE, [FIX], PAIRS)
    repository.reject("CVE-2026-1002", "nothing", "No bug.")
    return repository


def read(path: Path, cve: str = CVE) -> CveRecord:
    with CveRecords(path) as records:
        (record,) = records.read([cve])
        return record


WHOLE = CveRecord(CVE, CveState.PUBLISHED, TITLE, (FIX,), (CvePair(CULPRIT, FIX, "5.10", "5.11"),))


def test_clone_mirror_and_directory_agree(stored: CveRepository, tmp_path: Path) -> None:
    shutil.copytree(stored.path / "cve", tmp_path / "plain" / "cve")
    stored.commit()
    stored.repo.git("clone -q --mirror .", str(tmp_path / "mirror.git"))
    stored.repo.git("clone -q .", str(tmp_path / "clone"))
    for path in ("vulns", "mirror.git", "clone", "plain"):
        assert read(tmp_path / path) == WHOLE, path
        with CveRecords(tmp_path / path) as records:
            assert records.list_year("2026") == (CVE, "CVE-2026-1002")
            assert bool(records.snapshot.commit) is (path != "plain")
        rejected = read(tmp_path / path, "CVE-2026-1002")
        assert (rejected.state, rejected.note) == (CveState.REJECTED, "No bug.")


def test_many_records_are_read_like_one(stored: CveRepository) -> None:
    for number in range(50):
        stored.publish(f"CVE-2025-2{number:03}", TITLE, [FIX], PAIRS)
    stored.commit()
    with CveRecords(stored.path) as records:
        cves = (*records.list_year("2025"), CVE, "CVE-2025-1111")
        several = list(records.read(cves))
    assert several == [read(stored.path, cve) for cve in cves]
    assert len(several) == 52


def test_fetched_records_are_newer_than_the_branch(stored: CveRepository, tmp_path: Path) -> None:
    stored.commit()
    stored.repo.git("clone -q -b master .", str(tmp_path / "clone"))
    stored.repo.git("switch -q master")
    stored.publish(CVE, "changed", [FIX], PAIRS)
    stored.commit_again()
    stored.repo.git("-C", str(tmp_path / "clone"), "fetch", "-q")
    assert read(tmp_path / "clone").title == "changed"


def test_missing_forms_are_replaced_by_others(stored: CveRepository) -> None:
    stored.publish("CVE-2026-1003", TITLE, [FIX], PAIRS, dyad="damaged")
    stored.publish("CVE-2026-1004", TITLE, [], PAIRS, json="{")
    stored.publish("CVE-2026-1005", TITLE, [FIX], [], vulnerable=f"{CULPRIT}\n")
    stored.commit()
    record = read(stored.path, "CVE-2026-1003")
    assert (record.fixes, record.pairs) == ((FIX,), (CvePair(CULPRIT, FIX),))
    record = read(stored.path, "CVE-2026-1004")
    assert (record.fixes, record.note) == ((FIX,), "damaged: .json")
    assert read(stored.path, "CVE-2026-1005").culprits == (CULPRIT,)


def test_links_and_devices_are_not_read(stored: CveRepository, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(make_json("CVE-2026-1006", "SECRET", PAIRS)))
    folder = stored.path / "cve/published/2026"
    (folder / "CVE-2026-1006.json").symlink_to(secret)
    (folder / "CVE-2026-1006.sha1").symlink_to(secret)
    (folder / "CVE-2026-1007.sha1").symlink_to("/dev/zero")
    os.mkfifo(folder / "CVE-2026-1008.sha1")
    shutil.copytree(
        stored.path / "cve",
        tmp_path / "plain" / "cve",
        symlinks=True,
        ignore=lambda _, names: [name for name in names if "1008" in name],
    )
    os.mkfifo(tmp_path / "plain/cve/published/2026/CVE-2026-1008.sha1")
    (folder / "CVE-2026-1008.sha1").unlink()
    stored.commit()
    for path in (stored.path, tmp_path / "plain"):
        for number in (6, 7, 8):
            assert read(path, f"CVE-2026-100{number}").state is CveState.UNKNOWN


def test_linked_folder_is_not_left(stored: CveRepository, tmp_path: Path) -> None:
    shutil.move(stored.path / "cve/published/2026", tmp_path / "outside")
    plain = tmp_path / "plain" / "cve" / "published"
    plain.mkdir(parents=True)
    (plain / "2026").symlink_to(tmp_path / "outside")
    assert read(tmp_path / "plain").state is CveState.UNKNOWN


def test_large_file_is_not_read(stored: CveRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    stored.commit()
    monkeypatch.setattr("patchpilot.archive.cve_records._MAX_FILE", 100)
    record = read(stored.path)
    assert record.fixes == (FIX,)
    assert record.title == ""


def test_record_of_another_cve_is_damaged(stored: CveRepository) -> None:
    other = json.dumps(make_json("CVE-2026-9999", "other", PAIRS))
    stored.publish("CVE-2026-1009", TITLE, [FIX], PAIRS, json=other)
    stored.commit()
    record = read(stored.path, "CVE-2026-1009")
    assert (record.title, record.note) == ("", "damaged: .json")


def test_directory_without_records_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such directory"):
        CveRecords(tmp_path / "nowhere")
    tmp_path.joinpath("empty").mkdir()
    with pytest.raises(MissingError):
        CveRecords(tmp_path / "empty")

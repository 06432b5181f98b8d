# SPDX-License-Identifier: GPL-2.0-or-later
"""TARGETs that are files: packed, endless, several."""

import gzip
from pathlib import Path

import pytest

from patchpilot.commits import range as module
from patchpilot.errors import InputError, UsageError
from tests.kit.cli import call
from tests.kit.patches import mail

ONE, TWO = (mail(f"[PATCH {number}/2] foo: part {number}").encode() for number in (1, 2))


def subjects(*targets: object) -> list[str]:
    return [
        patch.subject.title
        for series in module.read_targets([str(target) for target in targets], None)
        for patch in series.patches
    ]


def test_all_members_of_a_gzip_are_read(tmp_path: Path) -> None:
    file = tmp_path / "two.mbox.gz"
    file.write_bytes(gzip.compress(ONE) + gzip.compress(TWO))
    assert subjects(file) == ["foo: part 1", "foo: part 2"]


def test_a_packed_mbox_is_taken_from_standard_input() -> None:
    done = call(
        "check", "--format", "checkpatch", "--select", "TAG001", "-", stdin=gzip.compress(ONE)
    )
    assert (done.code, done.err) == (0, "")


def test_a_gzip_that_was_cut_off_is_no_patch(tmp_path: Path) -> None:
    file = tmp_path / "cut.patch.gz"
    file.write_bytes(gzip.compress(ONE)[:-20])
    done = call("check", file)
    assert (done.code, done.out) == (2, "")
    assert "truncated" in done.err


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no endless file here")
def test_an_endless_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_INPUT", 1 << 20)
    with pytest.raises(InputError, match="larger than 1 MiB"):
        subjects("/dev/zero")


def test_a_verb_that_reads_no_archive_says_so() -> None:
    with pytest.raises(UsageError, match="cannot read mail archives"):
        subjects("<x@example.org>")

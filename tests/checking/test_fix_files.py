# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that all files are written or none is, even if the run is killed."""

from pathlib import Path

import pytest

from patchpilot.checking.fix_files import PatchFiles
from patchpilot.errors import InputError, RefusedError

ERRORS = {
    "Ctrl-C": KeyboardInterrupt(),
    "disk": OSError(5, "Input/output error", "b.patch"),
}


def _read_files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("why", ERRORS)
@pytest.mark.parametrize("times", [1, 9])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_interrupted_write_changes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str, times: int, at: int
) -> None:
    for name in "abc":
        (tmp_path / f"{name}.patch").write_bytes(b"old")
    holder = PatchFiles({str(tmp_path / f"{name}.patch"): b"old" for name in "abc"})
    calls: list[Path] = []
    replace = Path.replace

    def fail_to_write(self: Path, target: Path) -> Path:
        calls.append(target)
        if at <= len(calls) < at + times and not (why == "Ctrl-C" and len(calls) > at):
            raise ERRORS[why]
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_to_write)
    before = _read_files(tmp_path)
    with pytest.raises((KeyboardInterrupt, RefusedError)) as caught:
        holder.write(dict.fromkeys(holder.data, b"new"))
    after = _read_files(tmp_path)
    assert set(after) == set(before)
    if isinstance(caught.value, RefusedError):
        assert (caught.value.hint == "no file was changed") == (after == before)
    else:
        assert after == before


def test_endless_file_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("patchpilot.commits.range.MAX_INPUT", 1 << 20)
    with pytest.raises(InputError, match="larger than 1 MiB"):
        PatchFiles.of(("/dev/zero",), None)

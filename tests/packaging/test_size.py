# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the recorded size of the project never increases."""

import json
import runpy
from pathlib import Path

import pytest

from tests.kit.repos import Repo

SCRIPT = Path(__file__).parents[2] / ".ci/size.py"
RUN = runpy.run_path(str(SCRIPT))["run"]
SUMS = {"nodes": 9, "test_nodes": 2, "data_bytes": 6, "words": 3, "values": 1}


@pytest.fixture
def sample_project(tmp_path: Path) -> Path:
    files = {
        "patchpilot/a/b.py": "class One(NamedTuple):\n    x: int\n\n\nclass Two: ...\n",
        "patchpilot/ignored.py": "pass\n",
        "tests/c.py": "pass\n",
        "checks/d/e.toml": "1234",
        "templates/f": "56",
        "docs/g/h.md": "one two\nthree\n",
        "docs/i.toml": "four",
        ".gitignore": "ignored.py",
        ".ci/size.json": json.dumps(SUMS),
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    Repo(tmp_path)
    return tmp_path


def read_recorded_sizes(project: Path) -> dict[str, int]:
    return json.loads((project / ".ci/size.json").read_text())  # type: ignore[no-any-return]


def test_checksums_are_printed(
    sample_project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert RUN(sample_project) == 0
    output = capsys.readouterr().out.splitlines()
    assert f"{'a':16}{9:>9}{5:>9}{1:>9}{1:>9}" in output
    sums = [f"{name:16}{size:>9}  (record: {size})" for name, size in SUMS.items()]
    assert output[-5:] == sums


@pytest.mark.parametrize("name", SUMS)
def test_wrong_checksum_fails(
    sample_project: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lower = {**SUMS, name: SUMS[name] - 1}
    (sample_project / ".ci/size.json").write_text(json.dumps(lower))
    assert RUN(sample_project, quiet=True) == 1
    out, error_output = capsys.readouterr()
    assert (
        out,
        error_output.count("above its record"),
        f"'{name}'" in error_output,
    ) == ("", 1, True)
    assert RUN(sample_project, lowers=True) == 1
    assert read_recorded_sizes(sample_project) == lower


def test_record_can_be_lowered(sample_project: Path) -> None:
    (sample_project / ".ci/size.json").write_text(json.dumps({**SUMS, "words": 99}))
    assert RUN(sample_project, lowers=True) == 0
    assert read_recorded_sizes(sample_project) == SUMS

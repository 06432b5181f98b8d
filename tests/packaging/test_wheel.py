# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the wheel contains its data.

The data is found in an installation, in an editable installation, and in a checkout.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from patchpilot.resources import data_dir
from tests.kit.source import ROOT

FIND = (
    "from patchpilot.resources import data_dir; print(data_dir('checks'));"
    " print(data_dir('templates'))"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output_folder = tmp_path_factory.mktemp("dist")
    # turn off build isolation, so that nothing is downloaded; the build backend is in the
    # development group
    completed = subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "-o",
            output_folder,
            ROOT,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    (wheel_file,) = output_folder.glob("*.whl")
    return wheel_file


def test_wheel_contains_the_data_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("patchpilot/_data/checks/") for name in names)
    assert any(name.startswith("patchpilot/_data/templates/") for name in names)
    assert "patchpilot/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "checks/", "docs/"))]
    assert [name for name in names if name.endswith("/COPYING")]
    tracked = {
        line
        for line in subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\n")
        if line
    }
    if tracked:
        data = {name.replace("patchpilot/_data/", "") for name in names if "/_data/" in name}
        shipped = {name for name in tracked if name.startswith(("checks/", "templates/"))}
        assert shipped <= data


def test_installed_wheel_finds_its_data(wheel: Path, tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--no-index",
            "--target",
            tmp_path / "site",
            wheel,
        ],
        check=True,
        capture_output=True,
    )
    completed = subprocess.run(
        [sys.executable, "-c", FIND],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site")},
    )
    checks, templates = map(Path, completed.stdout.split())
    assert checks.is_relative_to(tmp_path / "site")
    assert list(checks.glob("*.toml"))
    assert list(templates.iterdir())


def test_checkout_finds_its_data() -> None:
    assert data_dir("checks") == ROOT / "checks"


def test_data_contains_no_code() -> None:
    assert not [*ROOT.glob("checks/**/*.py"), *ROOT.glob("templates/**/*.py")]


def test_every_source_file_has_a_license() -> None:
    files = [
        file
        for pattern in (
            "patchpilot/**/*.py",
            "tests/**/*.py",
            "checks/**/*.toml",
            ".ci/*",
        )
        for file in ROOT.glob(pattern)
        if file.is_file() and "__pycache__" not in file.parts
    ]
    missing = [
        file
        for file in files
        if file.suffix != ".txt"
        and file.suffix != ".json"
        and "SPDX-License-Identifier: GPL-2.0-or-later"
        not in file.read_text().split("\n\n")[0][:300]
    ]
    assert missing == []


def test_child_processes_run_the_tested_tree(tmp_path: Path) -> None:
    completed = subprocess.run(
        [sys.executable, "-c", "import patchpilot; print(patchpilot.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(completed.stdout.strip()).is_relative_to(ROOT)

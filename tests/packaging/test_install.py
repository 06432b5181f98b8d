# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `make install` installs the command, the man pages and the completions where a shell
and man find them.

`make uninstall` removes all of them.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.kit.source import ROOT

OFFLINE = {
    "PIP_NO_DEPS": "1",
    "PIP_NO_INDEX": "1",
    "PIP_NO_BUILD_ISOLATION": "off",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}
pytestmark = [
    # creating an environment takes a long time
    pytest.mark.long,
    pytest.mark.skipif(not shutil.which("make"), reason="needs make"),
]


@pytest.fixture(scope="module")
def install_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that contains the staged packages (`stage`) and their prefix (`usr`)."""
    return tmp_path_factory.mktemp("install")


@pytest.fixture(scope="module")
def environment(install_root: Path) -> dict[str, str]:
    """Return environment variables that disable downloads and make this Python's packages
    available.
    """
    return {
        **os.environ,
        **OFFLINE,
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "HOME": str(install_root),
    }


def run_make(target: str, root: Path, environment: dict[str, str]) -> None:
    """Run make like a package build, with a prefix below `root` and a staging directory."""
    argv = [
        "make",
        "-s",
        target,
        f"PYTHON={sys.executable}",
        f"PREFIX={root}/usr",
        f"DESTDIR={root}/stage",
    ]
    completed = subprocess.run(
        argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert completed.returncode == 0, completed.stderr + completed.stdout


@pytest.fixture(scope="module")
def prefix(install_root: Path, environment: dict[str, str]) -> Path:
    run_make("install", install_root, environment)
    return (
        (install_root / "stage")
        .joinpath(*install_root.parts[1:], "usr")
        .rename(install_root / "usr")
    )


def test_installed_command_is_compiled(
    prefix: Path, install_root: Path, environment: dict[str, str]
) -> None:
    completed = subprocess.run(
        [prefix / "bin" / "patchpilot", "help", "check"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.stdout.startswith("Usage: patchpilot check"), completed.stderr
    built = [bytes(install_root / "stage"), bytes(ROOT / "patchpilot")]
    files = [file for file in prefix.rglob("*") if file.is_file()]
    texts = [file.read_bytes() for file in files if not file.is_symlink()]
    assert not [text for text in texts if any(path in text for path in built)]
    modules = {file.stem.split(".")[0] for file in files if file.suffix == ".pyc"}
    assert {"editor_check", "send_screen"} <= modules


def test_every_man_page_is_found(prefix: Path, environment: dict[str, str]) -> None:
    pages = sorted(page.name for page in (prefix / "share" / "man" / "man1").iterdir())
    assert pages == sorted(page.name for page in (ROOT / "man").iterdir())
    if not shutil.which("man"):
        pytest.skip("needs man")
    environment = {
        **environment,
        "MANPAGER": "cat",
        "MANWIDTH": "80",
        "MANPATH": f"{prefix}/share/man",
    }
    for argv in (
        ["man", "patchpilot-check"],
        ["man", "-l", f"{prefix}/share/man/man1/patchpilot-check.1"],
    ):
        completed = subprocess.run(
            argv, env=environment, capture_output=True, text=True, check=False
        )
        assert "patchpilot check [OPTIONS] [TARGET]..." in completed.stdout, completed.stderr


def test_bash_loads_the_completion(prefix: Path, environment: dict[str, str]) -> None:
    script = f". {prefix}/share/bash-completion/completions/patchpilot; complete -p patchpilot"
    completed = subprocess.run(
        ["bash", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "-F _patchpilot_completion patchpilot" in completed.stdout, completed.stderr
    assert (
        "#compdef patchpilot"
        in (prefix / "share" / "zsh" / "site-functions" / "_patchpilot").read_text()
    )
    assert (
        "complete -c patchpilot -f"
        in (prefix / "share" / "fish" / "vendor_conf.d" / "patchpilot.fish").read_text()
    )


def test_uninstall_removes_everything(
    prefix: Path, install_root: Path, environment: dict[str, str]
) -> None:
    staged = (install_root / "stage").joinpath(*install_root.parts[1:])
    staged.mkdir(parents=True, exist_ok=True)
    prefix.rename(staged / "usr")
    run_make("uninstall", install_root, environment)
    assert list(staged.rglob("*")) == [staged / "usr"]

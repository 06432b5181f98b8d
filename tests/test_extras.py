# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the core runs without optional packages.

A command that needs one of them names its extra.
"""

import ast
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.cli.error_exit import run_and_report_errors
from patchpilot.extras import (
    EXTRA_OF,
    install_command,
    missing_extra_error,
    system_install_command,
    upgrade_hint,
)
from tests.kit.cli import call
from tests.kit.source import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
IMPORTED_AS = {
    "codespell": "codespell_lib",
    "dkimpy": "dkim",
    "gitpython": "git",
    "google-re2": "re2",
}
"""The import name of a distribution, if it is not its name with `_` for `-`."""


def list_imported_modules(requirements: list[str]) -> set[str]:
    names = [re.split(r"[\[<>=~! ]", line)[0].lower() for line in requirements]
    return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in names}


def find_third_party_imports() -> Iterator[tuple[str, str]]:
    """Yield every third-party package imported at run time, with the importing file."""
    for file in (ROOT / "patchpilot").rglob("*.py"):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [imported_name.name for imported_name in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                top_package = name.partition(".")[0]
                if top_package not in sys.stdlib_module_names | {"patchpilot"}:
                    yield top_package, str(file.relative_to(ROOT))


def test_imports_belong_to_core_or_an_extra() -> None:
    core = list_imported_modules(PROJECT["dependencies"])
    assert not {
        module for module in find_third_party_imports() if module[0] not in core | EXTRA_OF.keys()
    }
    assert not core & EXTRA_OF.keys()


def test_every_extra_installs_its_imports() -> None:
    # another package in the same extra depends on this package
    implied = {"lsprotocol"}
    for name, extra in EXTRA_OF.items():
        extra_imports = list_imported_modules(PROJECT["optional-dependencies"][extra])
        assert name in extra_imports | implied, name


@pytest.mark.parametrize(
    ("file", "text", "command"),
    [
        ("pyvenv.cfg", "home = /usr/bin\n", f"{sys.executable} -m pip install"),
        ("pyvenv.cfg", "uv = 0.9\n", "uv pip install --python {place}"),
        ("pipx_metadata.json", "{}", "pipx inject patchpilot"),
    ],
)
def test_hint_matches_the_environment(
    file: str,
    text: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prefix = tmp_path / "patchpilot"
    prefix.mkdir()
    (prefix / file).write_text(text)
    monkeypatch.setattr(sys, "prefix", str(prefix))
    requirements = PROJECT["optional-dependencies"]["lsp"]
    monkeypatch.setattr("importlib.metadata.requires", lambda _: LSP)
    assert install_command("lsp") == (
        f"{command.format(place=prefix)} {' '.join(map(shlex.quote, requirements))}"
    )


LSP = ["unidiff>=0.7.5", "pygls>=2,<3; extra == 'lsp'", "rich>=13; extra == 'tui'"]


def test_pip_is_not_suggested_on_managed_systems(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr("patchpilot.extras._is_managed_externally", lambda: True)
    assert install_command("lsp") == "pipx install 'CLONE[all]'"


def install_from(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the metadata say that patchpilot was installed from this URL."""
    info = folder / "patchpilot-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: patchpilot\nVersion: 0.1.0\n")
    (info / "direct_url.json").write_text(json.dumps({"url": url, "dir_info": {}}))
    monkeypatch.syspath_prepend(str(folder))


def test_upgrade_hint_names_the_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = tmp_path / "my clone"
    (clone / ".git").mkdir(parents=True)
    install_from(clone.as_uri(), tmp_path, monkeypatch)
    command = f"git -C {shlex.quote(str(clone))} pull"
    assert f"`{command}`" in upgrade_hint()
    assert f"`{command}`" in call("upgrade").err
    (clone / ".git").rmdir()
    assert upgrade_hint() == "upgrade patchpilot in the way it was installed"


@pytest.mark.parametrize("url", ["https://example.org/pp.whl", "file://[", ""])
def test_upgrade_hint_without_a_clone_names_no_command(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_from(url, tmp_path, monkeypatch)
    assert upgrade_hint() == "upgrade patchpilot in the way it was installed"


_FROM_INDEX = re.compile(
    r"\b(?:pipx? (?:install|upgrade|download|run)|uv pip install|uv tool \w+|uvx)\b"
    r"[^`'\"\n]*? ['\"]?patchpilot(?:\[[\w,]+\])?(?:[=~<>]=\S*)?(?=['\"`\s,;]|$)",
    re.MULTILINE,
)
"""A command that installs patchpilot by its name, from whatever index is configured."""


def test_no_text_installs_patchpilot_by_name() -> None:
    assert _FROM_INDEX.search("run `pip install --upgrade patchpilot`")
    assert _FROM_INDEX.search("run `pipx install 'patchpilot[all]'`, or")
    assert not _FROM_INDEX.search("pipx install dist/patchpilot-*.whl")
    folders = ("patchpilot", "docs", "contrib", "packaging", "templates")
    files = [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "action.yml")),
        *(file for folder in folders for file in (ROOT / folder).rglob("*")),
    ]
    assert len(files) > 100
    assert not {
        (str(file.relative_to(ROOT)), match[0])
        for file in files
        if file.is_file()
        for match in _FROM_INDEX.finditer(file.read_text("utf-8", "replace"))
    }


@pytest.mark.parametrize(
    ("manager", "hint"),
    [
        ("dnf", "run `dnf install sparse lld`"),
        ("pacman", "run `pacman -S sparse lld`"),
        ("zypper", "run `zypper install sparse lld`"),
        ("brew", "install sparse, ld.lld"),
    ],
)
def test_hint_names_the_package_manager(
    manager: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", {manager: f"/usr/bin/{manager}"}.get)
    assert system_install_command("sparse", "ld.lld") == hint


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("textual.app", 3, "needs textual"),
        ("git", 3, "needs GitPython"),
        ("patchpilot.nosuch", 70, "a bug in patchpilot"),
    ],
)
def test_missing_package_names_its_extra(
    name: str, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def raise_missing() -> int:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    assert run_and_report_errors(raise_missing) == code
    assert words in capsys.readouterr().err


def test_other_missing_import_is_not_an_extra() -> None:
    assert missing_extra_error(ModuleNotFoundError("x")) is None

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
from tests.kit.source import ROOT, SOURCE, trees

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
IMPORTED_AS = {
    "codespell": "codespell_lib",
    "dkimpy": "dkim",
    "gitpython": "git",
    "google-re2": "re2",
}
"""The import name of a distribution, if it is not its name with `_` for `-`."""

_IMPORT_LINE = re.compile(r"(?m)^\s*(?:from|import)\s+(\w+)")


def list_imported_modules(requirements: list[str]) -> set[str]:
    names = [re.split(r"[\[<>=~! ]", line)[0].lower() for line in requirements]
    return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in names}


def find_third_party_imports() -> Iterator[tuple[str, str]]:
    """Yield every third-party package imported at run time, with the importing file."""
    known = sys.stdlib_module_names | {"patchpilot"}
    for file in SOURCE.rglob("*.py"):
        text = file.read_text()
        # parsing all modules takes two seconds
        if known.issuperset(_IMPORT_LINE.findall(text)):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names = [imported_name.name for imported_name in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                top_package = name.partition(".")[0]
                if top_package not in known:
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


LSP = ["unidiff>=0.7.5", "pygls>=2,<3; extra == 'lsp'", "rich>=13; extra == 'tui'"]
PYGLS = shlex.quote("pygls>=2,<3")


def install_from(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, installer: str) -> None:
    """Make the metadata say what installed patchpilot, and from which URL."""
    info = folder / "patchpilot-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: patchpilot\nVersion: 0.1.0\n")
    (info / "INSTALLER").write_text(f"{installer}\n")
    if url:
        (info / "direct_url.json").write_text(json.dumps({"url": url, "dir_info": {}}))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr("importlib.metadata.requires", lambda _: LSP)


@pytest.mark.parametrize(
    ("file", "text", "installer", "install", "upgrade"),
    [
        (
            "pyvenv.cfg",
            "home = /usr/bin\n",
            "pip",
            f"{sys.executable} -m pip install {PYGLS}",
            "run `{pull}`, then the command that installed it",
        ),
        (
            "pyvenv.cfg",
            "home = /usr/bin\n",
            "uv",
            f"uv pip install --python {{prefix}} {PYGLS}",
            "run `{pull}`, then the command that installed it",
        ),
        (
            "pyvenv.cfg",
            "uv = 0.9\n",
            "pip",
            f"uv pip install --python {{prefix}} {PYGLS}",
            "run `{pull}`, then the command that installed it",
        ),
        (
            "uv-receipt.toml",
            "[tool]\n",
            "uv",
            f"uv pip install --python {{prefix}} {PYGLS}",
            "run `{pull}`, then `uv tool upgrade --reinstall pp`",
        ),
        (
            "pipx_metadata.json",
            "{}",
            "pip",
            f"pipx inject pp {PYGLS}",
            "run `{pull}`, then `pipx reinstall pp`",
        ),
        (
            ".made",
            "bin\n",
            "pip",
            f"{sys.executable} -m pip install {PYGLS}",
            "run `git pull` and `make install PREFIX={root}` in your clone",
        ),
    ],
)
def test_hints_match_the_environment(
    file: str,
    text: str,
    installer: str,
    install: str,
    upgrade: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prefix = tmp_path / "lib/pp"
    clone = tmp_path / "my clone"
    (clone / ".git").mkdir(parents=True)
    install_from(clone.as_uri(), prefix, monkeypatch, installer)
    (prefix / file).write_text(text)
    monkeypatch.setattr(sys, "prefix", str(prefix))
    pull = f"git -C {shlex.quote(str(clone))} pull"
    assert install_command("lsp") == install.format(prefix=prefix)
    expected = f"patchpilot: {upgrade.format(pull=pull, root=tmp_path)}"
    assert upgrade_hint() == f"upgrade {expected}"
    assert upgrade_hint("reinstall") == f"reinstall {expected}"
    assert expected in call("upgrade").err


@pytest.mark.parametrize("installer", ["debian", "rpm"])
def test_system_package_is_not_changed_with_pip(
    installer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_from("", tmp_path, monkeypatch, installer)
    monkeypatch.setattr("patchpilot.extras.__file__", str(tmp_path / "patchpilot/extras.py"))
    assert install_command("lsp") == "pipx install 'CLONE[all]'"
    assert upgrade_hint() == (
        f"upgrade patchpilot's {installer} package with the package manager of this system"
    )


def test_pip_is_not_suggested_on_managed_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_from("https://example.org/pp.whl", tmp_path, monkeypatch, "pip")
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr("patchpilot.extras._is_managed_externally", lambda: True)
    assert install_command("lsp") == "pipx install 'CLONE[all]'"
    assert upgrade_hint() == "upgrade patchpilot in the way it was installed"
    clone = tmp_path / "Ada's clone"
    (clone / ".git").mkdir(parents=True)
    install_from(clone.as_uri(), tmp_path / "other", monkeypatch, "pip")
    words = shlex.split(install_command("lsp"))
    assert words == ["pipx", "install", f"{clone}[all]"]


@pytest.mark.parametrize("url", ["https://example.org/pp.whl", "file://[", "file:///nosuch"])
def test_upgrade_hint_without_a_clone_names_no_command(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_from(url, tmp_path, monkeypatch, "pip")
    assert upgrade_hint() == "upgrade patchpilot in the way it was installed"


_FROM_INDEX = re.compile(
    r"\b(?:pipx? (?:install|upgrade|download|run)|uv pip install|uv tool (?:install|run)|uvx)\b"
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
        *ROOT.glob("*.md"),
        *(ROOT / name for name in ("action.yml", "Containerfile")),
        *(file for folder in folders for file in (ROOT / folder).rglob("*")),
    ]
    assert len(files) > 100
    assert not {
        (str(file.relative_to(ROOT)), match[0])
        for file in files
        if file.is_file()
        for match in _FROM_INDEX.finditer(file.read_text("utf-8", "replace"))
    }


_BY_ITSELF = re.compile(
    r"\b(?:pipx?|uv pip|uv tool) (?:install|inject|upgrade|reinstall)\b"
    r"|\b(?:upgrade|reinstall|update|use a newer version of) patchpilot\b"
)
"""A text that installs something, whatever made this installation."""


def test_only_one_module_knows_how_to_install() -> None:
    texts = {
        (file.name, node.value)
        for file, tree in trees("pip", "uv ", "upgrade", "reinstall", "update", "newer version")
        if file.name != "extras.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _BY_ITSELF.search(node.value)
    }
    # programs of other projects
    assert {text for text in texts if "pipx install dtschema" not in text[1]} == {
        ("field_checkers.py", "pipx install yamllint")
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

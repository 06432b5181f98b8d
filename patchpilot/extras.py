# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the extra that contains a missing optional package, and the command that installs it."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from patchpilot.errors import MissingError

EXTRA_OF = {
    "b4": "send",
    "dkim": "send",
    "liblore": "send",
    "patatt": "send",
    "requests": "send",
    "urllib3": "send",
    "pygments": "tui",
    "rich": "tui",
    "textual": "tui",
    "aiosmtpd": "demo",
    "git": "demo",
    "docutils": "checkers",
    "lsprotocol": "lsp",
    "pygls": "lsp",
    "anyio": "mcp",
    "jsonschema": "mcp",
    "mcp": "mcp",
    "distributed": "cluster",
}
"""All optional packages by import name, each with its extra in pyproject.toml."""
PROJECT_OF = {"dkim": "dkimpy", "git": "GitPython", "lsprotocol": "pygls"}
"""The project that provides an import, if users know it by a different name."""
_INSTALL = {
    "apt-get": "apt install",
    "dnf": "dnf install",
    "pacman": "pacman -S",
    "zypper": "zypper install",
}


def missing_extra_error(error: ImportError) -> MissingError | None:
    """Return the error for a missing optional package, or None for any other import."""
    package = (error.name or "").partition(".")[0]
    extra = EXTRA_OF.get(package)
    if extra is None:
        return None
    return MissingError(
        f"this command needs {PROJECT_OF.get(package, package)}, which is not installed",
        hint=f"run `{install_command(extra)}`",
    )


def install_command(extra: str) -> str:
    """Return the command that installs an extra for this installation.

    Usually the command lists the extra's packages, because patchpilot itself need not be on an
    index or in a clone. Nothing can be added to a system package; in that case, the command
    installs a second copy of patchpilot from a clone.
    """
    return format_install_command(list_extra_packages(extra))


def format_install_command(names: Sequence[str]) -> str:
    """Return the command that installs packages for this installation; see `install_command`."""
    prefix, installer = Path(sys.prefix), _find_installer()
    if installer not in _ENVIRONMENTS:
        clone = _find_clone() or "CLONE"
        return f"pipx install {shlex.quote(f'{clone}[all]')}"
    packages = " ".join(map(shlex.quote, names))
    if installer == "pipx":
        return f"pipx inject {prefix.name} {packages}"
    if installer.startswith("uv"):
        return f"uv pip install --python {shlex.quote(sys.prefix)} {packages}"
    pip = prefix / "bin" / "pip"
    if shutil.which("pip") == str(pip):
        return f"pip install {packages}"
    return f"{shlex.quote(sys.executable)} -m pip install {packages}"


def list_extra_packages(extra: str) -> list[str]:
    """Return an extra's requirements according to the installed metadata."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires("patchpilot") or []
    except PackageNotFoundError:
        lines = []
    split = [line.partition(";") for line in lines]
    packages = [
        requirement.strip()
        for requirement, _, marker in split
        if marker.rstrip("'\"").endswith((f"'{extra}", f'"{extra}'))
    ]
    return packages or [f"CLONE[{extra}]"]


def upgrade_hint(action: str = "upgrade") -> str:
    """Return the hint to upgrade or "reinstall" this installation, with what installed it.

    It names the clone that patchpilot was installed from, and never the name `patchpilot` as a
    package: anybody could register that name on an index.
    """
    prefix, installer, clone = Path(sys.prefix), _find_installer(), _find_clone()
    if installer not in (*_ENVIRONMENTS, _MANAGED):
        return f"{action} patchpilot's {installer} package with the package manager of this system"
    again = {
        "make": f"make install PREFIX={shlex.quote(str(prefix.parent.parent))}",
        "pipx": f"pipx reinstall {prefix.name}",
        "uv tool": f"uv tool upgrade --reinstall {prefix.name}",
    }.get(installer)
    if installer == "make":
        return f"{action} patchpilot: run `git pull` and `{again}` in your clone"
    if clone is None:
        return f"{action} patchpilot in the way it was installed"
    command = f"git -C {shlex.quote(str(clone))} pull"
    last = f"`{again}`" if again else "the command that installed it"
    return f"{action} patchpilot: run `{command}`, then {last}"


def _read_metadata(name: str) -> str:
    """Return a file of the installed distribution's metadata, or "" if there is none."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution("patchpilot").read_text(name) or ""
    except (PackageNotFoundError, ValueError):
        return ""


_ENVIRONMENTS = ("make", "pipx", "pip", "uv", "uv tool")
"""Installers with an environment to which packages can be added; all others are the system's."""
_MANAGED = "managed"
"""Installed with pip into an environment that the system manages (PEP 668)."""


def _find_installer() -> str:
    """Return what made this installation: one of _ENVIRONMENTS, _MANAGED, or a kind of package.

    A distribution's packages name their kind, such as "debian" or "rpm" (PEP 627).
    """
    prefix = Path(sys.prefix)
    for file, installer in _MARKS.items():
        if (prefix / file).is_file():
            return installer
    if _is_uv_environment(prefix):
        return "uv"
    installer = _read_metadata("INSTALLER").strip() or "pip"
    if installer in _ENVIRONMENTS and sys.prefix == sys.base_prefix and _is_managed_externally():
        return _MANAGED
    return installer


_MARKS = {"pipx_metadata.json": "pipx", "uv-receipt.toml": "uv tool", ".made": "make"}
"""A file that an installer writes into the environment that it creates."""


def _find_clone() -> Path | None:
    """Return the clone that patchpilot was installed from, if it still exists (PEP 610).

    Without an installation, it is the clone that it runs from.
    """
    import json
    from urllib.parse import unquote

    folder = Path(__file__).parent.parent
    try:
        if text := _read_metadata("direct_url.json"):
            url = str(json.loads(text).get("url", ""))
            folder = Path(unquote(url.removeprefix("file:///"), errors="surrogateescape"))
            folder = Path("/", folder) if url.startswith("file:///") else Path("/dev/null")
        return folder if (folder / ".git").exists() else None
    except (ValueError, AttributeError, OSError):
        return None


def system_install_command(*programs: str) -> str:
    """Return a hint to install programs.

    The hint contains the command of this machine's package manager if it is known and has the
    programs.
    """
    import csv

    with Path(__file__).with_name("programs.tsv").open(encoding="utf-8") as table:
        rows = {row["program"]: row for row in csv.DictReader(table, delimiter="\t")}
    for manager, command in _INSTALL.items():
        names = [rows[name][manager] for name in programs if name in rows]
        if shutil.which(manager) and len(names) == len(programs) and "-" not in names:
            return f"run `{command} {' '.join(names)}`"
    return f"install {', '.join(programs)}"


def _is_managed_externally() -> bool:
    """Return whether the system manages the packages of this Python (PEP 668)."""
    import sysconfig

    return (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").exists()


def _is_uv_environment(prefix: Path) -> bool:
    """Return whether uv created this environment, which has no pip."""
    file = prefix / "pyvenv.cfg"
    return file.is_file() and "\nuv = " in f"\n{file.read_text(errors='replace')}"

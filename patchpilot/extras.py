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
    prefix = Path(sys.prefix)
    if sys.prefix == sys.base_prefix and _is_managed_externally():
        return "pipx install 'CLONE[all]'"
    packages = " ".join(map(shlex.quote, names))
    if (prefix / "pipx_metadata.json").exists():
        return f"pipx inject {prefix.name} {packages}"
    if _is_uv_environment(prefix):
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


def upgrade_hint() -> str:
    """Return the hint to upgrade this installation.

    It names the clone that patchpilot was installed from, and never the name `patchpilot` as a
    package: anybody could register that name on an index.
    """
    clone = _find_clone()
    if clone is None:
        return "upgrade patchpilot in the way it was installed"
    command = f"git -C {shlex.quote(str(clone))} pull"
    return f"upgrade patchpilot: run `{command}`, then the command that installed it"


def _find_clone() -> Path | None:
    """Return the clone that patchpilot was installed from, if it still exists (PEP 610)."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import unquote

    try:
        text = distribution("patchpilot").read_text("direct_url.json")
        url = str(json.loads(text or "{}").get("url", ""))
    except (PackageNotFoundError, ValueError, AttributeError):
        return None
    folder = Path(unquote(url.removeprefix("file://")))
    return folder if url.startswith("file:///") and (folder / ".git").exists() else None


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
    """Return whether this Python is managed externally (PEP 668) or packaged by Debian."""
    import sysconfig

    marker = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    return marker.exists() or "dist-packages" in Path(__file__).parts


def _is_uv_environment(prefix: Path) -> bool:
    """Return whether uv created this environment, which has no pip."""
    file = prefix / "pyvenv.cfg"
    return file.is_file() and "\nuv = " in f"\n{file.read_text(errors='replace')}"

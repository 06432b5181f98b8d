# SPDX-License-Identifier: GPL-2.0-or-later
"""The optional packages (extras): the extra that each import needs, and its install command."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from patchpilot.errors import MissingError

CORE = "patchpilot-core"
EXTRA_OF = {
    "b4": "send",
    "dkim": "send",
    "liblore": "send",
    "patatt": "send",
    "requests": "send",
    "pygments": "tui",
    "rich": "tui",
    "textual": "tui",
    "aiosmtpd": "demo",
    "git": "demo",
    "docutils": "checkers",
    "tree_sitter": "checkers",
    "tree_sitter_c": "checkers",
    "lsprotocol": "lsp",
    "pygls": "lsp",
    "distributed": "cluster",
}
"""Every optional package by the name that is imported, with its extra in pyproject.toml."""
PROJECT_OF = {"dkim": "dkimpy", "git": "GitPython", "lsprotocol": "pygls"}
"""The project that an import is of, where users know it by another name."""


def missing_extra(error: ImportError) -> MissingError | None:
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
    """Return the command that installs an extra in this environment with pip, pipx or uv."""
    place = Path(sys.prefix)
    wanted = shlex.quote(_requirement(extra))
    if (place / "pipx_metadata.json").exists():
        return f"pipx inject {place.name} {wanted}"
    if (place / "uv-receipt.toml").exists():
        return f"uv tool install --with {wanted} {place.name}"
    pip = "uv pip" if _made_by_uv(place) else "pip"
    if origin().get("dir_info", {}).get("editable"):
        folder = unquote(origin()["url"].removeprefix("file://"))
        return f"{pip} install -e {shlex.quote(f'{folder}[{extra}]')}"
    return f"{pip} install {wanted}"


def _requirement(extra: str) -> str:
    """The core with an extra, from the URL that this copy was installed from, if any."""
    url, vcs = origin().get("url"), origin().get("vcs_info")
    if vcs:
        url = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    return f"{CORE}[{extra}]{f' @ {url}' if url else ''}"


def origin() -> dict[str, Any]:
    """Return how this copy was installed if not from an index, as direct_url.json has it."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        text = distribution(CORE).read_text("direct_url.json")
    except PackageNotFoundError:
        text = None
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


def _made_by_uv(place: Path) -> bool:
    """Whether uv made this environment: it has no pip then."""
    try:
        lines = (place / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return any(line.partition("=")[0].strip() == "uv" for line in lines)

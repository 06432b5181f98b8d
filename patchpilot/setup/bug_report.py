# SPDX-License-Identifier: GPL-2.0-or-later

import contextlib
import os
import platform
import stat
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from patchpilot import __version__
from patchpilot.commits.git_reading import git_version
from patchpilot.config import DEFAULT, KEYS, Settings
from patchpilot.errors import BUG_LOG, PatchpilotError

_PACKAGES = (
    "b4",
    "codespell",
    "dtschema",
    "google-re2",
    "liblore",
    "pygls",
    "requests",
    "textual",
    "tree-sitter",
)
_VARIABLES = ("TERM", "COLORTERM", "LANG", "LC_ALL", "NO_COLOR")
_PUBLIC = frozenset(key.name for key in KEYS if key.from_tree) | {
    "mainline",
    "signoff",
    "via",
}
"""Settings whose values may be shown: they contain no commands, servers, addresses or paths."""
_MAX_LOG_SIZE = 20_000
_TEMPLATE = """\
### What happened

<!-- the command, what you expected, and what you got instead -->

### Versions

{versions}

### Settings

{settings}

### Last traceback

{traceback}
"""


def format_bug_report(settings: Settings) -> str:
    """Return the versions, the non-default settings and the last traceback as Markdown."""
    text = _TEMPLATE.format(
        versions="\n".join(f"- {line}" for line in _format_versions()),
        settings="\n".join(_format_settings(settings)) or "all settings have their default values",
        traceback=_format_code_block(read_last_traceback()),
    )
    home = os.path.expanduser("~")  # noqa: PTH111 (Path.home() raises where there is none)
    return text.replace(home, "~") if len(home) > 1 else text


def read_last_traceback() -> str:
    """Return the end of the user's latest crash log, or ""."""
    logs: list[tuple[float, Path]] = []
    for file in Path(tempfile.gettempdir()).glob(f"{BUG_LOG}*.log"):
        with contextlib.suppress(OSError):
            state = file.lstat()
            if stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid():
                logs.append((state.st_mtime, file))
    if not logs:
        return ""
    try:
        text = max(logs)[1].read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text if len(text) <= _MAX_LOG_SIZE else f"[…]\n{text[-_MAX_LOG_SIZE:]}"


def _format_versions() -> list[str]:
    try:
        git = git_version()
    except PatchpilotError as error:
        git = error.message
    lines = [
        f"patchpilot {__version__}",
        f"python {platform.python_version()} ({platform.python_implementation()})",
        f"git {git}",
        f"{platform.system()} {platform.release()} {platform.machine()}",
    ]
    for name in _PACKAGES:
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name} is not installed")
    values = [f"{name}={os.environ[name]}" for name in _VARIABLES if name in os.environ]
    return [*lines, " ".join(values)] if values else lines


def _format_settings(settings: Settings) -> list[str]:
    lines = []
    for setting in settings.all:
        if setting.origin == DEFAULT:
            continue
        value_text = repr(setting.value) if setting.name in _PUBLIC else "(not shown)"
        invalid_note = ", invalid" if setting.name in settings.wrong else ""
        lines.append(f"- {setting.name} = {value_text} ({setting.origin}{invalid_note})")
    if settings.unread:
        lines.append(f"- unknown in git config: {', '.join(settings.unread)}")
    return lines


def _format_code_block(text: str) -> str:
    if not text:
        return "no log of a bug was found in the temporary directory"
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text.rstrip()}\n{fence}"

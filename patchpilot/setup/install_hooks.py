# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `setup hooks` command: install and remove hooks.

The hooks are git's commit-msg and sendemail-validate hooks, and b4's per-patch check.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchpilot.commits.b4_prep import is_cover_message
from patchpilot.commits.private_config import (
    B4_CALL,
    B4_KEY,
    find_hooks_folder,
    make_b4_command,
    make_hook_script,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError, UsageError, unknown_word_error
from patchpilot.model.json_form import json_form
from patchpilot.read_file import read_regular_file
from patchpilot.write_file import replace_file

GIT_HOOKS = ("commit-msg", "sendemail-validate")
HOOKS = (*GIT_HOOKS, "b4")
_PYTHON = re.compile(r"(?m)^python=.*$")


@json_form()
@dataclass(frozen=True, slots=True)
class Hook:
    """A hook with its location and state.

    The state is "installed" (patchpilot's hook), "foreign" (another hook) or "absent".
    """

    name: str
    place: str
    state: str


def install_named_hooks(repository: Repository, names: Sequence[str]) -> tuple[Hook, ...]:
    """Install the named hooks, by default all hooks, and return the state of every hook.

    The b4 check is added to the existing values of its setting, because b4 runs them all. Raise
    `RefusedError` if another hook is installed; it is never overwritten.
    """
    chosen = _choose_hooks(names)
    for name in chosen:
        status = _hook_status(repository, name)
        if status.state == "foreign":
            raise RefusedError(
                f"another {name} hook is installed: {status.place}",
                hint=f"add this line to the hook: patchpilot setup hooks {name} --run"
                ' "$1" || exit 1',
            )
    for name in chosen:
        if name == "b4":
            _remove_b4_setting(repository)
            repository.git("config", "--local", "--add", B4_KEY, make_b4_command())
            continue
        file = _find_hooks_folder(repository) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, make_hook_script(name), mode=0o755)
    return tuple(_hook_status(repository, name) for name in HOOKS)


def remove_named_hooks(repository: Repository, names: Sequence[str]) -> tuple[Hook, ...]:
    """Remove the named hooks, by default all hooks, and return the state of every hook.

    Hooks that patchpilot did not install are kept.
    """
    for name in _choose_hooks(names):
        if _hook_status(repository, name).state != "installed":
            continue
        if name == "b4":
            _remove_b4_setting(repository)
        else:
            (_find_hooks_folder(repository) / name).unlink()
    return tuple(_hook_status(repository, name) for name in HOOKS)


def is_not_patch_message(file: Path) -> bool:
    """Return whether a message file belongs to a commit that is not sent as a patch.

    These are fixups, merges, work in progress and b4's cover letter.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace").lstrip()
    except OSError:
        return False
    return bool(re.match(r"(?:fixup|squash|amend)! |Merge |WIP\b", text)) or is_cover_message(text)


def is_started_by_patchpilot() -> bool:
    """Return whether patchpilot started the running git send-email.

    If so, it has already checked the messages.
    """
    return os.environ.get("PATCHPILOT_SENDING") == "1"


def _choose_hooks(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if name not in HOOKS:
            raise unknown_word_error("hook", name, HOOKS)
    return tuple(names) or HOOKS


def _hook_status(repository: Repository, name: str) -> Hook:
    if name == "b4":
        return Hook(
            name,
            f"git config {B4_KEY}",
            "installed" if _read_b4_values(repository) else "absent",
        )
    file = _find_hooks_folder(repository) / name
    if not file.exists():
        return Hook(name, str(file), "absent")
    text = (read_regular_file(file) or b"").decode("utf-8", "replace")
    is_ours = _PYTHON.sub("", text) == _PYTHON.sub("", make_hook_script(name))
    return Hook(name, str(file), "installed" if is_ours else "foreign")


def _read_b4_values(repository: Repository) -> list[str]:
    result = repository.git("config", "--local", "--get-all", "-z", B4_KEY, ok=(0, 1))
    return [value for value in result.text.split("\0") if value.startswith(B4_CALL)]


def _remove_b4_setting(repository: Repository) -> None:
    for value in _read_b4_values(repository):
        repository.git("config", "--local", "--fixed-value", "--unset-all", B4_KEY, value)


def _find_hooks_folder(repository: Repository) -> Path:
    folder = find_hooks_folder(repository.top)
    if not folder.is_absolute():
        raise UsageError(
            "core.hooksPath is relative, and the repository is bare",
            hint="set core.hooksPath to an absolute path",
        )
    return folder

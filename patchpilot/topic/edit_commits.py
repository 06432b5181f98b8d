# SPDX-License-Identifier: GPL-2.0-or-later
"""Run programs that use the terminal: git fetch and the user's editor.

The editor opens a commit message, a file in the tree, or a draft.
"""

import hashlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from patchpilot.commits.git_command import git, git_environment
from patchpilot.commits.pinned_git import make_config_variable
from patchpilot.commits.private_config import (
    Use,
    list_trusted_filters,
    refuse_untrusted,
)
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import run_on_terminal
from patchpilot.commits.submodules import list_submodule_settings
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import ExitCode, MissingError, PatchpilotError
from patchpilot.resources import state_folder, state_path
from patchpilot.write_file import PRIVATE, replace_file

FETCHING = (Use.FETCH, Use.LOGIN)
DRAFT_FILE, REPLY_FILE = "DRAFT.txt", "REPLY.txt"
"""The names of the files in which drafts and replies are edited."""
_NOT_STARTED = (126, 127)
"""The exit codes of sh for a program that cannot be run or does not exist."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PROGRAM = re.compile(r"~?[\w./+@-]+")


def find_editor_name(directory: Path) -> str:
    """Return the editor that git uses in a directory.

    Raise UntrustedCommandsError if only the configuration of its repository names it.
    """
    refuse_untrusted(directory, Use.EDIT)
    return git(directory, "var", "GIT_EDITOR").text.strip()


def _files_environment(top: Path) -> dict[str, str]:
    return make_config_variable((*list_submodule_settings(top), *list_trusted_filters(top)))


def edit_file(
    editor: str, file: Path, *, line: int | None = None, directory: Path | None = None
) -> bool:
    """Open a file in the editor, optionally at a line, and return whether the editor succeeded.

    Raise MissingError if the editor is not installed.
    """
    position = [f"+{line}"] if line is not None else []
    code = run_on_terminal(
        ["sh", "-c", f'{editor} "$@"', editor, *position, str(file)], cwd=directory
    )
    if code in _NOT_STARTED:
        _refuse_missing_editor(editor, directory)
    return not code


def _refuse_missing_editor(editor: str, directory: Path | None) -> None:
    """Raise MissingError if the program of a failed editor command cannot be run.

    Do nothing if the command is more than assignments, a program and its arguments.
    """
    try:
        words = shlex.split(editor)
    except ValueError:
        return
    program = next((word for word in words if not _ASSIGNMENT.match(word)), "")
    if not _PROGRAM.fullmatch(program):
        return
    file = os.path.expanduser(program)  # noqa: PTH111 the path of an unknown user stays as it is
    if shutil.which(os.path.join(directory or "", file) if "/" in file else file):  # noqa: PTH118
        return
    exists = "/" in file and Path(directory or "", file).exists()
    state = "not executable" if exists else "not installed"
    raise MissingError(
        f"the editor {program!r} is {state}",
        hint="install it, or set GIT_EDITOR to another editor",
    )


def edit_text(editor: str, text: str, name: str) -> str | None:
    """Let the user edit a text in a file with this name, and return the result.

    The file is in the state directory, and an edit of the same text that was not finished is
    continued. The file stays until `discard_edit` is called, after the text has been stored. Return
    None if the editor failed or deleted the file. If the editor failed after saving changes,
    PatchpilotError names the file. Bytes that are not valid UTF-8 become U+FFFD.
    """
    file = _edit_file_path(text, name)
    if not file.is_file():
        _write_edit(file, text)
    try:
        succeeded = edit_file(editor, file)
    except BaseException as error:
        # the terminal was closed, for example, but the editor may have saved the text before that
        if _read_edit(file) == text:
            file.unlink()
        elif file.is_file():
            error.add_note(f"the text is kept in {file}; edit it again to continue")
        raise
    edited = _read_edit(file)
    if edited is None or succeeded:
        return edited
    if edited == text:
        file.unlink()
        return None
    raise save_invalid_edit(text, edited, name, PatchpilotError("the editor failed"))


def discard_edit(text: str, name: str) -> None:
    """Delete the file in which `text` was edited, after the edited text has been stored."""
    _edit_file_path(text, name).unlink(missing_ok=True)


def save_invalid_edit(text: str, edited: str, name: str, error: PatchpilotError) -> PatchpilotError:
    """Save an invalid edit, and return the error with the name of the file.

    The next edit of `text` starts with it.
    """
    file = _edit_file_path(text, name)
    _write_edit(file, edited)
    return type(error)(
        f"{error.message}; the text is kept in {file}",
        hint=error.hint or "edit it again to continue with that text",
    )


def merge_edited_text(before: str, edited: str, current: str) -> tuple[str, bool]:
    """Merge an edited text with concurrent changes.

    Return the merged text, and whether it has conflicts. Conflicting lines are between git's
    conflict markers.
    """
    with TemporaryFolder("edit") as folder:
        files = [folder / name for name in ("yours", "before", "now")]
        for file, text in zip(files, (edited, before, current), strict=True):
            file.write_text(text, encoding="utf-8")
        labels = ("-L", "yours", "-L", "before", "-L", "changed by others")
        yours, base, other = map(str, files)
        result = git(None, "merge-file", "-p", *labels, yours, base, other, ok=range(128))
    return result.out.decode("utf-8"), bool(result.code)


def _edit_file_path(text: str, name: str) -> Path:
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return state_path() / "edits" / f"{digest}-{name}"


def _write_edit(file: Path, text: str) -> None:
    state_folder()
    file.parent.mkdir(exist_ok=True, mode=0o700)
    replace_file(file, text, mode=PRIVATE)


def _read_edit(file: Path) -> str | None:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None


def run_mail_setup(top: Path) -> str:
    """Run `patchpilot setup mail` on the terminal, and return why it set up no account, or "".

    Its last lines stay on the screen until the user presses Enter.
    """
    command = [sys.executable, "-m", "patchpilot", "setup", "mail"]
    code = run_on_terminal(command, cwd=top)
    if code != ExitCode.INTERRUPTED and sys.stdin.isatty():
        with suppress(EOFError, KeyboardInterrupt):
            input("press Enter to return ")
    if code in (ExitCode.FINDINGS, ExitCode.INTERRUPTED):
        return "nothing was written"
    return "mail setup failed" if code else ""


def amend_files(top: Path, paths: Sequence[str]) -> None:
    """Amend HEAD with the changes to these files.

    Other changes in the working tree are not committed.
    """
    refuse_untrusted(top, Use.FILES)
    env = _files_environment(top)
    git(top, "commit", "-q", "--amend", "--no-edit", "--only", "--", *paths, env=env)


def hash_changed_files(top: Path) -> dict[str, str]:
    """Map each tracked file that differs from HEAD to a digest of its content.

    The digest is "gone" for a deleted file.
    """
    names = git(
        top,
        "diff",
        "--name-only",
        "--no-renames",
        "--ignore-submodules",
        "-z",
        "HEAD",
        "--",
    ).out.split(b"\0")
    digests = {}
    for name in (os.fsdecode(name) for name in names if name):
        try:
            digests[name] = hashlib.sha256((top / name).read_bytes()).hexdigest()
        except OSError:
            digests[name] = "gone"
    return digests


def list_remotes(repository: Repository) -> list[str]:
    return repository.git("remote").text.split()


def fetch_all_remotes(top: Path) -> bool:
    """Run git fetch --all --tags on the terminal and return whether it succeeded.

    git may ask for a password. Submodules are not fetched, because their configuration may name
    other commands.
    """
    refuse_untrusted(top, *FETCHING)
    options = [
        "fetch",
        "--all",
        "--tags",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
    ]
    return not run_on_terminal(
        ["git", "-C", str(top), "-c", "core.hooksPath=/dev/null", *options],
        env=git_environment(parsed=False, repo=top),
    )

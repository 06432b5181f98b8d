# SPDX-License-Identifier: GPL-2.0-or-later
"""The person's editor, and coming back from it: messages, files at a line, drafts."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.commits.run import git, interactive
from patchpilot.model.printable import printable
from patchpilot.tui.widgets.choose import Choose

if TYPE_CHECKING:
    from textual.app import App

    from patchpilot.commits.repository import Repository
    from patchpilot.tui.screens.stage_screen import StageScreen


@contextlib.contextmanager
def suspended(app: "App[int]") -> Iterator[None]:
    """The terminal handed to another program; without one (tests, a web page) nothing is to be handed over."""
    if app.is_headless:
        yield
        return
    with app.suspend():
        yield


def editor_name(screen: "StageScreen", repository: "Repository") -> str:
    """The editor of the settings, else git's."""
    return screen.session.settings(repository).get("editor") or git(repository.top, "var", "GIT_EDITOR").text.strip()


def amend(screen: "StageScreen") -> None:
    """The message of the commit in hand, in the editor; then the topic is read anew."""
    from patchpilot.commits.repository import Repository

    commit = screen.session.commit
    with Repository.open(screen.session.directory) as repository:
        top, is_head = repository.top, commit is not None and repository.find("HEAD") == commit.id
        editor = editor_name(screen, repository)
    if commit is None or not is_head:
        screen.notify("only the commit you are on is amended here: git rebase -i reaches the others", severity="warning", markup=False)
        return
    with suspended(screen.app):
        code = interactive(["git", "-C", str(top), "-c", f"core.editor={editor}", "commit", "--amend", "--allow-empty"])
    if code:
        screen.notify("nothing was changed: the editor or git gave up", severity="warning")
    screen.reread()


def open_file(screen: "StageScreen", path: str, line: int) -> None:
    """A file of the tree at a line, in the editor; then the commit is amended with what changed, if the person wants it."""
    from patchpilot.commits.repository import Repository

    with Repository.open(screen.session.directory) as repository:
        top, editor = repository.top, editor_name(screen, repository)
    file = top / path
    if not file.is_file() or not file.resolve().is_relative_to(top.resolve()):
        screen.notify(f"{path} is not in the working tree", severity="warning", markup=False)
        return
    before = changed_files(top)
    with suspended(screen.app):
        interactive(["sh", "-c", f'{editor} "$@"', editor, f"+{line}", str(file)], cwd=top)
    names = [name for name, content in changed_files(top).items() if before.get(name, "") != content]
    if not names:
        return

    def answered(choice: str | None) -> None:
        if choice == "yes":
            # only what the editor changed: what differed before is somebody's other work
            amended = ("commit", "-q", "--amend", "--no-edit", "--only", "--", *names)
            screen.in_thread("amending", lambda _, __: git(top, *amended).code, lambda _: screen.reread())

    shown = [*names[:6], *([f"and {len(names) - 6} more"] if len(names) > 6 else [])]
    text = (
        "You changed\n"
        + "\n".join(f"  {printable(name)}" for name in shown)
        + "\n\nAmend your commit with that? (git commit --amend --only)"
    )
    screen.app.push_screen(Choose(text, (("no", "leave it: I do it myself"), ("yes", "amend it"))), answered)


def changed_files(top: Path) -> dict[str, str]:
    """Name → digest of its content ("gone" without one) of each tracked file that differs from HEAD in the working tree."""
    names = git(top, "diff", "--name-only", "--no-renames", "--ignore-submodules", "-z", "HEAD", "--").out.split(b"\0")
    found = {}
    for name in (os.fsdecode(name) for name in names if name):
        try:
            found[name] = hashlib.sha256((top / name).read_bytes()).hexdigest()
        except OSError:
            found[name] = "gone"
    return found


def edit_text(screen: "StageScreen", text: str, name: str = "DRAFT.txt") -> str | None:
    """A text of ours in the editor; None when the person gave up."""
    from patchpilot.commits.repository import Repository

    with Repository.open(screen.session.directory) as repository:
        editor = editor_name(screen, repository)
    with tempfile.TemporaryDirectory(prefix="patchpilot-") as place:
        file = Path(place) / name
        file.write_text(text, encoding="utf-8")
        with suspended(screen.app):
            code = interactive(["sh", "-c", f'{editor} "$@"', editor, str(file)])
        return file.read_text(encoding="utf-8") if code == 0 else None

# SPDX-License-Identifier: GPL-2.0-or-later
"""Open the user's editor for commit messages, drafts, or a file at a given line.

The screen is updated afterwards.
"""

import contextlib
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.model.printable import make_printable
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.stage.reporting import ReportsErrors
from patchpilot.tui.stage.trust_dialog import run_with_trust
from patchpilot.tui.view.key_bindings import bind_keys, key_binding
from patchpilot.tui.widgets.choose import (
    Callback,
    Choose,
    Reader,
    ask_for_confirmation,
)

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode

    from patchpilot.tui.stage.stage_screen import AnyScreen


ALTERNATE, BACK = "\x1b[?1049h\x1b[H\x1b[2J", "\x1b[?1049l"
"""Escape sequences that enter and leave the terminal's alternate screen."""


@contextlib.contextmanager
def suspend_app(app: "App[int]", *, leaves_no_text: bool = False) -> Iterator[None]:
    """Suspend the TUI while another program uses the terminal.

    Do nothing if there is no terminal, as in tests or on a web page. If `leaves_no_text` is set,
    the program's output does not stay on the terminal. Use this for programs that are not
    full-screen.
    """
    if app.is_headless:
        yield
        return
    error: BaseException | None = None
    with app.suspend():
        print(ALTERNATE if leaves_no_text else "", end="", flush=True)
        try:
            yield
        except BaseException as raised:  # noqa: BLE001
            # raise the error only after Textual has resumed, because it would stay suspended
            # otherwise
            error = raised
        print(BACK if leaves_no_text else "", end="", flush=True)
    if error:
        raise error


def edit_commit_message(screen: "AnyScreen", commit_id: str | None = None) -> None:
    """Open the message of a commit, by default the selected one, in the user's editor.

    Afterwards, rewrite the commit and those on top of it.
    """
    if selected := commit_id or (screen.session.commit and screen.session.commit.id):
        run_with_trust(screen, partial(_edit_commit_message, screen, selected))


def _edit_commit_message(screen: "AnyScreen", commit_id: str) -> None:
    from patchpilot.topic.edit_commits import discard_edit
    from patchpilot.topic.message_changes import MESSAGE_FILE, reword_commit

    with screen.session.open_repository() as repository:
        message = repository.commit(commit_id).message
    edited = edit_text(screen, message, MESSAGE_FILE)

    def report_saved(_: object) -> None:
        discard_edit(message, MESSAGE_FILE)
        report_edit(screen, edited, message, "the commit message", "; press u to undo")
        screen.reread_topic()

    work = partial(reword_commit, commit_id, message if edited is None else edited)
    confirm_rewrite(screen, "changing the message", work, report_saved)


def open_file(screen: "AnyScreen", path: str, line: int) -> None:
    """Open a file of the working tree in the user's editor at the given line.

    Afterwards, offer to amend the commit with the change.
    """
    run_with_trust(screen, partial(_open_file, screen, path, line))


def _open_file(screen: "AnyScreen", path: str, line: int) -> None:
    from patchpilot.topic.edit_commits import (
        amend_files,
        edit_file,
        find_editor_name,
        hash_changed_files,
    )

    with screen.session.open_repository() as repository:
        top, editor = repository.top, find_editor_name(repository.top)
    file = top / path
    if not file.is_file() or not file.resolve().is_relative_to(top.resolve()):
        screen.notify(f"{path} is not in the working tree", severity="warning")
        return
    old_contents = hash_changed_files(top)
    with suspend_app(screen.app):
        edit_file(editor, file, line=line, directory=top)
    names = [
        name
        for name, content in hash_changed_files(top).items()
        # what an earlier edit left uncommitted in this file is offered again
        if name == path or old_contents.get(name, "") != content
    ]
    if not names:
        return

    listed_names = names[:6] + [f"and {len(names) - 6} more"] * (len(names) > 6)
    rows = (f"  {make_printable(name)}" for name in listed_names)
    question = "Amend your commit with these changes?\n\nChanged files:"
    text = "\n".join((question, *rows))
    ask_for_confirmation(
        screen,
        Choose(text, (("yes", "Amend"), ("no", "Leave uncommitted"))),
        lambda: screen.run_in_thread(
            "amending",
            lambda _, __: amend_files(top, names),
            lambda _: screen.reread_topic(),
        ),
    )


def report_edit(
    screen: "AnyScreen", edited: str | None, original: str, subject: str, undo: str = ""
) -> None:
    """Report whether the user changed a text in the editor, and whether it was saved.

    `undo` describes how to undo the change.
    """
    if edited is None:
        screen.notify(f"the editor failed: {subject} did not change", severity="warning")
    else:
        screen.notify(
            f"nothing changed in {subject}" if edited == original else f"saved {subject}{undo}"
        )


def edit_text(screen: "AnyScreen", text: str, name: str) -> str | None:
    """Let the user edit a text and return it, or None if the editor failed.

    Call `discard_edit` after the text has been stored.

    Raise UntrustedCommandsError if only the repository's configuration names the editor.
    """
    from patchpilot.topic import edit_commits

    with screen.session.open_repository() as repository:
        editor = edit_commits.find_editor_name(repository.top)
    with suspend_app(screen.app):
        return edit_commits.edit_text(editor, text, name)


class DraftReader(ReportsErrors, Reader):
    """The file of a message that was written but not sent, and the command that sends it."""

    BINDINGS = bind_keys(key_binding("e", "edit", "edit draft", "edit the draft in your editor"))

    def __init__(self, file: Path) -> None:
        from patchpilot.home.drafts import format_draft

        super().__init__(f"Draft: {shlex.quote(str(file))}", lambda _: format_draft(file))
        self._file = file

    def action_edit(self) -> None:
        edit_draft_file(self, self._file, self.on_resize)


def edit_draft_file(node: "DOMNode", file: Path, on_done: Callback) -> None:
    """Open the file of a draft in the user's editor, then call `on_done`."""

    def edit() -> None:
        from patchpilot.topic.edit_commits import edit_file, find_editor_name

        editor = find_editor_name(file.parent)
        with suspend_app(node.app):
            edit_file(editor, file)
        on_done()

    run_with_trust(node, edit)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Run git fetch from a stage, because local refs determine whether a fix counts as merged in
mainline and in the stable branches.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from patchpilot.model.printable import make_printable
from patchpilot.tui.stage.trust_dialog import run_with_trust
from patchpilot.tui.widgets.choose import Choose, ask_for_confirmation

if TYPE_CHECKING:
    from patchpilot.tui.stage.stage_screen import AnyScreen


def fetch_remotes(screen: "AnyScreen") -> None:
    from patchpilot.topic.edit_commits import fetch_all_remotes, list_remotes

    with screen.session.open_repository() as repository:
        top, remote_names = repository.top, list_remotes(repository)
    if not remote_names:
        screen.notify("no remote to fetch from")
        return

    names = ", ".join(make_printable(remote) for remote in remote_names)
    text = (
        f"Fetch from {names}?\n\n`git fetch --all --tags` shows whether the patch is in"
        " mainline and the stable branches."
    )
    _confirm_fetch(screen, text, "git fetch --all --tags", lambda: fetch_all_remotes(top))


def fetch_stable_branches(screen: "AnyScreen") -> None:
    from patchpilot.errors import PatchpilotError
    from patchpilot.setup.fetch_branches import (
        COMMAND,
        fetch_branches,
        find_missing_branches,
    )

    with screen.session.open_repository() as repository:
        profile = screen.session.read_settings(repository).get("profile")
        missing = find_missing_branches(repository, profile or None)
    if missing is None:
        screen.action_reload()
        return

    def fetch_missing() -> bool:
        with suppress(PatchpilotError), screen.session.open_repository() as repository:
            fetch_branches(repository, missing)
            return True
        return False

    text = (
        f"Fetch {make_printable(missing.summary)}?\n\ngit shows how much it downloads: a branch of"
        " a clone that has mainline needs its own commits only. Ctrl-C stops it."
    )
    _confirm_fetch(screen, text, str(COMMAND), fetch_missing)


def _confirm_fetch(screen: "AnyScreen", text: str, command: str, work: Callable[[], bool]) -> None:
    from patchpilot.errors import NetworkError
    from patchpilot.tui.actions.editing import suspend_app

    def run_fetch() -> None:
        # run git on the terminal, because it may ask for a password, shows progress, and can be
        # stopped with Ctrl-C
        with suspend_app(screen.app, leaves_no_text=True):
            succeeded = work()
        if not succeeded:
            screen.rerun_stage("followed")
            error = NetworkError(
                "git fetch failed; the status uses what was fetched before",
                hint=f"run `{command}` in a shell to see why",
            )
            screen.show_error(error)
            return
        screen.session.mark_changed("followed")
        screen.reread_topic()
        screen.action_reload()

    question = Choose(text, (("yes", "Fetch"), ("no", "Cancel")), "Fetch")
    ask_for_confirmation(screen, question, lambda: run_with_trust(screen, run_fetch))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Run git fetch from a stage, because local refs determine whether a fix counts as merged in
mainline and in the stable branches.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from patchpilot.model.printable import make_printable
from patchpilot.tui.stage.trust_dialog import run_with_trust
from patchpilot.tui.widgets.choose import Choose, ask_yes

if TYPE_CHECKING:
    from patchpilot.tui.stage.stage_screen import AnyScreen


def fetch(screen: "AnyScreen") -> None:
    from patchpilot.topic.edit_commits import fetch_all, remotes

    with screen.session.repository() as repository:
        top, known = repository.top, remotes(repository)
    if not known:
        screen.notify("no remote to fetch from")
        return

    names = ", ".join(make_printable(remote) for remote in known)
    text = (
        f"Fetch from {names}?\n\n`git fetch --all --tags` shows whether the patch is in"
        " mainline and the stable branches."
    )
    _ask(screen, text, lambda: fetch_all(top))


def fetch_stable(screen: "AnyScreen") -> None:
    from patchpilot.errors import PatchpilotError
    from patchpilot.services.setup.fetch_branches import (
        fetch_branches,
        missing_branches,
    )

    with screen.session.repository() as repository:
        profile = screen.session.settings(repository).get("profile")
        wanted = missing_branches(repository, profile or None)
    if wanted is None:
        screen.action_reload()
        return

    def run() -> bool:
        with suppress(PatchpilotError), screen.session.repository() as repository:
            fetch_branches(repository, wanted)
            return True
        return False

    text = (
        f"Fetch {make_printable(wanted.summary)}?\n\ngit shows how much it downloads: a branch of a"
        " clone that has mainline needs its own commits only. Ctrl-C stops it."
    )
    _ask(screen, text, run)


def _ask(screen: "AnyScreen", text: str, work: Callable[[], bool]) -> None:
    from patchpilot.tui.actions.editing import suspend_app

    def run() -> None:
        # run git on the terminal, because it may ask for a password, shows progress, and can be
        # stopped with Ctrl-C
        with suspend_app(screen.app, leaves_no_text=True):
            done = work()
        if not done:
            screen.notify(
                (
                    "git fetch failed; run it in a shell to see why. The status uses what"
                    " was fetched so far"
                ),
                severity="warning",
            )
        screen.session.changed("followed")
        screen.reread()
        screen.action_reload()

    question = Choose(text, (("yes", "Fetch"), ("no", "Cancel")), "Fetch")
    ask_yes(screen.app, question, lambda: run_with_trust(screen.app, run))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that only keys that have an effect are shown, and that ? works in every dialog."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import App

import patchpilot.tui
from patchpilot.demo.robin import is_first_version
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.palette import Help, list_commands
from patchpilot.tui.screens.backports_screen import BackportsScreen
from patchpilot.tui.screens.collect_tags_dialog import CollectTags
from patchpilot.tui.screens.recipients_screen import RecipientsScreen
from patchpilot.tui.widgets.choose import Choose, Confirm, LineDialog, Reader
from patchpilot.tui.widgets.dialog import Dialog, Modal
from tests.kit.walk import running


def find_dialogs(base_class: type[Any] = Modal) -> Iterator[type[Any]]:
    if base_class is Modal:
        for module in pkgutil.walk_packages(patchpilot.tui.__path__, f"{patchpilot.tui.__name__}."):
            importlib.import_module(module.name)
    for subclass in base_class.__subclasses__():
        yield subclass
        yield from find_dialogs(subclass)


def test_every_dialog_has_help() -> None:
    known = {dialog for dialog in find_dialogs() if dialog is not Dialog}
    assert {Choose, Confirm, CollectTags} <= known
    for dialog in known - {Help}:
        keys = dialog._merge_bindings().key_to_bindings
        shown = [
            binding.key
            for key in ("question_mark", "ctrl+p")
            for binding in keys.get(key, ())
            if binding.action == "app.help" and binding.show
        ]
        assert len(shown) == 1, dialog
        has_field = dialog in (LineDialog, Confirm)
        assert shown == ["ctrl+p" if has_field else "question_mark"], dialog


async def test_ctrl_z_suspends_in_every_window(app: PatchpilotApp, monkeypatch: Any) -> None:
    suspended: list[object] = []
    monkeypatch.setattr(
        PatchpilotApp, "action_suspend_process", lambda app: suspended.append(app.screen)
    )
    windows = {dialog for dialog in find_dialogs() if "<locals>" not in dialog.__qualname__}
    async with running(app, (80, 24)) as pilot:
        assert LineDialog in windows
        for window in windows:
            bindings = window._merge_bindings().key_to_bindings.get("ctrl+z", [])
            assert not bindings, f"{window} has another meaning for Ctrl-Z"
        for screen in (Reader("x", ["y"]), LineDialog("Which?"), Choose("Which?", ANSWERS, "x")):
            await app.push_screen(screen)
            await pilot.press("ctrl+z")
            assert suspended[-1:] == [screen]


class QuestionApp(App[None]):
    """An app that has the TUI's help."""

    ENABLE_COMMAND_PALETTE = False

    def action_help(self) -> None:
        self.push_screen(Help(self, self.screen))


ANSWERS = (("yes", "Switch branch"), ("no", "Cancel"))


async def test_help_of_dialogs_lists_their_keys() -> None:
    app = QuestionApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(Choose("Which?", ANSWERS, "Open a topic"))
        every: Any = app
        words = {command.does: command.key for command in list_commands(every, app.screen)}
        assert words["Switch branch"] == "s"
        assert words["cancel"].split() == ["Ctrl-C", "Esc"]
        assert words["choose"] == "Enter"
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, Choose), "the dialog is still open"
        # in a text field, ? is an ordinary character
        await app.push_screen(LineDialog("Which?"))
        await pilot.press("question_mark")
        assert isinstance(app.screen, LineDialog)
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert isinstance(app.screen, Help)


@pytest.mark.parametrize(
    ("verdict", "prerequisites", "shown"),
    [
        ("conflict", (1,), ["resolve", "tick"]),
        ("conflict", (), ["resolve"]),
        ("clean", (), []),
    ],
)
def test_branch_has_only_useful_keys(
    verdict: str, prerequisites: tuple[int, ...], shown: list[str]
) -> None:
    branch = SimpleNamespace(verdict=verdict, needed_prerequisites=prerequisites)

    class BranchScreen(BackportsScreen):
        _shown: Any = SimpleNamespace(upstream=True)
        selected_item = branch

    screen: Any = BranchScreen.__new__(BranchScreen)
    useful = partial(screen.check_action, parameters=())
    assert [*filter(useful, ("resolve", "tick"))] == shown


def test_demo_key_is_shown_until_done() -> None:
    assert is_first_version(["net: x", "", "We added a check."])
    assert not is_first_version(["net: x", "", "Add a check."])


def test_recipient_is_moved_in_the_whole_series() -> None:
    class PatchScreen(RecipientsScreen):
        _shown: Any = SimpleNamespace(patch=2)

    screen: Any = PatchScreen.__new__(PatchScreen)
    assert not screen.check_action("move", ())

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that random keys cause no error in any stage, and that the TUI still responds afterwards."""

import random

import pytest

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.palette import Help
from tests.kit.walk import opened, settle

pytestmark = pytest.mark.long
KEYS = [
    *"12345678",
    *"abcdefghijklmnopqrstuvwxyz",
    "slash",
    "question_mark",
    "comma",
    "full_stop",
    "enter",
    "space",
    "tab",
]
KEYS += ["up", "down", "left", "right", "pageup", "pagedown", "escape", "escape"]
QUIT = "q"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_random_keys_find_no_fault(newcomer_app: PatchpilotApp, seed: int) -> None:
    chance = random.Random(seed)
    # exceptions are raised when the context ends
    async with newcomer_app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for key in chance.choices([key for key in KEYS if key != QUIT], k=120):
            await pilot.press(key)
        while len(newcomer_app.screen_stack) > 2:
            await pilot.press("escape")
        await settle(pilot)
        await pilot.press("question_mark")
        await opened(pilot, Help)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every key that a screen names works on that screen."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from patchpilot.commits.git_command import git
from patchpilot.demo.demo_repository import Repositories
from patchpilot.demo.robin import fix_first_version
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage
from tests.kit.named_keys import (
    NamedKey,
    find_in_text,
    find_missing_effect,
    is_about,
    list_named_keys,
)
from tests.kit.walk import copy_clone, settle, still, text_of
from tests.tui.pictures import MOMENTS, press_key

On = Callable[[Path], PatchpilotApp]
Prepare = Callable[[Path], object]


def remove_stable_branches(clone: Path) -> None:
    names = git(clone, "for-each-ref", "--format=%(refname)", "refs/remotes/stable").text.split()
    for name in names:
        git(clone, "update-ref", "-d", name)


def leave_as_is(clone: Path) -> None:
    pass


MORE_MOMENTS = {
    "unfetched": (remove_stable_branches, (Stage.BACKPORTS,)),
    "checks-fixed": (fix_first_version, (Stage.CHECKS,)),
    "send-fixed": (fix_first_version, (Stage.SEND,)),
    "write-fixed": (fix_first_version, (Stage.TAGS, "w")),
    "preview-options": (leave_as_is, (Stage.PREVIEW, "o")),
}
"""More screens: how to prepare the clone, and the keys from any stage to there."""
ALL_MOMENTS: dict[str, tuple[Prepare, tuple[str, ...]]] = {
    **{name: (leave_as_is, keys) for name, keys in MOMENTS.items()},
    **MORE_MOMENTS,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nothing was fetched. Press f here, or run it in a shell", [("f", "here, or run it", 0)]),
        ("stage 1 Commit: press a to answer 3 questions", [("a", "to answer 3 questions", 1)]),
        ("The question stays open; press o at stage 6 to answer it", [("o", "to answer it", 6)]),
        ("3 new messages: f goes to the next", [("f", "goes to the next", 0)]),
        ("answer the review (r) and send v2 (v)", [("r", "", 0), ("v", "", 0)]),
        ("g retry · Esc close", [("g", "retry", 0), ("Esc", "close", 0)]),
        ("0/1 ticked · Space", [("Space", "", 0)]),
        ("✗  no Signed-off-by                  a open", [("a", "", 0)]),
        ("a series of 3 patches: a process; see (a) and 5 recipients", [("a", "", 0)]),
    ],
)
def test_keys_are_found_in_texts(text: str, expected: list[tuple[str, str, int]]) -> None:
    found = {(named.key, named.words, named.stage) for named in find_in_text(text)}
    keys = {key for key, _, _ in expected}
    assert {key for key, _, _ in found} == keys
    for key, words, stage in expected:
        assert any(
            (key, stage) == (found_key, found_stage) and found_words.startswith(words)
            for found_key, found_words, found_stage in found
        )


async def find_dead_keys(
    make_clone: Callable[[], Path], open_app_on: On, keys: tuple[str, ...], size: tuple[int, int]
) -> list[str]:
    """Press each key that a screen names, and return what is wrong with any of them.

    After a key that changed the screen for good, the screen is opened again in a new clone.
    """
    problems: list[str] = []
    pending: list[NamedKey] | None = None
    while pending is None or pending:
        app = open_app_on(make_clone())
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            for key in keys:
                await press_key(pilot, key)
            await still(pilot)
            drawn = text_of(app)
            if pending is None:
                pending = list_named_keys(app)
            while pending:
                named = pending.pop()
                if not is_about(app, named):
                    problems.append(f"{named.key} does something else: {named.text!r}")
                if problem := await find_missing_effect(pilot, named):
                    problems.append(f"{named.key}: {problem}: {named.text!r}")
                if not app.is_running or not await goes_back(pilot, drawn):
                    break
    return problems


async def goes_back(pilot: Pilot[int], drawn: str) -> bool:
    """Press Escape until the screen is as it was, and return whether it is."""
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    for _ in range(2):
        if text_of(app) == drawn:
            return True
        await pilot.press("escape")
        await pilot.pause(0.1)
    return text_of(app) == drawn


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "unfetched" else pytest.mark.long)
        for name in ALL_MOMENTS
    ],
)
async def test_named_keys_have_an_effect(
    name: str,
    demo_repositories: Repositories,
    open_app_on: On,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_EDITOR", "true")
    prepare, keys = ALL_MOMENTS[name]

    def make_clone() -> Path:
        folder = tmp_path / str(len(os.listdir(tmp_path)))
        folder.mkdir()
        clone = copy_clone(demo_repositories, folder)
        prepare(clone)
        return clone

    assert await find_dead_keys(make_clone, open_app_on, keys, (120, 36)) == []

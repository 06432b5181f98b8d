# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that advice names the key of each command."""

import pytest

from patchpilot.model.action import Action, Advice, Hint
from patchpilot.tui.build_app import find_screen_class
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.action_keys import KEYS, first_named_stage, keys_at_stage, replace_commands
from patchpilot.tui.view.stages import Stage

DROP = Action("maintainers", ("--drop", "a@b.example"))


TEST = Action("send", ("--to-self",), "send the series to yourself first: {}")


CHANGELOG = Action("draft", ("--changelog", "- what changed"))


REVIEW = Action("send", ("--reroll", "--dry-run"), "review v2, then send it: `{}`")


SETTLE = Action("track", ("show", "1", "--ledger"), "settle 1 open request (`{}`)")


@pytest.mark.parametrize(
    ("advice", "stage", "words"),
    [
        ("wait for replies", None, "wait for replies"),
        (Action("doctor", (), "see `{}`"), None, "see `patchpilot doctor`"),
        (Action("backport", (), "port it (`{}`)"), None, "port it (stage 5)"),
        (SETTLE, Stage.FOLLOW, "settle 1 open request (Space)"),
        (SETTLE, Stage.SEND, "settle 1 open request (Space at stage 8)"),
        (
            Hint(("drop a@b.example: ", DROP, ", then ", Action("send"))),
            Stage.CHECKS,
            "drop a@b.example: Space at stage 3 on a@b.example, then stage 7",
        ),
        # if a hint has several actions in the same stage, use the first one
        (
            Hint((Action("track", ("update",)), ", then ", Action("track", ("show",)))),
            Stage.SEND,
            f"stage {Stage.FOLLOW.number} shows them",
        ),
        (
            Hint((CHANGELOG, ", or ", Action("draft", ("--edit",)))),
            Stage.FOLLOW,
            "e",
        ),
        (TEST, Stage.PREVIEW, "send the series to yourself first: m at stage 7"),
        (TEST, Stage.SEND, "send the series to yourself first: m"),
        (
            Action("", ("--base", "REV"), "use {} to name the base"),
            None,
            "press b to choose the base or a range",
        ),
        (REVIEW, Stage.FOLLOW, "review v2, then send it: 7"),
        (
            "unsure; to name it: `patchpilot prepare --fixes COMMIT`",
            Stage.CHECKS,
            "unsure; to name it: at stage 4, choose it or “Another commit introduced it”",
        ),
    ],
)
def test_advice_names_keys(advice: Advice, stage: Stage | None, words: str) -> None:
    assert replace_commands(advice, stage) == words


def test_first_action_leads_to_its_stage() -> None:
    assert first_named_stage(REVIEW) is Stage.SEND
    assert first_named_stage(Action("send", ("--reroll",))) is Stage.FOLLOW


def test_started_version_leads_to_its_changelog() -> None:
    words = "write the changelog of v2 (`{}`)"
    step = Action("draft", ("--changelog", "- what changed"), words)
    assert replace_commands(step, Stage.FOLLOW) == "write the changelog of v2 (e)"
    assert replace_commands(step) == "write the changelog of v2 (e at stage 6)"
    assert keys_at_stage(step, Stage.FOLLOW) == ("e",)


def test_keys_follow_sentences_without_a_command() -> None:
    answer = Action("track", ("reply", "<a@b>"), "answer the review")
    change = Action("send", ("--reroll",), "send v2")
    step = Hint((answer, " and ", change))
    assert replace_commands(step, Stage.FOLLOW) == "answer the review\xa0(r) and send v2\xa0(v)"
    assert replace_commands(step) == str(step) == "answer the review and send v2"
    assert keys_at_stage(step, Stage.FOLLOW) == ("r", "v")
    wait = Action("track", ("update",), "wait for replies")
    assert replace_commands(wait, Stage.FOLLOW) == "wait for replies"


def test_every_key_is_bound() -> None:
    for words, key in KEYS.items():
        if key.stage and key.key:
            bound = {
                name
                for owner in (find_screen_class(key.stage), StageScreen)
                for binding in owner.BINDINGS
                for name in binding.key.split(",")
            }  # type: ignore[union-attr]
            assert key.key.replace("Space", "space").replace("+", "plus") in bound, words

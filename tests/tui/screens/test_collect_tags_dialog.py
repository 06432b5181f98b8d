# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the dialog for adding tags. It adds an uncertain tag only if the user selected it."""

from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Checkbox, Static

from patchpilot.tags.add_review_trailers import TagDecisions
from patchpilot.tags.review_trailers import CollectedTags, HeldTrailer, TagChoice
from patchpilot.topic.message_changes import Preparation
from patchpilot.tui.screens.collect_tags_dialog import CollectTags
from tests.kit.walk import text_of

COMMIT: Any = SimpleNamespace(id="1" * 40, subject="net: fix it", message="net: fix it\n")
TAGGED: Any = SimpleNamespace(
    id="2" * 40, subject="net: has it", message="net: has it\n\nAcked-by: O <o@example.org>\n"
)
REVIEWED = TagChoice(COMMIT, "Reviewed-by: R <r@example.org>", 1)
ASKING = TagChoice(
    COMMIT,
    "Acked-by: L <l@example.org>",
    1,
    "it names l@example.org, but the message is from e@example.net",
)
OUTDATED = TagChoice(TAGGED, "Acked-by: O <o@example.org>", 1, "the commit has it", True)
BAD = HeldTrailer("Tested-by: nobody", 1, "x", "no address")
COLLECTED = CollectedTags(
    "x", Preparation("topic", "0" * 40, ()), (BAD,), (REVIEWED, ASKING, OUTDATED)
)


class DialogHost(App[None]):
    """An app that shows the dialog."""

    result: object = "open"

    def compose(self) -> ComposeResult:
        yield Static()

    def on_mount(self) -> None:
        def store_result(result: object) -> None:
            self.result = result

        self.push_screen(CollectTags(COLLECTED), store_result)


@pytest.mark.parametrize(
    ("pressed", "result"),
    [
        (("a",), (REVIEWED,)),
        (("tab", "space", "a"), (REVIEWED, ASKING)),
        (("down", "space", "a"), (REVIEWED, ASKING)),
        (("down", "up", "space", "a"), ()),
        # from the first tick to the answers, and back
        (("up", "down", "down", "space", "a"), ()),
        (("down", "down", "space", "a"), (REVIEWED, OUTDATED)),
        (("space", "a"), ()),
        (("space", "escape"), None),
    ],
)
async def test_only_selected_findings_are_sent(pressed: tuple[str, ...], result: object) -> None:
    app = DialogHost()
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        first, *others = app.screen.query(Checkbox)
        assert (first.value, *(tick.value for tick in others)) == (True, False, False)
        assert "the commit has it; without a tick, it is removed" in text_of(app)
        assert "net: fix it" in str(first.label)
        assert "it names l@example.org" in text_of(app)
        assert "not added: Tested-by: nobody" in text_of(app)
        await pilot.press(*pressed)
        await pilot.pause()
    if result is None:
        assert app.result is None
    else:
        assert isinstance(app.result, TagDecisions)
        assert app.result.accepted == result
        assert app.result.refused == (() if OUTDATED in app.result.accepted else (OUTDATED,))

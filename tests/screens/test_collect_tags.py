# SPDX-License-Identifier: GPL-2.0-or-later
"""The dialog for adding tags: one whose address is not its sender's is added only if it is ticked.

A dialog needs a screen.
"""

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Checkbox, Static

from patchpilot.topic.message_changes import Preparation
from patchpilot.topic.review_trailers import Collected, HeldTrailer
from patchpilot.tui.screens.collect_tags_dialog import CollectTags

ASKING = HeldTrailer(
    "Acked-by: L <l@example.org>",
    1,
    "x",
    "it names l@example.org, but the message is from e@example.net",
    asks=True,
)
CHANGED = HeldTrailer(
    "Tested-by: R <r@example.org>", 1, "x", "the patch has changed since v1"
)
COLLECTED = Collected(
    "x", Preparation("topic", "0" * 40, ()), (ASKING, CHANGED, ASKING)
)


class Host(App[None]):
    """Shows the dialog."""

    result: "tuple[str, ...] | str | None" = "open"

    def compose(self) -> ComposeResult:
        yield Static()

    def on_mount(self) -> None:
        def done(result: "tuple[str, ...] | None") -> None:
            self.result = result

        self.push_screen(
            CollectTags(["{+Reviewed-by: R <r@example.org>+}"], COLLECTED), done
        )


@pytest.mark.parametrize(
    ("pressed", "result"),
    [
        (("ctrl+s",), ()),
        (("space", "ctrl+s"), ("Acked-by: L <l@example.org>",)),
        (("space", "escape"), None),
        (("a",), ()),
    ],
)
async def test_only_what_is_ticked_is_given(
    pressed: "tuple[str, ...]", result: object
) -> None:
    app = Host()
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.pause()
        (tick,) = app.screen.query(Checkbox)
        assert not tick.value
        assert "it names l@example.org" in str(tick.label)
        await pilot.press(*pressed)
        await pilot.pause()
    assert app.result == result

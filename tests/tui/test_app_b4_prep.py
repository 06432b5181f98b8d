# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the first stages show the patches of a real `b4 prep` branch, but not its cover
letter.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage
from tests.kit.prep import COVER, STRATEGIES, create_prep_repository
from tests.kit.walk import keys, running, text_of


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_prep_branch_shows_its_patches(
    tmp_path: Path, open_app_on: Callable[[Path], PatchpilotApp], strategy: str
) -> None:
    repo = create_prep_repository(tmp_path / "r", strategy, 2, cover=COVER)
    app = open_app_on(repo.path)
    async with running(app, (100, 30)) as pilot:
        assert app.session.topic is not None
        assert [commit.subject for commit in app.session.topic.commits] == [
            "widget: change line 1",
            "widget: change line 2",
        ]
        await keys(pilot, Stage.CHECKS)
        assert Stage.CHECKS not in app.session.errors
        assert "widget: change line" in text_of(app)
        await keys(pilot, Stage.RECIPIENTS)
        assert app.session.results[Stage.RECIPIENTS].status.note == "2 open notes; 3 in To, 0 in Cc"
        assert "Mona Maintainer" in text_of(app)

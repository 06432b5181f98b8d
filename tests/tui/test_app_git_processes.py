# SPDX-License-Identifier: GPL-2.0-or-later
"""Test how many git processes are started by the TUI when it starts and by each stage.

The TUI runs in the sandbox's clone.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from patchpilot.demo.demo_repository import make_repositories
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage
from tests.kit.git_processes import count_git_processes
from tests.kit.walk import keys, still

FIRST = (Stage.COMMIT, Stage.CHECKS, Stage.RECIPIENTS, Stage.TAGS)
"""The stages that are made while the first one is looked at, whenever there is time."""
MOST = {"opening": 48, "BACKPORTS": 29, "PREVIEW": 10, "SEND": 0, "FOLLOW": 0}
"""The opening with the first stages, then each stage → git processes.

At Checks, the safe fixes are found before `A` offers them: 15 processes. Whether the commit is in
mainline decides if it has anything to backport (1). The patch-id of an unmerged fix finds the
messages that it was sent in, which may report its merge (2).
What a branch with a conflict lacks is looked up in its own tree; without a Fixes: tag, every such
branch is one. Each of the candidates at Tags is
tried on the stable branches, in a store of its own; files are merged by the first of them.
"""
MAY_REPEAT = ("--batch-command", "--stdin", "GIT_COMMITTER_IDENT", "patch-id --stable")
"""The object reader, which each scratch store also starts, calls with input on standard input, and
arguments with the current time.
"""


@pytest.mark.long
async def test_tui_runs_few_git_processes(
    tmp_path: Path, open_app_on: Callable[[Path], PatchpilotApp]
) -> None:
    work = make_repositories(tmp_path / "sandbox").work
    # fill the caches that later runs use, for example with how much of the history was analyzed
    async with open_app_on(work).run_test(size=(160, 45)) as pilot:
        await keys(pilot, *Stage)
    app = open_app_on(work)
    found: dict[str, list[str]] = {}
    with ExitStack() as tracing:
        seen = tracing.enter_context(count_git_processes(tmp_path / "opening"))
        async with app.run_test(size=(160, 45)) as pilot:
            await keys(pilot, *FIRST)
            await still(pilot)
            tracing.close()
            found["opening"] = [" ".join(argv) for argv in seen.elements()]
            for stage in [stage for stage in Stage if stage not in FIRST]:
                with count_git_processes(tmp_path / stage.name) as seen:
                    await keys(pilot, stage)
                    await still(pilot)
                found[stage.name] = [" ".join(argv) for argv in seen.elements()]
    assert found["opening"]
    assert {name: calls for name, calls in found.items() if len(calls) > MOST[name]} == {}
    for calls in found.values():
        repeated = [call for call, count in Counter(calls).items() if count > 1]
        assert [
            call
            for call in repeated
            if not (any(it in call for it in MAY_REPEAT) or " merge-tree " in call)
        ] == []

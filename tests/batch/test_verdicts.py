# SPDX-License-Identifier: GPL-2.0-or-later
"""Test verdicts on a Dask cluster: each line is the same as that of the command line."""

import json

import pytest

from patchpilot.batch import judge_fixes, judge_part
from patchpilot.errors import UsageError
from tests.kit.backport_world import World


def test_lines_are_those_of_the_command_line(world: World) -> None:
    # only here: each pytest worker would need a third of a second to import it
    from distributed import Client, LocalCluster

    tips = [
        world.create_stable_branch("6.6", world.groundwork),
        world.create_stable_branch("6.1", world.base),
    ]
    unknown = "0" * 12
    fixes = [world.fix, world.groundwork, unknown]
    onto = [word for tip in tips for word in ("--onto", tip)]
    outcome = world.run_backport(*fixes, *onto, "--format", "jsonl")
    expected = sorted(outcome.out.splitlines(keepends=True)[:-1])
    assert sorted(judge_part(world.repo.path, fixes, tips)) == expected
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            processes=False,
            protocol="tcp://",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster) as client,
    ):
        lines = sorted(judge_fixes(client, world.repo.path, fixes, tips, count=2))
    assert lines == expected
    verdicts = {(row["commit"], row["branch"]): row["verdict"] for row in map(json.loads, lines)}
    assert verdicts[world.fix, tips[0]] == "clean"
    assert verdicts[world.fix, tips[1]] == "not-affected"
    with pytest.raises(UsageError, match="no-such-branch"):
        list(judge_part(world.repo.path, fixes, ["no-such-branch"]))

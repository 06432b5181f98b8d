# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything a screen got, a verb says too: the results of the stages beside the verbs' JSON on the same topic."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patchpilot.model.address import parse_address
from patchpilot.tui.app import Walk
from patchpilot.tui.screens.preview import plan_summary
from patchpilot.tui.stages import Stage
from tests.kit.cli import call
from tests.kit.walk import asked, keys, settle


def verb(*argv: object) -> Any:
    done = call(*argv, "--format", "json")
    assert done.out, done.err
    return json.loads(done.out)


@pytest.mark.parametrize("tagged", [False, True])
async def test_each_stage_got_what_its_verb_says(mended: Path, walk_on: Callable[[Path], Walk], tagged: bool) -> None:
    if tagged:
        assert call("prepare", "-C", mended, "--signoff").code == 0
    app = walk_on(mended)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        asked(app)
        await keys(pilot, "5", "6")
        got = {stage: app.session.fresh(stage) for stage in Stage if app.session.fresh(stage) is not None}

    said = verb("check", "-C", mended)["patches"][0]["findings"]
    assert [(one.name, one.patch_line) for one in got[Stage.CHECKS].patches[0].findings] == [
        (one["name"], one["patch_line"]) for one in said
    ]

    people = verb("maintainers", "-C", mended)["results"][0]["recipients"]
    planned = got[Stage.RECIPIENTS].planned.plan.recipients
    assert [(one.address.email, one.header, list(one.reasons)) for one in planned] == [
        (one["email"], one["header"], one["reasons"]) for one in people
    ]

    fixes = verb("fixes", "-C", mended, "HEAD")
    assert [(one.commit, one.tag, list(one.evidence)) for one in got[Stage.TAGS].candidates] == [
        (one["commit"], one["tag"], one["evidence"]) for one in fixes["candidates"]
    ]

    branches = verb("backport", "-C", mended, "HEAD")["branches"]
    assert [(one.version, str(one.verdict), [need.commit for need in one.prerequisites]) for one in got[Stage.BACKPORTS].branches] == [
        (one["version"], one["verdict"], [need["commit"] for need in one["prerequisites"]]) for one in branches
    ]

    sent = verb("send", "-C", mended, "--dry-run")
    first = sent["messages"][0]
    summary = plan_summary(got[Stage.PREVIEW])
    assert summary["subjects"] == [one["subject"] for one in sent["messages"]]
    assert summary["refusals"] == [one["name"] for one in sent["refusals"]]
    assert {*summary["to"], *summary["cc"]} == {found.email for one in (*first["to"], *first["cc"]) if (found := parse_address(one))}

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a fix names the commit that deleted the lines that the fix adds again."""

from pathlib import Path

import pytest

from patchpilot.cli.commands.fixes import format_candidate
from patchpilot.commits.repository import Repository
from patchpilot.tags import file_histories
from patchpilot.tags.find_culprits import FixesRequest, FixesResult, find_culprits
from patchpilot.tags.rank_culprits import SURE
from patchpilot.tui.screens.tags_rows import evidence_rows
from patchpilot.tui.view.glyphs import glyph
from tests.kit.repos import Repo

SIGNED = "\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"
START = """\
#include <linux/regmap.h>

static const struct regmap_config tmp102_config = {
\t.reg_bits = 8,
};

static int tmp102_probe(struct i2c_client *client)
{
\tstruct tmp102 *tmp102;

\ttmp102 = devm_kzalloc(&client->dev, sizeof(*tmp102), GFP_KERNEL);
\tif (!tmp102)
\t\treturn -ENOMEM;

\ttmp102->regmap = devm_regmap_init_i2c(client, &tmp102_config);
\tif (IS_ERR(tmp102->regmap))
\t\treturn PTR_ERR(tmp102->regmap);

\ttmp102->ready = false;
\tmutex_init(&tmp102->lock);
\tdev_info(&client->dev, "ready\\n");
\treturn 0;
}

static int tmp102_read(struct tmp102 *tmp102)
{
\tint ret = tmp102_read_raw(tmp102);

\tif (ret < 0)
\t\treturn ret;

\treturn ret / 16;
}

static void tmp102_stop(struct i2c_client *client)
{
\tmutex_destroy(&tmp102->lock);
\tdev_dbg(&client->dev, "stop\\n");
}
"""
CHECK = "\tif (IS_ERR(tmp102->regmap))\n\t\treturn PTR_ERR(tmp102->regmap);\n"
SHORT = "\tif (ret < 0)\n\t\treturn ret;\n"
RETURN = "\treturn ret / 16;\n"
FIX = "hwmon: (tmp102) fix a crash in probe\n\nThe regmap is used without a check."


class History:
    """A driver whose probe loses lines, and changes later."""

    def __init__(self, path: Path) -> None:
        self.repo = Repo(path)
        self.text = START
        self.commit("hwmon: (tmp102) add the driver")
        self.repo.tag("v5.14")

    def commit(self, subject: str, *changes: tuple[str, str]) -> str:
        for old, new in changes:
            assert old in self.text, old
            self.text = self.text.replace(old, new)
        return self.repo.commit(subject + SIGNED, {"drivers/hwmon/tmp102.c": self.text})

    def delete(self, *changes: tuple[str, str]) -> str:
        """Commit the deletion, and three changes around it."""
        deleter = self.commit("hwmon: (tmp102) simplify probe", *changes)
        self.commit("hwmon: (tmp102) improve a message", ('"ready', '"probed'))
        self.commit("hwmon: (tmp102) shorten a name", ("tmp102_config", "tmp102_cfg"))
        self.commit("hwmon: (tmp102) improve another message", ('"stop', '"stopped'))
        return deleter

    def fix(self, *changes: tuple[str, str]) -> FixesResult:
        self.commit(FIX, *changes)
        with Repository.open(self.repo.path) as repository:
            return find_culprits(repository, FixesRequest("HEAD"))


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "r")


INIT = "devm_regmap_init_i2c(client, &tmp102_cfg);\n"
LOCK = "\tmutex_init(&tmp102->lock);\n"
READY = "\ttmp102->ready = false;\n"
DESTROY = "\tmutex_destroy(&tmp102->lock);\n"


@pytest.mark.parametrize(
    ("deleted", "added"),
    [
        pytest.param([(CHECK, "")], [(INIT, INIT + CHECK)], id="exactly"),
        pytest.param(
            [(CHECK, "")],
            [(INIT, INIT + CHECK.replace("(IS_ERR(", "( IS_ERR (").replace("\t\t", "    "))],
            id="with other spaces",
        ),
        pytest.param([(CHECK, "")], [(LOCK, LOCK + CHECK)], id="elsewhere in the function"),
        pytest.param(
            [(CHECK, ""), (DESTROY, "")],
            [(INIT, INIT + CHECK), ("{\n\tdev_dbg", f"{{\n{DESTROY}\tdev_dbg")],
            id="in several hunks",
        ),
        pytest.param(
            [(CHECK, "")], [(INIT, INIT + CHECK.replace("tmp102->", "data->"))], id="renamed"
        ),
        pytest.param(
            [(SHORT, "")],
            [(RETURN, f"\t/* the bus may be busy */\n{SHORT}\n{RETURN}")],
            id="as a block of short lines",
        ),
        pytest.param(
            [(READY + LOCK, "\ttmp102->ready = true;\n")],
            [("\tdev_info", LOCK + "\tdev_info")],
            id="a call in a rewritten block",
        ),
        pytest.param(
            [(CHECK, ""), ("ready = false", "ready = true")],
            [(INIT, INIT + CHECK), ("\treturn 0;", "\ttmp102_start(client);\n\treturn 0;")],
            id="in a larger fix",
        ),
        pytest.param(
            [(CHECK, "\tWARN_ON(!tmp102->regmap);\n"), ("ready = false", "ready = true")],
            [("\tWARN_ON(!tmp102->regmap);\n", CHECK)],
            id="in a partial revert",
        ),
    ],
)
def test_commit_that_deleted_the_added_lines_comes_first(
    history: History, deleted: list[tuple[str, str]], added: list[tuple[str, str]]
) -> None:
    deleter = history.delete(*deleted)
    result = history.fix(*added)
    first = result.candidates[0]
    assert first.commit == deleter, [(each.subject, each.evidence) for each in result.candidates]
    assert any("that the fix adds again" in phrase for phrase in first.evidence), first.evidence
    assert "first commit" not in result.reason
    assert sum(candidate.confidence for candidate in result.candidates) <= 1.3


def test_commit_that_emptied_the_file_comes_first(history: History) -> None:
    history.commit("hwmon: (tmp102) improve a message", ('"ready', '"probed'))
    deleter = history.commit("hwmon: (tmp102) drop the driver", (history.text, ""))
    history.text = START
    result = history.fix()
    assert result.candidates[0].commit == deleter
    assert any("that the fix adds again" in each for each in result.candidates[0].evidence)


def test_deleted_lines_alone_are_not_certain(history: History) -> None:
    history.delete((CHECK, ""), (DESTROY, ""), (LOCK, ""))
    lines = f"{{\n{DESTROY}\tdev_dbg"
    result = history.fix((INIT, INIT + CHECK + LOCK), ("{\n\tdev_dbg", lines))
    assert 0.5 < result.candidates[0].confidence < SURE
    assert not result.sure


@pytest.mark.parametrize(
    ("deleted", "added"),
    [
        pytest.param(
            [(CHECK, ""), (LOCK, LOCK + CHECK)],
            [("\treturn 0;", CHECK + "\treturn 0;")],
            id="moved",
        ),
        pytest.param(
            [(f"{SHORT}\n", ""), (DESTROY, DESTROY + SHORT)],
            [(RETURN, SHORT + RETURN)],
            id="moved as a block",
        ),
        pytest.param(
            [(SHORT, "")],
            [(DESTROY, DESTROY + SHORT)],
            id="as a block of short lines in another function",
        ),
        pytest.param(
            [(READY, "")],
            [(INIT, INIT + CHECK + READY)],
            id="too short",
        ),
        pytest.param(
            [(CHECK, "")],
            [("\tmutex_destroy", CHECK.replace("tmp102->", "data->") + "\tmutex_destroy")],
            id="with other names in another function",
        ),
    ],
)
def test_commit_that_deleted_no_such_lines_has_no_such_evidence(
    history: History, deleted: list[tuple[str, str]], added: list[tuple[str, str]]
) -> None:
    history.delete(*deleted)
    phrases = [phrase for each in history.fix(*added).candidates for phrase in each.evidence]
    assert not any("adds again" in phrase for phrase in phrases), phrases


def test_only_the_latest_commits_are_read(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleter = history.delete((CHECK, ""))
    monkeypatch.setattr(file_histories, "MAX_COMMITS", 3)
    result = history.fix((INIT, INIT + CHECK))
    assert deleter not in {candidate.commit for candidate in result.candidates}


def test_renaming_is_evidence_against_a_commit(history: History) -> None:
    history.delete((CHECK, ""))
    result = history.fix((INIT, INIT + CHECK))
    renaming = next(each for each in result.candidates if each.subject.endswith("shorten a name"))
    assert renaming.against == ("only renamed the lines",)
    assert not any("only" in phrase for phrase in renaming.evidence)
    assert "; but it only renamed the lines" in format_candidate(renaming)[1]
    rows = evidence_rows(result, renaming, None, 80)
    assert [row.plain for row in rows if "only renamed" in row.plain] == [
        f"{glyph('warning')} only renamed the lines"
    ]

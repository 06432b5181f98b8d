# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a fix names the commit that removed the last use of an identifier."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.tags.find_culprits import FixesRequest, FixesResult, find_culprits
from patchpilot.tags.rank_culprits import SURE
from tests.kit.repos import Repo

SIGNED = "\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"
FILE = "drivers/hwmon/fan.c"
OTHER = "drivers/hwmon/other.c"
READER = "\tfan_top = fan_max ? : FAN_HIGH;\n"
START = f"""\
#include <linux/module.h>

#define FAN_HIGH 2

static unsigned int fan_top;

static unsigned int fan_max;
module_param(fan_max, uint, 0);
MODULE_PARM_DESC(fan_max, "Maximum speed of the fan");

static int fan_write(int speed)
{{
\tif (speed > fan_top)
\t\treturn -EINVAL;

\treturn fan_send(speed);
}}

static int __init fan_init(void)
{{
{READER}
\treturn fan_probe();
}}
"""
PROBE = "\treturn fan_probe();\n"
LIMIT = "\tif (speed > fan_top)\n"


class History:
    """A driver that stops reading a module parameter, and changes later."""

    def __init__(self, path: Path) -> None:
        self.repo = Repo(path)
        self.text = START
        self.commit("hwmon: (fan) add the driver", (READER, ""))
        self.commit("hwmon: (fan) set the speed on load", (PROBE, READER + PROBE))
        self.repo.tag("v5.14")
        self.remover = self.commit("hwmon: (fan) drop the table", (READER, ""))
        self.commit("hwmon: (fan) rename the function", ("fan_send", "fan_set"))
        self._tip, self._kept = self.repo.git("rev-parse HEAD"), self.text

    def reset(self) -> None:
        self.repo.git("reset -q --hard", self._tip)
        self.text = self._kept

    def commit(self, subject: str, *changes: tuple[str, str], other: str = "") -> str:
        for old, new in changes:
            assert old in self.text, old
            self.text = self.text.replace(old, new)
        files = {FILE: self.text} | ({OTHER: other} if other else {})
        return self.repo.commit(subject + SIGNED, files)

    def fix(self, old: str, new: str) -> FixesResult:
        self.commit("hwmon: (fan) fix the highest speed\n\nIt is ignored.", (old, new))
        with Repository.open(self.repo.path) as repository:
            return find_culprits(repository, FixesRequest("HEAD"))


@pytest.fixture(scope="module")
def built_history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return History(tmp_path_factory.mktemp("history") / "r")


@pytest.fixture
def history(built_history: History) -> History:
    built_history.reset()
    return built_history


def list_phrases(result: FixesResult) -> list[str]:
    return [phrase for each in result.candidates for phrase in each.evidence]


USE = "\tif (speed > max(fan_top, fan_max))\n"


def test_commit_that_removed_the_last_use_is_first(history: History) -> None:
    result = history.fix(LIMIT, USE)
    best = result.candidates[0]
    assert best.commit == history.remover
    assert "removed the last use of 'fan_max', which the fix uses again" in best.evidence
    assert best.confidence < SURE, "this evidence alone is not certain"


def test_unused_names_are_counted(history: History) -> None:
    result = history.fix(LIMIT, "\tif (speed > min(FAN_HIGH, fan_max))\n")
    assert any("last use of 'FAN_HIGH' and 1 more" in phrase for phrase in list_phrases(result))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("is the fan", "fan_max is the fan", id="in a string"),
        pytest.param(LIMIT, f"\t/* fan_max is not read */\n{LIMIT}", id="in a comment"),
        pytest.param(
            "\tif (speed", "\tint fan_max = fan_read();\n\n\tif (speed + fan_max", id="local"
        ),
    ],
)
def test_name_that_is_not_the_unused_one_is_no_evidence(
    history: History, old: str, new: str
) -> None:
    if old not in history.text:
        history.commit("hwmon: (fan) print", (LIMIT, f'\tpr_info("this is the fan\\n");\n{LIMIT}'))
    assert not any("last use" in phrase for phrase in list_phrases(history.fix(old, new)))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("int other(void)\n{\n\treturn fan_max * 2;\n}\n", id="in another file"),
        pytest.param("#if fan_max > 3\n#error fan_max\n#endif\n", id="in a condition"),
    ],
)
def test_name_that_is_still_used_is_no_evidence(history: History, other: str) -> None:
    history.commit("hwmon: (other) add it", other=other)
    assert not any("last use" in phrase for phrase in list_phrases(history.fix(LIMIT, USE)))


def test_name_without_a_definition_is_no_evidence(history: History) -> None:
    start = history.text.index("static unsigned int fan_max")
    end = history.text.index("static int fan_write")
    history.commit("hwmon: (fan) drop the parameter", (history.text[start:end], ""))
    assert not any("last use" in phrase for phrase in list_phrases(history.fix(LIMIT, USE)))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that .checkpatch.conf works like in checkpatch.pl.

Also test that rules recommend only functions that the tree has.
"""

import json
from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo

CODE = "#define frob(x) x, 1\nvoid frob_wait(void)\n{\n\tmsleep(25);\n\tudelay(25);\n}\n"
FILE = "drivers/frob/frob.c"
CONF = (
    "# not Linux\n"
    "--no-tree\n"
    "\n  --ignore COMPLEX_MACRO,NOT_A_TYPE # a comment\n"
    "--ignore USLEEP_RANGE\n"
    "--ignore=MACRO_ARG_UNUSED\n"
)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.commit(
        "frob: start\n",
        {
            "include/linux/delay.h": "void msleep(int ms);\n",
            FILE: "/* SPDX-License-Identifier: GPL-2.0 */\n",
        },
    )
    return repo


def list_finding_types(repo: Repo, *arguments: str) -> set[str]:
    result = call("check", "-C", repo.path, "--format", "json", "HEAD", *arguments)
    return {finding["name"] for finding in json.loads(result.out)["patches"][0]["findings"]}


def commit_change(repo: Repo, c_code: str = CODE) -> None:
    repo.commit(
        "frob: wait\n"
        "\nThe device is slow. Wait for it.\n"
        "\nSigned-off-by: Ada Fixer <ada@example.org>\n",
        {FILE: "/* SPDX-License-Identifier: GPL-2.0 */\n" + c_code},
    )


def test_types_ignored_by_the_tree_are_hidden(repo: Repo) -> None:
    commit_change(repo)
    silent = {"complex-macro-without-parentheses", "udelay-instead-of-sleep"}
    assert list_finding_types(repo, "--strict") >= silent
    repo.git("rm", "-q", FILE)
    repo.commit("conf\n", {".checkpatch.conf": CONF})
    commit_change(repo)
    assert not list_finding_types(repo, "--strict") & silent


def test_tree_configuration_is_applied(repo: Repo) -> None:
    repo.commit("conf\n", {".checkpatch.conf": "--strict\n--max-line-length=60\n"})
    commit_change(repo, f"int {'a' * 62};\n" + CODE)
    assert list_finding_types(repo) >= {"udelay-instead-of-sleep", "long-line"}
    assert "long-line" not in list_finding_types(repo, "--max-line-length", "80")
    repo.commit("conf\n", {".checkpatch.conf": "--types COMPLEX_MACRO\n"})
    commit_change(repo, CODE + "int  b ;\n#define more(x) x, 2\n")
    assert list_finding_types(repo) == {"complex-macro-without-parentheses"}


def test_advice_names_existing_functions(repo: Repo) -> None:
    commit_change(repo)
    assert "prefer-fsleep" not in list_finding_types(repo, "--strict")
    repo.commit(
        "delay: more\n",
        {"include/linux/delay.h": "void msleep(int ms);\nvoid fsleep(int us);\n"},
    )
    commit_change(repo, CODE + "void more(void)\n{\n\tudelay(40);\n}\n")
    assert "prefer-fsleep" in list_finding_types(repo, "--strict")


def test_patch_cannot_suppress_its_own_findings(repo: Repo) -> None:
    repo.put(".checkpatch.conf", CONF)
    commit_change(repo)
    assert "complex-macro-without-parentheses" in list_finding_types(repo)

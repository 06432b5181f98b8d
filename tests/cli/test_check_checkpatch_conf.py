# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that .checkpatch.conf works like in checkpatch.pl.

Also test that rules recommend only functions that the tree has.
"""

import json
import os
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
    result = repo.patchpilot("check --format json HEAD", *arguments)
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
    repo.git("rm -q", FILE)
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
    commit_change(repo, CODE + "void more(void)\n{\n\tmsleep(40);\n}\n")
    assert "prefer-fsleep" in list_finding_types(repo, "--strict")


def test_patch_cannot_suppress_its_own_findings(repo: Repo) -> None:
    repo.put(".checkpatch.conf", CONF)
    commit_change(repo)
    assert "complex-macro-without-parentheses" in list_finding_types(repo)


def commit_with_conf(repo: Repo, conf: str, code: str, **files: str) -> list[str]:
    """Check a commit with an author's sign-off missing, in a tree with these options."""
    paths = {name.replace("__", "/"): text for name, text in files.items()}
    repo.commit("conf\n", {".checkpatch.conf": conf, **paths})
    repo.commit(
        "frob: wait\n\nThe device is slow. Wait for it.\n",
        {FILE: "/* SPDX-License-Identifier: GPL-2.0 */\n" + code},
    )
    result = repo.patchpilot("check --format json --strict HEAD")
    return [finding["name"] for finding in json.loads(result.out)["patches"][0]["findings"]]


def test_tree_without_sign_offs_requires_none(repo: Repo) -> None:
    code = "void frob_wait(int a) \n{\n}\n"
    assert "no-sign-off" in commit_with_conf(repo, "--strict\n", code)
    names = commit_with_conf(repo, "--no-tree\n--no-signoff\n", code.replace("a)", "b)"))
    assert "trailing-space" in names
    assert not [name for name in names if "sign" in name]


def test_listed_types_are_types(repo: Repo) -> None:
    code = "void frob_init(frob_big *context __unused,\n\t       const frob_ref *modulus)\n{\n}\n"
    conf = "--typedefsfile\nscripts/types\n"
    assert "no-space-around-arithmetic" in commit_with_conf(repo, "--strict\n", code)
    assert "no-space-around-arithmetic" not in commit_with_conf(
        repo, conf, code.replace("init", "exit"), scripts__types="frob_big\nfrob_[a-z]+\n"
    )


def test_tree_dictionary_and_prefix_are_used(repo: Repo) -> None:
    code = "/* the frobb is here */\nint a = IS_ENABLED(MY_A), b = IS_ENABLED(CONFIG_B);\n"
    conf = "--codespell --codespellfile=scripts/words\n--kconfig-prefix=MY_\n"
    names = commit_with_conf(repo, conf, code, scripts__words="frobb->frob, \n")
    assert names.count("is-enabled-without-config") == 1
    assert "misspelling" in names


def test_tab_size_of_the_tree_is_used(repo: Repo) -> None:
    code = f"void frob_wait(void)\n{{\n\t\t\tfrob_read({'a' * 76});\n}}\n"
    assert "long-line" in commit_with_conf(repo, "--strict\n", code)
    code = code.replace("wait", "poll")
    assert "long-line" not in commit_with_conf(repo, "--tab-size=4\n", code)


def test_fix_uses_the_tab_size_of_the_tree(repo: Repo) -> None:
    code = "void frob_wait(void)\n{\n\tfrob_read(first,\n\t\t  second);\n}\n"
    commit_with_conf(repo, "--strict\n", code)
    assert not repo.patchpilot("check --diff HEAD").out
    commit_with_conf(
        repo, "--strict\n--tab-size=4\n", code.replace("read", "send").replace("second", "third")
    )
    assert "+\t\t\t  third);\n" in repo.patchpilot("check --diff HEAD").out


def test_options_of_the_user_apply_to_a_tree_without_options(repo: Repo) -> None:
    user_conf = Path(os.environ["HOME"]) / ".checkpatch.conf"
    user_conf.write_text("--ignore COMPLEX_MACRO --frob\n")
    commit_change(repo)
    assert "complex-macro-without-parentheses" not in list_finding_types(repo)
    assert "~/.checkpatch.conf: --frob: unknown" in repo.patchpilot("check HEAD").err
    names = commit_with_conf(repo, "--strict\n", CODE.replace("frob(x)", "poll(x)"))
    assert "complex-macro-without-parentheses" in names
    # checkpatch.pl looks into .scripts last
    user_conf.unlink()
    repo.git("rm -q .checkpatch.conf")
    repo.commit("conf\n", {".scripts/.checkpatch.conf": "--ignore COMPLEX_MACRO\n"})
    commit_change(repo, CODE.replace("frob(x)", "last(x)"))
    assert "complex-macro-without-parentheses" not in list_finding_types(repo)


def test_unused_option_is_named(repo: Repo) -> None:
    repo.commit("conf\n", {".checkpatch.conf": "--root=..\n--frob\n"})
    commit_change(repo)
    error = repo.patchpilot("check HEAD").err
    assert "--root: not supported" in error
    assert "--frob: unknown option" in error
    # b4 takes each line of stderr for a failure
    assert not repo.patchpilot("check --format checkpatch HEAD").err


def test_patch_file_in_a_clone_is_checked_with_its_tree(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("conf\n", {".checkpatch.conf": "--no-signoff\n", "drivers/frob/Kbuild": ""})
    commit_change(repo, "void frob_wait(int a) \n{\n}\n")
    text = repo.git("format-patch -1 --stdout").replace("Signed-off-by:", "Not-signed:")
    file = tmp_path / "a.patch"
    file.write_text(text)

    def list_names(*arguments: object, stdin: bytes = b"") -> set[str]:
        result = call("check --strict --format json", *arguments, stdin=stdin)
        document = json.loads(result.out)
        assert document["repository"] is None
        return {finding["name"] for finding in document["patches"][0]["findings"]}

    monkeypatch.chdir(tmp_path)
    assert "no-sign-off" in list_names(file)
    monkeypatch.chdir(repo.path / "drivers/frob")
    names = list_names(file)
    assert "trailing-space" in names
    assert not names & {"no-sign-off", "already-applied", "does-not-apply"}
    assert list_names("-", stdin=text.encode()) == names

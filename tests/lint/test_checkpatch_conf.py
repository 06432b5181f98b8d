# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every option of checkpatch.pl in a .checkpatch.conf applies or is named."""

import time

import pytest

from patchpilot.lint.checkpatch_conf import CheckpatchConf, apply_conf, read_conf
from patchpilot.lint.rule_store import load_rules
from tests.kit.snippets import MemoryTree

TYPES_FILE = "scripts/types.txt"
FLAGS = (
    *("quiet", "verbose", "tree", "signoff", "patch", "emacs", "terse", "showfile", "file", "git"),
    *("subjective", "strict", "show-types", "list-types", "summary", "mailback", "summary-file"),
    *("fix", "fix-inplace", "ignore-perl-version", "codespell"),
)
VALUES = {
    "ignore": "LONG_LINE",
    "types": "LONG_LINE",
    "max-line-length": "80",
    "min-conf-desc-length": "2",
    "tab-size": "4",
    "root": "..",
    "debug": "values=1",
    "test-only": "foo",
    "codespellfile": "words.txt",
    "typedefsfile": TYPES_FILE,
    "color": "never",
    "kconfig-prefix": "FROB_",
}
OUTPUT = (
    *("quiet", "verbose", "patch", "emacs", "terse", "showfile", "show-types", "list-types"),
    *("summary", "mailback", "summary-file", "ignore-perl-version", "debug", "color"),
)
DEFAULT_ON = {"tree", "signoff"}


def read_options(*lines: str, **files: str) -> CheckpatchConf:
    paths = {name.replace("__", "/").replace("_txt", ".txt"): text for name, text in files.items()}
    return read_conf(MemoryTree({".checkpatch.conf": "\n".join(lines) + "\n", **paths}))


FILES = {"scripts__types_txt": "frob_big\n", "words_txt": "teh->the\n"}


@pytest.mark.parametrize("option", [*FLAGS, *VALUES])
def test_option_applies_or_is_named(option: str) -> None:
    given = f"--no-{option}" if option in DEFAULT_ON else f"--{option}"
    lines = [given + (f"={VALUES[option]}" if option in VALUES else "")]
    lines += ["--codespell"] if option == "codespellfile" else []
    lines += ["--codespellfile words.txt"] if option == "codespell" else []
    conf = read_options(*lines, **FILES)
    applied = conf._replace(unused=()) != CheckpatchConf()
    assert applied + bool(conf.unused) + (option in OUTPUT) == 1
    assert not conf.unused or option in conf.unused[0]


@pytest.mark.parametrize(
    "line",
    [
        "--max-line-length=80",
        "--max-line-length 80",
        "-max-line-length 80",
        "--Max-Line-Length\n80",
        "--max-line-length 90 --max-line-length 80 # --max-line-length 70",
    ],
)
def test_option_is_read_in_each_spelling(line: str) -> None:
    assert read_options(line) == CheckpatchConf(max_line_length=80)


@pytest.mark.parametrize(
    "line", ["--no-signoff", "--nosignoff", "-no-signoff", "--signoff --no-signoff"]
)
def test_flag_is_negated_in_each_spelling(line: str) -> None:
    assert read_options(line) == CheckpatchConf(signoff=False)
    assert read_options(line, "--signoff") == CheckpatchConf()


def test_unknown_option_and_value_are_named() -> None:
    conf = read_options(
        "--frob=1 --tab-size=1 word --max-line-length=x", "--kconfig-prefix (", "-x"
    )
    assert [line.removeprefix(".checkpatch.conf: ") for line in conf.unused] == [
        "--frob=1: unknown option",
        "--tab-size 1: not a valid number",
        "word: not an option",
        "--max-line-length x: not a valid number",
        "--kconfig-prefix (: not a prefix of symbols",
        "-x: unknown option",
    ]
    assert conf._replace(unused=()) == CheckpatchConf()


@pytest.mark.parametrize("path", ["../types.txt", "/etc/passwd", "missing.txt", "scripts"])
def test_file_outside_of_the_tree_is_named_and_not_read(path: str) -> None:
    conf = read_options(f"--typedefsfile {path}", **FILES)
    assert not conf.typedefs
    (unused,) = conf.unused
    assert path in unused


def test_names_of_types_are_limited_and_checked() -> None:
    conf = read_options(
        f"--typedefsfile={TYPES_FILE}",
        scripts__types_txt="# types\n frob_big \nfrob_[a-z]+_t\ntwo words\n(a*)*(?=b)(c\n\n",
    )
    assert conf.typedefs == ("frob_big", "frob_[a-z]+_t")
    assert len(conf.unused) == 2
    many = read_options(
        f"--typedefsfile={TYPES_FILE}", scripts__types_txt="two words\n" * 100 + "name\n" * 20_000
    )
    assert len(many.unused) <= 30
    assert len(many.typedefs) < 20_000


def test_patterns_of_types_are_limited() -> None:
    """Each one is tried on each name in a patch."""
    names = [f"frob{number}_t" for number in range(300)]
    patterns = [rf"{name}\w+" for name in names]
    conf = read_options(
        f"--typedefsfile={TYPES_FILE}", scripts__types_txt="\n".join([*patterns, *names])
    )
    assert (len(conf.typedefs), len(conf.unused)) == (400, 1)


def test_list_of_a_hostile_tree_is_read_in_linear_time() -> None:
    start = time.process_time()
    conf = read_options(*["--ignore FROB,LONG_LINE"] * 50_000)
    assert conf == CheckpatchConf(ignore=("FROB", "LONG_LINE"))
    assert time.process_time() - start < 5


def test_tab_size_of_a_hostile_tree_is_refused() -> None:
    """Tabs are expanded to spaces: a line of a few bytes would take all memory."""
    conf = read_options("--tab-size 1000", "--tab-size 900000000")
    assert conf.tab_size == 1000
    assert len(conf.unused) == 1


def test_control_characters_are_escaped() -> None:
    (unused,) = read_options("--\x1b[2Jfrob").unused
    assert "\x1b" not in unused


def test_types_that_no_rule_has_select_nothing() -> None:
    rules = load_rules()
    assert not apply_conf(rules, CheckpatchConf(types=("NOT_A_TYPE",)))
    assert apply_conf(rules, CheckpatchConf(ignore=("NOT_A_TYPE",))) == rules

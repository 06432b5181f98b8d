# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of `patchpilot check` as values, however they were read."""

from pathlib import Path
from typing import NamedTuple

from patchpilot.cli.option_table import CHOICE, NUMBER, PATH, TEXT, Option, base_table, common_table
from patchpilot.config import COLUMNS, FAIL_ON

CI_FORMATS = ("sarif", "github", "gitlab", "junit", "rdjsonl")
"""The formats that a CI gate reads: settings and baseline are those of the base, so the commits under check cannot change them."""
FORMATS = ("text", "json", "checkpatch", *CI_FORMATS)
"""The formats of --format; each but "text" has a module patchpilot/cli/output/findings_NAME.py with a function render()."""
JOBS = (1, 256)
COMMON = common_table(FORMATS)
OPTIONS = (
    *base_table(),
    Option(("--strict",), "also give findings of severity check"),
    Option(("--select",), "only these rules (id, name, checkpatch type or pack)", TEXT, "RULE,…", multiple=True),
    Option(("--ignore",), "not these rules", TEXT, "RULE,…", multiple=True),
    Option(("--fail-on",), "severity that makes the exit code 1 [warning]", CHOICE, choices=FAIL_ON),
    Option(("--max-line-length",), "columns of a code line [100]", NUMBER, "N", limits=COLUMNS),
    Option(("--data",), "where spelling.txt and const_structs.checkpatch are", PATH, "DIR"),
    Option(("--kernel",), "rules as of that kernel [the tree's, else the newest]", TEXT, "VERSION"),
    Option(("--jobs",), "processes for many patches [cores]", NUMBER, "N", limits=JOBS),
    Option(("--statistics",), "how often each rule fired, instead of the findings (text)"),
    Option(("--checkpatch",), "also run the tree's own scripts/checkpatch.pl (runs code of that tree)"),
    Option(("--checkpatch-compat",), "say what checkpatch.pl says, also where it is mistaken"),
    Option(("--fix",), "mend what is safe to mend: in patch files, or in the commits (with an undo record)", plain=False),
    Option(("--diff",), "show what --fix would do", plain=False),
    Option(("--published",), "with --fix: rewrite commits that a remote branch or a tag has", plain=False),
    Option(("--shared",), "with --fix: rewrite commits that another local branch has", plain=False),
    Option(("--baseline",), "say nothing of the findings that this file has", PATH, "FILE", plain=False),
    Option(("--write-baseline",), "write today's findings to FILE, or to that of --baseline", TEXT, "[FILE]", alone="", plain=False),
    Option(
        ("--since-version",), "mark what is new since vN of this topic (or since a directory, an mbox, a range)", TEXT, "N", plain=False
    ),
    Option(("--waive",), "leave a rule's findings as they are, for this topic", TEXT, "RULE=REASON", multiple=True, plain=False),
    Option(("--unwaive",), "take such a waiver back", TEXT, "RULE", multiple=True, plain=False),
    Option(("--config-from",), "take .patchpilot.toml and its packs from REV [with the CI formats: the base]", TEXT, "REV"),
)


class CheckOptions(NamedTuple):
    """The options of a `check`, as given."""

    targets: tuple[str, ...] = ()
    base: str | None = None
    strict: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = None
    max_line_length: int | None = None
    data: Path | None = None
    kernel: str | None = None
    jobs: int | None = None
    statistics: bool = False
    checkpatch: bool = False
    checkpatch_compat: bool = False
    baseline: Path | None = None
    write_baseline: bool = False
    since_version: str | None = None
    fix: bool = False
    diff: bool = False
    published: bool = False
    shared: bool = False
    waive: tuple[str, ...] = ()
    unwaive: tuple[str, ...] = ()
    config_from: str | None = None

# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the options of `patchpilot check`."""

from pathlib import Path
from typing import Any

from patchpilot.checking.request import CheckRequest
from patchpilot.cli.command import (
    CHOICE,
    DECIMAL,
    NUMBER,
    PATH,
    TEXT,
    Option,
    list_base_options,
)
from patchpilot.config import COLUMNS, EXPERIENCES, FAIL_ON
from patchpilot.errors import UsageError, unknown_word_error
from patchpilot.model.action import OVERRIDES

FORMATS = (
    *("text", "json", "checkpatch"),
    *("sarif", "github", "gitlab", "junit", "markdown", "jsonl"),
)
"""The values of --format.

Each format except "text" has a module patchpilot/cli/output/findings_NAME.py with a function
render().
"""
JOBS = (1, 256)
OPTIONS = (
    *list_base_options(),
    Option(
        ("-f", "--file"),
        "check whole source files",
        name="whole_files",
    ),
    Option(
        ("--not",),
        "skip the ancestors of REF, and check only the own changes of merges",
        TEXT,
        "REF",
        multiple=True,
        name="excluded",
    ),
    Option(("--changed-lines",), "with -f: report only lines that differ from HEAD"),
    Option(("--pushed",), "check what pre-commit is about to push"),
    Option(("--net",), "check the sum of the commits of a range, as a squash merge has it"),
    Option(("--strict",), "report the findings of all rules"),
    Option(("--all",), "show every finding, patch by patch", name="unfolded"),
    Option(
        ("--noise",),
        "show the best rules that report N findings on 100 accepted patches (default: 28)",
        DECIMAL,
        "N%",
        limits=(0, None),
    ),
    Option(
        ("--experience",),
        "show what newcomers need, or regular contributors; the exit code is that of regulars",
        CHOICE,
        choices=EXPERIENCES,
    ),
    Option(
        ("--select",),
        "run only these rules, types or packs",
        TEXT,
        "RULE,…",
        multiple=True,
    ),
    Option(("--ignore",), "skip these rules", TEXT, "RULE,…", multiple=True),
    Option(
        ("--fail-on",),
        "lowest severity that makes the exit code 1 (default: warning)",
        CHOICE,
        choices=FAIL_ON,
    ),
    Option(
        ("--max-line-length",),
        "longest code line, in columns (default: 100)",
        NUMBER,
        "N",
        limits=COLUMNS,
    ),
    Option(
        ("--data",),
        "directory with spelling.txt and const_structs.checkpatch",
        PATH,
        "DIR",
    ),
    Option(
        ("--kernel",),
        "apply the rules of this kernel version (default: the tree's, otherwise the latest)",
        TEXT,
        "VERSION",
    ),
    Option(
        ("--jobs",),
        "number of processes (default: CPUs)",
        NUMBER,
        "N",
        limits=JOBS,
    ),
    Option(
        ("--checkpatch",),
        "also run the tree's checkpatch.pl (executes code of that tree)",
    ),
    Option(
        ("--checkpatch-compat",),
        "report exactly what checkpatch.pl reports",
    ),
    Option(
        ("--build",),
        "also compile each commit's files (executes code of that tree)",
    ),
    Option(
        ("--checkers",),
        "also run dtschema, yamllint, docutils and, in a trusted tree, its own scripts on commits",
    ),
    Option(
        ("--review",),
        "let your reviewers read the patches",
        metavar="NAME",
        alone="",
    ),
    Option(("--review-request",), "print the requests that a reviewer would get"),
    Option(
        ("--budget",),
        "largest request (default: 30000)",
        NUMBER,
        "TOKENS",
        limits=(1, 1_000_000),
    ),
    Option(
        ("--fix",),
        "apply safe fixes; `patchpilot undo` restores",
    ),
    Option(
        ("--no-commit",),
        "with --fix: write fixes of commits to files of the working tree only",
    ),
    Option(("--diff",), "print what --fix would change"),
    *(Option((f"--{name}",), f"with --fix: {text}") for name, text in OVERRIDES.items()),
    Option(
        ("--baseline",),
        "do not report the findings listed in FILE",
        PATH,
        "FILE",
    ),
    Option(
        ("--write-baseline",),
        "write the current findings to FILE (default: the file of --baseline)",
        TEXT,
        "[FILE]",
        alone="",
    ),
    Option(
        ("--since-version",),
        "mark findings that are new since version N of this topic (or since a directory, mbox or"
        " range)",
        TEXT,
        "N",
    ),
    Option(
        ("--waive",),
        "suppress a rule for this topic",
        TEXT,
        "RULE=REASON",
        multiple=True,
    ),
    Option(("--unwaive",), "remove such a waiver", TEXT, "RULE", multiple=True),
    Option(
        ("--report",),
        "also write the result in another format to a file; repeatable",
        TEXT,
        "FORMAT=FILE",
        multiple=True,
    ),
    Option(
        ("--config-from",),
        "read .patchpilot.toml and its packs from REV (default unless on a terminal: the base)",
        TEXT,
        "REV",
    ),
)


REPORTS = tuple(name for name in FORMATS if name != "checkpatch")
"""The formats of --report; in the checkpatch format, findings have other severities."""


def make_check_options(**options: Any) -> CheckRequest:
    """Return the request with these values of options, by key, and defaults for the others."""
    overrides = tuple(name for name in OVERRIDES if options.pop(name, False))
    options["report"] = tuple(map(_parse_report, options.get("report", ())))
    return CheckRequest(**options, overrides=overrides)


def _parse_report(value: str) -> tuple[str, Path]:
    name, _, file = value.partition("=")
    if not file:
        raise UsageError(
            f"--report {value}: not FORMAT=FILE",
            hint="use FORMAT=FILE, for example --report sarif=patchpilot.sarif",
        )
    if name not in REPORTS:
        raise unknown_word_error("format", name, REPORTS)
    return name, Path(file)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of `patchpilot check` as values, however they were read."""

from pathlib import Path
from typing import NamedTuple

FORMATS = ("text", "json", "checkpatch", "sarif", "github", "gitlab", "junit", "rdjsonl")
CI_FORMATS = ("sarif", "github", "gitlab", "junit", "rdjsonl", "jsonl")
"""The forms that a gate reads: there the settings are those of the base, which the commits under check cannot change."""
JOBS = (1, 256)


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

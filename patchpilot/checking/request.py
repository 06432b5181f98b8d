# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the request of `check`: its TARGETs and options, with their defaults."""

from pathlib import Path
from typing import NamedTuple


class CheckRequest(NamedTuple):
    """The TARGETs of a check and its options, each under the name of the option.

    `whole_files` is --file, `unfolded` is --all, and `excluded` is --not. `noise` is in percent;
    None selects the setting. `jobs` is the number of processes, or None for one per CPU. `review`
    is the name of a reviewer, "" for all reviewers, or None for no review. `overrides` are the
    names of the safety checks that a rewrite of commits may ignore (`model.action.OVERRIDES`).
    `report` contains the formats in which the result is also written, and the files.
    """

    targets: tuple[str, ...] = ()
    base: str | None = None
    explain_base: bool = False
    whole_files: bool = False
    strict: bool = False
    unfolded: bool = False
    noise: float | None = None
    experience: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = None
    max_line_length: int | None = None
    data: Path | None = None
    kernel: str | None = None
    jobs: int | None = None
    checkpatch: bool = False
    checkpatch_compat: bool = False
    build: bool = False
    checkers: bool = False
    review: str | None = None
    review_request: bool = False
    budget: int | None = None
    fix: bool = False
    no_commit: bool = False
    diff: bool = False
    baseline: Path | None = None
    write_baseline: bool = False
    since_version: str | None = None
    waive: tuple[str, ...] = ()
    unwaive: tuple[str, ...] = ()
    config_from: str | None = None
    net: bool = False
    changed_lines: bool = False
    pushed: bool = False
    excluded: tuple[str, ...] = ()
    report: tuple[tuple[str, Path], ...] = ()
    overrides: tuple[str, ...] = ()

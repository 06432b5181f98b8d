# SPDX-License-Identifier: GPL-2.0-or-later
"""The request for a check, with or without --fix."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.config import Settings
from patchpilot.lint.checkpatch_conf import CheckpatchConf, read_conf
from patchpilot.lint.rule_records import NOISE
from patchpilot.model.patch import Series
from patchpilot.model.rule import Kernel
from patchpilot.model.source_tree import Tree

if TYPE_CHECKING:
    from patchpilot.building.plan import BuildOptions
    from patchpilot.checking.suppressions import Suppressions
    from patchpilot.lint.rule_store import OwnPack


class CheckRequest(NamedTuple):
    """The patches to check and the rules to check them against.

    `targets` are the TARGETs to check; if there are none, the current branch's commits above
    `base` are checked. `stdin` is the content of the TARGET `-` if the caller has read it.
    `since_version` is the number of an earlier revision, or a TARGET that contains it. `kernel`
    defaults to the tree's version, or to the latest version without a tree. `fail_on` is the
    lowest severity that makes the run fail. `checkpatch_levels` uses the severities of
    checkpatch.pl, which are required for its output format. `from_archive` reads a TARGET that is
    a Message-ID or a URL. `skipped` is called for each file of a directory that is not a patch;
    without it, such a file raises `InputError`. With `whole_files` the targets are source files,
    and paths inside `top` are relative to it. `proposes_edits` adds the edits of safe fixes to the
    findings. `build` builds the objects that the patches touch. `checkers` runs external checkers
    such as dtschema. `noise` is the number of findings on an accepted patch, on average, that the
    shown rules may have without `strict`. `conf` has the options of .checkpatch.conf; by default,
    they are read from the tree.
    """

    targets: Sequence[str] = ()
    base: str | None = None
    since_version: str | None = None
    profile: str = ""
    strict: bool = False
    noise: float = NOISE
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    fail_on: str = "warning"
    max_line_length: int = 100
    kernel: Kernel | None = None
    data_dir: Path | None = None
    jobs: int = 1
    checkpatch: bool = False
    checkpatch_compat: bool = False
    checkpatch_levels: bool = False
    packs: "Sequence[OwnPack]" = ()
    suppressions: "Suppressions | None" = None
    stdin: bytes | None = None
    from_archive: Callable[[str], Series] | None = None
    skipped: Callable[[str], None] | None = None
    whole_files: bool = False
    top: Path | None = None
    proposes_edits: bool = False
    build: "BuildOptions | None" = None
    checkers: bool = False
    conf: CheckpatchConf | None = None


def check_request(
    settings: Settings, judge: Tree | None = None, **more: Any
) -> CheckRequest:
    """Returns a check request based on the settings; `more` contains the remaining arguments.

    `judge` is the tree whose .checkpatch.conf is used.
    """
    wanted: dict[str, Any] = {
        "profile": settings.get("profile"),
        "strict": settings.flag("strict"),
        "checkers": settings.flag("checkers"),
        "select": settings.list_value("select"),
        "ignore": settings.list_value("ignore"),
        "fail_on": settings.get("fail-on"),
        "max_line_length": settings.number("max-line-length"),
        "conf": read_conf(judge) if judge else None,
    }
    return CheckRequest(**{**wanted, **more})

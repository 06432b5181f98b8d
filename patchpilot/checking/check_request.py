# SPDX-License-Identifier: GPL-2.0-or-later
"""What `check` is asked for, with --fix and without it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.config import Settings
from patchpilot.model.patch import Series
from patchpilot.model.rule import Kernel

if TYPE_CHECKING:
    from patchpilot.building.plan import BuildOptions
    from patchpilot.checking.suppressions import Suppressions
    from patchpilot.lint.rule_store import OwnPack


class CheckRequest(NamedTuple):
    """The patches to check and the rules to check them against.

    `targets`: what to check; none means the commits of the current branch over `base`. `stdin` is
    the content of the TARGET `-` where the caller read it. `since_version` is the number of an
    earlier revision, or a TARGET that has it. `kernel` None means the tree's version, otherwise the
    latest. `conf`: the tree's .checkpatch.conf counts. `fail_on` is the lowest severity that makes
    the run fail. `checkpatch_levels`: the severities that checkpatch.pl has, which its form needs.
    `from_archive` reads a TARGET that is a Message-ID or a URL. `skipped` is called for each file
    of a directory that is no patch; without it such a file is an InputError. `whole_files`: the
    targets are source files, whose paths are relative to `top` where they are in it.
    `all_revisions`: older ones in a mailbox count too. `proposes_edits`: findings get the edits of
    their safe fixes. `unsafe_fixes`: what is fixed is fixed also by fixes that need a look.
    `build`: what the patches touch is built. `checkers`: the field's own checkers are run.
    """

    targets: Sequence[str] = ()
    base: str | None = None
    since_version: str | None = None
    profile: str = ""
    strict: bool = False
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
    conf: bool = True
    skipped: Callable[[str], None] | None = None
    whole_files: bool = False
    top: Path | None = None
    proposes_edits: bool = False
    all_revisions: bool = False
    unsafe_fixes: bool = False
    build: "BuildOptions | None" = None
    checkers: bool = False


def check_request(settings: Settings, **more: Any) -> CheckRequest:
    """What a check is asked for by these settings; `more` is what only this call says."""
    wanted: dict[str, Any] = {
        "profile": settings.get("profile"),
        "strict": settings.flag("strict"),
        "checkers": settings.flag("checkers"),
        "select": settings.list_value("select"),
        "ignore": settings.list_value("ignore"),
        "fail_on": settings.get("fail-on"),
        "max_line_length": settings.number("max-line-length"),
    }
    return CheckRequest(**{**wanted, **more})

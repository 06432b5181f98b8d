# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot check --format jsonl` on files and archives: lines as soon as they are there."""

from typing import TYPE_CHECKING, Any

from patchpilot.cli.check.check_options import CheckOptions
from patchpilot.cli.common import Common
from patchpilot.errors import UsageError

if TYPE_CHECKING:
    from patchpilot.services.check.check_request import CheckRequest


def is_possible(request: "CheckRequest") -> bool:
    """Whether each mail can be checked by itself: all are on this machine, and no option needs the whole input."""
    from patchpilot.services.check.check_targets import can_be_streamed

    needs_all = (
        request.whole_files
        or request.suppressions
        or request.since_version
        or request.checkpatch
        or request.checkpatch_compat
        or request.whole_files
    )
    return not needs_all and can_be_streamed(request.targets)


def answer(common: Common, options: CheckOptions, request: "CheckRequest", repository: Any, tree: Any) -> int:
    """Check and write line by line; returns the exit code."""
    from patchpilot.services.check.check_stream import stream_targets

    lines = stream_targets(request, options.resume_at, options.shard, repository=repository, tree=tree)
    common.write_lines(lines)
    return int(lines.exit_code)


def refuse_options(options: CheckOptions) -> None:
    """UsageError for an option that only a stream of mails has."""
    for name, value in (("--resume-at", options.resume_at), ("--shard", options.shard)):
        if value is not None:
            raise UsageError(
                f"{name} requires mails that are checked one by one",
                hint="pass files, directories or archives, without options that need the whole input (--baseline, --since-version, --checkpatch …)",
            )

# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams the output of `patchpilot check` in the formats jsonl and json.

Each result is written as soon as it is available.
"""

import sys
from typing import TYPE_CHECKING, Any

from patchpilot.cli.check.check_options import CheckOptions
from patchpilot.cli.common import Common, progress_of
from patchpilot.cli.error_exit import notice
from patchpilot.errors import UsageError
from patchpilot.model.progress import silent

if TYPE_CHECKING:
    from patchpilot.checking.check_request import CheckRequest


def is_possible(request: "CheckRequest") -> bool:
    """Whether each message can be checked separately.

    This requires that all are on this machine and that no option needs the whole input.
    """
    from patchpilot.services.check.check_targets import can_be_streamed

    return needs_no_comparison(request) and can_be_streamed(request.targets)


def needs_no_comparison(request: "CheckRequest") -> bool:
    """Whether no option compares the findings of a patch with findings of other patches."""
    return not (
        request.whole_files
        or request.suppressions
        or request.since_version
        or request.checkpatch
        or request.checkpatch_compat
    )


def answer(
    common: Common,
    options: CheckOptions,
    request: "CheckRequest",
    repository: Any,
    tree: Any,
) -> int:
    """Check the targets, write the result line by line, and return the exit code."""
    from patchpilot.services.check.check_stream import stream_targets

    lines = stream_targets(
        request, options.resume_at, options.shard, repository=repository, tree=tree
    )
    common.write_lines(lines)
    return int(lines.exit_code)


def answer_json(
    common: Common, request: "CheckRequest", repository: Any, tree: Any
) -> int:
    """Check the targets, write the result as a JSON document, and return the exit code.

    Each patch is written as soon as it is checked.
    """
    from patchpilot.checking.check_patches import check_one_by_one
    from patchpilot.cli.output.findings_json import parts

    with progress_of(common) as progress:
        # on a terminal the document shows the progress itself
        shown = sys.stdout.isatty() and not common.output
        checked = check_one_by_one(
            request,
            repository=repository,
            tree=tree,
            progress=silent if shown else progress,
        )
        common.write_lines(parts(checked))
    result = checked.result
    if result.unanswered and not common.quiet:
        notice("note", result.unanswered)
    if result.build and not common.quiet:
        notice("note", result.build)
    return int(result.exit_code)


def refuse_options(options: CheckOptions) -> None:
    """Raise UsageError for options that are only valid for a stream of messages."""
    for name, value in (("--resume-at", options.resume_at), ("--shard", options.shard)):
        if value is not None:
            raise UsageError(
                f"{name} requires patches that are checked one by one",
                hint=(
                    "pass files, directories or archives, without options that need the whole input"
                    " (--baseline, --since-version, --checkpatch …)"
                ),
            )

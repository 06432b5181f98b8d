# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot stable`: print the Cc: stable line for a fix, or why it needs none."""

from patchpilot.cli.command import (
    Common,
    argument,
    common_options,
    make_command,
    option,
    show_progress,
)
from patchpilot.errors import ExitCode
from patchpilot.tags.stable_request_tag import (
    StableRequest,
    StableResult,
    propose_stable_tags,
)


@make_command(
    epilog=(
        "\b\nExamples:\n  patchpilot stable HEAD\n  patchpilot stable HEAD --fixes 43645ce03e00"
    )
)
@common_options("text", "json")
@option(
    "--fixes",
    metavar="COMMIT",
    multiple=True,
    help="the commit that introduced the bug (default: its Fixes: tags)",
)
@argument("target", required=False)
def command(
    common: Common,
    fixes: tuple[str, ...],
    target: str | None,
) -> int:
    """Show which stable branches have the bug that TARGET fixes, and the Cc: stable line for it.

    The Cc: stable line requests the backport from the stable maintainers.
    """
    with common.workplace() as workplace, show_progress(common) as progress:
        result = propose_stable_tags(
            workplace.repository,
            StableRequest(target, fixes, workplace.settings().get("profile")),
            progress=progress,
        )
    if common.format == "json":
        from patchpilot.cli.output.json_document import format_json

        common.write(format_json("stable", result))
    else:
        common.write(format_stable_result(result), fold=True)
    return ExitCode.OK


def format_stable_result(result: StableResult) -> str:
    from patchpilot.model.printable import make_printable

    lines = [f'{result.commit[:12]} ("{result.subject}")', *result.notes]
    lines += [f"add: {line}" for line in result.advice.lines] or ["nothing to add"]
    lines += [f"  {reason}" for reason in result.advice.reasons]
    lines += [f"  note: {warning}" for warning in result.advice.warnings]
    for branch in result.branches:
        state = (
            branch.verdict.replace("-", " ")
            if not branch.affected
            else f"affected, as {branch.culprit_as[:12]}"
            if branch.culprit_as
            else "affected"
        )
        stale = branch.stale_note
        lines.append(f"  {branch.version:8} {state}{f'; {stale}' if stale else ''}")
    return make_printable("\n".join(lines))

# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot backport`: show the verdict for each stable branch, and write the patches to send."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from patchpilot.cli.command import (
    Common,
    argument,
    base_options,
    common_options,
    make_command,
    option,
    show_progress,
)


@make_command(
    epilog="\b\nExample:\n  patchpilot backport HEAD --onto stable/linux-6.1.y --format markdown"
)
@argument("target", required=False)
@option(
    "--onto",
    multiple=True,
    metavar="REV|DIR",
    help="check this revision or unpacked tree instead of the stable branches (repeatable)",
)
@base_options("base of the topic, if no TARGET is given")
@option(
    "--effort",
    type=float,
    limits=(0, None),
    default=10.0,
    shows_default=True,
    metavar="SECONDS",
    help="time limit of the search for prerequisites, per branch; 0: verdicts only",
)
@option(
    "--fixes",
    multiple=True,
    metavar="COMMIT",
    help="the commit that introduced the bug, if there is no Fixes: tag yet (repeatable)",
)
@option(
    "--all",
    "everything",
    is_flag=True,
    help=(
        "stack all commits of a range, not only its fixes, and include fixes that mainline"
        " reverted, very large prerequisites, and requests against the stable rules"
    ),
)
@option(
    "--write",
    "folder",
    type=Path,
    metavar="DIR",
    help=(
        "write patches ready to be mailed, in one folder per branch or directory; exit with 1 if"
        " none can be written for the branches that need the fix"
    ),
)
@option(
    "--adapt",
    is_flag=True,
    help="adapt the fix to the branches where it conflicts, and explain each step",
)
@option(
    "--range-diff",
    is_flag=True,
    help=(
        "adapt the fix, and compare it with the original, or with the backport"
        " to another branch from which it was made"
    ),
)
@option(
    "--resolve",
    metavar="BRANCH",
    help=(
        "open the conflict in a separate clone (with --adapt: as adapted); run the command again"
        " after you resolve the conflict"
    ),
)
@option(
    "--build",
    metavar="CMD|objects",
    help=(
        "run CMD in a temporary clone of each branch the fix applies to; objects: compile the"
        " kernel objects that the fix changes, and list new warnings"
    ),
)
@option(
    "--request",
    is_flag=True,
    help="print the mail that asks the stable team to apply the fix unchanged",
)
@option(
    "--tested",
    multiple=True,
    metavar="'VERSION by NAME'",
    help=(
        "the release of a stable branch on which the fix was tested, and by whom (repeatable);"
        " only tested branches are requested"
    ),
)
@option("--signoff", is_flag=True, help="with --write: add your Signed-off-by")
@option(
    "--note",
    default="",
    metavar="TEXT",
    help="your changes and the reason, or why the trees need the requested fix (--request)",
)
@option(
    "--in-reply-to",
    metavar="MSGID",
    help=(
        "with --write: the FAILED mail to reply to (default: the one received for a tracked series)"
    ),
)
@option(
    "--fail-on",
    choices=["conflict", "affected", "never"],
    default="never",
    shows_default=True,
    help="exit with 1 for this verdict",
)
@common_options("text", "json", "markdown")
def command(
    common: Common,
    target: str | None,
    onto: tuple[str, ...],
    base: str | None,
    fail_on: str,
    **options: Any,
) -> int:
    """Show for each stable branch whether the fix is present, needed and applies, and its
    prerequisites.

    TARGET is a commit, a range, a patch file, or the '<message-id>' or URL of a mail (default: the
    commits of the current branch). For a patch, the mainline commit that it became is used, or the
    commit that `git am` would create.
    """
    from patchpilot.backports.branch_verdicts import (
        BackportRequest,
        compute_backport_verdicts,
    )
    from patchpilot.backports.targets import branch_ref
    from patchpilot.backports.work import run_backport_actions
    from patchpilot.cli.ask import ask_who_tested
    from patchpilot.cli.output import backport_report as output
    from patchpilot.cli.output.stream import print_message
    from patchpilot.model.printable import make_printable

    targets_directories = bool(onto) and all(Path(path).is_dir() for path in onto)
    with common.workplace() as workplace:
        repository = workplace.repository_if_any() if targets_directories else workplace.repository
        settings = workplace.settings()
        profile = settings.get("profile") or None
        options["adapt"] = options["adapt"] or options["range_diff"]
        options["signoff"] = options["signoff"] or settings.flag("signoff")
        if options["request"] and not options["tested"]:
            options["tested"] = ask_who_tested()
        if options["resolve"] and repository:
            path = options["resolve"]
            onto = (branch_ref(repository, path, profile=profile),)
        with show_progress(common) as progress:
            base = workplace.base(settings, base, (target,))
            request = BackportRequest(
                target,
                onto,
                profile,
                base=base,
                from_archive=workplace.from_archive,
                **options,
            )
            results = compute_backport_verdicts(repository, request, progress=progress)
            action_results = run_backport_actions(repository, results, request, progress)
    format_results: Any = {
        "json": output.format_backport_json,
        "markdown": output.format_backport_markdown,
        "text": output.format_backport_text,
    }[common.format]
    if action_results.request and common.format == "text":
        # print only the message, so that it can be sent unchanged
        if not common.quiet:
            print_message(format_results(results, replace(action_results, request="")))
        common.write(make_printable(action_results.request))
    else:
        common.write(format_results(results, action_results))
    is_bad = (fail_on == "conflict" and output.has_conflict(results)) or (
        fail_on == "affected" and output.has_affected_branch(results)
    )
    return int(is_bad or output.wrote_no_patch(results, action_results))

# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot trailers`: add review tags from replies."""

import sys
from typing import Any

from patchpilot.cli import ask
from patchpilot.cli.command import (
    Common,
    ProgressLine,
    argument,
    base_options,
    common_options,
    make_command,
    option,
    rewrite_options,
    show_progress,
)
from patchpilot.cli.commands.prepare import format_preparation, report_preparation
from patchpilot.cli.output.stream import print_message
from patchpilot.errors import ExitCode, RefusedError
from patchpilot.model.action import Action
from patchpilot.model.printable import make_one_line
from patchpilot.tags.add_review_trailers import (
    TagDecisions,
    add_review_trailers,
)
from patchpilot.tags.review_trailers import CollectedTags, TagChoice, TrailersRequest
from patchpilot.topic.message_changes import Preparation


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track update\n"
        "  patchpilot trailers --dry-run\n"
        "  patchpilot trailers"
    )
)
@common_options("text", "json")
@base_options()
@option(
    "--changed",
    is_flag=True,
    help="also add conditional tags, and add or keep tags for a patch that has changed since",
)
@option(
    "--also",
    metavar="TRAILER",
    multiple=True,
    help="add this tag, which is only added on request; repeatable",
)
@option(
    "--fuzzy",
    is_flag=True,
    help="recognize a commit with a new title by its changes",
)
@option("--again", is_flag=True, help="ask again about tags that you refused before")
@rewrite_options
@option("--dry-run", is_flag=True, help="print what would be written; write nothing")
@option(
    "--yes",
    is_flag=True,
    help="write without asking; required if stdin is not a terminal",
)
@argument("target", required=False)
def command(common: Common, target: str | None, base: str | None, yes: bool, **options: Any) -> int:
    """Add Reviewed-by: and other tags from replies to the commits of TARGET (default: the topic).

    On a terminal, you are asked about each tag, and a "no" is remembered. Tags that the commits
    have, but that were given before the patch changed, are asked about until you keep them. Only
    the messages change; `patchpilot undo` restores the commits.
    """
    may_ask = sys.stdin.isatty() and not (yes or options["dry_run"])
    # the question about a tag names the reason against it
    options["changed"] &= not may_ask

    def confirm(_: Preparation) -> bool:
        if not (yes or may_ask):
            raise RefusedError(
                "nothing was written: stdin is not a terminal",
                hint="check the output of --dry-run, then add --yes",
            )
        return True

    with common.workplace() as workplace, show_progress(common) as progress:

        def choose(trailers: CollectedTags) -> TagDecisions:
            if isinstance(progress, ProgressLine):
                progress.wipe()
            return _ask_about_tags(trailers)

        repository, settings = workplace.repository, workplace.settings()
        trailers = add_review_trailers(
            repository,
            TrailersRequest(target, workplace.base(settings, base, (target,)), **options),
            choose=choose if may_ask else None,
            confirm=confirm,
            progress=progress,
        )
    if common.format == "json":
        from patchpilot.cli.output.json_document import format_json

        common.write(format_json("trailers", trailers))
        return ExitCode.OK
    common.write(format_preparation(trailers.preparation, common.uses_color))
    for held_trailer in trailers.held:
        offer_note = f"; {held_trailer.offer}" if held_trailer.offer else ""
        print_message(
            make_one_line(
                f"not added: {held_trailer.trailer} (v{held_trailer.version}):"
                f" {held_trailer.why}{offer_note}"
            )
        )
    for outdated in trailers.outdated if not may_ask else ():
        note = f"; {Action('trailers', ('--changed',), '--changed keeps it')}"
        print_message(make_one_line(f"{outdated.trailer}: {outdated.why}{note}"))
    report_preparation(common, trailers.preparation, options["dry_run"])
    return ExitCode.OK


def _ask_about_tags(trailers: CollectedTags) -> TagDecisions:
    """Ask about each tag, as `git add -p` asks about each hunk."""
    accepted_tags: list[TagChoice] = []
    refused_tags: list[TagChoice] = []
    commit = ""
    for number, choice in enumerate(trailers.choices):
        if choice.commit.id != commit:
            commit = choice.commit.id
            print_message(make_one_line(f"{choice.commit.short} {choice.commit.subject}"))
        doubt_note = f"; {choice.why}" if choice.why else ""
        print_message(make_one_line(f"  {choice.trailer} (v{choice.version}{doubt_note})"))
        answer = ""
        question = (
            "  Keep it? [y: yes, n: no, remove it, a: add all without a remark, q: stop]"
            if choice.in_commit
            else "  Add it? [y: yes, n: no and do not ask again, a: all without a remark, q: stop]"
        )
        while answer not in tuple("ynaq"):
            answer = ask.ask_question(question, end=" ")[:1].lower()
        if answer == "q":
            break
        if answer == "a":
            remaining = trailers.choices[number + 1 :]
            accepted_tags += [
                choice,
                *(choice for choice in remaining if not choice.why),
            ]
            break
        if answer == "y":
            accepted_tags.append(choice)
        else:
            refused_tags.append(choice)
    return TagDecisions(tuple(accepted_tags), tuple(refused_tags))

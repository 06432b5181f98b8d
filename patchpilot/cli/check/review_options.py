# SPDX-License-Identifier: GPL-2.0-or-later
"""Handle the options of `patchpilot check` that request reviews."""

from typing import TYPE_CHECKING

from patchpilot.cli.common import Common, show_progress
from patchpilot.errors import UsageError
from patchpilot.model.action import Action

if TYPE_CHECKING:
    from patchpilot.checking.request import CheckRequest
    from patchpilot.checking.result import CheckResult
    from patchpilot.commits.repository import Repository
    from patchpilot.config import Settings
    from patchpilot.model.send_request import SendRequest
    from patchpilot.reviewers.review import ProgramReview, ReviewInput
    from patchpilot.topic.workplace import Workplace

FORMATS = ("text", "json")


def verify_review_options(common: Common, options: "CheckRequest") -> None:
    """Raise `UsageError` if review options are combined with incompatible options."""
    if options.review is not None and common.format not in FORMATS:
        raise UsageError(
            f"--review and --format {common.format} cannot be combined",
            hint="use --format text or json",
        )


def make_review_input(
    options: "CheckRequest", result: "CheckResult", repository: "Repository | None"
) -> "ReviewInput":
    """Build the reviewers' input from the options of `check`."""
    from patchpilot.reviewers.review import ReviewInput

    return ReviewInput(
        result,
        repository,
        options.targets,
        options.base,
        options.review or "",
        options.budget,
    )


def format_requests(review_input: "ReviewInput") -> str:
    """Format the review requests for the patches."""
    from patchpilot.reviewers.review import make_review_requests

    return "\n".join(request.text for _, request in make_review_requests(review_input))


def run_reviewers(
    common: Common, settings: "Settings", review_input: "ReviewInput"
) -> tuple["ProgramReview", ...]:
    """Send the checked patches to the chosen reviewers, and return the reviews."""
    from patchpilot.reviewers.review import run_reviews

    settings.report_misspelled("reviewer")
    with show_progress(common) as progress:
        return run_reviews(review_input, progress)


def review_before_send(common: Common, workplace: "Workplace", request: "SendRequest") -> None:
    """Run the reviewers before sending if the user enabled this, and print the reviews on stderr.

    Neither errors nor review comments block sending.
    """
    from patchpilot.cli.error_exit import print_notice
    from patchpilot.cli.output.stream import print_message
    from patchpilot.config import BEFORE_SEND
    from patchpilot.errors import PatchpilotError
    from patchpilot.reviewers.due import should_review_patches

    settings = workplace.settings()
    settings.report_misspelled(BEFORE_SEND.name)
    try:
        if should_review_patches(workplace.repository, _ask_for_review):
            from patchpilot.reviewers.text import format_reviews

            topic_input = _make_topic_input(workplace, request)
            print_message(format_reviews(run_reviewers(common, settings, topic_input)))
    except PatchpilotError as error:
        print_notice("warning", f"no review: {error}")


def collect_review_notes(
    workplace: "Workplace", request: "SendRequest"
) -> tuple[tuple[str, str], ...]:
    """Return (patch number, review note) for each reviewed patch.

    Raise `UsageError` if no review of the topic's patches is stored.
    """
    from patchpilot.reviewers.review import (
        format_review_note,
        run_reviews,
    )

    review_input = _make_topic_input(workplace, request)
    reviews = run_reviews(review_input, may_ask=False)
    notes = [
        format_review_note(reviews, checked_patch.patch)
        for checked_patch in review_input.result.patches
    ]
    if not any(notes):
        raise UsageError(
            "no review of these patches is stored",
            hint=Action("check", ("--review",), "make one: {}"),
        )
    return tuple((str(number), note) for number, note in enumerate(notes, 1) if note)


def _make_topic_input(workplace: "Workplace", request: "SendRequest") -> "ReviewInput":
    from patchpilot.checking.topic import CheckedTopic, check_topic
    from patchpilot.reviewers.review import ReviewInput

    targets = tuple(filter(None, (request.target, *request.more_targets)))
    topic = CheckedTopic(targets, request.target, request.base)
    result = check_topic(workplace.repository, workplace.settings(), topic)
    return ReviewInput(result, workplace.repository, targets, request.base)


def _ask_for_review() -> bool:
    import sys

    from patchpilot.cli import ask

    return sys.stdin.isatty() and ask.ask_yes_or_no("Let your reviewers read the patches?")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the second part of the demo, after sending. It has the replies, v2, the merge and the stable
trees.
"""

from datetime import UTC, datetime
from shlex import quote
from typing import Any

from patchpilot.demo import demo_mails, robin, upstream
from patchpilot.demo.before import VERDICTS, _describe_verdicts
from patchpilot.demo.demo_mails import Sent
from patchpilot.demo.demo_people import MAINTAINER, NET_LIST, NEWCOMER
from patchpilot.demo.journey import Journey, StepFailedError, require_condition
from patchpilot.model.mail import parse_mail

OPTIONS = "--subject-prefix 'PATCH net' --security no --regression yes"


def send_message(journey: Journey) -> Sent:
    """Preview a message, send a test copy, and send the message. Return the message as received."""
    journey.announce("Which messages would be sent, byte for byte?")
    journey.run(f"patchpilot send --dry-run {OPTIONS}")
    journey.announce("The mail is correct. Send it.")
    journey.run(f"patchpilot send --yes {OPTIONS}", quiet=True)
    return _wait_for_arrival(journey)


def _wait_for_arrival(journey: Journey) -> Sent:
    before = len(journey.sandbox.sink.take())
    if not before:
        raise StepFailedError("expected the mail to arrive at the server")
    journey.sandbox.deliver()
    mail = parse_mail(journey.sandbox.sink.take()[-1].data.replace(b"\r\n", b"\n"))
    print(f"  -> arrived: {mail.subject} <{mail.message_id}>", file=journey.out)
    return Sent(mail.message_id, mail.subject, mail.body, mail.date or datetime.now(UTC))


def play_replies(journey: Journey, first: Sent) -> None:
    journey.announce("The list answers: a question, a review tag, a build report.")
    journey.run(f"patchpilot track add '<{first.message_id}>'")
    journey.sandbox.archive.add(
        demo_mails.make_question(first),
        demo_mails.make_review(first),
        demo_mails.make_build_report(first),
    )
    journey.run("patchpilot track update --fresh")
    journey.show("patchpilot track show 1", judge=_check_replies)


def play_second_version(journey: Journey, first: Sent) -> Sent:
    sandbox = journey.sandbox
    journey.announce(
        "Robin answers Maya on the list: maintainers do not apply patches with open questions."
    )
    robin.answer_question(sandbox.work, parse_mail(demo_mails.make_question(first)))
    sandbox.deliver()
    print(f"  -> sent to {NET_LIST} as a reply to {MAINTAINER.name}", file=journey.out)
    journey.announce(
        "v2 names the firmware in the message and drops the variable that the test robot reported."
    )
    robin.revise_commit(sandbox.work)
    journey.run("git show --format=%B --stat HEAD")
    journey.announce(
        "Sana reviewed v1. Only an unused variable was removed since, so the tag is still valid;"
        " Robin confirms that with --changed."
    )
    journey.run("patchpilot trailers --changed --yes")
    require_condition(
        "Reviewed-by: Sana" in journey.run("git log -1 --format=%B", quiet=True),
        "v2 has the review tag",
    )
    changelog = quote("\n".join(robin.CHANGES))
    journey.run(f"patchpilot draft --changelog {changelog}")
    journey.run("patchpilot send --reroll --yes")
    return _wait_for_arrival(journey)


def play_merge(journey: Journey, second_version: Sent) -> None:
    """Simulate the merge of v2.

    The maintainer applies it, and mainline merges it. One stable branch queues it, but it does not
    apply to another one.
    """
    sandbox = journey.sandbox
    journey.announce(
        "The networking maintainer applies v2; mainline moves on. The stable maintainer queues it"
        " for 6.12 and reports that it does not apply to 6.1."
    )
    mail = sandbox.sink.take()[-1].data.replace(b"\r\n", b"\n")
    commit, *_ = upstream.land(sandbox, mail, second_version)
    journey.run("git fetch -q --all --tags")
    journey.run("patchpilot track update --fresh")
    journey.show("patchpilot track show 1", judge=lambda output: _check_merge(output, commit))
    journey.announce("Which steps remain for the stable trees?")
    expected = {**VERDICTS, "6.12": "already-fixed"}
    journey.show(
        f"patchpilot backport {commit}",
        judge=lambda output: _describe_verdicts(output, expected),
    )


def _check_replies(document: Any) -> str:
    (series,) = document["series"]
    kinds = {reply["kind"] for reply in series["replies"]}
    require_condition({"build-failure"} < kinds, "a question and a build report")
    require_condition("Reviewed-by: Sana" in str(series["trailers"]), "the review tag is credited")
    return f"{len(series['replies'])} replies, state {series['state']}; next: {series['next_step']}"


def _check_merge(document: Any, commit: str) -> str:
    (series,) = document["series"]
    require_condition(commit[:12] in str(series["landed"]), "the mainline commit is known")
    require_condition(NEWCOMER.email in str(series["replies"]), "the answer is listed")
    return f"state {series['state']}; next: {series['next_step']}"

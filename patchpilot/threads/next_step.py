# SPDX-License-Identifier: GPL-2.0-or-later
"""What the author should do next, in a sentence, for every state a series can be in."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from patchpilot.model.action import Action, Advice, Hint
from patchpilot.threads.mail_kinds import WANTS_ANSWER, MailKind
from patchpilot.threads.sender import same_person
from patchpilot.threads.status import Reply, SeriesState, Status

_WHAT = {
    MailKind.REVIEW: "answer the review by {who} and send v{next}",
    MailKind.NACK: "{who} refuses it: answer the objection before anything else",
    MailKind.BUILD_FAILURE: "{who} reports a build failure: fix it and send v{next}",
    MailKind.FORM_LETTER: "do what the form letter by {who} asks and send v{next}",
    MailKind.AI_REVIEW: "look at what {who} found; answer what is wrong about it, fix the rest in v{next}",
    MailKind.QUESTION: "answer the question by {who}",
}


class NextStepNeed(StrEnum):
    """What a series needs of its author."""

    ACTION = "action"
    PATIENCE = "patience"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next step in one sentence, and whether it is the author's."""

    need: NextStepNeed
    advice: Advice


def advise(status: Status) -> NextStep:
    """What the author should do next."""
    version = status.topic.latest.version + 1
    if status.state is SeriesState.SENT:
        return NextStep(NextStepNeed.PATIENCE, "wait for replies; remind politely after two weeks, not earlier")
    if status.state is SeriesState.SUPERSEDED:
        return NextStep(NextStepNeed.NOTHING, f"nothing to send: {status.why}")
    if status.state is SeriesState.REJECTED:
        return NextStep(NextStepNeed.ACTION, f"answer the refusal or drop the patch: {status.why}")
    if status.state is SeriesState.CHANGES_REQUESTED:
        reply = _last_wish(status)
        words = _WHAT[reply.mail.kind].format(who=_who(reply), next=version) if reply else f"send v{version} with the changes asked for"
        return NextStep(NextStepNeed.ACTION, words)
    if status.state is SeriesState.UNDER_REVIEW:
        return _in_review(status)
    if status.state is SeriesState.STALLED:
        return NextStep(NextStepNeed.ACTION, f"send a polite reminder to the maintainer, or resend it as [RESEND PATCH]: {status.why}")
    return _after_acceptance(status)


def next_step(status: Status) -> str:
    """One sentence."""
    return str(advise(status).advice)


def _in_review(status: Status) -> NextStep:
    reply = _last_wish(status)
    if reply and reply.mail.kind is MailKind.QUESTION and not _answered(status, reply):
        return NextStep(NextStepNeed.ACTION, _WHAT[MailKind.QUESTION].format(who=_who(reply)))
    count = len(status.trailers)
    tags = f"; it has {count} tag{'s' if count > 1 else ''} to carry into a new version" if count else ""
    return NextStep(NextStepNeed.PATIENCE, f"wait for the maintainer{tags}; remind politely two weeks after the last mail")


def _after_acceptance(status: Status) -> NextStep:
    failed = [branch.version for branch in status.stable if branch.state == "failed"]
    fixes = [later for later in status.follow_ups if later.relation in ("fixes", "reverts")]
    words: list[str | Action] = []
    if failed:
        words.append(Action("backport", (), f"backport it to {', '.join(failed)} if it is needed there (`{{}}`): it did not apply"))
    if fixes:
        fix = fixes[-1]
        named = f" ({fix.commit})" if fix.commit else ""
        words.append(f"see that “{fix.subject}”{named}, which {fix.relation} it, reaches every branch that has it")
    review = [branch.version for branch in status.stable if branch.state in ("review", "queued")]
    proposed = [branch.version for branch in status.stable if branch.state == "proposed"]
    if review and not failed:
        words.append(f"watch the stable review of {', '.join(review)}; object there if it should not go in")
    elif proposed and not failed and not any(branch.state == "dropped" for branch in status.stable):
        words.append(f"AUTOSEL proposes it for {', '.join(proposed)}: object there if it should not go in")
    if words:
        return NextStep(NextStepNeed.ACTION if failed or fixes else NextStepNeed.PATIENCE, _joined(words))
    if status.state is SeriesState.ACCEPTED:
        words_of_waiting = "wait for it to reach mainline at the next merge window or fixes pull; name a repository with -C to see it there"
        return NextStep(NextStepNeed.PATIENCE, words_of_waiting)
    if status.state is SeriesState.IN_MAINLINE:
        dropped = [branch.version for branch in status.stable if branch.state == "dropped"]
        return NextStep(NextStepNeed.NOTHING, f"done: it is in mainline{', and was kept out of ' + ', '.join(dropped) if dropped else ''}")
    return NextStep(NextStepNeed.NOTHING, "done: nothing is left to do")


def _joined(sentences: Sequence[str | Action]) -> Hint:
    return Hint(tuple(part for number, sentence in enumerate(sentences) for part in (("; ", sentence) if number else (sentence,))))


def _last_wish(status: Status) -> Reply | None:
    latest = status.topic.latest
    wishes = [
        reply
        for reply in status.replies
        if reply.mail.kind in WANTS_ANSWER and reply.revision in (latest, None) and not same_person(reply.mail.sender, status.topic.author)
    ]
    return wishes[-1] if wishes else None


def _answered(status: Status, wish: Reply) -> bool:
    return any(
        reply.mail.mail.in_reply_to == wish.mail.mail.message_id and same_person(reply.mail.sender, status.topic.author)
        for reply in status.replies
    )


def _who(reply: Reply) -> str:
    return reply.mail.sender.name or reply.mail.sender.email

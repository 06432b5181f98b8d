# SPDX-License-Identifier: GPL-2.0-or-later
"""What the author should do next, in a sentence, for every state a series can be in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from patchpilot.model.action import Action, Advice, Hint
from patchpilot.model.counted import counted
from patchpilot.threads.mail_kinds import WANTS_ANSWER, MailKind
from patchpilot.threads.sender import same_person
from patchpilot.threads.status import Reply, SeriesState, Status

_WHAT = {
    MailKind.REVIEW: "answer the review by {who} and send v{next}",
    MailKind.NACK: "answer the objection by {who} (NACK) before sending a new version",
    MailKind.BUILD_FAILURE: "{who} reports a build failure: fix it and send v{next}",
    MailKind.FORM_LETTER: "follow the form letter by {who} and send v{next}",
    MailKind.AI_REVIEW: "check the findings of {who}: fix valid ones in v{next}, reply to the others",
    MailKind.QUESTION: "answer the question by {who}",
}


class NextStepNeed(StrEnum):
    """What a series needs from its author."""

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
        return NextStep(NextStepNeed.PATIENCE, "wait for replies; send a reminder after two weeks, not earlier")
    if status.state is SeriesState.SUPERSEDED:
        return NextStep(NextStepNeed.NOTHING, f"nothing to send: {status.why}")
    if status.state is SeriesState.WITHDRAWN:
        return NextStep(NextStepNeed.NOTHING, "nothing left to do: you withdrew it")
    if status.state is SeriesState.PARTLY_ACCEPTED:
        return _partly(status)
    if status.state is SeriesState.REJECTED:
        return NextStep(NextStepNeed.ACTION, f"answer the NACK or drop the patch: {status.why}")
    if status.state is SeriesState.CHANGES_REQUESTED:
        reply = _last_wish(status)
        words = _WHAT[reply.mail.kind].format(who=_who(reply), next=version) if reply else f"send v{version} with the requested changes"
        return NextStep(NextStepNeed.ACTION, words)
    if status.state is SeriesState.UNDER_REVIEW:
        return _in_review(status)
    if status.state is SeriesState.STALLED:
        return NextStep(NextStepNeed.ACTION, f"send a reminder to the maintainer, or resend it as [PATCH RESEND]: {status.why}")
    return _after_acceptance(status)


def next_step(status: Status) -> str:
    """The next step in one sentence."""
    return str(advise(status).advice)


def _in_review(status: Status) -> NextStep:
    reply = _last_wish(status)
    if reply and reply.mail.kind is MailKind.QUESTION and not _answered(status, reply):
        return NextStep(NextStepNeed.ACTION, _WHAT[MailKind.QUESTION].format(who=_who(reply)))
    count = len(status.trailers)
    tags = f"; add its {counted(count, 'tag')} to a new version" if count else ""
    return NextStep(NextStepNeed.PATIENCE, f"wait for the maintainer{tags}; send a reminder two weeks after the last mail")


def _partly(status: Status) -> NextStep:
    """What is left for patches that are in no tree yet."""
    reply = _last_wish(status)
    if reply and not _answered(status, reply):
        return NextStep(
            NextStepNeed.ACTION, f"{_WHAT[reply.mail.kind].format(who=_who(reply), next=status.topic.latest.version + 1)} ({status.why})"
        )
    return NextStep(NextStepNeed.PATIENCE, f"{status.why}: wait for the maintainer, then send the open patches again")


def _after_acceptance(status: Status) -> NextStep:
    failed = [branch.version for branch in status.stable if branch.state == "failed"]
    fixes = [later for later in status.follow_ups if later.relation in ("fixes", "reverts")]
    words: list[str | Action] = []
    if failed:
        words.append(Action("backport", (), f"it did not apply to {', '.join(failed)}: send a backport if it is needed there (`{{}}`)"))
    if fixes:
        fix = fixes[-1]
        named = f" ({fix.commit})" if fix.commit else ""
        words.append(f"check that “{fix.subject}”{named}, which {fix.relation} it, is applied to every branch that has it")
    review = [branch.version for branch in status.stable if branch.state in ("review", "queued")]
    proposed = [branch.version for branch in status.stable if branch.state == "proposed"]
    if review and not failed:
        words.append(f"follow the stable review of {', '.join(review)}; reply there if it should not be applied")
    elif proposed and not failed and not any(branch.state == "dropped" for branch in status.stable):
        words.append(f"AUTOSEL proposes it for {', '.join(proposed)}; reply there if it should not be applied")
    late = _last_wish(status) if status.state is SeriesState.ACCEPTED else None
    if late and late.mail.mail.date and late.mail.mail.date > _applied_at(status) and not _answered(status, late):
        words.insert(
            0, f"it was applied, but {_who(late)} wrote after that ({late.mail.kind}): answer, and send a fix on top where one is needed"
        )
        return NextStep(NextStepNeed.ACTION, _joined(words))
    if words:
        return NextStep(NextStepNeed.ACTION if failed or fixes else NextStepNeed.PATIENCE, _joined(words))
    if status.state is SeriesState.ACCEPTED:
        words_of_waiting = (
            "wait until it is merged into mainline (next merge window or fixes pull); with -C REPOSITORY this is checked in git"
        )
        return NextStep(NextStepNeed.PATIENCE, words_of_waiting)
    if status.state is SeriesState.IN_MAINLINE:
        dropped = [branch.version for branch in status.stable if branch.state == "dropped"]
        return NextStep(NextStepNeed.NOTHING, f"done: it is in mainline{'; dropped from ' + ', '.join(dropped) if dropped else ''}")
    return NextStep(NextStepNeed.NOTHING, "done: nothing left to do")


def _applied_at(status: Status) -> datetime:
    """When it was applied last, as far as mails say."""
    return max(
        (event.date for event in status.events if event.what == "applied" and event.counts and event.date),
        default=datetime.max.replace(tzinfo=UTC),
    )


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

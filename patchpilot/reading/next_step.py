# SPDX-License-Identifier: GPL-2.0-or-later
"""The next step for the author, in one sentence, for every state of a series."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from patchpilot.model.action import Action, Advice, Hint, actions
from patchpilot.model.counted import counted
from patchpilot.model.trailer import parse_trailers
from patchpilot.reading.mail_kinds import WANTS_ANSWER, MailKind
from patchpilot.reading.mbox import when
from patchpilot.reading.promises import awaited, promises
from patchpilot.reading.thread_values import (
    FINAL,
    TAKEN,
    NextStep,
    NextStepNeed,
    Reply,
    SeriesState,
    StableBranch,
    Status,
)

_REPLY = {
    MailKind.REVIEW: "answer the review by {who}",
    MailKind.NACK: "answer the objection by {who} (NACK) before sending a new version",
    MailKind.BUILD_FAILURE: "{who} reports a build failure",
    MailKind.FORM_LETTER: "follow the form letter by {who}",
    MailKind.AI_REVIEW: "check the findings of {who}",
    MailKind.QUESTION: "answer the question by {who}",
}
_NEW_VERSION = {
    MailKind.REVIEW: (" and ", "send v{next}"),
    MailKind.BUILD_FAILURE: (": ", "fix it and send v{next}"),
    MailKind.FORM_LETTER: (" and ", "send v{next}"),
    MailKind.AI_REVIEW: (": ", "fix valid ones in v{next}, reply to the others"),
}
"""What comes after the reply, where it is a new version."""
_AWAITING = (
    SeriesState.SENT,
    SeriesState.UNDER_REVIEW,
    SeriesState.STALLED,
    SeriesState.ACCEPTED,
)
"""States in which others decide next."""
_YEAR = timedelta(days=365)


def advise(status: Status) -> NextStep:
    """Returns the author's next step.

    If an unknown sender made a claim, the step is to check the latest one.
    """
    step = _asleep(status) or _promised(status) or _advise(status)
    if not status.claims:
        return step
    claim = status.claims[-1]
    more = f" ({len(status.claims) - 1} more)" if len(status.claims) > 1 else ""
    words = f"{claim.words}{more}: nothing was changed; if you know the sender, {{}}"
    asks = Action("track", ("confirm", f"<{claim.message_id}>"), words)
    parts = _parts(step.advice)
    is_first = step.need is not NextStepNeed.ACTION
    both = (asks, "; otherwise ", *parts) if is_first else (*parts, "; ", asks)
    return NextStep(NextStepNeed.ACTION, Hint(both))


def _asleep(status: Status) -> NextStep | None:
    """What to do about a thread without a mail for a year: nobody waits for a reminder then."""
    last = status.last_activity
    if last is None or status.state in FINAL or status.evidence.now - last < _YEAR:
        return None
    since = f"no mail since {last:%Y-%m-%d}"
    if status.state in TAKEN:
        if not (until := status.topic.project.after_applied):
            return None
        words = f"{since}: check whether {until.partition(' (')[0]}; {_in_git(status)}"
        return NextStep(NextStepNeed.ACTION, Action("track", ("update",), words))
    look = f"{since}: check whether it is still needed, then "
    step = _advise(status)
    if step.need is NextStepNeed.ACTION and status.state not in _AWAITING:
        return NextStep(NextStepNeed.ACTION, Hint((look, *_parts(step.advice))))
    if status.state is SeriesState.PARTLY_ACCEPTED:
        words = f"{look}send the open patches again"
        return NextStep(NextStepNeed.ACTION, Action("send", ("--reroll",), words))
    words = f"{look}resend it as [PATCH RESEND]"
    return NextStep(NextStepNeed.ACTION, Action("send", ("--resend",), words))


def _promised(status: Status) -> NextStep | None:
    """What to do where somebody announced the next step for a day: wait until then, then ask."""
    if status.state not in _AWAITING:
        return None
    made = [it for it in promises(status) if not it.by_author]
    if not made or _open_question(status):
        return None
    last = made[-1]
    said = f"{last.who}, who wrote “{last.words}”"
    if not last.has_passed(status.evidence.now.date()):
        waiting = Action("track", ("update",), f"wait for {said} ({last.until})")
        return NextStep(NextStepNeed.PATIENCE, waiting)
    ask = ("reply", f"<{last.message_id}>", "--template", "ping")
    words = f"ask {said}: {last.until} has passed"
    return NextStep(NextStepNeed.ACTION, Action("track", ask, words))


def _advise(status: Status) -> NextStep:
    version = status.topic.latest.version + 1
    if status.state is SeriesState.SENT:
        whom = next(iter(awaited(status)), "replies")
        return NextStep(
            NextStepNeed.PATIENCE,
            Action(
                "track",
                ("update",),
                f"wait for {whom}; send a reminder {_reminder(status)}, not earlier",
            ),
        )
    if status.state is SeriesState.SUPERSEDED:
        return NextStep(NextStepNeed.NOTHING, f"nothing to send: {status.why}")
    if status.state is SeriesState.WITHDRAWN:
        return NextStep(
            NextStepNeed.NOTHING, "nothing is left to do: you withdrew the series"
        )
    if status.state is SeriesState.PARTLY_ACCEPTED:
        return _partly(status)
    if status.state is SeriesState.REJECTED:
        return NextStep(
            NextStepNeed.ACTION,
            _reply_to(
                _last_wish(status), f"answer the NACK or drop the patch: {status.why}"
            ),
        )
    if status.state is SeriesState.CHANGES_REQUESTED:
        return NextStep(
            NextStepNeed.ACTION, _with_tags(status, _changes(status, version))
        )
    if status.state is SeriesState.UNDER_REVIEW:
        return _in_review(status)
    if status.state is SeriesState.STALLED:
        head = status.topic.latest.head.message_id
        ping = Action(
            "track",
            ("reply", f"<{head}>", "--template", "ping"),
            "send a reminder to the maintainer",
        )
        return NextStep(
            NextStepNeed.ACTION,
            Hint(
                (
                    ping,
                    ", or ",
                    Action(
                        "send",
                        ("--resend",),
                        f"resend it as [PATCH RESEND]: {status.why}",
                    ),
                )
            ),
        )
    return _after_acceptance(status)


def _changes(status: Status, version: int) -> Advice:
    """What to do where changes were requested, in words, by a robot or by a revert."""
    undone = next(
        (
            tree
            for patch in status.patches
            for tree in patch.trees
            if tree.state == "reverted" and "stable/" not in tree.tree
        ),
        None,
    )
    if undone and undone.proof.commit:
        why = (
            f"reverted in mainline by {undone.proof.commit[:12]}: read the reason, and send a"
            f" corrected v{version}"
        )
        return Action("send", ("--reroll",), why)
    return _for_next_version(status, version)


def _for_next_version(status: Status, version: int) -> Advice:
    """The reply that is due before the next version, and that version."""
    send = Action("send", ("--reroll",), f"send v{version} with the requested changes")
    reply = _unanswered(status)
    if reply is None:
        return send
    if reply.mail.kind is MailKind.QUESTION:
        return Hint((*_parts(_wished(reply, version)), " and ", send))
    return _wished(reply, version)


def _wished(reply: Reply, version: int) -> Advice:
    """The reply that a mail asks for, and the new version where it wants one."""
    words = (
        "{who} reports build warnings"
        if reply.mail.only_warns
        else _REPLY[reply.mail.kind]
    )
    answer = _reply_to(reply, words.format(who=_who(reply)))
    if reply.mail.kind not in _NEW_VERSION:
        return answer
    between, also = _NEW_VERSION[reply.mail.kind]
    return Hint(
        (answer, between, Action("send", ("--reroll",), also.format(next=version)))
    )


def _reply_to(reply: Reply | None, words: str) -> str | Action:
    return (
        Action("track", ("reply", f"<{reply.mail.mail.message_id}>"), words)
        if reply
        else words
    )


def _reminder(status: Status) -> str:
    """When to send a reminder, by the times of the project or subsystem."""
    last = status.last_activity or status.topic.latest.sent
    if last is None:
        return f"after {counted(status.topic.waiting.days, 'day')}"
    return f"from {last + status.topic.waiting:%Y-%m-%d}"


def next_step(status: Status) -> str:
    """Returns the next step in one sentence."""
    return str(advise(status).advice)


def _open_question(status: Status) -> Reply | None:
    """The question that the author has to answer, where nothing else is wanted."""
    reply = _unanswered(status)
    return reply if reply and reply.mail.kind is MailKind.QUESTION else None


def _in_review(status: Status) -> NextStep:
    if reply := _open_question(status):
        return NextStep(
            NextStepNeed.ACTION, _wished(reply, status.topic.latest.version + 1)
        )
    whom = awaited(status)[:1]
    waiting = Action(
        "track", ("update",), f"wait for {whom[0] if whom else 'the maintainer'}"
    )
    return NextStep(
        NextStepNeed.PATIENCE,
        Hint((waiting, f"; send a reminder {_reminder(status)}")),
    )


def _with_tags(status: Status, advice: Advice) -> Advice:
    """The advice, and where it is to send a new version, the tags to add to that."""
    count = sum(not (tag.asks or tag.conditional) for tag in status.trailers)
    sends = any(action.verb == "send" for action in actions(advice))
    if not (count and sends):
        return advice
    tags = Action("trailers", (), f"add its {counted(count, 'tag')} to the new version")
    return Hint((*_parts(advice), "; ", tags))


def _partly(status: Status) -> NextStep:
    """What is left for patches that are in no tree yet."""
    version = status.topic.latest.version + 1
    asked = any(
        patch.state is SeriesState.CHANGES_REQUESTED for patch in status.patches
    )
    reply = _unanswered(status)
    if asked or reply:
        advice = (
            _for_next_version(status, version)
            if asked or reply is None
            else _wished(reply, version)
        )
        return NextStep(
            NextStepNeed.ACTION, Hint((*_parts(advice), f" ({status.why})"))
        )
    again = Action("send", ("--reroll",), "send the open patches again")
    return NextStep(
        NextStepNeed.PATIENCE,
        Hint(
            (
                (
                    f"{status.why}: wait for the maintainer until"
                    f" {_reminder(status).removeprefix('from ')}, then "
                ),
                again,
            )
        ),
    )


def _after_acceptance(status: Status) -> NextStep:
    # a project without stable branches has no steps for them
    has_stable = bool(status.topic.project.stable.branch)
    late = (
        _last_for_author(status)
        if status.state in (SeriesState.ACCEPTED, SeriesState.IN_NEXT)
        else None
    )
    if (
        late
        and late.mail.mail.date
        and late.mail.mail.date > _applied_at(status)
        and not _answered(status, late)
    ):
        said = (
            f"it was applied, but {_who(late)} wrote after that ({late.mail.kind}): answer, and"
            " send a follow-up fix if one is needed"
        )
        return NextStep(
            NextStepNeed.ACTION,
            _joined(
                [
                    _reply_to(late, said),
                    *(_work_left(status) if has_stable else ()),
                    *(_in_stable_review(status) if has_stable else ()),
                ]
            ),
        )
    if has_stable and (work := _work_left(status)):
        return NextStep(
            NextStepNeed.ACTION, _joined([*work, *_in_stable_review(status)])
        )
    if has_stable and (waiting := _in_stable_review(status)):
        return NextStep(NextStepNeed.PATIENCE, _joined(waiting))
    if has_stable and (wait := _for_stable(status)):
        return NextStep(NextStepNeed.PATIENCE, wait)
    if status.state in (SeriesState.ACCEPTED, SeriesState.IN_NEXT):
        until = status.topic.project.after_applied
        if not until:
            return NextStep(NextStepNeed.NOTHING, "done: it was applied")
        words = f"wait until {until}; {_in_git(status)}"
        return NextStep(NextStepNeed.PATIENCE, Action("track", ("update",), words))
    if status.state is SeriesState.IN_MAINLINE:
        left_out = [
            f"; {branch.version} {branch.words}"
            for branch in status.stable
            if branch.state in ("objected", "not-needed")
        ]
        dropped = [
            branch.version for branch in status.stable if branch.state == "dropped"
        ]
        return NextStep(
            NextStepNeed.NOTHING,
            "done: it is in"
            f" mainline{'; dropped from ' + ', '.join(dropped) if dropped else ''}{''.join(left_out)}",  # noqa: E501
        )
    return NextStep(NextStepNeed.NOTHING, "done: nothing is left to do")


def _in_git(status: Status) -> str:
    """How a repository shows that a series was merged."""
    return (
        "this is checked in git whenever you fetch"
        if status.in_repository
        else "with -C REPOSITORY this is checked in git"
    )


_DECIDED = ("dropped", "objected", "not-needed")
"""The states of stable branches that will not take it."""
_HALF_A_YEAR = timedelta(days=182)


def _for_stable(status: Status) -> Action | None:
    """What comes after the merge, as long as a stable branch needs the fix.

    Without the branches, only the tag is known: it is waited for until the first branch has it, a
    branch was decided on, or half a year has passed.
    """
    if status.state not in (SeriesState.IN_MAINLINE, SeriesState.IN_STABLE):
        return None
    decided = {it.version for it in status.stable if it.state in _DECIDED}
    needs = status.needs
    is_tagged = needs.is_tagged if needs else _is_tagged(status)
    if needs and needs.lacking is not None:
        lacking = [version for version in needs.lacking if version not in decided]
        if not lacking:
            return None
        where = f"wait for the stable branches {', '.join(lacking)}"
    elif (
        not is_tagged
        or decided
        or status.state is SeriesState.IN_STABLE
        or _is_long_merged(status)
    ):
        return None
    else:
        where = "wait for the stable branches"
    commit = [status.commit[:12]] if status.commit else []
    if is_tagged:
        words = (
            f"{where}: the stable maintainers take it by its Cc: stable tag, usually within weeks"
            " of the release candidate that has it; `{}` shows where it does not apply"
        )
        return Action("backport", tuple(commit), words)
    words = (
        f"{where}: it has no Cc: stable tag, but the stable maintainers may take it by its Fixes:"
        " tag; `{}` writes the message that asks them to"
    )
    return Action("backport", (*commit, "--request"), words)


def _is_tagged(status: Status) -> bool:
    """Whether a patch of the latest version has a Cc: stable tag."""
    lists = {status.topic.project.lists.stable, "stable@kernel.org"}
    return any(
        trailer.key == "cc" and trailer.address and trailer.address.key in lists
        for post in status.topic.latest.patches
        for trailer in parse_trailers(
            post.mail.mail.body.partition("\n---\n")[0].splitlines()
        )
    )


def _is_long_merged(status: Status) -> bool:
    merged = [it.date for it in status.landed if it.in_mainline and it.date]
    return bool(merged) and status.evidence.now - max(merged) > _HALF_A_YEAR


def _work_left(status: Status) -> list[str | Action]:
    """The author's remaining work after acceptance.

    Backports to the branches that the fix did not apply to or that reverted it, and later fixes
    that a branch lacks.
    """
    words: list[str | Action] = []
    if reverted := [
        branch.version for branch in status.stable if branch.state == "reverted"
    ]:
        said = (
            f"the fix was reverted in {', '.join(reverted)}: read the reason, and send a corrected"
            " backport if it is needed there"
        )
        words.append(_backport(status, status.commit, reverted, said))
    if failed := [
        branch.version for branch in status.stable if branch.state == "failed"
    ]:
        said = (
            f"the fix did not apply to {', '.join(failed)}: send a backport if it is needed there"
            " (`{}`)"
        )
        words.append(_backport(status, status.commit, failed, said))
    for fix in status.follow_ups:
        if fix.relation not in ("fixes", "reverts"):
            continue
        named = f" ({fix.commit[:12]})" if fix.commit else ""
        if fix.lacking is None:
            words.append(
                f"check that “{fix.subject}”{named}, which {fix.relation} it, is applied to every"
                " branch that has it"
            )
        elif fix.lacking:
            said = (
                f"“{fix.subject}”{named}, which {fix.relation} it, is missing in"
                f" {', '.join(fix.lacking)}: send a backport of it as well"
            )
            words.append(_backport(status, fix.commit, fix.lacking, said))
    return words


def _backport(
    status: Status, commit: str | None, versions: Sequence[str], words: str
) -> Action:
    """The backport of a commit to the branches of these versions."""
    name = status.topic.project.stable.branch_name
    onto = [
        word
        for version in versions
        if name
        for word in ("--onto", name.format(version=version))
    ]
    target = [commit] if commit else []
    return Action("backport", (*target, *onto), words)


def _in_stable_review(status: Status) -> list[str | Action]:
    """The stable branches that decide next."""
    if any(branch.state == "failed" for branch in status.stable):
        return []
    if review := [
        branch for branch in status.stable if branch.state in ("review", "queued")
    ]:
        versions = ", ".join(branch.version for branch in review)
        return [
            _objection(
                review[-1],
                f"follow the stable review of {versions}; reply there if it should not be applied",
            )
        ]
    proposed = [branch for branch in status.stable if branch.state == "proposed"]
    if proposed and not any(
        branch.state in ("dropped", "objected") for branch in status.stable
    ):
        versions = ", ".join(branch.version for branch in proposed)
        return [
            _objection(
                proposed[-1],
                f"AUTOSEL proposes it for {versions}; reply there if it should not be applied",
            )
        ]
    return []


def _objection(branch: StableBranch, words: str) -> str | Action:
    return (
        Action(
            "track",
            ("reply", f"<{branch.message_id}>", "--template", "objection"),
            words,
        )
        if branch.message_id
        else words
    )


def _applied_at(status: Status) -> datetime:
    """When it was applied last, as far as mails say."""
    return max(
        (
            event.date
            for event in status.events
            if event.what == "applied" and event.counts and event.date
        ),
        default=datetime.max.replace(tzinfo=UTC),
    )


def _parts(advice: Advice) -> tuple[str | Action, ...]:
    return advice.parts if isinstance(advice, Hint) else (advice,)


def _joined(sentences: Sequence[str | Action]) -> Hint:
    return Hint(
        tuple(
            part
            for number, sentence in enumerate(sentences)
            for part in (("; ", sentence) if number else (sentence,))
        )
    )


def _wishes(status: Status) -> list[Reply]:
    """The messages of others about the latest version that want an answer, the oldest first."""
    latest = status.topic.latest
    taken = {
        patch.number
        for patch in status.patches
        if patch.version == latest.version and patch.state in TAKEN
    }
    is_partly = status.state is SeriesState.PARTLY_ACCEPTED
    return [
        reply
        for reply in status.replies
        if reply.mail.kind in WANTS_ANSWER
        and reply.revision in (latest, None)
        and not reply.mail.by_author
        and not reply.mail.doubtful
        and not (is_partly and reply.patch in taken)
    ]


def _last_wish(status: Status) -> Reply | None:
    wishes = _wishes(status)
    return wishes[-1] if wishes else None


def _unanswered(status: Status) -> Reply | None:
    """The last wish that the author has not answered; who was answered later is not waiting, nor
    who has given a tag since.
    """
    done = {
        reply.mail.sender.key: when(reply.mail.mail)
        for reply in status.replies
        if reply.mail.credited and not reply.mail.by_author
    }
    for wish in reversed(_wishes(status)):
        sender, sent = wish.mail.sender.key, when(wish.mail.mail)
        if _answered(status, wish):
            done[sender] = max(sent, done.get(sender, sent))
        elif not (sender in done and sent < done[sender]):
            return wish
    return None


def _last_for_author(status: Status) -> Reply | None:
    """The last wish that does not answer another person's message."""
    return next(
        (
            wish
            for wish in reversed(_wishes(status))
            if not _is_to_another(status, wish)
        ),
        None,
    )


def _is_to_another(status: Status, wish: Reply) -> bool:
    """Whether a message answers a person who is not the author: what it wants is theirs to do."""
    answered = next(
        (
            reply.mail
            for reply in status.replies
            if reply.mail.mail.message_id == wish.mail.mail.in_reply_to
        ),
        None,
    )
    return answered is not None and not (
        answered.by_author
        or answered.bot
        or answered.sender.key == wish.mail.sender.key
    )


def _answered(status: Status, wish: Reply) -> bool:
    return any(
        reply.mail.mail.in_reply_to == wish.mail.mail.message_id
        and reply.mail.by_author
        for reply in status.replies
    )


def _who(reply: Reply) -> str:
    return reply.mail.who

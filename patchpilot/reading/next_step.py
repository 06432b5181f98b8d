# SPDX-License-Identifier: GPL-2.0-or-later
"""Suggest the author's next step in one sentence. There is one for every state of a series."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from patchpilot.model.action import Action, Advice, actions_in_advice, advice_parts, join_hints
from patchpilot.model.printable import format_count
from patchpilot.model.trailer import explain_unusable_tag
from patchpilot.reading.holds import Hold, find_hold
from patchpilot.reading.mail_kinds import TESTS, MailKind
from patchpilot.reading.patchwork_checks import CheckState, PatchCheck, join_names
from patchpilot.reading.posted_series import PostedSeries, Reply
from patchpilot.reading.requests import wants_only_version
from patchpilot.reading.series_state import wishes
from patchpilot.reading.series_summary import SeriesSummary
from patchpilot.reading.stable_wait import StableWait, make_stable_wait
from patchpilot.reading.thread_values import (
    IN_A_TREE,
    MERGED,
    REFUSED,
    TAKEN,
    Claim,
    Credit,
    FollowUp,
    NextStep,
    SeriesState,
    Turn,
    stable_summary,
)

_NEW_VERSION = {
    MailKind.REVIEW: (" and ", "send v{next}"),
    MailKind.BUILD_FAILURE: (", then ", "send v{next}"),
    MailKind.TEST_RESULT: (": ", "if the patch causes it, fix it and send v{next}"),
    MailKind.BACKPORT_BOT: (": ", "fix it and send v{next}"),
    MailKind.FORM_LETTER: (" and ", "send v{next}"),
    MailKind.AI_REVIEW: (": ", "fix valid ones in v{next}, reply to the others"),
}
"""The text between the reply and the next step, and that step, if a new version is needed."""
_IN_REVIEW = (
    SeriesState.SENT,
    SeriesState.UNDER_REVIEW,
    SeriesState.CHANGES_REQUESTED,
    SeriesState.PARTLY_ACCEPTED,
    SeriesState.STALLED,
)
_MAX_QUOTE = 80
_MACHINES = (*TESTS, MailKind.BUILD_FAILURE, MailKind.FORM_LETTER)
"""Messages by programs, which nobody reads an answer to."""


def _your_turn(*parts: Advice) -> NextStep:
    return NextStep(Turn.YOURS, join_hints(*parts))


def _wait_step(*parts: Advice) -> NextStep:
    return NextStep(Turn.WAITING, join_hints(*parts))


def _finish(text: str) -> NextStep:
    return NextStep(Turn.FINISHED, text)


def _update(words: str) -> Action:
    return Action("track", ("update",), words)


def _reroll(words: str) -> Action:
    return Action("send", ("--reroll",), words)


def _write(message_id: str, words: str, template: str = "") -> Action:
    options = ("--template", template) if template else ()
    return Action("track", ("reply", f"<{message_id}>", *options), words)


def advise(series: PostedSeries) -> NextStep:
    """Return the author's next step, which is based on the proven state.

    The latest claim by a known sender and the latest claim by an unknown sender are quoted. The
    user can confirm the latter. No commit proves an answer in a discussion without a patch.
    """
    if series.is_discussion:
        return _discussion_step(series)
    proven_series = replace(
        series,
        state=series.proven,
        why=series.proven_why,
        patches=tuple(it._replace(state=it.proven) for it in series.patches),
    )
    step = _name_resolutions(series, _advise(proven_series))
    hold = find_hold(series) if series.proven in _IN_REVIEW else None
    if hold:
        step = _hold_step(hold, proven_series)
    if known := [claim for claim in series.claims if claim.known]:
        is_same = hold and known[-1].message_id == hold.reply.message_id
        if not (is_same and known[-1].what in ("promised", "unclear")):
            step = _add_claim(step, known[-1], series)
    unknown = [claim for claim in series.claims if not claim.known]
    if not unknown:
        return step
    claim = unknown[-1]
    more = f" ({len(unknown) - 1} more)" if len(unknown) > 1 else ""
    words = f"{claim.words}{more}: nothing was changed; if you know the sender, "
    confirm = Action("track", ("confirm", f"<{claim.message_id}>"), "{}")
    if step.need is Turn.YOURS:
        return _your_turn(step.advice, "; ", words, confirm)
    return _your_turn(words, confirm, "; otherwise ", step.advice)


def _name_resolutions(series: PostedSeries, step: NextStep) -> NextStep:
    """Return the next step of a backport with the clones in which its next version is prepared.

    The files that were sent are not what to send then.
    """
    versions = [it for it in series.targets if it in series.clones]
    if not versions or series.proven not in _IN_REVIEW:
        return step
    words = "; ".join(series.clones[it] for it in versions)
    commit = series.backported_commit
    clones = _backport(series, commit, versions, f"{words} (`{{}}`)")
    parts: list[Any] = list(advice_parts(step.advice))
    sends = [it for it in parts if isinstance(it, Action) and it.name == "send"]
    for send in sends:
        named = clones._replace(reason=f"{send.reason}: {clones.reason}")
        parts[parts.index(send)] = named
    return step._replace(advice=join_hints(*parts, *(() if sends else ("; ", clones))))


def _discussion_step(series: PostedSeries) -> NextStep:
    """Return the step after a request to the stable maintainers, or a report: the last answer
    decides, until all requested branches have the commit.
    """
    last, answer = _find_last_message(series), find_last_answer(series)
    if series.state is SeriesState.IN_STABLE:
        return _finish(f"done: {series.why}")
    if last is None or last is not answer:
        head = last.message_id if last else series.latest.message_id
        if series.now - series.last_activity > series.waiting:
            return _your_turn(_write(head, "send a reminder: there is no answer"))
        words = f"wait for an answer; send a reminder from {_reminder(series)}, not earlier"
        return _wait_step(_update(words))
    who = last.mail.sender_name
    if last.mail.kind is MailKind.PATCH:
        patch = f" by {who}: “{last.mail.title}”"
        return _your_turn(_write(last.message_id, "try the patch"), patch)
    if step := _backport_after_refusal(series, last):
        return step
    quoted = textwrap.shorten(last.mail.body.text, _MAX_QUOTE)
    is_asked = any("?" in names for names in last.mail.features)
    if last.mail.kind is MailKind.APPLIED and not is_asked:
        return _wait_step(f"{who}: “{quoted}”: wait for the release: ", _FETCH_RELEASE)
    if last.mail.wants_answer:
        return _your_turn(_write(last.message_id, last.mail.wanted_answer))
    reply = _write(last.message_id, "answer it if needed")
    return _your_turn(f"read the answer by {who}: “{quoted}”; ", reply)


def find_last_answer(series: PostedSeries) -> Reply | None:
    """Return the last message that a person sent, or None if the author sent it."""
    last = _find_last_message(series)
    return None if last and series.is_author(series.identities.sender(last.mail)) else last


def _find_last_message(series: PostedSeries) -> Reply | None:
    persons = (it for it in reversed(series.replies) if not it.mail.bot or it.mail.wants_answer)
    return next(persons, None)


def follow_fix(report: SeriesSummary, number: int, fix: SeriesSummary) -> NextStep:
    """Return the next step of a report that a tracked series with this number closes.

    An answer that came after the fix was sent is read first, until the fix is in mainline.
    """
    if fix.proven in MERGED:
        return _finish(f"done: “{fix.title}”, which fixes it, is in mainline")
    is_later = report.answered_at and fix.sent_at and report.answered_at > fix.sent_at
    if is_later or fix.state in REFUSED:
        return report.step
    words = f"the fix was sent: follow “{fix.title}”"
    return _wait_step(Action("track", ("show", str(number)), words))


def _backport_after_refusal(series: PostedSeries, answer: Reply) -> NextStep | None:
    """Return the backport to the branches to which a requested fix does not apply, or the wait for
    the ones that were sent, or None if the answer refuses nothing.
    """
    refused = [
        it
        for it in series.events
        if it.message_id == answer.message_id and it.what == "failed" and it.version
    ]
    if not refused:
        return None
    answered = [it for it in series.stable if it.state != "failed"]
    done = {it.version for it in answered}
    claims = [it for it in refused if it.version not in done]
    if not claims:
        words = f"wait for the release: {stable_summary(answered)}; "
        return _wait_step(words, _FETCH_RELEASE)
    versions = [it.version for it in claims if it.version]
    quoted = textwrap.shorten(claims[0].sentence, 2 * _MAX_QUOTE)
    words = f"answer with the backport to {', '.join(versions)}: `{{}}`"
    return _your_turn(
        f"{answer.mail.sender_name}: “{quoted}”: ",
        _backport(series, claims[0].commit, versions, words),
    )


_FETCH_TAGS = "`git fetch --all --tags`"
_FETCH_RELEASE = Action("track", ("update",), f"{_FETCH_TAGS}, then `{{}}`")


def _look(series: PostedSeries) -> str:
    add = f"{series.tree_command} && " if series.tree_command else ""
    command = f"`{add}git fetch --all --tags`"
    return f"fetch the tree to check this: {command}"


def _add_claim(step: NextStep, claim: Claim, series: PostedSeries) -> NextStep:
    """Add an unverified claim to the next step.

    If no request is newer than a claim that the series was or will be applied, only the claim is
    shown until the user has verified or denied it. An unclear one does not hide its sender's open
    requests.
    """
    if claim.what == "superseded":
        return _wait_step(f"{claim.words}: read it before you send another version")
    if claim.what not in (*IN_A_TREE, "promised", "unclear"):
        return NextStep(step.need, join_hints(f"{claim.words}; ", step.advice), step.held_by)
    # no fetched tree has the stable queue, but the release is fetched
    is_queued = claim.what == "queued"
    release = f"wait for the stable review or release that has it: {_FETCH_TAGS}"
    proof = release if is_queued else _look(series)
    look = f"{claim.words}: {proof}, then ", _update("`{}`")
    requests = wishes(series)
    is_last = claim.date and all(request.when <= claim.date for request in requests)
    if claim.what == "unclear":
        is_last = claim.sender.key not in {request.mail.sender.key for request in requests}
    is_whole = not claim.patch or series.latest.patch_count < 2
    if claim.what in IN_A_TREE:
        is_whole = series.state in TAKEN
    if (is_last and is_whole) or step.need is not Turn.YOURS:
        arguments = "confirm", "--no", f"<{claim.message_id}>"
        deny = Action("track", arguments, "`{}`", is_conditional=True)
        denial = ("; if it is not, ", deny) if step.need is Turn.YOURS else ()
        held_by = f"{claim.words} <{claim.message_id}>"
        return NextStep(Turn.WAITING, join_hints(*look, *denial), held_by)
    return _your_turn(step.advice, "; ", *look)


def _is_question_of_another(request: Reply, hold: Hold) -> bool:
    is_question = any("?" in names for names in request.mail.features)
    return is_question and request.mail.sender != hold.reply.mail.sender


def _hold_step(hold: Hold, series: PostedSeries) -> NextStep:
    """Return the next step while a reviewer asks not to send anything.

    Newer requests and other persons' questions can be answered. If a reviewer who meant to take the
    patch has not written for long, the next step is to ask.
    """
    later = [
        request
        for request in list_unanswered(series)
        if request.when > hold.reply.when or _is_question_of_another(request, hold)
    ]
    held_by = f"{hold.quote} <{hold.reply.message_id}>"
    stop = f"{hold.words}: send no new version, resend or reminder"
    if later:
        reply = later[0]
        answer = _reply_to(reply, reply.mail.wanted_answer)
        return NextStep(Turn.YOURS, join_hints(answer, f"; but {stop}"), held_by)
    if hold.until is None and series.now - series.last_activity > series.waiting:
        ask = f"{hold.words}: nothing was heard since; ask there whether it was applied"
        return NextStep(Turn.YOURS, _write(hold.reply.message_id, ask), held_by)
    return NextStep(Turn.WAITING, join_hints(f"{stop}; ", _update("wait: `{}`")), held_by)


def _checks_step(series: PostedSeries) -> NextStep | None:
    """Return the step after the latest version's checks in patchwork, or None if there is none.

    A failed check needs a fix, unless the author has answered it: with a later reply to a patch or
    to a bot. If the server claims that every patch was applied, look first.
    """
    answer = series.patchwork
    if answer is None:
        return None
    if answer.has_accepted([post.message_id for post in series.latest.patches]):
        claim = f"{answer.server} lists it as accepted"
        look = f"{claim}, which is no proof: {_look(series)}, then ", _update("`{}`")
        return NextStep(Turn.WAITING, join_hints(*look), claim)
    failed = [
        name
        for name, check in answer.list_checks(CheckState.FAIL, series.patch_numbers)
        if not _is_check_answered(series, check)
    ]
    if not failed:
        return None
    words = f"{answer.server} reports failed checks ({join_names(failed)}): "
    fix = f"if the patch causes this, fix it and send v{series.latest.version + 1}"
    return _your_turn(words, _reroll(fix))


def _is_check_answered(series: PostedSeries, check: PatchCheck) -> bool:
    bots = {reply.message_id for reply in series.replies if reply.mail.bot}
    posts = {post.message_id for post in series.latest.posts}
    return check.date is not None and any(
        reply.mail.by_author
        and reply.when > check.date
        and reply.mail.mail.in_reply_to in bots | posts
        for reply in series.replies
    )


def _advise(series: PostedSeries) -> NextStep:
    version = series.latest.version + 1
    if series.state in (SeriesState.SENT, SeriesState.STALLED) and (step := _checks_step(series)):
        return step
    if series.state is SeriesState.SENT:
        words = f"wait for replies; send a reminder from {_reminder(series)}, not earlier"
        return _wait_step(_update(words))
    if series.state is SeriesState.WITHDRAWN:
        return _finish("nothing is left to do: you withdrew the series")
    if series.state is SeriesState.PARTLY_ACCEPTED:
        return _partly_accepted_step(series)
    if series.state is SeriesState.REJECTED:
        words = f"answer the NACK or drop the patch: {series.why}"
        nack = next(reversed(_wishes(series)), None)
        is_answered = nack is not None and _has_answer(series, nack)
        source = f" <{nack.message_id}>" if nack else ""
        held_by = "" if is_answered else f"{series.why}{source}"
        return _your_turn(_reply_to(nack, words))._replace(held_by=held_by)
    if series.state is SeriesState.CHANGES_REQUESTED:
        step = _your_turn(_add_tags(series, _advise_changes(series, version)))
        reply = _find_unanswered(series)
        if reply is None or reply.mail.kind is not MailKind.NACK:
            return step
        return step._replace(held_by=f"{reply.mail.sender_name}: NACK <{reply.message_id}>")
    if series.state is SeriesState.UNDER_REVIEW:
        return _review_step(series)
    if series.state is SeriesState.STALLED:
        head = series.latest.head.message_id
        ping = _write(head, "send a reminder to the maintainer", "ping")
        words = f"resend it as [PATCH RESEND]: {series.why}"
        return _your_turn(ping, ", or ", Action("send", ("--resend",), words))
    return _step_after_acceptance(series)


def _advise_changes(series: PostedSeries, version: int) -> Advice:
    undone = next((landed.reverted_by for landed in series.landed if landed.reverted_by), None)
    if undone and series.why.startswith("reverted"):
        why = (
            f"reverted in mainline by {undone[:12]}: read the reason, and send a corrected"
            f" v{version}"
        )
        return _reroll(why)
    return _next_version_reply(series, version)


def _next_version_reply(series: PostedSeries, version: int) -> Advice:
    send = _reroll(f"send v{version} with the requested changes")
    reply = _find_unanswered(series)
    if reply is None:
        return send
    advice = _advise_reply(series, reply, version)
    names = {action.name for action in actions_in_advice(advice)}
    if reply.mail.kind is MailKind.QUESTION and "send" not in names:
        return join_hints(advice, " and ", send)
    return advice


def _advise_reply(series: PostedSeries, reply: Reply, version: int) -> Advice:
    later = next((it for it in list_unanswered(series) if it.mail.bot), None)
    if later and not reply.mail.bot and reply.mail.kind is not MailKind.NACK:
        answer = _reply_to(reply, reply.mail.wanted_answer)
        return join_hints(answer, "; ", _advise_reply(series, later, version))
    text = reply.mail.wanted_answer
    answer = text if reply.mail.kind in _MACHINES else _reply_to(reply, text)
    if reply.mail.kind not in _NEW_VERSION:
        return answer
    between, also = _NEW_VERSION[reply.mail.kind]
    send = _reroll(also.format(next=version))
    if reply.mail.kind is MailKind.BUILD_FAILURE:
        build = Action("build", (), "build it") if series.project.kernel else "build it"
        return join_hints(answer, ": fix it, ", build, between, send)
    return join_hints(answer, between, send)


def _reply_to(reply: Reply | None, words: str) -> str | Action:
    return _write(reply.message_id, words) if reply else words


def _reminder(series: PostedSeries) -> str:
    return f"{series.last_activity + series.waiting:%Y-%m-%d}"


def _review_step(series: PostedSeries) -> NextStep:
    reply = _find_unanswered(series)
    if reply and reply.mail.kind in (MailKind.QUESTION, *TESTS):
        return _your_turn(_advise_reply(series, reply, series.latest.version + 1))
    if step := _checks_step(series):
        return step
    waiting = _update("wait for the maintainer")
    return _wait_step(waiting, f"; send a reminder from {_reminder(series)}")


def _add_tags(series: PostedSeries, advice: Advice) -> Advice:
    """If the step is to send a new version, insert before it how many tags the user should add.

    Tags that were given to earlier versions count for the latest version.
    """
    count = len(list_given_tags(series))
    if not count:
        return advice
    tags = add_tags_action(count)
    if series.latest.backport_to:
        words = "to the commits on the stable branch (of patch files: `git am FILES` first)"
        tags = tags._replace(reason=f"{tags.reason} {words}")
    parts: list[Any] = []
    for part in advice_parts(advice):
        is_send = isinstance(part, Action) and part.name == "send"
        parts += (tags, ", then ", part) if is_send else (part,)
    return join_hints(*parts)


def list_given_tags(series: PostedSeries) -> list[Credit]:
    """Return the tags for the latest version that can be added without a decision."""
    return [
        tag
        for tag in series.trailers
        if tag.version == series.latest.version
        and not (tag.asks or tag.conditional or explain_unusable_tag(tag.trailer))
    ]


def add_tags_action(count: int) -> Action:
    return Action("trailers", (), f"add {format_count(count, 'tag')}")


def replace_tag_count(step: NextStep, count: int) -> NextStep:
    """Replace the number of tags to add before a new version; if it is 0, omit them."""
    parts: list[Any] = list(advice_parts(step.advice))
    for index, part in enumerate(parts):
        if isinstance(part, Action) and part.name == "trailers":
            # a separator follows
            parts[index : index + 2 - bool(count)] = [add_tags_action(count)] if count else []
            break
    return step._replace(advice=join_hints(*parts))


def _partly_accepted_step(series: PostedSeries) -> NextStep:
    version = series.latest.version + 1
    states = {patch.state for patch in series.patches}
    if SeriesState.CHANGES_REQUESTED in states:
        return _your_turn(_next_version_reply(series, version), f" ({series.why})")
    if reply := _find_unanswered(series):
        return _your_turn(_advise_reply(series, reply, version), f" ({series.why})")
    return _wait_step(
        f"{series.why}: wait for the maintainer until {_reminder(series)}, then ",
        _reroll("send the open patches again"),
    )


def _step_after_acceptance(series: PostedSeries) -> NextStep:
    has_stable = bool(series.project.stable.branch)
    work, review = (
        ([*_work_left(series), *_backport_reviews(series)], _in_stable_review(series))
        if has_stable
        else ([], [])
    )
    is_taken = series.state in (SeriesState.ACCEPTED, SeriesState.IN_NEXT)
    late = next(reversed(_wishes(series)), None) if is_taken else None
    applied = [
        event.date
        for event in series.events
        if event.what == "applied" and event.counts and event.date
    ]
    is_after = late and late.when > max(applied, default=late.when)
    if late and is_after and not _has_answer(series, late):
        words = (
            f"it was applied, but {late.mail.sender_name} wrote after that ({late.mail.kind}):"
            " answer, and send a follow-up fix if one is needed"
        )
        work.insert(0, _reply_to(late, words))
    if work:
        # a backport needs the mainline commit
        first = [_FETCH] if series.is_unfetched else []
        return _your_turn(_join_steps([*first, *work, *review]))
    if review:
        return _wait_step(_join_steps(review))
    if series.is_unfetched and not _versions(series, *_DECIDED):
        return _wait_step(_FETCH)
    if has_stable and (step := _stable_step(series)):
        return step
    if is_taken:
        until = series.project.after_applied
        if not until:
            return _finish("done: it was applied")
        in_git = (
            "this is checked in git whenever you fetch"
            if series.in_repository
            else "with -C REPOSITORY this is checked in git"
        )
        return _wait_step(_update(f"wait until {until}; {in_git}"))
    if series.state is SeriesState.IN_MAINLINE:
        dropped = ", ".join(_versions(series, "dropped"))
        more = [f"dropped from {dropped}"] if dropped else []
        more += (
            f"{branch.version} {branch.words}"
            for branch in series.stable
            if branch.state in ("objected", "not-needed")
        )
        return _finish("; ".join(("done: it is in mainline", *more)))
    return _finish("done: nothing is left to do")


_FETCH = _FETCH_RELEASE._replace(reason=f"fetch what was merged: {_FETCH_RELEASE.reason}")


def _name_branches(versions: Sequence[str]) -> str:
    """Return the name of the branches; without versions, they are not known."""
    noun = "branch" if len(versions) == 1 else "branches"
    return f"the stable {noun} {', '.join(versions)}".rstrip()


def _versions(series: PostedSeries, *states: str) -> list[str]:
    return [branch.version for branch in series.stable if branch.state in states]


_DECIDED = ("dropped", "objected", "not-needed")
"""Final states of a stable branch without the fix."""
HALF_A_YEAR = timedelta(days=182)


def _stable_step(series: PostedSeries) -> NextStep | None:
    """Return the step after the merge, while a stable branch still needs the fix.

    What was requested is sent or awaited first; the other branches follow.
    """
    if series.state not in (SeriesState.IN_MAINLINE, SeriesState.IN_STABLE):
        return None
    requests = dict(series.requests)
    if series.needs is None or series.needs.lacking is None:
        return _find_step_for_unknown_branches(series)
    decided = _versions(series, *_DECIDED)
    lacking = [version for version in series.needs.lacking if version not in decided]
    if drafted := [it for it in lacking if it in requests and requests[it] is None]:
        return _send_request(drafted)
    waiting: dict[str, list[str]] = {}
    for version in lacking:
        if sent := requests.get(version):
            waiting.setdefault(f"{sent:%Y-%m-%d}", []).append(version)
    waits = [_wait_for_request(versions, when) for when, versions in waiting.items()]
    others = [it for it in lacking if it not in requests]
    step = _find_step_for_branches(series, others) if others else None
    if step and waits:
        return step._replace(advice=join_hints(step.advice, *(f"; {wait}" for wait in waits)))
    return step or (_wait_step("; ".join(waits)) if waits else None)


def _find_step_for_unknown_branches(series: PostedSeries) -> NextStep | None:
    """Return the step if it is not known which stable branches lack the fix.

    Only the Cc: stable tag or a request decides: wait until the fix is in the first branch, a
    branch rejects it, or half a year has passed.
    """
    is_in_a_branch = series.state is SeriesState.IN_STABLE
    if is_in_a_branch or _versions(series, *_DECIDED) or _is_long_merged(series):
        return None
    for _, sent in series.requests:
        return _wait_step(_wait_for_request((), f"{sent:%Y-%m-%d}")) if sent else _send_request(())
    return _find_step_for_branches(series, ()) if _is_tagged(series) else None


def _send_request(versions: Sequence[str]) -> NextStep:
    where = _name_branches(versions)
    return _your_turn(f"send the request for {where}: `patchpilot --home` lists its draft")


def _wait_for_request(versions: Sequence[str], date: str) -> str:
    return f"wait for {_name_branches(versions)}: you sent the request on {date}"


def _find_step_for_branches(series: PostedSeries, versions: Sequence[str]) -> NextStep:
    """Return the step for stable branches that were not requested; () if they are not known."""
    where = _name_branches(versions)
    commit_ids = [series.commit[:12]] if series.commit else []
    wait = find_stable_wait(series)
    is_over = bool(versions) and wait.is_over(series.now.date())
    if not _is_tagged(series):
        why = "it has no Cc: stable tag, but the stable maintainers may take it by its Fixes: tag"
        if is_over:
            why = f"it has no Cc: stable tag, and was not taken since {wait.release}"
        verb, step = ("ask", _your_turn) if is_over else ("wait", _wait_step)
        words = f"{verb} for {where}: {why}; `{{}}` writes the message that asks for it"
        return step(Action("backport", (*commit_ids, "--request"), words))
    if is_over:
        words = f"ask for {where}: {wait.over_reason}; `{{}}` shows what each branch needs"
        return _your_turn(Action("backport", tuple(commit_ids), words))
    words = f"wait for {where}: {wait.reason}; `{{}}` shows where it does not apply"
    return _wait_step(Action("backport", tuple(commit_ids), words))


def find_stable_wait(series: PostedSeries) -> StableWait:
    """Return how long to wait for the stable trees; the last merged patch decides."""
    merged = [landed for landed in series.commits if landed.in_mainline and not landed.reverted_by]
    if not merged or not all(landed.released for landed in merged):
        return StableWait()
    last = max(merged, key=lambda landed: landed.released or series.now)
    released = last.released.date() if last.released else None
    return make_stable_wait(last.release, released, series.project.stable.waiting_days)


def _is_tagged(series: PostedSeries) -> bool:
    if series.needs:
        return series.needs.is_tagged
    patches = (post.patch for post in series.latest.patches if post.patch)
    tags = (trailer for patch in patches for trailer in patch.trailers)
    return series.project.lists.has_stable_tag(tags)


def _is_long_merged(series: PostedSeries) -> bool:
    merged = [landed.date for landed in series.landed if landed.in_mainline and landed.date]
    return bool(merged) and series.now - max(merged) > HALF_A_YEAR


_UNFINISHED = (
    (
        "reverted",
        "{1} was reverted in {0}: read the reason, and send a corrected backport{2}",
    ),
    (
        "failed",
        "send a backport to {0}{2} (`{{}}`); {1} did not apply",
    ),
)
"""States of a stable branch that needs the author's work, and the step."""


def _work_left(series: PostedSeries) -> list[str | Action]:
    """Return the work that remains for the author after the series was accepted.

    This work is backports to branches where the fix did not apply or was reverted, and follow-up
    fixes that a branch lacks.
    """
    steps: list[str | Action] = []
    lacking = (series.needs.lacking if series.needs else None) or ()
    for state, words in _UNFINISHED:
        for target, numbers, versions in _find_unfinished(series, state):
            what = series.name_patches(numbers) or "the fix"
            doubt = "" if set(versions).issubset(lacking) else " if it is needed there"
            text = words.format(", ".join(versions), what, doubt)
            text += "".join(f"; {series.clones[it]}" for it in versions if it in series.clones)
            steps.append(_backport(series, target, versions, text))
    for fix in series.follow_ups:
        if fix.relation not in ("fixes", "reverts"):
            continue
        suffix = f" ({fix.commit[:12]})" if fix.commit else ""
        if fix.lacking is None:
            steps.append(
                f"check that “{fix.subject}”{suffix}, which {fix.relation} it, is applied to every"
                " branch that has it"
            )
        elif fix.lacking:
            advice = (
                f"“{fix.subject}”{suffix}, which {fix.relation} it, is missing in"
                f" {', '.join(fix.lacking)}: send a backport of it as well"
            )
            steps.append(_backport(series, fix.commit, fix.lacking, advice))
    return steps


def _find_unfinished(
    series: PostedSeries, state: str
) -> Iterator[tuple[str | None, tuple[int, ...], list[str]]]:
    """Yield the patches with a state on stable branches, as a TARGET of `backport`, with their
    numbers and the versions of the branches.

    Patches that were merged one after the other are a range, which is backported as a series.
    """
    versions: dict[tuple[int, ...], list[str]] = {}
    for branch in series.stable:
        numbers = tuple(
            number
            for (version, number), patch in sorted(series.stable_patches.items())
            if version == branch.version and patch.state == state
        )
        versions.setdefault(numbers, []).append(branch.version)
    for numbers, where in versions.items():
        commits = [series.find_commit(it) or series.commit for it in numbers]
        if len(numbers) > 1 and all(
            series.upstream[it].parent == before if it in series.upstream else False
            for it, before in zip(numbers[1:], commits, strict=False)
        ):
            yield f"{commits[0]}"[:12] + "^.." + f"{commits[-1]}"[:12], numbers, where
        else:
            yield from ((it, (number,), where) for it, number in zip(commits, numbers, strict=True))


def _backport(
    series: PostedSeries, commit: str | None, versions: Sequence[str], text: str
) -> Action:
    name = series.project.stable.branch_name
    onto = [
        option
        for version in versions
        if name
        for option in ("--onto", name.format(version=version))
    ]
    target = [commit] if commit else []
    return Action("backport", (*target, *onto), text)


def _backport_reviews(series: PostedSeries) -> list[str | Action]:
    """Return the backports that were sent and need a change.

    Their reviews are in the conversations of other series.
    """
    reviews = _find_posted_backports(series, needs_change=True)
    words = "answer the review of the backport to {}: `{{}}` lists its series"
    return [Action("track", (), words.format(", ".join(versions))) for versions in reviews.values()]


def _wait_for_backports(series: PostedSeries) -> list[str | Action]:
    """Return what to do about the backports that were sent: wait, or read another author's."""
    steps: list[str | Action] = []
    for message_id, versions in _find_posted_backports(series, needs_change=False).items():
        # otherwise, the series is the backport, or the user marked the backport as sent
        backport = _find_follow_up(series, message_id)
        author = backport.author if backport else series.author
        if backport is None or backport.is_own or series.is_author(author):
            steps.append(f"wait for {_name_branches(versions)}: the backport was sent")
        else:
            names = ", ".join(versions)
            words = f"read the backport to {names} that {author.name or author.key} sent"
            steps.append(_write(message_id, words))
    return steps


def _find_posted_backports(series: PostedSeries, *, needs_change: bool) -> dict[str, list[str]]:
    """Map the Message-ID of each backport that was sent, or "", to the branches that it is for."""
    backports: dict[str, list[str]] = {}
    for branch in series.stable:
        if branch.state == "posted" and branch.needs_change is needs_change:
            backports.setdefault(branch.message_id or "", []).append(branch.version)
    return backports


def _find_follow_up(series: PostedSeries, message_id: str) -> FollowUp | None:
    later = (it for it in series.follow_ups if it.message_id == message_id != "")
    return next(later, None)


def _in_stable_review(series: PostedSeries) -> list[str | Action]:
    for states, excluded_states, words in _STABLE_REVIEWS:
        pending = [branch for branch in series.stable if branch.state in states]
        if pending and not _versions(series, *excluded_states):
            versions = ", ".join(branch.version for branch in pending)
            step = _update(words.format(versions))
            message_id = pending[-1].message_id
            if not message_id:
                return [step, "reply there if it should not be applied"]
            arguments = "reply", f"<{message_id}>", "--template", "objection"
            words = "if it should not be applied: `{}`"
            return [step, Action("track", arguments, words, is_conditional=True)]
    return _wait_for_backports(series)


_STABLE_REVIEWS = (
    (
        ("review", "queued"),
        ("failed",),
        f"follow the stable review of {{}}; once it is released, run {_FETCH_TAGS}",
    ),
    (("proposed",), ("failed", "dropped", "objected"), "AUTOSEL proposes it for {}"),
)
"""The pending states, the states that end them, and the beginning of the step's text."""


def _join_steps(sentences: Sequence[str | Action]) -> Advice:
    first, *remaining = sentences
    return join_hints(first, *(part for step in remaining for part in ("; ", step)))


def _wishes(series: PostedSeries) -> list[Reply]:
    """Return the messages that need a reply, without those about applied patches."""
    taken = series.taken if series.state is SeriesState.PARTLY_ACCEPTED else ()
    return [
        reply for reply in wishes(series) if reply.mail.wants_answer and reply.patch not in taken
    ]


def list_unanswered(series: PostedSeries) -> list[Reply]:
    """Return each sender's last request if the author did not answer it: latest first, but persons'
    requests before bots'.

    Skip reviewers who got an answer to a later request, and those whose last request is only for
    another version: sending it is the answer.
    """
    decided = set[str]()
    requests: list[Reply] = []
    for request in reversed(_wishes(series)):
        sender = request.mail.sender.key
        if not (sender in decided or _has_answer(series, request) or wants_only_version(request)):
            requests.append(request)
        decided.add(sender)
    return sorted(requests, key=lambda request: request.mail.bot)


def _find_unanswered(series: PostedSeries) -> Reply | None:
    return next(iter(list_unanswered(series)), None)


def _has_answer(series: PostedSeries, request: Reply) -> bool:
    return any(
        reply.mail.mail.in_reply_to == request.message_id and reply.mail.by_author
        for reply in series.replies
    )

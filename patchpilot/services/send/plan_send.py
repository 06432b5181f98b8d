# SPDX-License-Identifier: GPL-2.0-or-later
"""Plan a send: create all messages, and find problems that block sending.

This is the first part of `send`; nothing is sent.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite import rebase_without_covers
from patchpilot.errors import MissingError, PatchpilotError, RefusedError, UsageError
from patchpilot.model.action import Action, Hint
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Series
from patchpilot.model.printable import counted
from patchpilot.model.progress import Progress, silent
from patchpilot.model.recipient import refuse_many
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.outgoing.b4.draft_texts import prose_of
from patchpilot.outgoing.compose_mails import SeriesText
from patchpilot.outgoing.header_guard import refuse_breaks, refuse_foreign
from patchpilot.outgoing.outbox import Send
from patchpilot.outgoing.preflight import PreflightFacts, blockers, warnings
from patchpilot.outgoing.preflight_passed import passed_checks
from patchpilot.projects.loading import find_layered
from patchpilot.series.cover_letter import cover_body
from patchpilot.series.recipient_edits import on_one_line
from patchpilot.services.send.build_proof import compile_tested_line
from patchpilot.services.send.concurrent_sends import find_earlier_sends
from patchpilot.services.send.mail_recipients import addressees
from patchpilot.services.send.preflight_facts import (
    add_message_facts,
    gather_facts,
    load_rules,
)
from patchpilot.services.send.propose_prefix import mark_warnings
from patchpilot.services.send.questions import (
    apply_answers,
    is_regression,
    regzbot_line,
    unclear_fixes,
)
from patchpilot.services.send.sending import Sending
from patchpilot.services.send.undisclosed import refuse_public_server, refuse_unanswered
from patchpilot.topic.b4_record import find_prep_branch
from patchpilot.topic.find_topic import (
    apply_request,
    base_of_topic,
    find_topic,
    read_named_patches,
)
from patchpilot.topic.finish_send import finish_sends
from patchpilot.topic.reroll import (
    changes,
    last_sent,
    range_diff,
    reroll,
    sent_head,
    upcoming_patches,
)
from patchpilot.topic.topic_base import find_base, find_published
from patchpilot.topic.topic_project import project_of


def plan(
    repository: Repository, request: SendRequest, *, progress: Progress = silent
) -> Sending:
    """Return the plan of a send: messages, recipients, problems and warnings.

    Nothing is sent, and only the plan's Message-IDs are stored in the draft. Raise `RefusedError`
    if there are no recipients, and `MissingError` if git has no identity.
    """
    transport = transports.find(request.via)
    on_one_line("--to", request.to)
    on_one_line("--cc", request.cc)
    account = transport.account(repository, request.identity)
    transport.refuse_untrusted(repository, account)
    if account.sender is None:
        raise MissingError(
            "git user.name and user.email are not set",
            hint=(
                "run `git config --global user.name 'Your Name'; git config --global user.email"
                " you@example.org`"
            ),
        )
    progress("reading the topic")
    finished = finish_sends(repository)
    series, ids = patches = read_named_patches(repository, request)
    refuse_breaks([repository.commit(id_) for id_ in ids])
    project = project_of(repository, request.profile, series)
    draft = find_topic(repository, request, patches).draft
    if not request.profile:
        # commits have no subject prefix, so the draft's says which tree they are for
        project = find_layered(project, [draft.prefix.split()])
    covers = (repository.config("format.coverletter") or ("",))[-1].lower()
    request = request._replace(
        profile=project.name,
        cover=request.cover
        or repository.flag("format.coverletter")
        or (covers == "auto" and len(series.patches) > 1),
    )
    draft = (
        apply_request(reroll(draft, repository), request) if request.reroll else draft
    )
    if request.resend and not request.version:
        draft = replace(draft, version=_last_sent_version(repository, draft))
    draft = apply_answers(repository, draft, request)
    refuse_public_server(draft, account)
    if not request.to_self:
        refuse_unanswered(draft, series, project.lists)
    base = base_of_topic(repository, request, ids)
    progress("looking up recipients")
    recipients = addressees(
        repository, request, account, draft, series, project=project
    )
    if not recipients.recipients and not request.to_self:
        raise RefusedError(
            "no recipients",
            hint=Hint(
                (
                    Action("", ("--to",), "use {} and --cc to add recipients"),
                    Action(
                        "maintainers",
                        (),
                        "; `{}` finds them in a tree with MAINTAINERS",
                    ),
                )
            ),
        )
    if not request.to_self:
        refuse_many(len(recipients.recipients), request.force)
    topic_base = None if request.target else find_base(repository, request.base)
    public, below = find_published(repository, base, topic_base) if base else (None, ())
    text = collect_texts(repository, request, draft, series, public)._replace(
        unpublished=below
    )
    planned = Sending(
        request=request,
        transport=transport,
        account=account,
        draft=draft,
        send=Send(
            id=0,
            change_id=draft.change_id,
            repository=draft.repository,
            branch=draft.branch,
            version=draft.version,
            transport=request.via,
            account=account.label,
            sender=account.sender.header(),
            kind="to-self" if request.to_self else "real",
            base=base,
            head=rebase_without_covers(repository, ids)[-1] if ids else None,
            force=request.force,
            bcc=recipients.bcc,
            begun="",
            entries=(),
            identity=request.identity,
            undisclosed=draft.is_undisclosed,
        ),
        series=series,
        ids=ids,
        text=text,
        recipients=recipients.recipients,
        before=find_earlier_sends(draft),
        remarks=finished,
    )
    trees = [tree for section in recipients.sections for tree in section.trees]

    @cache
    def facts_before() -> PreflightFacts:
        load_rules()
        return gather_facts(repository, planned, project, trees, progress)

    progress("making the messages")
    rendered = transport.render(repository, planned, facts_before)
    facts, planned = facts_before(), rendered
    refuse_foreign(planned.send.entries)
    progress("checking")
    facts, checked = add_message_facts(repository, facts, planned)
    blocking, warned = blockers(facts), warnings(facts)
    warned = (
        *warned,
        *(
            mark_warnings(
                [checked_patch.patch for checked_patch in checked.patches],
                project.name,
                is_regression=is_regression(draft),
            )
            if checked
            else ()
        ),
        *tag_warnings(repository, request, draft, ids),
        *open_point_warnings(repository, draft),
        *(unclear_fixes(repository, series) if ids else ()),
        *(SendProblem("recipients", remark) for remark in recipients.warnings),
    )
    in_order = passed_checks(facts, [problem.name for problem in (*blocking, *warned)])
    if request.to_self:
        # a test message is harmless and shows the result, even if the topic is not ready
        warned = (
            *(
                problem._replace(message=f"blocks a real send: {problem.message}")
                for problem in blocking
            ),
            *warned,
        )
        blocking = ()
    return replace(planned, blockers=blocking, warnings=warned, passed=in_order)


MAX_SHOWN = 3


def open_point_warnings(
    repository: Repository, draft: Draft
) -> tuple[SendProblem, ...]:
    """Return warnings about open requests for the last version that the commits do not address,
    and about a version that differs from it only in tags.

    Requests are counted as in `track`, which does not read the commits.
    """
    last = last_sent(draft) if draft.version > 1 else None
    if last is None or last.version >= draft.version:
        return ()
    from patchpilot.reading.thread_values import TAKEN
    from patchpilot.topic.followed.review_summary import review_items, series_of

    for series in series_of(last):
        if series.state in TAKEN:
            return (
                SendProblem(
                    "accepted-before",
                    f"v{last.version} was accepted: {series.why}",
                    "unless the maintainer asked for it, send a patch on top of it instead",
                ),
            )
    kinds = {change.kind for change in changes(draft, last, repository)}
    only_tags = SendProblem(
        "only-tags",
        f"v{draft.version} differs from v{last.version} only in tags",
        "maintainers collect tags themselves: change the commits first, or wait",
    )
    same = (only_tags,) if kinds <= {"same", "tagged"} else ()
    items = review_items(last, () if same else upcoming_patches(draft, repository))
    left = [(number, item) for number, item in items if item.state == "open"]
    if not left:
        return same
    requests = review_items(last, ())
    count = sum(item.state == "open" for _, item in requests)
    which = (
        f", {len(left)} of them not addressed by your commits"
        if len(left) < count
        else ""
    )
    shown = "; ".join(
        f"{item.point.text} ({item.point.asker})" for _, item in left[:MAX_SHOWN]
    )
    more = f"; and {len(left) - MAX_SHOWN} more" if len(left) > MAX_SHOWN else ""
    hint = Action(
        "track",
        ("show", str(left[0][0]), "--ledger"),
        "answer, address or decline them: {}",
    )
    return (
        SendProblem(
            "open-review",
            f"v{last.version} has {counted(count, 'open request')}{which}: {shown}{more}",
            hint,
        ),
        *same,
    )


def tag_warnings(
    repository: Repository, request: SendRequest, draft: Draft, ids: Sequence[str]
) -> tuple[SendProblem, ...]:
    """Return warnings about review tags missing from the new version's commits.

    This includes tags that were not applied because their patch changed.
    """
    if draft.version < 2 or request.resend or not ids or draft.branch is None:
        return ()
    from patchpilot.archive.track_store import Store
    from patchpilot.topic.review_trailers import TrailersRequest, find_review_trailers

    try:
        with Store() as store:
            collected = find_review_trailers(
                repository, TrailersRequest(request.target, request.base), store=store
            )
    except PatchpilotError:
        return ()
    problems = []
    missing = [
        change.subject for change in collected.preparation.changes if change.changed
    ]
    if missing:
        problems.append(
            SendProblem(
                "tags",
                f"review tags are missing from the commits: {'; '.join(missing)}",
                Action("trailers", (), "add them: {}"),
            )
        )
    problems += [
        SendProblem(
            "held-tag",
            f"{held.trailer}, given to v{held.version} of {held.subject}: {held.why}",
            "add it only if it still applies",
        )
        for held in collected.held
        if not held.refused
    ]
    return tuple(problems)


def collect_texts(
    repository: Repository,
    request: SendRequest,
    draft: Draft,
    series: Series,
    base: str | None,
) -> SeriesText:
    """Return the texts of the draft as they appear in the messages.

    A changelog is in the cover letter, or below the `---` of a single patch.
    """
    many = len(draft.patches) > 1
    prep = find_prep_branch(repository, draft.branch, draft.change_id)
    cover = None
    regzbot = regzbot_line(draft, series)
    tested = compile_tested_line(repository, draft)
    needed = "\n".join(f"Depends-on: <{posted}>" for posted in request.depends_on)
    extra = tuple(line for line in (regzbot, tested, needed) if line)
    if draft.has_cover and (request.cover or many):
        body = cover_body(draft.cover_text, draft.changelogs, draft.version)
        cover = (draft.cover_subject, "\n\n".join((body, *extra)))
    notes = {
        patch.commit: draft.notes[patch.patch_id]
        for patch in draft.patches
        if patch.commit and patch.patch_id in draft.notes
    }
    compared = _compare_versions(repository, draft) if request.range_diff else ""
    first = next((patch.commit for patch in draft.patches if patch.commit), None)
    if cover is None and first:
        changes = cover_body("", draft.changelogs, draft.version)
        # this is where b4 puts the cover letter of a single patch
        body = prose_of(draft.cover_text) if prep and not many else ""
        text = "\n\n".join(
            part
            for part in (notes.get(first, ""), body, changes, *extra, compared)
            if part.strip()
        )
        notes = {**notes, first: text} if text else notes
    return SeriesText(
        prefix=_prefix(draft, request),
        cover=cover,
        notes=notes,
        change_id=draft.change_id,
        base=base,
        presubject=prep.presubject if prep else "",
        prerequisites=(
            *(
                f"prerequisite-{prerequisite}"
                for prerequisite in (prep.prerequisites if prep else ())
                if not prerequisite.startswith("base-commit:")
            ),
            *(f"prerequisite-message-id: <{posted}>" for posted in request.depends_on),
        ),
        extras=tuple(text for text in (*extra, compared) if text.strip()),
        range_diff=compared if cover else "",
    )


def _last_sent_version(repository: Repository, draft: Draft) -> int:
    """Return the last version sent; b4 starts the next one right after a send."""
    last = last_sent(draft)
    prep = find_prep_branch(repository, draft.branch, draft.change_id)
    by_b4 = (
        [int(name[1:]) for name, _ in prep.history if name[1:].isdigit()]
        if prep
        else []
    )
    return max((*by_b4, last.version if last else 0)) or draft.version


def _compare_versions(repository: Repository, draft: Draft) -> str:
    """Return the range-diff to the last version. The heading marks commits that are not public."""
    last = last_sent(draft)
    if last is None or not last.base or not last.head or last.version >= draft.version:
        raise UsageError(
            "no earlier version to compare with", hint="use --range-diff with --reroll"
        )
    ids = [patch.commit for patch in draft.patches if patch.commit]
    tips = (sent_head(repository, last), *ids[-1:])
    local = repository.git(
        "rev-list", "--max-count=1", *tips, "--not", "--remotes", ok=(0, 128)
    ).text
    where = " (the commits are not published)" if local else ""
    compared = range_diff(repository, last, ids)
    return f"Range-diff against v{last.version}{where}:\n{compared}"


def _prefix(draft: Draft, request: SendRequest) -> str:
    prefix = draft.prefix or "PATCH"
    return (
        f"{prefix} RESEND"
        if request.resend and "RESEND" not in prefix.upper().split()
        else prefix
    )

# SPDX-License-Identifier: GPL-2.0-or-later
"""Plan a send: create all messages, and find the problems that block it.

This is the first step of `send`; nothing is sent.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.cache.cached_re import save_compiled_patterns
from patchpilot.commits.repository import Repository
from patchpilot.commits.repository_identity import find_repository_path
from patchpilot.commits.rewrite import rebase_without_covers
from patchpilot.errors import RefusedError, UsageError
from patchpilot.model.action import Action, Advice, Hint, name_files
from patchpilot.model.draft import Draft
from patchpilot.model.file_headers import list_files
from patchpilot.model.patch import Patch, Series
from patchpilot.model.printable import format_count, join_words, make_one_line
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.recipient import RecipientPlan, refuse_many_recipients
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.outgoing.b4.draft_texts import strip_final_trailers
from patchpilot.outgoing.compose_mails import SeriesText
from patchpilot.outgoing.header_guard import (
    refuse_header_newlines,
    refuse_unsafe_headers,
)
from patchpilot.outgoing.mail_account import Account, require_sender
from patchpilot.outgoing.omit_trailers import check_omitted_names
from patchpilot.outgoing.outbox import Send
from patchpilot.outgoing.preflight import PreflightFacts, blockers, find_send_warnings
from patchpilot.outgoing.preflight_passed import list_passed_checks
from patchpilot.outgoing.transport import SENT_PROBLEMS, Sending, Transport
from patchpilot.projects.loading import find_layered
from patchpilot.projects.project import Project
from patchpilot.sending.build_proof import format_tested_lines
from patchpilot.sending.check_backports import (
    find_unexplained_backports,
    warn_about_backports,
)
from patchpilot.sending.concurrent_sends import find_earlier_sends
from patchpilot.sending.mail_recipients import choose_recipients, describe_request_effects
from patchpilot.sending.preflight_facts import (
    MessageCheck,
    add_message_facts,
    gather_preflight_facts,
)
from patchpilot.sending.propose_prefix import find_prefix_warnings
from patchpilot.sending.questions import (
    add_request_answers,
    is_regression_fix,
    warn_about_unlikely_tags,
    warn_about_untagged_fixes,
)
from patchpilot.sending.recipient_advice import explain_remedy
from patchpilot.sending.uncommitted import warn_about_uncommitted_edits
from patchpilot.sending.undisclosed import (
    refuse_public_server,
    refuse_unanswered_disclosure,
)
from patchpilot.series.cover_letter import format_cover_body
from patchpilot.series.database import share_databases
from patchpilot.series.draft import TEXTS, Drafts
from patchpilot.series.recipient_edits import refuse_control_characters
from patchpilot.series.same_patches import are_same_patches
from patchpilot.settings.read_settings import read_user_settings
from patchpilot.topic.b4_record import find_prep_branch
from patchpilot.topic.base import find_base, find_published_commit
from patchpilot.topic.find import (
    add_request_options,
    find_base_commit,
    find_topic,
    list_patch_files,
    read_named_patches,
)
from patchpilot.topic.finish_send import finish_sends
from patchpilot.topic.project import project_of
from patchpilot.topic.reroll import (
    compute_range_diff,
    find_last_send,
    find_sent_head,
    has_same_commits,
    is_same_version,
    list_version_changes,
    read_upcoming_patches,
)

if TYPE_CHECKING:
    from patchpilot.checking.result import CheckResult
    from patchpilot.threads.tracked import Tracked


def plan_sending(
    repository: Repository,
    request: SendRequest,
    *,
    progress: Progress = ignore_progress,
) -> Sending:
    """Plan a send: its messages, recipients, problems and warnings.

    Nothing is sent, and only the plan's Message-IDs are saved in the draft; a dry run saves
    nothing. Raise `RefusedError` if there are no recipients, and `MissingError` if git has no
    identity.
    """
    with share_databases(saves=not request.dry_run):
        topic = _read_topic_to_send(repository, request, progress)
        progress("looking up recipients")
        recipients = _choose_recipients(repository, topic)
        sending = _start_sending(repository, topic, recipients)
        trees = [tree for section in recipients.sections for tree in section.trees]
        progress("making the messages")
        facts, checks = _make_messages(repository, sending, topic.project, trees, progress)
        progress("checking")
        plan = _add_problems(repository, topic, facts, checks, recipients, progress)
    save_compiled_patterns()
    return plan


class _TopicToSend(NamedTuple):
    """A topic as it would be sent: its patches, and its draft with the options of the request.

    `last_send` is the send of the previous version, and `followed` the series that are tracked for
    it. `remarks` are notes for the preview, and `effects` describes how the answers in the request
    change the recipients.
    """

    request: SendRequest
    transport: Transport
    account: Account
    series: Series
    ids: tuple[str, ...]
    draft: Draft
    project: Project
    last_send: Send | None
    followed: "tuple[Tracked, ...]"
    remarks: tuple[Advice, ...]
    effects: tuple[str, ...]


def _read_topic_to_send(
    repository: Repository, request: SendRequest, progress: Progress
) -> _TopicToSend:
    """Return the topic, after refusing what must not be sent in any case."""
    transport, account = _open_account(repository, request)
    progress("reading the topic")
    finished_sends = finish_sends(repository, dry_run=request.dry_run)
    series, ids = patches = read_named_patches(repository, request)
    refuse_header_newlines([repository.commit(id_) for id_ in ids])
    project = project_of(repository, request.profile, series)
    saved_draft = find_topic(repository, request, patches).draft
    if not request.profile:
        # commits have no subject prefix, so use the draft's prefix to find the tree
        project = find_layered(project, [saved_draft.prefix.split()])
    request = request._replace(
        profile=project.name, cover=_wants_cover(repository, request, len(series.patches))
    )
    next_draft = _choose_version(repository, request, saved_draft)
    draft = add_request_answers(repository, series, next_draft, request)
    refuse_public_server(draft, account)
    if not request.to_self:
        refuse_unanswered_disclosure(draft, series, project.lists)
    last_send = find_last_send(draft)
    if last_send and last_send.version >= draft.version and not request.resend:
        last_send = None
    return _TopicToSend(
        request,
        transport,
        account,
        series,
        ids,
        draft,
        project,
        last_send,
        read_followed_series(last_send, repository),
        (*finished_sends, *_note_single_commit(repository, request, ids)),
        describe_request_effects(repository, request, account, saved_draft, series, project),
    )


def _open_account(repository: Repository, request: SendRequest) -> tuple[Transport, Account]:
    """Return the transport and the account of a request; raise an error for invalid options."""
    transport = transports.find_transport(request.via)
    for option in ("to", "cc", "bcc"):
        refuse_control_characters(f"--{option}", getattr(request, option))
    account = transport.account(repository, request.identity)
    transport.refuse_untrusted(repository, account)
    require_sender(account)
    return transport, account


def _wants_cover(repository: Repository, request: SendRequest, count: int) -> bool:
    """Return whether the request or `format.coverLetter` asks for a cover letter."""
    setting = (repository.config("format.coverletter") or ("",))[-1].lower()
    return (
        request.cover or repository.flag("format.coverletter") or (setting == "auto" and count > 1)
    )


def _choose_version(repository: Repository, request: SendRequest, draft: Draft) -> Draft:
    """Return the draft of the version to send: the next one, the last one again, or its own."""
    if request.reroll:
        from patchpilot.sending.next_version import prepare_next_draft

        next_draft = prepare_next_draft(repository, draft, request.target, request.base)
        draft = add_request_options(next_draft, request)
    if request.resend and not request.version:
        draft = replace(draft, version=_find_last_sent_version(repository, draft))
    return draft


def _choose_recipients(repository: Repository, topic: _TopicToSend) -> RecipientPlan:
    """Return the recipients; raise RefusedError if there are none, or far too many."""
    request = topic.request
    recipients = choose_recipients(
        repository, request, topic.account, topic.draft, topic.series, project=topic.project
    )
    if request.to_self:
        return recipients
    if not recipients.recipients:
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
    refuse_many_recipients(len(recipients.recipients), request.force)
    return recipients


def _start_sending(
    repository: Repository, topic: _TopicToSend, recipients: RecipientPlan
) -> Sending:
    """Return the send with its texts and recipients, but without messages."""
    request, draft, account, ids = topic.request, topic.draft, topic.account, topic.ids
    base = find_base_commit(repository, request, ids)
    topic_base = None if request.target else find_base(repository, request.base)
    public, unpublished = (
        find_published_commit(repository, base, topic_base) if base else (None, ())
    )
    text = collect_mail_texts(
        repository,
        request,
        draft,
        public,
        () if ids else topic.series.patches,
        format_overruled(topic.followed, request.force),
    )
    return Sending(
        request=request,
        transport=topic.transport,
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
            sender=require_sender(account).header(),
            kind="to-self" if request.to_self else "real",
            base=base,
            head=rebase_without_covers(repository, ids)[-1] if ids else None,
            force=request.force,
            bcc=recipients.bcc,
            begun="",
            entries=(),
            identity=request.identity,
            undisclosed=draft.is_undisclosed,
            files=list_patch_files(request),
        ),
        series=topic.series,
        ids=ids,
        text=text._replace(unpublished=unpublished),
        recipients=recipients.recipients,
        before=find_earlier_sends(draft),
        remarks=topic.remarks,
        effects=topic.effects,
    )


def _make_messages(
    repository: Repository,
    sending: Sending,
    project: Project,
    trees: Sequence[str],
    progress: Progress,
) -> tuple[PreflightFacts, "CheckResult | None"]:
    """Return the facts for the pre-flight checks of the rendered send, and check's findings.

    The commits are checked while another program makes the messages.
    """

    @cache
    def work_meanwhile() -> tuple[PreflightFacts, MessageCheck]:
        facts = gather_preflight_facts(repository, sending, project, trees, progress)
        return facts, MessageCheck(repository, sending)

    rendered_sending = sending.transport.render(repository, sending, work_meanwhile)
    refuse_unsafe_headers(rendered_sending.send.entries)
    facts, check = work_meanwhile()
    return add_message_facts(repository, facts, rendered_sending, check)


def _add_problems(
    repository: Repository,
    topic: _TopicToSend,
    facts: PreflightFacts,
    checks: "CheckResult | None",
    recipients: RecipientPlan,
    progress: Progress,
) -> Sending:
    """Return the rendered send of the facts with its problems, warnings and passed checks."""
    sending = facts.topic
    request, draft = sending.request, sending.draft
    last_send, followed = topic.last_send, topic.followed
    problems = blockers(facts)
    changes = sending.ids or sending.series.patches
    was_sent = any(problem.name in SENT_PROBLEMS for problem in problems)
    blocking = (
        *find_drafts_elsewhere(draft),
        *find_holds(last_send, followed),
        *problems,
        *(() if was_sent else find_unchanged_commits(sending, last_send)),
        *find_unexplained_backports(repository, draft.mark, changes),
    )
    warnings = (
        *warn_about_uncommitted_edits(repository, sending),
        *find_send_warnings(facts),
        *find_prefix_warnings(checks, request.profile, is_regression=is_regression_fix(draft)),
        *warn_about_missing_tags(repository, request, draft, sending.ids),
        *warn_about_open_requests(repository, draft, last_send, followed),
        *warn_about_untagged_fixes(repository, sending.series, facts.project, draft),
        *warn_about_unlikely_tags(repository, sending.series, request.profile),
        *warn_about_backports(repository, draft, changes, request.profile, progress),
        *(
            SendProblem(
                "recipients", remark, explain_remedy(repository, recipients, remark, request.base)
            )
            for remark in recipients.warnings
        ),
    )
    passed = list_passed_checks(facts, [problem.name for problem in (*blocking, *warnings)])
    if list_files(sending.series):
        files = tuple(filter(None, (request.target, *request.more_targets)))
        blocking, warnings = (
            tuple(problem._replace(hint=name_files(problem.hint, files)) for problem in rows)
            for rows in (blocking, warnings)
        )
    if request.to_self:
        # a test message to oneself is harmless, so do not block it
        blocked = (
            problem._replace(message=f"blocks a real send: {problem.message}")
            for problem in blocking
        )
        blocking, warnings = (), (*blocked, *warnings)
    return replace(sending, blockers=blocking, warnings=warnings, passed=passed)


def _note_single_commit(
    repository: Repository, request: SendRequest, ids: Sequence[str]
) -> tuple[str, ...]:
    """Return a note if TARGET is a commit, and git send-email would send those after it."""
    target = request.target or ""
    head = repository.find("HEAD")
    if len(ids) != 1 or ".." in target or not target or head is None or head == ids[0]:
        return ()
    count = len(repository.rev_list("--no-merges", "--max-count=100", f"{ids[0]}..{head}"))
    if not count or not repository.is_ancestor(ids[0], head):
        return ()
    later = format_count(count, "later commit")
    return (f"{target} is one commit; git send-email {target} would send {later} instead",)


MAX_SHOWN = 3
_TEXT_WIDTH = 72


def find_drafts_elsewhere(draft: Draft) -> tuple[SendProblem, ...]:
    """Block a topic without texts and answers if another repository has a draft of its patches.

    The other repository may be the one in which the user prepared the topic.
    """
    with Drafts() as drafts:
        stored = drafts.get(draft.change_id) or draft
        same_patches = drafts.find_with_patches(draft.patches)
    others = [other for other in same_patches if other.repository != draft.repository]
    if stored.links or any(name.partition(".")[0] in TEXTS for name in stored.origins):
        return ()
    problems = []
    for other in others:
        names = [name.replace("_", " ") for name in TEXTS if getattr(other, name)]
        if names:
            problems.append(
                SendProblem(
                    "draft-elsewhere",
                    f"the draft of these patches in {find_repository_path(other.repository)} is not"
                    f" used here; it has {join_words(names)}",
                    "send from there, or copy its texts with draft --export and --import, and"
                    " answer --security yes or no here",
                )
            )
    return tuple(problems)


def read_followed_series(last_send: Send | None, repository: Repository) -> "tuple[Tracked, ...]":
    """Return the tracked series of the last send; () if nothing was sent."""
    if last_send is None:
        return ()
    from patchpilot.threads.review_summary import find_series_of_send

    return find_series_of_send(last_send, repository)


def find_holds(last_send: Send | None, followed: "Sequence[Tracked]") -> tuple[SendProblem, ...]:
    """Block a new version or resend if a reviewer asked not to send one, or may have applied it."""
    version = last_send.version if last_send else 0
    message = f"v{version} should not be followed by another version now"
    return tuple(
        SendProblem("held", message, series.step.advice)
        for series in followed
        if series.step.is_held
    )


def format_overruled(followed: "Sequence[Tracked]", reason: str | None) -> str:
    """Return the paragraph for the recipients if messages asked not to send anything.

    It has the reason for which these messages are overruled, and quotes them. Return "" if there
    are none or nothing is overruled.
    """
    quotes = [series.step.held_by for series in followed if series.step.is_held]
    if not (reason and quotes):
        return ""
    lines = textwrap.wrap(f"Sent again, because: {make_one_line(reason)}", _TEXT_WIDTH)
    for quote in quotes:
        # a quote cannot begin with a tag or a diff
        lines += textwrap.wrap(
            make_one_line(quote),
            _TEXT_WIDTH,
            initial_indent="> ",
            subsequent_indent="> ",
            break_on_hyphens=False,
            break_long_words=False,
        )
    return "\n".join(lines)


def find_unchanged_commits(sending: Sending, last_send: Send | None) -> tuple[SendProblem, ...]:
    """Return the problem that a new version has the commits of the last version."""
    draft = sending.draft
    if last_send is None or last_send.version >= draft.version:
        return ()
    if not is_same_version(draft, last_send, sending.send.entries[0].subject):
        return ()
    texts = f"{'the cover letter or ' if draft.has_cover else ''}the changelog differs"
    difference = f": only {texts}" if draft.changelog else ""
    return (
        SendProblem(
            "same-commits",
            f"v{draft.version} has the same commits as v{last_send.version}{difference}",
            Action(
                "send",
                ("--resend",),
                "did you forget to amend? `{}` sends the last version again, marked RESEND",
            ),
        ),
    )


def warn_about_open_requests(
    repository: Repository,
    draft: Draft,
    last_send: Send | None,
    followed: "Sequence[Tracked]",
) -> tuple[SendProblem, ...]:
    """Warn about review requests for the last version that the commits do not address.

    Also warn if the new version only adds tags, or has the same diffs. Requests are counted as in
    `track`, which does not read the commits.
    """
    if last_send is None or draft.version < 2 or last_send.version >= draft.version:
        return ()
    from patchpilot.reading.thread_values import TAKEN
    from patchpilot.threads.review_summary import list_unsettled_requests

    for series in followed:
        if series.state in TAKEN:
            return (
                SendProblem(
                    "accepted-before",
                    f"v{last_send.version} was accepted: {series.why}",
                    "unless the maintainer asked for it, send a patch on top of it instead",
                ),
            )
    kinds = {change.kind for change in list_version_changes(draft, last_send, repository)}
    is_unchanged = kinds <= {"same", "tagged"}
    tag_warning: tuple[SendProblem, ...] = ()
    if is_unchanged and "tagged" in kinds:
        tag_warning = (
            SendProblem(
                "only-tags",
                f"v{draft.version} differs from v{last_send.version} only in tags",
                "maintainers collect tags themselves: change the commits first, or wait",
            ),
        )
    elif is_unchanged and not has_same_commits(draft, last_send):
        is_same = are_same_patches(
            read_upcoming_patches(draft, repository),
            [entry.raw for entry in last_send.entries if entry.patch_id],
        )
        tag_warning = (
            SendProblem(
                "same-diffs",
                f"v{draft.version} has the same diffs{' and messages' if is_same else ''}"
                f" as v{last_send.version}",
                "if the commits were only rebased or reordered, name that in the changelog; if"
                ' somebody asked for a "changelog text", that often means the commit message',
            ),
        )
    items = list_unsettled_requests(
        followed, () if is_unchanged else read_upcoming_patches(draft, repository)
    )
    open_items = [(number, item) for number, item in items if item.state == "open"]
    if not open_items:
        return tag_warning
    requests = list_unsettled_requests(followed, ())
    count = sum(item.state == "open" for _, item in requests)
    unaddressed_note = (
        f", {len(open_items)} of them not addressed by your commits"
        if len(open_items) < count
        else ""
    )
    open_requests = "; ".join(
        f"{item.point.text} ({item.point.asker})" for _, item in open_items[:MAX_SHOWN]
    )
    more_note = f"; and {len(open_items) - MAX_SHOWN} more" if len(open_items) > MAX_SHOWN else ""
    hint = Action(
        "track",
        ("show", str(open_items[0][0]), "--ledger"),
        "answer, address or decline them: {}",
    )
    return (
        SendProblem(
            "open-review",
            f"v{last_send.version} has {format_count(count, 'open request')}{unaddressed_note}:"
            f" {open_requests}{more_note}",
            hint,
        ),
        *tag_warning,
    )


def warn_about_missing_tags(
    repository: Repository, request: SendRequest, draft: Draft, ids: Sequence[str]
) -> tuple[SendProblem, ...]:
    """Warn about review tags that the new version's commits lack, and about outdated ones.

    This includes tags that were not applied because their patch changed.
    """
    if draft.version < 2 or request.resend or not ids or draft.branch is None:
        return ()
    from patchpilot.sending.next_version import find_thread_tags

    trailers = find_thread_tags(repository, request.target, request.base)
    if trailers is None:
        return ()
    problems = []
    missing_tags = [change.subject for change in trailers.preparation.changes if change.changed]
    if missing_tags:
        problems.append(
            SendProblem(
                "tags",
                f"review tags are missing from the commits: {'; '.join(missing_tags)}",
                Action("trailers", (), "add them: {}"),
            )
        )
    problems += [
        SendProblem(
            "held-tag",
            f"{held_tag.trailer}, given to v{held_tag.version} of {held_tag.subject}:"
            f" {held_tag.why}",
            "add it only if it still applies",
        )
        for held_tag in trailers.held
        if not held_tag.refused
    ]
    problems += [
        SendProblem(
            "outdated-tag",
            f"{tag.trailer} was given to v{tag.version}, and the patch has changed since",
            "remove it, or keep it only if the change is trivial, and name it in the changelog",
        )
        for tag in trailers.outdated
    ]
    return tuple(problems)


def collect_mail_texts(
    repository: Repository,
    request: SendRequest,
    draft: Draft,
    base: str | None,
    files: Sequence[Patch] = (),
    overruled: str = "",
) -> SeriesText:
    """Return the draft's texts as they appear in the messages.

    The changelog and the paragraph `overruled` go into the cover letter, or below the `---` of a
    single patch. `files` are the patches of the series if they are files.
    """
    is_series = len(draft.patches) > 1
    # the name of each patch in `notes`
    keys = [file.source for file in files] or [patch.commit or "" for patch in draft.patches]
    prep = find_prep_branch(repository, draft.branch, draft.change_id)
    cover = None
    tested = format_tested_lines(repository, draft)
    depends_on = "\n".join(f"Depends-on: <{message_id}>" for message_id in request.depends_on)
    extra_lines = tuple(line for line in (overruled, tested, depends_on) if line)
    if draft.sends_cover(requested=request.cover):
        body = format_cover_body(draft.cover_text, draft.changelogs, draft.version)
        cover = (draft.cover_subject, "\n\n".join((body, *extra_lines)))
    notes = {
        key: draft.notes[patch.patch_id]
        for key, patch in zip(keys, draft.patches, strict=False)
        if key and patch.patch_id in draft.notes
    }
    range_diff_text = _compare_with_last_version(repository, draft) if request.range_diff else ""
    first = next((key for key in keys if key), None)
    if cover is None and first:
        changes = format_cover_body("", draft.changelogs, draft.version)
        # b4 puts the cover letter of a single patch below the `---`
        body = strip_final_trailers(draft.cover_text) if prep and not is_series else ""
        text = "\n\n".join(
            paragraph
            for paragraph in (
                notes.get(first, ""),
                body,
                changes,
                *extra_lines,
                range_diff_text,
            )
            if paragraph.strip()
        )
        notes = {**notes, first: text} if text else notes
    return SeriesText(
        prefix=_subject_prefix(draft, request),
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
            *(f"prerequisite-message-id: <{message_id}>" for message_id in request.depends_on),
        ),
        extras=tuple(text for text in (*extra_lines, range_diff_text) if text.strip()),
        range_diff=range_diff_text if cover else "",
        omitted=_read_omitted_trailers(repository, request),
    )


def _read_omitted_trailers(repository: Repository, request: SendRequest) -> tuple[str, ...]:
    """Return the names in `patchpilot.omit-trailers`; raise UsageError if b4 makes the messages."""
    settings = read_user_settings(repository, problems=[])
    names = check_omitted_names(settings.list_value("omit-trailers"))
    if names and request.via == "b4":
        raise UsageError(
            "patchpilot.omit-trailers has no effect on messages that b4 makes",
            hint="use --via git-send-email, or unset the setting",
        )
    return names


def _find_last_sent_version(repository: Repository, draft: Draft) -> int:
    """Return the last version sent.

    b4 starts the next one right after a send, so the draft's version may be later.
    """
    last_send = find_last_send(draft)
    prep = find_prep_branch(repository, draft.branch, draft.change_id)
    b4_versions = [int(name[1:]) for name, _ in prep.history if name[1:].isdigit()] if prep else []
    return max((*b4_versions, last_send.version if last_send else 0)) or draft.version


def _compare_with_last_version(repository: Repository, draft: Draft) -> str:
    """Return the range-diff between the last version and the current commits.

    If the commits are not public, the heading states this.
    """
    last_send = find_last_send(draft)
    if last_send is None or last_send.version >= draft.version:
        raise UsageError(
            "no earlier version to compare with", hint="use --range-diff with --reroll"
        )
    if not last_send.base or not last_send.head:
        raise UsageError(
            f"v{last_send.version} was sent as patch files: it has no commits to compare with",
            hint=Action("draft", ("--changelog", "- what changed"), "describe the changes: {}"),
        )
    ids = [patch.commit for patch in draft.patches if patch.commit]
    tips = (find_sent_head(repository, last_send), *ids[-1:])
    unpublished_commits = repository.git(
        "rev-list", "--max-count=1", *tips, "--not", "--remotes", ok=(0, 128)
    ).text
    note = " (the commits are not published)" if unpublished_commits else ""
    diff = compute_range_diff(repository, last_send, ids)
    return f"Range-diff against v{last_send.version}{note}:\n{diff}"


def _subject_prefix(draft: Draft, request: SendRequest) -> str:
    prefix = draft.prefix or "PATCH"
    return (
        f"{prefix} RESEND" if request.resend and "RESEND" not in prefix.upper().split() else prefix
    )

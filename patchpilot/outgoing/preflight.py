# SPDX-License-Identifier: GPL-2.0-or-later
"""Find problems that block sending unless overridden with a reason, and warnings.

They are derived only from `PreflightFacts`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from shlex import quote
from types import MappingProxyType
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.amend_advice import AMEND, name_rewrite
from patchpilot.history.earlier_fixes import UpstreamState
from patchpilot.lint.message_parts import is_same_person, may_be_same_person
from patchpilot.model.action import Action, Advice, Hint
from patchpilot.model.address import Address, AddressState, check_email_address, is_noreply_address
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Patch, Series
from patchpilot.model.printable import format_count, join_words
from patchpilot.model.recipient import TEAM, Recipient
from patchpilot.model.rewritten_sender import is_list_sender
from patchpilot.model.send_problem import SendProblem, SentRecord
from patchpilot.outgoing.compose_message import AMEND_AUTHOR
from patchpilot.outgoing.git_recipients import choose_to_cover
from patchpilot.outgoing.outbox import Send
from patchpilot.outgoing.providers import find_provider
from patchpilot.outgoing.target_tree import TargetFit, TargetTree
from patchpilot.outgoing.transport import Sending
from patchpilot.outgoing.undisclosed_texts import (
    find_disclosing_problems,
    find_undisclosed_problems,
    find_undisclosed_warnings,
)
from patchpilot.projects.commit_marks import claimed_upstream_commit, is_backport
from patchpilot.projects.loading import is_list, is_on_list_host
from patchpilot.projects.project import Project
from patchpilot.series.cover_letter import (
    find_placeholder,
    format_cover_body,
    has_changelog_items,
    is_written_cover,
    strip_shortlog,
)
from patchpilot.series.same_patches import are_same_patches

MANY = 50
_RESET_AUTHOR = "amend the commits: git commit --amend --reset-author -s"
SANDBOX_BUILD = "the sandbox's tree cannot be compiled; build in your own tree: patchpilot build"
_FIXUP = lazy_pattern(
    r"^(?:fixup|squash|amend)! |^(?:WIP|TODO|DO NOT (?:MERGE|SUBMIT))\b", re.IGNORECASE
)


def _draft_commands(option: str, text: str) -> Hint:
    return Hint((Action("draft", (option, text)), ", or ", Action("draft", ("--edit",))))


_COVER_SUBJECT = _draft_commands("--cover-subject", "description of the series")


class PreflightFacts(NamedTuple):
    """The facts on which problems and warnings depend.

    `errors` contains the errors that check found, one per line, or is None if check could not run.
    `cautions` contains its warnings, and `hidden` is the number of findings that only --strict
    shows. `waived` contains the errors that the user has overridden, with the reason.
    `upstream_known` maps upstream commit ids to whether the local copy of mainline contains them.
    `security_evidence` are the places that speak of a security problem if that question is open.
    `records` contains sent versions that are recorded outside of the outbox.
    `delivery` is what is known about a program that delivers the messages. `private_ids` are the
    Message-IDs of undisclosed fixes. `public_parent` is the archive of the message to which an
    undisclosed fix would reply. `built` is the result of building all commits, or "" if it is not
    known; `unbuilt_reason` states why one could not be built. `tested` is the author's answer how
    the code was tested. `upstream` contains fixes that are already in mainline or other trees, and
    `posted` contains warnings about patches posted by others. `is_off_target` is set for a topic
    with a subject prefix for stable that is not based on that branch. `is_sandbox` is set in the
    demo.
    """

    topic: Sending
    project: Project
    now: datetime
    target: TargetTree | None
    target_fit: TargetFit | None
    errors: tuple[str, ...] | None = ()
    waived: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    hidden: int = 0
    records: tuple[SentRecord, ...] = ()
    first_time: bool = False
    delivery: SendProblem | None = None
    too_soon: str = ""
    unanswered: tuple[str, ...] = ()
    security_evidence: tuple[str, ...] = ()
    upstream_known: Mapping[str, bool] = MappingProxyType({})
    merge_window: str = ""
    damaged: tuple[tuple[str, str], ...] = ()
    private_ids: frozenset[str] = frozenset()
    public_parent: str = ""
    built: str = ""
    upstream: UpstreamState = UpstreamState()
    is_off_target: bool = False
    posted: tuple[SendProblem, ...] = ()
    tested: str = ""
    is_sandbox: bool = False
    unbuilt_reason: str = ""

    @property
    def builds_cleanly(self) -> bool:
        """Return whether all commits were built without new findings."""
        return self.built.endswith("nothing new")


def blockers(facts: PreflightFacts) -> tuple[SendProblem, ...]:
    """Return the problems that block sending, most serious first."""
    return tuple(_find_blockers(facts))


def _find_blockers(facts: PreflightFacts) -> Iterator[SendProblem]:
    topic = facts.topic
    yield from _upstream_problems(facts)
    yield from _recipient_problems(facts)
    yield from _reply_problems(topic)
    yield from _split_problems(topic)
    if facts.security_evidence and any(map(_may_be_list, topic.recipients)):
        yield SendProblem(
            "unanswered-security",
            f"security question not answered, but {facts.security_evidence[0]}",
            _format_answer_hint("security"),
        )
    if topic.draft.is_undisclosed:
        yield from find_undisclosed_problems(topic.series, facts.private_ids)
        if facts.public_parent:
            yield SendProblem(
                "public-thread",
                f"an undisclosed fix would be a reply to a mail in {facts.public_parent} has",
                Action("draft", ("--in-reply-to", ""), "start a separate thread: {}"),
            )
    else:
        yield from find_disclosing_problems(topic.send.entries, facts.private_ids)
    if facts.errors:
        yield SendProblem(
            "check-errors",
            f"check reports {format_count(len(facts.errors), 'error')}:"
            f" {_format_first_lines(facts, facts.errors)}",
            _suggest_check(topic),
        )
    for title, problem in facts.damaged:
        yield SendProblem(
            "damaged",
            f"{title}: `git am` would not recreate your commit from the mail: {problem}",
            topic.transport.damage_hint or _explain_damage(problem),
        )
    yield from _cover_problems(facts)
    for patch in topic.series.patches:
        yield from _patch_problems(facts, patch)
    yield from _note_problems(topic.draft)
    if facts.target_fit and facts.target and not facts.upstream.stable:
        yield from _target_problems(facts, facts.target_fit, facts.target)
    yield from _version_problems(facts)
    yield from _stable_problems(facts)


def _suggest_check(topic: Sending) -> Advice:
    """Return the command that shows check's findings about the patches to send.

    Some findings are about the subject prefix, which `check` reads from the draft or the files. If
    the request has another one, store it in the draft first; for files, return "".
    """
    request = topic.request
    base = ("--base", request.base) if request.base and not request.target else ()
    patches = (*base, *filter(None, (request.target, *request.more_targets)))
    check = Action("check", patches, "see them: {}")
    if request.prefix is None:
        return check
    if not topic.ids:
        return ""
    arguments = ("--subject-prefix", request.prefix, *patches)
    store = Action("draft", arguments, "see them with this prefix: {}; then ")
    return Hint((store, check._replace(reason="{}")))


def _explain_damage(problem: str) -> str:
    """Return what to do about a commit that `git am` would change."""
    if problem.startswith("its author"):
        return (
            "commit under a name without quotes, parentheses or other characters that git changes"
        )
    if problem.startswith("its subject"):
        return (
            "git am removes [text] and Re: at the start of a subject: reword it with git commit"
            " --amend, or set [text] with --subject-prefix"
        )
    return "indent or reword the line that git takes for the end of the message"


def _format_first_lines(facts: PreflightFacts, lines: tuple[str, ...]) -> str:
    """Return the first three lines, with an ellipsis if there are more.

    A line that occurs for several patches is shown once, with the number of patches.
    """
    titles = [f"{patch.subject.title}: " for patch in facts.topic.series.patches]
    originals: dict[str, list[str]] = {}
    for line in lines:
        originals.setdefault(
            line.removeprefix(next((title for title in titles if line.startswith(title)), "")),
            [],
        ).append(line)
    messages = [
        lines[0] if len(lines) == 1 else f"{message} ({format_count(len(lines), 'time')})"
        for message, lines in originals.items()
    ]
    return "; ".join(messages[:3]) + (" …" if len(messages) > 3 else "")


def is_mailing_list(recipient: Recipient) -> bool:
    """Return whether a recipient is a mailing list.

    This depends on the recipient's role, and otherwise on the address. Security teams are not
    lists, and the address of a maintainer may look like a list.
    """
    if recipient.role == TEAM:
        return False
    if recipient.role in ("maintainer", "reviewer"):
        return is_on_list_host(recipient.address.email)
    return (
        "list" in recipient.role.split()
        or recipient.role.endswith("list")
        or is_list(recipient.address)
    )


def _may_be_list(recipient: Recipient) -> bool:
    """Return whether a recipient may be a mailing list, with any display name.

    The sender of a message chooses the name that it gives to an address.
    """
    address = recipient.address._replace(name="")
    return is_mailing_list(recipient._replace(address=address))


def _recipient_problems(facts: PreflightFacts) -> Iterator[SendProblem]:
    topic = facts.topic
    lists = [recipient for recipient in topic.recipients if is_mailing_list(recipient)]
    is_undisclosed = topic.draft.is_undisclosed
    possible_lists = [recipient for recipient in topic.recipients if _may_be_list(recipient)]
    if is_undisclosed and possible_lists:
        names = ", ".join(list_.address.email for list_ in possible_lists)
        yield SendProblem(
            "security-on-list",
            f"a security problem would be sent to public mailing lists: {names}",
            Action("", ("--security", "no"), "answer {} if it is not a security problem"),
        )
    if not topic.recipients:
        yield SendProblem(
            "nobody",
            "no recipients: nobody would receive these messages",
            Action("", ("--to",), "use {} and --cc to add recipients"),
        )
    elif not lists and not is_undisclosed:
        yield SendProblem(
            "no-list",
            "no mailing list among the recipients",
            Hint(
                (
                    Action("", ("--cc",), "add the subsystem's list with {}: "),
                    Action("maintainers", (), "`{}` names it"),
                )
            ),
        )


def _format_answer_hint(name: str) -> Action:
    return Action("", (f"--{name}",), f"answer once: {{}} no, or --{name} yes")


def _split_problems(topic: Sending) -> Iterator[SendProblem]:
    """Yield a problem if maintainers receive only some patches of a series, and no cover letter."""
    count, draft = len(topic.series.patches), topic.draft
    has_cover = topic.series.cover or draft.sends_cover(requested=topic.request.cover)
    if count < 2 or has_cover or draft.is_undisclosed or choose_to_cover(draft, topic.account):
        return
    partial = [
        f"{recipient.address} receives only"
        f" {join_words([f'{number}/{count}' for number in recipient.patches])}"
        for recipient in topic.recipients
        if recipient.role == "maintainer" and 0 < len({*recipient.patches} - {0}) < count
    ]
    if partial:
        more = f"; and {len(partial) - MAX_NAMES} more" if len(partial) > MAX_NAMES else ""
        yield SendProblem(
            "split-recipients",
            f"{'; '.join(partial[:MAX_NAMES])}{more}; there is no cover letter",
            Hint(
                (
                    Action("", ("--to-cover", "all"), "send all patches to all with {}, or "),
                    Action("", ("--to-cover", "own"), "leave it so with {}; or write it: "),
                    Action("draft", ("--edit",)),
                )
            ),
        )


MAX_NAMES = 4


def _reply_problems(topic: Sending) -> Iterator[SendProblem]:
    """Yield problems with a sender or author whom nobody can answer."""
    sender = topic.account.sender
    if sender and is_noreply_address(sender.email):
        yield SendProblem(
            "noreply-sender",
            f"nobody can reply to {sender.email}: it receives no mail",
            "git config --global user.email ADDRESS, then"
            f" {_RESET_AUTHOR if topic.ids else 'write the files again from the amended commits'}",
        )
    for author in dict.fromkeys(patch.author for patch in topic.series.patches):
        if author and (is_list_sender(author) or is_on_list_host(author.email)):
            yield SendProblem(
                "list-author",
                f"the author {author} is a mailing list, which rewrote From:",
                "add the author as the first line of the message, From: NAME <ADDRESS>"
                f"{f', or amend the commit: {AMEND_AUTHOR}' if topic.ids else ''}",
            )
    authors = {patch.author.email for patch in topic.series.patches if patch.author}
    for email in sorted(authors - {sender.email if sender else ""}):
        if is_noreply_address(email):
            yield SendProblem(
                "noreply-author",
                f"the author's address {email} receives no mail",
                "ask the author for another address:"
                f" {AMEND_AUTHOR if topic.ids else 'correct From: in the file'}",
            )


def _patch_problems(facts: PreflightFacts, patch: Patch) -> Iterator[SendProblem]:
    title = patch.subject.title
    # if there is only one patch, do not name it
    prefix = f"{title}: " if len(facts.topic.series.patches) > 1 else ""
    amend = AMEND if patch.commit else "edit the patch file"
    if patch.commit and patch is not facts.topic.series.patches[-1]:
        amend = name_rewrite(AMEND, patch.commit[:12])
    if _FIXUP.match(title):
        yield SendProblem(
            "fixup",
            f"{title}: the subject marks the commit as not ready to be sent",
            "git rebase -i --autosquash"
            if facts.topic.ids
            else "squash its commit, and write the files again with git format-patch",
        )
    if placeholder := find_placeholder("\n".join((*patch.message, *patch.notes))):
        yield SendProblem(
            "placeholder",
            f"{prefix}a text is not filled in: {placeholder}",
            f"write it or delete the line: {amend}",
        )
    if not patch.tags("Signed-off-by"):
        yield SendProblem(
            "no-signoff",
            f"{prefix}no Signed-off-by",
            Action("prepare", ("--signoff",), "add it: {}")
            if facts.topic.ids
            else "add it to the file, or write the file again with git format-patch --signoff",
        )
    elif _is_unsigned_backport(facts.topic, patch):
        yield SendProblem(
            "no-signoff",
            f"{prefix}a backport without your Signed-off-by as the last one",
            f"{amend} -s" if patch.commit else "write them again with --signoff",
        )


def _is_unsigned_backport(topic: Sending, patch: Patch) -> bool:
    """Return whether the last sign-off of a backport is not the sender's.

    Its mainline commit has the author's and the maintainers' sign-offs, so that even an author who
    backports the own fix signs it off again.
    """
    sender = topic.account.sender
    signers = [tag.address for tag in patch.tags("Signed-off-by") if tag.address]
    return bool(
        sender and signers and is_backport(patch) and not _may_be_sender(sender, signers[-1])
    )


def _may_be_sender(sender: Address, signer: Address) -> bool:
    return is_same_person(sender, signer) or may_be_same_person(sender, signer)


def _note_problems(draft: Draft) -> Iterator[SendProblem]:
    for known in draft.patches:
        if placeholder := find_placeholder(draft.notes.get(known.patch_id, "")):
            yield SendProblem(
                "placeholder",
                f"{known.subject}: the note is not filled in: {placeholder}",
                Action("draft", ("--edit",)),
            )


def _cover_problems(facts: PreflightFacts) -> Iterator[SendProblem]:
    topic = facts.topic
    draft, cover = topic.draft, topic.series.cover
    if cover:
        subject, text, source = (
            cover.subject.title,
            strip_shortlog("\n".join(cover.message)),
            f"write it in {cover.source}",
        )
    elif topic.request.cover or (draft.has_cover and len(topic.series.patches) > 1):
        subject, source = draft.cover_subject, ""
        # leave out the changelog if it is unfinished, because another check reports this
        text = draft.cover_text.strip() or format_cover_body(
            "", draft.changelogs, topic.send.version
        )
    else:
        return
    if not is_written_cover(subject):
        yield SendProblem(
            "cover-subject",
            f"the cover letter's subject is not written: {subject or 'empty'}",
            source or _COVER_SUBJECT,
        )
    if not is_written_cover(text):
        yield SendProblem(
            "cover-text",
            "the cover letter's text is not written",
            source
            or _draft_commands("--cover", "the purpose of the whole series, and the reason for it"),
        )


def _upstream_problems(facts: PreflightFacts) -> Iterator[SendProblem]:
    state, has_commits = facts.upstream, bool(facts.topic.ids)
    if state.sure:
        is_own = state.sure.commit in facts.topic.ids
        message = f"mainline has it already, in {state.sure.where}"
        problem = message if is_own else state.sure.words
        yield SendProblem(
            "already-fixed", problem, suggest_commands(state, has_commits=has_commits)
        )
    elif (fit := facts.target_fit) and facts.target and fit.already and not fit.fails:
        yield SendProblem(
            "already-fixed",
            f"{facts.target.label} contains the same change: {fit.already[0]}",
            _suggest_drop(has_commits),
        )
    if state.stable and "stable-base" not in facts.project.style.ignore:
        yield SendProblem("stable-base", state.stable.words, suggest_commands(state))
    elif facts.is_off_target and facts.target:
        yield SendProblem(
            "stable-base",
            f"[{facts.topic.draft.mark}], but not based on {facts.target.label}",
            f"git rebase --onto {quote(facts.target.label)} {(facts.topic.send.base or '')[:12]}",
        )


def suggest_commands(state: UpstreamState, *, has_commits: bool = True) -> Advice:
    """Return commands to use if the fix is already upstream, or the topic is based on a
    stable branch.

    Without `has_commits`, patch files are sent.
    """
    if state.sure and state.sure.in_mainline:
        return Action(
            "backport",
            (state.sure.commit[:12],),
            "if a stable tree lacks it, see what is next: {}",
        )
    if state.stable:
        return (
            f"if mainline has the bug: {state.stable.rebase}; for stable only, add the prefix"
            f" PATCH {state.stable.version}.y"
        )
    return _suggest_drop(has_commits)


def _suggest_drop(has_commits: bool) -> str:
    return "git fetch, then rebase and drop the commit" if has_commits else "do not send this file"


def _target_problems(
    facts: PreflightFacts, target_fit: TargetFit, target: TargetTree
) -> Iterator[SendProblem]:
    if target_fit.fails:
        files = ", ".join(target_fit.paths[:3])
        yield SendProblem(
            "does-not-apply",
            f"{target_fit.fails}: does not apply to {target.label} ({target.tip[:12]}): {files}",
            f"git fetch && git rebase {quote(target.label)}"
            if facts.topic.ids
            else _suggest_new_file(facts.topic, target, target_fit.fails),
        )


def _suggest_new_file(topic: Sending, target: TargetTree, title: str = "") -> Advice:
    """Return how to get a patch file that applies to a tree, for the patch with a title or all."""
    for patch in topic.series.patches:
        claim = claimed_upstream_commit(patch)
        if claim and is_backport(patch) and title in ("", patch.subject.title):
            return Action(
                "backport",
                (claim[:12], "--onto", target.label),
                "see what the branch needs, and write it again: {}",
            )
    return (
        "correct the file, or write it again with git format-patch on a branch that has"
        f" {target.tip[:12]}"
    )


def _version_problems(facts: PreflightFacts) -> Iterator[SendProblem]:
    topic, version = facts.topic, facts.topic.send.version
    is_resend = topic.request.resend or "RESEND" in topic.draft.prefix.upper().split()
    has_changelog = has_changelog_items(topic.draft.changelog) or _lists_changes(
        topic.series, version
    )
    changelogs = (topic.draft.changelogs.get(str(number), "") for number in range(2, version + 1))
    if placeholder := find_placeholder("\n".join(changelogs)):
        yield SendProblem(
            "unfinished",
            f"the changelog is not filled in: {placeholder}",
            Action("draft", ("--edit",), "write it or delete the line: {}"),
        )
    elif version > 1 and not is_resend and not has_changelog:
        yield SendProblem(
            "no-changelog",
            f"v{version} does not state what changed since v{version - 1}",
            _draft_commands("--changelog", "- what changed"),
        )
    if topic.request.to_self:
        return
    patch_ids = {patch.patch_id for patch in topic.draft.patches}
    sends_of_version = [send for send in topic.received if send.version == version]
    if is_resend:
        mails = (
            [entry.raw for entry in sends_of_version[-1].entries if entry.patch_id]
            if sends_of_version
            else []
        )
        if patch_ids and mails and not are_same_patches(topic.series.patches, mails):
            yield SendProblem(
                "version-sent",
                f"the patches differ from v{version}, which a resend repeats",
                Action("send", ("--reroll",), "`{}` sends them as the next version"),
            )
        return
    for send in topic.before:
        is_same = send.patch_ids == patch_ids and are_same_patches(
            topic.series.patches,
            [entry.raw for entry in send.entries if entry.patch_id],
        )
        is_new = version > send.version and has_changelog
        if patch_ids and is_same and not is_new:
            yield SendProblem(
                "already-sent",
                f"the same patches were sent as v{send.version} on {send.begun[:10]}"
                f" ({send.state})",
                _same_patches_hint(facts, send),
            )
            return
    if sends_of_version:
        yield _make_sent_version_problem(sends_of_version[-1])
    else:
        yield from _recorded_sends(facts, has_changelog)


def _recorded_sends(facts: PreflightFacts, has_changelog: bool) -> Iterator[SendProblem]:
    topic = facts.topic
    for record in facts.records:
        date = f" on {record.date}" if record.date else ""
        if record.same and not (topic.send.version > record.version and has_changelog):
            hint = Action(
                "draft",
                ("--changelog", "- what changed"),
                "amend the commits and state what changed with `{}`; or send it again, marked"
                " RESEND, with --resend",
            )
            yield SendProblem(
                "already-sent",
                f"the same patches were sent as v{record.version}{date}: {record.where}",
                hint,
            )
            return
        if record.same_topic and record.version == topic.send.version:
            hint = Action("draft", ("-v", str(record.version + 1)), "`{}` sends the next version")
            yield SendProblem(
                "version-sent",
                f"v{record.version} of this topic was sent{date}: {record.where}",
                hint,
            )
            return


def _same_patches_hint(facts: PreflightFacts, send: Send) -> Advice:
    if send.state != "sent":
        return Action("send", ("--resume",), "`{}` sends the messages that were not accepted")
    if facts.topic.send.version > send.version:
        return Action(
            "draft",
            ("--changelog", "- what changed"),
            "no patch has changed: amend the commits and state what changed with `{}`; or send it"
            " again, marked RESEND, with --resend",
        )
    return Action(
        "",
        ("--reroll",),
        "send a new version with {}, or the same version again, marked RESEND, with --resend",
    )


def _make_sent_version_problem(send: Send) -> SendProblem:
    reroll_action = Action("send", ("--reroll",), "`{}` sends the next version")
    if send.state == "sent":
        return SendProblem(
            "version-sent",
            f"v{send.version} of this topic was sent on {send.begun[:10]}",
            reroll_action,
        )
    return SendProblem(
        "version-sent",
        f"part of v{send.version} of this topic was sent on {send.begun[:10]}",
        Hint(
            (
                Action("send", ("--resume",), "`{}` sends the rest as previewed"),
                "; ",
                reroll_action,
            )
        ),
    )


def _lists_changes(series: Series, version: int) -> bool:
    notes = [
        *(patch.notes for patch in series.patches),
        *((series.cover.message,) if series.cover else ()),
    ]
    heading = re.compile(
        rf"\bv{version}\b|\bchanges since v{version - 1}\b|\bv{version - 1}\s*(?:->|→)",
        re.IGNORECASE,
    )
    return any(heading.search(line) for note in notes for line in note)


def _stable_problems(facts: PreflightFacts) -> Iterator[SendProblem]:
    stable = [
        recipient
        for recipient in facts.topic.recipients
        if recipient.address.key == facts.project.lists.stable
    ]
    if not stable:
        return
    for patch in facts.topic.series.patches:
        claim = claimed_upstream_commit(patch)
        if claim and facts.upstream_known.get(claim) is False:
            yield SendProblem(
                "not-upstream",
                f"{patch.subject.title}: sent to stable@ as a backport of {claim[:12]}, which is"
                " not in your copy of mainline",
                "git fetch mainline, or name the right commit: stable takes only commits that are"
                " in mainline",
            )


def find_send_warnings(facts: PreflightFacts) -> tuple[SendProblem, ...]:
    """Return the warnings, which do not block sending."""
    return (
        *([facts.topic.blocking_problem] if facts.topic.blocking_problem else []),
        *_check_warnings(facts),
        *_mail_warnings(facts),
        *_series_warnings(facts),
        *_tree_warnings(facts),
        *(
            SendProblem("perhaps-fixed", fix.words, f"git show {fix.commit[:12]}")
            for fix in facts.upstream.known
            if not fix.is_sure
        ),
        *facts.posted,
    )


def format_hidden_findings_note(hidden: int) -> str:
    """Return a note with the number of findings that only --strict shows, to append to the result
    of check.
    """
    return f"; {hidden} more with --strict" if hidden else ""


def _check_warnings(facts: PreflightFacts) -> Iterator[SendProblem]:
    if facts.topic.draft.is_undisclosed:
        yield from find_undisclosed_warnings(facts.topic.series)
    if facts.errors is None:
        yield SendProblem("unchecked", "the checks could not run", Action("check"))
    if facts.waived:
        yield SendProblem(
            "waived",
            f"{format_count(len(facts.waived), 'error')} of check waived:"
            f" {_format_first_lines(facts, facts.waived)}",
            Action("check", ("--unwaive", "RULE"), "remove a waiver: {}"),
        )
    if facts.cautions:
        yield SendProblem(
            "check-warnings",
            f"check reports {format_count(len(facts.cautions), 'warning')}:"
            f" {_format_first_lines(facts, facts.cautions)}"
            f"{format_hidden_findings_note(facts.hidden)}",
            _suggest_check(facts.topic),
        )
    yield from _test_warnings(facts)
    for name in facts.unanswered:
        if name != "security" or not facts.security_evidence:
            yield SendProblem(f"unanswered-{name}", _UNANSWERED[name], _format_answer_hint(name))


def _test_warnings(facts: PreflightFacts) -> Iterator[SendProblem]:
    is_untested = bool(facts.built) or facts.tested in ("", "no")
    is_real = facts.topic.ids and not facts.topic.request.to_self
    if is_real and is_untested and not facts.builds_cleanly:
        message = facts.built or f"not built{' and not tested' if facts.tested else ''}"
        if facts.unbuilt_reason:
            message = f"{facts.unbuilt_reason}{'; not tested' if facts.tested else ''}"
        if facts.is_sandbox or facts.unbuilt_reason:
            hint = SANDBOX_BUILD if facts.is_sandbox else ""
            yield SendProblem("not-buildable", message, hint)
        else:
            yield SendProblem("not-built", message, Action("build", (), "build it: {}"))
    is_file = not (facts.topic.ids or facts.topic.request.to_self)
    if is_file and is_untested and facts.topic.draft.is_for_stable:
        yield SendProblem(
            "not-tested",
            "the backport was not tested" if facts.tested else "not stated how it was tested",
            Action(
                "draft",
                ("--note-build",),
                "stable@ asks for tested backports; --tested hardware, qemu or built records the"
                " test; then, only if you want it in the message: {}",
            ),
        )


def _mail_warnings(facts: PreflightFacts) -> Iterator[SendProblem]:
    topic = facts.topic
    sender = topic.account.sender
    for patch in topic.series.patches:
        signers = [tag.address for tag in patch.tags("Signed-off-by") if tag.address]
        is_signed = any(sender and sender.key == signer.key for signer in signers)
        if sender and signers and not is_signed and not _is_unsigned_backport(topic, patch):
            is_other_address = any(_may_be_sender(sender, signer) for signer in signers)
            yield SendProblem(
                "sender",
                f"you send as {sender.email}, but {patch.subject.title} is not signed off with that"
                " address",
                "check sendemail.from and user.email"
                if is_other_address
                else "sign off what you forward; otherwise, check sendemail.from and user.email",
            )
            break
    if facts.delivery:
        yield facts.delivery
    if facts.first_time and not topic.request.to_self:
        yield SendProblem(
            "first-time",
            "no patch was sent from here yet",
            Action("send", ("--to-self",), "send the series to yourself first: {}"),
        )
    rewriter = find_provider(topic.account.server)
    if rewriter and rewriter.rewrites:
        yield SendProblem(
            "gateway",
            f"{rewriter.name} is known to alter messages: {rewriter.rewrites}",
            Action("send", ("--to-self",), "send the series to yourself first: {}"),
        )
    if len(topic.recipients) > MANY:
        yield SendProblem(
            "many",
            f"{len(topic.recipients)} recipients: some lists hold messages with that many for"
            " moderation",
            Action(
                "maintainers",
                ("--drop", "ADDRESS"),
                "drop recipients who do not need it",
            ),
        )
    if facts.now.weekday() >= 5:
        yield SendProblem("weekend", "weekend: expect few reviews before Monday")


def _tree_warnings(facts: PreflightFacts) -> Iterator[SendProblem]:
    if facts.too_soon:
        yield SendProblem(
            "too-soon",
            facts.too_soon,
            "wait for more replies, unless a maintainer asked for a new version",
        )
    if facts.merge_window:
        yield SendProblem("merge-window", facts.merge_window)
    if prerequisites := facts.topic.text.unpublished:
        yield SendProblem(
            "prerequisites",
            f"the series needs {format_count(len(prerequisites), 'commit')} that no remote branch"
            " has: prerequisite-patch-id: names them",
            "name the series that has them in the cover letter, or rebase without them",
        )
    if facts.target_fit and facts.target_fit.applies == "clean-3way":
        yield SendProblem(
            "three-way",
            "the patches apply to the target's tip only by a three-way merge",
            "git rebase onto its tip"
            if facts.topic.ids or facts.target is None
            else _suggest_new_file(facts.topic, facts.target),
        )
    if facts.target is None:
        yield SendProblem(
            "no-target",
            "no target tree found: not checked whether the patches apply",
            "git remote add, or --base REF",
        )
    emails = [
        recipient.address.email
        for recipient in facts.topic.recipients
        if check_email_address(recipient.address.email).state is AddressState.DOUBTFUL
    ]
    if emails:
        yield SendProblem(
            "doubtful-address",
            f"not a public internet address: {', '.join(emails[:4])}",
        )


def _single_cover_warnings(topic: Sending) -> Iterator[SendProblem]:
    """Report what becomes of the cover letter of a single patch."""
    if not topic.draft.has_cover or topic.text.cover:
        return
    text = topic.draft.cover_text.strip()
    if text and any(text.encode() in entry.raw for entry in topic.send.entries):
        yield SendProblem("single-cover", "the cover letter's text is below the --- of the patch")
        return
    yield SendProblem(
        "single-cover",
        "the cover letter is not sent: a single patch has none",
        Action(
            "", ("--cover-letter",), "send it with {}, or move its text below --- (draft --note)"
        ),
    )


def _series_warnings(facts: PreflightFacts) -> Iterator[SendProblem]:
    topic, version = facts.topic, facts.topic.send.version
    count = len(topic.series.patches)
    if count == 1 and not topic.series.cover:
        yield from _single_cover_warnings(topic)
    if (
        facts.project.mail.cover_from
        and count >= max(2, facts.project.mail.cover_from)
        and not topic.series.cover
        and not topic.draft.has_cover
        and not all(map(is_backport, topic.series.patches))
    ):
        yield SendProblem(
            "no-cover",
            f"a series of {count} patches without a cover letter",
            _COVER_SUBJECT,
        )
    if (
        facts.project.mail.new_thread
        and version > 1
        and topic.send.entries
        and topic.send.entries[0].in_reply_to
    ):
        yield SendProblem(
            "version-as-reply",
            f"v{version} is sent as a reply; {facts.project.title} asks for a new thread for"
            " each version",
            Action(
                "draft",
                ("--in-reply-to", ""),
                "use `{}`: the changelog links to the last version",
            ),
        )


_UNANSWERED = {
    "security": (
        "security question not answered: a security problem must not be sent to a public list"
    ),
    "regression": (
        "regression question not answered: a regression fix is also reported to the regression"
        " tracker"
    ),
}

# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the request to the stable maintainers for a fix that is upstream."""

from pathlib import Path
from textwrap import fill as fill_text

from patchpilot.backports.backport_message import people
from patchpilot.backports.branch_result import BranchVerdict
from patchpilot.commits.range import commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.printable import join_words, printable
from patchpilot.projects.project import StableTrees
from patchpilot.recipients.recipient_plan import plan_patches
from patchpilot.resources import keep_draft
from patchpilot.series.cover_letter import fill, strip_comments, template
from patchpilot.services.backport.backport_result import BackportResult
from patchpilot.services.backport.backport_targets import form_of
from patchpilot.topic.topic_recipients import source_tree, sources_of


def request_mail(
    repository: Repository, result: BackportResult, stable: StableTrees, why: str = ""
) -> str:
    """Return the message that asks the stable maintainers to apply a mainline commit.

    The message, headers first, lists the trees that the commit applies to without conflicts (option
    2 in the stable kernel rules). It is sent in the user's name, so it only states facts determined
    by patchpilot. Raise `UsageError` if the fix is not in mainline, or does not apply cleanly to
    any tree that needs it.
    """
    if result.commit is None or not result.upstream:
        raise UsageError(
            "not in mainline: stable trees only accept mainline commits",
            hint=Action("stable", (), "until then, add a Cc: stable line: {}"),
        )
    takes = [
        branch
        for branch in result.branches
        if branch.verdict in (BranchVerdict.CLEAN, BranchVerdict.THREE_WAY)
    ]
    if not takes:
        needed = any(branch.wants_fix for branch in result.branches)
        raise UsageError(
            "the fix does not apply cleanly to any stable tree that needs it"
            if needed
            else "no stable tree needs the fix",
            hint=Action("backport", (result.commit[:12],), "see `{}` for each tree"),
        )
    commit = repository.commit(result.commit)
    identity = repository.identity
    others = [
        branch for branch in result.branches if branch.verdict is BranchVerdict.CONFLICT
    ]
    state = ["git applies it there without conflicts."]
    if others:
        state.append(
            f"It conflicts on {join_words([other.version or other.branch for other in others])}."
        )
    if result.followers:
        named = join_words(
            [
                f'{follower.commit[:12]} ("{follower.subject}")'
                for follower in result.followers
                if not follower.undone
            ]
        )
        state.append(f"It needs {named} with it." if named else "")
    values = {
        "trees": join_words([f"{take.version or take.branch}" for take in takes]),
        "commit": result.commit,
        "subject": result.subject,
        # drop the label, which the template already has
        "why": fill_text(f"Why: {why}", 72)[5:] or _first_paragraph(commit.body),
        "state": "\n".join(line for line in state if line),
        "name": identity.name if identity else "",
    }
    body = strip_comments(fill(template("stable-request"), values))
    cc = _cc(repository, commit, stable, identity)
    subject = f'Please apply {commit.short} ("{result.subject}") to {values["trees"]}'
    head = [
        *([f"To: {stable.list}"] if stable.list else []),
        *(["Cc: " + ",\n ".join(address.header() for address in cc)] if cc else []),
        f"Subject: {' '.join(subject.split())}",
    ]
    return "\n".join([*head, "", body]) + "\n"


def save_request(repository: Repository, result: BackportResult) -> Path:
    """Write the request as a draft to the user's state directory, and return its file.

    Raise `UsageError` as `request_mail` does.
    """
    text = printable(request_mail(repository, result, form_of(repository, None)))
    return keep_draft("requests", (result.commit or "")[:12], text)


def _cc(
    repository: Repository,
    commit: Commit,
    stable: StableTrees,
    sender: Address | None,
) -> tuple[Address, ...]:
    """Return the Cc: addresses: contacts in the commit, and its maintainers and lists."""
    result = {address.key: address for address in people([commit], (stable.list,))}
    for address in _maintainers(repository, commit):
        if address.key != stable.list:
            result.setdefault(address.key, address)
    if sender:
        result.pop(sender.key, None)
    return tuple(result.values())


def _maintainers(repository: Repository, commit: Commit) -> tuple[Address, ...]:
    """Return the maintainers and lists of the commit's files, or () without a MAINTAINERS file."""
    tree = source_tree(None, repository)
    if not tree.exists("MAINTAINERS"):
        return ()
    try:
        sources = sources_of(tree, repository, {"git_fallback": False, "git": False})
        plan = plan_patches([commit_patch(repository, commit.id)], sources)
    except PatchpilotError:
        # ignore a broken MAINTAINERS, because the request goes to the stable maintainers
        return ()
    return tuple(
        recipient.address for recipient in plan.recipients if recipient.section
    )


def _first_paragraph(body: str) -> str:
    paragraphs = [part.strip("\n") for part in body.split("\n\n")]
    for at, text in enumerate(paragraphs):
        if text and not text.startswith(
            ("[", "commit ", "Fixes:", "Signed-off-by:", "Cc:")
        ):
            # the paragraph may introduce the next one, such as a log, so include both
            return "\n\n".join(paragraphs[at : at + 1 + text.endswith(":")])
    return "(give the reason)"

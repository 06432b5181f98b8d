# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the request to the stable maintainers for a fix that is upstream."""

from patchpilot.backports.verdict import BranchVerdict
from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.action import Action
from patchpilot.projects.stable_trees import StableTrees
from patchpilot.series.cover_letter import fill, template, without_comments
from patchpilot.services.backport.backport_result import BackportResult


def request_mail(
    repository: Repository, result: BackportResult, stable: StableTrees, why: str = ""
) -> str:
    """Returns the message that asks the stable maintainers to apply a mainline commit.

    The message, headers first, names the trees to which the commit applies without changes
    (option 2 of the stable kernel rules). Raises `UsageError` if the fix is not in mainline
    or applies cleanly to no tree that needs it.
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
        raise UsageError(
            "the fix does not apply cleanly to any stable tree that needs it",
            hint=Action("backport", (), "see `{}` for the verdict of each tree"),
        )
    commit = repository.commit(result.commit)
    identity = repository.identity
    others = [
        branch for branch in result.branches if branch.verdict is BranchVerdict.CONFLICT
    ]
    state = [
        (
            "It applies there unchanged, and I have checked the result."
            if not others
            else "It applies there."
        )
    ]
    if others:
        state.append(
            f"It conflicts on {_joined([other.version or other.branch for other in others])}; a"
            " backport follows."
        )
    if result.followers:
        named = _joined(
            [
                f'{follower.commit[:12]} ("{follower.subject}")'
                for follower in result.followers
                if not follower.undone
            ]
        )
        state.append(f"It needs {named} with it." if named else "")
    values = {
        "trees": _joined([f"{take.version or take.branch}" for take in takes]),
        "commit": result.commit,
        "subject": result.subject,
        "why": why or _first_paragraph(commit.body),
        "state": "\n".join(line for line in state if line),
        "name": identity.name if identity else "",
    }
    body = without_comments(fill(template("stable-request"), values))
    cc = ", ".join(dict.fromkeys([commit.author.header()]))
    subject = f'Please apply {commit.short} ("{result.subject}") to {values["trees"]}'
    head = [
        *([f"To: {stable.list}"] if stable.list else []),
        f"Cc: {cc}",
        f"Subject: {' '.join(subject.split())}",
    ]
    return "\n".join([*head, "", body]) + "\n"


def _first_paragraph(body: str) -> str:
    for paragraph in body.split("\n\n"):
        text = paragraph.strip("\n")
        if text and not text.startswith(
            ("[", "commit ", "Fixes:", "Signed-off-by:", "Cc:")
        ):
            return text
    return "(give the reason)"


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

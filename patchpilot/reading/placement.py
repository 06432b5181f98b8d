# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse where a patch was applied.

This may be a tree, commits, and stable versions.
"""

import re
from typing import NamedTuple

from patchpilot.projects.commit_marks import LEAST, find_copied_commits, find_upstream_commits
from patchpilot.reading.mail_kinds import ROUNDS, STABLE, MailKind

_COMMIT_URL = re.compile(
    r"https?://git\.kernel\.org/\S*?(?:/c/|[?&;](?:id|h)=|/commit/?\?id=|/tip/)(?P<id>[0-9a-f]{7,40})\b"
)
_COMMIT_LINE = re.compile(
    r"^\s*(?:commit|merge commit|Commit-ID)\s*:\s+(?P<id>[0-9a-f]{7,40})\b",
    re.MULTILINE,
)
_SHOWN = re.compile(r"commit (?P<id>[0-9a-f]{40})")
"""The first line of a commit that git shows."""
_APPLIED_TO = re.compile(
    r"^[^\w\n]*(?:this (?:patch|series|pull request) was )?(?:applied|queued|merged|pushed)(?: to| in| into)\s*:?\s+"  # noqa: E501
    r"(?P<tree>\S+(?:(?<![,;.!])[ \t]+(?:\([^)\n]+\)|[\w./-]+$))?)",
    re.MULTILINE | re.IGNORECASE,
)
_MARKED_APPLIED = re.compile(
    r"were marked \"accepted\", because they were applied to\s+(?P<tree>\S+(?: \([^)\n]+\))?)"
)
_SUMMARY = re.compile(
    r"^[ ]*(?:-[ ]+)?\[(?P<marks>[^]\n]*?(?P<number>\d{1,6})/(?P<total>\d{1,6})|[^]\n]*)\][ ]+(?P<title>\S[^\n]*(?:\n[ ]{4,}(?!\(|https?:|commit:)[^\n]+)?)\n"  # noqa: E501
    r"\s+(?:commit:\s+)?(?P<where>https?://\S+|[0-9a-f]{7,40}\b|\(no [^)\n]*\))",
    re.MULTILINE,
)
_LISTED_ID = re.compile(r"(?:^(?=[0-9a-f]{7,})|/(?=[0-9a-f]{12,}))(?P<id>[0-9a-f]{7,40})/?$")
_LISTED = re.compile(r"^(?P<commit>[0-9a-f]{12,40}) (?P<title>\S[^\n]{7,200})$", re.MULTILINE)
"""A commit followed by its title, as in scripts' lists of applied patches."""
_TIP = re.compile(r"merged into the (?P<tree>\S+) branch of tip")
_MM = re.compile(
    r"(?:(?:added to|removed from) the -mm |merged into the |\[merged )(?P<tree>[^\s\]]+)(?: branch|\])"  # noqa: E501
)
_DRIVER = re.compile(r"in the (?P<tree>\S+) branch\b")
_PULLED = re.compile(r"merged into (?P<tree>\S+?)(?:\.git)?:")
_BACKPORTED = re.compile(r"^\|\s*(?:stable/linux-)?(\d+\.\d+)(?:\.y)?\s*\|", re.MULTILINE)
_IDS = {
    MailKind.APPLIED: (_COMMIT_URL, _COMMIT_LINE),
    MailKind.PULL_MERGED: (_COMMIT_URL,),
    MailKind.TIP_COMMIT: (_COMMIT_LINE,),
}
"""The forms in which each kind of message names commits, if it is not about a backport."""
_TREES = {
    MailKind.APPLIED: (_APPLIED_TO, _DRIVER, _MARKED_APPLIED),
    MailKind.PULL_MERGED: (_PULLED,),
    MailKind.TIP_COMMIT: (_TIP,),
    MailKind.MM_COMMIT: (_MM,),
}
_TREE_NAMES = {
    MailKind.TIP_COMMIT: "tip",
    MailKind.MM_COMMIT: "-mm",
    MailKind.STABLE_ADDED: "stable-queue",
}
"""The tree of each kind of message; the name of a branch is appended."""


def find_listed_lines(text: str) -> set[str]:
    """Return the lines of the numbered entries in a list of applied patches."""
    entries = (match for match in _SUMMARY.finditer(text) if match["number"])
    return {line for entry in entries for line in entry[0].split("\n")}


class AppliedReport(NamedTuple):
    """A line in a list of applied patches. It has a title, a patch number, and a commit, which is
    None if it was not found.
    """

    title: str
    number: int | None
    commit: str | None


class Placement(NamedTuple):
    """The places where a patch was applied, according to a message.

    `commits` contains ids as written in the message, and `landings` the entries of its list of
    patches.
    """

    commits: tuple[str, ...] = ()
    tree: str | None = None
    versions: tuple[str, ...] = ()
    landings: tuple[AppliedReport, ...] = ()


def placement(kind: MailKind, subject: str, text: str, merge_commit: str) -> Placement:
    """Parse where a patch was applied.

    The text must not contain quotes. `merge_commit` is the commit in the header of a pull request's
    report.
    """
    landings = _parse_listed_patches(text) if kind is MailKind.APPLIED else ()
    ids = [merge_commit, *(landing.commit or "" for landing in landings)]
    if not any(ids):
        ids = _find_named_commits(kind, subject, text)
    if kind is MailKind.APPLIED and "git tree" in text and not ids:
        ids = _find_copied_commits(text)
    matches = (form.search(f"{text}\n{subject}") for form in _TREES.get(kind, ()))
    match = next(filter(None, matches), None)
    names = _TREE_NAMES.get(kind), match and match["tree"].strip(" :.,!")
    tree = " ".join(filter(None, names)) or None
    versions = _find_stable_versions(kind, subject, text)
    return Placement(_deduplicate(ids), tree, versions, landings)


def _find_stable_versions(kind: MailKind, subject: str, text: str) -> tuple[str, ...]:
    if kind is MailKind.BACKPORT_BOT:
        return _deduplicate(_BACKPORTED.findall(text))
    if kind not in STABLE:
        return ()
    marked = re.match(
        r"^(?:\s*\[[^]]*\])*?\s*\[PATCH[^]]*?\b(?P<range>\d+\.\d+(?:\.y)?(?:-\d+\.\d+)?)\b[^]]*\]",
        subject,
    )
    if marked and kind in ROUNDS:
        return _deduplicate(marked["range"].replace(".y", "").split("-"))
    return _deduplicate(re.findall(r"\b(\d+\.\d+)-stable\b", subject))


def _parse_listed_patches(text: str) -> tuple[AppliedReport, ...]:
    landings = []
    for match in _SUMMARY.finditer(text[:200_000]):
        commit_match = _COMMIT_URL.search(match["where"]) or _LISTED_ID.search(match["where"])
        landings.append(
            AppliedReport(
                " ".join(match["title"].split()),
                int(match["number"]) if match["number"] else None,
                commit_match["id"] if commit_match else None,
            )
        )
    return tuple(landings) or tuple(
        AppliedReport(listed["title"].strip(), None, listed["commit"])
        for listed in _LISTED.finditer(text[:200_000])
    )


def _find_named_commits(kind: MailKind, subject: str, text: str) -> list[str]:
    if kind not in (*STABLE, MailKind.BACKPORT_BOT, MailKind.STABLE_FAILED):
        return [match["id"] for form in _IDS.get(kind, ()) for match in form.finditer(text)]
    message = "\n".join(map(str.strip, text.partition("\ndiff --git ")[0].split("\n")))
    ids = [each.id for each in find_upstream_commits(message, subject) if len(each.id) >= LEAST]
    return ids + (_find_copied_commits(text) if kind is MailKind.STABLE_FAILED else [])


def _find_copied_commits(text: str) -> list[str]:
    lines = text.split("\n")
    shown = (_SHOWN.fullmatch(line) for line in lines)
    return [*find_copied_commits(lines), *(match["id"] for match in shown if match)]


def _deduplicate(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))

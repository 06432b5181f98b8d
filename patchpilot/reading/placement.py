# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse where a patch was applied: the tree, commits and stable versions."""

import re
from typing import NamedTuple

from patchpilot.reading.mail_kinds import ROUNDS, STABLE, MailKind

_COMMIT_URL = re.compile(
    r"https?://git\.kernel\.org/\S*?(?:/c/|[?&;](?:id|h)=|/commit/?\?id=|/tip/)(?P<id>[0-9a-f]{7,40})\b"
)
_COMMIT_LINE = re.compile(
    r"^\s*(?:commit|merge commit|Commit-ID)\s*:\s+(?P<id>[0-9a-f]{7,40})\b",
    re.MULTILINE,
)
_UPSTREAM = re.compile(
    r"^\s*(?:\[ ?Upstream commit (?P<a>[0-9a-f]{40}) ?\]|commit (?P<b>[0-9a-f]{40}) upstream\.?)",
    re.MULTILINE | re.IGNORECASE,
)
_CHERRY = re.compile(
    r"\bgit cherry-pick -x (?P<id>[0-9a-f]{40})|^commit (?P<b>[0-9a-f]{40})$|^From"
    r" (?P<c>[0-9a-f]{40}) ",
    re.MULTILINE,
)
_APPLIED_TO = re.compile(
    r"^[^\w\n]*(?:this (?:patch|series|pull request) was )?(?:applied|queued|merged|pushed)(?: to| in| into)\s*:?\s+"  # noqa: E501
    r"(?P<tree>\S+(?:[ \t]+\([^)\n]+\)|[ \t]+[\w./-]+$)?)",
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
_LISTED = re.compile(
    r"^(?P<commit>[0-9a-f]{12,40}) (?P<title>\S[^\n]{7,200})$", re.MULTILINE
)
"""A commit followed by its title, as in scripts' lists of applied patches."""
_TIP = re.compile(r"merged into the (?P<tree>\S+) branch of tip")
_MM = re.compile(
    r"(?:added to|removed from) the -mm (?P<tree>\S+) branch|merged into the (?P<merged>\S+) branch|\[merged (?P<m>[^]]+)\]"  # noqa: E501
)
_DRIVER = re.compile(r"in the (?P<tree>\S+) branch\b")
_PULLED = re.compile(r"merged into (?P<tree>\S+?)(?:\.git)?:")


class AppliedReport(NamedTuple):
    """A line in a list of applied patches: title, patch number, and commit (None if not found)."""

    title: str
    number: int | None
    commit: str | None


class Placement(NamedTuple):
    """Where a message says a patch was applied.

    `commits` are ids as written in the message; `landings` are the entries of its list of patches.
    """

    commits: tuple[str, ...] = ()
    tree: str | None = None
    versions: tuple[str, ...] = ()
    landings: tuple[AppliedReport, ...] = ()


def placement(
    kind: MailKind, subject: str, text: str, headers: dict[str, str]
) -> Placement:
    """Parse where a patch was applied.

    The text must not contain quotes; header names are in lower case.
    """
    if kind is MailKind.APPLIED:
        landings = _parse_listed_patches(text)
        commits = [landing.commit for landing in landings if landing.commit] or [
            *_find_ids(_COMMIT_URL, text),
            *_find_ids(_COMMIT_LINE, text),
        ]
        if "git tree" in text and not commits:
            commits = _find_ids(_CHERRY, text)
        match = (
            _APPLIED_TO.search(text)
            or _DRIVER.search(text)
            or _MARKED_APPLIED.search(text)
        )
        tree = match["tree"].strip(" :.,!") if match else None
        return Placement(_deduplicate(commits), tree, landings=landings)
    if kind is MailKind.PULL_MERGED:
        pulled = _PULLED.search(text)
        ids = [headers.get("x-pr-merge-commit-id", ""), *_find_ids(_COMMIT_URL, text)]
        return Placement(
            _deduplicate([id_ for id_ in ids if re.fullmatch(r"[0-9a-f]{7,40}", id_)]),
            pulled["tree"] if pulled else None,
        )
    if kind is MailKind.TIP_COMMIT:
        tip = _TIP.search(text)
        return Placement(
            _deduplicate(_find_ids(_COMMIT_LINE, text)),
            f"tip {tip['tree']}" if tip else "tip",
        )
    if kind is MailKind.MM_COMMIT:
        branches = (*_find_ids(_MM, text), *_find_ids(_MM, subject))
        return Placement((), " ".join(("-mm", *branches[:1])))
    if kind in STABLE or kind is MailKind.BACKPORT_BOT:
        ids = _find_ids(_UPSTREAM, text) or (
            _find_ids(_CHERRY, text) if kind is MailKind.STABLE_FAILED else []
        )
        tree = "stable-queue" if kind is MailKind.STABLE_ADDED else None
        return Placement(
            _deduplicate(ids[:1]), tree, _find_stable_versions(kind, subject, text)
        )
    return Placement()


def _find_stable_versions(kind: MailKind, subject: str, text: str) -> tuple[str, ...]:
    if kind is MailKind.BACKPORT_BOT:
        return _deduplicate(
            re.findall(
                r"^\|\s*(?:stable/linux-)?(\d+\.\d+)(?:\.y)?\s*\|", text, re.MULTILINE
            )
        )
    marked = re.match(
        r"^(?:\s*\[[^]]*\])*?\s*\[PATCH[^]]*?\b(?P<range>\d+\.\d+(?:\.y)?(?:-\d+\.\d+)?)\b[^]]*\]",
        subject,
    )
    if marked and kind in ROUNDS:
        first, _, last = marked["range"].replace(".y", "").partition("-")
        return _deduplicate([first, last] if last else [first])
    return _deduplicate(re.findall(r"\b(\d+\.\d+)-stable\b", subject))


def _parse_listed_patches(text: str) -> tuple[AppliedReport, ...]:
    landings = []
    for match in _SUMMARY.finditer(text[:200_000]):
        commit = (
            _COMMIT_URL.search(match["where"])
            or re.match(r"(?P<id>[0-9a-f]{7,40})$", match["where"])
            or re.search(r"/(?P<id>[0-9a-f]{12,40})/?$", match["where"])
        )
        landings.append(
            AppliedReport(
                " ".join(match["title"].split()),
                int(match["number"]) if match["number"] else None,
                commit["id"] if commit else None,
            )
        )
    return tuple(landings) or tuple(
        AppliedReport(line["title"].strip(), None, line["commit"])
        for line in _LISTED.finditer(text[:200_000])
    )


def _find_ids(pattern: re.Pattern[str], text: str) -> list[str]:
    return [
        next(group for group in match.groups() if group)
        for match in pattern.finditer(text)
    ]


def _deduplicate(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))

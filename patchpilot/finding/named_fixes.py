# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that a page names as fixes, such as one of a bug tracker or of patchwork."""

import re
from collections.abc import Iterator
from html import unescape

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.repository import Repository
from patchpilot.finding.find_fix import FoundFix, FoundFixes, add_backport_verdicts
from patchpilot.finding.read_log import Symptom
from patchpilot.history.mainline_commit import find_named_mainline_commit
from patchpilot.model.progress import Progress

NEAREST = "The nearest are:"
"""The line of a report above the commits that a search ranked, of which none is the fix."""
_RANKED = lazy_pattern(rf'{NEAREST}(?:[\s>]*[0-9a-f]{{12,40}} \("[^"]{{0,300}}"\))+')
_TITLE = lazy_pattern(r'\("[^"]{0,300}"\)')
_BEFORE, _TITLE_SIZE = 120, 300
_MOST = 50
_ID = re.compile(r"(?<![\w-])[0-9a-f]{12,40}\b")
_TAG = lazy_pattern(r"<[^<>]{0,2000}>")
_FIXED = lazy_pattern(
    r"\b(?:fixed|fixes|fix|resolved|solved|merged|applied|accepted)\b(?!:)", re.IGNORECASE
)
_BROKEN = lazy_pattern(
    r"\bbisect|\bfirst bad|\bintroduc|\bregress|\bcaus|\bnot\b|\bsince commit|\bfixes:|\brevert",
    re.IGNORECASE,
)


def list_named_fixes(repository: Repository, text: str) -> tuple[str, ...]:
    """Return the mainline commits that a text names as fixes by an id, in order.

    Words before the id decide whether it is a fix, or the commit that introduced the bug. The
    titles of other commits and the list of a report are no such words.
    """
    return tuple(dict.fromkeys(_list_named(repository, text)))


def _list_named(repository: Repository, text: str) -> Iterator[str]:
    # the address of a link may contain the id
    plain = " ".join(unescape(_TAG.sub(lambda tag: f" {_read_link(tag[0])} ", text)).split())
    plain = _RANKED.sub("", plain)
    for match in list(_ID.finditer(plain))[:_MOST]:
        before = plain[max(0, match.start() - _BEFORE - _TITLE_SIZE) : match.start()]
        before = _TITLE.sub("", before)[-_BEFORE:]
        # the last sentence is about the id
        before = re.split(r"[.;!?] ", before)[-1]
        if not _FIXED.search(before) or _BROKEN.search(before):
            continue
        commit = repository.find(match[0])
        mainline = find_named_mainline_commit(repository, commit) if commit else None
        if mainline:
            yield mainline


def _read_link(tag: str) -> str:
    return tag if tag.lower().startswith("<a ") else ""


def find_named_fixes(
    repository: Repository,
    commits: tuple[str, ...],
    tree: str,
    profile: str | None,
    progress: Progress,
) -> FoundFixes:
    """Return the fixes that a text names, with the verdicts for a tree and the stable branches."""
    fixes = [
        FoundFix(commit, repository.commit(commit).subject, 0.9, matches=("named as the fix",))
        for commit in commits
    ]
    start = tree or "HEAD"
    candidates = add_backport_verdicts(repository, fixes, start, profile, progress)
    revision = repository.resolve(start)
    return FoundFixes(start, revision, 0, len(fixes) == 1, True, Symptom(), candidates)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare a backport with the commit that its message names.

This is the only place where they are compared: `check`, `send`, `track reply` and `backport` use
it. The origin is any commit of the repository, in mainline or not.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.history.line_differences import (
    LineDifference,
    find_files_without_code,
    find_line_differences,
    find_other_paths,
    has_same_context,
)
from patchpilot.model.address import Address, parse_address
from patchpilot.model.commit import Commit
from patchpilot.model.commit_references import read_fixes_line
from patchpilot.model.origin import CONTEXT, IDENTICAL, LINES, Difference, Origin
from patchpilot.model.patch import FileChange, Patch, parse_subject
from patchpilot.model.printable import format_count
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.trailer import Trailer, is_trailer, parse_trailer
from patchpilot.projects.commit_marks import (
    NOTE,
    find_own_part,
    find_upstream_commits,
    list_named_commits,
    read_announced_title,
    read_commit_marks,
    strip_vendor_prefixes,
)

_MOST_ORIGINS = 4
_MOST_NOTE_LINES = 40
_FORM_LINE = lazy_pattern(
    r"^\s*(?:[\w-]+(?: [\w-]+)?: |[\w-]+:$|\(|\[|(?:https?|ftp)://|commit\b|#)"
)
"""A line that a tree's form or a tool adds to a message, such as a header, a tag or a mark."""
_EXPLAINS = lazy_pattern(
    r"\b(?:adapt|adjust|because|conflict|context|differ|drop|instead|minor|modif|omit|older|only|rebas|renam|replac"
    r"|resol|since|skip|unlike|without)|\b(?:does not|doesn't|not|missing|no longer)\b",
    re.IGNORECASE,
)
_NAMED_AUTHOR = lazy_pattern(
    r"^\s*(?:Author|From|commit-author):?\s+(?P<person>\S.*)", re.IGNORECASE
)
_REVIEW_TAGS = (
    "acked-by",
    "reviewed-by",
    "tested-by",
    "co-developed-by",
    "suggested-by",
    "reported-by",
)
_KEPT_TAGS = (*_REVIEW_TAGS, "signed-off-by", "fixes", "closes")
"""The tags that a backport keeps. A tree may drop others, such as Cc: stable."""


def compare_with_origin(repository: Repository, patch: Patch) -> Origin | None:
    """Compare a patch with the commit that its message names.

    Return None if it names no commit of the repository, is this commit, or has a malformed diff. Of
    several commits that it names, choose the most similar one.
    """
    try:
        return None if patch.diff_error else _compare_with_nearest(repository, patch)
    except PatchpilotError:
        # the clone is partial or shallow
        return None


def find_origin_problem(repository: Repository, change: str | Patch) -> SendProblem | None:
    """Return the problem of a commit, or a patch file, whose lines differ from its origin's without
    a note, or which changes none of the code although its origin does.
    """
    patch, origin = _compare_change(repository, change)
    if not patch or not origin or origin.same != LINES:
        return None
    original = FixCommit(repository, origin.commit).files
    if find_files_without_code(original, ()) and not find_files_without_code(patch.files, ()):
        return SendProblem(
            "backport-differs",
            f"{patch.subject.title}: changes only comments and #include lines, unlike upstream"
            f" commit {origin.commit.short}",
            "change the code that the upstream commit changes; the branch may have it elsewhere",
        )
    unexplained = origin.unexplained
    if not unexplained:
        return None
    first = unexplained[0]
    place = f"{first.path}{f':{first.line}' if first.line else ''}"
    more = f" (and {format_count(len(unexplained) - 1, 'other place')})" if unexplained[1:] else ""
    return SendProblem(
        "backport-differs",
        f"{patch.subject.title}: changes other lines than upstream commit {origin.commit.short},"
        f" without an explanation in its message: {place}: {first.message}{more}",
        "explain the difference above your sign-off: [ NAME: EXPLANATION ]",
    )


def find_missing_code(repository: Repository, backport: Commit, origin: Commit) -> tuple[str, ...]:
    """Return the files of a backport's origin in which the backport changes no code."""
    commits = (FixCommit(repository, commit) for commit in (origin, backport))
    return find_files_without_code(*(commit.files for commit in commits))


def find_unsigned_note(repository: Repository, change: str | Patch) -> SendProblem | None:
    """Return the problem of a backport whose only explanation is below every sign-off.

    A message without any sign-off has another problem.
    """
    patch, origin = _compare_change(repository, change)
    if not patch or not origin or not patch.tags("Signed-off-by"):
        return None
    message, original = "\n".join(("", "", *patch.message)), origin.commit.message
    note = find_unsigned_explanation(message, original)
    if not note or find_explanation(message.rpartition("\nSigned-off-by:")[0], original):
        return None
    return SendProblem(
        "unsigned-note",
        f"{patch.subject.title}: nobody signed off the explanation below the last sign-off:"
        f" {note!r}",
        "move it above your sign-off, or sign off below it",
    )


def _compare_change(
    repository: Repository, change: str | Patch
) -> tuple[Patch, Origin | None] | tuple[None, None]:
    """Return the patch of a commit, or a patch file, and its origin."""
    try:
        patch = change if isinstance(change, Patch) else format_commit_patch(repository, change)
    except PatchpilotError:
        # merges and empty commits have no patch
        return None, None
    return patch, compare_with_origin(repository, patch)


def find_explanation(message: str, original: str) -> str:
    """Return the explanation of the changes in a backport's message on one line, or "".

    It is a complete note, such as `[ Ada: the driver has no rings here ]`, a list of conflicts, or
    a line of prose that the original message lacks.
    """
    known = {line for _, line in _join_notes(original, frozenset())}
    marked = frozenset(mark.at for mark in find_upstream_commits(message))
    added = [
        line
        for number, line in _join_notes(message, marked)
        if number and number not in marked and line not in known
    ]
    note = next((line for line in added if NOTE.match(line)), "")
    prose = (line for line in added if _EXPLAINS.search(line) and not _FORM_LINE.match(line))
    return note or next(prose, "")


def _join_notes(message: str, marked: Collection[int]) -> Iterator[tuple[int, str]]:
    """Yield each line's number and its words, with all lines of a note in brackets as one.

    Lines in `marked` start no note.
    """
    lines = message.split("\n")
    number = 0
    while number < len(lines):
        end, depth = number, 0
        is_note = lines[number].lstrip().startswith("[") and number not in marked
        for at, line in enumerate(lines[number : number + _MOST_NOTE_LINES] if is_note else ()):
            depth += line.count("[") - line.count("]")
            if depth <= 0 or not line.strip():
                end = number + at if depth <= 0 else number
                break
        yield number, " ".join(" ".join(lines[number : end + 1]).split())
        number = end + 1


def find_unsigned_explanation(message: str, original: str) -> str:
    """Return the explanation below the last sign-off of a backport's message, or "".

    Without any sign-off, return the explanation.
    """
    _, sign_off, below = message.rpartition("\nSigned-off-by:")
    return find_explanation(below if sign_off else message, original)


def _compare_with_nearest(repository: Repository, patch: Patch) -> Origin | None:
    names = list_named_commits(patch)
    if not names:
        return None
    text = "\n".join((patch.subject.title, "", *patch.message))
    marks = read_commit_marks(text, read_announced_title(patch))
    names = tuple(name for name in names if name in marks.upstream)
    ids = dict.fromkeys(filter(None, map(repository.find, names[:_MOST_ORIGINS])))
    origins = [
        _compare(repository, patch, commit)
        for commit in map(repository.commit, ids)
        if commit.id != patch.commit and len(commit.parents) == 1
    ]
    return min(origins, key=lambda origin: len(origin.differences), default=None)


def _compare(repository: Repository, patch: Patch, commit: Commit) -> Origin:
    original = FixCommit(repository, commit).files
    same = IDENTICAL if has_same_context(original, patch.files) else CONTEXT
    differences: list[Difference] = []
    if same == CONTEXT:
        found = find_line_differences(original, patch.files)
        misplaced = _find_misplaced(repository, patch, commit)
        if found and misplaced is not None and not misplaced:
            # what git cherry-pick leaves out is in the branch already
            same = CONTEXT
        elif found:
            same = LINES
        elif misplaced:
            same, found = LINES, misplaced
        differences += [_describe_lines(each, commit) for each in found]
        differences += [
            Difference("path", f"{old} is {new} on this branch", new)
            for old, new in find_other_paths(original, patch.files)
        ]
    text = "\n".join((patch.subject.title, "", *patch.message))
    return Origin(
        commit,
        same,
        find_explanation(text, commit.message),
        (*_compare_messages(patch, commit), *differences),
    )


def _find_misplaced(
    repository: Repository, patch: Patch, commit: Commit
) -> tuple[LineDifference, ...] | None:
    """Return the files in which a backport differs from what git cherry-pick makes.

    Return None if the patch is no commit, or if git cherry-pick stops at a conflict.
    """
    backport = repository.commit(patch.commit) if patch.commit else None
    if backport is None or len(backport.parents) != 1:
        return None
    with ScratchStore(repository) as scratch:
        tree = scratch.tree_of(backport.id)
        merge = scratch.pick(commit.id, scratch.tree_of(backport.parents[0]), commit.parents[0])
        if not merge.clean:
            return None
        paths = scratch.changed(merge.tree, tree)
    return tuple(
        LineDifference("place", change.path, _first_line(change), change.patch_line)
        for change in patch.files
        if change.path in paths
    ) or tuple(LineDifference("place", path, None, None) for path in paths)


def _first_line(change: FileChange) -> int | None:
    lines = (line.new_line for hunk in change.hunks for line in hunk.lines if line.kind in "+-")
    return next(filter(None, lines), None)


def _describe_lines(difference: LineDifference, commit: Commit) -> Difference:
    ours, theirs = _quote_different(difference.lines, difference.origin_lines)
    upstream = f"upstream commit {commit.short}"
    words = {
        "added": f"not in {upstream}: {ours}",
        "left-out": f"line of {upstream} is missing: {theirs}",
        "changed": f"{ours} instead of {theirs} in {upstream}",
        "order": f"other order of lines than in {upstream}: {ours if difference.lines else theirs}",
        "place": f"applied at another place than by git cherry-pick: {upstream}",
        "file": f"other kind of change to the file than in {upstream}",
    }
    return Difference(
        difference.kind,
        words[difference.kind],
        difference.path,
        difference.line,
        difference.patch_line,
        difference.lines,
        difference.origin_lines,
    )


def _quote_different(lines: Sequence[str], others: Sequence[str]) -> tuple[str, str]:
    """Return a line of each side that the other side lacks, in quotes and on one line.

    Long lines are cut so that the part that differs is shown; added lines are preferred. White
    space is only shown if nothing else differs.
    """
    pair = [_choose_line(lines, others), _choose_line(others, lines)]
    texts = [line[:1] + " ".join(line[1:].split()) for line in pair]
    texts = pair if texts[0] == texts[1] else texts
    differs = (first != second for first, second in zip(*texts, strict=False))
    same = next((at for at, is_other in enumerate(differs) if is_other), 0)
    start = max(same - _MOST_SHOWN // 3, 1) if max(map(len, texts)) > _MOST_SHOWN else 1
    quoted = [repr(_cut(text, start)) if text else "a change without lines" for text in texts]
    return quoted[0], quoted[1]


def _choose_line(lines: Sequence[str], others: Sequence[str]) -> str:
    own = [line for line in lines if line not in others] or lines
    return next((line for line in own if line[0] == "+"), next(iter(own), ""))


def _cut(text: str, start: int) -> str:
    shown = f"…{text[start:]}" if start > 1 else text[1:]
    return text[0] + (shown if len(shown) < _MOST_SHOWN else f"{shown[: _MOST_SHOWN - 1]}…")


_MOST_SHOWN = 60


def _compare_messages(patch: Patch, commit: Commit) -> Iterator[Difference]:
    title = strip_vendor_prefixes(read_announced_title(patch))
    if title != strip_vendor_prefixes(parse_subject(commit.subject).title):
        line = patch.header_line("Subject")
        yield Difference("subject", f"subject of {commit.reference} was changed", "", None, line)
    if patch.author and not _is_author(patch, commit.author):
        words = f"author is {patch.author}; {commit.author} wrote upstream commit {commit.short}"
        yield Difference("author", words, "", None, patch.header_line("From"))
    yield from _compare_tags(patch, commit)


def _is_author(patch: Patch, author: Address) -> bool:
    """Return whether a patch is from a person, or names the person as the author.

    Some vendors' commits have the backporter as the author.
    """
    lines = filter(None, map(_NAMED_AUTHOR.match, patch.message))
    named = [parse_address(match["person"]) for match in lines]
    return any(_is_same_person(person, author) for person in (patch.author, *named) if person)


def _is_same_person(first: Address, second: Address) -> bool:
    names = [" ".join((person.name or "").lower().split()) for person in (first, second)]
    return first.key == second.key or (bool(names[0]) and names[0] == names[1])


def _compare_tags(patch: Patch, commit: Commit) -> Iterator[Difference]:
    """Yield the tags that a backport lacks, and review tags that it adds among the origin's.

    Who backports or reviews the backport adds tags below.
    """
    ours = _read_tags(patch.message)
    theirs = [tag for tag in _read_tags(commit.lines[1:]) if tag.key in _KEPT_TAGS]
    kept = [tag.line for tag in ours if any(_is_same_tag(tag, other) for other in theirs)]
    end, own_part = max(kept, default=0), find_own_part(patch)
    place = min(kept, default=len(patch.message))
    for tag in theirs:
        match = next((own for own in ours if _is_same_tag(own, tag)), None)
        if match:
            place = match.line
            continue
        words = f"{str(tag)!r} of upstream commit {commit.short} is missing"
        yield Difference("tag-lost", words, "", None, patch.message_line + place)
    for tag in ours:
        is_new = not any(_is_same_tag(tag, other) for other in theirs)
        is_among = tag.line < end or (tag.key in _REVIEW_TAGS and tag.line < own_part)
        if is_new and tag.key in _KEPT_TAGS and is_among:
            words = f"{str(tag)!r} is not in upstream commit {commit.short}"
            yield Difference("tag-added", words, "", None, patch.message_line + tag.line)


def _read_tags(lines: Sequence[str]) -> list[Trailer]:
    stripped = [line.strip() for line in lines]
    tags = (parse_trailer(line, at) for at, line in enumerate(stripped) if is_trailer(line))
    return list(filter(None, tags))


def _is_same_tag(first: Trailer, second: Trailer) -> bool:
    if first.key != second.key:
        return False
    if first.key == "fixes":
        return _is_same_fix(str(first), str(second))
    if first.address and second.address:
        return _is_same_person(first.address, second.address)
    return first.value.split() == second.value.split()


def _is_same_fix(first: str, second: str) -> bool:
    """Return whether two Fixes: tags name the same commit, by its id or, of a backport, by its
    subject.
    """
    one, other = read_fixes_line(first), read_fixes_line(second)
    if not one or not other:
        return first.split() == second.split()
    size = min(len(one.id), len(other.id))
    return (size > 6 and one.id[:size].lower() == other.id[:size].lower()) or (
        bool(one.rest.strip()) and one.rest.split() == other.rest.split()
    )

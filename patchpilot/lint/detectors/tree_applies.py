# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for patches that do not apply to the tree or are already applied."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from patchpilot.cache.cached_re import compile_late
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lint_context import Context, Tip, once
from patchpilot.lint.subsystem_facts import sections_of
from patchpilot.model.bounded_date import parse_date
from patchpilot.model.file_diff import FileChange, Hunk
from patchpilot.model.patch import Patch
from patchpilot.model.source_tree import Tree, is_guess

MOST_APART = timedelta(days=120)
"""A patch and a tree that are further apart are not compared: most such patches do not apply."""


@detector(
    "already-there",
)
def already_there(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a patch that is already applied.

    The tree must contain the post-image of every hunk, and not its pre-image.
    """
    if (
        context.tree is None
        or not context.patch.has_diff
        or _older(context.patch, context.tree)
        or _elsewhere(context.patch, context.tree)
    ):
        return
    states = _states(context)
    if states and all(state == "there" for _, state in states):
        yield make_hit(states[0][0], tree=context.tree.label)


@detector(
    "does-not-apply",
)
def does_not_apply(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a hunk whose context is missing from a tree of about the patch's age."""
    if (
        context.tree is None
        or not context.patch.has_diff
        or not _have_similar_age(context.patch, context.tree)
    ):
        return
    if _elsewhere(context.patch, context.tree):
        return
    states = _states(context)
    if states and all(state == "there" for _, state in states):
        return
    for line, state in states:
        if state != "fits":
            yield make_hit(line, tree=context.tree.label)
            return


_BASE = compile_late(r"^base-commit: (?P<id>[0-9a-f]{12,64})\s*$")
_PREREQUISITE = compile_late(r"^prerequisite-(?:patch-id|message-id|change-id): \S")
_FOOT = 60
"""The number of lines at the end of a mail in which git format-patch and b4 name the base."""


@detector(
    "does-not-apply-to-base",
)
def does_not_apply_to_base(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a hunk whose context is missing from the base commit named in the message.

    If the message names prerequisite patches, they may be the reason.
    """
    patch, history = context.patch, context.history
    if history is None or patch.commit or not patch.has_diff:
        return
    named = _find_named_base(context)
    if named is None:
        return
    line, base, count = named
    tree = history.tree_of(base)
    if tree is None:
        yield make_hit(line, "unknown", base=base[:12])
        return
    if found := _find_alien_hunk(context, tree):
        values = {"base": base[:12], "path": found[1], "count": count}
        yield make_hit(found[0], "prerequisites" if count else "conflict", **values)


def _find_named_base(context: Context) -> tuple[int, str, int] | None:
    """Return the patch line and id of the base named in the message or cover letter, and the
    number of prerequisite patches.
    """
    cover = context.series.cover
    for mail in (context.patch, cover):
        last = list(enumerate(mail.lines, 1))[-_FOOT:] if mail else []
        named = next(
            ((at, match["id"]) for at, text in last if (match := _BASE.match(text))),
            None,
        )
        if named and mail:
            at = named[0] if mail is context.patch else context.patch.diff_line
            return at, named[1], sum(1 for _, text in last if _PREREQUISITE.match(text))
    return None


@detector(
    "does-not-apply-to-tip",
)
def does_not_apply_to_tip(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a hunk whose context is missing from the tip of the subsystem's tree, or of
    linux-next.

    The tip must be about as old as the patch; linux-next is used if the subsystem's tree is not
    available.
    """
    patch, history = context.patch, context.history
    if history is None or not patch.has_diff or patch.subject.stables:
        return
    target = next(
        (tip for line in _tree_urls(context) if (tip := history.tip_of(line))), None
    )
    for case, tip in (("target", target), ("next", history.next_tip())):
        sent = _sent_day(patch)
        if tip is None or sent is None or abs(tip.date - sent) > MOST_APART:
            continue
        found = _find_alien_hunk(context, tip.tree)
        if found and not (patch.commit and _contains(context, tip, patch.commit)):
            yield make_hit(
                found[0],
                case,
                tip=tip.label,
                date=f"{tip.date:%Y-%m-%d}",
                path=found[1],
            )
            return


def _contains(context: Context, tip: Tip, commit: str) -> bool:
    """Return whether the tip contains the commit or may contain it."""
    own = getattr(tip.tree, "commit_id", "")
    return (
        context.history is not None
        and context.history.is_ancestor(commit, own) is not False
    )


def _tree_urls(context: Context) -> Iterator[str]:
    """Yield the `T:` lines for the changed files, most specific section first."""
    for match in sorted(sections_of(context), key=lambda match: -match.depth):
        yield from match.section.values("T")


def _find_alien_hunk(context: Context, tree: Tree) -> tuple[int, str] | None:
    """Return (patch line, path) of the first hunk with neither side in the tree.

    Skip files that earlier patches of the series change.
    """
    patch = context.patch
    number = patch.subject.number or 1
    place = context.series_fact("places", _places).get(id(patch), 0)
    if number > 1 and place < number - 1:
        # unknown patches may change the same files
        return None
    before = place if number > 1 or patch.commit else 0
    touched = context.series_fact("first touched", _first_touched) if before else {}
    for change in patch.files:
        if any(
            touched.get(path, before) < before
            for path in (change.old_path, change.new_path)
            if path
        ):
            continue
        for line, state in _file_states(tree, change):
            if state == "alien":
                return line, change.path
    return None


def _places(patches: Sequence[Patch]) -> dict[int, int]:
    """Map each patch, by its id(), to its position in the series."""
    return {id(patch): at for at, patch in enumerate(patches)}


def _first_touched(patches: Sequence[Patch]) -> dict[str, int]:
    """Map each path to the position of the first patch that changes it."""
    touched: dict[str, int] = {}
    for at, patch in enumerate(patches):
        for path in patch.paths:
            touched.setdefault(path, at)
    return touched


def fits(context: Context) -> bool:
    """Return whether the tree contains the pre-image of every hunk of the patch.

    If so, the patch was made for this tree.
    """
    states = _states(context)
    return bool(states) and all(state == "fits" for _, state in states)


@once
def _states(context: Context) -> list[tuple[int, str]]:
    """Return (patch line, "fits", "there" or "alien") for every hunk, or [] if that cannot be
    determined.
    """
    assert context.tree is not None
    return [
        state
        for change in context.patch.files
        # report an earlier patch that does not apply once, on that patch
        if not is_guess(context.tree, change.old_path or change.path)
        for state in _file_states(context.tree, change)
    ]


def _file_states(tree: Tree, change: FileChange) -> Iterator[tuple[int, str]]:
    if change.is_binary or (change.is_rename and not change.hunks):
        return
    if change.old_path is None:
        yield (
            change.patch_line,
            "alien"
            if tree.exists(change.path) and _holds(tree, change, "+") is False
            else "there"
            if tree.exists(change.path)
            else "fits",
        )
        return
    data = tree.read(change.old_path)
    if data is None:
        yield change.patch_line, "alien"
        return
    text = _text(data)
    for hunk in change.hunks:
        old, new = _side(hunk, "-"), _side(hunk, "+")
        if old in text:
            yield hunk.patch_line, "fits"
        elif new in text and len(new) > 20:
            yield hunk.patch_line, "there"
        else:
            yield hunk.patch_line, "alien"


def _holds(tree: Tree, change: FileChange, sign: str) -> bool:
    text = _text(tree.read(change.path) or b"")
    return all(_side(hunk, sign).strip() in text for hunk in change.hunks)


def _text(data: bytes) -> str:
    """Strip CRs from a file's lines, like `_side`, because messages may lose or gain them."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    return "\n".join(("", *(line.rstrip("\r") for line in lines), ""))


def _side(hunk: Hunk, sign: str) -> str:
    return "\n" + "".join(
        line.text.rstrip("\r") + "\n" for line in hunk.lines if line.kind in (" ", sign)
    )


def _older(patch: Patch, tree: Tree) -> bool:
    """Return whether the patch predates the tree's release, so that it may have been applied
    since.
    """
    released, sent = _release_date(tree.version), _sent_day(patch)
    return (
        patch.commit is None
        and released is not None
        and sent is not None
        and sent < released
    )


def _is_stable(tree: Tree) -> bool:
    """Return whether the tree is a stable release, which may contain backports from mainline."""
    return bool(
        re.search(
            rb"^SUBLEVEL = *[1-9]",
            (tree.read("Makefile") or b"")[:500],
            re.MULTILINE,
        )
    )


def _elsewhere(patch: Patch, tree: Tree) -> bool:
    """Return whether the patch targets another tree: a different stable release, or mainline
    instead of this one.
    """
    stables = patch.subject.stables
    if not stables and patch.commit is None and _is_stable(tree):
        return True
    return bool(stables) and (
        tree.version is None or f"{tree.version[0]}.{tree.version[1]}" not in stables
    )


def _have_similar_age(patch: Patch, tree: Tree) -> bool:
    """Return whether the patch was sent within four months of the tree's release."""
    released, sent = _release_date(tree.version), _sent_day(patch)
    return (
        released is not None and sent is not None and abs(sent - released) < MOST_APART
    )


def _sent_day(patch: Patch) -> datetime | None:
    """Return the date of the message, or None."""
    return parse_date(patch.header("Date") or "")


def _release_date(version: tuple[int, int] | None) -> datetime | None:
    """Estimate the release date of a kernel: a release takes nine weeks; 5.0 was released in
    March 2019, 6.0 in October 2022.
    """
    if version is None or version[0] not in (5, 6, 7):
        return None
    start = {
        5: datetime(2019, 3, 3, tzinfo=UTC),
        6: datetime(2022, 10, 2, tzinfo=UTC),
        7: datetime(2026, 4, 12, tzinfo=UTC),
    }[version[0]]
    return start + timedelta(days=64 * version[1])

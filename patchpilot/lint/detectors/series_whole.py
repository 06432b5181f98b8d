# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect problems in a whole series.

The engine runs these detectors once per series, with the context of the first patch.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from patchpilot.lint.detector import Arguments, Hit, Hits, detector, make_hit
from patchpilot.lint.detectors.generic import find_subject_line
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import (
    compile_built_pattern,
    compile_rule_pattern,
    fill_message,
)
from patchpilot.model.commit_references import find_fix_claim
from patchpilot.model.patch import Hunk, Patch
from patchpilot.projects.commit_marks import is_backport
from patchpilot.projects.loading import apply_subsystem_rules

LEAST_COMPARED = 4
"""Number of lines that two hunks must have in common to be compared."""


def _make_patch_hit(patch: Patch, case: str = "", /, **values: object) -> Hit:
    """Return a hit on the subject of a patch of the series, or of its cover letter."""
    return make_hit(find_subject_line(patch), case, **values)._replace(patch=patch)


@detector(
    "numbering",
)
def wrong_patch_numbering(context: Context) -> Hits:
    """Report errors in the numbering of a series: missing or duplicate numbers, different totals,
    and several patches without numbers.
    """
    patches = context.series.patches
    numbered = [patch for patch in patches if patch.subject.number is not None]
    if len(patches) > 1 and not numbered and not any(patch.commit for patch in patches):
        yield _make_patch_hit(patches[0], "none", count=len(patches))
    if len(numbered) < 2:
        return
    cover = context.series.cover
    counted = [patch for patch in (cover, *numbered) if patch and patch.subject.total]
    totals = {patch.subject.total or 0 for patch in counted}
    if len(totals) > 1:
        deviant = _find_deviant(counted, lambda patch: patch.subject.total)
        yield _make_patch_hit(deviant, "totals", totals=", ".join(map(str, sorted(totals))))
        return
    numbers = [patch.subject.number or 0 for patch in numbered]
    total = next(iter(totals), len(numbers))
    missing = sorted(set(range(1, total + 1)) - set(numbers))
    if missing:
        yield _make_patch_hit(
            patches[0],
            "missing",
            numbers=", ".join(f"{number}/{total}" for number in missing[:5]),
        )
    doubled = sorted(number for number, count in Counter(numbers).items() if count > 1)
    if doubled:
        second = [patch for patch in numbered if patch.subject.number == doubled[0]][1]
        yield _make_patch_hit(second, "twice", number=doubled[0], total=total)


@detector("series-cover", fewest=int)
def missing_cover_letter(context: Context, arguments: Arguments) -> Hits:
    patches = context.series.patches
    first = next((patch for patch in patches if patch.subject.number == 1), None)
    if (
        len(patches)
        >= (apply_subsystem_rules(context.project, patches).mail.cover_from or arguments["fewest"])
        and context.series.cover is None
        and first
        and not first.header("In-Reply-To")
        and not first.header("Message-ID")
    ):
        yield _make_patch_hit(first, count=len(patches))


@detector(
    "mixed-versions",
)
def mixed_series_versions(context: Context) -> Hits:
    """Report versions or subject prefixes that differ within a series."""
    patches = [patch for patch in context.series.patches if patch.subject.is_patch]
    if not patches or any(patch.commit for patch in patches):
        return
    if context.series.cover and context.series.cover.subject.is_patch:
        patches.insert(0, context.series.cover)
    if len(patches) < 2:
        return
    versions = sorted({patch.subject.version for patch in patches})
    if len(versions) > 1:
        yield _make_patch_hit(
            _find_deviant(patches, lambda patch: patch.subject.version),
            "versions",
            versions=", ".join(f"v{version}" for version in versions),
        )
    words = set(map(_list_prefix_words, patches))
    if len({marks - {"rfc"} for marks in words}) > 1:
        deviant = _find_deviant(patches, lambda patch: _list_prefix_words(patch) - {"rfc"})
        yield _make_patch_hit(deviant, "trees")
    elif len(words) > 1:
        yield _make_patch_hit(_find_deviant(patches, _list_prefix_words), "rfc")


def _list_prefix_words(patch: Patch) -> frozenset[str]:
    return frozenset(word.lower() for word in patch.subject.words)


def _find_deviant(patches: Sequence[Patch], key: Callable[[Patch], object]) -> Patch:
    """Return the first patch that differs from the first one of all."""
    return next(patch for patch in patches if key(patch) != key(patches[0]))


@detector(
    "fixes-earlier",
)
def fix_of_earlier_patch(context: Context) -> Hits:
    """Report a patch that fixes or undoes an earlier patch in the same series.

    Its Fixes: tag names the earlier patch, or the earlier patch added all lines that it removes.
    """
    patches = context.series.patches
    if all(map(is_backport, patches)):
        # mainline commits are backported to a stable tree one by one, never squashed
        return
    titles = {patch.subject.title.lower(): number for number, patch in enumerate(patches, 1)}
    ids = {patch.commit[:12]: number for number, patch in enumerate(patches, 1) if patch.commit}
    added: dict[tuple[str, str], list[int]] = {}
    for number, patch in enumerate(patches, 1):
        for tag in patch.tags("Fixes"):
            reference = re.match(r"([0-9a-f]{7,40})\s*\(\"?(.*?)\"?\)\s*$", tag.value)
            earlier = (
                titles.get(reference[2].lower()) or ids.get(reference[1][:12])
                if reference
                else None
            )
            if earlier and earlier < number:
                yield _make_patch_hit(
                    patch,
                    "fixes",
                    number=number,
                    subject=patch.subject.title,
                    earlier=earlier,
                )
        undone_index = _find_undone_patch(added, patch)
        for line in _changed_lines(patch, "+"):
            added.setdefault(line, []).append(number - 1)
        if undone_index is not None:
            yield _make_patch_hit(
                patch,
                "changes",
                number=number,
                subject=patch.subject.title,
                earlier=undone_index + 1,
            )


def _find_undone_patch(added: Mapping[tuple[str, str], Sequence[int]], patch: Patch) -> int | None:
    """Return the index of the first earlier patch that added all significant lines that a patch
    removes, or None.

    `added` maps lines to the indexes of the patches that add them.
    """
    removed = {line for line in _changed_lines(patch, "-") if len(line[1]) > 4}
    if not removed or len(patch.files) > 3:
        return None
    first, *other_groups = sorted((added.get(line, ()) for line in removed), key=len)
    sets = [frozenset(numbers) for numbers in other_groups] if first else []
    return next((number for number in first if all(number in numbers for numbers in sets)), None)


def _changed_lines(patch: Patch, kind: str) -> set[tuple[str, str]]:
    return {
        (change.path, line.text.strip()) for change in patch.files for line in change.lines(kind)
    }


@detector(
    "cover-subject",
)
def template_cover_letter(context: Context) -> Hits:
    """Report a cover letter that still has git's template subject or text."""
    cover = context.series.cover
    if cover and any(
        "*** SUBJECT HERE ***" in line or "*** BLURB HERE ***" in line for line in cover.lines
    ):
        yield _make_patch_hit(cover)


@detector(
    "cover-shortlog",
)
def outdated_cover_shortlog(context: Context) -> Hits:
    """Report the first subject in the cover letter's shortlog that no patch has.

    Shortlogs in other formats are ignored.
    """
    cover = context.series.cover
    if not cover:
        return
    subjects = {_squeeze_spaces(patch.subject.title) for patch in context.series.patches}
    listed = _parse_shortlog((*cover.message, *cover.notes))
    if len(subjects) < 2 or len(listed) != len(subjects):
        return
    for subject in listed:
        if _squeeze_spaces(subject) not in subjects:
            yield _make_patch_hit(cover, subject=subject)
            return


def _parse_shortlog(lines: Iterable[str]) -> list[str]:
    """Return the subjects below "Author (number):" lines."""
    listed: list[str] = []
    inside = False
    for line in lines:
        if re.match(r"\S.* \(\d+\):$", line):
            inside = True
        elif inside and re.match(r"    ? ?\S", line) and listed:
            # git shortlog wrapped the subject
            listed[-1] += f" {line.strip()}"
        elif inside and re.match(r"  \S", line):
            listed.append(line.strip())
        elif line.strip():
            inside = False
    return listed


def _squeeze_spaces(subject: str) -> str:
    return " ".join(subject.split()).lower()


@detector(
    "old-thread",
)
def reply_to_old_thread(context: Context) -> Hits:
    """Report a new version that replies to a message outside the series."""
    patches = context.series.patches
    first = context.series.cover or patches[0]
    parents = {patch.header("In-Reply-To") for patch in patches}
    # the patches may all reply to a cover letter that is not in the input
    has_unseen_cover = first is patches[0] and len(parents) == 1
    if len(patches) < 2 or first.subject.version < 2 or has_unseen_cover:
        return
    parent = first.header("In-Reply-To")
    if parent and parent not in {patch.header("Message-ID") for patch in patches}:
        yield _make_patch_hit(first, version=first.subject.version)


@detector(
    "does-not-follow",
)
def conflict_with_earlier_patch(context: Context) -> Hits:
    """Report a patch that does not apply on top of an earlier patch in the series: one of its hunks
    overlaps a hunk of the earlier patch, and some of its old lines differ from the result.
    """
    patches = context.series.patches
    if any(patch.commit for patch in patches):
        return
    # this maps a path to the last patch that changed the file, and to the file's lines by number
    results: dict[str, tuple[int, dict[int, str]]] = {}
    for number, patch in enumerate(patches, 1):
        for change in patch.files:
            earlier, lines = results.get(change.old_path or "", (0, {}))
            if (
                earlier
                and not change.is_binary
                and any(_conflicts_with_lines(lines, hunk) for hunk in change.hunks)
            ):
                values = {
                    "number": number,
                    "subject": patch.subject.title,
                    "earlier": earlier,
                }
                yield _make_patch_hit(patch, **values)
                return
        for change in patch.files:
            if change.new_path:
                results[change.new_path] = (
                    number,
                    {
                        line_number: text
                        for hunk in change.hunks
                        for line_number, text in _hunk_side_lines(hunk, "+", hunk.new_start)
                    },
                )


def _conflicts_with_lines(lines: Mapping[int, str], hunk: Hunk) -> bool:
    """Return whether a hunk's old side overlaps these lines and matches most of them, but not
    all.
    """
    pairs = [
        (text, lines[number])
        for number, text in _hunk_side_lines(hunk, "-", hunk.old_start)
        if number in lines
    ]
    equal = sum(1 for old, new in pairs if old == new)
    return len(pairs) >= LEAST_COMPARED and equal < len(pairs) <= 2 * equal


def _hunk_side_lines(hunk: Hunk, sign: str, start: int) -> Iterator[tuple[int, str]]:
    yield from enumerate((line.text for line in hunk.lines if line.kind in (" ", sign)), start)


@detector(
    "series-order",
    files_pattern=str,
    sign=str,
    pattern=str,
    later_files_pattern=str,
    later_sign=str,
    later_pattern=str,
    new_file_pattern=str,
    once=bool,
)
def use_before_addition(context: Context, arguments: Arguments) -> Hits:
    """Report each patch that uses a name which only a later patch of the series adds.

    A patch uses a name if it has a line (`sign`, in `files_pattern`) that matches `pattern`, whose
    group `name` is the name. A later patch adds it with a line (`later_sign`, in
    `later_files_pattern`) that matches `later_pattern`, in which {name} is the name, or with a new
    file that matches `new_file_pattern`. With `once`, patches that add another line with the name
    are skipped.
    """
    patches, report_once = context.series.patches, arguments.get("once", False)
    introduced = [list(_introduced_names(patch, arguments)) for patch in patches]
    if not any(introduced):
        return
    name_pattern = arguments.get("new_file_pattern") or arguments["later_pattern"]
    for number, user in enumerate(patches, 1):
        for name in dict.fromkeys(_find_names(user, arguments)):
            if report_once and _count_lines(user, name) > 1:
                continue
            pattern = compile_built_pattern(
                fill_message(name_pattern, {"name": re.escape(name)}), name_pattern
            )
            later = next(
                (
                    patch_number
                    for patch_number, texts in enumerate(introduced, 1)
                    # defining a name does not count as using it
                    if not (report_once and patch_number == number)
                    and any(map(pattern.search, texts))
                ),
                0,
            )
            if later > number:
                yield _make_patch_hit(
                    user,
                    name=name,
                    number=number,
                    later=later,
                    subject=user.subject.title,
                )


def _find_names(patch: Patch, arguments: Arguments) -> Iterator[str]:
    pattern = compile_rule_pattern(arguments["pattern"])
    for text in _lines_with_sign(patch, arguments.get("sign", "+"), arguments["files_pattern"]):
        for match in pattern.finditer(text):
            yield match["name"]


def _introduced_names(patch: Patch, arguments: Arguments) -> Iterator[str]:
    """Yield the lines or new files that may introduce a name, except lines that are only moved."""
    if arguments.get("new_file_pattern"):
        yield from (change.path for change in patch.files if change.old_path is None)
        return
    sign, files = arguments.get("later_sign", "+"), arguments["later_files_pattern"]
    opposite = set(_lines_with_sign(patch, "-" if sign == "+" else "+", files))
    for text in _lines_with_sign(patch, sign, files):
        if text not in opposite:
            yield text


def _count_lines(patch: Patch, name: str) -> int:
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    return sum(
        pattern.search(line.text) is not None
        for change in patch.files
        for line in change.lines("+")
    )


def _lines_with_sign(patch: Patch, sign: str, files: str) -> Iterator[str]:
    suited = compile_rule_pattern(files)
    for change in patch.files:
        if suited.search(change.path):
            yield from (line.text for line in change.lines(sign))


@detector(
    "fix-not-first",
)
def fix_not_first(context: Context) -> Hits:
    """Report the first fix after a patch to the same file that is no fix.

    A fix has a Fixes: tag or, if no patch of the series has one, claims to fix a bug.
    """
    patches = context.series.patches
    if all(map(is_backport, patches)):
        return
    is_tagged = any(patch.tags("Fixes") for patch in patches)
    others: dict[str, int] = {}
    for number, patch in enumerate(patches, 1):
        paths = [change.path for change in patch.files]
        claim = find_fix_claim(patch.subject.title, patch.message, patch.paths)
        if not patch.tags("Fixes") and (is_tagged or not claim):
            # a claim without a tag may be a fix too, which is not reported for being first
            if not claim:
                others.update({path: number for path in paths if path not in others})
            continue
        earlier = [others[path] for path in paths if path in others]
        if earlier:
            yield _make_patch_hit(
                patch, number=number, subject=patch.subject.title, earlier=min(earlier)
            )
            return


@detector(
    "duplicate-subject",
)
def duplicate_subject(context: Context) -> Hits:
    first_numbers: dict[str, int] = {}
    for number, patch in enumerate(context.series.patches, 1):
        title = patch.subject.title
        if title and title.lower() in first_numbers:
            yield _make_patch_hit(
                patch, match=title, first=first_numbers[title.lower()], second=number
            )
            return
        first_numbers[title.lower()] = number

# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for the form and order of tags.

They never change the person or commit that a tag names.
"""

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.fixing.fixer import PROSE, FixSite, Proposal, delete, fixer
from patchpilot.model.finding import FixEdit
from patchpilot.model.fixes_line import DIGITS, FixesLine, read_fixes_line

_FORM = compile_cached(r"^\s*([A-Za-z][A-Za-z-]*)\s*:\s*(\S.*?)\s*$")
_TITLE = compile_cached(
    r"[:,-]?\s*(?=\(?[\"']|\()\(?\s*[\"']?([^\"']\S.*?[^\"'\s)])[\"']?\s*\)?\s*$"
)
_ANY_TITLE = compile_cached(r"(?:[,:-]?\s*[(\"'](.*?)[)\"']*)?\s*$")
_WHOLE_TITLE = compile_cached(r"\(\"(.*)\"\)$")
_PEOPLE = {
    name.lower(): name
    for name in (
        "Signed-off-by",
        "Co-developed-by",
        "Acked-by",
        "Tested-by",
        "Reviewed-by",
        "Reported-by",
        "Suggested-by",
        "Assisted-by",
    )
}


def _message(site: FixSite) -> range:
    patch = site.context.patch
    return range(patch.message_line, patch.message_line + len(patch.message))


def _is_tag(text: str) -> bool:
    match = _FORM.match(text)
    return match is not None and (
        "-" in match[1]
        or match[1].lower() in ("cc", "fixes", "link", "closes", "to", "buglink")
    )


def _rewritten(site: FixSite, text: str) -> Proposal:
    return (
        FixEdit(site.number, 1, (text,))
        if site.number in _message(site) and text != site.text(site.number)
        else None
    )


@fixer("tag-form", PROSE)
def tag_form(site: FixSite) -> Proposal:
    """Normalizes a known tag: usual case, no indent, and one space after the colon."""
    match = _FORM.match(site.text(site.number))
    if not match or (
        match[1].lower() not in _PEOPLE and match[1].lower() not in ("cc", "to")
    ):
        return None
    return _rewritten(site, f"{_PEOPLE.get(match[1].lower(), match[1])}: {match[2]}")


@fixer("fixes-form", PROSE)
def fixes_form(site: FixSite) -> Proposal:
    """Rewrites a Fixes: tag with the id and subject of the commit in the repository.

    The line must name that commit and have no other text. If the commit is not in the repository,
    its subject and the first 12 digits of its id are kept.
    """
    right = site.finding.fix.text if site.finding.fix else ""
    text = site.text(site.number)
    written = _named(text)
    if written is None:
        return None
    if not right.startswith("Fixes: "):
        titled = _TITLE.match(written.rest) if len(written.id) >= DIGITS else None
        if titled and " " in titled[1]:
            return _rewritten(
                site, f'Fixes: {written.id[:DIGITS].lower()} ("{titled[1]}")'
            )
        return None
    true = _named(right)
    true_title = _WHOLE_TITLE.match(true.rest) if true else None
    title = _ANY_TITLE.match(written.rest)
    if (
        not true
        or not true_title
        or not title
        or not _same_id(written.id.lower(), true.id)
    ):
        return None
    # another title may mean another commit
    words = (title[1] or "").strip("\"'() ")
    return _rewritten(site, right) if not words or _same(words, true_title[1]) else None


def _named(text: str) -> FixesLine | None:
    """Returns a Fixes: line that names a commit, as a person may have written it."""
    line = read_fixes_line(text)
    if line is None or not line.is_unquoted or not 7 <= len(line.commit_id) <= 40:
        return None
    return line if line.is_spaced else None


def _same_id(one: str, two: str) -> bool:
    return one.startswith(two) or two.startswith(one)


def _same(written: str, true: str) -> bool:
    one, two = (" ".join(text.rstrip(".…").split()).lower() for text in (written, true))
    return one == two.strip("\"'() ") or (len(one) > 20 and two.startswith(one))


@fixer("close-gap", PROSE)
def close_gap(site: FixSite) -> Proposal:
    """Deletes the blank lines between two tags, but not a paragraph between them."""
    lines = _message(site)
    if site.number not in lines or site.text(site.number).strip():
        return None
    gap = [site.number]
    while gap[0] - 1 in lines and not site.text(gap[0] - 1).strip():
        gap.insert(0, gap[0] - 1)
    while gap[-1] + 1 in lines and not site.text(gap[-1] + 1).strip():
        gap.append(gap[-1] + 1)
    above, below = gap[0] - 1, gap[-1] + 1
    if above not in lines or below not in lines or not _is_tag(site.text(below)):
        return None
    return (
        delete(gap)
        if _is_tag(site.text(above)) or site.text(above)[:1] in (" ", "\t")
        else None
    )

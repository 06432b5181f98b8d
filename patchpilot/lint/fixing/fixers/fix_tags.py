# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for the form and order of tags.

They never change the person or commit that a tag names.
"""

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.fixing.fixer import PROSE, FixSite, Proposal, delete, fixer
from patchpilot.lint.fixing.fixers.fix_message import in_message
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


def _is_tag(text: str) -> bool:
    match = _FORM.match(text)
    return match is not None and (
        "-" in match[1]
        or match[1].lower() in ("cc", "fixes", "link", "closes", "to", "buglink")
    )


def _rewritten(site: FixSite, text: str) -> Proposal:
    is_new = in_message(site) and text != site.text(site.number)
    return FixEdit(site.number, 1, (text,)) if is_new else None


@fixer("tag-form", PROSE)
def tag_form(site: FixSite) -> Proposal:
    """Normalize a known tag: usual case, no indent, and one space after the colon."""
    match = _FORM.match(site.text(site.number))
    name = match and _PEOPLE.get(match[1].lower())
    if match and match[1].lower() in ("cc", "to"):
        name = match[1]
    return _rewritten(site, f"{name}: {match[2]}") if match and name else None


@fixer("fixes-form", PROSE)
def fixes_form(site: FixSite) -> Proposal:
    """Rewrite a Fixes: tag with the id and subject of the commit in the repository.

    The line must name that commit and have no other text. If the commit is not in the repository,
    its subject and the first 12 digits of its id are kept.
    """
    right = site.finding.fix.text if site.finding.fix else ""
    written = _named(site.text(site.number))
    if written is None:
        return None
    if not right.startswith("Fixes: "):
        titled = _TITLE.match(written.rest) if len(written.id) >= DIGITS else None
        tag = f'Fixes: {written.id[:DIGITS].lower()} ("{titled and titled[1]}")'
        return _rewritten(site, tag) if titled and " " in titled[1] else None
    true = _named(right)
    true_title = _WHOLE_TITLE.match(true.rest) if true else None
    title = _ANY_TITLE.match(written.rest)
    if not true or not true_title or not title:
        return None
    # another title may mean another commit
    words, id_ = (title[1] or "").strip("\"'() "), written.id.lower()
    is_same = id_.startswith(true.id) or true.id.startswith(id_)
    is_titled = not words or _same(words, true_title[1])
    return _rewritten(site, right) if is_same and is_titled else None


def _named(text: str) -> FixesLine | None:
    """Return a Fixes: line that names a commit, as a person may have written it."""
    line = read_fixes_line(text)
    if line is None or not line.is_unquoted or not 7 <= len(line.commit_id) <= 40:
        return None
    return line if line.is_spaced else None


def _same(written: str, true: str) -> bool:
    one, two = (" ".join(text.rstrip(".…").split()).lower() for text in (written, true))
    return one == two.strip("\"'() ") or (len(one) > 20 and two.startswith(one))


@fixer("close-gap", PROSE)
def close_gap(site: FixSite) -> Proposal:
    """Delete the blank lines between two tags, but not a paragraph between them."""
    first = last = site.number

    def is_blank(number: int) -> bool:
        return in_message(site, number) and not site.text(number).strip()

    if not is_blank(first):
        return None
    while is_blank(first - 1):
        first -= 1
    while is_blank(last + 1):
        last += 1
    if not in_message(site, first - 1) or not in_message(site, last + 1):
        return None
    above, below = site.text(first - 1), site.text(last + 1)
    are_tags = _is_tag(below) and (_is_tag(above) or above[:1] in (" ", "\t"))
    return delete(range(first, last + 1)) if are_tags else None

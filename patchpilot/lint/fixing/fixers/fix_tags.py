# SPDX-License-Identifier: GPL-2.0-or-later
"""Fix the form and order of tags. The person or commit in a tag is never changed."""

import re

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.fixing.fixer import FixSite, Proposal, fixer
from patchpilot.lint.fixing.fixers.fix_message import (
    LONGEST_ID,
    is_same_commit,
    parse_suggested_reference,
)
from patchpilot.model.commit_references import DIGITS, read_fixes_line
from patchpilot.model.rule import FixEdit
from patchpilot.model.trailer import is_trailer

_FORM = compile_cached(
    r"\s*(?:(?P<kept>cc|to)|(?P<by>(?:signed-off|co-developed|acked|tested|reviewed|reported|suggested"
    r"|assisted)-by))\s*:\s*(?P<value>\S.*?)\s*",
    re.IGNORECASE,
)
_TITLE = compile_cached(
    r"[:,-]?\s*(?=[(\"'])\(?\s*([\"']?)(?P<title>[^\"'\s].*?[^\"')\s])\1\s*\)?\s*"
)


@fixer("tag-form", is_prose=True)
def normalize_tag(site: FixSite) -> Proposal:
    match = _FORM.fullmatch(site.text)
    if not match:
        return None
    name = match["kept"] or match["by"].capitalize()
    return FixEdit(site.number, 1, (f"{name}: {match['value']}",))


@fixer("fixes-form", is_prose=True)
def rewrite_fixes_tag(site: FixSite) -> Proposal:
    """Rewrite a Fixes: tag with the id and subject of the commit in the repository.

    The line must refer to that commit only. If the repository lacks the commit, the subject and the
    first 12 digits of the id are kept.
    """
    line = read_fixes_line(site.text)
    if line is None or not (line.is_unquoted and line.is_spaced):
        return None
    match, suggested = _TITLE.fullmatch(line.rest), parse_suggested_reference(site)
    title = match["title"] if match else ""
    if suggested:
        is_whole = match is not None or not line.rest.strip()
        is_certain = is_whole and is_same_commit(line.commit_id, title, suggested)
    else:
        is_certain = " " in title and DIGITS <= len(line.commit_id) <= LONGEST_ID
    tag = suggested[0] if suggested else f'{line.id[:DIGITS].lower()} ("{title}")'
    return FixEdit(site.number, 1, (f"Fixes: {tag}",)) if is_certain else None


@fixer("close-gap", is_prose=True)
def close_gap(site: FixSite) -> Proposal:
    lines, number = site.context.patch.lines, site.number
    first = next(
        (candidate for candidate in range(number, 0, -1) if lines[candidate - 1].strip()),
        number,
    )
    last = next(
        (candidate for candidate in range(number, len(lines)) if lines[candidate].strip()),
        first,
    )
    line_above, line_below = lines[first - 1], "".join(lines[last : last + 1])
    are_tags = is_trailer(line_below) and (is_trailer(line_above) or line_above[:1] in (" ", "\t"))
    return FixEdit(first + 1, last - first, ()) if are_tags and first < number else None

# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert a `b4 prep` branch's texts to a draft, and a draft's texts to b4's cover letter.

b4 stores the texts; the draft is used to show and edit them.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.b4_prep import PrepBranch
from patchpilot.model.draft import Draft
from patchpilot.model.trailer import is_trailer
from patchpilot.series.cover_letter import (
    format_cover_body,
    has_changelog_items,
    split_cover,
)

_HEADING = lazy_pattern(r"^changes in v(\d{1,3})\b", re.IGNORECASE | re.MULTILINE)


def import_b4_texts(draft: Draft, prep_branch: PrepBranch) -> Draft:
    """Import b4's version, prefixes, cover letter and changelogs into the draft.

    If b4's changelog lists no changes for a version, keep the draft's changelog.
    """
    subject, body, changes = split_cover(prep_branch.text)
    if "EDITME" in subject and not strip_final_trailers(body):
        subject, body = "", ""
    changelogs = dict(draft.changelogs)
    for version, text in _split_changelogs(changes, prep_branch.revision).items():
        if has_changelog_items(text) or not changelogs.get(version):
            changelogs[version] = text
    return replace(
        draft,
        version=prep_branch.revision,
        prefix=" ".join(("PATCH", *prep_branch.prefixes)) if prep_branch.prefixes else "",
        cover_subject=subject,
        cover_text=body,
        changelogs=changelogs,
    )


def make_b4_cover(draft: Draft, prep_branch: PrepBranch) -> str:
    """Return the cover letter for b4 to store.

    If the draft has the same content as b4's cover letter, return it unchanged, otherwise with the
    texts of the draft.
    """
    imported = import_b4_texts(replace(draft, changelogs={}), prep_branch)
    is_same_cover = (draft.cover_subject.strip(), draft.cover_text.strip()) == (
        imported.cover_subject.strip(),
        imported.cover_text.strip(),
    )
    changelogs = {
        version: text
        for version, text in draft.changelogs.items()
        if text.strip() and 1 < int(version) <= max(draft.version, prep_branch.revision)
    }
    if is_same_cover and {
        version: text.strip() for version, text in imported.changelogs.items()
    } == {version: text.strip() for version, text in changelogs.items()}:
        return prep_branch.cover
    if draft.has_cover:
        head = "\n\n".join(
            part
            for part in (
                draft.cover_subject.strip() or "EDITME: cover title",
                draft.cover_text.strip(),
            )
            if part
        )
    else:
        head = _make_empty_template(prep_branch)
    addresses = [
        *(f"To: {address.trailer()}" for address in prep_branch.to),
        *(f"Cc: {address.trailer()}" for address in prep_branch.cc),
    ]
    if addresses:
        last_paragraph = head.split("\n\n")[-1].split("\n")
        separator = (
            "\n" if "\n\n" in head and all(is_trailer(line) for line in last_paragraph) else "\n\n"
        )
        head += separator + "\n".join(addresses)
    head = re.sub(r"^#", ">#", head, flags=re.MULTILINE)
    changes = format_cover_body("", changelogs, max(map(int, changelogs), default=1))
    return f"{head}\n\n---\n{changes}" if changes else head


def list_prefix_words(draft: Draft) -> list[str]:
    """Return the words in the draft's subject prefix, omitting PATCH, which b4 adds."""
    return [word for word in draft.prefix.split() if word != "PATCH"]


def strip_final_trailers(body: str) -> str:
    """Return a cover letter's text without the trailers at its end."""
    text, separator, last_paragraph = body.strip().rpartition("\n\n")
    tags = last_paragraph.split("\n")
    return (
        text
        if tags and all(is_trailer(line) for line in tags)
        else f"{text}{separator}{last_paragraph}"
    )


def _make_empty_template(prep_branch: PrepBranch) -> str:
    subject, body, _ = split_cover(prep_branch.text)
    return "\n\n".join(part for part in (subject, body) if part)


def _split_changelogs(text: str, revision: int) -> Mapping[str, str]:
    """Split a text into changelogs by version.

    A changelog without a heading belongs to the next version.
    """
    headings = [(match.start(), match[1]) for match in _HEADING.finditer(text)]
    if not headings:
        return {str(revision): text} if text.strip() else {}
    ends = [start for start, _ in headings[1:]] + [len(text)]
    return {
        version: text[start:end].strip("\n")
        for (start, version), end in zip(headings, ends, strict=True)
    }

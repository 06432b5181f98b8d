# SPDX-License-Identifier: GPL-2.0-or-later
"""Detects messages stating that another patch does the same as a series."""

import re

_ANOTHER = re.compile(
    r"\b(?:superseded|obsoleted|replaced|made obsolete|handled|covered)"
    r" (?:elsewhere|by|in|with)\b"
    r"|\b(?:already|just|also) (?:been )?(?:sent|posted|submitted|has)(?: out)?(?: an?| the)?"
    r"(?: other| another| same| similar| identical| better)? (?:patch|fix|series|version)\b"
    r"|\balready (?:been )?(?:fixed|solved|addressed|handled|covered|done) (?:by|in|with)\b"
    r"|\bin favou?r of\b|\b(?:duplicates?|is a duplicate of)\b",
    re.IGNORECASE,
)
_GIVES_UP = re.compile(
    r"\b(?:will|do|need|would|shall|should) not\b|\b(?:won't|don't|no need|needn't)\b"
    r"|\b(?:drop|ignore|disregard|skip|discard|forget)\b|\bnot (?:needed|necessary)\b",
    re.IGNORECASE,
)
_EVIDENCE = re.compile(r"https?://\S+|\b[0-9a-f]{12,40}\b")
_OWN = re.compile(r"\bv\d{1,2}\b|\bversion \d|\bif\b|\bnext version\b", re.IGNORECASE)
_MOST_WORDS = 80


def handled_by_another(text: str, *, by_author: bool) -> str | None:
    """Returns the sentence of a message that points to another patch replacing this one, or None.

    The author must withdraw the patch or name the other one; anybody else must name the other
    one.
    """
    words = " ".join(text.split())
    if len(words.split()) > _MOST_WORDS or _OWN.search(words):
        return None
    named = bool(_EVIDENCE.search(words))
    if not named and not (by_author and _GIVES_UP.search(words)):
        return None
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", words)
    found = (it for it in sentences if _ANOTHER.search(it) and not it.endswith("?"))
    return next((it[:160] for it in found), None)

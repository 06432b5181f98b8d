# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the mood of a commit message.

It should be imperative, and not describe the patch or its author.
"""

import re
from collections.abc import Iterator
from functools import cache

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.detector import Arguments, Hit, detector, hit_on
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import paragraphs
from patchpilot.lint.word_lists import imperative_of


@cache
def _this_patch() -> re.Pattern[str]:
    return compile_cached(
        r"\b(?:[Tt]his|[Tt]he(?= following) following) (?:small |simple |tiny |single )?(?P<what>patch(?:set| set|[ -]series)?"  # noqa: E501
        r"|commit|submission)\b(?! (?:was|is|has been) (?:introduced|reverted|applied))"
        r"|^[Tt]h(?:e|is) (?P<other>patch|series|fix|commit) (?=(?:adds|fixes|changes|removes|introduces|implements|makes|updates|replaces"  # noqa: E501
        r"|moves|converts|enables|does|is to|aims|tries|will|corrects|addresses|resolves|solves)\b)"
    )


@detector(
    "this-patch",
)
def this_patch(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report "this patch adds" and similar: the message should use the imperative."""
    reverts = context.patch.subject.title.startswith("Revert ")
    for paragraph in paragraphs(context):
        if re.match(r"This reverts commit\b", paragraph.text):
            continue
        for found in _this_patch().finditer(paragraph.text):
            what = found["what"] or found["other"]
            # in a revert, "this commit" is the reverted one
            if reverts and what == "commit":
                continue
            yield hit_on(
                paragraph.line_at(found.start()), "patch", quoted=found[0], what=what
            )
            return
    first = next(iter(paragraphs(context)), None)
    opening = (
        re.match(r"This (?:also |now )?(?P<verb>[a-z]+s)\b(?! commit\b)", first.text)
        if first
        else None
    )
    if first and opening and imperative_of(opening["verb"]):
        order = (imperative_of(opening["verb"]) or "").capitalize()
        yield hit_on(first.start, "this", quoted=opening[0], verb=order)


@detector(
    "not-imperative",
)
def not_imperative(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a sentence about what the author did or the patch does ("We added", "Adds", "Also
    updates") instead of the imperative.
    """
    for paragraph in paragraphs(context):
        for start, sentence in _sentences(paragraph.text):
            phrase = _not_imperative_phrase(sentence)
            if phrase:
                order = imperative_of(phrase.split()[-1])
                yield hit_on(
                    paragraph.line_at(start),
                    _mood_case(phrase) if order else "other",
                    quoted=phrase,
                    verb=order or "",
                )
                return


def _mood_case(phrase: str) -> str:
    """Return "author" for a past action of the author: "We added", but not "Adds" or "We are
    adding".
    """
    return "author" if _AUTHOR_DID.match(phrase) else "verb"


_AUTHOR_DID = compile_cached(r"(?:We|I)(?: have|'ve| also| just)? \w+ed$")
LABEL_WORDS = 3


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for found in re.finditer(r"(?<=[.!?:])\s+(?=[A-Z\"'(])", text):
        # "EAL: Using …" is a program's output
        if (
            text[found.start() - 1] == ":"
            and len(text[start : found.start()].split()) <= LABEL_WORDS
        ):
            continue
        yield start, text[start : found.start()]
        start = found.end()
    yield start, text[start:]


@cache
def _phrases() -> tuple[
    re.Pattern[str],
    re.Pattern[str],
    re.Pattern[str],
    re.Pattern[str],
]:
    adverb = r"(?:[Aa]lso|[Aa]dditionally,?|[Nn]ow|[Ss]o|[Tt]hus,?|[Hh]ence,?|[Tt]herefore,?|[Ff]inally,?|[Ii]nstead,?|[Hh]ere,?|[Aa]nd)"  # noqa: E501
    verbs = (
        r"(?:add|fix|change|remov|us|introduc|implement|updat|mak|mov|replac|convert|creat|enabl|disabl|renam|drop|clean|correct"
        r"|modif|set|check|handl|rework|refactor|simplif|improv|support|export|allow|avoid|prevent|switch|mak|return|extend"
        r"|split|delet|provid|adjust|cover|ensur)"
    )
    did = compile_cached(
        rf"^(?:{adverb} )?(?:[Ww]e|[Ii])(?: have| also| just| then| now|'ve)? (?P<verb>{verbs}(?:ed|d|ped|ied)|made|changed|moved|set up)\b"  # noqa: E501
    )
    bare = compile_cached(
        (
            rf"^(?:{adverb} )?(?P<verb>(?:{verbs})(?:e?s|ies|ed|d|ped|ied|ing|ping|ying)|[Mm]akes|[Mm]ade)\b(?! by\b| in\b| to be\b"  # noqa: E501
            rf"| (?:and|or) )"
        ),
        re.IGNORECASE,
    )
    passive = compile_cached(
        rf"^(?:To (?:fix|solve|address|avoid|prevent|resolve|support|handle|work around) [^,]{{3,80}}, )(?:[^.,]{{0,60}}, )?(?:we"  # noqa: E501
        rf"|I|it is|it was|\w+ (?:is|are|was|were)) (?:now )?(?P<verb>{verbs}(?:ed|d|ped|ied))\b"
    )
    does = compile_cached(
        rf"^(?:{adverb} )?(?:[Ww]e|I)(?:(?:'ll|'re|'m| will| are| am)(?: now| also| just)? |(?: now| also| then| hereby)+ )"  # noqa: E501
        rf"(?P<verb>{verbs}(?:e|ing|ping|ting|y)?)\b(?! to be\b)"
    )
    return did, bare, passive, does


def _not_imperative_phrase(sentence: str) -> str | None:
    did, bare, passive, does = _phrases()
    if found := did.match(sentence) or does.match(sentence):
        return found[0]
    found = bare.match(sentence)
    if (
        found
        and sentence[:1].isupper()
        and imperative_of(found["verb"])
        and len(sentence.split()) >= 3
        and not _is_noun_use(sentence, found)
    ):
        return found[0]
    if found := passive.match(sentence):
        return found["verb"]
    return None


def _is_noun_use(sentence: str, found: re.Match[str]) -> bool:
    """Return whether such a word is a subject or a heading: "Changes in v2", "Fixes are",
    "Using a mutex here is".
    """
    verb = found["verb"].lower()
    rest = sentence[found.end() :]
    if ":" in " ".join(sentence.split()[:4]) or sentence.rstrip().endswith("..."):
        return True
    if verb.endswith("ing"):
        # a gerund followed by a finite verb is the subject of the sentence
        finite = r"\b(?:is|are|was|were|can|could|will|would|may|might|must|should|do|does|did|has|have|had)\b"  # noqa: E501
        has_verb = any(
            word.endswith("s") and imperative_of(word)
            for word in re.findall(r"[a-z]+", rest)
        )
        return (
            has_verb
            or "," in rest[:80]
            or bool(re.search(finite, rest))
            or bool(
                re.search(r"\b(?:leads|means|seems|needs|goes|looks|becomes)\b", rest)
            )
            or bool(_DESCRIBES_IT.search(rest))
        )
    if verb.endswith("ed"):
        # "Updated data sheets have a table": the participle belongs to the subject
        passive = r"\s+(?:by|in|on|with|from|at|as|is|are|was|before|after)\b"
        finite = r"(?: [\w-]+){1,3} (?:has|have|had|is|are|was|were|can|will|may|must|should)\b"
        described_by = r"(?: [a-z-]+){1,2} (?:add|defin|describ|say|need|us|mak|show|requir|chang|allow)(?:s|es|ed)\b"  # noqa: E501
        return (
            bool(re.match(rf"{passive}|{finite}|{described_by}", rest))
            or "," in rest[:60]
        )
    return (
        bool(
            re.match(
                r"\s*(?:[:,(]|(?:in|since|from|are|is|were|was|to|of|on|for|done|made|introduced)\b)",
                rest,
            )
        )
        or not rest.strip()
    )


_DESCRIBES_IT = compile_cached(
    r"(?<!\bthe)(?<!\ba)(?<!\ban)(?<!\bof)(?<!\bwith)(?<!\band)(?<!\bto) (?:allow|help|caus|solv|fix|result|turn|reduc|improv|increas|trigger|seem|work"  # noqa: E501
    r"|break|broke|restor|reveal|expos|show|mean|chang|prevent|resolv)(?:ed|k|en|t)? (?:the|a|an|us|it|me|this|that|them|in|to|out|for|on|all|both"  # noqa: E501
    r"|\w+ing)\b|\b(?:made|let|led|meant|broke|gave|got|took|became|was|did|kept|cost) (?:the|a|an|us|it|me|this|that|to|all|\w+)\b"  # noqa: E501
)

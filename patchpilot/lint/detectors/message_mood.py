# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect sentences of a commit message about what the author did or what the patch does, instead
of the imperative, and rewrite them.
"""

import re
from collections.abc import Iterator
from functools import cache

from patchpilot.cache.cached_re import cached_match, compile_cached
from patchpilot.lint.detector import Hit, Hits, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_parts import find_paragraphs
from patchpilot.lint.word_lists import find_imperative
from patchpilot.model.rule import FindingFix


@detector(
    "not-imperative",
)
def not_imperative(context: Context) -> Hits:
    """Report the first sentence about what the author did or the patch does ("We added", "Adds",
    "Also updates") instead of the imperative.

    The suggested fix is the sentence in the imperative, if its verb is known.
    """
    if context.patch.subject.title.startswith(("Revert ", "Reapply ")):
        return
    person = None
    for paragraph in find_paragraphs(context):
        for start, sentence in _split_sentences(paragraph.text):
            phrase = _find_phrase(sentence)
            if not phrase:
                person = person or _find_person(sentence, paragraph.line_at(start))
                continue
            verb = find_imperative(phrase.split()[-1]) or ""
            is_author = bool(_BY_AUTHOR.match(phrase))
            case = ("author" if is_author else "verb") if verb else "other"
            yield make_hit(
                paragraph.line_at(start),
                case,
                None,
                _rewrite(sentence, phrase, verb),
                quoted=phrase,
                verb=verb,
            )
            return
    if person:
        yield person


_PERSON = compile_cached(
    r"(?:^|, (?:and |so |then |but )?)I(?: have| had| also| just| then|'ve)?"
    r" (?:\w{2,}ed|found|saw|got|ran|wrote|made|did|built|sent|thought)\b"
)


def _find_person(sentence: str, line: int) -> Hit | None:
    """Return a hit if a sentence is about the work of its author ("I debugged"), otherwise None."""
    match = _PERSON.search(sentence)
    return make_hit(line, "person", quoted=match[0].lstrip(", ")) if match else None


_BY_AUTHOR = compile_cached(r"(?i:(?:\w+,? )?(?:we|i)\b)")
_LONGEST = 300
"""The maximum number of characters of a sentence that is rewritten."""


def _rewrite(sentence: str, phrase: str, verb: str) -> FindingFix | None:
    """Return a fix with the sentence in the imperative, or None if that takes more than a word."""
    start = sentence.find(phrase)
    if not verb or start or len(sentence) > _LONGEST:
        return None
    adverb = cached_match(r"(?i)(also|additionally,?|finally,?|instead,?|therefore,?)\s", phrase)
    order = f"{adverb[1].capitalize()} {verb}" if adverb else verb.capitalize()
    return FindingFix("suggest", f'write "{order}{sentence[len(phrase) :]}"')


LABEL_WORDS = 3


def _split_sentences(text: str) -> Iterator[tuple[int, str]]:
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


def _find_phrase(sentence: str) -> str | None:
    did, bare, passive, does = _phrases()
    if found := did.match(sentence) or does.match(sentence):
        return found[0]
    found = bare.match(sentence)
    if (
        found
        and sentence[:1].isupper()
        and find_imperative(found["verb"])
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
            word.endswith("s") and find_imperative(word) for word in re.findall(r"[a-z]+", rest)
        )
        return (
            has_verb
            or "," in rest[:80]
            or bool(re.search(finite, rest))
            or bool(re.search(r"\b(?:leads|means|seems|needs|goes|looks|becomes)\b", rest))
            or bool(_DESCRIBES_IT.search(rest))
        )
    if verb.endswith("ed"):
        # "Updated data sheets have a table": the participle belongs to the subject
        passive = r"\s+(?:by|in|on|with|from|at|as|is|are|was|before|after)\b"
        finite = r"(?: [\w-]+){1,3} (?:has|have|had|is|are|was|were|can|will|may|must|should)\b"
        described_by = r"(?: [a-z-]+){1,2} (?:add|defin|describ|say|need|us|mak|show|requir|chang|allow)(?:s|es|ed)\b"  # noqa: E501
        return bool(re.match(rf"{passive}|{finite}|{described_by}", rest)) or "," in rest[:60]
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

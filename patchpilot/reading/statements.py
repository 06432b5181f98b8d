# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse statements in prose that a patch was applied or rejected.

A statement is certain only if its whole sentence has a known form and no other sentence contradicts
it. If applying a patch is mentioned in another way, it is unclear, and the user decides.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.phrases import OFFERS_TO_TAKE, works_when_applied
from patchpilot.reading.reply_body import Sentence

MOST_QUOTED = 320
"""Maximum number of characters quoted from a message."""
SHORT = 60
"""Maximum number of words in a message that is quoted completely."""

_VERB = (
    r"(?P<verb>applied|appiled|aplied|applid|queued|merged|pushed|pulled|cherry-picked|taken|took"
    r"|committed|landed|included(?= in my (?:\S+ )?pull)|added(?= to\b| (?:this|these|the) (?:series|patch(?:es)?)\b)"  # noqa: E501
    r"|picked(?: (?:it|this|these|them|both))?(?: patch(?:es)?)?(?: up)?)"
)
_ING = r"(?P<ing>applying|queue?ing|merging|picking|pulling|taking)"
_WILL = (
    r"(?:i'll|i will|i shall|i'm going to|i am going to|let me|i can(?= \w+ (?:it|this|these|them) now)|i did|i dared to|will)(?: \w+){0,6}?"  # noqa: E501
    r" (?P<will>apply|queue|merge|take|pick|pull|grab|push|send(?= \w+(?: \w+)? (?:upstream|on\b)))"
)
_GROUP = r"(?:series|patch(?:es)?|patch-?set|patch set|set|lot|rest|driver|one)"
_OBJECT = (
    rf"(?:(?:all|both)(?: of)?(?: (?:these|them|the))?(?: (?:two|three|four|five|six|\d+))?(?: {_GROUP})?"  # noqa: E501
    rf"|(?:this|that|these|those|the|your)(?: (?:whole|entire|two|three|four|five|six|\d+))?(?: {_GROUP})?"  # noqa: E501
    rf"|it|them|yours|\d+ patches|v\d{{1,2}}|(?:the )?whole {_GROUP}|up|everything|{_GROUP}"
    r"|everywhere|(?:for|to|in|into) all(?: of)?(?: them| (?:(?:these|those|the) )?(?:stable )?(?:branches|trees|kernels|queues)))"  # noqa: E501
)
_PART = (
    r"(?:(?:the |only the )?(?:first|last|other|others|remaining|rest)(?: \w+){0,3}? (?:patch(?:es)?|\d+|few)"  # noqa: E501
    r"|(?:patch(?:es)? ?)?\(?#?\d[\d, and&+/()-]*|all (?:but \d\S*|the others))"
)
_NAME = r"(?:(?!\S*(?:test(?!ing)|scratch|local|null|bisect|trash|wip))\S+)"
_PLACE = (
    rf"(?:to|in|into|onto|on|for|via|against)(?: the| my)?(?P<tree>(?: {_NAME}){{0,4}}?"
    rf" (?={_NAME})(?:(?:\S*\w[-/#]|\S+\.(?:git\b|\d))\S*[\w)]|v?\d+\.\d+\S*|(?:next|fixes|master|main|mainline|upstream|staging|net|bpf)"  # noqa: E501
    r"|\S+ (?:tree|branch|queue)|tree|branch|queue)(?: \([^)]{1,60}\))?(?: (?:tree|branch|queue))?(?: of \S+)?)"  # noqa: E501
)
_BARE_TREE = (
    r"to (?!(?:all|both|this|that|it|them|these|those|each|every\w*|any\w*|the|my|patch\w*|series"
    r"|tests?)\b)(?P<bare>[a-z][\w-]+)(?=[.!]*(?:$|[,.] thank|\n)|,? \(?(?:with|after) )"
)
"""A tree that is named by one word, at the end of a sentence or before its edits."""
_DOUBTS = (
    r"not|never|none|neither|nor|nothing|no longer|if|unless|until|once|when|whether|provided|would|could|should|might|may|must"  # noqa: E501
    r"|probably|perhaps|maybe"
)
_EDITED = (
    r"(?:(?:amend|tweak|reword|rephras|fix|shorten|chang|adjust|correct|edit|dropp|remov|add|updat"
    r"|clean|trim|mov|clarifi|fold|squash)ed|rewritten)(?: (?:up|out|in)\b)?"
)
_EDITABLE = (
    r"(?:subject|summary|title|prefix|message|log|change-?log|description|typo|comment|wording"
    r"|spelling|whitespace|tag|line|nit|sentence|paragraph|word|diff|change|fixup)s?\b"
)
_WORD = rf"(?!(?:{_DOUBTS}|but|and|please|you)\b)\w+"
_EDITS = (
    rf"(?:(?:with|after) (?:(?:{_WORD} ){{0,4}}?(?:edit|fix|fixup|tweak|nit|change|typo|adjustment|rewording)s?"  # noqa: E501
    r"|(?:dropp|remov|amend|adjust|shorten|reword|fix|tweak|chang|edit|correct|add|clean)ing)\b"
    rf"|with (?:{_WORD}:? ){{0,4}}?(?:{_EDITED} (?:{_WORD} ){{0,2}}?{_EDITABLE}"
    rf"|{_EDITABLE}(?: {_WORD})? {_EDITED}(?: to \"[^\"]{{1,60}}\")?))(?: {_WORD}(?:-\w+)*){{0,7}}"
    r"|manually|by han[d]"
)
_OPENER = (
    r"(?:(?:thanks|thank you|thx|ok(?:ay)?|great|good|perfect|nice|so|and|also|finally|now|alright|fixed up|(?:it )?looks good(?: to me)?|lgtm)"  # noqa: E501
    r"(?: (?:a lot|very much|all|to all|for the \w+|[A-Z]\w+))?[,!.:;-]* )"
)
_SUBJECT = rf"(?:(?:i|we)(?:'ve| have)? |(?:{_OBJECT}|\d+ patches)(?:'s| is| are| was| were| has been| have been|) )"  # noqa: E501
_ADVERB = r"(?:(?:now|just|also|already|finally|been|\[finally\]) )"
_TAIL = rf"(?:[\s,.!;:)(-]*(?:thanks?|thank you|thx|now|again|as well|instead|{_EDITS})(?: (?:a lot|very much|all|again|[A-Z]\w+))?)"  # noqa: E501
_MORE = rf"(?:,? and (?:pushed|queued|merged|applied|marked)(?: out)?(?: (?:{_OBJECT}|{_PLACE.replace('?P<tree>', '?:')}|for stable))?)"  # noqa: E501

_PLAIN = re.compile(
    rf"\W*{_OPENER}{{0,2}}{_SUBJECT}?{_ADVERB}{{0,2}}(?:(?:{_VERB}|{_ING})(?: {_OBJECT}){{0,2}}|(?<=[si]s )|(?<=are )|(?<=now )|(?<=already ))"  # noqa: E501
    rf"(?: ?\b(?:{_PLACE}|{_BARE_TREE})(?: (?:now|as well|instead|via \S+))?)?{_MORE}?{_TAIL}{{0,2}}[\s.,!:)(-]*",  # noqa: E501
    re.IGNORECASE,
)
"""A complete sentence stating that the patch or series was applied."""
TAKES = re.compile(
    rf"(?:^\W*|[.,;:!)]\s+| - |\b(?:i've|i have|i|we|now|and|been|both|all|patch|patches|set|patchset|series|these|it|them|this|one|already"  # noqa: E501
    rf"|just|thanks|it's|is|are|was|thank you|version|ok|so|but|\d+|while|when i) )\[?(?:(?:now|just|been|already|also|finally|only|have|has)\]? ){{0,3}}"  # noqa: E501
    rf"(?:(?:{_VERB}|{_ING}|{_WILL})"
    rf"(?:\W*$|(?: (?:{_OBJECT}|{_PART})){{0,3}}(?: ?[,.!;:(-]|\W*$| (?:with|now|thanks|thank|then|instead|by|manually|out|as|upstream|a while|in my|but"  # noqa: E501
    rf"|(?:the|my) \S+ tree|and(?! (?:built|ran)))\b)"
    rf"|(?: (?:{_OBJECT}|{_PART})){{1,3}} (?:to|in|into|on|for|via)\b"
    rf"| {_PLACE}| the \w+ (?:in|to|into) \S*[-/#.]\S)|(?<=is )(?:in|on) {_PLACE[_PLACE.index('(?: the') :].replace('tree', 'there')})",  # noqa: E501
    re.IGNORECASE,
)
"""A sentence that mentions applying a patch."""
MENTIONS = re.compile(
    r"\b(?:appl(?:y|ie[ds]|ying)|queue[ds]?|merged?(?! window)|pulled|pushe?d?|picked|took|taken"
    r"|committed|dropped|reverted|staged|my tree)\b"
    r"|\b(?:is|are) in \S+(?:-next|-unstable|-fixes|/next|/fixes)\b",
    re.IGNORECASE,
)
"""A mention of a tree."""
UNSURE = re.compile(
    rf"\b(?:{_DOUBTS}|after|before|which|that (?:is|are|was|were|has|have|had)|who|since|can be|there's|there (?:is|are)|have to"  # noqa: E501
    r"|test\w*|tr(?:y|ied)|\w+ (?:see|seeing) \w+)\b|n't\b|'d\b|\?",
    re.IGNORECASE,
)
"""Words that turn a clause into a negation, condition or description."""
_CONTRADICTS = re.compile(
    rf"\b(?:{_DOUBTS}|but|however|although|though|still|yet|except|instead|wait|hmm?|wrong|mistake|sorry|dropp?(?:ed|ing)|revert\w*"
    r"|unapplied|back(?:ed)? out|on second thoughts?|scratch|never ?mind|kidding|dreams|breaks?|broken?|fails?|crash\w*|rebase|resend"  # noqa: E501
    r"|re-?spin|repost|missing|needs?)\b|n't\b|\?|^\W*and\b",
    re.IGNORECASE,
)
"""Words that may contradict a statement elsewhere in the message."""
FOR_THE_FUTURE = re.compile(
    r"\bnext time\b|\b(?:in|for)(?: the| your)? future\b|\bfor your next\b|\bgoing forward\b"
    r"|\b(?:wait|leave|allow)\b.{0,40}\bbetween (?:\w+ )?(?:versions|revisions|postings|resends)\b"
    r"|\bnew (?:versions?|revisions?)\b.{0,40}\b(?:as (?:a )?|in )repl(?:y|ies)\b"
    r"|\bi(?:'ve| have)? (?:already |now |just )?(?:changed|fixed|corrected|adjusted|amended"
    r"|reworded|tweaked|edited) (?:that|it|this|both|the \w+)\b(?! ?\?)",
    re.IGNORECASE,
)
"""Advice about other patches, and what a maintainer has already changed in this one."""
_BEFORE_TREE = (" to", " to:")
_WHOLE = 5
"""Minimum number of words in a sentence; shorter ones are joined to the previous sentence."""
_LONGEST = 600
"""Maximum length of a parsed sentence."""
_NAK = re.compile(
    r"(?:^\W*|[.!?:;,] |\b(?:so|but|a|big|hard|strong|firm|clear|still|i|i'd|i'm going to|i am going to|i have to|i must|consider (?:this|it)|it's"  # noqa: E501
    r"|therefore|to|is|am|this is|for me this is) )(?:nac?k|nak)(?:ed|'ed|ing)?\b(?! (?:bit|packet|frame|irq|interrupt|response|handshake|condition|error|flag|timeout|from (?:the|a) ))"  # noqa: E501
    r"|\bnac?k(?:ed)?(?:[ -]by\b| (?:from me|for (?:the|this|now|me)|on this|to this|from my))",
    re.IGNORECASE,
)
_REJECTS = re.compile(
    r"\bi(?:'m| am)? (?:not going to|won't|will not|refuse to) (?:apply|take|accept|merge|queue|pull) (?:this|it|that|these)\b"  # noqa: E501
    r"(?! (?:until|before|without|unless|now|yet|as|for|in)\b)|\bi(?:'m| am)? reject(?:ing)? (?:this|it)\b|^\W*(?:(?:patch|series)(?: is)? )?rejected\W*$",  # noqa: E501
    re.IGNORECASE,
)


class Statement(NamedTuple):
    """A message's statement about a patch, with the sentences that make it.

    `kind` is nack or applied. `what` is applied, promised, refused or unclear.
    """

    kind: MailKind
    what: str
    sentence: str
    tree: str | None = None


def statement_of(
    sentences: Sequence[Sentence], *, by_author: bool, to_self: bool
) -> Statement | None:
    """Return the statement that these sentences make about the patch, or None.

    The last certain statement is used. It becomes unclear if the message contradicts it. When an
    author replies to a reviewer, "applied" means that the author followed advice, unless the
    sentence names a tree or the series. `to_self` is set if authors reply to their own message.
    """
    texts: list[str] = []
    paragraph = -1
    for sentence in sentences[:100]:
        # join short sentences, so that "To the bin." is read together with "Applied."
        current = sentence.top.paragraph
        is_end = current == paragraph and 1 < len(sentence.text.split()) < _WHOLE
        is_end = is_end and not _PLAIN.fullmatch(sentence.text)
        # the URL of the tree is often below the words
        is_tree = "://" in sentence.text and texts and texts[-1].endswith(_BEFORE_TREE)
        is_end = is_end or bool(is_tree)
        texts.append(f"{texts.pop().rstrip(':')} {sentence.text}" if is_end else sentence.text)
        paragraph = current
    texts = [text for text in texts if len(text) <= _LONGEST]
    if not by_author and (refusals := list(_refusals(texts))):
        plain = [it for it in refusals if it.what == "refused"]
        return (plain or refusals)[-1]
    statements = [it for text in texts if (it := _parse_application(text))]
    if by_author and not to_self:
        statements = [it for it in statements if it.tree or _OF_AUTHOR.search(it.sentence)]
    if not statements:
        return None
    plain = [it for it in statements if it.what == "applied"]
    if not plain:
        return statements[-1]._replace(sentence=quote_sentences(texts))
    last = plain[-1]
    other_texts = (text for text in texts if text not in {it.sentence for it in plain})
    if any(_CONTRADICTS.search(it) for it in other_texts if not FOR_THE_FUTURE.search(it)):
        return last._replace(what="unclear", sentence=quote_sentences(texts))
    return last


_OF_AUTHOR = re.compile(
    r"^\W*(?:(?:now|just|this|the|all) )*(?:series|patch-?set|patch set|patches)\b|^\W*(?:(?:now|just) )?(?:pushed|merged|queued)\b(?: (?:now|up))?\W*$"  # noqa: E501
    r"|\bi(?:'ve| have)? (?:now |just )?(?:applied|queued|merged|pushed|committed) (?:this|these|the) (?:series|patch(?:es)?)(?: up)?(?: now)?\W*$",  # noqa: E501
    re.IGNORECASE,
)
"""An author's statements about their own series, not about advice."""


def _refusals(texts: Sequence[str]) -> Iterator[Statement]:
    for text in texts:
        if _NAK.search(text) or _REJECTS.search(text):
            what = "unclear" if _HEDGED_NAK.search(text) else "refused"
            yield Statement(MailKind.NACK, what, text)


_HEDGED_NAK = re.compile(
    r"\b(?:about to|but|would|if|no nac?k|sa(?:id|ys)|wrote|thought|explicit nac?k)\b"
    r"|(?:\bnot|n't)\b.{0,40}\bnac?k|\?$",
    re.IGNORECASE,
)


_CLAUSE = re.compile(r"[,;:(.]|\b(?:but|so)\b")
_TRIED = re.compile(r"\b(?:tested|tried|on top of)\b", re.IGNORECASE)
"""A tester's words for applying a patch."""
_ON_CONDITION = re.compile(
    r"\b(?:please|if|once|unless|until|when|probably|maybe|perhaps|test\w*|try|spin|list)\b|\?",
    re.IGNORECASE,
)


def _parse_application(text: str) -> Statement | None:
    """Return the statement in a sentence about applying the patch, or None."""
    full_match = _PLAIN.fullmatch(text)
    if full_match:
        return Statement(MailKind.APPLIED, "applied", text, _tree(full_match))
    match = TAKES.search(text)
    if not match or OFFERS_TO_TAKE.search(text) or works_when_applied(text):
        return None
    is_promise = match["will"] or match["ing"]
    clause = _CLAUSE.split(text[: match.start()])[-1] + match[0]
    doubt = _ON_CONDITION if is_promise else _TRIED
    if UNSURE.search(clause) or doubt.search(text):
        return None
    what = "promised" if is_promise else "unclear"
    return Statement(MailKind.APPLIED, what, text, _tree(match))


def _tree(match: re.Match[str]) -> str | None:
    return (match["tree"] or match.groupdict().get("bare") or "").strip(" .,!") or None


def quote_sentences(texts: Sequence[str]) -> str:
    """Quote the sentences of a short message. From a longer one, quote only those that mention a
    tree or contradict the statement.
    """
    quote = " ".join(texts)
    if len(quote.split()) > SHORT:
        related = (it for it in texts if MENTIONS.search(it) or _CONTRADICTS.search(it))
        quote = " … ".join(related)
    return quote if len(quote) <= MOST_QUOTED else f"{quote[:MOST_QUOTED]}…"

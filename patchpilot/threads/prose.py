# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person's reply says in prose: a refusal, an "applied", an assent, a question, a request for change, or none of these."""

import re
from dataclasses import dataclass

from patchpilot.threads.body import Body
from patchpilot.threads.kinds import Kind


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of a reply: what it is, how sure, and the words that say so; `tree` where an "applied" names one."""

    kind: Kind
    confidence: float
    why: str
    tree: str | None = None


_REFUSAL = re.compile(
    r"(?:^|[.!?:;,]\s+|\b(?:so|a|big|hard|strong|firm|clear|still|i|i'd|i'm going to|i have to|i must|consider (?:this|it)|"
    r"it's|this is|is an?|as an?|therefore)\s+)"
    r"(?:NA?CK|NAK)(?:ed|'ed|s)?\b(?!\s+(?:bit|packet|frame|irq|interrupt|response|handshake|condition|error|flag|from the device))"
    r"|^n(?:ac|a)k(?:ed)?\s*(?:[.!,]|$)|\bn(?:ac|a)k(?:ed)?[ -]by\b|\bN(?:AC|A)K (?:from me|for (?:the|this|now|me)|on this|to this)",
    re.MULTILINE,
)
_REFUSAL_SOFT = re.compile(
    r"\b(?:i (?:will|am|'m)? ?(?:not|won't|wont) (?:going to )?(?:apply|take|accept|merge|queue)(?:ing)? (?:this|it|that|"
    r"these)\b(?! (?:until|before|now|yet|as[ -]is|without|unless|for|during))"
    r"|i (?:am |'m )?reject(?:ing)? (?:this|it)|patch rejected|rejected\.|this (?:patch|series) is (?:rejected|bogus|nonsense))",
    re.IGNORECASE,
)
_APPLIED = re.compile(
    r"(?:^|[.,;!:)]\s+|\b(?:i've|i have|i|now|and|have been|has been|both|all|series|patch|patches|these|it|them|"
    r"both patches|already|just|thanks|thank you)\s+)"
    r"(?:(?:now|just|been|already|also|manually|both|all|tentatively|provisionally)\s+)*"
    r"(?P<verb>applied|queued|merged|pushed|picked(?: (?:it|this|these|them|both))?(?: patch(?:es)?)? up|picked up|taken|"
    r"committed|added)\b"
    r"(?P<rest>[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_APPLIED_REST = re.compile(
    r"^\s*(?:[,.!;:]|$|\(|-|thanks|thank you|thx|now\b|with (?:thanks|(?:a |some |the )?(?:minor|small|slight|following|fix|"
    r"edit|change|tweak|comment|updated))"
    r"|(?:this|it|that|these|them|both|all|the (?:series|patch|rest|whole)|your?s?|up|patch(?:es)?|series|patch(?:es)? \d[\d, and-]*)"
    r"(?:\s+(?:up|series|patch|patches|of them|three|two|four|four|manually|now))*\s*(?:[,.!;]|$|to\b|in\b|into\b|for\b|"
    r"on\b|with\b|as\b|thanks|now\b)"
    r"|(?:to|in|into|for|on|onto|via)\s+(?:my|the|for|net|\S+[-/.]\S+|v?\d|linux|drm|usb|char|tty|staging|branch|mainline|"
    r"upstream|stable|master|testing|fixes|next|tip|kvm|bpf|iio|spi|asoc)\b)",
    re.IGNORECASE,
)
_NOT_APPLIED = re.compile(
    r"\b(?:not|n't|never|if|when|once|after|before|until|unless|was|were|be|being|get|gets|should|could|would|can|must|"
    r"to be|needs?|which|that|who|since|"
    r"having|they|you|we had|got|changes? (?:is|are)|rules? (?:is|are)|is|are)\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
_TRIED = re.compile(
    r"\b(?:tested|testing|booted|boots|reproduc\w+|tried|problem persists|built|builds|found (?:the|that)|still see|on top of|upon)\b",
    re.IGNORECASE,
)
_FUTURE_APPLIED = re.compile(
    r"\b(?:i'll|i will|i shall|i'm going to|i am going to|will|let me)\s+(?:\w+\s+){0,2}?(?:apply|queue|merge|take|pick|"
    r"line|grab|pull|stage|fold|squash)\b(?!\s+a\s+look)"
    r"[^.?!\n]{0,60}\b(?:it|this|these|them|up|in|for|to|into|patch|series|both)\b",
    re.IGNORECASE,
)
_TREE = re.compile(
    r"\b(?:applied|queued(?: up)?|merged|pushed|taken|added|picked up|line it up|take (?:it|this)|apply (?:it|this)|"
    r"queue (?:it|this)(?: up)?)\b"
    r"[^.\n]{0,30}?\b(?:to|in|into|for|on|onto|via)\s+(?:the\s+|my\s+)?(?P<tree>[\w][\w./+-]*(?:\s+\([^)\n]+\))?)",
    re.IGNORECASE,
)
_ASSENT = re.compile(
    r"\b(?:looks? (?:very |really |pretty |all |quite )?(?:good|fine|ok(?:ay)?|great|nice|correct|sane|reasonable|right|"
    r"sensible)|lgtm|sgtm|sounds? (?:good|fine|reasonable|great)|"
    r"(?:i'm|i am|im) (?:ok(?:ay)?|fine|happy|good) with|(?:fine|ok(?:ay)?|good) (?:with|by|for|to) me|no objections?|"
    r"works for me|makes sense|agreed|"
    r"seems? (?:good|fine|ok(?:ay)?|reasonable|correct|sane|right)|ack(?:ed)?(?: from me)?\b(?!\s*(?:bit|packet|frame|irq))|"
    r"indeed|nice (?:catch|find|fix|cleanup|work)|"
    r"good (?:catch|find|fix|idea|point)|you can add|feel free to add|\+1|i like (?:it|this)|i (?:fully )?agree|"
    r"is (?:correct|fine|right|ok|good) as)\b",
    re.IGNORECASE,
)
_WANTS = re.compile(
    r"\b(?:please|should(?:n't)?|must(?:n't)?|need(?:s|ed)? (?:to|a|an|the)\b|needs?|missing|miss(?:es|ed)?|forgot|instead|"
    r"rather than|would be (?:better|nicer|good|nice|great|clearer)|"
    r"better to|prefer|preferably|typo|nit|nitpick|wrong|incorrect|broken|breaks?|bug(?:gy)?|leaks?|drop (?:this|the|that|"
    r"it)|remove (?:this|the|that)|don't|do not|can(?:not|'t)|"
    r"could you|can you|would you|how about|what about|why not|consider|suggest\w*|ditto|same (?:here|comment|as|issue|"
    r"problem|question)|unnecessary|not needed|redundant|superfluous|"
    r"pointless|unused|useless|confusing|unclear|doesn't|does not|isn't|is not|won't|will not|resend|repost|respin|rebase|"
    r"split|rename|a couple of|few comments|some comments|"
    r"comments? below|see below|problem|issue|fails?|overflow|race|deadlock|violat\w+|style|indent\w*|whitespace|line break|"
    r"changelog|commit (?:message|log)|make (?:it|this|sure)|"
    r"use (?:the|a|an)\b|i'd (?:say|rather|like|expect|suggest|prefer)|might (?:be|want|need)|it'll be|potential|concern\w*|"
    r"worr\w+|ought|clearer|shouldn't|not sure)\b|"
    r"\bTypo\b|/\w+/\w+/",
    re.IGNORECASE,
)
_CHATTER = re.compile(
    r"\A\W*(?:(?:hi|hello|dear|hey)\b[^\n]{0,40}\n\s*)?(?:thanks?\b|thank you|many thanks|sorry|apologies|my (?:bad|mistake|"
    r"fault)|oops|whoops|grr|great\b|sure\b|will do|done\b|fixed\b|ok(?:ay)?\b|"
    r"yes\b|yep\b|yeah\b|no\b|nope\b|right\b|ah\b|oh\b|got it|good (?:point|catch|idea)|gentle ping|friendly ping|ping\b|"
    r"i see\b|hm+\b|np\b|no problem|no worries|congrat|agreed|exactly|true\b|"
    r"of course|understood|noted|ack\b|cool\b|nice\b|thx|perfect|awesome|excellent|it is\b|i'm sorry|i am sorry)",
    re.IGNORECASE,
)
_AUTHOR = re.compile(
    r"\b(?:i(?:'ll| will| am going to|'m going to| can| could| would| plan to| just| have|'ve)\s+(?:\w+\s+){0,3}?(?:fix\w*|"
    r"send|sent|submit\w*|resend|resent|repost\w*|post(?:ed)?|update[ds]?|change[ds]?|add(?:ed)?|remove[ds]?|drop(?:ped)?|"
    r"respin|rework\w*|rebase\w*|include[ds]?|correct(?:ed)?|address(?:ed)?|incorporate|prepare|split|rephrase|rename|"
    r"squash|spend)|in (?:the )?(?:v\d+|next (?:version|revision|spin|series|iteration))|"
    r"will (?:fix|do|send|change|update|drop|resend|add|remove|respin|rework|address|correct)\b|(?:my|the) (?:mistake|bad|"
    r"intention|intent|motivation|patch series)|v\d+ (?:will|is|has been) (?:sent|posted|coming)|"
    r"any (?:comments|feedback|update|news|thoughts|progress|chance)|could (?:you|someone|anyone) (?:please )?(?:pick|"
    r"review|take a look|have a look|merge|apply)|gentle (?:ping|reminder)|just wanted to check)\b",
    re.IGNORECASE,
)
_PING = re.compile(
    r"\b(?:(?:gentle|friendly|kind|polite|another|second|weekly)\s+(?:ping|reminder)|^ping\b|any (?:update|news|feedback|"
    r"comments?)\b|just wanted to check)",
    re.IGNORECASE | re.MULTILINE,
)
_GREETING = re.compile(
    r"^\s*(?:(?:hi|hello|hey|dear|good (?:morning|day|evening))\b.{0,60}|[A-Z][\w.-]+(?:[ -]san)?,|\w+ \w+,)\s*$", re.IGNORECASE
)
_CLOSING = re.compile(
    r"^\s*(?:(?:best|kind|warm|many)?\s*(?:regards|wishes|cheers|greetings|rgds)|thanks(?: again)?|thank you|thx|br|mfg|"
    r"cheers|sincerely)\b.{0,30}$|^\s*[-–—~]+\s*\w[\w. ]{0,24}$|^\s*\w[\w-]{0,14}(?: \w[\w.-]{0,14}){0,2}\s*$",
    re.IGNORECASE,
)


def read_prose(body: Body, *, by_author: bool = False) -> Reading:
    """Read what a person wrote above and between the quotes; `by_author` when the sender is known to be the patch's author."""
    words = _words(body)
    if not words:
        return Reading(Kind.OTHER, 0.6, "nothing but quotes")
    if not by_author:
        if found := _REFUSAL.search(words):
            return Reading(Kind.NACK, 0.9, _around(words, found))
        if found := _REFUSAL_SOFT.search(words):
            return Reading(Kind.NACK, 0.7, _around(words, found))
        if applied := _applied(words):
            return applied
    return _talk(words, body, by_author)


def _talk(words: str, body: Body, by_author: bool) -> Reading:
    count = len(words.split())
    sentences = max(1, len(re.findall(r"[.!?](?:\s|$)", words)))
    questions = len(re.findall(r"\?(?:\s|$|[)\"'])", words))
    wants = len(_WANTS.findall(words))
    author = by_author or bool(_AUTHOR.search(words))
    if found := _PING.search(words):
        return Reading(Kind.OTHER, 0.8, _around(words, found))
    if by_author:
        kind = Kind.QUESTION if questions * 2 >= sentences and count > 6 else Kind.OTHER
        return Reading(kind, 0.7, "the patch's author answers")
    chatter = _CHATTER.match(words)
    assent = _ASSENT.search(words)
    on_code = any(line.on_code and line.text.strip() and line.text.strip() != "..." for line in body.own)
    if assent and count <= 25 and not questions and wants == 0 and not author:
        return Reading(Kind.ACK, 0.7, _around(words, assent))
    if chatter and count <= 12 and not questions and wants == 0:
        return Reading(Kind.OTHER, 0.8, "thanks, sorry or the like")
    if author and (chatter or wants <= 2) and questions * 2 < sentences:
        return Reading(Kind.OTHER, 0.6, "it promises work of its own, as authors do")
    if questions and questions * 3 >= sentences and wants <= max(2, 2 * questions):
        return Reading(Kind.QUESTION, 0.6, "mainly questions")
    if on_code or wants:
        return Reading(Kind.REVIEW, 0.75 if wants > 1 or on_code else 0.6, "remarks on the code" if on_code else "it asks for changes")
    if questions:
        return Reading(Kind.QUESTION, 0.55, "it asks")
    if count <= 12:
        return Reading(Kind.OTHER, 0.6, "short talk")
    return Reading(Kind.REVIEW if not chatter else Kind.OTHER, 0.45, "talk about the patch")


def _words(body: Body) -> str:
    """The sender's words without greeting and closing."""
    lines = [line.text for line in body.own]
    while lines and (not lines[0].strip() or _GREETING.match(lines[0])):
        lines.pop(0)
    while lines and (not lines[-1].strip() or (len(lines) > 1 and _CLOSING.match(lines[-1]) and not re.search(r"[.!?]\s*$", lines[-1]))):
        lines.pop()
    return "\n".join(lines).strip()[:20_000]


def _applied(words: str) -> Reading | None:
    short = len(words.split()) <= 60
    for found in _APPLIED.finditer(words):
        before = words[max(0, found.start("verb") - 40) : found.start("verb")].rpartition("\n\n")[2]
        if _NOT_APPLIED.search(before.replace("\n", " ")) and not re.search(r"\b(?:has|have) been\s+(?:\w+\s+)?$", before, re.IGNORECASE):
            continue
        if not _APPLIED_REST.match(found["rest"]) or found["rest"].rstrip().endswith("?"):
            continue
        if found["verb"].lower() in ("added", "taken", "pushed", "committed", "merged") and not _TREE.search(found[0]) and not short:
            continue
        if _TRIED.search(words[found.start() : found.end() + 160]) and not re.search(r"\bthanks\b", words, re.IGNORECASE):
            continue
        tree = _TREE.search(words[found.start("verb") :])
        return Reading(Kind.APPLIED, 0.85 if short else 0.65, _around(words, found), tree["tree"].rstrip(".,") if tree else None)
    future = _FUTURE_APPLIED.search(words)
    if short and "?" not in words and future and not re.search(r"\b(?:if|once|unless|when|after)\b", words, re.IGNORECASE):
        tree = _TREE.search(words[future.start() :])
        return Reading(Kind.APPLIED, 0.55, _around(words, future), tree["tree"].rstrip(".,") if tree else None)
    return None


def _around(words: str, found: re.Match[str]) -> str:
    start = words.rfind("\n", 0, found.start()) + 1
    end = words.find("\n", found.end())
    return words[start : end if end >= 0 else len(words)].strip()[:120]

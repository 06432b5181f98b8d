# SPDX-License-Identifier: GPL-2.0-or-later
"""Patterns for phrases used on kernel lists: NACKs, "applied", approval, requests for changes,
answers.

Alternatives are separated by ` | ` or a new line. Every repetition is bounded and none is nested.
"""

import re


def _one_of(choices: str, before: str = r"\b", after: str = r"\b") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{_joined(choices)}){after}", re.IGNORECASE)


def _joined(choices: str) -> str:
    return "|".join(re.split(r"\s*\n\s*|\s+\|\s+", choices.strip()))


_BUS = r"(?!\s+(?:bit|packet|frame|irq|interrupt|response|handshake|condition|error|flag|timeout|from (?:the|a) (?:device|host|slave|client)))"  # noqa: E501
_BEFORE_REFUSAL = _joined(r"""
    so | but | a | big | hard | strong | firm | clear | still | i | i'd | i'm going to | i have to | i must | consider this | consider it
    it's | therefore
""")  # noqa: E501
REFUSAL = re.compile(
    rf"(?:^[^\w\n]*|[.!?:;,]\s+|\b(?i:{_BEFORE_REFUSAL})\s+)(?:NA?CK|NAK)(?:ed|'ed)?\b{_BUS}"
    r"|\b[Ii](?:'m| am) (?:going to|afraid i have to) n(?:ac|a)k\b"
    r"|^[^\w\n]*[Nn](?:ac|a)k(?:ed)?\s*(?:[.!,]|$)|\b[Nn](?:ac|a)k(?:ed)?[ -]by\b"
    r"|\b[Nn](?:AC|A|ac|a)[Kk] (?:from me|for (?:the|this|now|me)|on this|to this|from my)",
    re.MULTILINE,
)
_YET = r" (?:until|before|without|unless|now|yet|as|for|in)"
REFUSAL_IN_WORDS = _one_of(rf"""
    i(?:'m| am)? (?:not going to|won't|will not|refuse to) (?:apply|take|accept|merge|queue|pull) (?:this|it|that|these)(?!{_YET})
    i(?:'m| am)? reject(?:ing)? (?:this|it)
    (?:patch|series)(?: is)? rejected | (?<!are )(?<!is )(?<!be )(?<!were )(?<!was )(?<!gets )(?<!get )rejected(?=[.!])
""")  # noqa: E501

_BEFORE_APPLIED = _joined(r"""
    i've | i have | i | now | and | have been | has been | both | all | series | patch | patches | patchset | patch set | these | it | them
    already | just | thanks | it's | is | are
    thank you | thx | rebased | \d+ | version | ok | so | hence | therefore
""")  # noqa: E501
_SPELLINGS = "applied|appiled|aplied|applid|appplied"
APPLIED = re.compile(
    rf"(?:^[^\w\n]*|[.,;!:)]\s+| - |\b(?:{_BEFORE_APPLIED})\s+)\[?"
    r"(?:(?:now|just|been|already|also|finally|manually|both|all|two|three|four|five|six|\d+|tentatively|provisionally|locally|only)\]?\s+){0,3}"
    rf"(?P<verb>{_SPELLINGS}|"
    r"queued|merged|pushed|pulled|picked(?: (?:it|this|these|them|both))?(?: patch(?:es)?)? up|picked up"  # noqa: E501
    r"|picked(?= (?:v\d|it|this|these|those|them|to|into|the series)\b|\s*(?:[.,!]|$))|cherry-picked"  # noqa: E501
    r"|took(?= (?:it|this|these|those|them|patch(?:es)?|the (?:whole |entire )?(?:series|patch(?:es)?|first|last|other))\b)|taken|committed"  # noqa: E501
    r"|landed(?= (?:it|this|these|those|them|both|in|on)\b)"
    r"|(?<!patch )added|added(?= to\b))\b"
    r"(?P<rest>[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_WHAT = (
    "(?:"
    + _joined(r"""
    this(?: one)? | it | that(?: one)?
    (?:all (?:of )?)?(?:these|those)(?: (?:two|three|four|five|six|\d+))?(?: patches)? | them | both | all(?: of them)? | out | yours | your | up
    v\d{1,2} | patch(?:es)? | (?:whole |entire )?series | patchset | (?:patch)?\(?#?\d[\d, and&+/()-]* | patch\d+(?:/patch\d+)*
    the (?:first|last|other|remaining) (?:\w+ ){1,2}patches
    the rest of (?:the |this |your )?\w+ | the (?:series|set|patch|patches|patchset|rest|whole|lot|first \w+|last \w+)
""")  # noqa: E501
    + ")"
)
_ALTERED = (
    r"(?:(?:a|an|one|two|three|some|several|a couple(?: of)?|a few|the|your|those|these|that|this) )?"  # noqa: E501
    r"(?:minor|small|slight|following|few|fix|edit|change|tweak|comment|updated|tiny|trivial|cosmetic|commit|nit|typo)"
)
_PLACE = _joined(r"""
    my | the | for | net | \S+[-/.]\S+ | v?\d | linux | drm | usb | char | tty | staging | branch | mainline | upstream | stable
    master | testing | fixes | next | tip
    kvm | bpf | iio | spi | asoc | sound | hwmon | regulator | wireless | bluetooth
""")  # noqa: E501
_WHILE = (
    "already|earlier|yesterday|a while|some time|last|(?:a few|some|two|three) days"
)
APPLIED_REST = re.compile(
    rf"^\s*(?:[,.!;:]|$|\(|-|thanks|thank you|thx|now\b|as\b|and (?:pushed|queued|merged|applied|marked|tagged|tweaked)\b"  # noqa: E501
    rf"|by (?:hand|(?-i:[A-Z])\w+)\b|manually\b|locally\b"
    rf"|with (?:thanks|{_ALTERED})"
    rf"|{_WHAT}(?:\s+(?:now|as well|also|instead|three|two|four|manually|whole|{_WHAT})){{0,4}}"
    rf"\s*(?:[,.!;(]|$|(?:to|in|into|onto|for|on|via|with|as|thanks|now|and|by hand|{_WHILE})\b|(?:the|my) \S+ (?:tree|branch|queue)\b)"  # noqa: E501
    rf"|(?:to|in|into|for|on|onto|via|against)\s+(?:{_PLACE})\b"
    r"|(?:the|this|your) (?:[\w-]+ ){0,2}(?:driver|support|code|changes?|fix(?:es)?|cleanups?|work) (?:to|in|into|onto|for|via)"  # noqa: E501
    r" (?:(?:my|the) )?\S*(?:[\w.]+[/#][\w.]|\.git\b|next\b|fixes\b)"
    r"|(?:to|in|into|onto)\s+(?!wrong|incorrect|another|different|other|it\b|all\b|any\b|devices?\b)\w[\w./+-]*"
    r"(?: [\w./+-]+)?\s*(?:[,.!;(]|$|thanks|tree|branch|queue))",
    re.IGNORECASE,
)
SAID_AT_ONCE = re.compile(rf"(?:{_SPELLINGS})\Z", re.IGNORECASE)
"""What a maintainer says in a short mail of a patch, whatever follows it but for what it is not
said of.
"""
OF_OTHERS = re.compile(
    r"^\s*(?:cleanly|without|hunk|patch (?:is|was|has)|manually and|(?:and|but|then) (?:\w+ )?(?:tested|tried|test|run|ran|works?|started|squashed|fails?)\b"  # noqa: E501
    r"|(?:by|if|when|only|here|across|everywhere|consistently|for testing|for now|\w+-wide|based on)\b"  # noqa: E501
    r"|(?:\[\d+\] )?(?:(?:an?|the|your|my|some|another) )?(?:an?|another|earlier|previous|older|other|similar|same|following|prior)\b"  # noqa: E501
    r"|(?:your|the|these|those|this|all|most|both|some)?(?: of)?(?: (?:your|the|these|those))?(?: \w+)? ?"  # noqa: E501
    r"(?:suggest\w+|comments?|changes?|feedback|review\w*|hunks?|fix(?:es)?|diff|rules?|quirks?|requests?)\b"
    r"|(?:to|in|into|on|onto) (?:the"
    r" )?(?:wrong|incorrect|another|different|other|all|any|every|each|both|it|them|this)\b)",
    re.IGNORECASE,
)
_NEGATING = _joined(r"""
    not | n't | never | if | when | once | after | before | until | unless | was | were | be | being | get | gets | got | should
    could | would | can | must | might | to be
    needs? | which | that | who | since | having | they | you | we had | (?:is|are)(?: \w+)? | as
""")  # noqa: E501
NOT_APPLIED = re.compile(
    rf"\b(?:{_NEGATING})\s+(?:(?!(?:and|then|so|but)\b)\w+\s+)?$", re.IGNORECASE
)
_HAS_BEEN = r"\b(?:has|have|had) been\s+(?:\w+\s+)?$"
HAS_BEEN = re.compile(_HAS_BEEN, re.IGNORECASE)
IS_APPLIED = re.compile(
    rf"{_HAS_BEEN}|\b(?:it|this|these|they|both|all|patch(?:es)?|series|set|patchset)(?:"
    r" patch(?:es)?| series)?(?:'s| is| are)\s+(?:been\s+)?(?:\w+\s+)?$",
    re.IGNORECASE,
)
"""What a short mail says of the patch before "applied", though it would be a condition or a
description in a longer one.
"""
NOT_A_TREE = re.compile(
    r"\badded(?: back)?(?: in)? (?:(?:the|some|a few|more|all) )?(?:[\w-]+ ){0,3}(?:folks|people|person|maintainers?|guys|reviewers?|lists?)\b"  # noqa: E501
    r"|\b(?:to|in|into) (?:my|our|the|your|its) (?:\w+ )?"
    r"(?:list|todo|to-do|backlog|tracker|docs?|documentation|changelog|description|message|comments?|cover|wiki)\b",
    re.IGNORECASE,
)
"""People who are added, and places to which things other than patches are."""
NOT_YET_APPLIED = re.compile(
    r"\b(?:once|when|if|until|unless|before|after|as soon as|assuming|which|that|whether)\b[^.!?;]{0,140}\b(?:been|gets?|is|are|was|were)\s+(?:\w+\s+)?$"  # noqa: E501
    r"|\b(?:should|could|must|may|might|would|can) be \w+(?: \w+){0,8} and\s+(?:\w+\s+)?$|^[^\w\n]*there(?:'s| is| are)\b"  # noqa: E501
    r"|\b(?:something|anything|everything|what|those|one)(?: that)?(?:'s| is| are| was| were)? already\s+$"  # noqa: E501
    r"|\bwith (?:this|the|that|these|those|your|my|both|all) (?:\w+ ){0,3}$"
    r"|\b(?:see|get|getting|like|love|want|need|wanted|hope|wish)\b(?: \w+){0,2}"
    r" (?:this|the|it|these|them|your|my|that)(?: \w+){0,2} $",
    re.IGNORECASE,
)
"""A sentence up to its "applied" that speaks of a condition, or of what somebody else applied."""
TRIED = _one_of(r"""
    tested(?!-by) | (?<!as )(?<!for )(?<![/-])(?<!build )(?<!pending )(?<!more )(?<!further )testing(?! (?:branch|tree|queue))
    booted | boots | reproduc\w+ | tried | problem persists | built | builds | found (?:the|that) | still see
    on top of | upon
    (?:gave|give|given|giving) (?:it|this|these|them|the \w+) a (?:try|spin|whirl|go|test|run)
    try (?:it|this|these|them)(?: out)?
""")  # noqa: E501
_APPLYING = _joined(r"""
    apply | applying | queue | queuing | queueing | merge | merging | take | taking | pick | picking | line | grab | pull | pulling
    stage | staging | fold | squash | ship | shipping | push(?! back)
""")  # noqa: E501
WILL_APPLY = re.compile(
    r"(?:\b(?:i'll|i will|i shall|i'm going to|i am going to|i'm|let me)|^[^\w\n]*(?:(?:thanks|thank you|thx),? )?will)\s+(?:[^.?!\n]{0,40}\band )?"  # noqa: E501
    rf"(?:(?!before|until|without|reluctant|hesitant|unable|unlikely|unsure|afraid|about)\w+\s+){{0,2}}?(?:{_APPLYING})\b(?!\s+a\s+(?:look|closer))"
    r"[^.?!\n]{0,60}(?:\b(?:it|this|these|them|up|in|for|to|into|patch|series|both)\b|thanks)",
    re.IGNORECASE | re.MULTILINE,
)
APPLYING = re.compile(
    r"(?:^[^\w\n]*|[.,;!:)]\s+|\b(?:thanks|ok(?:ay)?|i'm|i am|just)\s+)(?:applying|queue?ing|pulling|merging|picking|taking)\b"  # noqa: E501
    rf"(?: (?:it|this|these|that|them|up|just|one|now|{_WHAT}|(?:to|and) \d+)){{0,5}}"
    r"(?: (?:for|to|into|in|as)"
    r" (?:v?\d+\.\d|\S*(?:next|fixes|\.git)\b|[a-z]\S*[a-z][-/]\S+|(?:the|my) \S+"
    r" (?:tree|branch))|(?<=now)(?=\s*(?:[.,!]|$)))",
    re.IGNORECASE | re.MULTILINE,
)
"""Who does it now."""
ALREADY_THERE = re.compile(
    r"(?:^[^\w\n]*|[.!]\s+)(?:this|it|these|they|(?:this|the) (?:patch|series|one))(?: patch(?:es)?| series| one)? (?:was|were|is|are|has been|have been)"  # noqa: E501
    r"(?: been)?"
    r" (?:already (?:applied|merged|queued|picked up)\b|(?:applied|merged|queued|picked up) (?:already|a while|earlier|yesterday|some time|last (?:week|month)"  # noqa: E501
    r"|(?:a few|some|two|three|\d+) (?:days|weeks|months))\b)(?! (?:in|by) another)",
    re.IGNORECASE | re.MULTILINE,
)
"""Who says of the patch that it was done before."""
PENDING = re.compile(r"\bpending\b[^.!?\n]{0,40}", re.IGNORECASE)
"""What a patch in a tree waits for."""
WHILE_APPLYING = re.compile(
    r"(?<!be )(?<!get )\b(?:fixed|removed|changed|tweaked|dropped|added|corrected|amended|adjusted|renamed|edited|reworded|done|did)\b[^.?!]{0,60}"  # noqa: E501
    r"\b(?:while|whilst|when) (?:applying|i"
    r" (?:applied|merged|queued|pushed))\b|\b(?:while|whilst|when) applying,? i(?:'ve| have)?"
    r" \w+ed\b",
    re.IGNORECASE,
)
"""What was done in applying it."""
FOLDED = re.compile(r"(\b(?:to|into|in|on|for|via)(?=\n\S)|\w,?(?= ?\n[a-z])) ?\n")
"""Where a sentence goes on in the next line, or a line ends before the name of a tree."""
DARED = re.compile(
    r"\bi(?:'ve| have|'m| am)? (?:dared|took the liberty|taken the liberty|went ahead|gone ahead|going to go ahead)\b[^.?!]{0,80}\b(?:and|to)"  # noqa: E501
    r" (?:merged?|apply|applied|pushe?d?|queued?|commit(?:ted)?|pick|take)\b(?!"
    r" (?:your|the|those|his|her) (?:suggestion|comment|change|advice|review))",
    re.IGNORECASE,
)
"""Who did it without asking."""
_IT = (
    r"(?:^[^\w\n]*|[.,!]\s+|\b(?:and|so|thanks|but)\s+)(?:this(?: one| patch| series)?|it|these(?: patches)?|they|both|all(?: of (?:these|them))?"  # noqa: E501
    r"|the (?:patch(?:es)?|series))"
)
_NAMED_BRANCH = (
    r"for-next|fixes|-next|next(?! (?:week|month|version|release|cycle|time|year))|for-linus|[\w.]+-(?:next|fixes)|\S+/(?:for-|next|fixes)\S*"  # noqa: E501
    r"|for-[\w.-]+"
)
IN_TREE = re.compile(
    r"(?<!not )(?<!what )(?<!that )(?<!which )\b(?:is|are)(?: now)? in (?:my|the) (?:[\w/.-]+ ){0,2}(?:tree|queue|branch)\b(?! (?:already|of))"  # noqa: E501
    r"|\bput (?:it|this|them) (?:in|into|on) (?:the|my) (?:queue|tree|branch)"
    rf"|{_IT}(?:'s| is| are)(?: now| also| already| just)? (?:on|in) (?:my |the )?(?:{_NAMED_BRANCH})(?!\S*[\w/])(?! (?:already|of|as|but|because|which))"  # noqa: E501
    rf"|{_IT}(?:'s| is| are) now (?:upstream|merged|in (?:linus'?s?(?: torvalds')? tree|mainline|upstream))\b(?! as)"  # noqa: E501
    rf"|{_IT} (?:was|is|were|are) (?:included|part) (?:in|of) my (?:[\w-]+ )?pull(?: |-)request"
    rf"|{_IT}(?:'ll| will| should)(?: now)? (?:be|appear|show up|land) in"
    r" (?:linux-next|-next|next|the next linux-next) (?:tomorrow|soon|shortly|today)",
    re.IGNORECASE | re.MULTILINE,
)
DID_TAKE = re.compile(
    r"\bi did (?:apply|take|merge|queue|pick(?: up)?|push) (?:it|this|these|them|both|your|all|the|everything)\b(?! (?:\w+ )?(?:suggest|comment|advice))"  # noqa: E501
    r"|\bi can (?:take|apply|queue|merge|pick up|grab) (?:it|this|these|them)(?: up)?(?: now|, (?:thanks|thank you|looks like))\b"  # noqa: E501
    r"|(?:\bi(?:'ll| will| am|'m)(?: going to)?|\A\W*will) (?:send|sending|push|pushing|forward|forwarding|route|routing)"  # noqa: E501
    r" (?:it|this|these|them|this patch|the patch|the series)"
    r"(?: on| out)? (?:upstream|to (?:linus|andrew)\b|through (?:my|the) (?:\S+ )?tree)",
    re.IGNORECASE,
)
"""Who has done it, or passes the patch on."""
GOT_IT = re.compile(
    r"\A\W*(?:(?:ok(?:ay)?|thanks|thank you|yes),? )?i(?:'ve| have)? got (?:it|this(?: one)?|these|them|both|all|the series)"  # noqa: E501
    r"(?: (?:now|queued|in my (?:tree|queue)))?(?:,? (?:thanks|thank you))?\W*\Z",
    re.IGNORECASE,
)
"""The whole of a maintainer's short reply."""
PATCHWORK_MARK = re.compile(
    r"^pw-bot:\s*(?P<state>[a-z-]{2,24})\s*$", re.IGNORECASE | re.MULTILINE
)
"""A state that a reply sets in patchwork."""
WITHDRAWS = re.compile(
    r"(?<!\bor )(?<!\bor to )(?<!\bor just )(?<!\bor just to )\b(?:ignore|disregard|drop|discard|skip)\s+(?:(?:this|it|these|them|that)\b"  # noqa: E501
    r"|(?:my|the)(?=\s+(?:\w+\s+)?(?:one|patch|series|version|v\d)))(?:\s+(?:\w+\s+)?(?:one|patch(?:es)?|series|patchset|version|v\d+))?"
    r"(?!\s+(?:e?-?mail|message|comment|question|reply|noise|part|hunk|line|previous|last|tag|for now))"  # noqa: E501
    r"|\bi(?:'m| am|'ll| will| hereby)? (?:withdraw(?:ing)?|retract(?:ing)?|drop(?:ping)?) (?:this|it|the|my|these)\b|\bself[- ]nac?k\b"  # noqa: E501
    r"|(?<!n't )(?<!not )(?<!to )\bforget (?:about )?(?:this|the|my|these) (?:patch(?:es)?|series|one|version)\b"  # noqa: E501
    r"|\b(?:consider|abandon(?:ing)?|scrap(?:ping)?) (?:this|the|my|these) (?:patch(?:es)?|series)\b(?! (?:as|to|for|in|when|if))"  # noqa: E501
    r"|\b(?:this|the|my) (?:patch|series) (?:is|becomes) (?:no longer|not|un)["
    r" -]?(?:needed|necessary|required)\b",
    re.IGNORECASE,
)
"""An author on their own patch; not when they announce a new version."""
WHOLE_SERIES = re.compile(
    r"\b(?:series|patchset|(?:patch|the|this|whole) set|all|both|patches|these|them|whole|everything|the lot|\d+ ?(?:-|to|\.\.) ?\d+)\b"  # noqa: E501
    r"|\balong with (?:the )?(?:\[?\d+/\d+|rest|others?)",
    re.IGNORECASE,
)
"""Words of a reply to one patch that speak of more than this patch."""
TO_TRY = _one_of(r"""
    my (?:\w+ )?test (?:trees?|queue|branch) | (?:give|giving) (?:it|this|these|them|the \w+) a (?:try|spin|whirl|go|test|run)
    to (?:test|try) (?:it|this|these|them)
""")  # noqa: E501
"""What a tester takes a patch for."""
PERHAPS = _one_of("probably | maybe | perhaps | might | likely")
UNDER_CONDITION = _one_of(r"""
    (?:if|once|unless|when|after|until)\s+\w+ | (?:please|pls|can you|could you|just) (?:re-?send|re-?spin|re-?post|re-?base|re-?submit|send|post|submit)
""")  # noqa: E501
TREE = re.compile(
    r"\b(?:applied|queued(?: up)?|merged|pushed|pulled|committed|taken|added|picked up"
    r"|line it up|take (?:it|this)|apply (?:it|this)|queue (?:it|this)(?: up)?)\b"
    r"[^.\n]{0,30}?\b(?:to|in|into|for|on|onto|via)\s+(?:the\s+|my\s+)?(?P<tree>[\w][\w./+-]*(?:\s+\([^)\n]+\))?)",
    re.IGNORECASE,
)
NO_TREE = re.compile(
    r"^(?:\w+ly|(?!testing)\w+ing|my|it|its|this|that|these|those|me|you|us|them|all|any|an?|some|each|both|our|your|top|be|see|make|avoid)$",
    re.IGNORECASE,
)

ASSENT = _one_of(
    rf"""
    looks? (?:very |really |pretty |all |quite )?(?:good|fine|ok(?:ay)?|great|nice|correct|sane|reasonable|right|sensible)
    lgtm | sgtm | sounds? (?:good|fine|reasonable|great) | (?:i'm|i am|im) (?:ok(?:ay)?|fine|happy|good) with
    (?:fine|ok(?:ay)?|good) (?:with|by|for|to) me
    no objections? | works for me | (?:resolves?|addresses) (?:all )?my (?:concerns?|comments?|questions?|remarks?)
    no (?:further|more|other) (?:comments?|concerns?|questions?|remarks?)
     makes? sense(?! (?:to(?! me)|if|for)\b) | agreed? | seems? (?:good|fine|ok(?:ay)?|reasonable|correct|sane|right)
    ack(?:ed)?(?: from me)?{_BUS} | indeed
    (?:carry|put|take|push|send|route|merge|queue) (?:it|this|them|these|that) (?:in|into|to|through|via|with) your (?:\w+ )?(?:tree|branch|queue)
    nice (?:catch|find|fix|cleanup|work) | good (?:catch|find|fix|idea|point) | you can add | feel free to add | i like (?:it|this|that|these)
    is (?:correct|fine|right|ok|good)(?: as)? | \+1 | correct\. | put me down for (?:an? )?(?:ack|r-?b|tag)
    """,  # noqa: E501
    before=r"(?<!\w)",
    after=r"(?!\w)",
)
ASKS_STRONGLY = _one_of(r"""
    please | pls | should(?:n't)? | must(?:n't)? | needs? to | needs? (?:a|an|the) | missing | misse[sd] | (?<!i )forgot(?:ten)? | instead
    rather than
    would be (?:better|nicer|good|nice|great|clearer) | better to | prefer(?:ably|red|ence)? | typo | nit(?:s|pick)? | wrong
    incorrect(?:ly)? | broken
    drop (?:this|the|that|it) | remove (?:this|the|that|it) | could you | can you | would you | how about | what about | why not
    consider | suggest(?:ion)?
    ditto | same (?:here|comment|issue|problem) | unnecessary | not needed | redundant | superfluous | pointless | useless | resend
    repost | respin | rebase
    a couple of (?:comments|things|nits|remarks) | (?:few|some|one|minor|small) (?:comments?|remarks?|nits?|issues?) | comments? below
    see below
    might (?:want|need) | i'd (?:rather|suggest|prefer|expect|like) | ought | clearer | don't (?:add|use|do|break|mix|need|see why)
    make sure
    (?:doesn't|won't) (?:compile|build|apply|work)
""")  # noqa: E501
ASKS_WEAKLY = _one_of(r"""
    don't | do not | can(?:not|'t) | confusing | unclear | doesn't | does not | isn't | is not | won't | will not | split | rename
    problem | issue | fails?
    overflows? | race | deadlock | violat\w+ | style | indent\w* | whitespace | line break | changelog | commit (?:message|log)
    use (?:the|a|an) | i'd say
    it'll be | potential(?:ly)? | concern\w* | worr\w+ | not sure | bug(?:gy)? | leaks? | unused | breaks? | no need
    (?:can|could) (?:be|go) | unrelated | extra | belongs? | separate patch | terminator | blank line
    alignment
""")  # noqa: E501

SORRY_OR_DONE = _one_of(
    r"""
    sorry | apologies | i apologi[sz]e | my (?:bad|mistake|fault) | oops | whoops | grr\w* | argh | will do | done | fixed | got it
    noted | understood | no worries
    no problem | np | i'm sorry | i am sorry | please (?:ignore|disregard) | ignore (?:this|that)
    """,  # noqa: E501
    before=r"\A\W*",
)
ANSWERS = _one_of(
    r"""
    thanks? | thank you | many thanks | thx | great | sure | ok(?:ay)? | yes | yep | yup | yeah | no(?!\W*(?:need|change|functional))
    nope | right | ah | oh
    good (?:point|catch|idea) | i see | hm+ | congrat\w* | agreed | exactly | true | of course | ack | cool | nice | perfect | awesome
    excellent | it is | indeed
    correct | absolutely | fair (?:enough|point) | have a (?:great|nice|good) | happy (?:new|birthday) | welcome | fwiw
    """,  # noqa: E501
    before=r"\A\W*",
)
_WORK = _joined(r"""
    fix | fixed | send | sent | submit | submitted | resend | resent | repost | reposted | post | posted | update | updated | change
    changed | add | added | remove | removed
    drop | dropped | respin | rework | reworked | rebase | rebased | include | included | correct | corrected | address | addressed
    incorporate | prepare | split
    rephrase | rename | squash | spend | look into | take a look | have a look | try | check
""")  # noqa: E501
PRAISE = re.compile(
    r"\b(?:i (?:really |do |quite )?like"
    r"|looks? (?:pretty |very |really |quite )?"
    r"(?:good|great|fine|sane|nice|correct|right|reasonable|ok|okay|sensible|better)"
    r"|(?:change|patch|fix|code|idea|approach)(?: itself)? (?:is|looks|seems)"
    r" (?:right|correct|good|fine|ok|okay|sane|sound)"
    r"|lgtm|makes (?:perfect )?sense|great|nice(?:ly)?"
    r"|(?:good|excellent) (?:idea|catch|point|find|job|work)|well (?:done|spotted)"
    r"|no (?:objections?|complaints?)|i(?:'m| am) (?:happy|fine|ok|okay) with)\b"
    r"(?![^.!?]{0,80}\b(?:but|if|except|however|though|once|when|would|should|could)\b)",
    re.IGNORECASE,
)
"""What is said of a patch that pleases, without a condition."""
PROMISES = re.compile(
    rf"\b(?:i(?:'ll| will| am going to|'m going to| plan to| just| have|'ve)\s+(?:\w+\s+){{0,3}}?(?:{_WORK})"  # noqa: E501
    r"|in (?:the )?(?:v\d{1,2}(?![.\d])|next (?:version|revision|spin|series|iteration))"
    r"|will (?:fix|do|send|change|update|drop|resend|add|remove|respin|rework|address|correct)"
    r"|v\d+ (?:will|is|has been) (?:sent|posted|coming)|sent (?:a )?v\d)\b",
    re.IGNORECASE,
)
_WILL = r"\b(?:i(?:'ll| will| shall|'m going to| am going to| plan to)|let me|we(?:'ll| will)|(?:sure|yes|ok(?:ay)?|thanks|right|ah),? will)\b"  # noqa: E501
CONCEDES = re.compile(
    r"\bi(?:'ll| can| could| will|'ve| have|'d)? (?:just |also )?(?:fix|fixed|tweak|tweaked|change|changed|adjust|adjusted|reword|reworded|correct|corrected"  # noqa: E501
    r"|amend|amended|do|did|handle|address|addressed|fold|squash)\b[^.?!]{0,60}"
    r"\b(?:myself|(?:when|while|whilst) (?:i )?(?:appl|merg|push|commit)\w+|(?:before|during) (?:i |the )?(?:appl|merg|push|commit)\w+)"  # noqa: E501
    r"|\bno need (?:to|for (?:a|an|you to)|of an?)"
    r" (?:re-?send|re-?spin|re-?post|v\d|new|another|send)\b|\bunless you want to"
    r" re-?(?:send|spin|post)\b",
    re.IGNORECASE,
)
"""A reviewer who asks for something and does it, or goes without it."""
NEXT_VERSION = re.compile(
    rf"(?:{_WILL}|^[^\w\n]*will\b)[^.?!]{{0,80}}\b(?:v(?P<version>\d{{1,2}})\b(?![.]\d)"
    r"|(?:new|next|updated|another|revised) (?:version|revision|spin|iteration|series)"
    r"|re-?spin|re-?send|re-?post|re-?spinning)(?![^.?!]{0,60}\b(?:if|unless)\b)",
    re.IGNORECASE | re.MULTILINE,
)
"""An author who announces the next version."""
WILL_CHANGE = re.compile(
    rf"(?:{_WILL}|^[^\w\n]*will\b)(?: \w+){{0,3}} (?:fix|change|update|add|remove|drop|rework|rename|split|reword|rephrase|rebase|address|correct|convert"  # noqa: E501
    r"|replace|move|fold|squash|include|mention|do (?:that|so|it))\b",
    re.IGNORECASE | re.MULTILINE,
)
"""An author who will do what was asked."""
WORKS = _one_of(r"""
    i can confirm | (?<!that )seems to work(?: (?:fine|well|here|now|for me))?(?=[.,!:;]|$)
    (?<!that )works (?:fine|well|great|as expected|for me)(?! if| when) | (?:fixes|solves) (?:it|the \w+|my \w+) (?:for me|here)
    (?:can't|cannot|can not|unable to|no longer) (?:be )?(?:reproduced?|see|observe|trigger) (?:the|this|that|it|any)
""")  # noqa: E501
"""A person's report of a successful test."""
PING = re.compile(
    r"\b(?:gentle|friendly|kind|polite|another|second|weekly|monthly)\s+(?:ping|reminder|nudge|bump)\b|^[^\w\n]*(?:ping|bump)\b"
    r"|\bany (?:update|news|feedback|progress|comments?|thoughts?)\b[^.!\n]{0,60}\?"
    r"|\bany (?:comments?|feedback|news) (?:on|about|for) (?:this|the patch|it)\b"
    r"|just (?:wanted to check|checking (?:in|on|up))\b|\bmake sure (?:this|it|these) (?:didn't|isn't|wasn't)\s+(?:get\s+)?(?:lost|missed|forgotten)"  # noqa: E501
    r"|could (?:someone|anyone|you) (?:please )?(?:pick (?:this|it) up|review this|merge this|apply"
    r" this)",
    re.IGNORECASE | re.MULTILINE,
)
TOOK_OWN = re.compile(
    r"(?:\A|[.!]\s+)\W*(?:(?:now|both|all|also|series|patch(?:es)?|this|it|these|is|are|has been|have been|i've|i have|i|just) ){0,4}"  # noqa: E501
    r"(?:applied|queued|pushed|merged|committed)\b(?! in v\d)",
    re.IGNORECASE,
)
"""A maintainer on their own patch."""
TOOK_OWN_SHORTLY = re.compile(
    r"\A\W*(?:(?:hi|hello)\b[^\n]{0,20}\n\s*)?(?:(?:now|just) )?(?:(?:patch[- ]?set|(?:this |the )?(?:series|patch(?:es)?)|all patches) "  # noqa: E501
    r"(?:(?:is|are|has been|have been|now) ){0,2}(?:applied|pushed|merged|queued)"
    r"|(?:pushed|merged|queued)(?= (?:now|to|in|into|for|up)\b|\W*(?:\Z|,? thank)))\b"
    r"(?! in v\d)",
    re.IGNORECASE,
)
"""A maintainer on their own patch, in a mail of a few words."""
TOOK_OWN_FIRST = re.compile(
    r"\A\W*(?:i(?:'ve| have)? )?(?:(?:now|just) )?(?:applied|queued|merged|pushed)"
    r" (?:the|this|these) (?:whole )?(?:patch[- ]?set|series|patches)\b",
    re.IGNORECASE,
)
"""A maintainer on their own patches, at the beginning of a mail."""
TOOK_IT = re.compile(
    r"\A(?![^?]{0,400}\b(?:idea|point|suggest\w*|comments?|advice|feedback)\b)(?:[^?]{0,400}?(?:[.!]\s+|\n))?\W*"
    r"i(?:'ve| have)(?: now| just)? (?:applied|queued|merged|pushed|committed)"
    r" (?:this|these|it|them|both|the (?:series|patch(?:es)?))(?: up)?(?: now)?(?=\s*(?:[.!]|$))",
    re.IGNORECASE,
)
"""A maintainer on their own patch, in an answer to others."""
TOOK_INTO = re.compile(
    r"(?:\A|[.!,]\s+|\n)\W*(?:i(?:'ve| have)? )?(?:(?:now|just|already) ){0,2}(?:applied|queued|merged|pushed|added|taken|picked|moved|landed)\b(?! in v\d)"  # noqa: E501
    r"[^.?!\n]{0,50}?"
    r"\b(?:to|in|into|onto) (?:the |my )?(?:(?:master|main|mainline)\b|[a-z][\w-]{1,20}/(?:for-|stable-)\S+"  # noqa: E501
    r"|\S*(?:-next|/next|-fixes|/fixes|\.git)(?!\S*[\w/])|\S+ (?:tree|branch) of \S+)"
    r"|\bi(?:'ve| have)(?: now)? (?:added|applied|merged|queued) (?:this|the|these) (?:series|patch(?:es)?|patch-?set)"  # noqa: E501
    r" to my (?!test)[\w-]+(?: \([^)]{1,60}\))? branch\b",
    re.IGNORECASE,
)
"""A maintainer on their own patch, in an answer to others: in a tree that others take from."""
WITH_THAT = re.compile(r"\bwith (?:that|this|these|those)\b", re.IGNORECASE)
"""A condition for what is said."""
YES = re.compile(
    r"\A\W*(?:sure|yes|yep|yup|ok(?:ay)?|of course|will do|done|no"
    r" problem)\b(?!.*\b(?:but|if|once|when|after|until|unless|later|not|n't)\b)",
    re.IGNORECASE | re.DOTALL,
)
"""The whole of an answer that agrees."""
SELF_NACK = re.compile(r"\bself[- ]nac?k\b", re.IGNORECASE)
TOOK_BACK = re.compile(
    r"\bi(?:'ve| have|'m| am|'ll| will)? (?:now |just |also )?(?:dropp?(?:ed|ing)?|revert(?:ed|ing)?|unapplied|backed out|remov(?:ed|ing)) "  # noqa: E501
    r"(?:this|it|these|them|both|the (?:patch(?:es)?|series|commits?)|that (?:patch|commit|one))\b"
    r"(?! (?:\w+ )?(?:line|part|hunk|tag|check|word|from the (?:patch|series|commit)))"
    r"|\A\W*(?:now |ok(?:ay)?,? )?(?:dropped|reverted)(?=\s*(?:[.,!]|$|now\b|again\b|from\b))",
    re.IGNORECASE,
)
"""A maintainer who undoes what they did."""
THANKS_FOR_REVIEW = re.compile(
    r"\A\W*(?:(?:yes|yeah|ah|oh|indeed|hm+),? )?"
    r"(?:you(?:'re| are) (?:absolutely |quite |totally )?(?:right|correct)|(?:good|nice|great) (?:catch|point|spot))\b"  # noqa: E501
    r"|(?:\A\W*|\n)(?:many )?(?:thanks?|thank you|thx)(?: you| a lot| very much| so much)?,? for (?:\w+ ){0,3}"  # noqa: E501
    r"(?:review\w*|comments?|feedback|suggestions?|advice|reply|replying|explanation|explaining|pointing|catching|spotting|reporting|report|look"
    r"|testing)\b",
    re.IGNORECASE,
)
"""How an author begins an answer."""
ASKS_AGAIN = re.compile(
    r"\b(?:could|can|would|will|please|pls|you (?:should|need to|have to|may)|i'd like you to|mind)\b[^.?!\n]{0,40}"  # noqa: E501
    r"\b(?:send(?:ing)?|resend(?:ing)?|post|repost|respin(?:ning)?|submit|resubmit|spin|prepare)\b[^.?!\n]{0,30}"
    r"\b(?:v\d{1,2}|new"
    r" (?:version|revision|spin|series|patch)|(?:next|another|updated|fixed|rebased)"
    r" (?:version|revision|spin|series|patch))\b",
    re.IGNORECASE,
)
"""A wish for another version, however politely asked."""
TAKE_IT = re.compile(
    r"\b(?:please|pls|can you|could you|would you|will you|mind)\b[^.?!\n]{0,25}\b(?:push|apply|queue|merge|take|pick|pull|grab|picking|taking|applying)"  # noqa: E501
    r"(?: up)? (?:this|it|these|them|that|the|patch(?:es)? \d+(?:(?:,|-| and| &) ?\d+){0,9})(?: (?:patch(?:es)?|series|one|fix|set))?(?: up)?"  # noqa: E501
    r"(?: (?:for|through|via|please|to|into|in) (?:me|us|you|v?\d\S*|now|please|(?:the |your |my )?\S{1,20} (?:tree|branch|queue)|\S*(?:next|fixes)))?"  # noqa: E501
    r" ?(?:please)?(?=\s*(?:[.?!,;]|$|\n))"
    r"|\b(?:may|could|can) i (?:\w+ )?ask you to (?:replace|pick|take|apply|merge|queue|pull|push)\b"  # noqa: E501
    r"|\b(?:please|pls|can you|could you|would you) (?:please )?(?:consider"
    r" )?(?:ack|acking|reviewing|review (?:it|this|these|them))\b",
    re.IGNORECASE,
)
"""What is said to a maintainer, never to the patch's author."""
_SAID = (
    r"(?!\W*(?:applied|queued|pushed|pulled|merged|committed|picked|taken|ack|acked|nak|nack|nacked|lgtm|done|fixed|dropped|reverted|agreed"
    r"|rejected|ping)\b)"
)
GREETING = re.compile(
    rf"^{_SAID}"
    r"\s*(?:(?:hi|hello|hey|dear|greetings|good (?:morning|day|evening))\b.{0,60}|\S{1,24}(?: \S{1,24})?[,:]|\+\s*\S.{0,60}|@\w+.{0,30}"  # noqa: E501
    r"|\[?(?:cc|\+cc|adding)\b.{0,80})\s*$",
    re.IGNORECASE,
)
CLOSING = re.compile(
    rf"^{_SAID}"
    r"\s*(?:(?:(?:best|kind|warm|many)?\s*(?:regards|wishes|cheers|greetings|rgds)|thanks(?: again| a lot| in advance)?|thank you|thx|br|mfg"  # noqa: E501
    r"|cheers|sincerely|gr\{oetje.*)\W{0,3}.{0,30}|[-–—~]+\s*\w[\w. ]{0,24}|(?-i:[A-Z])\w{0,14}(?:"
    r" (?-i:[A-Z])[\w.-]{0,14}){0,2}[.,]?\s*)$",
    re.IGNORECASE,
)
ABOUT_A_PATCH = re.compile(
    r"\[[^]]*\b(?:patch\w*|rfc|rft|tip|v\d+|\d+/\d+)\b[^]]*\]|\bpatch [\"“]|^\s*(?:re:\s*)?\+"
    r" |\.patch\b|FAILED: patch|linux-next:|GIT PULL",
    re.IGNORECASE,
)
IN_A_TREE = re.compile(
    r"\[tip: |\bpatch \".{1,200}\" (?:added to|has been added)|\.patch (?:added to|removed from)"
)
"""Subjects of what was taken already."""
SENT_AGAIN = re.compile(
    r"\bv\d{1,2} (?:is|has been|was) (?:sent|posted|submitted)"
    r"|\bi(?:'ve| have)?(?: just)? (?:sent|posted|submitted) (?:a |the |out )?(?:new |next"
    r" )?(?:v\d{1,2}\b|version|patch)",
    re.IGNORECASE,
)
"""An author who says that a new version is there."""
ROBOT_WROTE = re.compile(
    r"\b(?:test robot|syzbot|\w*bot2?@|patchwork-bot|sashiko|tip-bot2?|lkp@|ci@)",
    re.IGNORECASE,
)
"""An attribution of a robot's words."""
_VERBS = _joined(r"""
    use | drop | remove | delete | add | make(?! sense) | move | split | rename | replace | stop | keep | put | fix | avoid | merge | squash | sort
    explain | document | return | check | test | separate | capitalize | swap | change | switch | convert | include | define | declare
    mention | describe | set | initialize | let's | say | write | spell | align | wrap | pass | reuse | follow | send | do(?:n't| not)
    don't | never | reword | rephrase | clarify
""")  # noqa: E501
IMPERATIVE = re.compile(
    rf"\W*(?:(?:no|then|so|also|and|nits?|instead|ditto|minor|just|only|maybe|simply|better|or|but|again|otherwise|alternatively|first|second|here)\W+)*"
    rf"(?:(?:{_VERBS})\b|s/[^/]+/[^/]*/)|\W*same"
    r" (?:here|everywhere|for|as|on|below|comment)\b|\W*ditto\b|\bmaybe you (?:can|could)\b",
    re.IGNORECASE,
)
"""A sentence that begins as a request."""
PLAIN_WISH = re.compile(
    r"\b(?:please|pls|you (?:should|need to|have to|must)|i(?:'d| would)"
    r" (?:prefer|rather|suggest))\b(?![^.?!]{0,200}\?)",
    re.IGNORECASE,
)
"""What is wanted, in a sentence that is no question."""
NO_REQUEST = re.compile(
    r"\b(?:not (?:really )?an? (?:issue|problem|concern)|should have been:?$|(?:did|do)n't (?:want|mean) to (?:suggest|ask)|isn't (?:in)?correct|i can see\b"  # noqa: E501
    r"|i (?:\w+ have )?(?:missed|misread|overlooked|misunderstood)\b"
    r"|no need to (?:resend|repost|respin|send|do (?:that|this|anything)|change|worry)|would you mind if i|i should (?:have|note)"  # noqa: E501
    r"|i(?:'m| am| was) (?:completely |just |probably )?wrong\b|(?:please )?(?:expect|forgive|excuse|bear with|be patient|allow)\b"  # noqa: E501
    r"|please (?:(?:see|find) (?:below|inline|attached|my)|correct me|let me know|note)\b"
    r"|should (?:now |all )?be (?:good|fine|ok(?:ay)?|safe|enough|sufficient)\b)",
    re.IGNORECASE,
)
"""What has the words of a request and is none."""

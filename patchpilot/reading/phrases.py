# SPDX-License-Identifier: GPL-2.0-or-later
"""Define patterns for common phrases on kernel lists, such as NACKs, "applied", approvals, requests
and answers.

Alternatives are separated by ` | ` or a new line. To limit the running time, repetitions have a
maximum and are not nested.
"""

import re


def _any_phrase(choices: str, before: str = r"\b", after: str = r"\b") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{_joined(choices)}){after}", re.IGNORECASE)


def _joined(choices: str) -> str:
    return "|".join(re.split(r"\s*\n\s*|\s+\|\s+", choices.strip()))


_BUS = r"(?!\s+(?:bit|packet|frame|irq|interrupt|response|handshake|condition|error|flag|timeout|from (?:the|a) (?:device|host|slave|client)))"  # noqa: E501

PATCHWORK_MARK = re.compile(r"^pw-bot:\s*(?P<state>[a-z-]{2,24})\s*$", re.IGNORECASE | re.MULTILINE)
"""A reply that sets a patch's state in patchwork."""
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
"""An author withdrawing their own patch, unless they announce a new version."""
WHOLE_SERIES = re.compile(
    r"\b(?:series|patchset|(?:patch|the|this|whole) set|all|both|patches|these|them|whole|everything|the lot|\d+ ?(?:-|to|\.\.) ?\d+)\b"  # noqa: E501
    r"|\balong with (?:the )?(?:\[?\d+/\d+|rest|others?)",
    re.IGNORECASE,
)
"""Words in a reply to one patch that refer to the other patches as well."""
ASSENT = _any_phrase(
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
ASKS_STRONGLY = _any_phrase(r"""
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
SORRY_OR_DONE = _any_phrase(
    r"""
    sorry | apologies | i apologi[sz]e | my (?:bad|mistake|fault) | oops | whoops | grr\w* | argh | will do | done | fixed | got it
    noted | understood | no worries
    no problem | np | i'm sorry | i am sorry | please (?:ignore|disregard) | ignore (?:this|that)
    """,  # noqa: E501
    before=r"\A\W*",
)
ANSWERS = _any_phrase(
    r"""
    thanks? | thank you | many thanks | thx | great | sure | ok(?:ay)? | yes | yep | yup | yeah | no(?!\W*(?:need|change|functional))
    nope | right | ah | oh
    good (?:point|catch|idea) | i see | hm+ | congrat\w* | agreed | exactly | true | of course | ack | cool | nice | perfect | awesome
    excellent | it is | indeed
    correct | absolutely | fair (?:enough|point) | have a (?:great|nice|good) | happy (?:new|birthday) | welcome | fwiw
    """,  # noqa: E501
    before=r"\A\W*",
)
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
"""Unconditional praise for a patch."""
WORKS = _any_phrase(r"""
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
THANKS_FOR_REVIEW = re.compile(
    r"\A\W*(?:(?:yes|yeah|ah|oh|indeed|hm+),? )?"
    r"(?:you(?:'re| are) (?:absolutely |quite |totally )?(?:right|correct)|(?:good|nice|great) (?:catch|point|spot))\b"  # noqa: E501
    r"|(?:\A\W*|\n)(?:many )?(?:thanks?|thank you|thx)(?: you| a lot| very much| so much)?,? for (?:\w+ ){0,3}"  # noqa: E501
    r"(?:review\w*|comments?|feedback|suggestions?|advice|reply|replying|explanation|explaining|pointing|catching|spotting|reporting|report|look"
    r"|testing)\b",
    re.IGNORECASE,
)
"""Thanks at the start of an author's reply."""
ASKS_AGAIN = re.compile(
    r"\b(?:could|can|would|will|please|pls|you (?:should|need to|have to|may)|i'd like you to|mind)\b[^.?!\n]{0,40}"  # noqa: E501
    r"\b(?:send(?:ing)?|resend(?:ing)?|post|repost|respin(?:ning)?|submit|resubmit|spin|prepare)\b[^.?!\n]{0,30}"
    r"\b(?:v\d{1,2}|new"
    r" (?:version|revision|spin|series|patch)|(?:next|another|updated|fixed|rebased)"
    r" (?:version|revision|spin|series|patch))\b",
    re.IGNORECASE,
)
"""A request for another version, including polite ones."""
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
"""Requests to a maintainer, never to the patch's author."""
_SAID = (
    r"(?!\W*(?:applied|queued|pushed|pulled|merged|committed|picked|taken|ack|acked|nak|nack|nacked|lgtm|done|fixed|dropped|reverted|agreed"
    r"|rejected|ping|nits?)\b|\W*s,\S)"
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
"""Subjects of messages about applied patches."""
ROBOT_WROTE = re.compile(
    r"\b(?:test robot|syzbot|\w*bot2?@|patchwork-bot|sashiko|tip-bot2?|lkp@|ci@)",
    re.IGNORECASE,
)
"""An attribution that quotes a bot."""
_VERBS = _joined(r"""
    use | drop | remove | delete | add | make(?! sense) | move | split | rename | replace | stop | keep | put | fix | avoid | merge | squash | sort
    explain | document | return | check | test | separate | capitalize | swap | change | switch | convert | include | define | declare
    mention | describe | set | initialize | let's | say | write | spell | align | wrap | pass | reuse | follow | send | do(?:n't| not)
    don't | never | reword | rephrase | clarify
""")  # noqa: E501
REQUEST_VERB = re.compile(
    rf"(?:{_VERBS})\b|same (?:here|everywhere|for|as|on|below|comment)\b|ditto\b"
    r"|\bmaybe you (?:can|could)\b",
    re.IGNORECASE,
)
"""A verb of a request, or a reference to an earlier request."""
SUBSTITUTES = re.compile(
    r"(?<!\bsed )(?<!\bsed -[ie] )(?<!\bsed ')(?<!\bsed -[ie] ')(?<![\w/.-])(?<!\w['’])"
    r"(?:s/([^/\s]{1,80})/[^/\s]{1,80}$|"
    + "|".join(
        rf"{start}{sign}(?! )([^{sign}\n]{{1,80}}){sign}(?! )[^{sign}\n]{{0,80}}{sign}"
        r"[gi]{0,2}(?!\w)"
        for start, signs in (("s", "/@#"), (r"(?<![(\[])s", ",|"))
        for sign in map(re.escape, signs)
    )
    + ")"
)
"""A request to replace words, such as `s/foo/bar/`; one of its groups has the old words."""
_CONDITION = (
    r"\b(?:once|when|if|after|as soon as|as long as|provided|assuming)\b(?! (?:i|we|my|our)\b)"
    r"(?![^.!?]{0,40}\b(?:nobody|nothing|no one|no other)\b)[^.!?]{0,40}?\b"
)
_CHANGED = (
    r"(?:(?:fix|chang|address|correct|reword|rephras|renam|remov|dropp|add|updat|resolv|adjust"
    r"|tweak|clarifi|explain|mov|replac|squash|rebas)ed|split|rewritten|respun|resent|done|gone)\b"
)
_DONE_BY_YOU = (
    rf"(?:{_CHANGED}|you\b(?!(?:'re| are)?(?: \w+)? (?:agree|like|want|fine|ok(?:ay)?|prefer|mind"
    r"|think|happy)\b))"
)
_I_TAKE = (
    r"\b(?:(?:(?:i|we)(?:'ll|'d| will| can| could| would| shall)?|will|can|could|happy|glad)\b"
    r"(?: \w+){0,4}? (?:apply|queue|merge|pick|pull|push|grab"
    r"|take(?! (?:an?|another)(?: \w+)? look| (?:time|care|into|part|note)))"
    r"|(?:can|will|could|ready to) be (?:applied|taken|queued|merged|picked|pulled|pushed))\b"
)
OFFERS_TO_TAKE = re.compile(
    rf"{_I_TAKE}[^.!?]{{0,60}}?{_CONDITION}{_DONE_BY_YOU}"
    rf"|(?:{_CONDITION}{_DONE_BY_YOU}|\bwith [^.!?]{{0,60}}?\b{_CHANGED})[^.!?]{{0,60}}?{_I_TAKE}"
    rf"|{_I_TAKE} (?:an?|the next) (?:v\d|(?:new|updated|fixed) (?:version|patch)|re-?spin)"
    r"|\b(?:can|could|would|i'd|happy|glad)\b(?: \w+){0,3}? (?:apply|take|queue|merge|pick|pull)\b"
    rf"[^.!?]{{0,30}}? with [^.!?]{{0,60}}?\b{_CHANGED}"
    rf"|(?:\b(?:please|pls)(?! (?:don't|do not|ignore))|(?:\A\W*|[,;:] |\b(?:so|just) )(?!do)"
    rf"(?:{_VERBS}|re-?send|re-?spin|re-?post|rebase))\b[^.!?]{{1,100}}?\b(?:then|and)\W+{_I_TAKE}",
    re.IGNORECASE,
)
"""An offer to apply a patch after its author has changed something, which is a request."""
PLAIN_WISH = re.compile(
    r"\b(?:please|pls|you (?:should|need to|have to|must)|i(?:'d| would)"
    r" (?:prefer|rather|suggest))\b(?![^.?!]{0,200}\?)",
    re.IGNORECASE,
)
"""A request that is not phrased as a question."""
NO_REQUEST = re.compile(
    r"\b(?:not (?:really )?an? (?:issue|problem|concern)|should have been:?$|(?:did|do)n't (?:want|mean) to (?:suggest|ask)|isn't (?:in)?correct|i can see\b"  # noqa: E501
    r"|i (?:\w+ have )?(?:missed|misread|overlooked|misunderstood)\b"
    r"|i (?:can(?:not|'t)?|could) only (?:look|read|compile|build|test|try|check)\b"
    r"|i (?:no longer|(?:do|did)(?: not|n't)) (?:have|own) (?:the|this|that|any|such) (?:\w+ )?"
    r"(?:hardware|device|board|machine|chip|setup)\b"
    r"|no need to (?:resend|repost|respin|send|do (?:that|this|anything)|change|worry)|would you mind if i|i should (?:have|note)"  # noqa: E501
    r"|i(?:'m| am| was) (?:completely |just |probably )?wrong\b|(?:please )?(?:expect|forgive|excuse|bear with|be patient|allow)\b"  # noqa: E501
    r"|please (?:(?:see|find) (?:below|inline|attached|my)|correct me|let me know)\b"
    r"|please note(?:[:,]| (?:that|i|we|you|they|there|it is|it's|this is)\b)"
    r"|should (?:now |all )?be (?:good|fine|ok(?:ay)?|safe|enough|sufficient)\b)"
    r"|(?<!\badd )(?<!\bneed )(?<!\bneeds )\b(?:an?|one|some|few|couple of)(?: \w+)? (?:nits?|nitpicks?|comments?|issues?|remarks?|questions?)(?: (?:below|inline))?\W*$"  # noqa: E501
    r"|^\W*(?:adding|cc'?ing|sorry for the|thanks for (?:the|this|your) (?:patch\w*|series|fix|work))\b"  # noqa: E501
    r"|^\W*(?:right|true|indeed|agreed|exactly),(?!.*\b(?:but|please|should|must|can|could|would|need\w*|why)\b)[^?]*$",
    re.IGNORECASE,
)
"""Sentences that look like requests but are not."""
_IT = r"(?:it|this|that|these|them|those|anything|everything)"
_AS_IT_IS = r"(?: (?:as (?:it |they )?(?:is|are|was|were|stan[d]s?)|alone|in|here|there|like (?:this|that)|(?:this|that) way))"  # noqa: E501
_CHANGING = r"(?:change|touch|rework|redo|fix|address|update|do|bother|worry|send|re-?send|re-?spin|re-?post)"  # noqa: E501
_KEEPS = rf"(?:leave|keep) {_IT}{_AS_IT_IS}?"
_LEAVES_CODE = (
    rf"(?:there(?:'s| is) |i see )?no (?:need|reason|point)(?: to {_CHANGING}(?: {_IT})?| (?:for|in) (?:{_IT}|an? (?:new version|v\d+|re-?send|re-?spin)))?",  # noqa: E501
    rf"you (?:(?:do not|don't) (?:need|have) to|needn't|need not)(?: {_CHANGING}(?: {_IT})?)?",
    rf"(?:{_IT} ?(?:is|'s|are|looks?|seems?) )?(?:still |perfectly |just |totally |quite )*(?:fine|ok(?:ay)?|good|alright)"  # noqa: E501
    rf"(?: (?:by|with|for|to) me| to (?:keep|leave|have) {_IT})?{_AS_IT_IS}?",
    rf"(?:you (?:can|could|may|might)|feel free to|i would|i'd)(?: just)? {_KEEPS}",
    rf"{_IT} can (?:stay|remain){_AS_IT_IS}?",
    rf"(?:please )?(?:don't|do not) (?:bother|worry)(?: about {_IT})?",
    r"no changes? (?:is |are )?(?:needed|required|necessary)",
)
_LEAVES_TEXT = (
    *_LEAVES_CODE,
    rf"(?:there(?:'s| is) )?no (?:need|reason) to \w+(?: {_IT})?",
    rf"you (?:(?:do not|don't) (?:need|have) to|needn't|need not) \w+(?: {_IT})?",
    rf"(?:{_IT}(?: is|'s|) )?(?:really )?(?:not |un)(?:needed|required|necessary)",
    rf"(?:(?:please|just|let's) )*{_KEEPS}",
)
_ASIDE = r"(?:no|nah|nope|yes|yeah|sure|right|ok(?:ay)?|well|oh|hm+|and|but|so|then|i think|thanks?|thank you|now|imo|though|either|at all|really|please|for (?:now|me)|here)"  # noqa: E501


def _leaving(clauses: tuple[str, ...]) -> re.Pattern[str]:
    clause = f"(?:{'|'.join(clauses)})"
    more = rf"(?:\W+(?:{_ASIDE}\W+){{0,3}}{clause}){{0,2}}"
    aside = rf"(?:{_ASIDE}\W+){{0,4}}"
    return re.compile(rf"\W*{aside}{clause}{more}(?:\W+{_ASIDE}){{0,3}}\W*", re.IGNORECASE)


LEAVES_TEXT = _leaving(_LEAVES_TEXT)
"""A sentence that asks for no change, such as "No need for that, it is fine as is"."""
LEAVES_CODE = _leaving(_LEAVES_CODE)
"""The same below a diff, where "keep it" and "not needed" ask for a change."""
_CHECKED = r"(?:checked|compared|verified|confirmed)"
AGREES = re.compile(
    r"(?!.*(?:\?|n't\b|\b(?:but|however|though|although|except|unless|until|only|not|no|if|once|than"
    r"|instead|please|should|could|would|must|needs?|missing|wrong|why|still|remains?|fail\w*|crash\w*"
    r"|panic\w*|oops\w*)\b))"
    r"\W*(?:(?:yes|yeah|yep|indeed|right|ok(?:ay)?|good|great|nice|thanks|and|so)\W+){0,2}"
    r"(?:(?:it|this|that|these|they|(?:the|this|that|your)(?: [\w()]+){1,3}?)(?: now| also| indeed| all)? "  # noqa: E501
    r"(?:match(?:es)?|agrees? with|conforms? to|complies with|corresponds? to|(?:does|do) what"
    r"|(?:is|are) (?:now )?(?:consistent|in line|the same (?:as|on)|documented|described|specified|what|how|the right|confirmed))\b"  # noqa: E501
    rf"|i(?:'ve| have)? (?:also |just |now )?{_CHECKED}\b|(?:match(?:es)?|agrees with|conforms to|complies with|consistent with"  # noqa: E501
    r"|in line with|corresponds to|same (?:as )?in|does what|correct (?:per|according to)"
    rf"|as (?:documented|described|specified)|(?:double-?)?{_CHECKED} (?:with|against|in|on|by))\b).*",  # noqa: E501
    re.IGNORECASE,
)
"""A plain statement that the patch is right, such as "Matches the data sheet"."""

_THING = r"(?:it|this|that|everything|all|both|(?:(?:the|my|our|all|both|each|your) )?(?:[\w./-]+ ){0,3}?[\w./-]+)"  # noqa: E501
_WHERE = r"(?:here|for me|again|now|so far|as (?:expected|before|advertised)|fine|great|well|nicely|perfectly|(?:on|with|under|for) [\w ./()+@-]+)"  # noqa: E501
_WORKS = (
    rf"(?:(?:{_THING} )?(?:all |now )?(?:work(?:s|ed)?|boot(?:s|ed)?|pass(?:es|ed)?|comes? up"
    r"|runs?|ran|(?:is|are|was|were) (?:now |all )?"
    r"(?:gone|fixed|solved|fine|good|stable|back|detected|recognized)"
    r"|(?:now )?(?:reads|shows|reports|returns|prints) [\w ./()+@%-]*?(?=(?: (?:now|again|as expected))+$)))"  # noqa: E501
)
_SOLVES = rf"(?:(?:it|this|that|which|the (?:patch|series|fix)) )?(?:fixes|fixed|solve[sd]|resolve[sd]|cure[sd]) {_THING}"  # noqa: E501
_NAMES = r"(?: and (?:(?:real|an?|the|my|two|both) [\w./()+-]+|[A-Z][\w./()+-]*|[\w./()+-]*\d[\w./()+-]*))*"  # noqa: E501
_TRIED = (
    r"(?:(?:(?:i|we)(?:'ve| have)? )?(?:also |just |now |been |briefly |successfully |compile[ -]"
    r"|boot[ -]|build[ -]|smoke[ -]|runtime[ -])*(?:(?:re)?tested|tried|ran|running|built|compiled"
    r"|booted|verified|reproduced|exercised)|(?:i|we)(?:'ve| have)? (?:applied|run)"
    r"|applied on top)\b"
    rf"(?:(?! and )[\w ./()+@'-])*{_NAMES}"
)
_GOOD = r"(?:no (?:issues?|problems?|errors?|regressions?|warnings?|splats?)(?: (?:seen|found|here|so far))*|without (?:any )?(?:issues|problems|errors)|(?:all |looks? |so far )*(?:good|fine|stable|great|ok|clean)(?: so far| here)?)"  # noqa: E501
_PLATFORM = r"(?:(?:on|with|under|using|since|for|at|kernel|linux|v?\d)\b[\w ./()+@-]*|[A-Z][\w./()+-]*(?: [\w./()+-]*\d[\w./()+-]*)?)"  # noqa: E501
_PATCHED = r"(?:with|after) (?:(?:this|the|your|v\d+)(?: (?:patch(?:es)?|series|version|v\d+))?|it)(?: applied)?"  # noqa: E501
_APOLOGY = (
    r"(?:oops|whoops|argh|ah|oh)|(?:(?:i'm|i am|very|so) )*(?:sorry|apologies)"
    r"(?: (?:for|about) [\w ]+)?|my (?:bad|mistake|fault)"
    r"|i (?:misread|overlooked|misunderstood|missed) [\w ()]+"
)
_OWNS = (
    r"(?:(?:i|we)(?:'ve| have| also| own| use)+|(?:i'm|i am|we are) (?:using|running)) (?:an?|the|this|that|such|two|my)"  # noqa: E501
    r"(?! .*\b(?:question|patch|fix|comment|concern|problem|issue|idea|suggestion|nit)s?\b)"
    r" [\w ./()+-]+"
)
_CANNOT_SEE = (
    r"(?:(?:i|we) )?(?:(?:can't|cannot|can not|couldn't|don't|do not|didn't|did not)(?: \w+)?"
    r"|(?:can )?no longer) (?:see|observe|reproduce|trigger|hit|get)(?! (?:the|any|a) (?:point|need|reason|use|sense|benefit)\b)"  # noqa: E501
    rf" {_THING}(?: (?:any ?more|any longer|now|{_PATCHED}|on [\w ./()+@-]+))+"
)
_REGAINS = (
    r"(?!.*\b(?:errors?|problems?|issues?|bugs?|crash\w*|hangs?|warnings?|splats?|lock-?ups?)\b)"
    rf"(?:i|we|it|my \w+|the \w+) [\w ./()+@%-]+ again (?:[\w ./()+@%-]+ )?{_PATCHED}"
)
_CURED = re.compile(
    r"\b(?:the |my )?[\w./-]+ (?:(?:does|do|did)(?: not|n't) (?:hang|crash|oops|panic|stall|freeze"
    r"|lock up|reboot|reset|leak|time out|fail)(?: any ?more| any longer| now)\b"
    r"|no longer (?:hangs?|crash(?:es)?|oops(?:es)?|panics?|stalls?|freezes?|locks? up|reboots?"
    r"|resets?|leaks?|times? out|fails?)\b|(?:fails?|returns?) (?:\w+ ){0,4}"
    r"as (?:before|expected))",
    re.IGNORECASE,
)
"""A failure that is gone or wanted."""
_OPENS_REPORT = re.compile(
    rf"{_APOLOGY}|{_TRIED}|{_REGAINS}"
    rf"|(?:i )?can confirm (?:that )?(?:{_WORKS}|{_SOLVES})(?: {_WHERE})*"
    rf"|(?:{_WORKS}|{_SOLVES})(?: {_WHERE})+|{_PATCHED}(?: {_WORKS}(?: {_WHERE})*)?|{_OWNS}",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    rf"(?i:{_APOLOGY}|{_TRIED}|(?:{_WORKS}|{_SOLVES})(?: {_WHERE})*|{_GOOD})|{_PLATFORM}"
    r"|(?i:thanks)"
)
BY_TESTER = re.compile(
    r"\b(?:i|we|my|our|here|me|tested|tried|ran|boots|booted|(?:this|the|your) (?:patch|series))\b",
    re.IGNORECASE,
)
"""Words with which a statement that a patch works is a test of the sender."""
_HARDWARE = re.compile(
    r"(?:tested |test )?(?:hardware|environment|setup|system|platform|machine|board|device)s?: .*",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\?|n't\b|\b(?:but|however|though|although|except|unless|until|only|not|if|once|than|instead"
    r"|please|should|could|would|must|needs?|missing|wrong|why|still|yet|remains?|symptoms?|accident"
    r"|hides?|fail\w*|saw|sees?)\b",
    re.IGNORECASE,
)
_CLAUSES = re.compile(
    r"\s*[,;:]\s+(?:and |so |then )?|\s+(?:-|–|—)\s+"
    r"|\s+and (?=it\b|(?:[a-z]+ ){1,4}?(?:is|are)\b|(?:works?|boots?|tested|booted|built|ran)\b)"
)


def reports_success(sentence: str, *, is_tagged: bool = False) -> bool:
    """Return whether a sentence only reports on what the patch was tested, and that it works.

    All of its clauses must be known: any other clause may be a problem or a wish. If the message
    gives a tag (`is_tagged`), the name of the sender's hardware is enough.
    """
    text = _CURED.sub("it works", sentence.strip(" .!\n"))
    if re.fullmatch(_CANNOT_SEE, text, re.IGNORECASE):
        return True
    if _DOUBT.search(text):
        return False
    first, *others = _CLAUSES.split(text)
    if _HARDWARE.fullmatch(text):
        return True
    is_open = bool(others) or not re.fullmatch(
        _PATCHED if is_tagged else f"{_PATCHED}|{_OWNS}", text, re.IGNORECASE
    )
    return is_open and bool(_OPENS_REPORT.fullmatch(first)) and all(map(_GOES_ON.fullmatch, others))


def works_when_applied(sentence: str) -> bool:
    """Return whether a sentence reports a successful test "with this patch applied"."""
    return sentence.rstrip(" .!\n").endswith(" applied") and reports_success(sentence)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Find reviewers' requests not to send a new version, a resend or a reminder.

Such a request may be final ("no need to resend, I will fix it up"), or end at a time ("net-next is
closed", "travelling until Dec 20").
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from patchpilot.reading.posted_series import PostedSeries, Reply
from patchpilot.reading.request_model import WANTS_VERSION
from patchpilot.reading.statements import MOST_QUOTED

_WAIT = timedelta(days=21)
"""How long a request to wait applies if it names no time."""
_PATCH = (
    r"(?:(?:a|an|the|another|any|your|this|these|it|them|that|new|next|whole|full|updated|fixed"
    r"|separate|further|more|just|only|for|because of|over) ){0,3}"
    r"(?:v\d{1,2}|versions?|patch(?:es|set)?|series|re-?spin|re-?roll|re-?send|re-?post|it|this|them"
    r"|again)\b"
)
_AGAIN = r"(?:re-?send|re-?post|re-?spin|re-?roll|re-?submit)(?:ing)?"
_NO = (
    r"(?:(?:please )?(?:don['’]?t|do not|never)(?: bother(?: to)?| have to| need to)?"
    r"|(?:no|without(?: a| any)?|isn['’]?t any|not any|there['’]?s no) (?:need|reason)(?: for you)? to"  # noqa: E501
    r"|(?:you )?(?:don['’]?t|do not) (?:need|have) to|you needn['’]?t|needn['’]?t"
    r"|(?:not|isn['’]?t) (?:really )?(?:necessary|needed|required|worth(?: it)?) to|unnecessary to)"
    r"(?: \w+){0,2}?"
)
_APPLYING = (
    r"(?:appl(?:y|ying|ied|ies)|merg(?:e|ing|ed)|commit(?:ting|ted)?|queue?(?:d|ing|s)?"
    r"|push(?:ing|ed)?|pick(?:ing|ed)?|tak(?:e|ing)|pull(?:ing|ed)?)"
)
_FINAL = re.compile(
    rf"\b{_NO} {_AGAIN}\b(?! v\d+ as| as| in html| html)"
    rf"|\b{_NO} (?:send|post|submit|spin|prepare)(?:ing)? {_PATCH}(?!(?: \w+)? as\b| in html)"
    r"|\bno (?:need|reason) (?:for|of) (?:an? |the |another |any )?(?:\w+ )?"
    rf"(?:v\d{{1,2}}\b|{_AGAIN}|new (?:version|patch|series|spin)|another (?:version|round|spin))"
    rf"|\bno {_AGAIN} (?:needed|necessary|required)\b|\bno v\d{{1,2}} (?:needed|necessary|required)\b"  # noqa: E501
    r"|\bi(?:['’]?ll| will| can|['’]ve| have|['’]?d| am going to|['’]?m going to)?(?: \w+){0,2}? "
    r"(?:fix|correct|amend|tweak|adjust|chang|edit|squash|fold|reword|drop|add|do|handl|massag|updat)"
    r"\w*\b[^.!?]{0,60}\b(?:while|when|on|upon|before|as i|during|as part of)(?: i['’]?m| i)?"
    rf" {_APPLYING}\b"
    r"|\b(?:i(?:['’]ve| have)?|and) (?:already |just )?(?:fixed|changed|corrected|amended|folded|squashed"  # noqa: E501
    r"|reworded|tweaked|resolved|adjusted|dropped|added)\b[^.!?]{0,60}\b(?:locally|myself|for you"
    r"|this time|on my (?:side|end)|in my (?:tree|branch|queue))\b"
    r"|\bi(?:['’]?ll| will| can)(?: just| also| then)? (?:fix|add|drop|reword|tweak|correct|adjust"
    r"|remove|amend|squash|fold|massage|handle|do) (?:(?:the|a|an|that|this|your|in) ){0,2}"
    r"(?:missing )?(?:(?:it|that|this|them|those) up|fixes|cc|stable|tags?|typos?|changelog|commit"
    r" (?:message|log)|subject|whitespace|blank|empty|newline|comma|spelling|wording|nits?|indent\w*)\b"  # noqa: E501
    r"|(?:\A\W*|\bwill )(?:fix|reword|drop|tweak|amend|fold|squash|correct|adjust)(?:e?d)?\b"
    rf"[^.!?]{{0,60}}\b(?:while|when|on|upon|before) {_APPLYING}\b"
    r"|\bdon['’]?t worry about (?:it|that|this|send\w*|re-?send\w*|a |the )|\bskip the v\d"
    rf"|\b(?:{_AGAIN}|v\d{{1,2}}|new version) (?:is|are) ?(?:not|n['’]t) (?:really )?(?:needed|necessary"  # noqa: E501
    r"|required)|\bisn['’]?t (?:needed|necessary|required|worth)\b|\b(?:not|isn['’]?t|hardly|never) worth"  # noqa: E501
    rf" (?:a|an|another|the) (?:{_AGAIN}|v\d|new version)"
    rf"|\b(?:doesn['’]?t|does not|don['’]?t) (?:need|warrant|require|justify) (?:a |an |another )?"
    rf"(?:{_AGAIN}|v\d{{1,2}}\b|new version)|\b(?:save|spare) you\w* (?:a|the|another) (?:{_AGAIN}|v\d|round)"  # noqa: E501
    r"|\bi(?:['’]?ll| will| can) take care of (?:it|that|this|them)\b|\bleave (?:it|that|this) (?:to|with) me\b"  # noqa: E501
    r"|\bno (?:further )?action (?:is )?(?:needed|required|necessary)\b|\bnothing (?:more |else |left )?"  # noqa: E501
    r"(?:needed|required|to do|for you to do)(?: \w+)? (?:from|on|for) (?:you|your)\b"
    r"|\bi(?:['’]?ll| will) (?:just |then )?(?:pick|take|grab|carry|route|queue|apply|merge)"
    r" (?:it|this|these|them|the \w+)(?: up)?\b(?! (?:if|once|when|as soon|unless|after you))",
    re.IGNORECASE,
)
"""A sentence that makes another version unnecessary."""
_LATER = (
    r"(?:next|this|the (?:coming|following)) (?:week|weekend|month|cycle)|tomorrow|later|soon"
    r"|(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|after\b|when\b|once\b|in (?:a (?:few|bit|week|day)|the (?:next|coming)|\d)"  # noqa: E501
    r"|as soon as|until\b|till\b|before\b"
)
_TEMPORARY = re.compile(
    r"\b(?:net|bpf|drm|usb|tty|\w+-)?-?(?:next|tree|merge window) (?:is|are) (?:now |currently |still )?"  # noqa: E501
    r"closed\b|\b(?:net|bpf)-next[- ](?:is |has been )?closed\b|\btree is frozen\b"
    r"|(?:\A\W*|\b(?:please|pls|just|let['’]?s|should|must|to|you|better|perhaps|maybe|can|and) )(?:wait|hold off|hold on|holding off)\b[^.!?]{0,40}"  # noqa: E501
    rf"\b(?:{_AGAIN}|send(?:ing)?|post(?:ing)?|v\d{{1,2}}|(?:new|next|another) (?:version|spin|revision))\b"  # noqa: E501
    r"|\b(?:please|pls|let['’]?s|could you|can you|would you|you (?:should|need to)|should|i['’]?d|just)"  # noqa: E501
    r"(?: \w+)? (?:hold off|postpone|defer|pause|park|sit on)\b"
    r"|(?:\A\W*|\b(?:please|pls|just|let['’]?s|should|must|to|you|better|perhaps|maybe|can) )wait(?:\W*$|[.!,]| (?:(?:a|one|two|some|at least) |until |till |before |for (?:more|feedback"  # noqa: E501
    r"|comments?|reviews?|others?|acks?|the (?:merge|next|discussion|review|outcome|results?"
    r"|maintainers?|others?)|\w+(?:['’]s)? (?:reviews?|acks?|opinion|comments?|feedback|input|reply"
    r"|answer))|with (?:the |a |your )?(?:v\d|next|new|re)))"
    r"|\A\W*will (?:look|review|get|come|take|test|try|check)\b[^.!?]{0,60}\b"
    rf"(?:{_LATER})|\bbear with me\b|\blet me (?:think|sleep|look|check|test|get back)\b"
    r"|\bi(?:['’]?ll| will)? need (?:some|more|a (?:bit|few|little)|another)\b[^.!?]{0,30}\b(?:time|days?|weeks?)\b"  # noqa: E501
    r"|\b(?:swamped|backlogged|snowed under|catching up)\b|\bon my (?:list|todo|to-do|queue|pile|plate)\b"  # noqa: E501
    r"|\b(?:in|during) the (?:middle of the )?merge window\b|\bmerge window (?:is|has|just) (?:now |just )?open"  # noqa: E501
    r"|\bi(?:['’]m| am|['’]?ll be| will be) (?:off|back|out|ooo|unavailable)\b[^.!?]{0,40}\b(?:until|till|next"  # noqa: E501
    r"|this|on|after|week)\b|\b(?:allow|leave) (?:at least )?(?:\d+ ?h|\d+ (?:hours|days)|a (?:day|week))"  # noqa: E501
    r"|\bwait(?:ing)? (?:at least )?(?:24|48|\d+) ?(?:h|hours|days)\b"
    r"|\blet['’]?s (?:see|hear) what\b|\blike to hear (?:from|what)\b|\bwaiting (?:for|on) (?:\S+ ){0,3}"  # noqa: E501
    r"(?:acks?|reviews?|feedback|reply|answer)\b"
    r"|\bsit on (?:this|it|that)\b|\bpark (?:this|it|that|these)\b|\bslow down\b|\A\W*not now\b"
    r"|\b(?:re-?send|re-?post|send|post|submit|appl\w+|tak\w+|queue?\w*|pick\w*|look|review|ping|come"
    r"|back|merg\w+)\b[^.!?]{0,60}\b(?:after|once|when|until|till)(?: \w+)? (?:\S*-?rc\d|merge window"  # noqa: E501
    r"|net-next|bpf-next|tree (?:is |re-?)?open|linus|it (?:re-?)?opens)\b"
    r"|\b(?:will|would|has|have|needs?) (?:have )?to wait (?:for|until|till) (?:the |a )?(?:next|merge"  # noqa: E501
    r"|-?rc|v?\d|\w+ (?:cycle|window|release)|after)"
    r"|\btoo late for (?:this|the|v?\d)|\bnot (?:before|until) (?:\S*-?rc\d|the merge window|v?\d)"
    r"|\A\W*not (?:just )?yet\b"
    r"|\bgive (?:it|me|us|them|(?:the )?(?:others|people|everyone|reviewers))\b[^.!?]{0,40}"
    r"\b(?:days?|weeks?|time|chance|until)\b"
    r"|\b(?:i['’]?m|i am|i['’]?ll be|i will be|am|currently)(?: \w+){0,2}? (?:travell?ing|on (?:vacation|"  # noqa: E501
    r"holidays?|leave|pto|parental leave)|away|out of (?:the )?office|offline|at (?:lpc|a conference|"  # noqa: E501
    r"plumbers|kernel recipes|fosdem))\b|\btravell?ing (?:until|till|through|this)\b"
    r"|\bi(?:['’]?ll| will| plan to| hope to| intend to|['’]?m going to| am going to)(?: \w+){0,2}? "  # noqa: E501
    r"(?:look|review|get (?:back )?to|come back|take (?:a|another)|test|try|check|read|get (?:a|some)"  # noqa: E501
    rf")\b[^.!?]{{0,60}}\b(?:{_LATER})",
    re.IGNORECASE,
)
"""A sentence that asks to wait."""
_NOT_ONE = re.compile(
    r"^\W*(?:why|if|unless|had|when)\b|\bif (?:you|it|this|we)\b[^,]{0,60}(?:don['’]?t|do not)"
    r"|\b(?:just|only) (?:re-?send|send|post|re-?post)\b|\bwithout (?:a |the |any )?(?:changelog|cover"  # noqa: E501
    r"|testing|running|fixing|addressing|including|adding|the)\b|\bbefore you (?:have|run|test)"
    r"|\b(?:please|pls) (?:re-?)?(?:send|post|spin)\b(?! (?:no|nothing)\b)"
    r"|\bin[- ]reply[- ]to\b|\b(?:the whole|the entire|all \d+|all of)\b|\bbut\b.{0,40}\b(?:rest|others?|v\d|re-?send)\b",  # noqa: E501
    re.IGNORECASE,
)
"""A sentence that only looks like such a request."""
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DATE = re.compile(
    r"\b(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b"
    rf"|\b(?P<name>{'|'.join(_MONTHS)})[a-z]*\.? (?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?\b"
    rf"|\b(?P<day_before>\d{{1,2}})(?:st|nd|rd|th)?\.? (?:of )?(?P<name_after>{'|'.join(_MONTHS)})[a-z]*",  # noqa: E501
    re.IGNORECASE,
)


class Hold(NamedTuple):
    """A reviewer's request not to send anything about a series for now.

    `until` is the time at which the request ends, or None if it does not end by itself.
    """

    reply: Reply
    sentence: str
    until: datetime | None

    @property
    def words(self) -> str:
        """Quote the request, with its end if the message names one."""
        end = f" (until {self.until:%Y-%m-%d})" if self.until else ""
        return f"{self.reply.mail.sender_name}: “{self.sentence}”{end}"


def find_hold(series: PostedSeries) -> Hold | None:
    """Return the last request not to send anything, or None.

    It ends with its time, with a new version, and with a later request for another version.
    """
    for reply in reversed(series.attached):
        mail = reply.mail
        if reply.when < series.since or mail.by_author or mail.bot:
            continue
        if hold := _read_hold(reply):
            is_over = hold.until is not None and hold.until < series.now
            return None if is_over else hold
        if any(WANTS_VERSION in names for names in mail.features):
            return None
    return None


def _read_hold(reply: Reply) -> Hold | None:
    texts = [sentence.text for sentence in reply.mail.body.sentences]
    for text in reversed(texts):
        if is_final_no(text):
            return Hold(reply, text[:MOST_QUOTED], None)
    prose = [sentence.text for sentence in reply.mail.body.sentences if not sentence.top.on_code]
    for text in reversed(prose):
        if is_request_to_wait(text):
            until = _find_end(text, reply.when) or reply.when + _WAIT
            return Hold(reply, text[:MOST_QUOTED], until)
    return None


def is_final_no(sentence: str) -> bool:
    """Return whether a sentence rules out another version."""
    text = sentence[:MOST_QUOTED]
    return bool(_FINAL.search(text)) and not (_NOT_ONE.search(text) or text.endswith("?"))


def is_request_to_wait(sentence: str) -> bool:
    """Return whether a sentence asks to wait before anything else is sent."""
    text = sentence[:MOST_QUOTED]
    return bool(_TEMPORARY.search(text)) and not re.match(r"\W*(?:why|if|unless)\b", text, re.I)


def _find_end(text: str, now: datetime) -> datetime | None:
    """Return the date in a sentence, as the first such day after the message, or None."""
    days: Iterable[tuple[int | None, int, int]] = (
        (
            int(match["year"]) if match["year"] else None,
            int(match["month"])
            if match["month"]
            else _MONTHS.index((match["name"] or match["name_after"])[:3].lower()) + 1,
            int(match["day"] or match["day_after"] or match["day_before"]),
        )
        for match in _DATE.finditer(text)
    )
    for year, month, day in days:
        for candidate in (year,) if year else (now.year, now.year + 1):
            try:
                end = datetime(candidate, month, day, 23, 59, tzinfo=UTC)
            except ValueError:
                continue
            if end > now:
                return end
    return None

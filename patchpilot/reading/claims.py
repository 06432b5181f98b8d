# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what messages claim about a series: that it was applied, dropped, rejected or withdrawn.

A claim is shown with its sentence. A structured message from the exact address of a bot, and
what the user confirms, is proven; all other words only are what somebody says.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from patchpilot.model.bounded_date import EPOCH
from patchpilot.projects.loading import default_project
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.mail_classifier import Classified, unquoted
from patchpilot.reading.mail_kinds import STABLE, MailKind
from patchpilot.reading.phrases import (
    PATCHWORK_MARK,
    PROMISES,
    SELF_NACK,
    SENT_AGAIN,
    TOOK_BACK,
    WHOLE_SERIES,
    WITHDRAWS,
)
from patchpilot.reading.posted_series import PostedTopic
from patchpilot.reading.reply_prose import read_prose
from patchpilot.reading.thread_match import Reply, about
from patchpilot.reading.thread_values import Claim
from patchpilot.series.patch_pairing import title_key

SHORT = 60
"""Words of a message that may be quoted as a whole."""
_MOST_QUOTED = 320
_QUOTES = re.compile(r"[\"“][^\"”]{0,200}[\"”]")
_NO_TALK = frozenset(
    (MailKind.TRAILERS, MailKind.PATCH, MailKind.COVER, MailKind.BUILD_FAILURE)
)
_MENTIONS = re.compile(
    r"\b(?:applied|queued|merged|pulled|pushed|picked|took|taken|committed|apply|applies"
    r"|dropped|reverted)\b",
    re.IGNORECASE,
)
"""What a doubtful message about a tree has at least one of."""
_HEDGES = re.compile(
    r"\b(?:but|however|although|though|until|once|unless|if|on second thoughts?|scratch that"
    r"|never ?mind|as soon as|assuming|suppos(?:e|ed|edly)|would|could|should|might|probably"
    r"|maybe|perhaps|hope(?:d|fully)?|wish|about to|going to have|sa(?:id|ys)|tol[d]|wrote|claim\w*"
    r"|thought|thinks?|according to|apparently|heard|reportedly|kidding|joke|dreams"
    r"|convinced)\b|\bas if\b|/dev/null|;-?\)|\bno n(?:ac|a)k\b",
    re.IGNORECASE,
)
"""A sentence that may not mean what its verb says."""
_DISAGREES = re.compile(
    r"\b(?:still|dropp?(?:ed|ing)|reverted|backed|wrong|wait|hmm?|never|yet|instead|except"
    r"|apart from|minus|only|rest|other|another|some(?:body|one)|else|part|parts|bits|portion"
    r"|first|second|third|last|one|two|three|four|five|six|seven|half|locally|boots?|booted"
    r"|crash\w*|hangs?|hung|splat|oops(?:es)?|panics?|breaks?|broken?|fails?|failed|conflicts?"
    r"|rebase|resend|respin|repost|reroll|misses|missing"
    r"|needs?(?= (?:a|an|some|more)\b)|(?:no|cannot|can) (?:find|see)"
    r"|to see whether|(?:took|taken|pulled|kicked) (?:it|this|them) out|on top of"
    r"|tests? (?:box|tree|machine|branch|system|board|rig|kernel|setup|build)"
    r"|my (?:laptop|machine|board|box|desktop|pc|workstation|system)\w*)\b"
    r"|\ball but\b|\b(?:fix|patch|version|series)(?:es)? (?:from|by) \w|\b\w+['’]s (?:version|patch|fix)\b"  # noqa: E501
    r"|\bpatch(?:es)? #?\d|\b\d{1,3}/\d{1,3}\b|\bv\d{1,2} of\b|\?|\bnot\b|n't\b",
    re.IGNORECASE,
)
"""Words of a message that applies a patch which say that it did not, that it is for a test, or that
it is another patch or a part.
"""
_HARMLESS = re.compile(
    r"\b(?:this (?:one|patch)|these (?:two|three)|next time|no (?:other|further|more) \w+"
    r"|(?:at|for) (?:first|last)|last (?:week|month|night)|sign(?:ed)?[- ]off|one (?:more )?nit"
    r"|first \w+ of my|fix(?:ed|ing)? (?:up )?(?:the |a )?(?:\w+ )?(?:conflicts?|typos?))\b",
    re.IGNORECASE,
)
"""What has such words and says nothing of the kind."""
_FUTURE = re.compile(
    r"\b(?:will|shall|going to|plan to|let me)\b|['’]ll\b|\bapplying\b", re.IGNORECASE
)
_NAK = re.compile(r"\bn(?:ac|a)k|\breject", re.IGNORECASE)
_TAKEN_BACK = re.compile(
    r"\b(?:dropp?(?:ed|ing|s)?\b(?! a note)|revert(?:ed|ing)?|not really|wrong (?:branch|tree|patch|version)|un-?applied|"  # noqa: E501
    r"removed (?:it|this)|please (?:drop|don't|do not)|"
    r"should(?:n't| not) (?:be|have been) (?:applied|backported|merged|added|queued|sent)|do(?:es)? not (?:apply|backport|take|queue) this|"  # noqa: E501
    r"(?:should|must)(?:n't| not) go (?:in)?to (?:the )?(?:stable|\S+-stable|v?\d+\.\d+)|i object|not stable material|wrong bot|please (?:ignore|disregard)|"  # noqa: E501
    r"don't (?:apply|backport|take|queue) (?:this|it)|not (?:be )?(?:suitable|needed|applicable)"
    r" (?:for|in|to))\b",
    re.IGNORECASE,
)
_KEPT = re.compile(
    r"\b(?:not|n't|never|why)\s+(?:\w+\s+)?(?:drop|revert)|should (?:i|we) (?:drop|revert)",
    re.IGNORECASE,
)
_ASKED_TO = re.compile(
    r"\b(?:please|can you|could you|would you|will you|mind)\b", re.IGNORECASE
)
"""A question that asks for it."""
_GOES_ON = re.compile(r"\bv\d{1,2}\b|\bresen[dt]\b|\bnew version\b", re.IGNORECASE)
_NEGATED = re.compile(
    r"\b(?:n't|not|never|should i)\s+(?:\w+\s+)?(?:drop|ignore)|n't drop", re.IGNORECASE
)
_ONE_PATCH = re.compile(r"\AThe patch\s+\S[^\n]*\s+has been applied to\b")
"""A maintainer's script: its text below is the same for every patch."""
_SOME_PATCH = re.compile(r"\b(?:this )?(?:one|patch)\b", re.IGNORECASE)
_COMMIT_WITH_TITLE = re.compile(
    r"\b(?P<commit>[0-9a-fA-F]{12,40})\b[\s(]{0,4}[\"“](?P<title>[^\"”\n]{8,200}(?:\n[^\"”\n]{1,100})?)[\"”]"
)
_REMOVED = re.compile(
    r"\bremoved from\b.*-mm|^\s*\[(?P<why>[\w ./-]+)\] .*removed", re.IGNORECASE
)
_OF_STABLE = {
    MailKind.STABLE_ADDED: "queued",
    MailKind.STABLE_REVIEW: "review",
    MailKind.AUTOSEL: "proposed",
    MailKind.STABLE_FAILED: "failed",
}
"""What the messages of the stable trees report."""
STATES = frozenset(
    (
        *("applied", "merged", "queued", "review", "proposed", "failed"),
        *("refused", "dropped", "withdrawn", "redone", "superseded", "forwarded"),
    )
)
"""Claims that say what state a series has."""


def claims_of(
    topic: PostedTopic, attached: Sequence[Reply], confirmed: frozenset[str]
) -> tuple[Claim, ...]:
    """Return all claims in the messages of a series, in their order.

    Claims that a later message takes back are marked. `confirmed` are the messages whose senders
    the user confirmed.
    """
    claims = [
        Claim(
            f"sent {revision.label}",
            post.mail.mail.date,
            post.message_id,
            post.mail.sender,
            known=False,
        )
        for revision in topic.strangers
        for post in revision.posts[:1]
    ]
    for reply in attached:
        mail = reply.mail
        is_confirmed = mail.message_id in confirmed
        poses = topic.has_authors_name(mail.sender) and not is_confirmed
        known = not poses and (is_confirmed or topic.identities.vouch_for(mail))
        back = _taken_back(reply)
        said = [
            claim._replace(of=_title(reply, claim))
            for claim in _said(reply)
            if known or claim.what not in ("unclear", "promised")
        ]
        if back and not any(claim.commit for claim in said):
            if known:
                claims = [_withdrawn(claim, mail, *back) for claim in claims]
            said = [claim for claim in said if claim.what == "withdrawn"] or [
                _base(reply)._replace(what="dropped", sentence=back[0])
            ]
        if not known and reply.revision and not topic.is_by_known(reply.revision):
            continue
        if poses:
            said = [_base(reply)._replace(what="has the author's name")]
        # anybody may object, but a mark for patchwork and the name of somebody known claim more
        objects = not poses and not (
            topic.identities.has_name_of_known(mail.sender)
            or PATCHWORK_MARK.search(mail.body.text)
        )
        claims += (
            claim._replace(
                known=known or (claim.what == "refused" and objects),
                proven=is_confirmed or (known and _proves_itself(mail, claim)),
            )
            for claim in said
        )
    return tuple(claims)


def _proves_itself(mail: Classified, claim: Claim) -> bool:
    """Whether a known sender's message is evidence: of a bot by its address, or the author's."""
    if mail.by_author:
        return claim.what in ("withdrawn", "redone")
    return mail.robot is not None and is_bot_address(mail.sender)


def _withdrawn(claim: Claim, mail: Classified, words: str, target: str) -> Claim:
    """The claim, marked if these words of a message take it back: those answered, and what the
    sender said was applied.
    """
    own = claim.what == "applied" and claim.sender.key == mail.sender.key
    if claim.message_id == target or own:
        return claim._replace(withdrawn=words)
    return claim


def _title(reply: Reply, claim: Claim) -> str | None:
    """The title of the patch that a claim is about; None for the series."""
    if claim.what in ("applied", "merged") and claim.title:
        return claim.title
    return about(reply.mail) or (
        reply.post.title if reply.post and claim.patch else None
    )


def without_voided(claims: Sequence[Claim], topic: PostedTopic) -> tuple[Claim, ...]:
    """Return the claims, with outdated reports of "applied" marked as withdrawn.

    A report is outdated if it gives no commit and the latest version has changed since, because
    that version has to be applied again. A report on the series counts as long as one of its
    patches is unchanged (see `voided`); a report on a patch that is not in the latest version
    counts.
    """
    since = {post.key: topic.unchanged_since(post) for post in topic.latest.patches}
    first = min(since.values(), default=EPOCH)
    covers = topic.latest.titles - since.keys()
    return tuple(
        voided(claim, first)
        if claim.of is None or title_key(claim.of) in covers
        else voided(claim, since.get(title_key(claim.of), EPOCH))
        for claim in claims
    )


def voided(claim: Claim, since: datetime) -> Claim:
    """Return the claim, marked as withdrawn if it reports "applied" without a commit, before
    `since`.

    `since` is when a changed version was sent.
    """
    if claim.what != "applied" or claim.commit or (claim.date or since) >= since:
        return claim
    return claim._replace(withdrawn=claim.withdrawn or "a newer version was sent")


def _words(reply: Reply) -> str:
    return " ".join(reply.mail.body.text.split())


def _sentences(words: str) -> list[str]:
    return re.split(r"(?<=[.!?]) (?=[A-Z\"“])", words)


def _taken_back(reply: Reply) -> tuple[str, str] | None:
    """The sentence that takes something back, and the Message-ID of what it was said in: the
    message answered, or the stable tree's message above.
    """
    mail, words = reply.mail, _words(reply)
    is_short = len(words.split()) <= SHORT
    if mail.bot or _KEPT.search(words):
        return None
    places = (*STABLE, MailKind.APPLIED, MailKind.TIP_COMMIT, MailKind.MM_COMMIT)
    answers = reply.parent is not None and reply.parent.kind in places
    target = reply.parent if answers else reply.under
    if is_short and "?" not in words and TOOK_BACK.search(words):
        return words[:_MOST_QUOTED].rstrip("."), target.message_id if target else ""
    # a long answer by the author tells what happened, and takes nothing back
    is_aside = target is not reply.parent or mail.by_author
    if target is None or (is_aside and not is_short):
        return None
    for sentence in _sentences(words):
        asks = sentence.endswith("?") and not _ASKED_TO.search(sentence)
        if _TAKEN_BACK.search(sentence) and not asks:
            return sentence[:_MOST_QUOTED].rstrip("."), target.message_id
    return None


def _base(reply: Reply) -> Claim:
    mail = reply.mail
    return Claim(
        "",
        mail.mail.date,
        mail.message_id,
        mail.sender,
        mail.place.tree,
        patch=reply.patch,
        sentence="" if mail.robot else _sentence(mail),
    )


def _sentence(mail: Classified) -> str:
    """The sentence that a message was classified by, otherwise the first about a tree."""
    why, words = " ".join(mail.why.split()), " ".join(mail.body.text.split())
    found = next((it for it in _sentences(words) if _MENTIONS.search(it)), "")
    return why if why in words else found.partition("! ")[0][:_MOST_QUOTED]


def _said(reply: Reply) -> list[Claim]:
    """What a message says became of the series."""
    mail, base = reply.mail, _base(reply)
    place, kind = mail.place, mail.kind
    refuses = kind in (MailKind.OTHER, MailKind.NACK) or (
        kind is MailKind.QUESTION and SELF_NACK.search(mail.body.text)
    )
    if mail.by_author and refuses and reply.under is None:
        return _by_author(reply, base)
    if kind is MailKind.APPLIED:
        return _applied(reply, base)
    if kind is MailKind.TIP_COMMIT:
        ids = place.commits or (None,)
        return [base._replace(what="applied", commit=commit) for commit in ids]
    if kind is MailKind.MM_COMMIT:
        return [_mm(mail.mail.subject, base)]
    first = next(iter(place.commits), None)
    if kind is MailKind.PULL_MERGED:
        tree = place.tree or default_project().mainline
        return [base._replace(what="merged", tree=tree, commit=first)]
    if kind in _OF_STABLE:
        return [
            base._replace(what=_OF_STABLE[kind], commit=first, version=version)
            for version in place.versions
        ]
    return _in_talk(reply, base)


def _in_talk(reply: Reply, base: Claim) -> list[Claim]:
    """What a person's message says that is about no stable tree."""
    mail, words = reply.mail, _words(reply)
    if mail.kind is MailKind.NACK:
        is_formal = PATCHWORK_MARK.search(mail.why) or "-by:" in mail.why.lower()
        nak = next((it for it in _sentences(words) if _NAK.search(it)), mail.why)
        what = "unclear" if not is_formal and _HEDGES.search(nak) else "refused"
        return [base._replace(what=what, tree=None)]
    if mail.kind is MailKind.TRAILERS and not mail.by_author:
        said = read_prose(mail.body)
        if said and said.kind is MailKind.APPLIED:
            taken = base._replace(patch=_about(reply), sentence=said.why)
            return [taken._replace(what=_certainty(words, said.why))]
    if named := _named(reply, base):
        return named
    is_short = len(words.split()) <= SHORT
    if mail.bot or mail.by_author or mail.kind in _NO_TALK or not is_short:
        return []
    if reply.under is None and _MENTIONS.search(words):
        return [base._replace(what="unclear", tree=None, sentence=_quoted(words))]
    return []


def _certainty(words: str, why: str) -> str:
    """Whether words say plainly that a patch was applied, promise it, or are unclear."""
    plain = _HARMLESS.sub(" ", words)
    if _HEDGES.search(plain) or _DISAGREES.search(plain):
        return "unclear"
    if any(_MENTIONS.search(quote) for quote in _QUOTES.findall(words)):
        return "unclear"
    said = next(
        (it for it in _sentences(" ".join(why.split())) if _MENTIONS.search(it)), why
    )
    return "promised" if _FUTURE.search(said) else "applied"


def _quoted(words: str) -> str:
    """A short message as a whole, otherwise its sentences about a tree and those that disagree."""
    if len(words.split()) > SHORT:
        disagree = (_MENTIONS, _HEDGES, _DISAGREES)
        found = [
            it for it in _sentences(words) if any(one.search(it) for one in disagree)
        ]
        words = " … ".join(found)
    return words if len(words) <= _MOST_QUOTED else f"{words[:_MOST_QUOTED]}…"


def _applied(reply: Reply, base: Claim) -> list[Claim]:
    """What a message says was applied: the series, one patch of it, or each that it lists."""
    mail, place = reply.mail, reply.mail.place
    if place.landings:
        return _listed_commits(reply, base._replace(what="applied"))
    words = _words(reply)
    is_script = mail.robot or mail.semi or _ONE_PATCH.match(mail.body.text)
    if not (place.commits or is_script):
        marked = PATCHWORK_MARK.search(mail.why)
        what = "applied" if marked else _certainty(words, mail.why)
        if what != "applied":
            return [base._replace(what=what, tree=None, sentence=_quoted(words))]
        base = base._replace(patch=_about(reply))
        is_one = _SOME_PATCH.search(mail.why) and not WHOLE_SERIES.search(mail.why)
        several = reply.revision and len(reply.revision.patches) > 1
        if is_one and several and not base.patch and reply.patch == 0:
            return [base._replace(what="unclear", sentence=_quoted(words))]
    if reply.under is not None:
        versions = reply.under.place.versions
        return [base._replace(what="queued", version=version) for version in versions]
    aim = reply.revision.backport_to if reply.revision else None
    base = base._replace(what="queued" if aim else "applied", version=aim)
    return [base._replace(commit=commit) for commit in place.commits or (None,)]


def _listed_commits(reply: Reply, base: Claim) -> list[Claim]:
    """The commits that a message lists; patchwork also lists patches that have none."""
    found = [
        base._replace(
            commit=line.commit, patch=line.number or base.patch, title=line.title
        )
        for line in reply.mail.place.landings
        if line.commit
    ]
    return found or ([] if reply.mail.robot == "patchwork-bot" else [base])


def _named(reply: Reply, base: Claim) -> list[Claim]:
    """The commits that a reply names with the title of one of the series' patches."""
    titles = {
        post.key: post for post in (reply.revision.patches if reply.revision else ())
    }
    return [
        base._replace(
            what="applied",
            tree=None,
            commit=found["commit"].lower(),
            patch=post.number or 1,
            title=post.title,
            sentence=" ".join(found[0].split()),
        )
        for found in _COMMIT_WITH_TITLE.finditer(unquoted(reply.mail.mail.body))
        if (post := titles.get(title_key(" ".join(found["title"].split()))))
    ]


def _by_author(reply: Reply, base: Claim) -> list[Claim]:
    """What an author does with their own patch: withdraw it, or mark it in patchwork as to be done
    again.
    """
    mark = PATCHWORK_MARK.search(reply.mail.body.text)
    if mark and mark["state"].lower() in ("cr", "changes-requested"):
        return [base._replace(what="redone", tree=None, sentence=mark[0].strip())]
    words = _words(reply)
    sentence = next((it for it in _sentences(words) if WITHDRAWS.search(it)), "")
    if not sentence or len(words.split()) > SHORT or sentence.endswith("?"):
        return []
    announced = any(one.search(words) for one in (PROMISES, SENT_AGAIN, _GOES_ON))
    hedged = _HEDGES.search(sentence) or _NEGATED.search(sentence)
    if announced or hedged or _QUOTES.search(sentence):
        return []
    several = reply.revision and len(reply.revision.patches) > 1
    is_one = several and re.search(r"\b(?:one|patch)\b", sentence, re.IGNORECASE)
    patch = reply.patch if is_one else _about(reply)
    return [base._replace(what="withdrawn", tree=None, patch=patch, sentence=sentence)]


def _about(reply: Reply) -> int | None:
    """The patch that "applied" in words is about: 0 for the series, also when it answers the first
    patch of a series without a cover letter.
    """
    text, revision = reply.mail.body.text, reply.revision
    if _ONE_PATCH.match(text):
        return reply.patch
    if revision is None or len(revision.patches) < 2 or WHOLE_SERIES.search(text):
        return 0
    return 0 if reply.patch == 1 and not revision.head.is_cover else reply.patch


def _mm(subject: str, base: Claim) -> Claim:
    """What a message about Andrew Morton's tree says."""
    removed = _REMOVED.search(subject)
    why = (removed["why"] or "").lower() if removed else ""
    if not removed or why.startswith("merged") or "folded" in why:
        return base._replace(what="applied")
    refuses = "nack" in why or "reject" in why
    return base._replace(
        what="refused" if refuses else "dropped", sentence=why or "removed"
    )

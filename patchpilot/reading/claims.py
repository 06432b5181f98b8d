# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect the claims that a series was applied, dropped, rejected or withdrawn.

Each claim has the sentence that makes it. A claim counts as proven only if it is in a structured
message from a bot's exact address, or if the user confirmed it.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from patchpilot.model.bounded import EPOCH
from patchpilot.projects.loading import default_project
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.mail_kinds import OF_TREES, STABLE, MailKind
from patchpilot.reading.phrases import (
    OFFERS_TO_TAKE,
    PATCHWORK_MARK,
    WHOLE_SERIES,
    WITHDRAWS,
    works_when_applied,
)
from patchpilot.reading.posted_series import PostedSeries, Reply
from patchpilot.reading.series_messages import parse_title
from patchpilot.reading.stable_subject import find_versions, parse_answer
from patchpilot.reading.statements import (
    MENTIONS,
    MOST_QUOTED,
    SHORT,
    UNSURE,
    quote_sentences,
)
from patchpilot.reading.thread_values import IN_A_TREE, Claim
from patchpilot.series.patch_pairing import title_key

_NO_TALK = frozenset((MailKind.TRAILERS, MailKind.PATCH, MailKind.COVER, MailKind.BUILD_FAILURE))
_DROPS = re.compile(
    r"\bi(?:'ve| have|'m| am|'ll| will)? (?:now |just |also )?(?:dropp?(?:ed|ing)?|revert(?:ed|ing)?|unapplied|backed out|remov(?:ed|ing)) "  # noqa: E501
    r"(?:it|them|(?:this|that|these|those|both|the)(?: (?:\w+ )?(?:patch(?:es)?|series|patch-?set|commits?|one|version))?)\b"  # noqa: E501
    r"(?=\W*$| ?[^\w\s]|\s(?:from|for|out|now|again|because|as|since|and|but|due|then|too|instead|so|today|with)\b)"  # noqa: E501
    r"|^\W*(?:now |ok(?:ay)?,? )?(?:dropped|reverted)(?=\s*(?:[.,!]|$|now\b|again\b|from\b))",
    re.IGNORECASE,
)
"""A maintainer reverting their own action. The object is the whole patch, not a part of it."""
_FROM_TEXT = re.compile(
    r"\bfrom (?:(?:the|my|your|this|next|new|commit|cover|patch) ){0,3}"
    r"(?:patch|series|commit|messages?|log|changelog|description|version|v\d+|letter|subject|cc|text)\b",
    re.IGNORECASE,
)
"""A place that is no tree."""
_FROM_TREE = re.compile(
    r"\bfrom (?:\S+ ){0,3}(?:tree|branch|queue|\S*(?:-next|/next|-fixes|/fixes|\bfor-\w+|\.git))\b",
    re.IGNORECASE,
)
_ASKS_TO_DROP = re.compile(
    r"\b(?:drop|remove|delete|omit|leave\s+out)\b(?! (?:the|this|that|your|my) (?:\w+ )?(?:patch|series|commit)\b)",  # noqa: E501
    re.IGNORECASE,
)
_IT = re.compile(
    r"\bdropp?(?:ing)? (?:it|this|these)\b(?! (?:patch|series|version))", re.IGNORECASE
)
_OBJECTS = re.compile(
    r"\b(?:dropp?(?:ed|ing|s)?\b(?! a note| (?:\w+ ){1,2}(?:lines?|sentences?|paragraphs?|words?|hunks?|parts?|tags?|checks?|comments?)\b)|revert(?:ed|ing)?|not really|wrong (?:branch|tree|patch|version|bot)|un-?applied"  # noqa: E501
    r"|removed (?:it|this)|please (?:don't|do not|ignore|disregard)|i object|not stable material"
    r"|breaks?(?! (?:out|down|up|it (?:up|down)))|does(?:n't| not) (?:exist|build|compile|work|boot|link)"  # noqa: E501
    r"|fails? to (?:build|compile|boot|link)|build (?:failure|error|breakage)|undefined reference"
    r"|implicit declaration|(?:causes?|introduces?) (?:an? )?(?:\w+ )?(?:regression|crash|oops|hang"
    r"|panic|deadlock|corruption)|(?:data|fs|filesystem) corruption"
    r"|should(?:n't| not) (?:be|have been|go)|(?:do(?:es)? not|don't) (?:apply|backport|take|queue) (?:this|it)"  # noqa: E501
    r"|not (?:be )?(?:suitable|needed|applicable) (?:for|in|to))\b",
    re.IGNORECASE,
)
"""An objection to the parent message."""
_KEPT = re.compile(
    r"\b(?:not|n't|never|why)\s+(?:\w+\s+)?(?:drop|revert)|should (?:i|we) (?:drop|revert)"
    r"|\bfix(?:e[sd])?\b.{0,60}\b(?:break|regress|crash|corrupt|fail)|\bno (?:build )?(?:failures?"
    r"|regressions?|breakage)\b",
    re.IGNORECASE,
)
_ASKED_TO = re.compile(r"\b(?:please|(?:can|could|would|will) you|mind)\b", re.IGNORECASE)
"""A question that makes a request."""
_GOES_ON = re.compile(
    r"\bv\d{1,2}\b|\bresen[dt]\b|\b(?:new|next) version\b|\bi(?:'ll| will) \w+",
    re.IGNORECASE,
)
"""An announcement of another version by the author."""
_IN_DOUBT = re.compile(r"[\"“]|\b(?:if|unless|until|once)\b|\?$", re.IGNORECASE)
_ONE_PATCH = re.compile(r"\AThe patch\s+\S[^\n]*\s+has been applied to\b")
"""The start of a script's report; the rest of its text is the same for every patch."""
_SOME_PATCH = re.compile(r"\b(?:this )?(?:one|patch)\b", re.IGNORECASE)
_REMOVED = re.compile(r"\bremoved from\b.*-mm|^\s*\[(?P<why>[\w ./-]+)\] .*removed", re.IGNORECASE)
_OF_STABLE = {
    MailKind.STABLE_ADDED: "queued",
    MailKind.STABLE_REVIEW: "review",
    MailKind.AUTOSEL: "proposed",
    MailKind.STABLE_FAILED: "failed",
}
"""The claim made by each kind of message from the stable trees."""
_IN_CODE = (
    r"(?:refs?|references?|(?:ref)?counts?|(?:spin)?locks?|mutex(?:es)?|semaphores?|clocks?|lines?"
    r"|pins?|gpios?|packets?|frames?|skbs?|buffers?|interrupts?|irqs?|paths?|bits?|nodes?|pointers?"
    r"|pages?|bus|signals?|privileges?|capabilit(?:y|ies)|bytes?)"
)
"""The things that code takes, drops, pulls or queues."""
_NO_CLAIM = re.compile(
    rf"\b{_IN_CODE} (?:\S+ ){{0,4}}?(?:dropped|taken|pulled|pushed|picked|committed|queued|merged|reverted)\b"  # noqa: E501
    rf"|\b(?:dropped|took|taken|pulled|pushed|picked|queued?|committed) (?:(?:the|a|an|this|that|its|any|no|another|one)(?: \w+)? )?{_IN_CODE}\b"  # noqa: E501
    r"|\b(?:please|pls|you|we) (?:\w+ )?(?:apply|queue|merge|take|pick|push|pull)\b|\bping\b"
    r"|^\W*(?:could|can|would|will) (?:you|we|somebody|someone|anyone)\b"
    r"|\b(?:subject|summary|title|prefix|message|changelog|description)\b.{0,20}\b(?:should|must|needs?)\b",
    re.IGNORECASE,
)
"""A sentence that asks for something or is about code, instead of reporting that it was done."""
_UNWANTED = re.compile(r"\bwas seriously submitted\b", re.IGNORECASE)
"""The subject with which the stable team rejects a patch."""
STATES = frozenset(
    (
        *("applied", "merged", "queued", "review", "proposed", "failed"),
        *("refused", "dropped", "withdrawn", "redone", "superseded", "forwarded"),
    )
)
"""Claims that determine the state of a series."""


def claims_of(
    series: PostedSeries, attached: Sequence[Reply], confirmed: frozenset[str]
) -> tuple[Claim, ...]:
    """Return all claims in a series' messages, in order.

    Claims that a later message retracts are marked as withdrawn. `confirmed` are the Message-IDs
    of the messages that the user confirmed.
    """
    claims = [
        Claim(
            f"sent {it.label}",
            it.head.mail.date,
            it.head.message_id,
            it.head.sender,
            known=False,
        )
        for it in series.strangers
    ]
    for reply in attached:
        mail = reply.mail
        is_confirmed = mail.message_id in confirmed
        is_impostor = series.has_authors_name(mail.sender) and not is_confirmed
        known = not is_impostor and (is_confirmed or series.identities.vouch_for(mail))
        if not known and reply.revision and not series.is_by_known(reply.revision):
            continue
        base = _create_claim(reply)
        reply_claims = [
            _name_patch(reply, _accept(reply, claim, is_confirmed), attached)
            for claim in _claims(reply, base)
            if known or claim.what not in ("unclear", "promised")
        ]
        has_taken = any(it.what in IN_A_TREE and it.sender.key == mail.sender.key for it in claims)
        withdrawal = _parse_withdrawal(reply, has_taken=has_taken)
        if withdrawal and not any(claim.commit for claim in reply_claims):
            words, target = withdrawal
            if known:
                # a claim can be withdrawn only by a reply to it or by its sender
                claims = [
                    it._replace(withdrawn=words) if _is_withdrawn(it, reply, target) else it
                    for it in claims
                ]
            dropped = base._replace(what="dropped", sentence=words)
            reply_claims = [claim for claim in reply_claims if claim.what == "withdrawn"] or [
                dropped
            ]
        if is_impostor:
            reply_claims = [base._replace(what="has the author's name")]
        # anyone may object, unless the message has a patchwork mark or its sender uses a known
        # person's name
        may_object = not (
            series.identities.has_name_of_known(mail.sender)
            or PATCHWORK_MARK.search(mail.body.text)
        )
        is_bot = mail.robot and is_bot_address(mail.sender)
        evidence = ("withdrawn", "redone") if mail.by_author else STATES if is_bot else ()
        claims += (
            claim._replace(
                known=known or (claim.what == "refused" and may_object),
                proven=(is_confirmed and claim.what not in ("unclear", "promised"))
                or (known and claim.what in evidence),
            )
            for claim in reply_claims
        )
    return tuple(claims)


def _accept(reply: Reply, claim: Claim, is_confirmed: bool) -> Claim:
    """Return a claim, with the meaning of an unclear one if the user confirmed it.

    Which patches of several were applied stays unclear.
    """
    if not is_confirmed or claim.what != "unclear":
        return claim
    if reply.mail.kind is MailKind.NACK:
        return claim._replace(what="refused")
    is_whole = claim.patch or (reply.revision and reply.revision.patch_count == 1)
    return claim._replace(what="applied") if is_whole else claim


def _is_withdrawn(claim: Claim, reply: Reply, target: str) -> bool:
    """Return whether a reply withdraws a claim: the one in the message `target`, or its sender's.

    In a request to the stable maintainers, it may name some of the branches.
    """
    if claim.message_id == target or claim.sender.key != reply.mail.sender.key:
        return claim.message_id == target
    if claim.what == "queued" and reply.revision and reply.revision.requested[0]:
        return claim.version in (find_versions(reply.mail.body.text) or (claim.version,))
    return claim.what == "applied"


def _name_patch(reply: Reply, claim: Claim, attached: Sequence[Reply]) -> Claim:
    """Return a claim with the title of its patch, or None for the series.

    The stable maintainers answer only the last patch when they queue a backport. This is about the
    series, unless the text or a message about another patch contradicts it.
    """
    if title := claim.title or parse_title(reply.mail):
        return claim._replace(of=title)
    is_last = reply.revision and reply.revision.patch_count == reply.patch
    if claim.what == "queued" and is_last and not _SOME_PATCH.search(claim.sentence):
        others = (it for it in attached if it.revision == reply.revision and it.patch)
        if not any(it.patch != reply.patch and _decides(it) for it in others):
            return claim._replace(patch=0)
    return claim._replace(of=reply.post.title if reply.post and claim.patch else None)


def _decides(reply: Reply) -> bool:
    mail = reply.mail
    return not mail.by_author and (mail.wants_answer or mail.kind is MailKind.APPLIED)


def withdraw_voided(claims: Sequence[Claim], series: PostedSeries) -> tuple[Claim, ...]:
    """Mark outdated reports of "applied" as withdrawn.

    A report without a commit is outdated if a later version changed the patch, because that version
    must be applied again. A report on the whole series stays valid while at least one patch is
    unchanged (see `withdraw_if_voided`). A report on a patch that the latest version lacks also
    stays valid.
    """
    patches = {post.key: series.unchanged_since(post) for post in series.latest.patches}
    covers = series.latest.titles - patches.keys()
    first = min(patches.values(), default=EPOCH)
    since = patches | dict.fromkeys((None, *covers), first)
    keys = (claim.of and title_key(claim.of) for claim in claims)
    return tuple(
        withdraw_if_voided(claim, since.get(key, EPOCH))
        for claim, key in zip(claims, keys, strict=True)
    )


def withdraw_if_voided(claim: Claim, since: datetime) -> Claim:
    """Mark a claim of "applied" as withdrawn if it names no commit and is older than the changed
    version.

    `since` is the time at which the changed version was sent.
    """
    if claim.what != "applied" or claim.commit or (claim.date or since) >= since:
        return claim
    return claim._replace(withdrawn=claim.withdrawn or "a newer version was sent")


def _parse_withdrawal(reply: Reply, *, has_taken: bool) -> tuple[str, str] | None:
    """Return the sentence that withdraws a claim, and the Message-ID of the message that made the
    claim.

    `has_taken` is set if the sender reported applying the patch earlier. Other authors who write
    that they drop "it" mean a review request, unless they name a tree.
    """
    mail, text = reply.mail, " ".join(reply.mail.body.text.split())
    if mail.bot or _KEPT.search(text):
        return None
    report_kinds = (*STABLE, *OF_TREES)
    is_about_report = reply.parent and reply.parent.kind in report_kinds
    target = reply.parent if is_about_report else reply.under
    is_short = len(text.split()) <= SHORT
    # do not look for a withdrawal in a long reply, in which the author describes what happened
    is_answer = target and (is_short or (is_about_report and not mail.by_author))
    may_drop = is_short and "?" not in text
    is_on_request = mail.by_author and not (has_taken or target)
    for sentence in (it.text for it in mail.body.sentences):
        is_question = sentence.endswith("?") and not _ASKED_TO.search(sentence)
        is_dropped = may_drop and _DROPS.search(sentence) and not _FROM_TEXT.search(sentence)
        if is_on_request and not _FROM_TREE.search(sentence):
            is_dropped = False
        if is_dropped or (is_answer and not is_question and _OBJECTS.search(sentence)):
            quote = sentence[:MOST_QUOTED].rstrip(".")
            return quote, target.message_id if target else ""
    return None


def _create_claim(reply: Reply) -> Claim:
    mail = reply.mail
    # in a script's message, the first sentence that names a tree reports the merge
    mentions = (it.text for it in mail.body.sentences if MENTIONS.search(it.text))
    sentence = next(mentions, "") if mail.semi else mail.why
    return Claim(
        "",
        mail.mail.date,
        mail.message_id,
        mail.sender,
        mail.placement.tree,
        patch=reply.patch,
        sentence="" if mail.robot else sentence[:MOST_QUOTED],
    )


def _claims(reply: Reply, base: Claim) -> list[Claim]:
    mail = reply.mail
    placement, kind = mail.placement, mail.kind
    if reply.revision and reply.revision.requested[0] and not mail.robot:
        return _parse_answer(reply, base._replace(tree=None))
    commits = placement.commits or (None,)
    if kind is MailKind.APPLIED:
        return _parse_applied(reply, base)
    if kind is MailKind.MM_COMMIT:
        return [_parse_mm_report(mail.mail.subject, base)]
    if kind in (MailKind.TIP_COMMIT, MailKind.PULL_MERGED):
        base = base._replace(
            what="applied" if kind is MailKind.TIP_COMMIT else "merged",
            tree=placement.tree or default_project().mainline,
        )
        return [base._replace(commit=commit) for commit in commits]
    if kind in _OF_STABLE:
        # the subject starts with "WTF: patch" if the stable team sees no reason for a backport
        unwanted = _UNWANTED.search(mail.mail.subject)
        base = base._replace(
            what=_OF_STABLE[kind],
            commit=commits[0],
            withdrawn="no stable material" if unwanted else None,
        )
        return [base._replace(version=version) for version in placement.versions]
    return _discussion_claims(reply, base._replace(tree=None))


def _parse_answer(reply: Reply, base: Claim) -> list[Claim]:
    """Return the branches that get a requested commit, or need a backport, according to an
    answer.
    """
    assert reply.revision is not None
    mail, (commit, asked) = reply.mail, reply.revision.requested
    if mail.by_author or mail.kind is MailKind.PATCH:
        return []
    statement = mail.statement
    is_queued = (
        statement is not None
        and statement.kind is MailKind.APPLIED
        and statement.what != "promised"
    )
    answer = parse_answer(mail.body.text, asked, is_queued=is_queued)
    failed = base._replace(what="failed", commit=commit, sentence=answer.refusal[:MOST_QUOTED])
    queued = base._replace(what="queued", commit=commit, sentence=answer.promise[:MOST_QUOTED])
    return [
        *(failed._replace(version=version) for version in answer.failed),
        *(queued._replace(version=version) for version in answer.queued),
    ]


def _discussion_claims(reply: Reply, base: Claim) -> list[Claim]:
    """Return the claims in a message other than a report about a stable tree."""
    mail, statement = reply.mail, reply.mail.statement
    if mail.by_author:
        return _author_claims(reply, base) if reply.under is None else []
    if mail.kind is MailKind.NACK:
        is_judged = statement and statement.sentence == mail.why
        return [base._replace(what=statement.what if statement and is_judged else "refused")]
    if statement and statement.kind is MailKind.APPLIED:
        return [_make_claim(reply, base)]
    texts = [
        it.text
        for it in mail.body.sentences
        if not (OFFERS_TO_TAKE.search(it.text) or works_when_applied(it.text))
    ]
    is_talk = not (mail.bot or mail.kind in _NO_TALK or reply.under)
    is_short = len(mail.body.text.split()) <= SHORT
    if (
        is_talk
        and is_short
        and any(MENTIONS.search(it) and not _NO_CLAIM.search(it) for it in texts)
    ):
        return [base._replace(what="unclear", sentence=quote_sentences(texts))]
    return []


def _make_claim(reply: Reply, base: Claim) -> Claim:
    statement, revision = reply.mail.statement, reply.revision
    assert statement is not None
    patch = _find_patch_number(reply) if statement.what == "applied" else base.patch
    sentence, what = statement.sentence, statement.what
    names_one_patch = _SOME_PATCH.search(sentence) and not WHOLE_SERIES.search(sentence)
    total = revision.patch_count if revision else 0
    counted = re.search(r"\b(\d+) patches\b", sentence)
    is_part = counted and int(counted[1]) != total
    if is_part or (names_one_patch and total > 1 and not patch and reply.patch == 0):
        what = "unclear"
    tree = statement.tree if what == "applied" else None
    return base._replace(what=what, tree=tree, patch=patch, sentence=sentence)


def _parse_applied(reply: Reply, base: Claim) -> list[Claim]:
    """Return the merges that a message reports.

    It may report a merge of the series, of one patch, or of each patch in a list.
    """
    mail, placement = reply.mail, reply.mail.placement
    if placement.landings:
        return _listed_commits(reply, base._replace(what="applied"))
    if PATCHWORK_MARK.search(mail.why):
        base = base._replace(patch=_find_patch_number(reply))
    elif mail.statement and not _ONE_PATCH.match(mail.body.text):
        base = _make_claim(reply, base)
        if base.what != "applied":
            return [base]
    if reply.under:
        versions = reply.under.placement.versions
        return [base._replace(what="queued", version=version) for version in versions]
    aim = reply.revision.backport_to if reply.revision else None
    base = base._replace(what="queued" if aim else "applied", version=aim)
    return [base._replace(commit=commit) for commit in placement.commits or (None,)]


def _listed_commits(reply: Reply, base: Claim) -> list[Claim]:
    """Return one claim for each listed commit.

    If none is listed, return the message's own claim. Patchwork also lists patches without a
    commit, so in this case return no claim for its messages.
    """
    listed = [
        base._replace(commit=report.commit, patch=report.number or base.patch, title=report.title)
        for report in reply.mail.placement.landings
        if report.commit
    ]
    return listed or ([] if reply.mail.robot == "patchwork-bot" else [base])


def _author_claims(reply: Reply, base: Claim) -> list[Claim]:
    """Return the claims that authors make about their own patches.

    A patch may be withdrawn or, according to a patchwork state, need changes.
    """
    text, sentences = reply.mail.body.text, reply.mail.body.sentences
    patchwork_mark = PATCHWORK_MARK.search(text)
    if patchwork_mark and patchwork_mark["state"].lower() in (
        "cr",
        "changes-requested",
    ):
        return [base._replace(what="redone", sentence=patchwork_mark[0].strip())]
    matches = (
        WITHDRAWS.search(it.text)
        for it in sentences
        # "I'm dropping it" below "please remove that line" is about the line
        if not (_IT.search(it.text) and _ASKS_TO_DROP.search(" ".join(it.top.quoted)))
    )
    match = next(filter(None, matches), None)
    if match is None or len(text.split()) > SHORT or _GOES_ON.search(text):
        return []
    sentence, preceding = match.string, match.string[: match.start()]
    if UNSURE.search(preceding) or _IN_DOUBT.search(sentence):
        return []
    several = reply.revision and len(reply.revision.patches) > 1
    names_one_patch = several and _SOME_PATCH.search(sentence)
    patch = reply.patch if names_one_patch else _find_patch_number(reply)
    return [base._replace(what="withdrawn", patch=patch, sentence=sentence.rstrip("."))]


def _find_patch_number(reply: Reply) -> int | None:
    """Return the number of the patch that a message is about, or None. The number is 0 for the
    series.

    Without a cover letter, a reply to the first patch is about the series.
    """
    text, revision = reply.mail.body.text, reply.revision
    if _ONE_PATCH.match(text):
        return reply.patch
    if revision is None or revision.patch_count < 2 or WHOLE_SERIES.search(text):
        return 0
    return 0 if reply.patch == 1 and not revision.head.is_cover else reply.patch


def _parse_mm_report(subject: str, base: Claim) -> Claim:
    removed = _REMOVED.search(subject)
    reason = (removed["why"] or "removed").lower() if removed else "merged"
    if reason.startswith("merged") or "folded" in reason:
        return base._replace(what="applied")
    what = "refused" if "nack" in reason or "reject" in reason else "dropped"
    return base._replace(what=what, sentence=reason)

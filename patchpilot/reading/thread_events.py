# SPDX-License-Identifier: GPL-2.0-or-later
"""The events of a series as reported in messages: applied, queued, failed, rejected, withdrawn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from patchpilot.model.bounded_date import EPOCH
from patchpilot.model.bounded_number import number
from patchpilot.projects.loading import default_project
from patchpilot.reading.identities import Claim
from patchpilot.reading.mail_classifier import Classified, unquoted
from patchpilot.reading.mail_kinds import STABLE, MailKind
from patchpilot.reading.phrases import (
    BARE_APPLIED,
    PATCHWORK_MARK,
    PROMISES,
    SELF_NACK,
    SENT_AGAIN,
    TOOK_BACK,
    WHOLE_SERIES,
    WITHDRAWS,
)
from patchpilot.reading.posted_series import Post, PostedTopic
from patchpilot.reading.reply_prose import read_prose
from patchpilot.reading.thread_match import Reply, about
from patchpilot.series.patch_pairing import title_key

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
_OTHERS = re.compile(
    r"\b(?:version (?:from|by|of) |(?:someone|somebody) else|superseded|another patch|(?:same|identical|similar) patch|"  # noqa: E501
    r"already (?:fixed|applied|merged))\b",
    re.I,
)
_THANKS = re.compile(
    r"\b(?:thanks?|thank you|thx)\b|\b(?:tree|branch|queue|\S+-next|next|fixes|v?\d\.\d+)\b",
    re.IGNORECASE,
)
_IN_A_TREE = re.compile(
    r"\b(?:pushed|queued|merged|pulled|committed)\b|\b(?:is|are) now applied\b",
    re.IGNORECASE,
)
"""What only those do, or say, who have a tree; testers apply and pick up, too."""
_ONE_PATCH = re.compile(r"\AThe patch\s+\S[^\n]*\s+has been applied to\b")
"""A maintainer's script: its text below is the same for every patch."""
_THIS_PATCH = re.compile(r"\b(?:one|patch)\Z", re.IGNORECASE)
_SOME_PATCH = re.compile(r"\bthis (?:one|patch)\b", re.IGNORECASE)
"""One of several, which a mail below the cover letter does not name."""
_FEW_PATCHES = re.compile(
    r"\b(?:these|those|the|your) (?P<count>one|two|three|four|five|six|seven|\d{1,2}) patches\b",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\b(?:applied|queued|merged|pushed|picked|taken|took)(?: up)?(?: only| just)? the (?:[\w/-]+"
    r" ){1,4}(?:parts?|bits|hunks?|portion)\b",
    re.IGNORECASE,
)
"""Who takes something out of one patch."""
_ONE_NUMBER = r"#?\d{1,3}(?:/\d{1,3})?"
_NUMBERS = (
    rf"{_ONE_NUMBER}(?:(?: ?[-–,&+] ?| (?:to|through|and) |, and ){_ONE_NUMBER}){{0,20}}"
    r"(?![\w%]|[./]\d| (?:days|weeks|months|hours|times)\b)"
)
_TOOK_SOME = re.compile(
    rf"\b(?:applied|applying|queued|merged|pushed|picked|taken|took)(?: up)?(?: only| just| the)?(?: patch(?:es)?)? (?P<those>{_NUMBERS})"  # noqa: E501
    rf"|\bpatch(?:es)? (?P<named>{_NUMBERS}) (?:(?:is|are|was|were|has|have|been|now|both|all) ){{0,3}}(?:applied|queued|merged|pushed|picked|taken)\b"  # noqa: E501
    r"|\b(?:applied|queued|merged|pushed|picked|taken|took)(?: up)?(?: only| just)? the first"
    r" (?P<first>one|two|three|four|five|six|seven|\d{1,2})\b",
    re.IGNORECASE,
)
_ALL_BUT = re.compile(
    rf"\b(?:all|series|everything|patches|set|patchset|them|these|rest)\b[^.!?]{{0,20}}\b(?:but|except(?: for)?|apart from|without|minus)(?: the)?"  # noqa: E501
    rf"(?: patch(?:es)?)? (?P<left>{_NUMBERS})",
    re.IGNORECASE,
)
_COUNTS = ("one", "two", "three", "four", "five", "six", "seven")
_IN_SENTENCE = r"(?:[^.!?\n]|(?<=\d)\.(?=\d))*"
_MOST_PATCHES = 1000
_SHORT = 60
"""Words of a reply further down in a discussion that still takes something back."""
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
"""What the mails of the stable trees report."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event reported in a message.

    `what` is applied, merged (mainline), queued, review, proposed, failed (stable), refused,
    handled (by another patch), or, if the author reports it, withdrawn or redone (a new version
    announced in patchwork). `tree`, `commit` and `version` are set if they were reported.
    `withdrawn` states why the event no longer counts. `part` is whether only a part of one patch
    was applied. `of` is the title of the patch it is about (None: the series, or unknown).
    """

    what: str
    date: datetime | None
    message_id: str
    by: str
    tree: str | None = None
    commit: str | None = None
    version: str | None = None
    patch: int | None = None
    title: str | None = None
    withdrawn: str | None = None
    part: bool = False
    of: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it was not taken back."""
        return self.withdrawn is None


def claims_of(topic: PostedTopic, attached: Sequence[Reply]) -> tuple[Claim, ...]:
    """Returns the messages from unknown addresses that make claims.

    A claim is a report that only the author, a maintainer or a bot may make.
    """
    sent = (
        Claim(
            post.message_id,
            post.mail.sender,
            f"sent {revision.label}",
            post.mail.mail.date,
        )
        for revision in topic.strangers
        for post in revision.posts[:1]
    )
    return (*sent, *(claim for reply in attached if (claim := _claim(topic, reply))))


def _claim(topic: PostedTopic, reply: Reply) -> Claim | None:
    mail = reply.mail
    if reply.revision and not topic.is_by_known(reply.revision):
        return None
    if topic.has_authors_name(mail.sender):
        what = "has the author's name"
    elif topic.identities.vouch_for(mail):
        return None
    else:
        kinds = {event.what for event in _events(reply)}
        # anybody may object, but a mark for patchwork and the name of somebody known claim more
        claims_more = topic.identities.has_name_of_known(
            mail.sender
        ) or PATCHWORK_MARK.search(mail.body.text)
        kinds -= set() if claims_more else {"refused", "handled"}
        applies = kinds == {"applied"} and not (
            mail.robot or mail.semi or mail.place.commits
        )
        is_talk = not kinds and not _taken_back(reply) and not _undone(reply)
        if is_talk or (applies and not _has_a_tree(mail)):
            return None
        what = f"reports: {', '.join(sorted(kinds)) or 'dropped'}"
    return Claim(mail.message_id, mail.sender, what, mail.mail.date)


def _has_a_tree(mail: Classified) -> bool:
    """Whether "applied" is said as only those do who have a tree, with thanks or its name, or is
    all that is said.
    """
    thanks = "pw-bot" not in mail.why and _THANKS.search(mail.body.text)
    return bool(
        thanks or _IN_A_TREE.search(mail.why) or BARE_APPLIED.match(mail.body.text)
    )


def events_of(topic: PostedTopic, attached: Sequence[Reply]) -> tuple[Event, ...]:
    """Returns the events in a series' messages, in the order of the messages.

    Events that a reply withdraws are marked.
    """
    events: list[Event] = []
    at: dict[str, list[int]] = {}
    for reply in attached:
        # anybody may refuse a patch; what others say of a tree is talk, and what claims more is in
        # `claims_of`
        is_vouched = topic.identities.vouch_for(reply.mail)
        new = [
            replace(event, of=_title(reply, event))
            for event in _events(reply)
            if is_vouched or event.what == "refused"
        ]
        taken = None if any(event.commit for event in new) else _taken_back(reply)
        # "dropped again: applied the version of somebody else" applies nothing here
        if taken and _OTHERS.search(taken[0]):
            new = []
        for event in new:
            at.setdefault(reply.message_id, []).append(len(events))
            events.append(event)
        if taken and {event.what for event in new} <= {"withdrawn"}:
            words, target = taken
            parents = at.get(target, [])
            for place in parents:
                events[place] = replace(events[place], withdrawn=words)
            if parents and _OTHERS.search(words):
                events.append(
                    Event(
                        "superseded",
                        reply.mail.mail.date,
                        reply.message_id,
                        reply.mail.sender.trailer(),
                    )
                )
        elif not new and (undone := _undone(reply)):
            by = reply.mail.sender.trailer()
            events = [
                (
                    replace(event, withdrawn=undone)
                    if event.what == "applied" and event.by == by
                    else event
                )
                for event in events
            ]
    return tuple(events)


def _title(reply: Reply, event: Event) -> str | None:
    """The title of the patch that an event is about; None for the series."""
    if event.what in ("applied", "merged") and event.title:
        return event.title
    return about(reply.mail) or (
        reply.post.title if reply.post and event.patch else None
    )


def without_voided(events: Sequence[Event], topic: PostedTopic) -> tuple[Event, ...]:
    """Returns the events, with outdated reports of "applied" marked as withdrawn.

    A report is outdated if it gives no commit and the latest version has changed since, because
    that version has to be applied again. A report on the series counts as long as one of its
    patches is unchanged (see `voided`); a report on a patch that is not in the latest version
    counts.
    """
    since = {post.key: topic.unchanged_since(post) for post in topic.latest.patches}
    first = min(since.values(), default=EPOCH)
    covers = topic.latest.titles - since.keys()
    return tuple(
        voided(event, first)
        if event.of is None or title_key(event.of) in covers
        else voided(event, since.get(title_key(event.of), EPOCH))
        for event in events
    )


def voided(event: Event, since: datetime) -> Event:
    """Returns the event, marked as withdrawn if it reports "applied" without a commit, before
    `since`.

    `since` is when a changed version was sent.
    """
    if event.what != "applied" or event.commit or not event.date or event.date >= since:
        return event
    return replace(event, withdrawn=event.withdrawn or "a newer version was sent")


def _taken_back(reply: Reply) -> tuple[str, str] | None:
    """The words that take something back, and the Message-ID of the mail it was reported in: the
    one answered, or the stable tree's mail above.
    """
    if reply.mail.bot or reply.parent is None:
        return None
    words = reply.mail.body.text
    target = (
        reply.parent
        if reply.parent.kind
        in (*STABLE, MailKind.APPLIED, MailKind.TIP_COMMIT, MailKind.MM_COMMIT)
        else reply.under
    )
    # a long answer by the author tells what happened, and takes nothing back
    is_aside = target is not reply.parent or reply.mail.by_author
    if target is None or (is_aside and len(words.split()) > _SHORT):
        return None
    match = _TAKEN_BACK.search(words)
    if not match or _KEPT.search(words):
        return None
    sentence = re.search(_IN_SENTENCE + re.escape(match[0]) + _IN_SENTENCE, words)
    if (
        sentence
        and words[sentence.end() :].lstrip().startswith("?")
        and not _ASKED_TO.search(sentence[0])
    ):
        return None
    return " ".join((sentence[0] if sentence else match[0]).split())[
        :160
    ], target.mail.message_id


def _undone(reply: Reply) -> str | None:
    """The words of somebody who undoes what they did, wherever in the thread they say so."""
    words = " ".join(reply.mail.body.text.split())
    undone = (
        None
        if reply.mail.bot or len(words.split()) > _SHORT
        else TOOK_BACK.search(words)
    )
    return (
        undone[0] if undone and "?" not in words and not _KEPT.search(words) else None
    )


def _events(reply: Reply) -> list[Event]:
    mail = reply.mail
    place, kind = mail.place, mail.kind
    base = Event(
        "",
        mail.mail.date,
        mail.message_id,
        mail.sender.trailer(),
        place.tree,
        patch=reply.patch,
    )
    refuses = kind in (MailKind.OTHER, MailKind.NACK) or (
        kind is MailKind.QUESTION and SELF_NACK.search(mail.body.text)
    )
    if said := _handed_over(reply):
        return [
            replace(base, what="handled", tree=None, patch=_about(reply), title=said)
        ]
    if mail.by_author and refuses and reply.under is None:
        return _by_author(reply, base)
    if kind is MailKind.APPLIED:
        return _applied(reply, base)
    if kind is MailKind.TIP_COMMIT:
        return [
            replace(base, what="applied", commit=commit)
            for commit in place.commits or (None,)
        ]
    if kind is MailKind.MM_COMMIT:
        return _mm(mail.mail.subject, base)
    if kind is MailKind.PULL_MERGED:
        tree = place.tree or default_project().mainline
        return [
            replace(
                base, what="merged", tree=tree, commit=next(iter(place.commits), None)
            )
        ]
    if kind in _OF_STABLE:
        commit = next(iter(place.commits), None)
        return [
            replace(base, what=_OF_STABLE[kind], commit=commit, version=version)
            for version in place.versions
        ]
    return _refused_or_named(reply, base)


def _handed_over(reply: Reply) -> str | None:
    """The words that hand a patch over to another one."""
    mail = reply.mail
    talk = mail.kind in (MailKind.OTHER, MailKind.NACK, MailKind.REVIEW)
    is_about = reply.under is None and reply.patch is not None
    if mail.bot or not (talk and is_about):
        return None
    return handled_by_another(mail.body.text, by_author=mail.by_author)


def _refused_or_named(reply: Reply, base: Event) -> list[Event]:
    """What a person's mail reports that is about no stable tree."""
    mail, kind = reply.mail, reply.mail.kind
    if kind is MailKind.NACK:
        return [replace(base, what="refused", tree=None, title=mail.why)]
    if (
        kind is MailKind.TRAILERS
        and not mail.by_author
        and (said := read_prose(mail.body))
        and said.kind is MailKind.APPLIED
    ):
        return [replace(base, what="applied", patch=_about(reply))]
    return _named(reply, base)


def _applied(reply: Reply, base: Event) -> list[Event]:
    """What a mail says was applied: the series, one patch of it, or each that it lists."""
    place = reply.mail.place
    in_words = not place.commits and not reply.mail.robot
    if in_words:
        if _is_one_of_many(reply):
            return []
        part = bool(_PART.search(" ".join(reply.mail.body.text.split())))
        base = replace(base, patch=_about(reply), part=part)
    if reply.under is not None:
        versions = reply.under.place.versions
        return [replace(base, what="queued", version=version) for version in versions]
    if place.landings:
        return _listed_commits(reply, base)
    aim = reply.revision.backport_to if reply.revision else None
    base = replace(base, what="queued" if aim else "applied", version=aim)
    if in_words and (some := _some(reply)):
        return [replace(base, patch=post.number, title=post.title) for post in some]
    return [replace(base, commit=commit) for commit in place.commits or (None,)]


def _listed_commits(reply: Reply, base: Event) -> list[Event]:
    """The commits that a mail lists; patchwork also lists patches that have none."""
    base = replace(base, what="applied")
    found = [
        replace(
            base, commit=line.commit, patch=line.number or base.patch, title=line.title
        )
        for line in reply.mail.place.landings
        if line.commit
    ]
    return found or ([] if reply.mail.robot == "patchwork-bot" else [base])


def _named(reply: Reply, base: Event) -> list[Event]:
    """The commits that a reply names with the title of one of the series' patches: they are in
    somebody's tree.
    """
    by = f"somebody: {reply.mail.sender.called} names the commit"
    titles = {
        post.key: post for post in (reply.revision.patches if reply.revision else ())
    }
    return [
        replace(
            base,
            what="applied",
            tree=None,
            by=by,
            commit=found["commit"].lower(),
            patch=post.number or 1,
            title=post.title,
        )
        for found in _COMMIT_WITH_TITLE.finditer(unquoted(reply.mail.mail.body))
        if (post := titles.get(title_key(" ".join(found["title"].split()))))
    ]


def _by_author(reply: Reply, base: Event) -> list[Event]:
    """What an author does with their own patch: withdraw it, or mark it in patchwork as to be done
    again.
    """
    words = reply.mail.body.text
    mark = PATCHWORK_MARK.search(words)
    if mark and mark["state"].lower() in ("cr", "changes-requested"):
        return [replace(base, what="redone", tree=None, title=mark[0].strip())]
    words = " ".join(words.split())
    match = WITHDRAWS.search(words)
    announced = (
        PROMISES.search(words)
        or SENT_AGAIN.search(words)
        or re.search(
            r"\bv\d{1,2}\b|\bresen[dt]\b|\bnew version\b", words, re.IGNORECASE
        )
    )
    if (
        not match
        or announced
        or len(words.split()) > _SHORT
        or re.search(r"\bif\b", words[: match.start()], re.IGNORECASE)
    ):
        return []
    patch = (
        reply.patch
        if _THIS_PATCH.search(match[0])
        and reply.revision
        and len(reply.revision.patches) > 1
        else _about(reply)
    )
    return [replace(base, what="withdrawn", tree=None, patch=patch, title=match[0])]


def _about(reply: Reply) -> int | None:
    """The patch that "applied" in words is about: 0 for the series, also when it answers the first
    patch of a series without a cover letter.
    """
    if _ONE_PATCH.match(reply.mail.body.text):
        return reply.patch
    if reply.revision is None or len(reply.revision.patches) < 2:
        return 0
    if _is_few(reply):
        return reply.patch
    if WHOLE_SERIES.search(reply.mail.body.text):
        return 0
    return 0 if reply.patch == 1 and not reply.revision.head.is_cover else reply.patch


def _is_one_of_many(reply: Reply) -> bool:
    """Whether a mail about a whole series says that a single patch was taken, but not which."""
    many = (
        reply.patch == 0
        and reply.revision is not None
        and len(reply.revision.patches) > 1
    )
    names_one = _SOME_PATCH.search(reply.mail.why) and not WHOLE_SERIES.search(
        reply.mail.why
    )
    return many and (_is_few(reply) or bool(names_one))


def _is_few(reply: Reply) -> bool:
    """Whether a mail speaks of so many patches of a series, without the others."""
    few = _FEW_PATCHES.search(reply.mail.why)
    return (
        few is not None
        and reply.revision is not None
        and _count(few["count"]) < len(reply.revision.patches)
    )


def _count(word: str) -> int:
    return int(word) if word.isdecimal() else 1 + _COUNTS.index(word.lower())


def _some(reply: Reply) -> list[Post]:
    """The patches that "applied 1-5", "the first two" names, where it leaves others out."""
    patches = reply.revision.patches if reply.revision else ()
    words = " ".join(reply.mail.body.text.split())
    if left := _ALL_BUT.search(words):
        without = _listed(left["left"])
        return [post for post in patches if post.number not in without]
    found = _TOOK_SOME.search(words)
    if (
        not found
        or len(patches) < 2
        or ((found["those"] or "").isdecimal() and "patch " not in found[0].lower())
    ):
        return []
    if first := found["first"]:
        numbers = set(range(1, 1 + _count(first)))
    else:
        numbers = _listed(found["those"] or found["named"])
    some = [post for post in patches if post.number in numbers]
    return some if len(some) == len(numbers) < len(patches) else []


def _listed(words: str) -> set[int]:
    """The numbers of a list such as "1-3, 5/7 and 6"."""
    numbers: set[int] = set()
    for part in re.split(r",? and |[,&+]", re.sub(r"#|/\d+", "", words)):
        ends = [number(end) for end in re.findall(r"\d+", part)]
        numbers |= (
            set(range(ends[0], min(ends[-1], _MOST_PATCHES) + 1)) if ends else set()
        )
    return numbers


def _mm(subject: str, base: Event) -> list[Event]:
    removed = _REMOVED.search(subject)
    if not removed:
        return [replace(base, what="applied")]
    why = (removed["why"] or "").lower()
    if why.startswith("merged") or "folded" in why:
        return [replace(base, what="applied")]
    return [
        replace(
            base,
            what="refused"
            if any(word in why for word in ("nack", "reject"))
            else "dropped",
            title=why or "removed",
        )
    ]


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

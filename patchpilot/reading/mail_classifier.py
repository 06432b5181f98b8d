# SPDX-License-Identifier: GPL-2.0-or-later
"""Classify messages about patches by their sender and unquoted text, never only by the subject."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from patchpilot.errors import InputError
from patchpilot.model.address import Address, parse_address
from patchpilot.model.mail import Mail, find_linked_ids, parse_message_id, parse_patch
from patchpilot.model.patch import Patch, Subject, parse_subject
from patchpilot.reading.bots import known_robot
from patchpilot.reading.ci_verdict import CiVerdict, has_only_warnings, read_verdict
from patchpilot.reading.mail_kinds import TESTS, WANTS_ANSWER, MailKind
from patchpilot.reading.mbox import date_or_epoch
from patchpilot.reading.phrases import (
    ABOUT_A_PATCH,
    AGREES,
    BY_TESTER,
    IN_A_TREE,
    LEAVES_CODE,
    LEAVES_TEXT,
    PATCHWORK_MARK,
    ROBOT_WROTE,
    reports_success,
)
from patchpilot.reading.placement import Placement, placement
from patchpilot.reading.reply_body import Body, Sentence, parse_body
from patchpilot.reading.request_model import (
    WORKS_WELL,
    asking_paragraphs,
    is_certain_request,
    load_shipped_weights,
    score_request,
    sentence_names,
)
from patchpilot.reading.review_trailers import (
    GivenTrailer,
    given_trailers,
    is_nack,
)
from patchpilot.reading.sender import UNSEEN, is_same_person, real_sender
from patchpilot.reading.statements import FOR_THE_FUTURE, Statement, statement_of
from patchpilot.series.change_id import find_change_id
from patchpilot.series.patch_pairing import title_key

MOST_TEXT = 400_000
"""Maximum number of characters read from a message."""
MAX_SUBJECT = 1000
_TAG = re.compile(r"(?:[A-Za-z-]{1,40}-by|Cc|Link|Closes|From): ", re.IGNORECASE)
_OWN_HISTORY = re.compile(
    r"^[\s*#-]{0,8}(?:\[\d{1,2}\]:?\s?)?(?:(?:links? to|changes? (?:in|since|from)|previous|prior|older?|the|version|series|rfc|patch) ){0,3}"  # noqa: E501
    r"\(?(?:rfc|patch)?[ -]?v(?P<version>\d{1,3})\b(?!\.\d)[^\n]{0,30}$",
    re.IGNORECASE,
)
"""The text before a link to an earlier version.

Links inside a sentence may lead to another series.
"""
_SUPERSEDES = re.compile(r"^[ \t]{0,4}supersedes:(.*)$", re.IGNORECASE | re.MULTILINE)
MAX_REFERENCES = 50
_REPLY = re.compile(
    r"^(?:\s*\[[^]]*\])*\s*(?:re|aw|antw|sv|vs|res|rif|回复|答复)\s*(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)
_SCRIPT_ID = re.compile(r"\.b4-ty@|\.b4-ty\b")
_THANKS_OF_B4 = re.compile(
    r"\b(?:applied|merged|queued|pulled|pushed|picked up|taken)\b|^\s+(?:merge )?commit: |\(no"
    r" commit info\)",
    re.IGNORECASE | re.MULTILINE,
)
_FILES_CHANGED = re.compile(r"^ \d+ files? changed, \d+ ", re.MULTILINE)
_MARKED = {
    "accepted": MailKind.APPLIED,
    "applied": MailKind.APPLIED,
    "cr": MailKind.REVIEW,
    "changes-requested": MailKind.REVIEW,
    "rejected": MailKind.NACK,
}
_SIGNED = re.compile(r"[> \t]*(?:From|Signed-off-by): (.{1,200})")


MAX_WHY = 120
MAX_SENTENCES = 3_000
"""Maximum number of sentences read from a reply."""
_LIKELY = 0.395
"""Minimum likelihood at which a paragraph makes a reply a review."""
_CLEAR = 0.5
"""Minimum likelihood at which a sentence that is not a question counts as a request."""
_SHORT = 25
"""Maximum number of words in a reply about an applied patch that counts as a request. Longer
replies are discussions.
"""
_WISH = re.compile(
    r"\bplease (?!see)|\b(?:could|can|would) you (?!explain|te[l]l|clarify|elaborate)",
    re.IGNORECASE,
)
"""A wish, including one phrased as a question."""


@dataclass(frozen=True)
class Classified:
    """A message and its kind.

    `semi` is True if a script sent the message under a person's name. `names_bot` is True if the
    sender has a bot's name or address, and `doubtful` if the sender is not verified.
    """

    mail: Mail
    sender: Address
    subject: Subject
    is_reply: bool
    kind: MailKind
    confidence: float
    why: str
    bot: bool
    semi: bool
    trailers: tuple[GivenTrailer, ...]
    body: Body
    robot: str | None = None
    statement: Statement | None = None
    by_author: bool = False
    names_bot: bool = False
    doubtful: bool = False
    answers: str = "patch"
    features: tuple[frozenset[str], ...] = ()

    @property
    def message_id(self) -> str:
        return self.mail.message_id

    @property
    def when(self) -> datetime:
        """Return the date, or the epoch if it is missing."""
        return date_or_epoch(self.mail)

    @property
    def above(self) -> tuple[str, ...]:
        """Return the Message-IDs of the ancestors, nearest first.

        Their number is limited, because the header is not trusted.
        """
        references = reversed(self.mail.references[-MAX_REFERENCES:])
        return tuple(filter(None, (self.mail.in_reply_to, *references)))

    @cached_property
    def unquoted(self) -> str:
        """Return the unquoted lines of the body.

        The length is limited to bound the time spent on long logs.
        """
        lines = self.mail.body[:MOST_TEXT].split("\n")
        return "\n".join(line for line in lines if not line.startswith(">"))

    @property
    def asking(self) -> Iterator[Sequence[tuple[Sentence, frozenset[str]]]]:
        """Yield the sentences and their features for each paragraph that contains a request."""
        pairs = zip(self.body.sentences, self.features, strict=False)
        wishes = [(it, names) for it, names in pairs if not self._leaves_it(it)]
        return asking_paragraphs(wishes, load_shipped_weights())

    def _leaves_it(self, sentence: Sentence) -> bool:
        """Return whether a sentence agrees to leave the patch as it is.

        Its message gives a tag, or answers the author. A plain statement that agrees needs a tag
        without a condition, but no report of a test does.
        """
        is_tagged = not all(tag.conditional for tag in self.credited)
        succeeds = reports_success(sentence.text, is_tagged=is_tagged)
        if succeeds and (is_tagged or BY_TESTER.search(sentence.text)):
            return True
        if not is_tagged and self.answers != "author":
            return False
        pattern = LEAVES_CODE if sentence.top.on_code else LEAVES_TEXT
        return bool(
            pattern.fullmatch(sentence.text) or (is_tagged and AGREES.fullmatch(sentence.text))
        )

    @cached_property
    def credited(self) -> tuple[GivenTrailer, ...]:
        return tuple(trailer for trailer in self.trailers if trailer.credited)

    @cached_property
    def only_warns(self) -> bool:
        """Return whether a build report contains warnings but no errors."""
        # the parsed body lacks the lines after ">>"
        report = self.mail.body[:MOST_TEXT]
        return self.kind is MailKind.BUILD_FAILURE and has_only_warnings(report)

    @cached_property
    def verdict(self) -> CiVerdict | None:
        """Return the verdict in a bot's message, or None."""
        if not self.bot:
            return None
        text = f"{self.title}\n{self.body.text}"
        return read_verdict(self.kind, text, only_warns=self.only_warns)

    @property
    def wants_answer(self) -> bool:
        """Return whether the author should act on the message."""
        if self.kind in TESTS:
            return self.verdict is CiVerdict.FAILED
        return self.kind in WANTS_ANSWER

    @property
    def wanted_answer(self) -> str:
        """Return what the author should do about the message, for a kind in `WANTS_ANSWER`."""
        words = "{who} reports build warnings" if self.only_warns else WANTS_ANSWER[self.kind]
        return words.format(who=self.sender_name)

    @property
    def sender_name(self) -> str:
        """Return the sender's display name.

        If the sender is not verified, add the address and mark the sender as not seen before.
        """
        return f"{self.sender.trailer()}, {UNSEEN}" if self.doubtful else self.sender.called

    @property
    def label(self) -> str:
        """Return the name of the kind. Build reports with only warnings have a separate name."""
        return "build-warning" if self.only_warns else str(self.kind)

    @property
    def title(self) -> str:
        return self.subject.title

    @cached_property
    def key(self) -> str:
        """Return the normalized title, which is used to compare versions."""
        return title_key(self.title)

    @property
    def number(self) -> int | None:
        """Return the patch number, 0 for a cover letter, or None if there is none."""
        return self.subject.number

    @cached_property
    def branches(self) -> tuple[str, ...]:
        """Return the stable versions that the message is about, or () if it names none."""
        return self.placement.versions or self.subject.stables

    @property
    def is_post(self) -> bool:
        return self.kind in (MailKind.PATCH, MailKind.COVER)

    @property
    def is_cover(self) -> bool:
        """Return whether the message is a cover letter or pull request."""
        return self.kind is MailKind.COVER

    @property
    def shape(self) -> tuple[object, ...]:
        """Return the parts of the subject that all messages of a posting have in common."""
        subject = self.subject
        return subject.version, subject.total, subject.is_resend, subject.is_rfc

    @cached_property
    def patch(self) -> Patch | None:
        with suppress(InputError):
            return parse_patch(self.mail.raw, self.message_id)
        return None

    @cached_property
    def change_id(self) -> str | None:
        return find_change_id(self.unquoted.split("\n"), gerrit=True)

    @cached_property
    def superseded(self) -> frozenset[str]:
        """Return the Message-IDs in `Supersedes:`, a header or a line of the text."""
        values = [self.mail.header("Supersedes") or "", *_SUPERSEDES.findall(self.unquoted)]
        words = (word for value in values for word in re.split(r"[\s,]+", value[:MAX_SUBJECT]))
        return frozenset(filter(None, map(parse_message_id, filter(None, words))))

    @cached_property
    def earlier(self) -> dict[str, int]:
        """Map the Message-IDs of linked or superseded earlier versions to version numbers."""
        text = self.unquoted
        links = {
            it: _version_before(text, at) for it, at in find_linked_ids(text) if at is not None
        }
        superseded = dict.fromkeys(self.superseded, max(1, self.subject.version - 1))
        return superseded | {
            message_id: version for message_id, version in links.items() if version
        }

    @cached_property
    def changes(self) -> str:
        """Return the added and removed lines of the diff, or ""."""
        _, diff, changes = self.mail.body[:MOST_TEXT].partition("\ndiff --git ")
        lines = f"{diff}{changes}".partition("\n-- \n")[0].split("\n")
        return "\n".join(line.rstrip() for line in lines if line.startswith(("+", "-")))

    @cached_property
    def content(self) -> str:
        """Return the message without tags, followed by the changed lines, or "" without a diff."""
        message = self.mail.body[:MOST_TEXT].partition("\ndiff --git ")[0]
        lines = map(str.strip, message.partition("\n---\n")[0].split("\n"))
        words = [line for line in lines if line and not _TAG.match(line)]
        return "\n".join((*words, self.changes)) if self.changes else ""

    @cached_property
    def placement(self) -> "Placement":
        merged = self.mail.header("X-PR-Merge-Commit-Id") or ""
        applied = placement(self.kind, self.mail.subject, self.unquoted, merged.strip())
        return applied._replace(tree=applied.tree or (self.statement and self.statement.tree))


def classify(mail: Mail, author: Address | None = None) -> Classified:
    """Classify one message. If the patch's author is unknown, guess it from the quotes."""
    sender = real_sender(mail)
    subject = parse_subject(mail.subject[:MAX_SUBJECT])
    is_reply = bool(_REPLY.match(mail.subject[:MAX_SUBJECT]))
    body = parse_body(mail.body)
    base = Classified(
        mail, sender, subject, is_reply, MailKind.OTHER, 0.5, "", False, False, (), body
    )
    sender_text = f"{sender.name} <{sender.email}>" if sender.email else sender.name
    robot = known_robot(
        sender_text[:MAX_SUBJECT],
        mail.subject[:MAX_SUBJECT],
        base.unquoted[:16_000],
        lambda: "\n".join(f"{header.name}: {header.value}" for header in mail.headers),
    )
    if robot:
        return replace(
            base,
            kind=robot.kind,
            confidence=0.97,
            why=f"sender and text match {robot.name}",
            bot=robot.bot,
            semi=robot.semi,
            trailers=given_trailers(body, sender, bot=robot.bot),
            robot=robot.name,
            names_bot=bool(robot.sender),
        )
    if not is_reply and (kind := _post(base)):
        return replace(
            base,
            kind=kind,
            confidence=0.95,
            why="a patch" if kind is MailKind.PATCH else "a cover letter",
        )
    by_author = is_same_person(sender, author) if author else _has_signed(sender, body)
    person_mail = replace(base, by_author=by_author, trailers=given_trailers(body, sender))
    return _classify_person(person_mail, "patch")


def is_html_only(mail: Mail) -> bool:
    """Return whether a message has an HTML text but no plain one."""
    kind = (mail.header("Content-Type") or "").lower()
    if not kind.startswith("multipart/"):
        return kind.startswith("text/html")
    raw = mail.raw.lower()
    return b"text/html" in raw and b"text/plain" not in raw


def classify_for(
    known: Classified,
    sender: Address,
    by_author: bool,
    answered: str = "patch",
) -> Classified:
    """Classify a message again when its sender and parent are known, without parsing the body
    again.

    `by_author` is set if the patch's author sent it.
    """
    known = known if known.sender == sender else replace(known, sender=sender)
    is_other = known.by_author is by_author is False
    is_done = is_other and answered == known.answers
    if known.robot or is_done or (not known.is_reply and _post(known)):
        return known
    to_self = by_author and answered != "other"
    plain = replace(known, by_author=by_author)
    reclassified = _classify_person(plain, answered, to_self=to_self)
    if not is_other or known.kind is MailKind.REVIEW:
        return reclassified
    # for a reply by another person, only a review depends on which message it answers
    return replace(known, answers=answered, features=reclassified.features)


def _classify_person(base: Classified, answered: str, *, to_self: bool = False) -> Classified:
    """Classify a person's message as a b4 note, patchwork mark, NACK, statement, tags, patch or
    prose.
    """
    statement = statement_of(base.body.sentences, by_author=base.by_author, to_self=to_self)
    by = "author" if base.by_author else "other"
    sentences = base.body.sentences[:MAX_SENTENCES]
    others = _find_other_names(base.mail) if answered != "other" else frozenset[str]()
    # a request to another person is not one to the author
    features = tuple(
        frozenset() if it.text.lower().partition(",")[0] in others else names
        for it, names in zip(sentences, sentence_names(sentences, by, answered), strict=True)
    )
    by_script = _SCRIPT_ID.search(base.mail.message_id)
    semi = bool(by_script and _THANKS_OF_B4.search(base.body.text))
    base = replace(base, answers=answered, features=features, semi=semi)
    base = base if semi else replace(base, statement=statement)
    kind, confidence, why = _person_kind(base)
    return replace(base, kind=kind, confidence=confidence, why=why)


def _find_other_names(mail: Mail) -> frozenset[str]:
    """Return the first names, in lower case, of the people with a copy of a reply to a person."""
    to, cc = ({it.name.lower().split(" ")[0] for it in them} - {""} for them in (mail.to, mail.cc))
    return frozenset(cc - to if to else ())


def _person_kind(base: Classified) -> tuple[MailKind, float, str]:
    """Return the kind of a person's message, its likelihood (0 to 1), and the evidence."""
    body, credited, statement = base.body, base.credited, base.statement
    if base.semi:
        return MailKind.APPLIED, 0.97, "b4's thank-you note"
    if (mark := PATCHWORK_MARK.search(body.text)) and (kind := _MARKED.get(mark["state"].lower())):
        # an author who announces a new version is not requesting anything
        announces = base.by_author and kind is not MailKind.APPLIED
        return MailKind.OTHER if announces else kind, 0.9, mark[0].strip()
    refusal = next((line.text for line in body.own if is_nack(line.text)), None)
    if refusal:
        return MailKind.NACK, 0.95, refusal.strip()
    is_plain = statement and statement.what in ("applied", "refused")
    if statement and (is_plain or not (credited or _asks_in_spite_of(statement, base))):
        return statement.kind, 0.85 if is_plain else 0.55, statement.sentence
    if any(tag.name.lower() != "signed-off-by" or not body.has_diff for tag in credited):
        return MailKind.TRAILERS, 0.95, str(credited[0])
    if body.has_diff and (not base.is_reply or _is_whole_patch(body)):
        return MailKind.PATCH, 0.7, "a complete patch in a reply"
    if not base.is_reply and not base.above:
        return MailKind.OTHER, 0.7, "neither a patch nor a reply"
    return _classify_prose(base)


def _asks_in_spite_of(statement: Statement, mail: Classified) -> bool:
    """Return whether a message with an unclear "applied" plainly asks its author for a change."""
    if statement.what != "unclear" or statement.kind is not MailKind.APPLIED or mail.by_author:
        return False
    texts = (sentence.text for part in mail.asking for sentence, _ in part)
    return any(_WISH.search(it) and not FOR_THE_FUTURE.search(it) for it in texts)


def _classify_prose(mail: Classified) -> tuple[MailKind, float, str]:
    """Classify the prose of a reply that neither rejects nor applies a patch.

    Return its kind, likelihood (0 to 1), and the deciding sentence. The reply is a review or a
    question if it contains one, and an ack if it only agrees. All other replies have the kind
    other.
    """
    sentences = mail.body.sentences[:MAX_SENTENCES]
    if not sentences:
        return MailKind.OTHER, 0.6, "only quotes"

    def find_text(*wanted: str) -> str:
        """Return the first sentence with any of these features, or ""."""
        labeled = zip(sentences, mail.features, strict=True)
        matches = (sentence.text for sentence, names in labeled if not names.isdisjoint(wanted))
        return next(matches, "")[:MAX_WHY]

    question, assent = find_text("?"), find_text("gives assent")
    is_certain = is_certain_request(*mail.features)
    if find_text(WORKS_WELL) and not (question or is_certain):
        return MailKind.TEST_RESULT, 0.6, find_text(WORKS_WELL)
    if why := find_text("is a reminder"):
        return MailKind.OTHER, 0.6, why
    if mail.by_author or not _may_judge(mail):
        asks_author = question and not find_text("asks to take it")
        return MailKind.QUESTION if asks_author else MailKind.OTHER, 0.6, question
    if not is_certain and (why := find_text("asks to take it", "thanks for a review")):
        return MailKind.ACK if assent else MailKind.OTHER, 0.6, why
    if asking := [part for part in mail.asking if _decides(part)]:
        why = _plain_request(asking)
        kind = MailKind.REVIEW if why or not question else MailKind.QUESTION
        return kind, 0.6, (why or question)[:MAX_WHY]
    if assent:
        return MailKind.REVIEW if find_text("need") else MailKind.ACK, 0.6, assent
    return MailKind.OTHER, 0.6, question or sentences[0].text[:MAX_WHY]


def _decides(part: Sequence[tuple[Sentence, frozenset[str]]]) -> bool:
    """Return whether a paragraph makes a reply a review.

    An apology does not make it a review, although it often includes a promise.
    """
    names = [names for _, names in part]
    if is_certain_request(*names):
        return True
    is_sorry = any("is sorry or done" in features for features in names)
    return not is_sorry and score_request(load_shipped_weights(), names) >= _LIKELY


def _may_judge(mail: Classified) -> bool:
    """Return whether another person's reply is about a patch, and does not answer a bot."""
    if any(ROBOT_WROTE.search(line) for line in mail.body.attributions[:1]):
        return False
    subject = mail.subject.raw
    if any(line.on_code for line in mail.body.own) or not subject:
        return True
    is_short = len(mail.body.text.split()) <= _SHORT
    is_taken = IN_A_TREE.search(subject)
    return bool(ABOUT_A_PATCH.search(subject)) and (is_short or not is_taken)


def _plain_request(
    asking: Sequence[Sequence[tuple[Sentence, frozenset[str]]]],
) -> str:
    """Return the first request that is not phrased as a question, or ""."""
    weights = load_shipped_weights()
    requests = (
        sentence.text
        for part in asking
        for sentence, names in part
        if _WISH.search(sentence.text)
        or is_certain_request(names)
        or ("?" not in names and score_request(weights, [names]) >= _CLEAR)
    )
    return next(requests, "")


def _post(mail: Classified) -> MailKind | None:
    """Return the kind of a posted message (patch or cover letter), or None for a reply."""
    subject, body, text = mail.subject, mail.body, mail.unquoted
    if _is_answer(mail):
        return None
    marked = subject.is_patch or subject.is_rfc or subject.number is not None or subject.is_set
    if subject.number == 0:
        return MailKind.COVER
    if body.has_diff and (subject.marks or _is_whole_patch(body)):
        return MailKind.PATCH
    if subject.is_pull_request:
        return MailKind.COVER
    if marked:
        return MailKind.COVER if _FILES_CHANGED.search(text) else MailKind.PATCH
    return None


def _is_answer(classified: Classified) -> bool:
    """Return whether a message is a reply although its subject looks like the subject of a patch.

    Some mail programs remove "Re:". Such a reply quotes text and has no patch or diffstat.
    """
    mail, body = classified.mail, classified.body
    if not mail.in_reply_to or not body.quoted or body.has_diff:
        return False
    if _FILES_CHANGED.search(mail.body):
        return False
    return bool(body.attributions or given_trailers(body, classified.sender))


def _is_whole_patch(body: Body) -> bool:
    """Return whether an inline patch is complete, with little text around it.

    A complete patch has a header or diffstat.
    """
    has_header = any(
        re.match(r"^(?:---$|Signed-off-by: |From: |Subject: | \d+ files? changed)", line)
        for line in body.patch_lines
    )
    return has_header and len(body.text.split()) < 60


def _has_signed(sender: Address, body: Body) -> bool:
    """Return whether the sender was the first to sign off the quoted patch.

    Maintainers add their sign-offs below the first one.
    """
    signed = (_SIGNED.match(line) for line in body.quoted[:400])
    first = next((parse_address(match[1]) for match in signed if match), None)
    return first is not None and is_same_person(first, sender)


def _version_before(text: str, offset: int) -> int:
    """Return the version mentioned before a link. Return 0 if the link does not lead to an earlier
    version.
    """
    before = text[max(0, offset - 200) : offset]
    preceding, _, line = before.rpartition("\n")
    if not line.strip(" \t-*<[]()"):
        # if the link is alone on its line, use the line above
        line = preceding.rpartition("\n")[2].rstrip()
        if not line.endswith(":"):
            return 0
    match = _OWN_HISTORY.match(line[-90:])
    return int(match["version"]) if match else 0

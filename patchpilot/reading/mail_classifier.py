# SPDX-License-Identifier: GPL-2.0-or-later
"""Classifies a message about a patch by its sender and the text they wrote, never by its subject
alone.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from patchpilot.model.address import Address, parse_address
from patchpilot.model.mail import Mail
from patchpilot.model.message_id import batch_of
from patchpilot.model.patch_subject import Subject, parse_subject
from patchpilot.reading.bots import known_robot
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.mbox import when
from patchpilot.reading.phrases import PATCHWORK_MARK
from patchpilot.reading.reply_body import Body, parse_body
from patchpilot.reading.reply_kind import Talk, kind_of
from patchpilot.reading.review_trailers import (
    GivenTrailer,
    given_trailers,
    is_nack,
)
from patchpilot.reading.sender import UNSEEN, real_sender, same_person
from patchpilot.reading.sentence_features import Writer
from patchpilot.reading.sentences import Sentence, sentences_of
from patchpilot.reading.statements import Answered, Statement, statement_of

MAX_SUBJECT = 1000
MAX_REFERENCES = 50
_DEEPEST_PATCH = 2
"""References of a mail that answers a patch below a cover letter."""
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
_WARNS = re.compile(
    r"^>> [^\n]*\bwarning:|\bbuild warnings?\b", re.IGNORECASE | re.MULTILINE
)
_FAILS = re.compile(r"\berrors?\b|undefined reference|cannot apply", re.IGNORECASE)
_FILES_CHANGED = re.compile(r"^ \d+ files? changed, \d+ ", re.MULTILINE)
_MARKED = {
    "accepted": MailKind.APPLIED,
    "applied": MailKind.APPLIED,
    "cr": MailKind.REVIEW,
    "changes-requested": MailKind.REVIEW,
    "rejected": MailKind.NACK,
}
_SIGNED = re.compile(r"[> \t]*(?:From|Signed-off-by): (.{1,200})")


_NAMED = re.compile(
    r"(?P<name>[^<>,\"]{2,60}?)\s*(?:<(?P<email>[^<>\s]+@[^<>\s]+)>)?\s*(?:via\s+[\w-]+\s*)?(?:wrote|writes|said|kirjoitti|schrieb)\W*$"
)


@dataclass(frozen=True)
class Classified:
    """A message and its kind.

    `semi` is True if a script sent it in a person's name, `names_bot` if the sender has the name
    or address of a bot, `doubtful` if it is a claim (see `identities.Claim`).
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
    said: Statement | None = None
    by_author: bool = False
    names_bot: bool = False
    doubtful: bool = False
    answers: Answered = Answered.PATCH

    @property
    def message_id(self) -> str:
        """The Message-ID."""
        return self.mail.message_id

    @property
    def when(self) -> datetime:
        """The date, or the epoch if it has none."""
        return when(self.mail)

    @property
    def above(self) -> tuple[str, ...]:
        """The Message-IDs that it answers, the nearest first; a hostile header may name many."""
        references = reversed(self.mail.references[-MAX_REFERENCES:])
        return tuple(filter(None, (self.mail.in_reply_to, *references)))

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """What the sender wrote."""
        return sentences_of(self.body, self.mail.body)

    @property
    def writer(self) -> Writer:
        """Who wrote it, and what it answers."""
        role = "author" if self.by_author else "other"
        return Writer(
            role, self.answers.name.lower(), str(self.kind), bool(self.credited)
        )

    @cached_property
    def credited(self) -> tuple[GivenTrailer, ...]:
        """The tags that count."""
        return tuple(trailer for trailer in self.trailers if trailer.credited)

    @cached_property
    def only_warns(self) -> bool:
        """Whether it is a build report that has warnings and no error."""
        return (
            self.kind is MailKind.BUILD_FAILURE
            and bool(_WARNS.search(self.body.text))
            and not _FAILS.search(self.body.text)
        )

    @property
    def who(self) -> str:
        """Its sender as text names them.

        Of a claim with the address, and that it was not seen before.
        """
        return (
            f"{self.sender.trailer()}, {UNSEEN}"
            if self.doubtful
            else self.sender.called
        )

    @property
    def label(self) -> str:
        """Its kind in words; a build report with nothing but warnings is no failure."""
        return "build-warning" if self.only_warns else str(self.kind)

    @cached_property
    def place(self) -> "Placement":
        """Where the mail says the patch was applied."""
        headers = {header.name.lower(): header.value for header in self.mail.headers}
        found = placement(
            self.kind, self.mail.subject, unquoted(self.mail.body), headers
        )
        return replace(found, tree=found.tree or (self.said and self.said.tree))


def classify(mail: Mail, author: Address | None = None) -> Classified:
    """Classifies one message.

    `author` is the patch's author if the thread is known; otherwise the author is guessed from
    the quotes.
    """
    sender = real_sender(mail)
    subject = parse_subject(mail.subject[:MAX_SUBJECT])
    is_reply = bool(_REPLY.match(mail.subject[:MAX_SUBJECT]))
    text = unquoted(mail.body)
    who = f"{sender.name} <{sender.email}>" if sender.email else sender.name
    robot = known_robot(
        who[:MAX_SUBJECT],
        mail.subject[:MAX_SUBJECT],
        text[:16_000],
        lambda: _headers(mail),
    )
    body = parse_body(mail.body)
    base = Classified(
        mail, sender, subject, is_reply, MailKind.OTHER, 0.5, "", False, False, (), body
    )
    if robot:
        tags = (
            ()
            if robot.kind in (MailKind.PATCH, MailKind.COVER)
            else given_trailers(body, sender, bot=robot.bot)
        )
        why = f"sender and text match {robot.name}"
        named = replace(
            base, why=why, trailers=tags, robot=robot.name, names_bot=bool(robot.sender)
        )
        return replace(
            named, kind=robot.kind, confidence=0.97, bot=robot.bot, semi=robot.semi
        )
    if not is_reply and (kind := _post(mail, subject, body)):
        return replace(
            base,
            kind=kind,
            confidence=0.95,
            why="a patch" if kind is MailKind.PATCH else "a cover letter",
        )
    by_author = same_person(sender, author) if author else _has_signed(sender, body)
    # quotes cannot be distinguished from the sender's own words there, and lists refuse it
    tags = () if is_html_only(mail) else given_trailers(body, sender)
    answered = Answered.PATCH if _answers_patch(mail) else Answered.UNKNOWN
    return _by_person(replace(base, by_author=by_author, trailers=tags), answered)


def is_html_only(mail: Mail) -> bool:
    """Whether a message has an HTML part but no plain text."""
    kind = (mail.header("Content-Type") or "").lower()
    if not kind.startswith("multipart/"):
        return kind.startswith("text/html")
    raw = mail.raw.lower()
    return b"text/html" in raw and b"text/plain" not in raw


def classify_for(
    known: Classified,
    sender: Address,
    by_author: bool,
    answered: Answered = Answered.PATCH,
) -> Classified:
    """Reclassifies a message when its sender and the message it answers are known.

    `by_author` is whether the sender is the patch's author. The body is not parsed again.
    """
    mail = known.mail
    known = known if known.sender == sender else replace(known, sender=sender)
    same = known.by_author is by_author and (
        answered is Answered.PATCH or known.kind is not MailKind.REVIEW
    )
    if (
        known.robot
        or same
        or (not known.is_reply and _post(mail, known.subject, known.body))
    ):
        return known if known.answers is answered else replace(known, answers=answered)
    plain = replace(
        known,
        kind=MailKind.OTHER,
        confidence=0.5,
        why="",
        semi=False,
        by_author=by_author,
    )
    return _by_person(plain, answered)


def _by_person(base: Classified, answered: Answered) -> Classified:
    """Classify a message of a person: b4's note, a mark for patchwork, a formal NACK, a statement,
    tags, a patch, otherwise by the prose.
    """
    if _SCRIPT_ID.search(base.mail.message_id) and _THANKS_OF_B4.search(base.body.text):
        return replace(
            base,
            kind=MailKind.APPLIED,
            confidence=0.97,
            why="b4's thank-you note",
            semi=True,
        )
    body, credited = base.body, base.credited
    said = statement_of(
        base.sentences, by_author=base.by_author, to_self=_to_self(base)
    )
    base = replace(base, answers=answered, said=said)
    if (mark := PATCHWORK_MARK.search(body.text)) and (
        kind := _MARKED.get(mark["state"].lower())
    ):
        # an author's mark announces their own next version: it asks nothing of them
        kind = (
            MailKind.OTHER if base.by_author and kind is not MailKind.APPLIED else kind
        )
        return replace(base, kind=kind, confidence=0.9, why=mark[0].strip())
    refusal = next((line.text for line in body.own if is_nack(line.text)), None)
    if refusal is not None:
        return replace(base, kind=MailKind.NACK, confidence=0.95, why=refusal.strip())
    is_plain = said is not None and said.what in ("applied", "refused")
    if said and (is_plain or not credited):
        confidence = 0.85 if is_plain else 0.55
        return replace(base, kind=said.kind, confidence=confidence, why=said.sentence)
    if any(
        tag.name.lower() != "signed-off-by" or not body.has_diff for tag in credited
    ):
        return replace(
            base, kind=MailKind.TRAILERS, confidence=0.95, why=str(credited[0])
        )
    if body.has_diff and (not base.is_reply or _is_whole_patch(body)):
        return replace(
            base, kind=MailKind.PATCH, confidence=0.7, why="a complete patch in a reply"
        )
    if not base.is_reply and not base.mail.in_reply_to and not base.mail.references:
        return replace(
            base, kind=MailKind.OTHER, confidence=0.7, why="neither a patch nor a reply"
        )
    kind, confidence, why = kind_of(talk_of(base))
    return replace(base, kind=kind, confidence=confidence, why=why)


def _to_self(base: Classified) -> bool:
    """Whether a mail answers one of its own sender."""
    return any(_says(line, base.sender) for line in base.body.attributions[:1])


def talk_of(base: Classified) -> Talk:
    """Returns the input for classifying a reply."""
    answered, by_author = base.answers, base.by_author
    if answered is Answered.PATCH and base.body.answers_a_reply:
        answered = Answered.UNKNOWN
    # who answers themselves where nothing shows whose the patch is may well be its author
    if answered in (Answered.PATCH, Answered.UNKNOWN):
        by_author = by_author or _to_self(base)
    writer = Writer("author" if by_author else "other", answered.name.lower())
    return Talk(base.body, base.sentences, base.subject.raw, writer)


def _post(mail: Mail, subject: Subject, body: Body) -> MailKind | None:
    """Whether a mail that is not marked as a reply is a patch or a cover letter."""
    if _is_answer(mail, body):
        return None
    text = unquoted(mail.body)
    marked = (
        subject.is_patch or subject.rfc or subject.number is not None or subject.of_set
    )
    pull = any(
        "pull" in word.lower() for mark in subject.marks for word in mark.split()
    )
    if subject.number == 0 and (marked or subject.total):
        return MailKind.COVER
    if body.has_diff and (marked or bool(subject.marks) or _is_whole_patch(body)):
        return MailKind.PATCH
    if pull or (marked and "diffstat" in text[:50_000].lower()):
        return MailKind.COVER
    if marked:
        summary = re.search(
            r"^ \d+ files? changed, \d+ ", text, re.MULTILINE
        ) or re.search(r"^\S.*\(\d+\):$", text, re.MULTILINE)
        return MailKind.COVER if summary and not body.has_diff else MailKind.PATCH
    return None


def _is_answer(mail: Mail, body: Body) -> bool:
    """Whether a mail with the subject of a patch answers one: it quotes somebody, and has no patch
    and no list of changed files. Some mail programs remove the "Re:".
    """
    has_stat = _FILES_CHANGED.search(mail.body) is not None
    if not mail.in_reply_to or not body.quoted or body.has_diff or has_stat:
        return False
    return bool(body.attributions or given_trailers(body, real_sender(mail)))


def _is_whole_patch(body: Body) -> bool:
    """Whether the inline patch carries its own message or stat, with little other text."""
    has_header = any(
        re.match(
            r"^(?:---$|Signed-off-by: |From: |Subject: | \d+ files? changed)", line
        )
        for line in body.patch
    )
    return has_header and len(body.text.split()) < 60


def _answers_patch(mail: Mail) -> bool:
    """Whether a mail answers a patch, by the Message-IDs of its thread."""
    if mail.in_reply_to and batch_of(mail.in_reply_to):
        return True
    is_deep = len(mail.references) > _DEEPEST_PATCH
    return not is_deep and not any(map(batch_of, mail.references))


def _has_signed(sender: Address, body: Body) -> bool:
    """Whether the quoted patch is signed by the sender first: who takes a patch signs below."""
    signed = (_SIGNED.match(line) for line in body.quoted[:400])
    first = next((parse_address(it[1]) for it in signed if it), None)
    return first is not None and same_person(first, sender)


def _says(attribution: str, person: Address) -> bool:
    """Whether an attribution ("On …, Ada Fixer wrote:") names the person."""
    named = _NAMED.search(attribution)
    if not named:
        return False
    name = named["name"].rpartition(",")[2].strip()
    return same_person(
        Address(
            re.sub(r"^.*\d\d:?\d\d\s*(?:[AP]M|[-+]\d{4})?,?\s*", "", name).strip(),
            named["email"] or "-",
        ),
        person,
    )


def unquoted(body: str) -> str:
    """Returns the lines of a body that are not quoted with `>`.

    Their number is limited, so that a long log does not take too much time.
    """
    return "\n".join(
        line for line in body[:400_000].split("\n") if not line.startswith(">")
    )


def _headers(mail: Mail) -> str:
    return "\n".join(f"{header.name}: {header.value}" for header in mail.headers)


_COMMIT_URL = re.compile(
    r"https?://git\.kernel\.org/\S*?(?:/c/|[?&;](?:id|h)=|/commit/?\?id=|/tip/)(?P<id>[0-9a-f]{7,40})\b"
)
_COMMIT_LINE = re.compile(
    r"^\s*(?:commit|merge commit|Commit-ID)\s*:\s+(?P<id>[0-9a-f]{7,40})\b",
    re.MULTILINE,
)
_UPSTREAM = re.compile(
    r"^\s*(?:\[ ?Upstream commit (?P<a>[0-9a-f]{40}) ?\]|commit (?P<b>[0-9a-f]{40}) upstream\.?)",
    re.MULTILINE | re.IGNORECASE,
)
_CHERRY = re.compile(
    r"\bgit cherry-pick -x (?P<id>[0-9a-f]{40})|^commit (?P<b>[0-9a-f]{40})$|^From"
    r" (?P<c>[0-9a-f]{40}) ",
    re.MULTILINE,
)
_APPLIED_TO = re.compile(
    r"^[^\w\n]*(?:this (?:patch|series|pull request) was )?(?:applied|queued|merged|pushed)(?: to| in| into)\s*:?\s+"  # noqa: E501
    r"(?P<tree>\S+(?:[ \t]+\([^)\n]+\)|[ \t]+[\w./-]+$)?)",
    re.MULTILINE | re.IGNORECASE,
)
_MARKED_APPLIED = re.compile(
    r"were marked \"accepted\", because they were applied to\s+(?P<tree>\S+(?: \([^)\n]+\))?)"
)
_SUMMARY = re.compile(
    r"^[ ]*(?:-[ ]+)?\[(?P<marks>[^]\n]*?(?P<number>\d{1,6})/(?P<total>\d{1,6})|[^]\n]*)\][ ]+(?P<title>\S[^\n]*(?:\n[ ]{4,}(?!\(|https?:|commit:)[^\n]+)?)\n"  # noqa: E501
    r"\s+(?:commit:\s+)?(?P<where>https?://\S+|[0-9a-f]{7,40}\b|\(no [^)\n]*\))",
    re.MULTILINE,
)
_LISTED = re.compile(
    r"^(?P<commit>[0-9a-f]{12,40}) (?P<title>\S[^\n]{7,200})$", re.MULTILINE
)
"""A commit with its title on a line of its own, as scripts list what they applied."""
_VERSION = re.compile(
    r"\b(?P<version>\d+\.\d+)(?:\.y|-stable|\.\d+-rc\d+|\.\d+-stable)?\b"
)
_TIP = re.compile(r"merged into the (?P<tree>\S+) branch of tip")
_MM = re.compile(
    r"(?:added to|removed from) the -mm (?P<tree>\S+) branch|merged into the (?P<merged>\S+) branch|\[merged (?P<m>[^]]+)\]"  # noqa: E501
)
_DRIVER = re.compile(r"in the (?P<tree>\S+) branch\b")
_PULLED = re.compile(r"merged into (?P<tree>\S+?)(?:\.git)?:")


@dataclass(frozen=True, slots=True)
class AppliedReport:
    """One line of a summary of applied patches.

    Contains the patch's title and number, and its commit (None if not found).
    """

    title: str
    number: int | None
    commit: str | None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a patch was applied according to a message.

    Contains the commit ids as given in the message, the tree, stable versions, and the lines of
    the summary.
    """

    commits: tuple[str, ...] = ()
    tree: str | None = None
    versions: tuple[str, ...] = ()
    landings: tuple[AppliedReport, ...] = ()


def placement(
    kind: MailKind, subject: str, text: str, headers: dict[str, str]
) -> Placement:
    """Parses where a patch was applied, from a message of this kind.

    `text` is the message's unquoted text, `headers` its headers by lower-case name.
    """
    if kind is MailKind.APPLIED:
        landings = _summary(text)
        commits = [landing.commit for landing in landings if landing.commit] or [
            *_ids(_COMMIT_URL, text),
            *_ids(_COMMIT_LINE, text),
        ]
        if "git tree" in text and not commits:
            commits = _ids(_CHERRY, text)
        named = (
            _APPLIED_TO.search(text)
            or _DRIVER.search(text)
            or _MARKED_APPLIED.search(text)
        )
        tree = named["tree"].strip(" :.,!") if named else None
        return Placement(
            _unique(commits),
            tree if tree and not tree.lower().startswith("thank") else None,
            landings=landings,
        )
    if kind is MailKind.PULL_MERGED:
        pulled = _PULLED.search(text)
        ids = [headers.get("x-pr-merge-commit-id", ""), *_ids(_COMMIT_URL, text)]
        return Placement(
            _unique([id_ for id_ in ids if re.fullmatch(r"[0-9a-f]{7,40}", id_)]),
            pulled["tree"] if pulled else None,
        )
    if kind is MailKind.TIP_COMMIT:
        tip = _TIP.search(text)
        return Placement(
            _unique(_ids(_COMMIT_LINE, text)), f"tip {tip['tree']}" if tip else "tip"
        )
    if kind is MailKind.MM_COMMIT:
        match = _MM.search(text) or _MM.search(subject)
        branch = (
            next((group for group in match.groups() if group), None) if match else None
        )
        return Placement((), f"-mm {branch}" if branch else "-mm")
    if kind in (
        MailKind.STABLE_ADDED,
        MailKind.STABLE_FAILED,
        MailKind.STABLE_REVIEW,
        MailKind.AUTOSEL,
        MailKind.BACKPORT_BOT,
    ):
        ids = _ids(_UPSTREAM, text) or (
            _ids(_CHERRY, text) if kind is MailKind.STABLE_FAILED else []
        )
        tree = "stable-queue" if kind is MailKind.STABLE_ADDED else None
        return Placement(_unique(ids[:1]), tree, _versions(kind, subject, text))
    return Placement()


def _versions(kind: MailKind, subject: str, text: str) -> tuple[str, ...]:
    if kind is MailKind.BACKPORT_BOT:
        return _unique(
            re.findall(
                r"^\|\s*(?:stable/linux-)?(\d+\.\d+)(?:\.y)?\s*\|", text, re.MULTILINE
            )
        )
    marked = re.match(
        r"^(?:\s*\[[^]]*\])*?\s*\[PATCH[^]]*?\b(?P<range>\d+\.\d+(?:\.y)?(?:-\d+\.\d+)?)\b[^]]*\]",
        subject,
    )
    if marked and kind in (MailKind.STABLE_REVIEW, MailKind.AUTOSEL):
        first, _, last = marked["range"].replace(".y", "").partition("-")
        return _unique([first, last] if last else [first])
    named = re.findall(r"\b(\d+\.\d+)-stable\b", subject) or re.findall(
        r"\b(\d+\.\d+)-stable\b", text[:600]
    )
    return _unique(named)


def _summary(text: str) -> tuple[AppliedReport, ...]:
    landings = []
    for match in _SUMMARY.finditer(text[:200_000]):
        commit = (
            _COMMIT_URL.search(match["where"])
            or re.match(r"(?P<id>[0-9a-f]{7,40})$", match["where"])
            or re.search(r"/(?P<id>[0-9a-f]{12,40})/?$", match["where"])
        )
        landings.append(
            AppliedReport(
                " ".join(match["title"].split()),
                int(match["number"]) if match["number"] else None,
                commit["id"] if commit else None,
            )
        )
    return tuple(landings) or tuple(
        AppliedReport(line["title"].strip(), None, line["commit"])
        for line in _LISTED.finditer(text[:200_000])
    )


def _ids(pattern: re.Pattern[str], text: str) -> list[str]:
    return [
        next(group for group in match.groups() if group)
        for match in pattern.finditer(text)
    ]


def _unique(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))

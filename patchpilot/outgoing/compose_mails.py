# SPDX-License-Identifier: GPL-2.0-or-later
"""Commits or patch files → mails: subjects numbered, cover and notes put in, ids and threading
given. git writes every diff.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from patchpilot.commits.git_reading import git_version
from patchpilot.commits.range import commits_series
from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite import without_covers
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import InputError, UsageError
from patchpilot.model.address import Address
from patchpilot.model.patch import Patch
from patchpilot.outgoing.outgoing_mail import OutgoingMail
from patchpilot.series.change_id import change_id_line

ToAndCc = tuple[tuple[Address, ...], tuple[Address, ...]]
_PLACE_SUBJECT, _PLACE_BLURB = b"*** SUBJECT HERE ***", b"*** BLURB HERE ***"


@dataclass(frozen=True, slots=True)
class SeriesText:
    """What goes into the mails besides the commits: prefix (`PATCH net`), version, cover (subject,
    text), notes by commit id, footers.

    `presubject` goes before the brackets of every subject, `prerequisites` are lines as b4 writes
    them below `base-commit:`. `extras` are the texts among them missing from the draft: the
    tracker's line, the note of a resend, a range-diff.
    """

    prefix: str = "PATCH"
    version: int = 1
    cover: tuple[str, str] | None = None
    notes: dict[str, str] = field(default_factory=dict)
    change_id: str | None = None
    base: str | None = None
    in_reply_to: str | None = None
    range_diff: str | None = None
    extras: tuple[str, ...] = ()
    presubject: str = ""
    prerequisites: tuple[str, ...] = ()


_NEXT_PATCH = re.compile(rb"^((?:From|commit) [0-9a-f]{40})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PatchBody:
    """A patch before it has recipients: title, author, body bytes."""

    title: str
    author: Address
    body: bytes
    commit: str | None
    patch_id: str | None


def bodies_of_commits(
    repository: Repository, ids: Sequence[str], text: SeriesText, sender: Address
) -> tuple[PatchBody, ...]:
    """The commits as bodies, in order, the cover first when there is one.

    The ids must be a line of commits without merges.
    """
    args = ["-M", "--signature=" + git_version(), "--no-attach", "--numbered-files"]
    without_cover = without_covers(repository, ids)
    start = f"{without_cover[0]}^"
    if repository.find(start) is None:
        args.append("--root")
    if text.base:
        args.append(f"--base={text.base}")
    if text.range_diff:
        args.append(f"--range-diff={text.range_diff}")
    args.append("--cover-letter" if text.cover else "--no-cover-letter")
    span = (
        [f"{start}..{without_cover[-1]}"]
        if "--root" not in args
        else [without_cover[-1]]
    )
    with TemporaryFolder("mails") as place:
        repository.git("format-patch", *args, "-o", str(place), *span)
        files = sorted(
            place.iterdir(), key=lambda file: int(re.sub(r"\D", "", file.name) or 0)
        )
        contents = [file.read_bytes() for file in files]
    bodies: list[PatchBody] = []
    if text.cover:
        bodies.append(
            PatchBody(
                text.cover[0],
                sender,
                _cover_body(contents.pop(0), text.cover[1]),
                None,
                None,
            )
        )
    if len(contents) != len(ids):
        raise UsageError(
            "these commits are not a linear series (merges or gaps)",
            hint="pass a range A..B on a linear branch",
        )
    patch_ids = patch_ids_of(
        repository, patch_contents(commits_series(repository, ids, None).patches)
    )
    for commit_id, content, patch_id in zip(ids, contents, patch_ids, strict=True):
        commit = repository.commit(commit_id)
        bodies.append(
            PatchBody(
                commit.subject, commit.author, _body(content), commit_id, patch_id
            )
        )
    return tuple(_with_notes(bodies, text))


def bodies_of_patches(
    repository: Repository | None,
    patches: Sequence[Patch],
    cover: Patch | None,
    text: SeriesText,
) -> tuple[PatchBody, ...]:
    """Patch files as bodies: the text as they are, with notes added."""
    bodies = []
    for patch in (*((cover,) if cover else ()), *patches):
        if patch.author is None:
            raise InputError(
                f"{patch.source}: no From: line",
                hint="create it with `git format-patch`",
            )
        start = len(patch.headers) and _body_line(patch)
        lines = patch.lines[start:]
        body = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
        patch_id = (
            patch_ids_of(repository, [body])[0]
            if patch.has_diff and repository
            else None
        )
        bodies.append(
            PatchBody(patch.subject.title, patch.author, body, patch.commit, patch_id)
        )
    if text.cover and not cover:
        bodies.insert(
            0,
            PatchBody(
                text.cover[0],
                bodies[0].author,
                (text.cover[1].rstrip("\n") + "\n").encode("utf-8", "surrogateescape"),
                None,
                None,
            ),
        )
    return tuple(_with_notes(bodies, text))


def _body_line(patch: Patch) -> int:
    for at, line in enumerate(patch.lines):
        if not line.strip():
            return at + 1
    return 0


def mails_of(
    bodies: Sequence[PatchBody],
    text: SeriesText,
    ids: Sequence[str],
    recipients_of: Callable[[PatchBody], ToAndCc],
) -> tuple[OutgoingMail, ...]:
    """Bodies as mails: `ids[n]` is the Message-ID of mail n (0 is the cover), the first mail is
    what the others answer.
    """
    covered = (
        bool(bodies)
        and bodies[0].patch_id is None
        and bodies[0].commit is None
        and len(bodies) > 1
        and _is_cover(bodies[0])
    )
    total = len(bodies) - covered
    mails: list[OutgoingMail] = []
    for at, body in enumerate(bodies):
        number = at if covered else at + 1
        to, cc = recipients_of(body)
        first = mails[0] if mails else None
        parent = first.message_id if first else text.in_reply_to
        chain = tuple(
            message_id
            for message_id in (text.in_reply_to, first.message_id if first else None)
            if message_id
        )
        mails.append(
            OutgoingMail(
                number=number,
                message_id=ids[number],
                subject=f"{text.presubject}[{_mark(text, number, total)}] {body.title}",
                author=body.author,
                to=to,
                cc=cc,
                body=body.body,
                in_reply_to=parent,
                references=chain,
                commit=body.commit,
                patch_id=body.patch_id,
            )
        )
    return tuple(mails)


def _is_cover(body: PatchBody) -> bool:
    return b"\ndiff --git " not in b"\n" + body.body


def _mark(text: SeriesText, number: int, total: int) -> str:
    """`PATCH net v2 1/3`: numbers only when there is more than one mail, padded as git does."""
    words = [text.prefix]
    if text.version > 1:
        words.append(f"v{text.version}")
    if total > 1 or number == 0:
        words.append(f"{number:0{len(str(total))}d}/{total}")
    return " ".join(words)


def _body(content: bytes) -> bytes:
    return content.partition(b"\n\n")[2]


def _cover_body(content: bytes, text: str) -> bytes:
    """git's cover with our text in place of its blurb; shortlog and diffstat stay."""
    body = _body(content)
    before, mark, after = body.partition(_PLACE_BLURB)
    blurb = text.strip("\n").encode("utf-8", "surrogateescape")
    return before + blurb + after if mark else blurb + b"\n\n" + body


def _with_notes(bodies: Sequence[PatchBody], text: SeriesText) -> list[PatchBody]:
    """Notes go below the first `---`, where `git am` drops them.

    The change-id goes to the foot of the first mail.
    """
    changed = []
    for at, patch in enumerate(bodies):
        body = patch.body
        note = text.notes.get(patch.commit or "") if patch.commit else None
        if note:
            body = insert_note(body, note)
        if at == 0:
            for line in text.prerequisites:
                body = insert_footer(body, line)
        if at == 0 and text.change_id and b"\nchange-id: " not in body:
            body = insert_footer(body, change_id_line(text.change_id))
        changed.append(
            PatchBody(patch.title, patch.author, body, patch.commit, patch.patch_id)
        )
    return changed


def insert_note(body: bytes, note: str) -> bytes:
    """The body with a note below its first `---` line. InputError when there is none."""
    text = note.strip("\n").encode("utf-8", "surrogateescape")
    if b"\n---\n" in b"\n" + text + b"\n" or b"\ndiff --git " in b"\n" + text:
        raise InputError(
            "the note has a line that would end it (`---` or `diff --git`)",
            hint="indent that line",
        )
    before, mark, after = (b"\n" + body).partition(b"\n---\n")
    if not mark:
        raise InputError("cannot add a note: the mail has no `---` line")
    return (before + mark)[1:] + text + b"\n\n" + after.lstrip(b"\n")


def insert_footer(body: bytes, line: str) -> bytes:
    """The body with a line before the mail's signature, next to `base-commit:` where that is."""
    at = body.rfind(b"\n-- \n")
    head, tail = (body[: at + 1], body[at + 1 :]) if at >= 0 else (body, b"")
    block = re.search(rb"\nbase-commit: [0-9a-f]{40}\n(?:[^\n]+\n)*\n?$", head)
    gap = b"" if block else b"\n"
    return head + gap + line.encode("utf-8", "surrogateescape") + b"\n" + tail


def patch_ids_of(
    repository: Repository | None, contents: Sequence[bytes]
) -> list[str | None]:
    """`git patch-id --stable` of each patch mail, None for one without a diff.

    All None without a repository.
    """
    if repository is None:
        return [None] * len(contents)
    marked = (
        b"commit %040x\n%b\n" % (number, _unmarked(content))
        for number, content in enumerate(contents)
    )
    done = repository.git("patch-id", "--stable", stdin=b"".join(marked))
    rows = (line.split() for line in done.text.splitlines())
    found = {row[1]: row[0] for row in rows if len(row) == 2}
    return [found.get(f"{number:040x}") for number in range(len(contents))]


def patch_contents(patches: Iterable[Patch]) -> list[bytes]:
    """The patches as bytes."""
    return [
        "\n".join(patch.lines).encode("utf-8", "surrogateescape") for patch in patches
    ]


def _unmarked(content: bytes) -> bytes:
    """A mail without lines that git patch-id takes for the start of another patch."""
    return _NEXT_PATCH.sub(rb" \1", content)

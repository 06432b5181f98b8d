# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the commit message of a backport.

It is the original message with the upstream marker above the text, and the backport's notes and
sign-off at the end.
"""

import sys
from collections.abc import Sequence
from textwrap import fill

from patchpilot.errors import InputError
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.trailer import (
    DEPENDENCY,
    add_trailers,
    explain_unfit_trailer,
    find_tags,
    parse_trailers,
)
from patchpilot.projects.commit_marks import read_commit_marks
from patchpilot.projects.project import StableTrees

_COLUMNS = 75


def make_backport_message(
    commit: Commit,
    stable: StableTrees,
    *,
    dep_of: Commit | None = None,
    notes: Sequence[str] = (),
    signer: Address | None = None,
    adapter: Address | None = None,
) -> str:
    """Return the message of `commit` for a stable tree.

    It consists of the upstream marker, the text, the trailers (and the marker below them, if the
    tree has it there), `Stable-dep-of:` for a prerequisite, the adaptation notes, and the sign-off.
    Notes name the `adapter` or, if there is none, the signer; without either, there are no notes.
    They are wrapped unless git would read no trailers next to so many lines. A commit without an id
    (from a patch file) gets no marker.
    """
    subject, _, body = commit.message.lstrip("\n").partition("\n")
    marker = stable.marker.format(commit=commit.id) if commit.id else ""
    has_marker = any(
        commit.id.startswith(upstream) for upstream in read_commit_marks(commit.message).upstream
    )
    is_needed = bool(marker) and not has_marker
    first = [marker, ""] if is_needed and not stable.marker_last else []
    title = stable.title_prefix + subject.strip()
    message = "\n".join([title, "", *first, body.strip("\n")]).rstrip("\n") + "\n"
    if is_needed and stable.marker_last:
        has_tags = bool(parse_trailers(message.split("\n")))
        message += f"{'' if has_tags else chr(10)}{marker}\n"
    if dep_of:
        message = add_trailers(message, [(DEPENDENCY, dep_of.reference)])
    return add_notes(message, notes, signer, adapter)


def add_notes(
    message: str,
    notes: Sequence[str],
    signer: Address | None,
    adapter: Address | None = None,
) -> str:
    """Return the message with notes of the `adapter` or the signer, and the signer's sign-off.

    Without either, there are no notes, and without a signer, there is no sign-off.
    """
    person = adapter or signer
    if not (notes and person):
        return sign_message(message, signer) if signer else message
    head = message.rstrip("\n") + ("\n" if parse_trailers(message.split("\n")) else "\n\n")
    texts = []
    for columns in (_COLUMNS, sys.maxsize):
        text = head + "".join(_format_note(person, note, columns) for note in notes)
        texts.append(sign_message(text, signer, has_note=True) if signer else text)
    return next((text for text in texts if parse_trailers(text.split("\n"))), texts[0])


def sign_message(message: str, signer: Address, *, has_note: bool = False) -> str:
    """Return the message with the signer's sign-off, if it is not the last one already.

    With `has_note`, an explanation follows the last sign-off, so another sign-off is needed even if
    the backporter is also the author. Raise `InputError` if git's identity cannot be a trailer.
    """
    line = f"Signed-off-by: {signer.trailer()}"
    if reason := explain_unfit_trailer(line):
        raise InputError(
            f"cannot write your Signed-off-by: git user.name or user.email {reason}",
            hint="run `git config` to correct the setting",
        )
    if has_note or not is_last_signer(message, signer):
        trailers = parse_trailers(message.split("\n"))
        message = message.rstrip("\n") + ("\n" if has_note or trailers else "\n\n") + line + "\n"
    return message


def is_last_signer(message: str, signer: Address) -> bool:
    """Return whether the last sign-off of a message is this person's."""
    sign_offs = find_tags(message.split("\n"), "Signed-off-by")
    signers = [tag.address for tag in sign_offs if tag.address]
    return bool(signers) and signers[-1].key == signer.key


def _format_note(author: Address, note: str, columns: int) -> str:
    words = " ".join(note.split())
    if words.count("]") > words.count("["):
        words = words.rstrip("]").strip()
    text = fill(
        # a bracket is never alone on a line
        f"[ {author.name.split(' ')[0]}: {words}\0]",
        columns,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return text.replace("\0", " ") + "\n"

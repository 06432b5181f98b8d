# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the commit message of a backport.

It is the original message with the upstream marker above the text, and the backport's notes and
sign-off at the end.
"""

from collections.abc import Sequence

from patchpilot.errors import InputError
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.trailer import (
    DEPENDENCY,
    add_trailers,
    explain_unfit_trailer,
    parse_trailers,
)
from patchpilot.projects.commit_marks import read_commit_marks
from patchpilot.projects.project import StableTrees


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
    tree has it there), `Stable-dep-of:` for a prerequisite, a line for each adaptation note, and
    the sign-off. Notes name the `adapter` or, if there is
    none, the signer; without either, there are no notes. A commit without an id (from a patch file)
    gets no marker.
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
    person = adapter or signer
    if notes and person:
        notes_text = "".join(
            f"[ {person.name.split(' ')[0]}: {_join_lines(note)} ]\n" for note in notes
        )
        message = (
            message.rstrip("\n")
            + ("\n" if parse_trailers(message.split("\n")) else "\n\n")
            + notes_text
        )
    return sign_message(message, signer, has_note=bool(notes)) if signer else message


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
    trailers = parse_trailers(message.split("\n"))
    signers = [
        trailer.address
        for trailer in trailers
        if trailer.key == "signed-off-by" and trailer.address
    ]
    return bool(signers) and signers[-1].key == signer.key


def _join_lines(note: str) -> str:
    return " ".join(note.split()).rstrip("]").strip()

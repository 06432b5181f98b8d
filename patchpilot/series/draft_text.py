# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert a draft to and from text for editing, export and import.

The text contains the cover letter, the changelog, and a note for each patch. Each has a heading.
An undisclosed security fix has an empty part, so that it is also undisclosed where it is imported.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from patchpilot.errors import InputError
from patchpilot.model.action import Action
from patchpilot.model.draft import Draft
from patchpilot.model.printable import make_printable
from patchpilot.series.cover_letter import (
    COMMENT,
    fill_template,
    read_template,
    strip_template_comments,
)
from patchpilot.series.given_text import read_text_option

_HEADING = re.compile(r"^==== (undisclosed|cover|changelog v(\S+)|note for (.*)) ====$")
_VERSION = re.compile(r"[1-9][0-9]{0,3}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that a message line must not contain; tabs and line ends are allowed."""
_EXPORT = "#~ patchpilot draft, topic "
_NO_COVER = (
    "A single patch needs no cover letter. To write one, add ==== cover ====, then its text."
)


def format_draft_text(
    draft: Draft, *, change_items: Sequence[str] = (), folder: Path | None = None
) -> str:
    """Return the draft as text, formatted with the cover, changelog and note templates.

    `change_items` are suggested changelog items for a new version. A single patch has no cover part
    unless the draft has a cover letter.
    """
    lines = [
        f"{_EXPORT}{draft.change_id}, v{draft.version}",
        "#~ Lines that begin with #~ are ignored. Empty parts are ignored.",
        "",
    ]
    if draft.is_undisclosed:
        lines += ["==== undisclosed ====", f"{COMMENT} The fix is not sent to public lists.", ""]
    cover = {
        "subject": draft.cover_subject,
        "text": draft.cover_text.strip("\n"),
        "count": str(len(draft.patches)),
        "patches": _comment_out(patch.subject for patch in draft.patches),
    }
    if len(draft.patches) == 1 and not draft.has_cover:
        lines.insert(2, f"{COMMENT} {_NO_COVER}")
    else:
        lines += ["==== cover ====", fill_template(read_template("cover", folder), cover)]
    versions = sorted(
        {int(changelog) for changelog in draft.changelogs}
        | ({draft.version} if draft.version > 1 else set()),
        reverse=True,
    )
    for version in versions:
        text = draft.changelogs.get(str(version), "").strip("\n")
        if version == draft.version:
            text = fill_template(
                read_template("changelog", folder),
                {
                    "changelog": text,
                    "previous": str(version - 1),
                    "hints": _comment_out(change_items),
                },
            )
        lines += [f"==== changelog v{version} ====", text]
    for patch in draft.patches:
        note_values = {
            "note": draft.notes.get(patch.patch_id, "").strip("\n"),
            "subject": patch.subject,
        }
        lines += [
            f"==== note for {patch.subject} ====",
            fill_template(read_template("note", folder), note_values),
        ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _comment_out(lines: Iterable[str]) -> str:
    return "\n".join(f"{COMMENT}   {line}".rstrip() for line in lines)


def update_from_text(draft: Draft, text: str) -> Draft:
    """Update the draft from its edited text.

    Raise InputError for an unknown heading or a control character; the error names the heading or
    line.
    """
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise InputError(
            f"line {line}: control character {make_printable(control[0])}",
            hint="remove the character: a mail cannot contain it",
        )
    parts = _split_parts(text)
    updated = draft
    notes, changelogs = dict(draft.notes), dict(draft.changelogs)
    ids = {patch.subject: patch.patch_id for patch in draft.patches}
    for heading, body in parts.items():
        match = _HEADING.match(heading)
        assert match is not None
        content = strip_template_comments(body)
        if match[1] == "undisclosed":
            updated = replace(updated, answers={**updated.answers, "security": "yes"})
        elif match[1] == "cover":
            subject, _, remainder = content.partition("\n")
            updated = replace(
                updated, cover_subject=subject.strip(), cover_text=remainder.strip("\n")
            )
        elif match[2]:
            if not _VERSION.fullmatch(match[2]):
                raise InputError(
                    f"v{match[2][:40]} is not a version of a series",
                    hint="do not change the heading lines",
                )
            changelogs[match[2]] = content
        elif match[3] in ids:
            notes[ids[match[3]]] = content
        else:
            raise InputError(
                f"the draft has no patch {match[3]!r}",
                hint="do not change the heading lines",
            )
    return replace(
        updated,
        notes={key: value for key, value in notes.items() if value},
        changelogs={key: value for key, value in changelogs.items() if value},
    )


def _split_parts(text: str) -> dict[str, str]:
    parts: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        if _HEADING.match(line):
            current = parts.setdefault(line, [])
        elif current is not None:
            current.append(line)
        elif line.strip() and not line.startswith(COMMENT):
            raise InputError(
                "not an exported draft: text before the first ==== heading",
                hint=Action(
                    "draft",
                    ("--export", "FILE"),
                    "`{}` writes a file in the right format",
                ),
            )
    return {heading: "\n".join(lines) for heading, lines in parts.items()}


def read_draft_file(file: Path) -> str:
    """Return the text of an exported draft.

    Raise InputError if the file cannot be read.
    """
    return read_text_option(file, Action("draft", ("--export", "FILE"), "`{}` writes one"))

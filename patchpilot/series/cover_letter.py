# SPDX-License-Identifier: GPL-2.0-or-later
"""Cover letters and notes as text: templates filled, covers taken apart, changelogs laid out."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from patchpilot.errors import InputError, unknown
from patchpilot.resources import data_dir

COMMENT = "#~"
"""How a line of a template begins that is for the person, not for the mail."""
GIT_SUBJECT = "*** SUBJECT HERE ***"
"""git's placeholder, with which git send-email takes no mail."""
_PLACEHOLDER = re.compile(r"\*\*\* (?:SUBJECT|BLURB) HERE \*\*\*|\bEDITME\b|\$\{(?:subject|text)\}")
"""What git's, b4's and our own template put where a person is to write."""
_SHORTLOG = re.compile(r"^\S.* \(\d+\):$", re.MULTILINE)
_CHANGES = re.compile(r"^(?:changes (?:in|since) v\d+|changelog|v\d+\s*(?:->|→|:))", re.IGNORECASE | re.MULTILINE)


def template(name: str, folder: Path | None = None) -> str:
    """A template's text by name (`cover`, `note`, `ping`, `resend` …): the person's own in `folder`, else the shipped one."""
    known = {file.stem: file for file in data_dir("templates").glob("*.txt")}
    own = (folder or own_templates()) / f"{name}.txt"
    place = own if own.is_file() else known.get(name)
    if place is None:
        raise unknown("template", name, known)
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{place}: {error}", hint="a template is UTF-8 text") from error
    lines = text.split("\n")
    return "\n".join(lines[1:] if lines and "SPDX-License-Identifier" in lines[0] else lines).lstrip("\n")


def own_templates() -> Path:
    """Where a person's own templates are looked for."""
    import platformdirs

    return Path(platformdirs.user_config_path("patchpilot")) / "templates"


def fill(text: str, values: Mapping[str, str]) -> str:
    """A template with its `${names}` filled; a name nobody gave stays as it is."""
    return Template(text).safe_substitute(values)


def without_comments(text: str) -> str:
    """What a person wrote into a template: its remarks dropped, blank lines at the ends too."""
    lines = [line.rstrip() for line in text.split("\n") if not line.startswith(COMMENT)]
    return "\n".join(lines).strip("\n")


def split_cover(text: str) -> tuple[str, str, str]:
    """(subject, body, changelog) of a cover letter or branch description: its first line is the subject."""
    head, _, rest = text.strip("\n").partition("\n")
    subject = head.strip()
    body, changelog = rest.strip("\n"), ""
    parts = re.split(r"^---\s*$", body, flags=re.MULTILINE)
    for at, part in enumerate(parts[1:], 1):
        if _CHANGES.search(part):
            changelog = part.strip("\n")
            body = "\n---\n".join([parts[0].rstrip("\n"), *(part.strip("\n") for part in parts[at + 1 :])]).strip("\n")
            break
    return subject, body, changelog


def given_cover(text: str) -> tuple[str | None, str]:
    """(subject, body) of a cover given as one text: its first line is the subject where a blank line or nothing follows, else None."""
    text = text.replace("\r\n", "\n").strip("\n")
    head, _, rest = text.partition("\n")
    if not head.strip() or rest.partition("\n")[0].strip():
        return None, text
    return head.strip(), rest.strip("\n")


def above_shortlog(text: str) -> str:
    """What a person wrote of a cover that git made: its text above the shortlog."""
    return _SHORTLOG.split(text, maxsplit=1)[0]


def is_written(text: str) -> bool:
    """Whether somebody wrote a cover's subject or text: it is neither nothing nor has a placeholder in it."""
    return bool(text.strip()) and not _PLACEHOLDER.search(text)


def cover_body(text: str, changelogs: Mapping[str, str], version: int) -> str:
    """A cover's body with the changelogs of all versions up to this one below it, the newest first."""
    parts = [text.strip("\n")]
    parts += [changelogs[str(number)].strip("\n") for number in range(version, 1, -1) if changelogs.get(str(number), "").strip()]
    return "\n\n".join(part for part in parts if part)


def changelog_title(version: int) -> str:
    """The heading kernel reviewers look for."""
    return f"Changes in v{version}:"


def lay_out(version: int, points: Sequence[str], link: str = "") -> str:
    """A changelog: heading, a point a line, the link to the version before."""
    lines = [changelog_title(version), *(f"- {point}" for point in points)]
    if link:
        lines.append(f"- Link to v{version - 1}: {link}")
    return "\n".join(lines)


def has_changes(text: str) -> bool:
    """Whether a changelog says anything but its heading, its link and what was left to fill in."""
    for line in text.splitlines():
        clean = line.strip().lstrip("-* ").strip()
        if clean and not _CHANGES.match(clean) and not clean.lower().startswith("link to v") and "EDITME" not in clean:
            return True
    return False

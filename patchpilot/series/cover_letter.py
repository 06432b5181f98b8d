# SPDX-License-Identifier: GPL-2.0-or-later
"""Fill in templates, parse cover letters and format changelogs."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.errors import InputError, unknown_word_error
from patchpilot.resources import data_dir

COMMENT = "#~"
"""The prefix of template lines that are comments for the user, not part of the message."""
GIT_SUBJECT = "*** SUBJECT HERE ***"
"""git's placeholder; git send-email refuses to send it."""
_PLACEHOLDER = lazy_pattern(
    r"\*\*\* (?:SUBJECT|BLURB) HERE \*\*\*|\bEDITME\b|\$\{(?:subject|text)\}"
)
"""The placeholders of git's, b4's and patchpilot's templates."""
_TO_FILL_IN = lazy_pattern(
    r"^[ \t]*\[ ?your name:.*|\(give the reason\)|\*\*\* (?:SUBJECT|BLURB) HERE \*\*\*"
    r"|^[ \t]*(?:[-*][ \t]*)?EDITME\b.*",
    re.MULTILINE,
)
"""Placeholders that no text of a patch contains for another reason."""
_SHORTLOG = lazy_pattern(r"^\S.* \(\d+\):$", re.MULTILINE)
_CHANGES = re.compile(
    r"^(?:changes (?:in|since) v\d+|changelog|v\d+\s*(?:->|→|:))",
    re.IGNORECASE | re.MULTILINE,
)


def read_template(name: str, folder: Path | None = None) -> str:
    """Return the text of a template, such as `cover`, `note`, `ping` or `resend`.

    A user's template in this folder takes precedence over the shipped one.
    """
    shipped = {file.stem: file for file in data_dir("templates").glob("*.txt")}
    user_file = (folder or find_own_templates()) / f"{name}.txt"
    source = user_file if user_file.is_file() else shipped.get(name)
    if source is None:
        raise unknown_word_error("template", name, shipped)
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read template {source}: {error}",
            hint="templates must be UTF-8 text",
        ) from error
    lines = text.split("\n")
    return "\n".join(
        lines[1:] if lines and "SPDX-License-Identifier" in lines[0] else lines
    ).lstrip("\n")


def find_own_templates() -> Path:
    """Return the directory of the user's templates."""
    import platformdirs

    return Path(platformdirs.user_config_path("patchpilot")) / "templates"


def fill_template(text: str, values: Mapping[str, str]) -> str:
    """Replace the `${name}` placeholders in a template, and keep unknown ones.

    Lines with `${link}` are removed if the link is "".
    """
    if values.get("link") == "":
        text = "\n".join(line for line in text.split("\n") if "${link}" not in line)
    return Template(text).safe_substitute(values)


def strip_template_comments(text: str) -> str:
    """Strip comments and surrounding blank lines from a filled-in template."""
    lines = [line.rstrip() for line in text.split("\n") if not line.startswith(COMMENT)]
    return "\n".join(lines).strip("\n")


def split_cover(text: str) -> tuple[str, str, str]:
    """Split a cover letter or branch description into (subject, body, changelog).

    Its first line is the subject.
    """
    head, _, remainder = text.strip("\n").partition("\n")
    subject = head.strip()
    body, changelog = remainder.strip("\n"), ""
    parts = re.split(r"^---\s*$", body, flags=re.MULTILINE)
    for index, part in enumerate(parts[1:], 1):
        if _CHANGES.search(part):
            changelog = part.strip("\n")
            body = "\n---\n".join(
                [
                    parts[0].rstrip("\n"),
                    *(part.strip("\n") for part in parts[index + 1 :]),
                ]
            ).strip("\n")
            break
    return subject, body, changelog


def split_subject_and_body(text: str) -> tuple[str | None, str]:
    """Split a cover letter into (subject, body).

    The first line is the subject if it is the only one or an empty line follows. Otherwise, the
    subject is None.
    """
    text = text.replace("\r\n", "\n").strip("\n")
    head, _, remainder = text.partition("\n")
    if not head.strip() or remainder.partition("\n")[0].strip():
        return None, text
    return head.strip(), remainder.strip("\n")


def strip_shortlog(text: str) -> str:
    """Return the part of git's cover letter above the shortlog. This is the part that the user
    writes.
    """
    return _SHORTLOG.split(text, maxsplit=1)[0]


def is_written_cover(text: str) -> bool:
    """Return whether a cover letter has a subject or body without placeholders."""
    return bool(text.strip()) and not _PLACEHOLDER.search(text)


def find_placeholder(text: str) -> str:
    """Return the first placeholder that the author of a message left in it, or ""."""
    match = _TO_FILL_IN.search(text)
    return match[0].strip() if match else ""


def format_cover_body(text: str, changelogs: Mapping[str, str], version: int) -> str:
    """Append the changelogs up to this version to the body of a cover letter, latest first."""
    parts = [text.strip("\n")]
    parts += [
        changelogs[str(number)].strip("\n")
        for number in range(version, 1, -1)
        if changelogs.get(str(number), "").strip()
    ]
    return "\n\n".join(part for part in parts if part)


def format_changelog_title(version: int) -> str:
    """Return the heading of a version's changelog, in the form expected by kernel reviewers."""
    return f"Changes in v{version}:"


def format_changelog(version: int, items: Sequence[str], link: str = "") -> str:
    """Format a changelog, which has a heading, one line for each item, and the link to the previous
    version.
    """
    lines = [format_changelog_title(version), *(f"- {point}" for point in items)]
    if link:
        lines.append(f"- Link to v{version - 1}: {link}")
    return "\n".join(lines)


def has_changelog_items(text: str) -> bool:
    """Return whether a changelog has more than its heading, link and placeholders."""
    for line in text.splitlines():
        clean = line.strip().lstrip("-* ").strip()
        if (
            clean
            and not _CHANGES.match(clean)
            and not clean.lower().startswith("link to v")
            and not find_placeholder(clean)
        ):
            return True
    return False

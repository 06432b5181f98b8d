# SPDX-License-Identifier: GPL-2.0-or-later
"""Format a draft as text, with the origin of each choice."""

import re
from collections.abc import Iterator

from patchpilot.model.draft import TESTED, Draft
from patchpilot.sending.build_proof import read_tested_answer
from patchpilot.tags.fix_claims import describe_fix_answer

_INTERNAL = re.compile(r"^tag \d+ | [0-9a-f]{12,40}$")
"""The author date of the patch whose tag was asked about, and the fingerprint of the code that an
answer is about."""


def format_draft_rows(
    draft: Draft, *, kept_draft: Draft | None = None, is_export: bool = False
) -> list[str]:
    """Format a draft's choices, each with its origin in parentheses.

    Omit choices that are also in `kept_draft`, and with `is_export` the choices that `--export`
    writes.
    """
    rows: list[str] = []
    kept_choices = set(_list_draft_choices(kept_draft)) if kept_draft else set()
    for name, label, text in _list_draft_choices(draft):
        is_text = name.partition(".")[0] in (
            "cover_subject",
            "cover_text",
            "changelogs",
            "notes",
        )
        is_exported = is_text or (name == "answers.security" and draft.is_undisclosed)
        if (name, label, text) in kept_choices or (is_export and is_exported):
            continue
        origin = draft.origins.get(name, "")
        origin_note = f"   ({origin})" if origin else ""
        first_line, *other_lines = text.split("\n")
        if is_text:
            rows += [
                "",
                f"{label}{origin_note}",
                *(f"  {line}".rstrip() for line in (first_line, *other_lines)),
            ]
        else:
            rows.append(f"{label:<9} {first_line}{origin_note}")
    return rows


def _is_outdated(draft: Draft, name: str, value: str) -> bool:
    """Return whether an answer was about other code, so that the question is asked again."""
    kept, _, patch_id = value.partition(" ")
    is_kept_tag = name.startswith("tag ") and kept == "kept"
    is_of_other_patch = is_kept_tag and patch_id not in draft.patch_ids
    return is_of_other_patch or (name == TESTED and not read_tested_answer(draft))


def _list_draft_choices(draft: Draft) -> Iterator[tuple[str, str, str]]:
    if "version" in draft.origins and str(draft.version) not in draft.links:
        yield "version", "version:", f"v{draft.version}"
    if draft.prefix:
        yield "prefix", "prefix:", f"[{draft.prefix}]"
    if draft.in_reply_to:
        yield "in_reply_to", "reply to:", f"<{draft.in_reply_to}>"
    for name, value in draft.answers.items():
        answer = describe_fix_answer(name, value) or _INTERNAL.sub("", f"{name}: {value}")
        note = "; outdated, the code has changed" if _is_outdated(draft, name, value) else ""
        yield f"answers.{name}", "answered:", f"{answer}{note}"
    for rule, reason in sorted(draft.waivers.items()):
        yield f"waivers.{rule}", "waived:", f"{rule}: {reason}"
    if draft.has_cover:
        has_only_text = "cover_text" in draft.origins and "cover_subject" not in draft.origins
        parts = (
            draft.cover_subject,
            "" if draft.cover_text else None,
            draft.cover_text,
        )
        yield (
            "cover_text" if has_only_text else "cover_subject",
            "cover letter:",
            "\n".join(paragraph for paragraph in parts if paragraph is not None),
        )
    yield from (
        (f"changelogs.{version}", f"changelog of v{version}:", text)
        for version, text in sorted(draft.changelogs.items(), key=lambda item: -int(item[0]))
        if text
    )
    yield from (
        (
            f"notes.{patch.patch_id}",
            f"note for {patch.subject}:",
            draft.notes[patch.patch_id],
        )
        for patch in draft.patches
        if draft.notes.get(patch.patch_id)
    )

# SPDX-License-Identifier: GPL-2.0-or-later
"""Format a draft as text: each choice with its origin."""

from collections.abc import Iterator

from patchpilot.model.draft import Draft
from patchpilot.topic.fix_claims import claim_of


def draft_rows(draft: Draft, *, kept: Draft | None = None) -> list[str]:
    """Return a draft's choices as lines, each with its origin in parentheses.

    Omit choices that are also in `kept`.
    """
    rows: list[str] = []
    known = set(_draft_choices(kept)) if kept else set()
    for name, label, text in _draft_choices(draft):
        if (name, label, text) in known:
            continue
        origin = draft.origins.get(name, "")
        came = f"   ({origin})" if origin else ""
        first, *rest = text.split("\n")
        if name.partition(".")[0] in (
            "cover_subject",
            "cover_text",
            "changelogs",
            "notes",
        ):
            rows += [
                "",
                f"{label}{came}",
                *(f"  {line}".rstrip() for line in (first, *rest)),
            ]
        else:
            rows.append(f"{label:<9} {first}{came}")
    return rows


def _draft_choices(draft: Draft) -> Iterator[tuple[str, str, str]]:
    """Yield (field or field.key, label, text) of each choice."""
    if "version" in draft.origins:
        yield "version", "version:", f"v{draft.version}"
    if draft.prefix:
        yield "prefix", "prefix:", f"[{draft.prefix}]"
    if draft.in_reply_to:
        yield "in_reply_to", "reply to:", f"<{draft.in_reply_to}>"
    for name, value in draft.answers.items():
        yield (
            f"answers.{name}",
            "answered:",
            claim_of(name, value) or f"{name}: {value}",
        )
    for rule, reason in sorted(draft.waivers.items()):
        yield f"waivers.{rule}", "waived:", f"{rule}: {reason}"
    if draft.has_cover:
        only_text = (
            "cover_text" in draft.origins and "cover_subject" not in draft.origins
        )
        parts = (
            draft.cover_subject,
            "" if draft.cover_text else None,
            draft.cover_text,
        )
        yield (
            "cover_text" if only_text else "cover_subject",
            "cover letter:",
            "\n".join(part for part in parts if part is not None),
        )
    yield from (
        (f"changelogs.{version}", f"changelog of v{version}:", text)
        for version, text in sorted(
            draft.changelogs.items(), key=lambda item: -int(item[0])
        )
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

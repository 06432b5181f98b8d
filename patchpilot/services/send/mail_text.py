# SPDX-License-Identifier: GPL-2.0-or-later
"""Creates the texts of the messages from a draft.

These are the cover letter, notes, changelog, subject prefix and range-diff.
"""

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.action import Action
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Series
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.outgoing.b4.draft_texts import prose_of
from patchpilot.outgoing.compose_mails import SeriesText
from patchpilot.series.cover_letter import cover_body, fill, template, without_comments
from patchpilot.services.send.build_proof import compile_tested_line
from patchpilot.services.send.questions import introduced
from patchpilot.topic.b4_record import kept_by_b4
from patchpilot.topic.reroll import last_sent, link_to, range_diff, sent_head


def wording_of(
    repository: Repository,
    request: SendRequest,
    draft: Draft,
    series: Series,
    base: str | None,
) -> SeriesText:
    """Returns the texts of the draft as they appear in the messages.

    A changelog is placed in the cover letter, or below the `---` of a single patch. Raises
    `UsageError` if a cover letter was requested but has not been written.
    """
    many = len(draft.patches) > 1
    if request.cover and not draft.has_cover:
        raise UsageError(
            "a cover letter was requested, but none has been written",
            hint=Action("draft", ("--edit",), "write it: {}"),
        )
    kept = kept_by_b4(repository, draft.branch, draft.change_id)
    cover = None
    regzbot = introduced(draft, series)
    tested = compile_tested_line(draft)
    extra = tuple(line for line in (regzbot, tested) if line)
    if draft.has_cover and (request.cover or many):
        body = cover_body(draft.cover_text, draft.changelogs, draft.version)
        cover = (draft.cover_subject, "\n\n".join((body, *extra)))
    notes = {
        patch.commit: draft.notes[patch.patch_id]
        for patch in draft.patches
        if patch.commit and patch.patch_id in draft.notes
    }
    # git writes a range-diff into a cover or a single patch only
    as_text = (many and cover is None) or not transports.find(
        request.via
    ).keeps_range_diff
    compared = _compared(repository, request, draft) if as_text else ""
    again = "" if cover else _resend_note(repository, request, draft)
    first = next((patch.commit for patch in draft.patches if patch.commit), None)
    if cover is None and first:
        changes = cover_body("", draft.changelogs, draft.version)
        # b4 puts the cover letter of a single patch there
        body = prose_of(draft.cover_text) if kept and not many else ""
        text = "\n\n".join(
            part
            for part in (notes.get(first, ""), body, again, changes, *extra, compared)
            if part.strip()
        )
        notes = {**notes, first: text} if text else notes
    return SeriesText(
        prefix=_prefix(draft, request),
        version=draft.version,
        cover=cover,
        notes=notes,
        change_id=draft.change_id,
        base=base,
        in_reply_to=draft.in_reply_to or None,
        presubject=kept.presubject if kept else "",
        prerequisites=tuple(
            f"prerequisite-{prerequisite}"
            for prerequisite in kept.prerequisites
            if not prerequisite.startswith("base-commit:")
        )
        if kept
        else (),
        extras=tuple(text for text in (again, *extra, compared) if text.strip()),
        range_diff=_last_range(repository, request, draft)
        if cover or not many
        else None,
    )


def _resend_note(repository: Repository, request: SendRequest, draft: Draft) -> str:
    """What a resend says of itself."""
    last = last_sent(draft) if request.resend else None
    if last is None:
        return ""
    values = {
        "version": str(last.version),
        "date": last.begun[:10],
        "link": link_to(last, repository),
    }
    return without_comments(fill(template("resend"), values))


def _compared(repository: Repository, request: SendRequest, draft: Draft) -> str:
    """The range-diff with the last version as text, when it is asked for."""
    span = _last_range(repository, request, draft)
    last = last_sent(draft) if span else None
    ids = [patch.commit for patch in draft.patches if patch.commit]
    return (
        f"Range-diff against v{last.version}:\n{range_diff(repository, last, ids)}"
        if last
        else ""
    )


def _last_range(
    repository: Repository, request: SendRequest, draft: Draft
) -> str | None:
    """The last version's range, when a range-diff is asked for."""
    if not request.range_diff:
        return None
    last = last_sent(draft)
    if last is None or not last.base or not last.head or last.version >= draft.version:
        raise UsageError(
            "no earlier version to compare with", hint="use --range-diff with --reroll"
        )
    return f"{last.base}..{sent_head(repository, last)}"


def _prefix(draft: Draft, request: SendRequest) -> str:
    prefix = draft.prefix or "PATCH"
    return (
        f"{prefix} RESEND"
        if request.resend and "RESEND" not in prefix.upper().split()
        else prefix
    )

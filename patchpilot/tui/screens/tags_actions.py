# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the tags stage, and the questions that they ask."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.binding import BindingType

from patchpilot.model.printable import one_line, printable
from patchpilot.tui.view.key_bindings import key
from patchpilot.tui.widgets.choose import LineDialog, Reader, ask_line

if TYPE_CHECKING:
    from patchpilot.services.tags.find_culprits import Candidate
    from patchpilot.services.tags.prepare_commits import PrepareRequest
    from patchpilot.services.track.posted_commit import PostedCommit
    from patchpilot.topic.message_changes import Preparation
    from patchpilot.tui.stage.stage_screen import StageScreen

BINDINGS: list[BindingType] = [
    key(
        "w",
        "write",
        "write tags",
        (
            "add Fixes:, Cc: stable, your sign-off, links and other tags, after showing the"
            " message"
        ),
    ),
    key(
        "space",
        "tick",
        "tick",
        "tick a candidate, if more than one commit introduced the bug",
    ),
    key(
        "x",
        "view",
        "show patch",
        "show the fix, and the candidate's changes to the same files",
    ),
    key(
        "d",
        "history",
        "show history",
        "show the candidate's history: its versions, its reviews and its backports",
    ),
]


def ask_for_commit(
    screen: "StageScreen", then: "Callable[[str, Candidate], None]"
) -> None:
    """Let the user name the commit that introduced the bug.

    `then` is called with the id of the fix and the named commit.
    """
    from patchpilot.services.tags.topic_culprits import named_culprit

    commit = screen.session.commit
    if commit is None:
        return

    def look_up(word: str) -> None:
        screen.in_thread(
            "looking up the commit",
            lambda repository, _: named_culprit(repository, word, commit.id),
            partial(then, commit.id),
        )

    text = "Commit that introduced the bug (an id, or a tag with ~ or ^):"
    ask_line(screen.app, LineDialog(text), look_up)


def posted_thread(screen: "StageScreen", commit: str) -> None:
    """Find the thread in which a commit was posted and show its versions, reviews and backports."""
    from patchpilot.services.track.posted_commit import posted_in_archive

    def found(posted: "PostedCommit") -> None:
        title = f"{posted.commit.short}: {posted.tracked.subject}"
        screen.app.push_screen(Reader(title, posted_rows(posted), fold=True))

    screen.in_thread(
        "finding the thread",
        lambda repository, progress: posted_in_archive(
            repository,
            commit,
            screen.session.settings(repository).get("lore"),
            progress=progress,
        ),
        found,
    )


def posted_rows(found: "PostedCommit") -> list[str]:
    """Return the posted message, the five header rows of its series, its tags and its history.

    Each event of the history has its evidence.
    """
    from patchpilot.services.track.series_head import head_rows
    from patchpilot.topic.followed.story import story

    label = f"{found.revision.label}, " if found.revision else ""
    lines = [
        f"posted    {label}{found.url or f'<{found.mail.message_id}>'}",
        f"author    {found.series.author or ''}",
    ]
    lines += [f"{row.name:<9} {row.says}" for row in head_rows(found.tracked)]
    lines += [f"tag v{tag.version:<4} {tag.trailer}" for tag in found.series.trailers]
    lines += ["", "History"]
    for event in story(found.tracked):
        day = f"{event.when:%Y-%m-%d}" if event.when else "now"
        proof = f"  {event.proof}" if event.proof else ""
        lines.append(f"{day:<10}  {event.text}{proof}")
    return [one_line(printable(line)) for line in lines]


def claim(screen: "StageScreen", *, is_fix: bool) -> None:
    """Store with the topic whether the commit is a fix; the other stages use this answer."""
    from patchpilot.topic.fix_claims import answer_fix

    commit = screen.session.commit
    if commit is None:
        return

    def answered(_: object) -> None:
        screen.notify(
            (
                "Marked as a fix. To undo, press Enter on the last line."
                if is_fix
                else (
                    "Marked as not a fix: no Fixes: tag, no Cc: stable, no backports. Press"
                    " Enter to undo."
                )
            ),
        )
        screen.begin_after("waivers", "draft", "claims")

    screen.in_thread(
        "saving the answer",
        lambda repository, _: answer_fix(
            repository,
            [commit],
            is_fix,
            target=screen.session.target,
            base=screen.session.topic_base,
        ),
        answered,
    )


def write_tags(
    screen: "StageScreen", fixes: tuple[str, ...], tag: str, *, is_proposed: bool = True
) -> None:
    """Ask which tags to write for these commits, show the resulting message, and write it."""
    from patchpilot.tui.screens.write_tags_dialog import WriteTags

    if screen.session.commit is None:
        return

    def answered(request: "PrepareRequest | None") -> None:
        if request is not None:
            _write(screen, request)

    known = screen.session.known_settings
    signs = bool(known and known.flag("signoff"))
    screen.app.push_screen(
        WriteTags(
            screen.session,
            fixes,
            tag,
            is_proposed=is_proposed,
            signed=is_signed(screen),
            signs=signs,
        ),
        answered,
    )


def is_signed(screen: "StageScreen") -> bool:
    """Whether the selected commit has a Signed-off-by: line."""
    commit = screen.session.commit
    return commit is not None and any(
        line.lower().startswith("signed-off-by:") for line in commit.lines
    )


def _write(screen: "StageScreen", request: "PrepareRequest") -> None:
    from patchpilot.services.tags.prepare_commits import prepare
    from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite

    commit = screen.session.commit
    if commit is None:
        return

    def written(done: "Preparation") -> None:
        if done.written:
            message = "; ".join(("tags written; press u to undo", *done.costs))
            screen.notify(message)
            screen.reread()
        else:
            screen.notify("nothing to write")

    confirm_rewrite(
        screen,
        "writing the tags",
        lambda repository, progress, given: prepare(
            repository,
            replace(
                request,
                target=commit.id,
                profile=screen.session.settings(repository).get("profile"),
                overrides=given,
            ),
            progress=progress,
        ),
        written,
    )

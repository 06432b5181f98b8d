# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the backports stage: writing the patches and resolving the conflicts."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.binding import BindingType

from patchpilot.tui.screens.branch_rows import (
    resolving_rows,
    what_is_written,
    written_rows,
)
from patchpilot.tui.screens.branch_texts import BranchTexts
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.key_bindings import key
from patchpilot.tui.widgets.choose import (
    Choose,
    LineDialog,
    Reader,
    ask_line,
    show_draft,
)

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import (
        Adaptation,
        BackportResult,
        BranchResult,
    )
    from patchpilot.services.backport.work_clone import Resolving
    from patchpilot.services.backport.write_backports import WrittenBackport
    from patchpilot.tui.stage.stage_screen import StageScreen

BINDINGS: list[BindingType] = [
    key(
        "r",
        "request",
        "ask the stable team",
        "write the message that asks the stable team to apply the mainline commit",
    ),
    key(
        "w",
        "write",
        "write patches",
        "write the patches for every branch that the fix applies to, with the ticked"
        " prerequisites (only once it is in mainline)",
    ),
    key(
        "z",
        "resolve",
        "resolve",
        "adapt the fix to this branch, or resolve its conflict in a separate clone",
    ),
    key(
        "space",
        "tick",
        "tick",
        "tick or untick a prerequisite; w writes the ticked ones",
    ),
    key(
        "f",
        "fetch",
        "run git fetch",
        (
            "after confirmation, fetch the missing stable branches, or all remotes once the"
            " fix is merged"
        ),
    ),
]


SIGN = (
    "Sign off the patches?\n\nThe stable maintainers take no patch without the Signed-off-by of"
    " its sender. With it you certify the Developer Certificate of Origin."
)


def ask_folder(
    screen: "StageScreen", text: str, then: Callable[[Path, bool], None]
) -> None:
    """Ask the user whether to sign off the patches, and for their folder.

    Both are passed to `then`. With patchpilot.signoff, the patches are signed off without a
    question.
    """

    def ask(*, signs: bool) -> None:
        dialog = LineDialog(text, value="backports", title="Write patches")
        ask_line(
            screen.app, dialog, lambda folder: then(Path(folder).expanduser(), signs)
        )

    known = screen.session.known_settings
    if known and known.flag("signoff"):
        ask(signs=True)
        return
    answers = (("yes", "Sign off"), ("no", "Without sign-off"))
    screen.app.push_screen(
        Choose(SIGN, answers, "Write patches"),
        lambda answer: ask(signs=answer == "yes") if answer else None,
    )


def write_patches(screen: "StageScreen", texts: BranchTexts) -> None:
    """Write the patches to a folder: for each branch, the ticked prerequisites and then the fix."""
    from patchpilot.services.backport.topic_backports import write_topic_backports

    left_out = texts.all_unticked()

    def write(folder: Path, signs: bool) -> None:
        result: BackportResult | None = screen.current
        if result is not None:
            screen.in_thread(
                "writing the patches",
                lambda repository, _: write_topic_backports(
                    repository, result, folder, left_out, signs=signs
                ),
                partial(_show_written, screen),
            )

    text = f"{what_is_written(texts.result, left_out)}\n\nFolder for the patches:"
    ask_folder(screen, text, write)


def _show_written(screen: "StageScreen", done: "tuple[WrittenBackport, ...]") -> None:
    has_files = any(backport.files for backport in done)
    title = "Patches written" if has_files else "No patches written"
    rows = written_rows(done)
    screen.app.push_screen(Reader(title, rows, fold=True))


def request(screen: "StageScreen", result: "BackportResult") -> None:
    """Write the message that asks the stable team for a mainline commit, and show it."""
    from patchpilot.services.backport.stable_request import keep_request

    screen.in_thread(
        "writing the request",
        lambda repository, _: keep_request(repository, result),
        partial(show_draft, screen.app),
    )


def write_adapted(
    screen: "StageScreen",
    result: "BackportResult",
    branch: "BranchResult",
    adapted: "Adaptation",
) -> None:
    """Write the patch that was adapted to a stable branch."""
    from patchpilot.services.backport import topic_backports

    text = (
        f"The adapted patch for {branch.branch}; read it before you send it.\n\nFolder for the"
        " patch:"
    )

    def write(folder: Path, signs: bool) -> None:
        screen.in_thread(
            "writing the patches",
            lambda repository, _: (
                topic_backports.write_adapted(
                    repository, result, branch, adapted, folder, signs=signs
                ),
            ),
            partial(_show_written, screen),
        )

    ask_folder(screen, text, write)


def resolve(
    screen: "StageScreen",
    texts: BranchTexts,
    branch: "BranchResult",
    start: "Adaptation | None",
) -> None:
    """Set up the conflict in a clone, or continue resolving it there."""
    from patchpilot.services.backport.topic_backports import resolve_conflict

    result, left_out = texts.result, texts.unticked(branch)

    def ready(done: "Resolving") -> None:
        rows = resolving_rows(done)
        screen.app.push_screen(Reader("Resolve the conflict", rows, fold=True))
        if done.files and not branch.resolved:
            screen.notify(f"{branch.branch}: resolved; the patches are written")
            screen.tui.jobs.begin(screen.stage)

    screen.in_thread(
        "creating a clone with the conflict",
        lambda repository, _: resolve_conflict(
            repository, result, branch, left_out, start
        ),
        ready,
    )

# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask on the home screen where to start: from a commit, a branch, a log or a bisection."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.errors import PatchpilotError
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose, LineDialog, ask_answer, show_draft

if TYPE_CHECKING:
    from patchpilot.services.find.find_fix import FoundFixes
    from patchpilot.topic.open_repository import Repository

QUESTION = "What do you have?"
ANSWERS = (
    (
        "log",
        "A log: dmesg, a trace, or a driver's message",
        "lists the mainline commits that may fix it",
    ),
    ("commit", "A commit that fixes the bug", "shows which stable kernels need it"),
    ("branch", "A branch with my fix", "opens it as a topic"),
    (
        "bisect",
        "The result of git bisect",
        "lists the mainline commits that fix it",
    ),
    ("series", "A series on a mailing list", "tracks its replies"),
)
LINES = {
    "log": "File with the log (dmesg > FILE), or a line of it:",
    "commit": "Commit:",
    "branch": "Branch, or a range A..B:",
    "bisect": "File with the output of git bisect log, or the first bad commit:",
    "series": "Message-ID or archive link of the series; for a bounce, the path of the file with"
    " the mail:",
}


VERSION = (
    "Version or branch that has the bug, such as v6.1 or 6.1. Empty: the version that the log"
    " names, otherwise HEAD."
)


def mail_file(value: str) -> Path | None:
    """Return the message file entered instead of a Message-ID, or None.

    If the value can only be a file, return it even if it is missing, so that the error names it.
    """
    path = Path(value.strip()).expanduser()
    with suppress(OSError, ValueError):
        if path.is_file():
            return path
    return path if value.strip().startswith(("/", "~/", "./", "../")) else None


def add_series(repository: "Repository", value: str) -> int:
    from patchpilot.model.progress import ignore_progress
    from patchpilot.services.track import follow_topic
    from patchpilot.settings.read_settings import read_settings

    path = mail_file(value)
    added = (
        follow_topic.track_series_in_file(repository, path, ignore_progress)
        if path
        else follow_topic.track_series(
            repository, read_settings(repository), value, ignore_progress
        )
    )
    return added[-1].entry.id if added else 0


def ask_what(home: Any) -> None:
    ask_answer(home.app, Choose("", ANSWERS, QUESTION), partial(_ask, home))


def _ask(home: Any, kind: str, words: str = "", error: str = "") -> None:
    text = f"{error}\n\n{LINES[kind]}" if error else LINES[kind]
    question = LineDialog(text, value=words, title=QUESTION)
    ask_answer(home.app, question, partial(_open_answer, home, kind))


def _open_answer(home: Any, kind: str, words: str) -> None:
    if kind == "commit":
        home.tui.open_topic(home.tui.session.directory, Stage.BACKPORTS, target=words)
    elif kind == "log":
        home.app.push_screen(
            LineDialog(VERSION, lambda _: (True, ""), title=QUESTION),
            lambda tree: None if tree is None else _search(home, kind, words, tree),
        )
    else:
        _search(home, kind, words, "")


def _search(home: Any, kind: str, words: str, tree: str) -> None:
    directory = home.tui.session.directory or Path()

    def show(then: Callable[[], object]) -> None:
        home.show_work("")
        then()

    def work() -> Callable[[], object]:
        return partial(show, _work(home, kind, words, tree, directory))

    home.show_work("searching for the fix")

    def handle_failure(error: PatchpilotError) -> None:
        hint = f"\n{replace_commands(error.advice)}" if error.advice else ""
        show(partial(_ask, home, kind, words, f"{error.message}{hint}"))

    home.in_thread(work, handle_failure)


def _work(
    home: Any, kind: str, words: str, tree: str, directory: Path
) -> Callable[[], object]:
    from patchpilot.services.find.find_fix import (
        find_fixes,
        find_later_fixes,
        read_symptom,
        read_symptom_text,
    )
    from patchpilot.topic.home.home_branches import range_of

    if kind == "branch":
        target = words if ".." in words else range_of(directory, words)
        return partial(home.tui.open_topic, directory, Stage.COMMIT, target=target)
    with home.tui.session.repository() as repository:
        if kind == "series":
            series = add_series(repository, words)
            return partial(home.tui.open_topic, directory, Stage.FOLLOW, series=series)
        text = read_symptom_text(repository, words)
        if kind == "bisect":
            found = find_later_fixes(repository, text)
        else:
            symptom = read_symptom(repository, text)
            found = find_fixes(repository, symptom, tree=tree)
    return partial(_show, home, found, text)


def _show(home: Any, found: "FoundFixes", log: str) -> None:
    fixes = found.candidates[:5]
    answers = [
        (
            fix.commit,
            fix.subject,
            "; ".join(
                (
                    f"{fix.probability:.0%}",
                    f"first in {fix.release or 'no release'}",
                    *fix.matches,
                )
            ),
        )
        for fix in fixes
    ]
    answers += [
        ("write", "Write the fix", "commit it on mainline, then open its branch"),
        ("report", "Report the bug", "fills in a report and keeps it as a draft"),
    ]
    letters = [*map(str, range(1, len(fixes) + 1)), "w", "r"]
    result = "Commits to try" if found.fits else "No commit fits"
    text = f"{found.searched:,} commits since {found.tree} were searched."
    if fixes:
        text += "\n\nA commit's number shows which stable kernels lack it."

    def handle_answer(choice: str | None) -> None:
        if choice == "report":
            _report(home, found, log)
        elif choice == "write":
            home.notify(
                "commit your fix on mainline, press g, then Enter on its branch"
            )
        elif choice:
            home.tui.open_topic(
                home.tui.session.directory, Stage.BACKPORTS, target=choice
            )

    at = "" if found.fits else "write"
    question = Choose(text, answers, result, at=at, letters=letters)
    home.app.push_screen(question, handle_answer)


def _report(home: Any, fixes: "FoundFixes", log: str) -> None:
    from patchpilot.services.find.report_bug import save_bug_report

    with home.tui.session.repository() as repository:
        show_draft(home.app, save_bug_report(repository, fixes, log))

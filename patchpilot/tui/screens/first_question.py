# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask on the home screen where to start: from a commit, a branch, a log or a bisection."""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.errors import PatchpilotError, UncommittedError
from patchpilot.model.printable import capitalize_sentence
from patchpilot.tui.actions.editing import DraftReader
from patchpilot.tui.view.action_keys import format_error
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Callback, Choose, LineDialog, ask_for_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from patchpilot.finding.find_fix import FoundFixes
    from patchpilot.finding.find_introduction import Introduction

QUESTION = "What do you have?"
ANSWERS = (
    (
        "log",
        "A log: dmesg, a trace, or a driver's message",
        "lists the mainline commits that may fix it",
    ),
    ("commit", "A commit that fixes the bug", "shows which stable kernels need it"),
    ("branch", "A branch with my fix", "opens it as a topic"),
    ("bisect", "The result of git bisect", "lists the mainline commits that fix it"),
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
    " names, otherwise HEAD. If another version works, both, the one with the bug last: v6.1..v6.2"
    " lists what may have introduced the bug, v6.2..v6.1 what may have fixed it."
)


def find_mail_file(value: str) -> Path | None:
    """Return the file entered instead of a Message-ID or a line of a log, or None.

    If the value can only be a file, return it even if it is missing, so that the error names it.
    """
    path = Path(value.strip()).expanduser()
    with suppress(OSError, ValueError):
        if path.is_file():
            return path
    return path if value.strip().startswith(("/", "~/", "./", "../")) else None


def ask_starting_point(home: Any) -> None:
    error = home.tui.session.errors.get(Stage.COMMIT)
    # below the answers
    note = f"\n\n{error}: git commit -as" if isinstance(error, UncommittedError) else ""
    ask_for_answer(home.app, Choose(note, ANSWERS, QUESTION), partial(ask_for_input, home))


def ask_for_input(
    home: Any, kind: str, value: str = "", note: str = "", title: str = QUESTION
) -> None:
    """Ask for what the user has of this kind, below an error or a note, and continue with it."""
    text = f"{note}\n\n{LINES[kind]}" if note else LINES[kind]
    question = LineDialog(text, value=value, title=title)
    ask_for_answer(home.app, question, partial(_handle_input, home, kind))


def _handle_input(home: Any, kind: str, value: str) -> None:
    if kind == "commit":
        home.tui.open_topic(home.tui.session.directory, Stage.BACKPORTS, target=value)
    elif kind == "log" and (file := find_mail_file(value)) and not file.is_file():
        ask_for_input(home, kind, value, f"no file {value!r}")
    elif kind == "log":
        home.app.push_screen(
            LineDialog(VERSION, lambda _: (True, ""), title=QUESTION),
            lambda version: None if version is None else _start_search(home, kind, value, version),
        )
    else:
        _start_search(home, kind, value, "")


def _start_search(home: Any, kind: str, value: str, version: str, save_report: Any = None) -> None:
    directory = home.tui.session.directory or Path()

    def show_outcome(show_found: Callback) -> None:
        home.show_activity("")
        show_found()

    home.show_activity("searching for the fix")

    def ask_again(error: PatchpilotError) -> None:
        show_outcome(partial(ask_for_input, home, kind, value, format_error(error)))

    home.run_in_thread(
        lambda: partial(
            show_outcome, _process_input(home, kind, value, version, directory, save_report)
        ),
        ask_again,
    )


def _process_input(
    home: Any, kind: str, value: str, version: str, directory: Path, save_report: Any
) -> Callback:
    from patchpilot.finding.find_fix import find_later_fixes, read_symptom, read_symptom_text
    from patchpilot.finding.find_introduction import search_versions
    from patchpilot.finding.report_bug import save_bug_report
    from patchpilot.home.branches import find_branch_range
    from patchpilot.tags.bisect_log import is_bisection
    from patchpilot.tracking.follow_topic import track_series

    if kind == "branch":
        target = value if ".." in value else find_branch_range(directory, value)
        return partial(home.tui.open_topic, directory, Stage.COMMIT, target=target)
    with home.tui.session.open_repository() as repository:
        if kind == "series":
            number, fix = track_series(repository, value, find_mail_file(value))
            return partial(home.tui.open_topic, directory, Stage.FOLLOW, target=fix, series=number)
        text = read_symptom_text(repository, value)
        if kind == "bisect" or is_bisection(text):
            fixes = find_later_fixes(repository, text)
        else:
            symptom = read_symptom(repository, text)
            fixes, result = search_versions(repository, symptom, version)
            if result:
                save_report = partial(
                    save_bug_report, fixes=fixes, log=text, good=result.good, bad=result.bad
                )
                return partial(_show_found_fixes, home, fixes, save_report, result)
    save_report = save_report or partial(save_bug_report, fixes=fixes, log=text)
    return partial(_show_found_fixes, home, fixes, save_report)


def _describe_search(
    search_result: "FoundFixes", introduction: "Introduction | None"
) -> tuple[str, str]:
    """Return the title and the text of the dialog with the commits that were found."""
    text = f"{capitalize_sentence(search_result.scope)}."
    if introduction:
        title = "Commits that may have introduced the bug"
        if introduction.next:
            text += f"\nTest {introduction.next[:12]} next, and search again with it."
        next_text = "lists the commits that fix it"
    else:
        title = "No commit is likely" if search_result.outlook else "No commit fits"
        if search_result.fits:
            title = "Commits to try"
        next_text = "shows which stable kernels lack it"
        if search_result.outlook:
            text += f"\n{capitalize_sentence(search_result.outlook)}."
    if search_result.candidates:
        text += f"\n\nA commit's number {next_text}."
    return title, text


def _show_found_fixes(
    home: Any,
    search_result: "FoundFixes",
    save_report: "Callable[..., Path]",
    introduction: "Introduction | None" = None,
) -> None:
    fixes = search_result.candidates[:5]
    answers = [
        (
            fix.commit,
            fix.subject,
            "; ".join(filter(None, (fix.share, *fix.facts))),
        )
        for fix in fixes
    ]
    answers += [
        ("write", "Write the fix", "commit it on mainline, then open its branch"),
        ("report", "Report the bug", "fills in a report and keeps it as a draft"),
    ]
    title, text = _describe_search(search_result, introduction)

    def handle_choice(choice: str | None) -> None:
        if choice == "report":
            # below the draft, so that Esc leads back to the commits
            ask("report")
            with home.tui.session.open_repository() as repository:
                home.app.push_screen(DraftReader(save_report(repository)))
        elif choice == "write":
            home.notify("commit your fix on mainline, press g, then Enter on its branch")
        elif choice and introduction:
            _start_search(home, "bisect", choice, "", partial(save_report, suspect=choice))
        elif choice:
            directory, seen_in = home.tui.session.directory, search_result.tree
            home.tui.open_topic(directory, Stage.BACKPORTS, target=choice, seen_in=seen_in)

    def ask(first_answer: str) -> None:
        question = Choose(
            text,
            answers,
            title,
            at=first_answer,
            letters=[*"12345"[: len(fixes)], "w", "r"],
            labels=["open"] * len(fixes),
        )
        home.app.push_screen(question, handle_choice)

    ask("" if search_result.fits else "write")

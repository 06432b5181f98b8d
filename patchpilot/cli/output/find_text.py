# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the results of `find`: commits that may fix a symptom, or a commit's series."""

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from patchpilot.cli.output.track_report import format_series
from patchpilot.finding.bisect_fix import BisectStep
from patchpilot.finding.find_fix import FoundFix, FoundFixes
from patchpilot.finding.find_introduction import Introduction
from patchpilot.finding.try_commit import Trial, describe_answer
from patchpilot.model.action import Action
from patchpilot.model.printable import make_printable
from patchpilot.topic.posted_elsewhere import PostedFix
from patchpilot.tracking.posted_commit import PostedCommit


def _format_heading(fixes: FoundFixes) -> str:
    """Return the first line: which commits follow, and from how many they were chosen."""
    name = fixes.symptom.name
    searched = fixes.scope
    if fixes.fits and not fixes.searched:
        return "the text names as fixes:"
    if not fixes.searched:
        return searched
    if fixes.fits and name:
        return f"the commits that change it, latest first, of {searched}"
    if name:
        nearest_note = "; the nearest are:" if fixes.candidates else ""
        return f"no commit changes {name}, of {searched}{nearest_note}"
    if fixes.outlook:
        return f"{fixes.outlook}\n  searched       {searched}"
    return f"no commit fits, of {searched}"


def format_found_fixes(fixes: FoundFixes, operation: str, *, is_reported: bool = False) -> str:
    """Format the commits that may fix a symptom, the most likely first, with their verdicts.

    `operation` is the symptom as the user entered it, for the next command. `is_reported` is set if
    the report was written.
    """
    name = fixes.symptom.name
    lines = [_format_heading(fixes)]
    searched_names = [
        *(f"{function}()" for function in fixes.functions[:5]),
        *fixes.modules[:3],
    ]
    if searched_names:
        lines.append(f"  searched for   {', '.join(searched_names)}")
    if version := fixes.version:
        source = f" ({version.source})" if version.source != version.named else ""
        lines.append(f"  the log names  {version.words}{source}")
    for number, fix in enumerate(fixes.candidates):
        likelihood = "likely" if fixes.likely and not number else f"{fix.share:>4}"
        lines += ["", *_format_fix(fix, "" if name else likelihood)]
    is_named = fixes.fits and not fixes.searched
    if is_named and fixes.tree == "HEAD":
        again = _pipe(Action("find", (operation, "--in", "VERSION")))
        lines += ["", f"next: {again}  # the version that has the bug"]
    elif fixes.proposed:
        step = fixes.proposed.next_step(fixes.messages, is_fix=not name)
        lines += ["", *_format_update(fixes), f"{'  or' if fixes.update else 'next:'} {step}"]
    elif is_named:
        verdicts = Action("backport", tuple(fix.commit[:12] for fix in fixes.candidates))
        lines += ["", f"next: {verdicts}  # the verdict for each branch"]
    elif not fixes.symptom:
        # the result of a bisection
        report = _pipe(Action("find", (operation, "--report")))
        lines += [] if is_reported else ["", f"next: report the bug: {report}"]
    elif fixes.searched:
        lines += ["", *_format_update(fixes), *_format_search_steps(fixes, operation, is_reported)]
    return make_printable("\n".join([*lines, *(f"note: {note}" for note in fixes.notes)]))


def _format_search_steps(fixes: FoundFixes, operation: str, is_reported: bool) -> Iterator[str]:
    """Yield what to do if no candidate is likely."""
    bisection = _pipe(Action("find", ("--bisect", operation, "--in", fixes.tree)))
    label = "  if it still happens, " if fixes.update else "next: "
    if fixes.fits:
        step = fixes.candidates[0].next_step(fixes.messages, is_fix=not fixes.symptom.name)
        yield f"{label}read these commits; if the first one fits, {step}"
        label = "  or "
    yield f"{label}search by builds: {bisection}"
    if not is_reported:
        action = Action("find", (operation, "--in", fixes.tree, "--report"))
        if good := fixes.until:
            action = Action("find", (operation, "--good", good, "--bad", fixes.tree, "--report"))
        report = _pipe(action)
        yield f"  or report the bug: {report}"
        yield "  or run `patchpilot`, press w on Home (0) and enter the log; r fills in the report"
    introduction = _pipe(Action("find", (operation, "--good", "VERSION", "--bad", fixes.tree)))
    yield f"  if an older version works, first find what introduced it: {introduction}"
    yield from _explain_pipe(operation)


def _pipe(action: Action) -> str:
    """Return a command that reads the log again as well if it came from standard input."""
    source = "dmesg | " if "-" in action.arguments else ""
    return f"{source}{action}"


def _explain_pipe(operation: str) -> list[str]:
    if operation != "-":
        return []
    return ["  if the log is not from dmesg, save it to a file and name it instead of -"]


def _format_update(fixes: FoundFixes) -> list[str]:
    if not fixes.update:
        return []
    return [f"next: update to {fixes.update.release} or later, then see whether it still happens"]


def format_introduction(result: Introduction, operation: str, *, is_reported: bool = False) -> str:
    """Format the commits that may have introduced a bug, the next test, and how to go on.

    `operation` is the symptom as the user entered it, for the next command. `is_reported` is set if
    the report was written.
    """
    found, good, bad = result.found, result.good, result.bad
    lines = [
        f"a list to read, from {found.scope}" if found.fits else f"no commit fits, of {found.scope}"
    ]
    for fix in found.candidates:
        lines += ["", *_format_fix(fix, f"{fix.probability:4.0%}")]
    lines.append("")
    if result.next:
        name = result.next[:12] if len(result.next) == 40 else result.next
        again = [_pipe(Action("find", (operation, "--good", name, "--bad", bad)))]
        again += [_pipe(Action("find", (operation, "--good", good, "--bad", name)))]
        lines += [
            f"next: test {name}; tests left: about {result.builds}",
            f"  {again[0]}  # {name} works",
            f"  {again[1]}  # {name} has the bug",
            f"  git bisect start {quote(bad)} {quote(good)}  # or halve the commits with git",
        ]
    else:
        lines += ["next: only one commit is left"]
    regression = f"{good}..{bad}" if result.next else f"{bad}"
    lines += [
        "then, for the fix:",
        "  patchpilot fixes --bisect-log FILE  # the Fixes: tag, from `git bisect log`",
        f"  {Action('send', ('--regression', regression))}  # with the regressions list in Cc",
    ]
    if not is_reported:
        report = _pipe(Action("find", (operation, "--good", good, "--bad", bad, "--report")))
        lines += ["or, without a fix:", f"  {report}"]
    lines += _explain_pipe(operation)
    return make_printable("\n".join([*lines, *(f"note: {note}" for note in found.notes)]))


def format_bisect_step(step: BisectStep) -> str:
    """Format the next step of a bisection: the commit to build and how to report the result, or the
    fix.
    """
    if step.next:
        lines = [
            f'build {step.next[:12]} ("{step.subject}")',
            f"       {_format_left(step)}; builds left: about {step.builds}",
            f"next: `git checkout {step.next[:12]}`, build it, and try to reproduce the bug",
            "  patchpilot find --bisect good  # the bug is gone",
            "  patchpilot find --bisect bad   # the bug is there",
            "  patchpilot find --bisect skip  # it does not build or boot",
        ]
    elif step.found:
        lines = [*_format_fix(step.found, "fixed"), f"next: {step.found.next_step()}"]
    elif step.left:
        lines = [f"{_format_left(step)}; the builds that are left were skipped"]
    else:
        report = Action("find", ("LOG", "--in", step.mainline, "--report"))
        lines = [f"{step.mainline} has the bug as well: no commit fixes it"]
        lines += [f"next: report the bug: {report}"]
    if step.answers:
        lines += [
            "answers so far:",
            *(f"  {' '.join(name[:12] for name in answer.split())}" for answer in step.answers),
            "  patchpilot find --bisect undo  # discards the last one",
        ]
    return make_printable("\n".join(lines))


def _format_left(step: BisectStep) -> str:
    """Return how many commits are left: whether one of them is the fix is known once a build
    works.
    """
    left = f"{step.left:,} commits left"
    if any(answer.startswith("good") for answer in step.answers):
        return f"{left}, one of which is the fix"
    return f"{left}, one of which is the fix if {step.mainline} is fixed"


def format_trial(trial: Trial) -> str:
    """Format the commands that try a commit, or the next command after it was tried."""
    reference = f'{trial.commit[:12]} ("{trial.subject}")'
    if trial.answer:
        lines = [f"{reference} on {trial.base}: {describe_answer(trial.answer)}"]
    else:
        lines = [_make_comment(f"try {reference} on {trial.base}; nothing was run")]
        lines += [_make_comment(f"note: {note}") for note in trial.notes]
    for number, step in enumerate(trial.steps, 1):
        lines += ["", _make_comment(f"{number}. {step.purpose}")]
        lines += [
            _make_comment(command[2:]) if command.startswith("# ") else command
            for command in step.commands
        ]
    if trial.answer:
        lines += ["", f"next: {trial.next}", *(f"note: {note}" for note in trial.notes)]
    return make_printable("\n".join(lines))


def _make_comment(text: str) -> str:
    """Return a comment that can be pasted into any shell.

    A terminal's zsh runs a comment like a command: `$(…)`, pipes and lists in it would be run.
    """
    is_plain = re.fullmatch(r"[\w\s.,:/+-]*", text)
    return f"# {text if is_plain else quote(text)}"


def _format_fix(fix: FoundFix, label: str) -> list[str]:
    heading = f'{label:<6} {fix.commit[:12]} ("{fix.subject}")'
    lines = [heading, f"       {'; '.join(fix.facts)}"]
    return [*lines, *(f"       {line}" for line in fix.verdict_lines)]


def format_similar_posts(similar_posts: Sequence[PostedFix]) -> str:
    """List patches by others for the same bug, one per line."""
    return "".join(f"{fix.words}\n  <{make_printable(fix.message_id)}>\n" for fix in similar_posts)


def format_posted_commit(
    posted_commit: PostedCommit,
    *,
    max_width: int | None = None,
    with_mails: bool = False,
) -> str:
    """Format the commit, the message in which it was posted, and its series as in `track show`."""
    label = f"{posted_commit.revision.label}, " if posted_commit.revision else ""
    follow_command = Action("track", ("add", f"<{posted_commit.mail.message_id}>"), "{}")
    lines = [f"commit {posted_commit.asked.reference}"]
    if posted_commit.upstream:
        lines.append(f"  upstream  {posted_commit.commit.reference}")
    lines += [
        f"  posted    {label}found {posted_commit.how}",
        f"            {posted_commit.url or f'<{posted_commit.mail.message_id}>'}",
    ]
    thread = format_series(posted_commit.tracked, max_width=max_width, with_mails=with_mails)
    return "\n".join(
        [
            make_printable("\n".join(lines)),
            "",
            thread,
            make_printable(f"  follow it {follow_command}"),
        ]
    )

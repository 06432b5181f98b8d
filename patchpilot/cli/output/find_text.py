# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the results of `find` as text: commits that may fix a symptom, or a commit's series."""

from collections import Counter
from collections.abc import Sequence

from patchpilot.cli.output.track_report import series_text
from patchpilot.model.action import Action
from patchpilot.model.printable import printable
from patchpilot.services.find.bisect_fix import BisectStep
from patchpilot.services.find.find_fix import FoundFix, FoundFixes
from patchpilot.services.track.posted_commit import PostedCommit
from patchpilot.topic.posted_elsewhere import PostedFix


def fixes_text(fixes: FoundFixes, operation: str) -> str:
    """Return the commits that may fix a symptom, best first, each with its verdicts.

    `operation` is the symptom as entered, for the next command.
    """
    name = fixes.symptom.name
    searched = f"{fixes.searched:,} commits since {fixes.tree}"
    if fixes.fits and name:
        lines = [f"the commits that change it, latest first, of {searched}"]
    elif fixes.fits:
        lines = [f"a short list to try, from {searched}"]
    else:
        fits = f"changes {name}" if name else "fits"
        nearest = "; the nearest are:" if fixes.candidates else ""
        lines = [f"no commit {fits}, of {searched}{nearest}"]
    named = [*(f"{function}()" for function in fixes.functions[:5]), *fixes.modules[:3]]
    if named:
        lines.append(f"  searched for  {', '.join(named)}")
    for number, fix in enumerate(fixes.candidates):
        share = "likely" if fixes.likely and not number else f"{fix.probability:4.0%}"
        lines += ["", *_fix_lines(fix, "" if name else share)]
    if fixes.fits:
        messages = fixes.symptom.messages
        # with several lines, there is no telling which one is about the fix
        seen = messages[0] if len(messages) == 1 else ""
        step = fixes.candidates[0].next_step(seen, is_fix=not name)
        lines += ["", f"next: {step}"]
    else:
        by_builds = Action("find", ("--bisect", operation, "--in", fixes.tree))
        lines += [
            "",
            f"next: search by builds: {by_builds}",
            "  or report the bug: `patchpilot`, then `f`, fills in the report",
        ]
    return printable("\n".join([*lines, *(f"note: {note}" for note in fixes.notes)]))


def step_text(step: BisectStep) -> str:
    """Return the commit to build next and how to report the result, or the end of the bisection."""
    if step.next:
        lines = [
            f'build {step.next[:12]} ("{step.subject}")',
            f"       {step.left:,} commits may be the fix; builds left: about {step.builds}",
            f"next: `git checkout {step.next[:12]}`, build it, and try to reproduce the bug",
            "  patchpilot find --bisect good  # the bug is gone",
            "  patchpilot find --bisect bad   # the bug is there",
            "  patchpilot find --bisect skip  # it does not build or boot",
        ]
    elif step.found:
        lines = [*_fix_lines(step.found, "fixed"), f"next: {step.found.next_step()}"]
    elif step.left:
        lines = [
            f"{step.left} commits may be the fix; the builds that are left were skipped"
        ]
    else:
        lines = [f"{step.mainline} has the bug as well: no commit fixes it"]
    if step.answers:
        lines += [
            "answers so far:",
            *(
                f"  {' '.join(part[:12] for part in answer.split())}"
                for answer in step.answers
            ),
            "  patchpilot find --bisect undo  # discards the last one",
        ]
    return printable("\n".join(lines))


def _fix_lines(fix: FoundFix, label: str) -> list[str]:
    head = f'{label:<6} {fix.commit[:12]} ("{fix.subject}")'
    facts = [f"first in {fix.release}" if fix.release else "not released", *fix.matches]
    lines = [head, f"       {'; '.join(facts)}"]
    verdicts = Counter[str]()
    for tree in fix.branches:
        verdicts[tree.verdict] += 1
    shown = [
        f"{verdict}: {', '.join(tree.branch for tree in fix.branches if tree.verdict == verdict)}"
        for verdict in verdicts
    ]
    return [*lines, *(f"       {line}" for line in shown)]


def others_text(others: Sequence[PostedFix]) -> str:
    """Return others' patches for the same bug, one per line."""
    return "".join(f"{fix.words}\n  <{printable(fix.message_id)}>\n" for fix in others)


def posted_text(
    posted: PostedCommit, *, room: int | None = None, with_mails: bool = False
) -> str:
    """Return the commit, its posted message, and the series as in `track show`."""
    label = f"{posted.revision.label}, " if posted.revision else ""
    follow = Action("track", ("add", f"<{posted.mail.message_id}>"), "{}")
    lines = [f"commit {posted.asked.reference}"]
    if posted.upstream:
        lines.append(f"  upstream  {posted.commit.reference}")
    lines += [
        f"  posted    {label}found {posted.how}",
        f"            {posted.url or f'<{posted.mail.message_id}>'}",
    ]
    thread = series_text(posted.tracked, room=room, with_mails=with_mails)
    return "\n".join(
        [printable("\n".join(lines)), "", thread, printable(f"  follow it {follow}")]
    )

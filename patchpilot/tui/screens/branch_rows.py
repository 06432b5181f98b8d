# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the backports stage.

They show the verdict for a branch, the next action, and the patches written for it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.counted import counted
from patchpilot.settings.read_settings import in_demo
from patchpilot.tui.view.action_keys import in_keys
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import fitted, plain, wrapped
from patchpilot.tui.view.stages import Stage

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import (
        BackportResult,
        BranchResult,
    )
    from patchpilot.services.backport.prerequisite_queue import PrerequisiteNeed
    from patchpilot.services.backport.work_clone import Resolving
    from patchpilot.services.backport.write_backports import WrittenBackport


@dataclass(frozen=True, slots=True)
class Badge:
    """A verdict: the name of its glyph, its word, and a style."""

    sign: str
    word: str
    style: str = ""

    @property
    def text(self) -> Text:
        """The badge on one line."""
        return plain(f"{glyph(self.sign)} {self.word}", self.style)


BADGES = {
    "already-fixed": Badge("done", "already there", "green"),
    "not-affected": Badge("nothing", "not affected", "dim"),
    "clean": Badge("done", "clean", "green"),
    "clean-3way": Badge("merge", "3-way merge", "cyan"),
    "conflict": Badge("blocked", "conflict", "bold red"),
    "unknown": Badge("unknown", "unknown", "yellow"),
}
FAILED = Badge("blocked", "failed", "bold red")
RESOLVED = Badge("done", "resolved", "green")
RISKS = {"low": "green", "medium": "yellow", "high": "bold red"}
WAITS = "wait for the merge"
"""What to do where the stable maintainers get patches once the fix is in mainline."""
REQUEST = "r ask for it"
"""What to do where the stable maintainers can apply the mainline commit."""
CLEAN = ("clean", "clean-3way")
LABEL = 11
"""Columns of the label before each detail of a verdict."""
FIRST = ("merged as", "why", "failed", "next")
"""The labels of what is shown of a branch above its conflicts."""
SOON = 183
"""Days before the end of its support from which a branch is dimmed: work for it is hardly worth it."""  # noqa: E501


def first_to_look_at(result: "BackportResult") -> int:
    """Return the index of the row to select first.

    This is the first conflict, otherwise the first branch that needs the fix, otherwise 0.
    """
    needing = [at for at, branch in enumerate(result.branches) if branch.wants_fix]
    conflicts = [at for at in needing if result.branches[at].verdict == "conflict"]
    return next(iter([*conflicts, *needing]), 0)


def badge_of(branch: "BranchResult") -> Badge:
    """Return the badge for a branch's verdict.

    If the stable maintainers reported that the fix failed to apply, the badge is "failed" until
    the branch has the fix or the user resolved the conflict.
    """
    if branch.resolved and branch.wants_fix:
        return RESOLVED
    return FAILED if branch.failed and branch.wants_fix else BADGES[str(branch.verdict)]


def bug_in_words(branch: "BranchResult") -> str:
    """Return "yes", "no", "unknown" or "fixed": whether the branch has the bug."""
    return {True: "yes", False: "no", None: "unknown" if branch.wants_fix else "fixed"}[
        branch.affected
    ]


def needs_count(branch: "BranchResult") -> str:
    """Return the number of prerequisites of the fix on this branch, or "" for none.

    A star marks that only parts of them are needed.
    """
    count = len(branch.prerequisites) if branch.wants_fix else 0
    return f"{count}{'*' if branch.partial else ''}" if count else ""


def what_to_do(
    branch: "BranchResult",
    result: "BackportResult",
    left_out: Collection[str] = (),
    merged: str = "",
    *,
    is_tagged: bool = False,
) -> str:
    """Return the next action for a branch, with its key.

    It is "" while the introducing commit is unknown, which the panel reports once. `left_out` are
    the prerequisites that are not ticked, `merged` is the mainline commit to fetch. With
    `is_tagged`, the fix has Cc: stable, so the stable maintainers pick it up if it applies.
    """
    ticked = sum(need.commit not in left_out for need in branch.prerequisites)
    if not branch.wants_fix:
        return "nothing"
    if merged:
        return "f fetch the merge"
    if branch.queued:
        return "queued for a release"
    if branch.resolved:
        return "patches written: z"
    is_conflict = branch.verdict == "conflict"
    if result.upstream and branch.verdict in CLEAN and not branch.failed:
        return "Cc: stable is enough" if is_tagged else REQUEST
    if branch.affected is None and not result.culprits:
        return ""
    if is_conflict and not result.upstream:
        return WAITS
    if is_conflict:
        is_manual = branch.failed or not ticked
        return "z resolve" if is_manual else f"w write {ticked + 1} patches"
    if not result.upstream:
        return "Cc: stable is enough"
    return "w write patch"


def what_is_written(
    result: "BackportResult", left_out: "Mapping[str, Collection[str]]"
) -> str:
    """Return a summary of the patches that `w` writes.

    There is one line per branch that needs the fix, with the number of ticked prerequisites.
    """
    rows = []
    for branch in result.branches:
        if branch.wants_fix:
            ticked = sum(
                need.commit not in left_out.get(branch.branch, ())
                for need in branch.prerequisites
            )
            rows.append(
                f"{branch.branch}:"
                f" {counted(ticked, 'prerequisite') + ', then the fix' if branch.prerequisites else 'the fix'}"  # noqa: E501
            )
    return "\n".join(rows) or "No branch needs the fix."


def ends_soon(branch: "BranchResult", today: date) -> bool:
    """Whether support for the branch has ended or ends within half a year."""
    year, _, month = (branch.ends or "").partition("-")
    if branch.is_over or not (year.isdigit() and month.isdigit()):
        return branch.is_over
    return (date(int(year), int(month), 1) - today).days < SOON


def need_row(need: "PrerequisiteNeed", number: int, risk: str, is_ticked: bool) -> Text:
    """Return the row of a prerequisite: its tick, position, commit id, size, risk and subject."""
    tick = f"[{glyph('ticked')}]" if is_ticked else "[ ]"
    row = plain(
        f"{tick} {number:>2}  {need.commit[:12]}  {counted(need.size, 'line'):>10}  "
    )
    return row.append(fitted(f"{risk} risk", 11), RISKS[risk]).append(
        plain(f"  {need.subject}")
    )


def why(branch: "BranchResult", culprits: Collection[str]) -> str:
    """Return a short reason for a verdict: the place of the conflict, or a commit on the branch.

    The commit is the applied fix, or the backport of a commit that introduced the bug. Mainline
    commits that introduced the bug are not repeated here.
    """
    if branch.landed_as:
        return f"applied as {branch.landed_as[:12]}"
    if branch.wants_fix and branch.conflicts:
        first, more = branch.conflicts[0], len(branch.conflicts) - 1
        line = f":{first.line}" if first.line else ""
        return f"{first.path.rpartition('/')[2]}{line}{f' and {more} more' if more else ''}"
    return (
        f"bug from {branch.culprit_as[:12]}"
        if branch.culprit_as and branch.culprit_as not in culprits
        else ""
    )


def detail_rows(known: Sequence[tuple[str, str]], columns: int) -> list[Text]:
    """Return the details as rows, with their texts wrapped next to the labels.

    A label is shown only once for all facts that share it.
    """
    rows, before = [], ""
    for label, text in known:
        for at, part in enumerate(wrapped(text, columns)):
            rows.append(
                Text.assemble(
                    (fitted(label if not at and label != before else "", LABEL), "dim"),
                    plain(part),
                )
            )
        before = label
    return rows


def facts(branch: "BranchResult") -> list[tuple[str, str]]:
    """Return what is known of a branch as (label, text) rows, one row per fact."""
    rows = [("why", branch.reason)]
    if branch.stale:
        rows.append(("note", "last fetched a long time ago; run git fetch"))
    if branch.failed:
        rows.append(("failed", f"reported in <{branch.failed}>"))
    if branch.landed_as:
        rows.append(("applied as", branch.landed_as[:12]))
    if branch.wants_fix:
        rows += [
            ("caused by", f"{cause.commit[:12]} {cause.subject}: {cause.why}")
            for cause in branch.causes[:4]
        ]
        rows += needs_in_words(branch)
    rows += [
        ("then apply", f"{one.commit[:12]} {one.subject} ({one.kind})")
        for one in branch.followers
    ]
    rows += [("note", hint) for hint in branch.hints]
    if branch.lacking_newer:
        newer = ", ".join(branch.lacking_newer)
        rows.append(("note", f"newer branches without the fix: {newer}"))
    return rows


def needs_in_words(branch: "BranchResult") -> list[tuple[str, str]]:
    """Return rows with the prerequisites of the fix, or the reason why there are none."""
    if branch.search == "none":
        return [
            (
                "search",
                "the fix does not apply even with the missing commits; adapt it manually",
            )
        ]
    if branch.search == "gave-up":
        return [("search", "search for prerequisites timed out")]
    rows = [
        ("needs", f"{need.commit[:12]} {need.subject} ({counted(need.size, 'line')})")
        for need in branch.prerequisites
    ]
    if branch.partial:
        rows.append(
            (
                "note",
                (
                    "only their changes to the files of the fix are needed; apply these"
                    " manually first"
                ),
            )
        )
    return rows


def written_rows(done: "Sequence[WrittenBackport]") -> list[str]:
    """Return rows with the files written for each branch, or the reason why none were.

    The commands that send them follow. In the demo they are not sent.
    """
    from patchpilot.services.backport.write_backports import send_commands

    rows = [
        part
        for backport in done
        if backport.files
        for part in (f"{backport.branch}:", *(f"  {file}" for file in backport.files))
    ]
    for reason in dict.fromkeys(
        backport.skipped for backport in done if not backport.files
    ):
        branches = ", ".join(
            backport.branch
            for backport in done
            if not backport.files and backport.skipped == reason
        )
        rows += [
            *([""] if rows else []),
            f"no patch for {branches}: {in_keys(reason, Stage.BACKPORTS)}",
        ]
    if commands := send_commands(done):
        order = ", the latest branch first" if len(commands) > 1 else ""
        is_signed = all(one.is_signed for one in done if one.send)
        rows += [
            "",
            (
                "They have your Signed-off-by."
                if is_signed
                else "They lack your Signed-off-by: add it before you send them."
            ),
            f"Read them, then send them{order}; To:, Cc: and In-Reply-To: are in them.",
            *(
                [DEMO]
                if in_demo()
                else (SHELL, *(f"  {command}" for command in commands))
            ),
        ]
    return rows


SHELL = "In a shell (Ctrl-Z suspends patchpilot, fg resumes it):"
DEMO = (
    "In the demo, nothing more is needed for this branch. Do not send the patches: your"
    " shell would use your own mail server."
)


def resolving_rows(done: "Resolving") -> list[str]:
    """Return the rows about a conflict that is being resolved in a clone.

    They give its location, its state, the next step, and the patches once they are written. In
    the demo the patches are not sent.
    """
    if done.files:
        return [
            (
                f"The conflict on {done.branch} is resolved. The clone has these commits"
                f" on top of the branch, oldest first:"
            ),
            *(f"  {commit}" for commit in done.commits),
            f"  ({done.folder})",
            "",
            "The patches are written, with To:, Cc: and In-Reply-To:",
            f"  {done.files[0].parent}",
            *(f"    {file.name}" for file in done.files),
            "",
            *(
                [DEMO]
                if in_demo()
                else (
                    SHELL,
                    *(f"  {in_keys(line, Stage.BACKPORTS)}" for line in done.advice),
                )
            ),
        ]
    return [
        f"The conflict on {done.branch} is in this clone:",
        f"  {done.folder}",
        "",
        SHELL,
        *(f"  {line}" for line in done.advice),
        "",
        "After you resolve it, press z here to continue.",
    ]

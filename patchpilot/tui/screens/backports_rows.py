# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the backports stage.

They show the verdict for a branch, the next action, and the patches written for the branch.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from difflib import unified_diff
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from patchpilot.model.printable import format_count, width
from patchpilot.model.trailer import find_tags
from patchpilot.resources import list_recent_drafts
from patchpilot.settings.read_settings import is_in_demo
from patchpilot.tui.screens.follow_rows import named_fact_rows
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    HEADING,
    color_diff_line,
    fit_text,
    plain_text,
)
from patchpilot.tui.view.session import MERGED, JobRequest, Session
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import NO_MAIL_IN_DEMO
from patchpilot.tui.widgets.panel import WIDE

if TYPE_CHECKING:
    from patchpilot.backports.branch_result import BranchResult
    from patchpilot.backports.prerequisites import PrerequisiteNeed
    from patchpilot.backports.result import BackportResult
    from patchpilot.backports.work_clone import ConflictResolution
    from patchpilot.backports.write import WrittenBackport

NARROW = 100
"""Minimum number of columns for showing a branch's full name instead of only its version."""
GAP = 2
"""Columns between two cells."""
EDGE = 5
"""Columns of a panel's border and a scrollbar."""


@dataclass(frozen=True, slots=True)
class BranchTexts:
    """The text shown for each branch, depending on the user's choices.

    `left_out` maps a branch to its unticked prerequisites. `merged` is a mainline commit that
    messages name but that has not been fetched yet. `is_tagged` is set if the commit message has
    Cc: stable. `written_for` maps a commit and a branch to the patches written for them.
    `is_drafted` is set if a draft requests the commit.
    """

    result: "BackportResult"
    left_out: Mapping[str, frozenset[str]]
    merged: str
    is_tagged: bool
    written_for: "Mapping[tuple[str | None, str], WrittenBackport]" = field(default_factory=dict)
    is_drafted: bool = False

    def get_unticked_commits(self, branch: "BranchResult") -> frozenset[str]:
        """Return a branch's unticked prerequisites.

        Initially, there are none. As long as the introducing commit is unknown, none are ticked,
        because one of them may be that commit.
        """
        prerequisites = () if self.result.culprits else branch.prerequisites
        return self.left_out.get(
            branch.branch,
            frozenset(prerequisite.commit for prerequisite in prerequisites),
        )

    def unticked_by_branch(self) -> dict[str, frozenset[str]]:
        return {branch.branch: self.get_unticked_commits(branch) for branch in self.result.branches}

    def count_ticked(self, branch: "BranchResult") -> int:
        left_out = self.get_unticked_commits(branch)
        return sum(prerequisite.commit not in left_out for prerequisite in branch.prerequisites)

    def written_backport(self, branch: "BranchResult") -> "WrittenBackport | None":
        return self.written_for.get((self.result.commit, branch.branch))

    def branch_badge(self, branch: "BranchResult") -> "Badge":
        # a conflict is resolved once patches are written
        return PATCHES if self.written_backport(branch) else choose_badge(branch)

    def next_action(self, branch: "BranchResult") -> str:
        """Return the next action for a branch, with its key.

        Return "" if the introducing commit is unknown, because the panel reports that once for all
        branches. The stable maintainers pick up a fix with Cc: stable if it applies.
        """
        if not branch.wants_fix:
            return "nothing"
        if self.merged:
            return "g fetch the merge"
        if self.result.reverted:
            replacements = [row for row in branch.followers if row.kind == "replacement"]
            return f"use {replacements[-1].commit[:12]}" if replacements else "nothing"
        if branch.queued:
            return "queued for a release"
        if branch.resolved:
            return "patches written: a"
        if backport := self.written_backport(branch):
            return WRITTEN if backport.files else SENT
        return self._next_request(branch)

    def _next_request(self, branch: "BranchResult") -> str:
        """Return how to ask the stable maintainers for the fix."""
        upstream, is_conflict = self.result.upstream, branch.verdict == "conflict"
        if upstream and branch.verdict in CLEAN and not branch.failed:
            request = DRAFTED if self.is_drafted else REQUEST
            return ENOUGH if self.is_tagged else request
        if branch.affected is None and not self.result.culprits:
            return ""
        if not upstream:
            return WAITS if is_conflict else ENOUGH
        if not is_conflict:
            return "w write patch"
        ticked = self.count_ticked(branch)
        count = ticked + 1 + len(branch.follow_ups)
        return f"w write {count} patches" if ticked else "a resolve"

    @property
    def branches_to_write(self) -> "tuple[BranchResult, ...]":
        return tuple(
            branch
            for branch in self.result.branches
            if self.next_action(branch)[:2] in ("r ", "w ")
        )

    @property
    def format_write_list(self) -> str:
        """Return one line for each branch for which the key `w` writes patches, with the
        patches.
        """
        rows = []
        for branch in self.branches_to_write:
            prerequisites = format_count(self.count_ticked(branch), "prerequisite") + ", then "
            patches = f"{prerequisites if branch.prerequisites else ''}the fix"
            patches += (
                ", then " + format_count(len(branch.follow_ups), "follow-up")
                if branch.follow_ups
                else ""
            )
            rows.append(f"{branch.branch}: {patches}")
        return "\n".join(rows)

    def branch_facts(self, branch: "BranchResult") -> list[tuple[str, str]]:
        rows = [("why", branch.reason)]
        if self.result.reverted:
            rows.append(("reverted", self.result.reverted.words))
        if self.merged:
            merge_text = f"{self.merged[:12]}, not fetched yet: press g (git fetch)"
            rows.insert(0, ("merged as", merge_text))
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
            rows += [
                ("differs", f"{row.function}() in {row.path}: {row.commit_words}")
                for row in branch.differences[:4]
            ]
            rows += _describe_search(branch)
        rows += [
            (
                "then apply",
                f"{follower.commit[:12]} {follower.subject} ({follower.kind})",
            )
            for follower in branch.followers
        ]
        rows += [("note", hint) for hint in branch.hints]
        if branch.lacking_newer:
            newer_branches = ", ".join(branch.lacking_newer)
            rows.append(("note", f"newer branches without the fix: {newer_branches}"))
        if action := self.next_action(branch):
            rows.append(("next", f"{action}{REASONS.get(action, '')}"))
        rows += [("unfetched", str(missing.version)) for missing in self.result.missing]
        return rows + [("note", rule) for rule in self.result.rules]

    def shell_commands(self, branch: "BranchResult") -> list[str]:
        mainline_commit, merged_commit = self.result.commit, self.merged
        rows = list(branch.commands)
        if merged_commit and mainline_commit:
            pairs = (
                (mainline_commit, merged_commit),
                (mainline_commit[:12], merged_commit[:12]),
            )
            for old, new in pairs:
                rows = [row.replace(old, new) for row in rows]
        return rows

    def build_table(self, columns: int) -> tuple[Text, list[Text]]:
        """Return the table's titles and a row for each branch, fitted to a number of columns.

        Empty columns are omitted; the last column gets the remaining width.
        """
        branches, today = self.result.branches, datetime.now(UTC).date()
        badges = [*map(self.branch_badge, branches)]
        is_short = columns < NARROW
        table = {
            "branch": [(is_short and branch.version) or branch.branch for branch in branches],
            "the fix": [badge.text for badge in badges],
            "bug": [describe_bug_state(branch) for branch in branches],
            "needs": [format_prerequisite_count(branch) for branch in branches],
            "until": [branch.ends or "" for branch in branches],
            "why": [explain_verdict(branch, self.result.culprits) for branch in branches],
            "what to do": [self.next_action(branch) for branch in branches],
        }
        if columns < WIDE and any(table["what to do"]):
            del table["why"]
        shown_columns = {title: cells for title, cells in table.items() if any(cells)}
        widths = [max(map(width, (title, *cells))) + GAP for title, cells in shown_columns.items()]
        if widths:
            widths[-1] += columns - sum(widths)
        titles = "".join(map(fit_text, shown_columns, widths))
        rows = []
        for index, branch in enumerate(branches):
            row, row_style = (
                Text(no_wrap=True),
                "dim" if support_ends_soon(branch, today) else "",
            )
            for (title, cells), cell_width in zip(shown_columns.items(), widths, strict=True):
                style = badges[index].style if title == "the fix" else row_style
                row.append(fit_text(cells[index], cell_width), style)
            rows.append(row)
        return plain_text(titles, HEADING), rows


def make_branch_texts(
    session: Session,
    result: "BackportResult",
    left_out: Mapping[str, frozenset[str]],
    written_for: "Mapping[tuple[str | None, str], WrittenBackport]",
) -> BranchTexts:
    message_lines = session.commit.message.split("\n") if session.commit else ()
    is_tagged = any("stable@" in tag.value for tag in find_tags(message_lines, "Cc"))
    merged_commits = (
        series.posted.commit or ""
        for series in session.last_result(Stage.FOLLOW) or ()
        if series.own and series.posted and str(series.state) in MERGED
    )
    commit = "" if result.upstream else next(merged_commits, "")
    drafts = (file.stem for file in list_recent_drafts("requests"))
    is_drafted = (result.commit or "")[:12] in drafts
    return BranchTexts(result, left_out, commit, is_tagged, written_for, is_drafted)


def conflict_rows(branch: "BranchResult") -> list[str]:
    rows: list[str] = []
    for conflict in branch.conflicts:
        rows.append(f"@@ {conflict.path}:{conflict.line} ({conflict.kind}) @@")
        context_lines = len(conflict.ours) + len(conflict.theirs)
        rows += list(unified_diff(conflict.ours, conflict.theirs, n=context_lines, lineterm=""))[3:]
    return rows


def branch_page_rows(texts: BranchTexts, branch: "BranchResult", columns: int) -> list[Text]:
    facts = texts.branch_facts(branch)
    first_facts, more_facts = (
        [fact for fact in facts if (fact[0] in FIRST) is is_first] for is_first in (True, False)
    )
    rows = named_fact_rows(first_facts, columns, name_columns=LABEL)
    if branch.conflicts and branch.wants_fix:
        rows += [Text(), plain_text("From the branch (-) to the fix (+):")]
        rows += map(color_diff_line, conflict_rows(branch))
    rows += (
        [Text(), *named_fact_rows(more_facts, columns, name_columns=LABEL)] if more_facts else []
    )
    backport = texts.written_backport(branch)
    if backport and backport.files:
        rows += [Text(), *map(plain_text, shell_command_rows([backport.send]))]
    elif commands := texts.shell_commands(branch):
        rows += [Text(), plain_text("In a shell:")]
        rows += (plain_text(f"  {command}") for command in commands)
    return rows


def load_stage(request: JobRequest) -> "tuple[BackportResult, StageStatus]":
    """Return the result of `patchpilot backport` for the selected commit.

    If the commit has no Fixes: tag, use the candidate from the tags stage, provided that it is
    certain.
    """
    from patchpilot.backports.topic import compute_topic_backports

    settings, likely = (
        request.session.read_settings(request.repository),
        request.session.likely,
    )
    result = compute_topic_backports(
        request.repository,
        settings,
        request.commit,
        likely,
        request.progress,
        [commit.id for commit in request.topic.commits],
    )
    needy_branches = [branch for branch in result.branches if branch.wants_fix]
    conflicts = sum(
        branch.verdict == "conflict" and not branch.resolved for branch in needy_branches
    )
    note = f"{len(needy_branches)} of {len(result.branches)} branches need the fix"
    note += f", {conflicts} with conflicts" if conflicts else ""
    if result.asked and result.commit:
        note = f"mainline {result.commit[:12]}: {note}"
    state, press_tags = StageState.DONE, f"press {Stage.TAGS.number}"
    if result.unfetched:
        state = StageState.TODO
        note = f"no stable branch has been fetched; press {Stage.BACKPORTS.number}"
    elif not result.branches:
        note = result.rules[0]
    elif not result.culprits:
        state = StageState.TODO
        note = f"unknown introducing commit; {press_tags} to choose it"
    elif likely:
        # leave out the commit, because the line above the ruler names it
        state, note = StageState.OFFERED, f"likely: {note}; {press_tags} to confirm"
    return result, StageStatus(state, note)


class Badge(NamedTuple):
    """The text for a verdict: a glyph's name, a word and a style."""

    sign: str
    word: str
    style: str = ""

    @property
    def text(self) -> str:
        return f"{glyph(self.sign)} {self.word}"


BADGES = {
    "already-fixed": Badge("done", "has the fix", "green"),
    "not-affected": Badge("nothing", "not affected", "dim"),
    "clean": Badge("done", "clean", "green"),
    "clean-3way": Badge("merge", "clean (3-way)", "cyan"),
    "conflict": Badge("blocked", "conflict", "bold red"),
    "unknown": Badge("unknown", "unknown", "yellow"),
}
FAILED = Badge("blocked", "failed", "bold red")
RESOLVED = Badge("done", "resolved", "green")
PATCHES = Badge("done", "has patches", "green")
RISKS = {"low": "green", "medium": "yellow", "high": "bold red"}
WAITS = "wait for the merge"
"""The step if the stable maintainers need patches once the fix is in mainline."""
REQUEST = "r ask for it"
"""The step if the stable maintainers can apply the mainline commit."""
DRAFTED = "0 send the draft"
"""The step once the request is written: Home lists it with the command that sends it."""
ENOUGH = "Cc: stable is enough"
"""The step if the stable maintainers pick up the fix."""
WRITTEN = "patches written: Enter"
"""The step once the patches are written."""
SENT = "wait: patches sent"
"""The step once the patches are known to be sent."""
REASONS = {
    WAITS: ": stable trees take only mainline commits",
    DRAFTED: ": Home has the command that sends it",
    WRITTEN: " opens the branch, with the command that sends them",
}
"""Maps a step to a further explanation, shown if there is space."""
SEARCHES = {
    "none": [
        (
            "search",
            "the fix does not apply even with the missing commits; adapt it manually",
        )
    ],
    "gave-up": [("search", "search for prerequisites timed out")],
}
"""Maps the result of the search for prerequisites to its message; any found have a panel."""
CLEAN = ("clean", "clean-3way")
LABEL = 11
"""Columns for the names of facts."""
FIRST = ("merged as", "why", "failed", "next")
"""The labels of a branch's facts above its conflicts."""
SOON = 183
"""A branch is dimmed when its support ends in fewer days than this, because work on it is hardly
worthwhile.
"""


def _describe_search(branch: "BranchResult") -> "Sequence[tuple[str, str]]":
    """Return the row about a search for prerequisites without a result."""
    if branch.too_large:
        text = f"{branch.too_large.reference} is over a hundred times larger than the fix; adapt it"
        return [("search", text)]
    return SEARCHES.get(str(branch.search), ())


def first_branch_to_show(result: "BackportResult") -> str | None:
    """Return the branch to select first, or None.

    This is the first branch with a conflict or, if there is none, the first branch that needs the
    fix.
    """
    candidates = [branch for branch in result.branches if branch.wants_fix]
    candidates.sort(key=lambda branch: branch.verdict != "conflict")
    return candidates[0].branch if candidates else None


def choose_badge(branch: "BranchResult") -> Badge:
    """Return the badge for a branch's verdict.

    If the stable maintainers reported that the fix failed to apply, the badge is "failed" until
    the branch has the fix or the user resolved the conflict.
    """
    if branch.resolved and branch.wants_fix:
        return RESOLVED
    return FAILED if branch.failed and branch.wants_fix else BADGES[str(branch.verdict)]


def describe_bug_state(branch: "BranchResult") -> str:
    return {True: "yes", False: "no", None: "unknown" if branch.wants_fix else "fixed"}[
        branch.affected
    ]


def format_prerequisite_count(branch: "BranchResult") -> str:
    """Return the number of the fix's prerequisites on this branch, or "" if there are none.

    A star means that only parts of them are needed.
    """
    count = len(branch.prerequisites) if branch.wants_fix else 0
    return f"{count}{'*' if branch.partial else ''}" if count else ""


def support_ends_soon(branch: "BranchResult", today: date) -> bool:
    year, _, month = (branch.ends or "").partition("-")
    if branch.is_over or not (year.isdigit() and month.isdigit()):
        return branch.is_over
    return (date(int(year), int(month), 1) - today).days < SOON


def prerequisite_row(needed: "PrerequisiteNeed", number: int, risk: str, is_ticked: bool) -> Text:
    tick = f"[{glyph('ticked')}]" if is_ticked else "[ ]"
    row = plain_text(
        f"{tick} {number:>2}  {needed.commit[:12]}  {format_count(needed.size, 'line'):>10}  "
    )
    return row.append(fit_text(f"{risk} risk", 11), RISKS[risk]).append(
        plain_text(f"  {needed.subject}")
    )


def explain_verdict(branch: "BranchResult", culprits: Collection[str]) -> str:
    """Return a short reason for a verdict, with the conflict's location or a commit in the branch.

    The commit is the applied fix, or the backport of a commit that introduced the bug. Mainline
    commits that introduced the bug are not repeated here.
    """
    if branch.landed_as:
        return f"applied as {branch.landed_as[:12]}"
    if branch.wants_fix and branch.conflicts:
        conflict, others = branch.conflicts[0], len(branch.conflicts) - 1
        line = f":{conflict.line}" if conflict.line else ""
        return f"{conflict.path.rpartition('/')[2]}{line}{f' and {others} more' if others else ''}"
    return (
        f"bug from {branch.culprit_as[:12]}"
        if branch.culprit_as and branch.culprit_as not in culprits
        else ""
    )


def written_patch_rows(backports: "Sequence[WrittenBackport]") -> list[str]:
    """Return rows with the files written for each branch, or the reason why none were written.

    Except in the demo, add the commands that send them.
    """
    from patchpilot.backports.write import format_send_commands

    rows, skipped = [], dict[str, list[str]]()
    for backport in backports:
        if backport.files:
            folder = backport.files[0].parent
            names = (f"  {file.name}" for file in backport.files)
            rows += [f"{backport.branch}, in {folder}:", *names]
        else:
            reason = replace_commands(backport.skipped, Stage.BACKPORTS)
            skipped.setdefault(reason, []).append(backport.branch)
    for reason, branches in skipped.items():
        rows += [""] if rows else []
        rows.append(f"no patch for {', '.join(branches)}: {reason}")
    if commands := format_send_commands(backports):
        order_text = ", the latest branch first" if len(commands) > 1 else ""
        is_signed = all(backport.is_signed for backport in backports if backport.send)
        rows += [
            "",
            (
                "They have your Signed-off-by."
                if is_signed
                else "They lack your Signed-off-by: add it before you send them."
            ),
            f"Read them, then send them{order_text}; To:, Cc: and In-Reply-To: are in them.",
            *shell_command_rows(commands),
        ]
    return rows


SHELL = "In a shell (Ctrl-Z suspends patchpilot, fg resumes it):"
DEMO = f"Esc, then M sends them. {NO_MAIL_IN_DEMO}"


def shell_command_rows(commands: Iterable[str]) -> list[str]:
    return [DEMO] if is_in_demo() else [SHELL, *(f"  {command}" for command in commands)]


def describe_resolution(resolution: "ConflictResolution") -> list[str]:
    """Describe a conflict that is being resolved in a clone: its location and state, the next step,
    and the patches once they are written.

    In the demo, the patches are not sent.
    """
    if resolution.files:
        return [
            (
                f"The conflict on {resolution.branch} is resolved. The clone has these commits"
                f" on top of the branch, oldest first:"
            ),
            *(f"  {commit}" for commit in resolution.commits),
            f"  ({resolution.folder})",
            "",
            "The patches are written, with To:, Cc: and In-Reply-To:",
            f"  {resolution.files[0].parent}",
            *(f"    {file.name}" for file in resolution.files),
            "",
            *shell_command_rows(
                replace_commands(line, Stage.BACKPORTS) for line in resolution.advice
            ),
        ]
    return [
        f"The conflict on {resolution.branch} is in this clone:",
        f"  {resolution.folder}",
        "",
        SHELL,
        *(f"  {line}" for line in resolution.advice),
        "",
        "After you resolve it, press a here to continue.",
    ]

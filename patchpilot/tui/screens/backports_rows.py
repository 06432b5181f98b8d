# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the backports stage.

They show the verdict for a branch, the next action, and the patches written for the branch.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.backports.branch_choices import (
    BranchChoices,
    WrittenPatches,
    read_branch_choices,
)
from patchpilot.backports.branch_rows import DETAIL_KEYS, FIX_KEYS, format_fix_rows
from patchpilot.backports.branch_step import REQUESTABLE, RESTING, WAITING, StepKind
from patchpilot.model.fact_row import FactRow, Tone
from patchpilot.model.printable import width
from patchpilot.resources import NO_DRAFTS_IN_DEMO, NO_MAIL_IN_DEMO
from patchpilot.settings.read_settings import is_in_demo_tour
from patchpilot.tui.screens.follow_rows import named_fact_rows
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    HEADING,
    color_diff_line,
    fit_text,
    plain_text,
)
from patchpilot.tui.view.session import JobRequest, Session
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.panel import WIDE

if TYPE_CHECKING:
    from patchpilot.backports.branch_result import BranchResult
    from patchpilot.backports.result import BackportResult
    from patchpilot.backports.work_clone import ConflictResolution
    from patchpilot.backports.write import WrittenBackport

StepKeys = Mapping[StepKind, str]
NARROW = 100
"""Minimum number of columns for showing a branch's full name instead of only its version."""
GAP = 2
"""Columns between two cells."""
EDGE = 5
"""Columns of a panel's border and a scrollbar."""
STEP_KEYS = {
    StepKind.FETCH: "g",
    StepKind.IDENTIFY: str(Stage.TAGS.number),
    StepKind.REQUEST: "r",
    StepKind.SEND_REQUEST: "0",
    StepKind.WRITE: "w",
    StepKind.SEND: "Enter shows how to",
    StepKind.OPEN: "a shows how to",
    StepKind.RESOLVE: "a",
    StepKind.ADAPT: "a",
}
"""Maps a step to its key, which comes before the words of the step."""


def build_table(
    choices: BranchChoices, columns: int, keys: StepKeys = STEP_KEYS
) -> tuple[Text, list[Text]]:
    """Return the table's titles and a row for each branch, fitted to a number of columns.

    Empty columns are omitted; the last column gets the remaining width.
    """
    cells = [_read_cells(choices, branch, columns, keys) for branch in choices.result.branches]
    texts = {title: [row[title][0] for row in cells] for title in TABLE}
    if columns < WIDE and any(texts["what to do"]):
        del texts["why"]
    shown_columns = {title: column for title, column in texts.items() if any(column)}
    widths = [max(map(width, (title, *column))) + GAP for title, column in shown_columns.items()]
    if widths:
        widths[-1] += columns - sum(widths)
    titles = "".join(map(fit_text, shown_columns, widths))
    rows = []
    for row_cells in cells:
        row = Text(no_wrap=True)
        for title, cell_width in zip(shown_columns, widths, strict=True):
            text, style = row_cells[title]
            row.append(fit_text(text, cell_width), style)
        rows.append(row)
    return plain_text(titles, HEADING), rows


def _read_cells(
    choices: BranchChoices, branch: "BranchResult", columns: int, keys: StepKeys
) -> dict[str, tuple[str, str]]:
    """Return the text and the style of each cell of a branch.

    The branch is dim if its support ends soon, but not its verdict.
    """
    rows = {row.key: row for row in choices.find_rows(branch)}
    ends = rows.get("until")
    base_style = "dim" if ends and ends.tone is Tone.QUIET else ""
    cells = {}
    for title, key in TABLE.items():
        is_short = key == "branch" and columns < NARROW and "version" in rows
        row = rows.get("version" if is_short else key)
        text, style = row.text if row else "", base_style
        if key == "verdict":
            sign, style = LOOKS[rows[key].tone]
            text = f"{glyph(sign)} {text}"
        elif key == "next":
            text = format_step(choices, branch, keys)
        cells[title] = text, style
    return cells


def format_step(choices: BranchChoices, branch: "BranchResult", keys: StepKeys = STEP_KEYS) -> str:
    """Return the next step for a branch, with its key."""
    step = choices.find_step(branch)
    return f"{keys.get(step.kind, '')} {step.text}".strip()


def read_session_choices(
    session: Session,
    result: "BackportResult",
    left_out: Mapping[str, frozenset[str]],
    written_for: WrittenPatches,
) -> BranchChoices:
    return read_branch_choices(
        result,
        left_out,
        written_for,
        session.last_result(Stage.FOLLOW) or (),
        session.seen_in,
        NO_DRAFTS_IN_DEMO if is_in_demo_tour() else "",
    )


TABLE = {
    "branch": "branch",
    "the fix": "verdict",
    "bug": "bug",
    "needs": "needs",
    "until": "until",
    "why": "short",
    "what to do": "next",
}
"""Maps the titles of the table to the keys of the rows; narrow terminals show the version."""
PAGE_START = ("merged", "why", "failed", "next")
"""The keys of the rows above the conflicts."""
PANEL = ("prerequisite",)
"""The keys of the rows in the panel of prerequisites."""
_NOT_AT_END = {*PAGE_START, *PANEL, "conflict", "prerequisites"}
PAGE_END = ("applied", *(key for key in DETAIL_KEYS if key not in _NOT_AT_END))
"""The keys of the rows below the conflicts."""
FIX_END = FIX_KEYS[1:]
"""The keys of the fix's rows at the end of the page of each branch."""
SHELL_ROWS = ("command",)
LOOKS = {
    Tone.PLAIN: ("dot", ""),
    Tone.GOOD: ("done", "green"),
    Tone.MERGE: ("merge", "cyan"),
    Tone.BAD: ("blocked", "bold red"),
    Tone.UNKNOWN: ("unknown", "yellow"),
    Tone.QUIET: ("nothing", "dim"),
}
"""Maps the tone of a row to its sign and style."""


def branch_page_rows(
    choices: BranchChoices, branch: "BranchResult", columns: int, keys: StepKeys = STEP_KEYS
) -> list[Text]:
    """Return the page of a branch: why and what to do, the conflicts, and everything else."""
    all_rows = choices.find_rows(branch)
    page = _format_facts(choices, branch, PAGE_START, columns, keys)
    if conflicts := [row for row in all_rows if row.key == "conflict"]:
        page += [Text(), plain_text("From the branch (-) to the fix (+):")]
        for row in conflicts:
            page += map(color_diff_line, (f"@@ {row.text} @@", *row.lines))
    if more := _format_facts(choices, branch, PAGE_END, columns, keys):
        page += [Text(), *more]
    lines = [f"  {row.text}" for row in all_rows if row.key in SHELL_ROWS]
    if lines:
        lines.insert(0, "In a shell:")
    if command := choices.find_step(branch).send_command:
        lines = shell_command_rows([command])
    if lines:
        page += map(plain_text, ["", *lines])
    return page


def _format_facts(
    choices: BranchChoices,
    branch: "BranchResult",
    names: Collection[str],
    columns: int,
    keys: StepKeys,
) -> list[Text]:
    rows = [row for row in choices.find_rows(branch) if row.key in names]
    if names is PAGE_START:
        rows.sort(key=lambda row: PAGE_START.index(row.key))
    else:
        rows += (row for row in format_fix_rows(choices.result) if row.key in FIX_END)
    facts = []
    for row in rows:
        text = format_step(choices, branch, keys) if row.key == "next" else row.text
        text += f": {row.detail}" if row.detail else ""
        facts.append((row.label or "note", text))
        facts += (("", line) for line in row.lines)
    return named_fact_rows(facts, columns, name_columns=LABEL)


def load_stage(request: JobRequest) -> "tuple[BackportResult, StageStatus]":
    """Return the result of `patchpilot backport` for the selected commit.

    If the commit has no Fixes: tag, use the candidate from the tags stage, provided that it is
    certain.
    """
    from patchpilot.backports.topic import compute_topic_backports

    settings = request.session.read_settings(request.repository)
    likely = request.session.likely
    result = compute_topic_backports(
        request.repository,
        settings,
        request.commit,
        likely,
        request.progress,
        [commit.id for commit in request.topic.commits],
    )
    request.session.reports = result.reports
    note = result.describe_needs()
    if result.asked and result.commit:
        note = f"mainline {result.short}: {note}"
    press_tags = f"press {Stage.TAGS.number}"
    choices = read_session_choices(request.session, result, {}, {})
    kinds = choices.step_kinds()
    state = _find_state(kinds)
    if result.unfetched:
        state = StageState.TODO
        note = f"no stable branch has been fetched; press {Stage.BACKPORTS.number}"
    elif not result.branches:
        state, note = StageState.NOTHING, result.rules[0]
    elif StepKind.SEND_REQUEST in kinds:
        note = f"the request is a draft; {choices.unsendable or 'press 0 to send it'}"
    elif StepKind.REQUESTED in kinds and kinds.isdisjoint(REQUESTABLE):
        note = f"request sent: {note}"
    elif StepKind.IDENTIFY in kinds and not result.culprits:
        if StepKind.REQUEST not in kinds:
            note = f"unknown introducing commit; {press_tags} to choose it"
    elif likely and not request.session.chosen_culprit:
        # leave out the commit, because the line above the ruler names it
        note = f"likely: {note}; {press_tags} to confirm"
        if not request.topic.is_merged:
            # no tag can be added to a merged commit, and its branches can be asked already
            state = StageState.OFFERED
    return result, StageStatus(state, note)


def _find_state(kinds: Collection[StepKind]) -> StageState:
    """Return the state of the stage with these next steps of its branches."""
    if not set(kinds).issubset(RESTING):
        return StageState.TODO
    return StageState.DONE if set(kinds).isdisjoint(WAITING) else StageState.WAITING


LABEL = 14
"""Columns for the labels of rows."""


def first_branch_to_show(result: "BackportResult") -> str | None:
    """Return the branch to select first, or None.

    This is the first branch with a conflict or, if there is none, the first branch that needs the
    fix.
    """
    candidates = (branch for branch in result.branches if branch.wants_fix)
    first = min(candidates, key=lambda branch: branch.verdict != "conflict", default=None)
    return first.branch if first else None


def prerequisite_row(row: FactRow, number: int, is_ticked: bool) -> Text:
    tick = f"[{glyph('ticked')}]" if is_ticked else "[ ]"
    risk = fit_text(row.label, 11), LOOKS[row.tone][1]
    return Text.assemble(f"{tick} {number:>2}  ", risk, plain_text(f"  {row.text}"))


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
        is_reply = any(backport.answers for backport in backports if backport.send)
        headers = "To:, Cc: and In-Reply-To:" if is_reply else "To: and Cc:"
        is_signed = all(backport.is_signed for backport in backports if backport.send)
        rows += [
            "",
            (
                "They have your Signed-off-by."
                if is_signed
                else "They lack your Signed-off-by: add it before you send them."
            ),
            f"Read them, then send them{order_text}; {headers} are in them.",
            *shell_command_rows(commands),
        ]
    return rows


SHELL = "In a shell (Ctrl-Z suspends patchpilot, fg resumes it):"


def shell_command_rows(commands: Iterable[str]) -> list[str]:
    return (
        [NO_MAIL_IN_DEMO]
        if is_in_demo_tour()
        else [SHELL, *(f"  {command}" for command in commands)]
    )


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
            "The patches are written, with their headers:",
            f"  {resolution.files[0].parent}",
            *(f"    {file.name}" for file in resolution.files),
            "",
            *shell_command_rows(
                replace_commands(line, Stage.BACKPORTS) for line in resolution.advice
            ),
            "",
            "To write the patches again after a change, press Esc, then a.",
        ]
    return [
        f"The conflict on {resolution.branch} is in this clone:",
        f"  {resolution.folder}",
        "",
        SHELL,
        *(f"  {line}" for line in resolution.advice),
        "",
        "After you resolve it, press Esc, then a to continue.",
    ]

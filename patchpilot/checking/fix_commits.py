# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply fixes to commits.

Later commits are rewritten as well, the branch and its files are updated, and the rewrite can be
undone.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from patchpilot.checking.fix_files import FixDirectory, PatchText
from patchpilot.commits import move_branch, rewrite
from patchpilot.commits.rebase_edits import (
    LineEdit,
    apply_line_edits,
    carry_edits_over,
    split_file_lines,
    write_edited_tree,
)
from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite_hooks import describe_untrusted_hook
from patchpilot.errors import RefusedError, UsageError
from patchpilot.lint.fixing.try_fixes import FixOutcome
from patchpilot.model.mail import strip_trailing_blank_lines
from patchpilot.model.patch import FileChange, Patch
from patchpilot.topic.base import list_topic_commits
from patchpilot.topic.read_series import parse_title_line

VERB = "check --fix"
_GERRIT = (
    "Change-Id: kept, because Gerrit identifies the commit by it; remove it from the patch files"
    " (check --fix of these does)"
)
_NO_FILE = "a commit message is not a file: without --no-commit, --fix changes it"
_MERGE = "changes in a merge commit itself are not fixed; repeat the merge, or add a commit"
Edits = dict[str, tuple[LineEdit, ...]]


class Ready(NamedTuple):
    """A rewrite that passed all safety checks: its branch, messages, commits and edits."""

    messages: Mapping[str, str]
    ref: str | None
    head: str
    changed: tuple[str, ...]
    oldest: tuple[str, ...]
    states: Mapping[str, Edits]


class CommitRewrite(NamedTuple):
    """The destination of fixes in commits.

    If `is_committed` is not set, only files of the working tree are written.
    """

    repository: Repository
    base: str | None
    targets: Sequence[str]
    is_committed: bool = True

    def refuse_early(self, overrides: Collection[str]) -> None:
        """Raise an error for problems that block all fixes, before any other work is done.

        This is `UsageError` for a merge, and `RefusedError` if rewriting is not safe. Safety is
        checked only for the latest commit of a TARGET, which is always rewritten.
        """
        repository = self.repository
        newest = ""
        for target in self.targets or (None,):
            found = list_topic_commits(repository, target, self.base)
            for id_ in found:
                if len(repository.commit(id_).parents) > 1:
                    raise UsageError(
                        f"{id_[:12]} is a merge commit, which has no patch",
                        hint="pass the commit that makes the change, or a range A..B",
                    )
            newest = found[-1] if found else ""
        if not self.is_committed:
            return
        ref, head = self._branch()
        # if there are several TARGETs, some may have nothing to fix
        oldest = [newest] if newest and len(self.targets) < 2 else []
        if oldest:
            rewrite.list_commits_above(repository, ref, head, oldest)
        rewrite.refuse_unsafe_rewrite(repository, ref, head, oldest, overrides)

    def _branch(self) -> tuple[str | None, str]:
        named = self.targets[0].rpartition("..")[2] if len(self.targets) == 1 else None
        return rewrite.find_branch_to_rewrite(self.repository, named or None)

    def fixable_lines(self, patch: Patch) -> FixDirectory:
        """Return the lines of a patch that may be fixed.

        These are the lines found in the commit's message and files.
        """
        if patch.is_merge:
            return FixDirectory(refused=_MERGE)
        commit = self.repository.commit(patch.commit or "")
        subject_line = self._subject_line(patch, commit.message)
        body = _message_body(commit.message)
        message_lines = range(0)
        if body is not None and tuple(strip_trailing_blank_lines(body)) == patch.message:
            message_lines = range(
                patch.message_line - 1, patch.message_line - 1 + len(patch.message)
            )
        is_complete = self._contains_added_lines(patch)
        kept = {
            line: _GERRIT
            for line in message_lines
            if patch.lines[line].lstrip().lower().startswith("change-id:")
        }
        if not self.is_committed:
            kept = dict.fromkeys((*message_lines, subject_line or 0), _NO_FILE)
        return FixDirectory(
            may_touch=lambda line: (
                line == subject_line
                or line in message_lines
                or (is_complete and line >= patch.diff_line - 1)
            ),
            kept=kept,
        )

    def _subject_line(self, patch: Patch, message: str) -> int | None:
        first, _, rest = message.partition("\n")
        number = patch.header_line("Subject")
        is_one_line = not rest or rest.startswith("\n")
        is_same = number and parse_title_line(patch.lines[number - 1]) == first
        return number - 1 if is_same and is_one_line else None

    def _contains_added_lines(self, patch: Patch) -> bool:
        for change in patch.files:
            if change.is_binary or not change.added:
                continue
            data = self.repository.blob(patch.commit or "", change.path)
            lines = split_file_lines(data) if data is not None else []
            for line in change.lines("+"):
                at = (line.new_line or 0) - 1
                if not 0 <= at < len(lines) or lines[at].removesuffix(b"\n") != line.text.encode(
                    "utf-8", "surrogateescape"
                ):
                    return False
        return True

    def changed_texts(self, patch: Patch, outcome: FixOutcome) -> tuple[PatchText, ...]:
        commit = self.repository.commit(patch.commit or "")
        texts = []
        message = _fixed_message(commit.message, patch, outcome)
        if message != commit.message:
            texts.append(
                PatchText(
                    f"{commit.id[:12]}/COMMIT_MSG",
                    tuple(commit.message.split("\n")),
                    tuple(message.split("\n")),
                )
            )
        for path, edits in own_edits(outcome).items():
            data = self.repository.blob(commit.id, path) or b""
            texts.append(
                PatchText(
                    path,
                    _decode_lines(data),
                    _decode_lines(apply_line_edits(data, edits)),
                )
            )
        return tuple(texts)

    def ready(
        self,
        outcomes: Sequence[tuple[Patch, FixOutcome]],
        overrides: Collection[str],
    ) -> Ready:
        """Check that the fixes may be written; raise `RefusedError` if rewriting is not safe."""
        messages: dict[str, str] = {}
        edits_by_commit: dict[str, Edits] = {}
        for patch, outcome in outcomes:
            commit = self.repository.commit(patch.commit or "")
            message = _fixed_message(commit.message, patch, outcome)
            if message != commit.message:
                messages[commit.id] = message
            if edits := own_edits(outcome):
                edits_by_commit[commit.id] = edits
        ref, head = self._branch()
        changed = tuple(dict.fromkeys((*messages, *edits_by_commit)))
        above = rewrite.list_commits_above(self.repository, ref, head, changed)
        oldest = tuple([id_ for id_ in above if id_ in changed][:1])
        if self.is_committed:
            rewrite.refuse_unsafe_rewrite(self.repository, ref, head, oldest, overrides)
        states = self._carry_edits(edits_by_commit, above)
        move_branch.refuse_dirty_files(self.repository, ref, tuple(states.get(head, {})))
        return Ready(messages, ref, head, changed, oldest, states)

    def write(self, ready: Ready, overrides: Collection[str]) -> dict[str, Any]:
        """Write the new commits, and update the branch and its files.

        Return the name of the branch (`written`), the `undo` record, the `costs` for others, and
        the new commit `ids`. Raise `RefusedError` if rewriting is no longer safe.
        """
        repository, ref, head = self.repository, ready.ref, ready.head
        if not self.is_committed:
            return {"written": self._write_files(ready)}
        rewrite.refuse_unsafe_rewrite(repository, ref, head, ready.oldest, overrides)
        trees = {
            id_: write_edited_tree(repository, id_, edits)
            for id_, edits in ready.states.items()
            if edits
        }
        rewriting = rewrite.rewrite_commits(repository, ref, head, ready.messages, trees)
        undo = move_branch.apply_branch_move(repository, rewriting, VERB)
        return {
            "written": (ref.removeprefix("refs/heads/") if ref else "HEAD",),
            "undo": undo,
            "costs": (
                *rewrite.describe_rewrite_costs(rewriting, len(ready.changed)),
                *describe_untrusted_hook(repository),
            ),
            "ids": rewriting.commits,
        }

    def _write_files(self, ready: Ready) -> tuple[str, ...]:
        """Write the edits to the files of the working tree, and return their paths."""
        edits = ready.states.get(ready.head, {})
        if rewrite.find_current_ref(self.repository) != ready.ref or self.repository.bare:
            raise RefusedError(
                "the commits are not on the branch that is checked out",
                hint="check it out first (git switch)",
            )
        if edits:
            tree = write_edited_tree(self.repository, ready.head, edits)
            source = f"--source={tree}"
            self.repository.git("restore", source, "--worktree", "--", *edits, runs_filters=True)
        return tuple(edits)

    def _carry_edits(
        self, of_commits: Mapping[str, Edits], above: Sequence[str]
    ) -> dict[str, Edits]:
        """Map each commit to the edits of its files, including the edits inherited from its
        ancestors.
        """
        edits_by_commit: dict[str, Edits] = {}
        for id_ in above:
            parents = self.repository.commit(id_).parents
            with_edits = [parent for parent in parents if edits_by_commit.get(parent)]
            if with_edits and len(parents) > 1:
                raise RefusedError(
                    f"{id_[:12]} is a merge of a commit whose files would change",
                    hint="fix the commits before they are merged, or in a new commit",
                )
            edits: Edits = (
                carry_edits_over(
                    self.repository, with_edits[0], id_, edits_by_commit[with_edits[0]]
                )
                if with_edits
                else {}
            )
            for path, new_edits in of_commits.get(id_, {}).items():
                inherited = (
                    old
                    for old in edits.get(path, ())
                    if not any(old.first <= new.last and new.first <= old.last for new in new_edits)
                )
                edits[path] = (*inherited, *new_edits)
            if edits:
                edits_by_commit[id_] = edits
        return edits_by_commit


def own_edits(outcome: FixOutcome) -> Edits:
    """Return the edits to a commit's files that produce its fixed patch.

    Adjacent lines are combined into one edit.
    """
    fixed_lines = _fixed_lines(outcome)
    unchanged = set(outcome.draft.origin)
    edits = {
        change.path: tuple(_file_edits(change, outcome.original.lines, fixed_lines, unchanged))
        for change in outcome.original.files
    }
    return {path: edits_of_file for path, edits_of_file in edits.items() if edits_of_file}


def _fixed_lines(outcome: FixOutcome) -> dict[int, list[str]]:
    """Map the index of each line on the patch's new side to the fixed lines that replace it."""
    patch, draft = outcome.original, outcome.draft
    fixed_lines: dict[int, list[str]] = {}
    headers = {hunk.patch_line - 1 for change in patch.files for hunk in change.hunks}
    waiting: list[str] = []
    last: int | None = None
    for text, origin in zip(draft.patch.lines, draft.origin, strict=True):
        if origin in headers:
            last = None
        elif origin >= patch.diff_line and patch.lines[origin][:1] in ("+", " "):
            # a realigned line was removed and added again
            fixed_lines[origin] = [*waiting, *(() if text.startswith("-") else (text,))]
            waiting, last = [], origin
        elif origin < 0 and text.startswith("+"):
            # attach an added line to the line above it or, at the start of a hunk, to the line
            # below
            (fixed_lines[last] if last is not None else waiting).append(text)
    return fixed_lines


def _file_edits(
    change: FileChange,
    lines: Sequence[str],
    fixed_lines: Mapping[int, list[str]],
    unchanged: set[int],
) -> list[LineEdit]:
    edits: list[LineEdit] = []
    for line in (line for hunk in change.hunks for line in hunk.lines):
        at = line.patch_line - 1
        if line.kind not in ("+", " ") or line.new_line is None:
            continue
        replacement = fixed_lines.get(at, [])
        unended = at + 1 < len(lines) and lines[at + 1].startswith("\\")
        stays_unended = unended and at + 1 in unchanged
        if replacement == [lines[at]] and unended == stays_unended:
            continue
        texts = [text[1:].encode("utf-8", "surrogateescape") + b"\n" for text in replacement]
        if texts and stays_unended:
            texts[-1] = texts[-1][:-1]
        if edits and edits[-1].last == line.new_line - 1:
            edits[-1] = LineEdit(edits[-1].first, line.new_line, (*edits[-1].lines, *texts))
        else:
            edits.append(LineEdit(line.new_line, line.new_line, tuple(texts)))
    return edits


def _fixed_message(message: str, patch: Patch, outcome: FixOutcome) -> str:
    new = outcome.draft.patch
    old = message.partition("\n\n")[0].rstrip("\n")
    number = new.header_line("Subject")
    line = new.lines[number - 1] if number else ""
    subject = (line not in patch.lines and parse_title_line(line)) or old
    if new.message == patch.message:
        return subject + message[len(old) :]
    return f"{subject}\n\n" + "\n".join(new.message) + "\n"


def _message_body(message: str) -> list[str] | None:
    """Return the lines below the subject, without leading blank lines."""
    _, gap, body = message.partition("\n\n")
    return body.lstrip("\n").split("\n") if gap else None


def _decode_lines(data: bytes) -> tuple[str, ...]:
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    return tuple(lines[:-1] if lines[-1] == "" else lines)

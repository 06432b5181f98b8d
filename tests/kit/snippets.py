# SPDX-License-Identifier: GPL-2.0-or-later
"""Expand the examples in rule packs to complete patches, with their history and builds."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from patchpilot.building.diagnostics import read_diagnostics
from patchpilot.building.new_diagnostics import find_new_diagnostics, problem_of
from patchpilot.history.earlier_fixes import EarlierFix, StableBase, UpstreamState
from patchpilot.lint import example_patch
from patchpilot.lint.example_patch import (
    COMMIT,
    HUNK,
    PATH,
    PROSE,
    SIGN_OFF,
    SUBJECT,
    MemoryTree,
    build_example_diff,
    build_example_mail,
    build_file_diff,
    fill_in_diff_ranges,
    mail,
)
from patchpilot.lint.lint_context import Context
from patchpilot.model.address import Address, parse_address
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.commit import Commit, CommitForm
from patchpilot.model.follow_up import Follower
from patchpilot.model.origin import AddedCall, Difference, Origin
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Example

__all__ = [
    "COMMIT",
    "HUNK",
    "PATH",
    "PROSE",
    "SIGN_OFF",
    "SUBJECT",
    "MemoryHistory",
    "MemoryTree",
    "build_context",
    "build_example_diff",
    "build_example_mail",
    "build_file_diff",
    "fill_in_diff_ranges",
    "mail",
]


class MemoryHistory:
    """A history that consists of full commit ids and subjects.

    All commits are in mainline and in v6.1. A subject may be followed by " <- " and a committer, or
    by the names of tags: "frob: a | Fixes Signed-off-by".
    """

    def __init__(self, commits: Mapping[str, str]) -> None:
        self._commits = commits

    def find_commit(self, prefix: str) -> Commit | None:
        """Return the commit whose id starts with `prefix`."""
        full_id = next(
            (commit for commit in self._commits if commit.startswith(prefix.lower())),
            None,
        )
        if full_id is None:
            return None
        author = Address("Ada Fixer", "ada@example.org")
        when = datetime(2026, 1, 1, tzinfo=UTC)
        subject, _, committer = self._commits[full_id].partition(" <- ")
        return Commit(
            full_id,
            full_id,
            (),
            author,
            when,
            parse_address(committer) or author,
            when,
            f"{subject}\n",
        )

    def is_complete(self) -> bool:
        """Return True, because the table contains all commits."""
        return True

    def list_commit_forms(self, folder: str) -> Sequence[CommitForm]:
        """Return all subjects, regardless of `folder`."""
        return [(subject, (), "") for subject in self._commits.values()]

    def is_ancestor_of_mainline(self, commit_id: str) -> bool | None:
        """Return whether the table contains the commit."""
        return commit_id in self._commits

    def find_mainline_commit(self, commit_id: str) -> Commit | None:
        """Return None, because the table contains no backports."""
        return None

    def compare_with_origin(self, patch: Patch) -> Origin | None:
        """Return the origin that is given in parentheses at the end of a subject."""
        for id_, subject in self._commits.items():
            words = subject.rpartition("(")[2].rstrip(")").split()
            kinds = {"line": "changed"}
            differences = tuple(
                Difference(kinds.get(word, word), f"{word} differs", "", None, patch.message_line)
                for word in words[-2:-1]
                if words[-1] == "differs"
            )
            reverts = (Follower("b" * 40, "frob: wait", "revert", id_),)
            follow_ups = reverts if words == ["reverted"] else ()
            call = AddedCall("frob_up", patch.paths[0], 1, patch.diff_line) if patch.paths else None
            calls = (call,) if call and words == ["unknown"] else ()
            if differences or follow_ups or calls:
                commit = self.find_commit(id_)
                assert commit is not None
                return Origin(commit, "lines", "", differences, follow_ups, calls)
        return None

    def is_ancestor(self, ancestor_id: str, descendant_id: str) -> bool | None:
        """Return whether the table contains the ancestor. Its commits are ancestors of every
        commit.
        """
        return ancestor_id in self._commits

    def list_removed_lines(self, commit_id: str, patch: Patch) -> frozenset[tuple[str, str]]:
        """Return nothing, because the table contains no changes."""
        return frozenset()

    def list_changed_paths(self, commit_id: str) -> frozenset[str]:
        """Return nothing, because the table contains no changes."""
        return frozenset()

    def first_release(self, commit_id: str) -> str | None:
        """Return v6.1 for a commit in the table."""
        return "v6.1" if commit_id in self._commits else None

    def upstream_state(self, patches: Sequence[Patch]) -> UpstreamState:
        """Return the upstream state that is given in parentheses at the end of subjects."""
        subjects = [(id_, subject) for id_, subject in self._commits.items() if "(s" in subject]
        earlier_fixes = [
            EarlierFix(id_, subject, "v6.1", True, subject.endswith("(same change)"))
            for id_, subject in subjects
            if subject.endswith(("(same change)", "(same lines)"))
        ]
        has_stable_base = any(subject.endswith("(stable base)") for _, subject in subjects)
        return UpstreamState(
            tuple((earlier_fixes[0] if earlier_fixes else None) for _ in patches),
            StableBase("6.1", COMMIT, "origin/master") if has_stable_base else None,
        )


def build_context(example: Example) -> Context:
    """Return the context for checking an example, with its history and the results of its build."""
    context = example_patch.build_context(
        example, MemoryHistory(example.history) if example.history else None
    )
    context.built = tuple(_parse_build_problems(example, context.patch))
    return context


def _parse_build_problems(example: Example, patch: Patch) -> Iterator[BuildProblem]:
    old_diagnostics = read_diagnostics(example.build_before.split("\n"), "")
    new_diagnostics = read_diagnostics(example.build.split("\n"), "")
    for diagnostic in find_new_diagnostics(old_diagnostics, new_diagnostics, patch.files):
        yield problem_of(diagnostic, patch.files)
    if example.problem:
        problem_kind, _, problem_text = example.problem.partition(": ")
        yield BuildProblem(
            problem_kind,
            problem_text,
            patch_line=next(patch.files[0].lines()).patch_line,
        )

# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the input of detectors: a patch, its series, the tree and facts from history.

Each of these is read once.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from functools import wraps
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    NamedTuple,
    ParamSpec,
    Protocol,
    TypeVar,
)

from patchpilot.lint.checkpatch_conf import CheckpatchConf
from patchpilot.model.commit import CommitForm
from patchpilot.model.patch import Patch, Series
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Severity
from patchpilot.projects.loading import newest_kernel

if TYPE_CHECKING:
    from patchpilot.history.earlier_fixes import UpstreamState
    from patchpilot.model.build_problem import BuildProblem
    from patchpilot.model.commit import Commit
    from patchpilot.model.origin import Origin
    from patchpilot.model.source_tree import Tree
    from patchpilot.projects.project import Project

SOON = 1.0
"""Seconds of checking one patch after which progress is reported."""


class HistoryFacts(Protocol):
    """The queries about a repository's history available to detectors.

    The services implement this protocol. Without a repository, rules about history report nothing.
    """

    def find_commit(self, word: str) -> "Commit | None":
        """Return the commit with this abbreviated id, or None."""

    def complete_history_hint(self) -> str:
        """Return a hint for completing the history of a shallow clone."""

    def is_complete(self) -> bool:
        """Return whether the repository has its full history and is not a shallow clone."""

    def list_commit_forms(self, folder: str) -> Sequence[CommitForm]:
        """Return the forms of the latest commits to a directory, latest first."""

    def is_ancestor_of_mainline(self, commit_id: str) -> bool | None:
        """Return whether the commit is in mainline, or None if unknown."""

    def find_mainline_commit(self, commit_id: str) -> "Commit | None":
        """Return the mainline commit of a backport, or None for other commits."""

    def compare_with_origin(self, patch: Patch) -> "Origin | None":
        """Compare a backport with the commit that its message names, or return None."""

    def is_ancestor(self, old: str, new: str) -> bool | None:
        """Return whether `old` is `new` or one of its ancestors, or None if unknown."""

    def list_removed_lines(self, commit_id: str, patch: Patch) -> Collection[tuple[str, str]]:
        """Return the path and text of each line that a commit removed from the patch's files.

        Return nothing unless the commit is known and the patch is based on it.
        """

    def list_changed_paths(self, commit_id: str) -> Collection[str]:
        """Return the paths of the files that a commit changes, or nothing if it is unknown."""

    def first_release(self, commit_id: str) -> str | None:
        """Return the first release tag that contains the commit, or None if it is unreleased or
        unknown.
        """

    def upstream_state(self, patches: Sequence[Patch]) -> "UpstreamState":
        """Return which patches of a series are already in mainline or the fetched trees."""

    def needs_no_backport(self, patch: Patch, project: "Project") -> bool:
        """Return whether no stable tree needs the fix."""


class OwnPack(NamedTuple):
    """A rule pack of the user or a tree: its label in error messages, and its text."""

    label: str
    text: bytes


class SettingsInUse(NamedTuple):
    """The origin of a check's settings.

    `files` contains the rule packs, projects and subsystems that the tree's settings name. `commit`
    contains these settings, and `conf_commit` the .checkpatch.conf of the check; they are None if
    no commit that is checked can change them.
    """

    files: Collection[str] = ()
    commit: str | None = "HEAD"
    conf_commit: str | None = None


class Options(NamedTuple):
    """The options of a check.

    `origins` contains the origin of each value that is not a default. Without a `profile`, the
    project is detected. `noise` is the average number of findings that the shown rules may have on
    an accepted patch without `strict`; by default, it depends on the experience of the user.
    `fail_on` is the lowest severity that makes the run fail. `kernel` is the version that selects
    the rules for code. `newest` is the version for messages, if it is different. The tree's own
    version takes precedence over the default. `data_dir` contains spelling.txt and
    const_structs.checkpatch. `checkpatch` runs the tree's own script, and `checkers` runs external
    programs. `conf` contains the options in .checkpatch.conf; if it is None, a run reads the tree's
    file. `proposes_edits` adds the edits of safe fixes to the findings, and `maps_to_tip` their
    positions in the last commit of a range. If `whole_files` is set,
    each patch is a whole file without changes, as with checkpatch.pl -f; with `changed_lines`,
    findings on other lines are dropped. Findings whose rule and
    severity are in `hidden` are counted but left out. Those in `uncounted` are shown to newcomers
    only, and do not change the exit code; it is None unless `experience` (one of
    `config.EXPERIENCES`) is "newcomer". If `as_checkpatch` is set, the
    findings of checkpatch.pl are added, and have its severities. `settings` are the origin of the
    tree's settings. If `reads_plainly` is set,
    --strict shows all findings, but reads patches as without it.
    """

    strict: bool = False
    hidden: Collection[tuple[str, Severity]] = ()
    uncounted: Collection[tuple[str, Severity]] | None = None
    experience: str = "regular"
    as_checkpatch: bool = False
    max_line_length: int = 100
    kernel: tuple[int, int] = newest_kernel()
    newest: tuple[int, int] | None = None
    profile: str = ""
    data_dir: Path | None = None
    checkpatch_compat: bool = False
    whole_files: bool = False
    changed_lines: bool = False
    noise: float | None = None
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    fail_on: str = "warning"
    jobs: int = 1
    checkpatch: bool = False
    checkers: bool = False
    packs: Sequence[OwnPack] = ()
    conf: CheckpatchConf | None = None
    proposes_edits: bool = False
    maps_to_tip: bool = False
    origins: Mapping[str, str] = {}
    settings: SettingsInUse = SettingsInUse()
    reads_plainly: bool = False

    def is_default(self, name: str) -> bool:
        return name not in self.origins and getattr(self, name) == getattr(DEFAULTS, name)

    @property
    def matches_script(self) -> bool:
        """Return whether the findings must match checkpatch.pl, including its mistakes."""
        is_strict = self.strict and not self.reads_plainly
        return is_strict or self.as_checkpatch or self.checkpatch_compat

    @property
    def tab_size(self) -> int:
        """Return the number of columns between tab stops."""
        return (self.conf.tab_size if self.conf else 0) or 8

    @property
    def message_kernel(self) -> tuple[int, int]:
        """Return the kernel version that selects the rules about messages."""
        return self.newest or self.kernel


DEFAULTS = Options()
Fact = TypeVar("Fact")
Parameters = ParamSpec("Parameters")
_latest: tuple[tuple[Patch, ...], dict[str, Any]] = ((), {})
"""The patches of the latest series, and the facts cached for them."""


class Context:
    """The context for checking one patch.

    `shared` is a cache in which detectors keep their scans. `built` lists the problems found by a
    build of the patch, if one was requested. `older` contains the patches of earlier versions.
    `active_rules` contains the names of the rules that run on the patch, and `incomplete_rules` the
    names of those whose patterns did not search all of it. `broken_rules` maps the positions of
    rules in an own pack, which failed, to the reason. With `joins_lines`, C is read as by
    checkpatch.pl: a string that does not end in its line continues on the next line.
    """

    def __init__(
        self,
        patch: Patch,
        series: Series | None = None,
        tree: "Tree | None" = None,
        history: HistoryFacts | None = None,
        options: Options | None = None,
        profile: "Project | None" = None,
        progress: Progress = ignore_progress,
    ) -> None:
        self.patch, self.tree, self.history = patch, tree, history
        self.series = series or Series((patch,))
        self.options, self.profile, self.progress = (
            options or DEFAULTS,
            profile,
            progress,
        )
        self.built: tuple[BuildProblem, ...] = ()
        self.older: tuple[Patch, ...] = ()
        self.joins_lines = False
        self.active_rules: Collection[str] = ()
        self.incomplete_rules: set[str] = set()
        self.broken_rules: dict[str, str] = {}
        self.shared: dict[Any, Any] = {}
        self.began = time.monotonic()

    def with_patch(self, patch: Patch) -> "Context":
        """Return a copy of the context for a changed patch, with an empty cache."""
        context = copy(self)
        context.patch, context.shared = patch, {}
        return context

    def share(self, function: Callable[..., Any], other: "Context") -> None:
        """Use another context's result of a function that is cached per patch."""
        key = (getattr(function, "__wrapped__", function),)
        self.shared[key] = function(other)

    @property
    def project(self) -> "Project":
        from patchpilot.projects.loading import find_project

        return self.profile or find_project(self.options.profile or "linux")

    def cache_for_series(self, key: str, make: Callable[[tuple[Patch, ...]], Fact]) -> Fact:
        """Return `make`'s result for all patches of the series, cached under `key`."""
        global _latest
        patches = self.series.patches
        cached_patches, facts = _latest
        if cached_patches is not patches:
            facts = {}
            _latest = patches, facts
        if key not in facts:
            facts[key] = make(patches)
        fact: Fact = facts[key]
        return fact

    def report_progress(self, step: str, count: int, total: int) -> None:
        """Report progress on this patch if the check already takes a while.

        Raise CancelledError if the user has canceled the check.
        """
        if self.progress is not ignore_progress and time.monotonic() - self.began > SOON:
            self.progress(step, count, total)


def cached_per_patch(
    function: Callable[Concatenate[Context, Parameters], Fact],
) -> Callable[Concatenate[Context, Parameters], Fact]:
    """Cache a function's results for each patch and each set of arguments."""

    @wraps(function)
    def cached(context: Context, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Fact:
        key = (function, *args)
        if key not in context.shared:
            context.shared[key] = function(context, *args, **kwargs)
        result: Fact = context.shared[key]
        return result

    return cached

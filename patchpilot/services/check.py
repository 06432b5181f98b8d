# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `check`: patches in, findings out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchpilot.commits.range import read_targets
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree import CommitTree
from patchpilot.errors import ExitCode
from patchpilot.lint.context import NEWEST_KERNEL, Context, Options
from patchpilot.lint.engine import run
from patchpilot.lint.rule import Kernel, Rule
from patchpilot.lint.selection import choose
from patchpilot.lint.store import load_rules
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.patch import Patch, Series
from patchpilot.model.progress import Progress, silent
from patchpilot.model.tree import Tree

FAIL_ON = ("error", "warning", "check", "never")


@dataclass(frozen=True, slots=True)
class CheckedPatch:
    """A patch and what was found in it, in the order of its lines."""

    patch: Patch
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What `check` says: patch by patch, of the series as a whole, and how the run ends."""

    patches: tuple[CheckedPatch, ...]
    series: tuple[Finding, ...]
    rules: tuple[Rule, ...]
    exit_code: ExitCode
    repository: str | None
    tree: str | None
    profile: str
    kernel: Kernel

    @property
    def counts(self) -> Counter[Severity]:
        """How many findings there are of each severity."""
        return Counter(finding.severity for finding in self.all)

    @property
    def all(self) -> tuple[Finding, ...]:
        """Every finding, the series' own last."""
        return (*(finding for checked in self.patches for finding in checked.findings), *self.series)


def check(
    targets: Sequence[str],
    *,
    repository: Repository | None = None,
    base: str | None = None,
    tree: Tree | None = None,
    profile: str = "",
    strict: bool = False,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    packs: Sequence[Path] = (),
    fail_on: str = "warning",
    max_line_length: int = 100,
    kernel: Kernel | None = None,
    data_dir: Path | None = None,
    progress: Progress = silent,
) -> CheckResult:
    """Check each TARGET. Without `repository` rules about history are silent; without `tree` those about the tree, and `kernel` is the newest."""
    rules = load_rules(packs)
    series = read_targets(targets, repository, base)
    tree = tree or _tree_of(series, repository)
    options = Options(
        strict=strict,
        max_line_length=max_line_length,
        kernel=kernel or (tree.version if tree else None) or NEWEST_KERNEL,
        profile=profile or "linux",
        data_dir=data_dir,
    )
    rules = choose(rules, kernel=options.kernel, profile=options.profile, select=select, ignore=ignore)
    patches = [(patch, one) for one in series for patch in one.patches]
    per_patch = [rule for rule in rules if rule.scope != "series"]
    checked = []
    for number, (patch, one) in enumerate(patches):
        progress("checking", number, len(patches))
        checked.append(CheckedPatch(patch, run(Context(patch, one, tree, None, options), per_patch)))
    found = CheckResult(
        tuple(checked),
        (),
        rules,
        ExitCode.OK,
        str(repository.top) if repository else None,
        tree.label if tree else None,
        options.profile,
        options.kernel,
    )
    return _with_exit(found, fail_on)


def _tree_of(series: Sequence[Series], repository: Repository | None) -> Tree | None:
    """The tree the patches are for, where a repository has it: that of the first commit's parent, else of HEAD."""
    if repository is None:
        return None
    first = next((patch.commit for one in series for patch in one.patches if patch.commit), None)
    commit = repository.find(f"{first}^") if first else repository.find("HEAD")
    return CommitTree(repository, commit) if commit else None


def _with_exit(result: CheckResult, fail_on: str) -> CheckResult:
    from dataclasses import replace

    if fail_on == "never":
        return result
    limit = Severity(fail_on).rank
    failed = any(finding.severity.rank <= limit for finding in result.all)
    return replace(result, exit_code=ExitCode.FINDINGS if failed else ExitCode.OK)

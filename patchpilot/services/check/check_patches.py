# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `check`: patches in, findings out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from patchpilot.commits.range import FromArchive, Skipped
from patchpilot.errors import ExitCode, MissingError
from patchpilot.lint.engine import run, run_series
from patchpilot.lint.lint_context import NEWEST_KERNEL, HistoryFacts, Options
from patchpilot.lint.project_rules import adjusted
from patchpilot.lint.rule import Rule
from patchpilot.lint.rule_store import OwnPack, load_rules
from patchpilot.lint.selection import choose, verify
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.patch import Patch, Series
from patchpilot.model.progress import Progress, silent
from patchpilot.model.shorten import shortened_series
from patchpilot.model.source_tree import Tree
from patchpilot.projects.detection import detect
from patchpilot.projects.loading import find_project
from patchpilot.services.check.check_result import CheckedPatch, CheckRequest, CheckResult, CheckRun
from patchpilot.services.topic.read_series import read_series

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository

WORTH_A_PROCESS = 12
"""So many patches take longer than starting another process."""


def check(
    targets: Sequence[str],
    wanted: CheckRequest | None = None,
    *,
    repository: "Repository | None" = None,
    base: str | None = None,
    tree: Tree | None = None,
    packs: Sequence[OwnPack] = (),
    since: str | None = None,
    from_archive: FromArchive | None = None,
    skipped: Skipped | None = None,
    progress: Progress = silent,
) -> CheckResult:
    """Check each TARGET. Without `repository` rules about history are silent; without `tree` those about the tree.

    `since` is the number of an earlier revision, or a TARGET that has it. UsageError names an unknown rule or profile and the nearest, or an
    unknown revision. `skipped` is told of each file of a directory that is no patch; without it such a file is an InputError.
    """
    rules, wanted, series = read(
        targets,
        wanted or CheckRequest(),
        repository=repository,
        base=base,
        packs=packs,
        since=since,
        from_archive=from_archive,
        skipped=skipped,
    )
    return check_series(series, wanted, rules=rules, repository=repository, tree=tree, progress=progress)


def read(
    targets: Sequence[str],
    wanted: CheckRequest,
    *,
    repository: "Repository | None",
    base: str | None,
    packs: Sequence[OwnPack],
    since: str | None,
    from_archive: FromArchive | None,
    stdin: bytes | None = None,
    skipped: Skipped | None = None,
) -> tuple[tuple[Rule, ...], CheckRequest, tuple[Series, ...]]:
    """What a check of these TARGETs starts from: every rule, the wish with its earlier revision, the series."""
    rules = load_rules(packs)
    verify((*wanted.select, *wanted.ignore), rules)
    series = read_series(targets, repository, base, from_archive, stdin, skipped)
    if since:
        from patchpilot.services.check.previous_version import find

        earlier, series = find(since, targets, series, repository, base, from_archive)
        wanted = replace(wanted, since=earlier)
    return rules, wanted, tuple(series)


def check_series(
    series: Sequence[Series],
    wanted: CheckRequest | None = None,
    *,
    rules: tuple[Rule, ...] = (),
    repository: "Repository | None" = None,
    tree: Tree | None = None,
    progress: Progress = silent,
) -> CheckResult:
    """As `check`, for patches that were read already; `rules` default to the shipped packs."""
    wanted = wanted or CheckRequest()
    series = [shortened_series(series_) for series_ in series]
    rules = every_rule = rules or load_rules()
    tree = tree or _tree_of(series, repository)
    chosen = find_project(wanted.profile) if wanted.profile else detect(tree, (patch for series_ in series for patch in series_.patches))
    options = Options(
        strict=wanted.strict,
        max_line_length=wanted.max_line_length,
        kernel=wanted.kernel or (tree.version if tree and chosen.kernel else None) or NEWEST_KERNEL,
        profile=chosen.name,
        data_dir=wanted.data_dir,
        checkpatch_compat=wanted.checkpatch_compat,
    )
    rules = adjusted(choose(rules, kernel=options.kernel, profile=options.profile, select=wanted.select, ignore=wanted.ignore), chosen)
    pairs = [(patch, series_) for series_ in series for patch in series_.patches]
    setting = CheckRun(rules, options, chosen, tree, _facts(repository, rules, pairs), _trees(series, tree, repository, wanted))
    many = wanted.jobs > 1 and len(pairs) >= WORTH_A_PROCESS
    findings = _in_processes(setting, pairs, wanted.jobs, repository, progress) if many else None
    if findings is None:
        findings = list(_here(setting, pairs, progress))
    if wanted.checkpatch_compat:
        findings = _once_a_run(findings)
    if wanted.checkpatch:
        findings = _with_checkpatch(setting, pairs, findings, repository)
    whole = tuple(
        finding for series_ in series if series_.patches for finding in run_series(setting.context(series_.patches[0], series_), rules)
    )
    result = CheckResult(
        patches=tuple(CheckedPatch(patch, found) for (patch, _), found in zip(pairs, findings, strict=True)),
        series=whole,
        rules=rules,
        exit_code=ExitCode.OK,
        repository=str(repository.top) if repository else None,
        tree=tree.label if tree else None,
        profile=options.profile,
        kernel=options.kernel,
        setting=setting,
    )
    if wanted.excuses:
        from patchpilot.services.check.suppress import excused

        result = excused(result, wanted.excuses, every_rule, strict=wanted.strict)
    if wanted.since:
        from patchpilot.services.check.suppress import compared

        earlier = replace(wanted, profile=options.profile, since=None, excuses=None)
        before = check_series(wanted.since.series, earlier, rules=every_rule, repository=repository, tree=tree, progress=progress)
        result = replace(compared(result, before), since=wanted.since.label)
    return replace(result, exit_code=_exit_code(result, wanted.fail_on))


Pairs = Sequence[tuple[Patch, Series]]


def _here(setting: CheckRun, pairs: Pairs, progress: Progress) -> Iterator[tuple[Finding, ...]]:
    for number, (patch, one) in enumerate(pairs):
        progress("checking", number, len(pairs))
        yield run(setting.context(patch, one, progress), setting.rules)


def _in_processes(
    setting: CheckRun, pairs: Pairs, jobs: int, repository: "Repository | None", progress: Progress
) -> list[tuple[Finding, ...]] | None:
    """The findings of each patch, found by several processes; None where the system cannot fork or ended one of them."""
    import multiprocessing
    import signal
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    if "fork" not in multiprocessing.get_all_start_methods():
        return None
    _Worker.setting, _Worker.pairs, _Worker.repository = setting, pairs, repository
    found: list[tuple[Finding, ...]] = []
    workers = min(jobs, len(pairs))
    share = max(1, len(pairs) // (workers * 8))
    context = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_Worker.begin) as pool:
            # a child that Ctrl-C meets before it knows that this is for the parent would print a traceback
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                answers = pool.map(_Worker.work, range(len(pairs)), chunksize=share)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            for number, one in enumerate(answers):
                progress("checking", number, len(pairs))
                found.append(one)
    except BrokenProcessPool:
        # the system took a process away, for want of memory most likely: one is enough
        return None
    return found


class _Worker:
    """What a forked process finds in the memory it was born with: nothing is sent to it but numbers."""

    setting: CheckRun
    pairs: Pairs
    repository: "Repository | None" = None

    @classmethod
    def begin(cls) -> None:
        """Ctrl-C is for the parent, the end of the parent is the end; a pipe to git must not be shared."""
        import signal

        from patchpilot.commits.cat_file import CatFile

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if cls.repository:
            cls.repository.objects = CatFile(cls.repository.top)

    @classmethod
    def work(cls, number: int) -> tuple[Finding, ...]:
        """Check one patch."""
        patch, one = cls.pairs[number]
        return run(cls.setting.context(patch, one), cls.setting.rules)


ONCE_A_RUN = ("CORRUPTED_PATCH",)
"""What checkpatch.pl says of the first patch that has it and of no other in the same run."""


def _once_a_run(findings: Sequence[tuple[Finding, ...]]) -> list[tuple[Finding, ...]]:
    """The findings as one run of checkpatch.pl over all the patches would give them."""
    said: set[str] = set()
    out = []
    for found in findings:
        before = frozenset(said)
        said.update(one.checkpatch for one in found if one.checkpatch in ONCE_A_RUN)
        out.append(tuple(one for one in found if one.checkpatch not in before))
    return out


def _with_checkpatch(
    setting: CheckRun, pairs: Pairs, findings: list[tuple[Finding, ...]], repository: "Repository | None"
) -> list[tuple[Finding, ...]]:
    """The findings with those of the tree's own script merged in."""
    from patchpilot.commits.tree_readers import DirectoryTree
    from patchpilot.services.check.tree_checkpatch import merged, run_checkpatch

    top = setting.tree.root if isinstance(setting.tree, DirectoryTree) else repository.top if repository else None
    if top is None:
        raise MissingError("--checkpatch runs a tree's own script, and no tree was named", hint="name one with --tree DIR")
    options = setting.options
    return [
        merged(ours, run_checkpatch(patch, top.resolve(), strict=options.strict, max_line_length=options.max_line_length))
        for (patch, _), ours in zip(pairs, findings, strict=True)
    ]


def _facts(repository: "Repository | None", rules: Sequence[Rule], pairs: Pairs) -> HistoryFacts | None:
    """What the repository knows; what many patches will ask of its log is read at once, before any process is forked."""
    if repository is None:
        return None
    from patchpilot.services.check.history_facts import RepositoryFacts

    facts = RepositoryFacts(repository)
    if len(pairs) > 1 and any(rule.detector == "unusual-prefix" for rule in rules):
        from patchpilot.lint.detectors.tree_history import COMMITS, paths_asked

        facts.foresee((paths for patch, _ in pairs for paths in paths_asked(patch)), COMMITS)
    return facts


def _trees(
    series: Sequence[Series], tree: Tree | None, repository: "Repository | None", wanted: CheckRequest
) -> Mapping[int, Callable[[], Tree]]:
    """What makes the tree of each patch that stands on another one, by the patch's id(). checkpatch.pl knows one tree for all."""
    if tree is None or wanted.checkpatch_compat or sum(len(series_.patches) for series_ in series) < 2:
        return {}
    from patchpilot.services.check.patch_trees import trees

    return trees(series, tree, repository)


def _tree_of(series: Sequence[Series], repository: "Repository | None") -> Tree | None:
    """The tree the patches are for, where a repository has it: that of the first commit's parent, else of HEAD."""
    if repository is None:
        return None
    from patchpilot.commits.tree_readers import CommitTree

    first = next((patch.commit for series_ in series for patch in series_.patches if patch.commit), None)
    commit = repository.find(f"{first}^") if first else repository.find("HEAD")
    return CommitTree(repository, commit) if commit else None


def _exit_code(result: CheckResult, fail_on: str) -> ExitCode:
    if fail_on == "never":
        return ExitCode.OK
    limit = Severity(fail_on).rank
    return ExitCode.FINDINGS if any(finding.severity.rank <= limit for finding in result.all) else ExitCode.OK

# SPDX-License-Identifier: GPL-2.0-or-later
"""Implements `check`: reads patches and returns findings."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.cache.cached_re import keep
from patchpilot.checking.check_request import CheckRequest
from patchpilot.checking.check_result import CheckedPatch, CheckResult, CheckRun
from patchpilot.checking.set_up_run import set_up
from patchpilot.commits.range import group, patches_of
from patchpilot.errors import ExitCode, MissingError, findings_exit
from patchpilot.lint.engine import Findings, run, run_series
from patchpilot.lint.lint_context import HistoryFacts
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import verify
from patchpilot.model.finding import Finding, Severity
from patchpilot.model.patch import Patch, Series
from patchpilot.model.progress import Progress, silent
from patchpilot.model.rule import Rule
from patchpilot.model.shorten import shortened_series
from patchpilot.model.source_tree import Tree
from patchpilot.projects.detection import detect
from patchpilot.projects.loading import find_project
from patchpilot.topic.read_series import read_series
from patchpilot.topic.topic_prefix import as_sent

if TYPE_CHECKING:
    from patchpilot.checking.find_previous_version import NewSince
    from patchpilot.commits.repository import Repository
    from patchpilot.model.build_problem import BuildProblem
    from patchpilot.model.built_commit import BuiltCommit
    from patchpilot.projects.project import Project

WORTH_A_PROCESS = 12
"""So many patches take longer than starting another process."""


OF_MAILS = ("mail", "series")
"""The scopes of rules for which the messages have more than their commits."""


class CheckInput(NamedTuple):
    """The input of a check: all rules, the series, and an earlier revision to compare with."""

    rules: tuple[Rule, ...]
    series: tuple[Series, ...]
    earlier: "NewSince | None"


def check(
    request: CheckRequest,
    *,
    repository: "Repository | None" = None,
    tree: Tree | None = None,
    progress: Progress = silent,
) -> CheckResult:
    """Checks the patches of each TARGET against the rules.

    Without `repository`, rules that need history report nothing; without `tree`, rules that
    need a source tree report nothing. Raises `UsageError` for an unknown rule or project, with
    the most similar name, and for an unknown revision.
    """
    given = read_input(request, repository)
    return check_series(
        given.series,
        request,
        rules=given.rules,
        earlier=given.earlier,
        repository=repository,
        tree=tree,
        progress=progress,
    )


def check_mails(
    mails: Iterable[bytes],
    request: CheckRequest,
    *,
    repository: "Repository | None" = None,
    commits: Series | None = None,
) -> CheckResult:
    """Checks messages that are not in a file, in the form in which they would be sent.

    The messages are grouped into series in the same way as files. Messages of `commits` have the
    findings of `check` in these, and those that only a message can have.
    """
    patches = [
        patch
        for number, mail in enumerate(mails)
        for patch in patches_of(mail, f"{number:04d}.eml")
    ]
    if commits is None:
        return check_series(group(patches), request, repository=repository)
    result = check_series((commits,), request, repository=repository)
    of_mails = [rule.name for rule in result.rules if rule.scope in OF_MAILS]
    sent = check_series(
        group(patches), request._replace(select=of_mails), repository=repository
    )
    return result._replace(
        patches=tuple(
            checked._replace(
                patch=mail.patch,
                findings=(*checked.findings, *mail.findings),
                suppressed=(*checked.suppressed, *mail.suppressed),
            )
            for checked, mail in zip(result.patches, sent.patches, strict=True)
        ),
        series=sent.series,
    )


def read_input(request: CheckRequest, repository: "Repository | None") -> CheckInput:
    """Loads the rules and reads the series and the earlier revision for a check."""
    rules = load_rules(request.packs)
    verify((*request.select, *request.ignore), rules)
    if request.whole_files:
        from patchpilot.checking.whole_files import whole_files

        return CheckInput(rules, whole_files(request.targets, request.top), None)

    def choose(mails: Sequence[bytes]) -> Collection[int]:
        from patchpilot.topic.choose_mails import choose_mails

        return choose_mails(mails)

    series = read_series(
        request.targets,
        repository,
        request.base,
        request.from_archive,
        request.stdin,
        request.skipped,
        choose,
    )
    if repository:
        series = tuple(as_sent(repository, one) for one in series)
    earlier = None
    if request.since_version:
        from patchpilot.checking.find_previous_version import find

        earlier, series = find(
            request.since_version,
            request.targets,
            series,
            repository,
            request.base,
            request.from_archive,
        )
    return CheckInput(rules, tuple(series), earlier)


def check_series(
    series: Sequence[Series],
    request: CheckRequest | None = None,
    *,
    rules: tuple[Rule, ...] = (),
    earlier: "NewSince | None" = None,
    repository: "Repository | None" = None,
    tree: Tree | None = None,
    progress: Progress = silent,
) -> CheckResult:
    """Checks series that have already been read, in the same way as `check`.

    `rules` defaults to the shipped packs. If `earlier` is given, the findings are compared with
    that revision.
    """
    request = request or CheckRequest()
    series = [shortened_series(series_) for series_ in series]
    every_rule = rules or load_rules()
    tree = tree or tree_of(series, repository)
    project = (
        find_project(request.profile)
        if request.profile
        else detect(tree, (patch for series_ in series for patch in series_.patches))
    )
    setting = set_up(request, every_rule, project, tree)
    pairs = [(patch, series_) for series_ in series for patch in series_.patches]
    setting = setting._replace(
        history=_facts(repository, setting.rules, series, progress),
        trees=_trees(series, tree, repository, request),
    )
    problems, build, commits = _built(request, repository, project, pairs, progress)
    setting = setting._replace(built=problems)
    if request.jobs > 1 and len(pairs) >= WORTH_A_PROCESS:
        found = _in_processes(setting, pairs, request.jobs, repository, progress)
    else:
        found = _here(setting, pairs, progress)
    complete = list(found)
    findings: list[tuple[Finding, ...]] = [*complete]
    if request.checkpatch_compat:
        findings = _once_a_run(findings)
    if request.checkpatch:
        findings = _with_checkpatch(setting, pairs, findings, repository)
    whole = [
        run_series(setting.context(each.patches[0], each), setting.rules)
        for each in series
        if each.patches
    ]
    result = CheckResult(
        patches=tuple(
            CheckedPatch(patch, kept, left_out=all_found.left_out)
            for (patch, _), kept, all_found in zip(
                pairs, findings, complete, strict=True
            )
        ),
        series=tuple(finding for each in whole for finding in each),
        left_out_of_series=sum(each.left_out for each in whole),
        rules=setting.rules,
        exit_code=ExitCode.OK,
        repository=str(repository.top) if repository else None,
        tree=tree.label if tree else None,
        profile=setting.options.profile,
        kernel=setting.options.kernel,
        setting=setting,
        unanswered=_not_answered(setting, pairs),
        build=build,
        commits=commits,
    )
    if request.suppressions:
        from patchpilot.checking.suppress import apply_suppressions

        result = apply_suppressions(
            result, request.suppressions, every_rule, hidden=setting.options.hidden
        )
    if earlier:
        from patchpilot.checking.compare_versions import compared

        same_rules = request._replace(
            profile=setting.options.profile, suppressions=None, build=None
        )
        before = check_series(
            earlier.series,
            same_rules,
            rules=every_rule,
            repository=repository,
            tree=tree,
            progress=progress,
        )
        result = compared(result, before)._replace(since=earlier.label)
    if request.proposes_edits:
        from patchpilot.checking.proposed_edits import with_edits

        result = with_edits(result)
    if request.whole_files:
        from patchpilot.checking.whole_files import in_files

        result = in_files(result)
    keep()
    return result._replace(exit_code=exit_code(result.counts, request.fail_on))


def _built(
    request: CheckRequest,
    repository: "Repository | None",
    project: "Project",
    pairs: "Pairs",
    progress: Progress,
) -> tuple[Mapping[int, tuple["BuildProblem", ...]], str, tuple["BuiltCommit", ...]]:
    """What a build and the field's checkers report of each patch, where they were asked for, in
    words what was run, and what was built of each commit.
    """
    patches = [patch for patch, _ in pairs]
    found: dict[int, tuple[BuildProblem, ...]] = {}
    texts = []
    commits: tuple[BuiltCommit, ...] = ()
    if request.build:
        from patchpilot.checking.build_facts import build_facts

        built = build_facts(repository, project, patches, request.build, progress)
        found |= built.problems
        texts.append(built.text)
        commits = built.commits
    if request.checkers:
        from patchpilot.checking.checker_facts import checker_facts

        checked = checker_facts(repository, project, patches, progress)
        for key, problems in checked.problems.items():
            found[key] = (*found.get(key, ()), *problems)
        texts.append(checked.text)
    return found, "; ".join(texts), commits


def _not_answered(setting: CheckRun, pairs: "Pairs") -> str:
    if setting.history is None:
        return ""
    from patchpilot.checking.history_facts import not_answered

    return not_answered(setting.history, (patch for patch, _ in pairs))


Pairs = Sequence[tuple[Patch, Series]]


def _here(setting: CheckRun, pairs: Pairs, progress: Progress) -> Iterator[Findings]:
    for number, (patch, series) in enumerate(pairs):
        progress("checking", number, len(pairs))
        yield run(setting.context(patch, series, progress), setting.rules)


def _in_processes(
    setting: CheckRun,
    pairs: Pairs,
    jobs: int,
    repository: "Repository | None",
    progress: Progress,
) -> Iterator[Findings]:
    """The findings of each patch, found by several processes."""
    from patchpilot.checking.worker_pool import in_order

    processes = min(jobs, len(pairs))
    share = max(1, len(pairs) // (processes * 8))

    def work(numbers: range) -> list[Findings]:
        return [
            run(setting.context(*pairs[number]), setting.rules) for number in numbers
        ]

    shares = (
        range(at, min(at + share, len(pairs))) for at in range(0, len(pairs), share)
    )
    done = 0
    for findings in in_order(work, shares, processes, lambda: own_objects(repository)):
        progress("checking", done, len(pairs))
        done += len(findings)
        yield from findings


def own_objects(repository: "Repository | None") -> None:
    """Gives a forked process its own pipe to git, because the pipe must not be shared."""
    if repository:
        from patchpilot.commits.cat_file import CatFile

        repository.objects = CatFile(repository.top)


ONCE_A_RUN = ("CORRUPTED_PATCH",)
"""The types that checkpatch.pl reports only for the first patch of a run that has them."""


def _once_a_run(findings: Sequence[tuple[Finding, ...]]) -> list[tuple[Finding, ...]]:
    """The findings as one run of checkpatch.pl over all the patches would report them."""
    reported: set[str] = set()
    out = []
    for found in findings:
        before = frozenset(reported)
        reported.update(
            finding.checkpatch for finding in found if finding.checkpatch in ONCE_A_RUN
        )
        out.append(
            tuple(finding for finding in found if finding.checkpatch not in before)
        )
    return out


def _with_checkpatch(
    setting: CheckRun,
    pairs: Pairs,
    findings: list[tuple[Finding, ...]],
    repository: "Repository | None",
) -> list[tuple[Finding, ...]]:
    """The findings with those of the tree's own script merged in."""
    from patchpilot.checking.tree_checkpatch import merged, run_checkpatch
    from patchpilot.commits.tree_readers import DirectoryTree

    top = (
        setting.tree.root
        if isinstance(setting.tree, DirectoryTree)
        else repository.top
        if repository
        else None
    )
    if top is None:
        raise MissingError(
            "--checkpatch requires a kernel tree with scripts/checkpatch.pl",
            hint="pass a tree with --tree DIR",
        )
    options = setting.options
    return [
        merged(
            ours,
            run_checkpatch(
                patch,
                top.resolve(),
                strict=options.strict,
                max_line_length=options.max_line_length,
            ),
        )
        for (patch, _), ours in zip(pairs, findings, strict=True)
    ]


def _facts(
    repository: "Repository | None",
    rules: Sequence[Rule],
    series: Sequence[Series],
    progress: Progress,
) -> HistoryFacts | None:
    """What the repository knows.

    What many patches will ask of its log is read at once, before any process is forked.
    """
    if repository is None:
        return None
    from patchpilot.checking.history_facts import facts_of

    facts = facts_of(repository)
    if any(rule.detector == "unusual-prefix" for rule in rules):
        from patchpilot.lint.usual_prefix import COMMITS, paths_asked

        facts.foresee(
            (
                paths
                for one in series
                for patch in one.patches
                for paths in paths_asked(patch)
            ),
            COMMITS,
        )
    if any(rule.detector == "fixed-upstream" for rule in rules):
        from patchpilot.topic.upstream_state import upstream_state

        for one in series:
            upstream_state(repository, one.patches, progress=progress)
    return facts


def _trees(
    series: Sequence[Series],
    tree: Tree | None,
    repository: "Repository | None",
    request: CheckRequest,
) -> Mapping[int, Callable[[], Tree]]:
    """A function that makes the tree of each patch that is based on another one, by the patch's
    id(). checkpatch.pl knows one tree for all.
    """
    if (
        tree is None
        or request.checkpatch_compat
        or request.whole_files
        or sum(len(series_.patches) for series_ in series) < 2
    ):
        return {}
    from patchpilot.checking.patch_trees import trees

    return trees(series, tree, repository)


def tree_of(series: Sequence[Series], repository: "Repository | None") -> Tree | None:
    """Returns the source tree for the patches, or None without a repository.

    It is the tree of the first commit's parent, or of HEAD if the patches are not commits.
    """
    if repository is None:
        return None
    from patchpilot.commits.tree_readers import CommitTree

    first = next(
        (
            patch.commit
            for series_ in series
            for patch in series_.patches
            if patch.commit
        ),
        None,
    )
    commit = repository.find(f"{first}^") if first else repository.find("HEAD")
    return CommitTree(repository, commit) if commit else None


def exit_code(severities: Iterable[Severity], fail_on: str) -> ExitCode:
    """Returns 1 if any of the severities is `fail_on` or higher, and 0 otherwise."""
    if fail_on == "never":
        return ExitCode.OK
    limit = Severity(fail_on).rank
    return findings_exit(any(severity.rank <= limit for severity in severities))

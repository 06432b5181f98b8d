# SPDX-License-Identifier: GPL-2.0-or-later
"""Check patches. All commands and user interfaces use this module to get findings."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from patchpilot.cache.cached_re import save_compiled_patterns
from patchpilot.checking.result import (
    BuildFacts,
    CheckedPatch,
    CheckResult,
    CheckRun,
)
from patchpilot.commits.range import (
    FromArchive,
    Omitted,
    Skipped,
    group_into_series,
    parse_patches,
)
from patchpilot.config import DEFAULT, FLAG, NEWCOMER, REGULAR, Settings
from patchpilot.errors import ExitCode, MissingError, findings_exit_code
from patchpilot.lint.checkpatch_conf import apply_conf, read_conf
from patchpilot.lint.engine import Findings, find_findings, run_series
from patchpilot.lint.lint_context import DEFAULTS, Options, SettingsInUse
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import (
    NOISE,
    adjust_rules,
    check_style,
    choose_rules,
    find_hidden_rules,
    find_rules_hidden_from_newcomers,
    rules_for_whole_files,
    usable_rules,
    use_checkpatch_levels,
    verify_available,
    verify_selectors,
)
from patchpilot.model.action import Action
from patchpilot.model.patch import Patch, Series, shorten_series
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Finding, Rule, Severity
from patchpilot.model.source_tree import Tree
from patchpilot.projects.loading import detect, find_project, newest_kernel
from patchpilot.topic.read_series import read_series, read_series_to_check

if TYPE_CHECKING:
    from pathlib import Path

    from patchpilot.building.plan import BuildOptions
    from patchpilot.checking.clone_history import CloneHistory
    from patchpilot.checking.find_previous_version import NewSince
    from patchpilot.checking.result import Suppressions
    from patchpilot.commits.repository import Repository
    from patchpilot.projects.project import Project

WORTH_A_PROCESS = 12
"""With fewer patches, starting processes takes longer than checking."""
OF_MAILS = ("mail", "subject", "series")
"""The scopes of rules about messages."""
SETTINGS: Mapping[str, Callable[[Settings, str], Any]] = {
    "profile": Settings.get,
    "strict": Settings.flag,
    "checkers": Settings.flag,
    "select": Settings.list_value,
    "ignore": Settings.list_value,
    "fail_on": Settings.get,
    "experience": Settings.get,
    "max_line_length": Settings.number,
}
"""The options that are also settings, each with the method that reads it."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class PatchSource(NamedTuple):
    """The patches to check.

    Without `targets`, the commits of the current branch above `base` are checked. `stdin` is the
    content of the TARGET `-`, if it has been read. `since_version` is the number of an earlier
    version, or a TARGET that contains it. `from_archive` reads a Message-ID or URL. `skipped` is
    called for each file in a directory that is not a patch, for each empty commit, and for a range
    without commits; if it is None, these raise `InputError` or `UsageError`. Paths of whole files
    inside `top` are relative to it. If `is_net` is set, the sum of the commits is checked.
    Commits in the `excluded` ones are not checked.
    """

    targets: Sequence[str] = ()
    base: str | None = None
    since_version: str | None = None
    stdin: bytes | None = None
    from_archive: FromArchive | None = None
    skipped: Skipped | None = None
    top: "Path | None" = None
    is_net: bool = False
    excluded: Sequence[str] = ()


def options_of(
    settings: Settings,
    judge: Tree | None = None,
    *,
    commit: str | None = "HEAD",
    **given: Any,
) -> Options:
    """Return the options in the settings, overridden by the `given` ones.

    `judge` is the tree whose .checkpatch.conf applies, by default the tree of the patches. `commit`
    contains the settings, by default in the working tree; it is None if they are not from a commit.
    """
    from_settings = {name: read(settings, _key(name)) for name, read in SETTINGS.items()}
    origins = {
        name: origin for name in SETTINGS if (origin := settings.of(_key(name)).origin) != DEFAULT
    }
    overrides = {name: value for name, value in given.items() if value is not None}
    origins |= dict.fromkeys(overrides, FLAG)
    conf = read_conf(judge) if judge else None
    in_use = SettingsInUse(settings.data_from_tree, commit, commit if judge else None)
    return Options(**{**from_settings, **overrides}, conf=conf, origins=origins, settings=in_use)


def _key(name: str) -> str:
    return name.replace("_", "-")


class Driver:
    """A checker for any number of patches with the same options.

    `ground` is the tree that determines the project and its version for commits, and from which
    data is read once; by default, it is the tree of the first commit's parent, which the author of
    the commits chooses. Rules about history require `repository`, and rules about source files
    require `tree`. By default, `rules` are all rules in the built-in packs and in the packs of the
    options. Raise `UsageError` for an unknown rule or project; the error contains the most similar
    name. Without `repository`, `compare_in` names where backports are compared.
    """

    def __init__(
        self,
        options: Options = DEFAULTS,
        *,
        repository: "Repository | None" = None,
        tree: Tree | None = None,
        rules: tuple[Rule, ...] = (),
        suppressions: "Suppressions | None" = None,
        progress: Progress = ignore_progress,
        ground: Tree | None = None,
    ) -> None:
        self._clone: CloneHistory | None = None
        self.options, self.repository, self.tree = options, repository, tree
        self.ground = ground
        self.suppressions, self.progress = suppressions, progress
        self.rules = rules or load_rules(options.packs)
        verify_selectors((*options.select, *options.ignore), self.rules)
        verify_available(options.select, self.rules)
        self._project = find_project(options.profile) if options.profile else None
        self._runs: dict[str, CheckRun] = {}

    def read(self, source: PatchSource) -> "tuple[tuple[Series, ...], NewSince | None]":
        """Return the series to check, and the earlier version to compare with.

        The series contain what merge commits change themselves.
        """
        if self.options.whole_files:
            from patchpilot.checking.whole_files import whole_files

            return whole_files(source.targets, source.top), None
        series = self._read_series(source)
        if self.repository and any(patch.commit for one in series for patch in one.patches):
            # patch files need no history
            from patchpilot.topic.upstream_state import add_topic_prefix

            series = tuple(add_topic_prefix(self.repository, one) for one in series)
        if not source.since_version:
            return series, None
        from patchpilot.checking.find_previous_version import find

        earlier, series = find(
            source.since_version,
            source.targets,
            series,
            self.repository,
            source.base,
            source.from_archive,
        )
        return series, earlier

    def _read_series(self, source: PatchSource) -> tuple[Series, ...]:
        if source.is_net:
            return (self._read_net_change(source),)
        if not source.targets:
            series = read_series((), self.repository, source.base, skipped=source.skipped)
            if not self.repository:
                return series
            from patchpilot.checking.merges import add_topic_merges

            return add_topic_merges(self.repository, series, source.excluded)
        omitted = None
        if self.repository:
            from patchpilot.checking.merges import list_upstream_tips

            omitted = Omitted(list_upstream_tips(self.repository), source.excluded)
        return read_series_to_check(
            source.targets,
            self.repository,
            source.from_archive,
            source.stdin,
            source.skipped,
            omitted,
        )

    def _read_net_change(self, source: PatchSource) -> Series:
        from patchpilot.checking.net_change import read_net_change
        from patchpilot.commits.tree_readers import CommitTree

        if self.repository is None:
            raise MissingError(
                "--net: not in a git repository",
                hint=Action("", ("-C", "DIR"), "name a repository with {}"),
            )
        series = read_net_change(self.repository, source.targets, source.base, source.skipped)
        if series.base and not self.tree:
            self.tree = CommitTree(self.repository, series.base)
        return series

    def check_source(
        self, source: PatchSource, *, build: "BuildOptions | None" = None
    ) -> CheckResult:
        """Return the findings in the patches from a source.

        If `build` is set, the affected objects are built. Raise `UsageError` for an unknown
        revision.
        """
        series, earlier = self.read(source)
        return self.check(series, earlier=earlier, build=build)

    def check_mails(self, mails: Iterable[bytes], result: CheckResult | None = None) -> CheckResult:
        """Return the findings in messages that are about to be sent.

        If the messages were made from commits, pass the result of checking these, to which the
        findings are added that only a message can have.
        """
        series = group_into_series(
            [
                patch
                for number, mail in enumerate(mails)
                for patch in parse_patches(mail, f"{number:04d}.eml")
            ]
        )
        if result is None:
            return self.check(series)
        of_mails = [rule.name for rule in result.rules if rule.scope in OF_MAILS]
        mail_driver = self._copy(select=of_mails)
        mail_driver.suppressions = self.suppressions
        # hide the findings that are hidden in commits: a selection of rules would show more
        mail_driver._runs = {
            name: run._replace(rules=tuple(rule for rule in run.rules if rule.scope in OF_MAILS))
            for name, run in self._runs.items()
        }
        mail_result = mail_driver.check(series)
        return result._replace(
            patches=tuple(
                commit_patch.with_more(_drop_diff_findings(mail_patch))
                for commit_patch, mail_patch in zip(
                    result.patches, mail_result.patches, strict=True
                )
            ),
            every_of_series=mail_result.every_of_series,
        )

    def _copy(self, **options: Any) -> "Driver":
        driver = Driver(
            self.options._replace(**options),
            repository=self.repository,
            tree=self.tree,
            rules=self.rules,
            progress=self.progress,
            ground=self.ground,
        )
        driver.compare_in(self._clone)
        return driver

    def compare_in(self, clone: "CloneHistory | None") -> None:
        """Compare backports in files with the commits of a clone that they name."""
        self._clone = clone

    def run_for(self, patches: Sequence[Patch]) -> CheckRun:
        """Return the rules and facts for checking one project's patches."""
        if self.ground and any(patch.commit for patch in patches):
            self.tree = self.tree or self.ground
        self.tree = self.tree or tree_of(patches, self.repository)
        project = self._project or detect(self.tree, patches)
        if project.name not in self._runs:
            self._runs[project.name] = _prepare_run(
                self._decide_experience(), self.rules, project, self.tree
            )._replace(history=_history_facts(self.repository), clone=self._clone)
        return self._runs[project.name]

    def _decide_experience(self) -> Options:
        """Return the options with the experience of the user.

        It does not matter if other options choose the findings.
        """
        options = self.options
        if (
            options.strict
            or options.noise is not None
            or options.checkpatch_compat
            or options.whole_files
        ):
            return options._replace(experience=REGULAR)
        if options.experience != "auto":
            return options
        if self.repository is None:
            return options._replace(experience=REGULAR)
        from patchpilot.checking.experience import find_experience

        return options._replace(experience=find_experience(self.repository))

    def each(
        self,
        work: Callable[[Item], Result],
        items: Iterable[Item],
        size: int,
        jobs: int,
    ) -> Iterator[Result]:
        """Yield the result of `work` for each item, in order.

        Each of `jobs` processes gets `size` items at a time, and inherits the patterns compiled for
        the first item. If there are several threads, no process is forked.
        """
        remaining = iter(items)
        yield from map(work, islice(remaining, 1))
        save_compiled_patterns()
        # a forked process would wait forever for a lock held by another thread
        if jobs < 2 or threading.active_count() > 1:
            yield from map(work, remaining)
            save_compiled_patterns()
            return
        from patchpilot.checking.worker_pool import run_in_order

        def work_on_share(share: Sequence[Item]) -> list[Result]:
            results = [work(item) for item in share]
            # save the patterns that the first patches of this process needed
            save_compiled_patterns()
            return results

        shares = iter(lambda: list(islice(remaining, size)), [])
        for results in run_in_order(work_on_share, shares, jobs, self._begin_process):
            yield from results

    def _begin_process(self) -> None:
        open_own_pipe(self.repository)
        if self._clone:
            self._clone.leave_process()

    def check(
        self,
        every_series: Sequence[Series],
        *,
        earlier: "NewSince | None" = None,
        build: "BuildOptions | None" = None,
    ) -> CheckResult:
        """Return the findings in all patches and in each series as a whole.

        If there is an earlier version, compare them with its findings.
        """
        options, repository = self.options, self.repository
        series = [shorten_series(series) for series in every_series]
        series += [Series((merge,), tip=one.tip) for one in series for merge in one.merges]
        pairs = [(patch, one) for one in series for patch in one.patches]
        patches = [patch for patch, _ in pairs]
        setting = self.run_for(patches)
        if repository:
            _prefetch_history(repository, setting, series, self.progress)
        built = self._built(setting.profile, series, build)
        since, earlier_series = earlier or (None, ())
        setting = setting._replace(
            trees=self._trees(series),
            built=built.problems,
            older=tuple(patch for one in (*series, *earlier_series) for patch in one.patches),
        )
        all_findings = list(self._findings(setting, pairs))
        findings: list[tuple[Finding, ...]] = [*all_findings]
        if options.checkpatch_compat:
            findings = _deduplicate(findings)
        if options.checkpatch:
            from patchpilot.checking.tree_checkpatch import merge_checkpatch

            findings = merge_checkpatch(setting, patches, findings, repository)
        series_findings = [
            run_series(setting.context(one.patches[0], one), setting.rules)
            for one in series
            if one.patches
        ]
        unanswered = ""
        if setting.history:
            from patchpilot.checking.history_facts import missing_data_note

            unanswered = missing_data_note(setting.history, patches)
        result = CheckResult(
            patches=tuple(
                CheckedPatch(patch, kept, left_out=unfiltered.left_out, origin=unfiltered.origin)
                for patch, kept, unfiltered in zip(patches, findings, all_findings, strict=True)
            ),
            every_of_series=tuple(
                finding for findings_of_series in series_findings for finding in findings_of_series
            ),
            left_out_of_series=sum(
                findings_of_series.left_out for findings_of_series in series_findings
            ),
            exit_code=ExitCode.OK,
            repository=str(repository.top) if repository else None,
            setting=setting,
            unanswered=unanswered,
            build=built.text,
            commits=built.commits,
        )
        if self.suppressions:
            from patchpilot.checking.suppress import apply_suppressions

            result = apply_suppressions(result, self.suppressions, self.rules)
        if earlier:
            from patchpilot.checking.new_findings import mark_new

            before = self._copy(profile=setting.options.profile).check(earlier_series)
            result = mark_new(result, before)._replace(since=since)
        tips = {id(patch): one.tip for patch, one in pairs if one.tip}
        result = self._adapt_to_format(result, tips)
        is_failure = any(map(result.is_failure, result.all))
        return result._replace(exit_code=findings_exit_code(is_failure))

    def _adapt_to_format(self, result: CheckResult, tips: Mapping[int, str]) -> CheckResult:
        """Add what only some formats contain, and convert the findings of whole files.

        `tips` maps the id() of a patch to the last commit of its range.
        """
        options, repository = self.options, self.repository
        if repository:
            from patchpilot.checking.named_commits import name_commits

            result = name_commits(result, repository)
        if options.proposes_edits:
            from patchpilot.checking.proposed_edits import add_edits

            result = add_edits(result, repository)
        if options.maps_to_tip and repository:
            from patchpilot.checking.tip_places import add_tip_places

            result = add_tip_places(result, tips, repository)
        if options.whole_files:
            from patchpilot.checking.whole_files import renumber_for_files

            result = renumber_for_files(result)
        if options.changed_lines:
            from patchpilot.checking.changed_lines import keep_changed_lines

            result = keep_changed_lines(result, repository)
        return result

    def _findings(
        self, setting: CheckRun, pairs: Sequence[tuple[Patch, Series]]
    ) -> Iterator[Findings]:
        total = len(pairs)
        jobs = min(self.options.jobs, total) if total >= WORTH_A_PROCESS else 1
        progress = ignore_progress if jobs > 1 else self.progress

        def checked(number: int) -> Findings:
            progress("checking", number, total)
            return find_findings(setting.context(*pairs[number], progress), setting.rules)

        size = max(1, total // (jobs * 8))
        for number, found in enumerate(self.each(checked, range(total), size, jobs)):
            self.progress("checking", number, total)
            yield found

    def _built(
        self,
        project: "Project",
        every_series: Sequence[Series],
        build: "BuildOptions | None",
    ) -> BuildFacts:
        facts = BuildFacts()
        arguments = self.repository, project, every_series
        if build:
            from patchpilot.checking.build_facts import build_facts

            facts = build_facts(*arguments, build, self.progress)
        elif project.kernel:
            facts = self._last_build(
                [patch.commit for series in every_series for patch in series.patches]
            )
        if build or self.options.checkers:
            from patchpilot.checking.checker_facts import checker_facts

            built = facts.commits if build else ()
            facts = facts.with_more(checker_facts(*arguments, built, self.progress))
        return facts

    def _last_build(self, commits: Sequence[str | None]) -> BuildFacts:
        """Return the recorded build results if all commits have been built."""
        if self.repository is None or not all(commits):
            return BuildFacts()
        from patchpilot.building.record import find_build

        built = [find_build(self.repository, commit or "") for commit in commits]
        if not all(built):
            return BuildFacts()
        from patchpilot.model.built_commit import summarize_builds

        summary = summarize_builds(built)
        commits_built = tuple(commit for commit in built if commit and summary)
        return BuildFacts({}, summary and f"last build: {summary}", commits_built)

    def _trees(self, series: Sequence[Series]) -> Mapping[int, Callable[[], Tree]]:
        """Map the id() of each patch based on another patch to a function that returns its tree.

        In checkpatch.pl mode, all patches use one tree.
        """
        if (
            self.tree is None
            or self.options.checkpatch_compat
            or self.options.whole_files
            or (self.tree is not self.ground and sum(len(one.patches) for one in series) < 2)
        ):
            return {}
        from patchpilot.checking.patch_trees import trees

        return trees(series, self.tree, self.repository)


def _drop_diff_findings(checked: CheckedPatch) -> CheckedPatch:
    """Drop the findings in the diff of a message, which is the commit's: the sender compares them.

    What looks like damage by a mail program there is in the tree.
    """
    every = tuple(
        finding
        for finding in checked.every
        if not finding.patch_line or finding.patch_line < checked.patch.diff_line
    )
    return checked._replace(every=every)


def _prepare_run(
    options: Options, all_rules: tuple[Rule, ...], project: "Project", tree: Tree | None
) -> CheckRun:
    conf = options.conf or read_conf(tree)
    if conf.max_line_length and options.is_default("max_line_length"):
        options = options._replace(max_line_length=conf.max_line_length)
    if conf.help_lines:
        style = project.style._replace(help_lines=conf.help_lines)
        project = project._replace(style=style)
    as_checkpatch = options.as_checkpatch or options.checkpatch_compat
    kernel = newest = options.kernel
    if options.is_default("kernel") and tree:
        version = tree.version or newest_kernel()
        kernel = version if project.kernel else kernel
        newest = version if options.checkpatch_compat else newest_kernel()
    options = options._replace(
        strict=options.strict or conf.strict,
        as_checkpatch=as_checkpatch,
        kernel=kernel,
        newest=newest,
        profile=project.name,
        conf=conf,
    )
    if project.files:
        check_style(all_rules, project)
    rules = choose_rules(
        all_rules,
        kernel=options.kernel,
        message_kernel=options.message_kernel,
        profile=options.profile,
        select=options.select,
        ignore=options.ignore,
    )
    # rules that the user selects take precedence over the tree's options
    rules = apply_conf(rules, conf._replace(types=()) if options.select else conf)
    if not options.checkpatch_compat:
        rules = usable_rules(rules, tree)
    if options.whole_files:
        rules = rules_for_whole_files(rules)
    rules = adjust_rules(rules, project)
    if options.checkpatch_compat:
        rules = use_checkpatch_levels(rules)
    if not options.strict:
        # rules that a project ignores do not make room for others
        measured = rules if options.select else all_rules
        noise = NOISE if options.noise is None else options.noise
        options = options._replace(hidden=find_hidden_rules(measured, noise))
        if options.experience == NEWCOMER:
            options = options._replace(
                hidden=find_rules_hidden_from_newcomers(measured), uncounted=options.hidden
            )
    return CheckRun(rules, options, project, tree, None)


def _history_facts(repository: "Repository | None") -> Any:
    if repository is None:
        return None
    from patchpilot.checking.history_facts import facts_of

    return facts_of(repository)


def _prefetch_history(
    repository: "Repository",
    setting: CheckRun,
    series: Sequence[Series],
    progress: Progress,
) -> None:
    detectors = {rule.detector for rule in setting.rules}
    if "prefix-convention" in detectors:
        from patchpilot.lint.habits import list_habit_paths

        patches = (patch for one in series for patch in one.patches)
        _history_facts(repository).foresee(chain.from_iterable(map(list_habit_paths, patches)))
    if "fixed-upstream" in detectors:
        from patchpilot.topic.upstream_state import find_upstream_state

        for one in series:
            find_upstream_state(repository, one.patches, progress=progress)


ONCE_A_RUN = "CORRUPTED_PATCH"
"""The type that checkpatch.pl reports only once per run, for the first patch that has it."""


def _deduplicate(findings: Sequence[tuple[Finding, ...]]) -> list[tuple[Finding, ...]]:
    """Drop findings that checkpatch.pl reports only once per run, except for the first patch with
    them.
    """
    result: list[tuple[Finding, ...]] = []
    is_reported = False
    for found in findings:
        others = tuple(finding for finding in found if finding.checkpatch != ONCE_A_RUN)
        result.append(others if is_reported else found)
        is_reported = is_reported or others != found
    return result


def open_own_pipe(repository: "Repository | None") -> None:
    """Give a forked process a separate pipe to git."""
    if repository:
        from patchpilot.commits.objects import CatFile

        repository.objects = CatFile(repository.top)


def tree_of(patches: Sequence[Patch], repository: "Repository | None") -> Tree | None:
    """Return the tree of the first commit's parent, or of HEAD if the patches are not commits.

    Return None without a repository.
    """
    if repository is None:
        return None
    from patchpilot.commits.tree_readers import CommitTree

    first = next((patch.commit for patch in patches if patch.commit), None)
    commit = repository.find(f"{first}^") if first else repository.find("HEAD")
    return CommitTree(repository, commit) if commit else None


def exit_code(severities: Iterable[Severity], fail_on: str) -> ExitCode:
    if fail_on == "never":
        return ExitCode.OK
    limit = Severity(fail_on).rank
    return findings_exit_code(any(severity.rank <= limit for severity in severities))

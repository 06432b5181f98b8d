# SPDX-License-Identifier: GPL-2.0-or-later
"""Run `patchpilot check` with parsed options."""

import importlib
import os
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.checking.clone_history import CloneHistory
from patchpilot.checking.request import CheckRequest
from patchpilot.checking.source import (
    RULES_OF_UNPATCHED,
    can_fix_targets,
    can_stream_targets,
    describe_settings_revision,
    describe_unchecked_files,
    find_check_base,
    find_clone_tree,
    find_pushed_range,
    find_settings_commit,
    list_pushed_commits,
    needs_no_repository,
    start_importing_checks,
)
from patchpilot.cli.common import Common, report_skipped_input, show_progress
from patchpilot.cli.error_exit import print_notice
from patchpilot.config import FLAG, split_list
from patchpilot.errors import MissingError, UsageError
from patchpilot.resources import runs_in_ci
from patchpilot.topic.read_series import has_drafts

if TYPE_CHECKING:
    from threading import Thread

    from patchpilot.building.plan import BuildOptions
    from patchpilot.checking.result import CheckResult, Suppressions
    from patchpilot.commits.repository import Repository
    from patchpilot.config import Settings
    from patchpilot.lint.lint_context import Options, OwnPack
    from patchpilot.reviewers.review import ProgramReview
    from patchpilot.settings.source import Source
    from patchpilot.topic.workplace import Workplace


def run_check(common: Common, options: CheckRequest, build: "BuildOptions | None" = None) -> int:
    """Check the targets, write the result, and return the exit code.

    With --build, compile the patches with the given build options.
    """
    _verify_options(common, options)
    if options.pushed:
        options = options._replace(targets=find_pushed_range())
    if options.whole_files:
        with common.workplace() as workplace:
            repository = workplace.repository_if_any()
            return _check_targets(common, options, workplace, repository)
    names_files = needs_no_repository(options.targets)
    files_only = common.repo is None and names_files
    loading = None if files_only else start_importing_checks()
    with common.workplace(uses_repository=not files_only) as workplace:
        repository = workplace.repository_if_any() if names_files else workplace.repository
        if options.build:
            build = build or _default_build_option(options)
        return _check_targets(common, options, workplace, repository, build, loading)


def _find_excluded_commits(
    options: CheckRequest, repository: "Repository | None"
) -> tuple[str, ...]:
    if repository is None:
        return ()
    pushed = list_pushed_commits(repository) if options.pushed else ()
    return (*map(repository.resolve, options.excluded), *pushed)


def _verify_options(common: Common, options: CheckRequest) -> None:
    """Raise `UsageError` if options cannot be combined, and `MissingError` without --data DIR."""
    if options.overrides and not options.fix:
        name = f"--{options.overrides[0]}"
        raise UsageError(f"{name} requires --fix", hint=f"run `patchpilot check --fix {name}`")
    if options.no_commit and not options.fix:
        raise UsageError(
            "--no-commit requires --fix", hint="run `patchpilot check --fix --no-commit`"
        )
    if options.review is not None:
        from patchpilot.cli.check import review_options

        review_options.verify_review_options(common, options)
    if options.data and not options.data.is_dir():
        raise MissingError(
            f"{options.data}: no such directory",
            hint="--data must be the directory that contains spelling.txt",
        )
    if options.changed_lines and not options.whole_files:
        raise UsageError("--changed-lines requires -f", hint="patches contain only changed lines")
    if options.pushed and options.targets:
        raise UsageError("--pushed and TARGET cannot be combined", hint="pass a range A..B")
    if options.whole_files:
        _reject_patch_options(options)
    elif options.net:
        _reject_commit_options(options)
    if options.report and (options.fix or options.diff):
        raise UsageError(
            f"--report and {'--fix' if options.fix else '--diff'} cannot be combined",
            hint="fix the commits first, then check them",
        )


def _reject_patch_options(options: CheckRequest) -> None:
    names = ("fix", "diff", "checkpatch", "since_version", "build", "checkers", "net")
    if option := _find_option(options, names):
        raise UsageError(
            f"-f and {option} cannot be combined",
            hint=f"{option} is for patches and commits",
        )


def _reject_commit_options(options: CheckRequest) -> None:
    names = ("fix", "diff", "checkpatch", "since_version", "build", "checkers")
    if option := _find_option(options, names):
        raise UsageError(
            f"--net and {option} cannot be combined", hint=f"run {option} on the commits"
        )


def _find_option(options: CheckRequest, names: Sequence[str]) -> str:
    name = next((name for name in names if getattr(options, name)), "")
    return f"--{name.replace('_', '-')}" if name else ""


def _check_targets(
    common: Common,
    options: CheckRequest,
    workplace: "Workplace",
    repository: "Repository | None",
    build: "BuildOptions | None" = None,
    loading: "Thread | None" = None,
) -> int:
    # use settings that the checked commits change only if a user at a terminal runs the check
    is_gate = common.format != "text" or not sys.stdout.isatty() or runs_in_ci()
    base = find_check_base(
        workplace, options.config_from, options.targets, options.base, is_gate=is_gate
    )
    source = base.source
    settings = workplace.settings(source=source)
    if loading:
        loading.join()
    from patchpilot.checking.driver import SETTINGS, Driver, PatchSource, options_of

    packs = _read_packs(settings, source, repository)
    formats = {common.format, *(form for form, _ in options.report)}
    gate_source = source if source and source.is_revision and is_gate else None
    suppressions = _load_suppressions(options, settings, repository, packs, gate_source)
    tree = workplace.source_tree(or_working_tree=options.whole_files)
    lint_options = options_of(
        settings,
        gate_source.tree if gate_source else None,
        commit=find_settings_commit(workplace, source),
        **{
            name: _convert_option_value(value)
            for name, value in options._asdict().items()
            if name in SETTINGS
        },
        noise=None if options.noise is None else options.noise / 100,
        kernel=_parse_kernel(options.kernel),
        data_dir=options.data,
        jobs=options.jobs or os.cpu_count() or 1,
        checkpatch=options.checkpatch,
        checkpatch_compat=options.checkpatch_compat,
        as_checkpatch=common.format == "checkpatch",
        packs=packs,
        proposes_edits=not formats.isdisjoint(("json", "jsonl", "sarif")),
        maps_to_tip=not formats <= {"text", "checkpatch"},
        whole_files=options.whole_files,
        changed_lines=options.changed_lines,
    )
    patches = PatchSource(
        options.targets,
        workplace.base(settings, options.base, options.targets),
        options.since_version,
        from_archive=workplace.from_archive,
        skipped=report_skipped_input,
        top=tree.root if options.whole_files and tree else None,
        is_net=options.net,
        excluded=_find_excluded_commits(options, repository),
    )
    is_outside = tree is None and repository is None
    clone_tree = find_clone_tree(Path.cwd()) if is_outside else None
    driver = Driver(
        _ignore_unpatched(lint_options) if clone_tree else lint_options,
        repository=repository,
        tree=tree or clone_tree,
        suppressions=suppressions,
        ground=base.tree,
    )
    driver.compare_in(CloneHistory(workplace) if is_outside else None)
    _note_settings(common, source, repository)
    if options.fix or options.diff:
        from patchpilot.cli.check import fix_options

        return fix_options.run_fixes(
            common,
            options,
            driver,
            patches,
            partial(_render_result, show_all=options.unfolded),
        )
    if not suppressions and _can_stream_results(common, options):
        from patchpilot.checking.stream import open_target_stream

        lines = open_target_stream(driver, options.targets)
        common.write_lines(lines)
        return int(lines.exit_code)
    with show_progress(common) as driver.progress:
        result = driver.check_source(patches, build=build)
    if options.review_request:
        from patchpilot.cli.check import review_options

        review_input = review_options.make_review_input(options, result, repository)
        common.write(review_options.format_requests(review_input))
        return 0
    _report_notes(common, result)
    if suppressions:
        from patchpilot.cli.check.suppression_notes import print_suppression_notes

        print_suppression_notes(common, result)
    reviews: Sequence[ProgramReview] = ()
    if options.review is not None:
        from patchpilot.cli.check import review_options

        review_input = review_options.make_review_input(options, result, repository)
        reviews = review_options.run_reviewers(common, settings, review_input)
    _write_reports(common, options, result)
    text = _render_result(common, result, show_all=options.unfolded, reviews=reviews)
    common.write(text, fold=True)
    if common.output and common.format not in ("text", "checkpatch") and not common.quiet:
        _note_verdict(common, result)
    if common.format == "text" and not common.quiet:
        _note_hidden_findings(options, result)
        if repository and not options.targets and (note := describe_unchecked_files(repository)):
            print_notice("note", note)
    return int(result.exit_code)


def _write_reports(common: Common, options: CheckRequest, result: "CheckResult") -> None:
    for form, file in options.report:
        as_file = common._replace(format=form, color=False, output=file)
        as_file.write(_render_result(as_file, result, show_all=options.unfolded))


def _note_verdict(common: Common, result: "CheckResult") -> None:
    """Print the verdict if the result is in a file: the log of a failed job would be empty."""
    from patchpilot.cli.output.findings_text import Colors, format_verdict

    print_notice("note", f"{format_verdict(result, Colors(enabled=False))} ({common.output})")


def _ignore_unpatched(options: "Options") -> "Options":
    """Return the options for a tree from which the patch may have been made."""
    return options._replace(ignore=(*options.ignore, *RULES_OF_UNPATCHED))


def _read_packs(
    settings: "Settings", source: "Source | None", repository: "Repository | None"
) -> "tuple[OwnPack, ...]":
    if not (repository or settings.list_value("packs") or settings.data_from_tree):
        return ()
    from patchpilot.settings.tree_data import read_own_packs

    return read_own_packs(settings, source)


def _note_settings(
    common: Common, source: "Source | None", repository: "Repository | None"
) -> None:
    if not common.quiet and (note := describe_settings_revision(source, repository)):
        print_notice("note", note)


def _convert_option_value(value: Any) -> Any:
    """Split an option's list at commas, and return None for an option that is not set."""
    return (split_list(",".join(value)) if isinstance(value, tuple) else value) or None


def _note_hidden_findings(options: CheckRequest, result: "CheckResult") -> None:
    from patchpilot.cli.output.findings_text import (
        describe_fixable,
        describe_hidden,
        describe_newcomer_findings,
    )

    sys.stdout.flush()
    if hidden_note := describe_hidden(result):
        print_notice("note", hidden_note)
    safe_rules = {rule.id for rule in result.rules if rule.remedy.kind == "safe"}
    if any(finding.rule in safe_rules for finding in result.all) and _can_add_fix_option(options):
        from patchpilot.checking.proposed_edits import count_fixable

        if fix_offer := describe_fixable(count_fixable(result)):
            print_notice("note", fix_offer)
    if newcomer_note := describe_newcomer_findings(result):
        print_notice("note", newcomer_note)


def _default_build_option(options: CheckRequest) -> "BuildOptions":
    from patchpilot.building.request import make_build_options

    for name in ("fix", "diff"):
        if getattr(options, name):
            raise UsageError(
                f"--build and --{name} cannot be combined",
                hint="fix the patches first, then build them",
            )
    return make_build_options(jobs=options.jobs)


def _load_suppressions(
    options: CheckRequest,
    settings: "Settings",
    repository: "Repository | None",
    packs: "tuple[OwnPack, ...]",
    gate_source: "Source | None",
) -> "Suppressions | None":
    """Return the waivers and the baseline for this run, and report new entries on stderr."""
    changes_suppressions = (
        options.baseline or options.write_baseline or options.waive or options.unwaive
    )
    if not (changes_suppressions or settings.waivers or (repository and has_drafts())):
        return None
    from patchpilot.checking.find_suppressions import find_suppressions

    return find_suppressions(options, settings, repository, packs, gate_source, print_notice)


def _can_stream_results(common: Common, options: CheckRequest) -> bool:
    """Return whether each patch can be reported before the next one is read."""
    return (
        common.format == "jsonl"
        and not options.whole_files
        and not options.since_version
        and not options.report
        and not options.checkpatch
        and not options.checkpatch_compat
        and can_stream_targets(options.targets)
    )


def _report_notes(common: Common, result: "CheckResult") -> None:
    if result.build and not common.quiet:
        print_notice("note", result.build)
    if not common.quiet and common.format != "checkpatch":
        # b4 takes each line of stderr for a failure
        for unused in result.unused_options:
            print_notice("note", unused)
    if not common.verbose:
        return
    print_notice(
        "note",
        f"project {result.profile}, rules as of {'.'.join(map(str, result.kernel))},"
        f" {len(result.rules)} rules",
    )
    for name, origin in result.setting.options.origins.items():
        if origin != FLAG:
            value = getattr(result.setting.options, name)
            print_notice("note", f"{name.replace('_', '-')} {value}: {origin}")


def _parse_kernel(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    version = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.\d+)?", text)
    if not version:
        raise UsageError(
            f"--kernel {text}: not a kernel version",
            hint="use a version, for example --kernel 6.1",
        )
    return int(version[1]), int(version[2])


def _can_add_fix_option(options: CheckRequest) -> bool:
    return (
        not options.checkpatch_compat
        and not options.whole_files
        and can_fix_targets(options.targets)
    )


def _render_result(
    common: Common,
    result: "CheckResult",
    *,
    show_all: bool,
    reviews: "Sequence[ProgramReview]" = (),
) -> str:
    """Format the result. Import only the module for the chosen format."""
    printer = importlib.import_module(f"patchpilot.cli.output.findings_{common.format}")
    if common.format != "text":
        review_arguments = {"reviews": reviews} if reviews else {}
        return str(printer.render(result, **review_arguments))
    text = str(
        printer.render(
            result,
            colored=common.uses_color,
            quiet=common.quiet,
            verbose=common.verbose,
            show_all=show_all,
            columns=common.columns,
        )
    )
    if reviews:
        from patchpilot.reviewers.text import format_reviews

        text += "\n" + format_reviews(reviews, show_all=show_all)
    return text

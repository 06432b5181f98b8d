# SPDX-License-Identifier: GPL-2.0-or-later
"""Run `backport --missing`, and `backport` with a list of fixes; print rows as they are found."""

from collections.abc import Iterator, Mapping, Sequence
from shlex import join
from typing import TYPE_CHECKING, Any

from patchpilot.cli.common import Common, show_progress
from patchpilot.errors import ExitCode, UsageError
from patchpilot.model.printable import join_words

if TYPE_CHECKING:
    from datetime import datetime

    from patchpilot.backports.audit import Audit
    from patchpilot.backports.audit_rows import AuditRow
    from patchpilot.backports.audit_write import AuditPatches
    from patchpilot.backports.branch_verdicts import BackportRequest
    from patchpilot.commits.repository import Repository
    from patchpilot.model.progress import Progress
    from patchpilot.topic.workplace import Workplace

AUDIT_OPTIONS = {
    "missing": "--missing",
    "list_only": "--list",
    "carried": "--carried",
    "not_in": "--not-in",
    "since": "--since",
    "config": "--config",
    "skip": "--skip",
    "jobs": "--jobs",
    "resume": "--continue",
}
"""The options of an audit, by the names of their values."""
_ONLY_MISSING = ("list_only", "carried", "not_in", "since", "config", "skip")
_SINGLE = {
    "resolve": "--resolve",
    "build": "--build",
    "request": "--request",
    "range_diff": "--range-diff",
    "in_reply_to": "--in-reply-to",
}


def refuse_audit_options(options: Mapping[str, Any]) -> None:
    """Raise UsageError for an option that has no effect on the TARGET."""
    for name, value in options.items():
        if value:
            missing = name in _ONLY_MISSING
            where = "--missing" if missing else "--missing, several commits or a file of commit ids"
            raise UsageError(
                f"{AUDIT_OPTIONS[name]} has no effect on this TARGET", hint=f"use it with {where}"
            )


def run_audit(
    common: Common,
    workplace: "Workplace",
    targets: Sequence[str],
    audit_options: dict[str, Any],
    options: dict[str, Any],
    fail_on: str,
) -> int:
    """Judge each missing fix, or each fix of a list, alone; return the exit code."""
    from patchpilot.backports.branch_verdicts import BackportRequest

    for name, spelling in _SINGLE.items():
        if options[name]:
            hint = "name one fix: patchpilot backport COMMIT"
            raise UsageError(f"{spelling} needs a single fix", hint=hint)
    if common.format in ("markdown", "csv"):
        raise UsageError(
            f"several fixes have no --format {common.format}", hint="use --format json or jsonl"
        )
    if not audit_options["missing"]:
        refuse_audit_options({name: audit_options[name] for name in _ONLY_MISSING})
    with show_progress(common) as progress:
        request = BackportRequest(from_archive=workplace.from_archive, **options)
        audit = _plan_audit(workplace, request, targets, audit_options, progress)
        report = _Report(common, audit)
        report.read_rows()
        if request.folder and report.is_complete:
            report.write_patches(request, progress)
    report.print(_list_next_words(audit, targets, audit_options, request))
    if not report.is_complete:
        return ExitCode.INTERRUPTED
    return report.exit_code(fail_on, writes=request.folder is not None)


class _Report:
    """The rows of an audit so far, and its output."""

    def __init__(self, common: Common, audit: "Audit") -> None:
        self.common, self.audit = common, audit
        self.rows: list[AuditRow] = []
        self.written: tuple[AuditPatches, ...] = ()
        self.is_complete = True

    def read_rows(self) -> None:
        """Judge the fixes; after Ctrl-C, keep the rows that are known."""
        if self.common.format == "jsonl":
            self.common.write_lines(self._format_rows())
        else:
            for _ in self._format_rows():
                pass

    def _format_rows(self) -> Iterator[str]:
        from patchpilot.backports.audit_rows import format_audit_line

        try:
            for row in self.audit.judge():
                self.rows.append(row)
                yield format_audit_line(row)
        except KeyboardInterrupt:
            self.is_complete = False

    def write_patches(self, request: "BackportRequest", progress: "Progress") -> None:
        from patchpilot.backports.audit_write import write_audit
        from patchpilot.backports.work import make_backport_text

        assert request.folder
        wording = make_backport_text(self.audit.repository, request)
        self.written = write_audit(self.audit, self.rows, request.folder, wording, progress)

    def print(self, next_command: str) -> None:
        """Print the totals, and in formats other than jsonl the fixes."""
        from patchpilot.backports.audit_write import AuditSummary
        from patchpilot.cli.output import audit_report as output

        summary = AuditSummary(self.is_complete, self.audit.branches, self.written)
        if self.common.format == "jsonl":
            self.common.add_line(output.format_summary_line(summary))
        elif self.common.format == "json":
            self.common.write(output.format_audit_json(self.rows, summary))
        else:
            text = output.format_audit_text(self.audit, self.rows, summary, next_command)
            self.common.write(text)

    def exit_code(self, fail_on: str, *, writes: bool) -> int:
        """Return 1 for a verdict of --fail-on, or if patches were wanted and none was written."""
        is_conflict = any(row.verdict == "conflict" for row in self.rows)
        is_affected = any(not row.is_settled for row in self.rows)
        is_bad = (fail_on == "conflict" and is_conflict) or (fail_on == "affected" and is_affected)
        wrote_nothing = writes and is_affected and not any(row.files for row in self.written)
        return int(is_bad or wrote_nothing)


def _plan_audit(
    workplace: "Workplace",
    request: "BackportRequest",
    targets: Sequence[str],
    options: Mapping[str, Any],
    progress: "Progress",
) -> "Audit":
    from datetime import datetime

    from patchpilot.backports.audit import Audit, AuditRequest, plan_list
    from patchpilot.backports.skip_list import (
        SETTING,
        add_to_skip_list,
        find_skip_list,
        read_skip_list,
    )
    from patchpilot.cli.error_exit import print_notice

    repository = workplace.repository
    if not options["missing"]:
        list_request = AuditRequest(
            request, resume=_keeps_verdicts(request, options), jobs=options["jobs"] or 0
        )
        return plan_list(repository, list_request, targets, progress)
    if options["skip"]:
        repository.register()
    skip_file = find_skip_list(repository, workplace.settings().get(SETTING))
    add_to_skip_list(repository, skip_file, options["skip"])
    skipped = read_skip_list(skip_file)
    if unknown := skipped.list_unknown(repository):
        ids = join_words(unknown[:3]) + (f" and {len(unknown) - 3} more" if unknown[3:] else "")
        print_notice("warning", f"{skip_file}: no commit {ids} in this repository")
    audit_request = AuditRequest(
        request,
        tuple(targets),
        tuple(options["not_in"]),
        options["carried"],
        _read_since(repository, options["since"]),
        options["config"],
        skipped,
        options["list_only"],
        _keeps_verdicts(request, options),
        options["jobs"] or 0,
    )
    audit = Audit(repository, audit_request, progress)
    if isinstance(audit_request.since, datetime):
        latest = repository.commit(audit.main).committed
        if latest < audit_request.since:
            print_notice(
                "warning",
                f"the latest mainline commit here is of {latest:%Y-%m-%d}: fetch mainline",
            )
    return audit


def _keeps_verdicts(request: "BackportRequest", options: Mapping[str, Any]) -> bool:
    """Return whether verdicts of the last run are used: --write writes what was shown before."""
    return options["resume"] or request.folder is not None


def _read_since(repository: "Repository", text: str | None) -> "datetime | str | None":
    """Parse --since as a moment or a commit."""
    from patchpilot.tracking.moment_since import parse_since

    if text is None:
        return None
    try:
        return parse_since(text)
    except UsageError:
        if commit := repository.find(text):
            return commit
        raise


def _list_next_words(
    audit: "Audit",
    targets: Sequence[str],
    options: Mapping[str, Any],
    request: "BackportRequest",
) -> str:
    """Return the command that writes the patches, or "" if it was given or there is none."""
    from patchpilot.backports.write import suggest_backport_folder

    can_write = any(
        totals.verdicts.get("clean") or totals.verdicts.get("clean-3way")
        for totals in audit.branches
    )
    if request.folder or options["list_only"] or not can_write or "-" in targets:
        return ""
    onto = [word for name in request.onto for word in ("--onto", name)]
    folder = suggest_backport_folder(audit.repository.top, None)
    words = ["patchpilot", "backport", *(["--missing"] if options["missing"] else [])]
    more = ["--write", str(folder), "--signoff"]
    return join([*words, *onto, *_repeat_options(options), *targets, *more])


def _repeat_options(options: Mapping[str, Any]) -> list[str]:
    """Return the options that select fixes, to repeat them in a command."""
    words = [word for name in options["not_in"] for word in ("--not-in", name)]
    words += ["--carried"] if options["carried"] else []
    for name in ("since", "config"):
        words += [AUDIT_OPTIONS[name], str(options[name])] if options[name] else []
    return words

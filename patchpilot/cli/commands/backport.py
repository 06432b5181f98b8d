# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot backport`: show the verdict for each stable branch, and write the patches to send."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.cli.command import (
    Common,
    argument,
    base_options,
    clear_progress,
    common_options,
    make_command,
    option,
    show_progress,
)
from patchpilot.errors import ExitCode, UsageError
from patchpilot.model.bounded import MAX_INPUT

if TYPE_CHECKING:
    from patchpilot.backports.branch_verdicts import BackportRequest
    from patchpilot.backports.cve_targets import CveQuery
    from patchpilot.backports.cve_verdicts import CveResult
    from patchpilot.backports.result import BackportResult
    from patchpilot.commits.repository import Repository
    from patchpilot.model.progress import Progress
    from patchpilot.topic.workplace import Workplace


_VERSION = re.compile(r"(?:linux-)?\d+\.\d+(?:\.(?:y|\d+))?")
"""The name of a stable branch, which is no TARGET."""


@make_command(
    epilog="\b\nExample:\n  patchpilot backport HEAD --onto stable/linux-6.1.y --format markdown"
)
@argument("target", required=False, several=True)
@option(
    "--missing",
    is_flag=True,
    help=(
        "list the mainline fixes missing from a branch that needs them, with verdicts;"
        " the arguments are then paths"
    ),
)
@option(
    "--list",
    "list_only",
    is_flag=True,
    help="with --missing: list the fixes without verdicts",
)
@option(
    "--carried",
    is_flag=True,
    help="with --missing: only fixes of bugs that came with a backport",
)
@option(
    "--not-in",
    multiple=True,
    metavar="BRANCH",
    help="with --missing: do not count fixes in BRANCH; a merge brings them (repeatable)",
)
@option(
    "--since",
    metavar="DATE|REV",
    help="with --missing: only what mainline got since DATE, 1w or 2m ago, or since a release",
)
@option(
    "--config",
    type=Path,
    metavar="FILE",
    help="with --missing: do not count fixes of code that this .config does not compile",
)
@option(
    "--skip",
    multiple=True,
    metavar="COMMIT=REASON",
    help="with --missing: skip a fix from now on; patchpilot.skip-list names the file (repeatable)",
)
@option(
    "--jobs",
    type=int,
    limits=(1, None),
    metavar="N",
    help="processes that judge fixes, with --missing or a list (default: one per processor)",
)
@option(
    "--continue",
    "resume",
    is_flag=True,
    help="continue an interrupted run: keep the verdicts that are known",
)
@option(
    "--cves",
    metavar="FILE|YEAR",
    help=(
        "the CVEs of a year, or in a file: messages of linux-cve-announce, or any text with ids"
        " (`-`: standard input)"
    ),
)
@option(
    "--onto",
    multiple=True,
    metavar="REV|DIR",
    help="check this revision or unpacked tree instead of the stable branches (repeatable)",
)
@base_options("base of the topic, if no TARGET is given")
@option(
    "--effort",
    type=float,
    limits=(0, None),
    metavar="SECONDS",
    help=(
        "time limit of the search for prerequisites, per branch; 0: verdicts only  [default: 10;"
        " with --missing or a list: 0]"
    ),
)
@option(
    "--fixes",
    multiple=True,
    metavar="COMMIT",
    help="the commit that introduced the bug, if there is no Fixes: tag yet (repeatable)",
)
@option(
    "--all",
    "everything",
    is_flag=True,
    help=(
        "stack all commits of a range, not only its fixes, and include fixes that mainline"
        " reverted, whose patches were sent, or that stable trees take by their Cc: stable tag,"
        " very large prerequisites, and requests against the stable rules"
    ),
)
@option(
    "--write",
    "folder",
    type=Path,
    metavar="DIR",
    help=(
        "write patches ready to be mailed, in one folder per branch or directory; exit with 1 if"
        " none can be written for the branches that need the fix"
    ),
)
@option(
    "--adapt",
    is_flag=True,
    help="adapt the fix to the branches where it conflicts, and explain each step",
)
@option(
    "--range-diff",
    is_flag=True,
    help=(
        "adapt the fix, and compare it with the original, or with the backport"
        " to another branch from which it was made"
    ),
)
@option(
    "--resolve",
    metavar="BRANCH",
    help=(
        "open the conflict in a separate clone (with --adapt: without prerequisites, and as adapted"
        " unless the code has another form in the branch); run the command again after you resolve"
        " the conflict"
    ),
)
@option(
    "--build",
    metavar="CMD|objects",
    help=(
        "run CMD in a temporary clone of each branch the fix applies to; objects: compile the"
        " kernel objects that the fix changes, and list new warnings"
    ),
)
@option(
    "--request",
    is_flag=True,
    help="print the mail that asks the stable team to apply the fix unchanged",
)
@option(
    "--tested",
    multiple=True,
    metavar="'VERSION by NAME'",
    help=(
        "the release of a stable branch on which the fix was tested, and by whom (repeatable);"
        " only tested branches are requested"
    ),
)
@option("--signoff", is_flag=True, help="with --write: add your Signed-off-by")
@option(
    "--note",
    default="",
    metavar="TEXT",
    help="your changes and the reason, or why the trees need the requested fix (--request)",
)
@option(
    "--in-reply-to",
    metavar="MSGID",
    help=(
        "with --write: the FAILED mail to reply to (default: the one received for a tracked series)"
    ),
)
@option(
    "--fail-on",
    choices=["conflict", "affected", "never"],
    default="never",
    shows_default=True,
    help="exit with 1 for this verdict",
)
@common_options("text", "json", "markdown", "jsonl", "csv")
def command(
    common: Common,
    target: tuple[str, ...],
    onto: tuple[str, ...],
    base: str | None,
    fail_on: str,
    cves: str | None,
    **options: Any,
) -> int:
    """Show for each stable branch whether the fix is present, needed and applies, and its
    prerequisites.

    TARGET is a commit, a range, a patch file, or the '<message-id>' or URL of a mail (default: the
    commits of the current branch). For a patch, the mainline commit that it became is used, or the
    commit that `git am` would create. Several commits, a file with commit ids (- reads it from
    stdin), and --format jsonl judge each fix alone; other TARGETs, such as DIR/*.patch, are judged
    as a series.

    For a CVE or messages of linux-cve-announce, the fixes and the commits that introduced the bug
    are read from your clone of the CVE team's repository (the setting patchpilot.vulns), otherwise
    from the messages. The formats jsonl and csv have a line for each CVE and branch, printed as
    soon as it is known.
    """
    from patchpilot.backports.cve_targets import may_name_cves
    from patchpilot.backports.targets import is_fix_list, name_patch_files
    from patchpilot.cli.audit import AUDIT_OPTIONS, refuse_audit_options, run_audit
    from patchpilot.cli.other_programs import arguments_hint

    if cves and target:
        raise UsageError("--cves excludes TARGET", hint="name the CVE, or the list of CVEs")
    if versions := [name for name in target[1:] if _VERSION.fullmatch(name)]:
        raise UsageError(
            f"unexpected argument: {versions[0]}", hint=arguments_hint("backport") or ""
        )
    audit_options = {name: options.pop(name) for name in AUDIT_OPTIONS}
    audit_options["not_in"] = audit_options["not_in"] or ()
    stdin = sys.stdin.buffer.read(MAX_INPUT + 1) if "-" in target else None
    options |= {"onto": onto, "base": base, "stdin": stdin}
    with common.workplace() as workplace:
        settings = workplace.settings()
        query = None
        if cves or (not audit_options["missing"] and any(map(may_name_cves, target))):
            query = _read_cves(common, workplace, settings.get("vulns"), target, cves, stdin)
        is_series = name_patch_files(target)
        is_list = not is_series and (
            len(target) > 1 or any(is_fix_list(name, stdin) for name in target)
        )
        options["profile"] = settings.get("profile") or None
        options["signoff"] = options["signoff"] or settings.flag("signoff")
        if not query and (audit_options["missing"] or is_list or common.format == "jsonl"):
            options["effort"] = options["effort"] or 0.0
            return run_audit(common, workplace, target, audit_options, options, fail_on)
        refuse_audit_options(audit_options)
        if options["effort"] is None:
            options["effort"] = 0.0 if cves else 10.0
        options["more_files"] = target[1:] if is_series else ()
        if not query:
            options["base"] = workplace.base(settings, base, target)
        return _judge_series(common, workplace, next(iter(target), None), options, fail_on, query)


def _read_cves(
    common: Common,
    workplace: "Workplace",
    records: str,
    targets: tuple[str, ...],
    cves: str | None,
    stdin: bytes | None,
) -> "CveQuery | None":
    """Return the CVEs that --cves or the TARGETs name, or None.

    `records` is their local copy, or ""; without it, a ref with the name of a CVE is a ref.
    """
    from patchpilot.backports.cve_targets import read_cve_list, read_cve_targets
    from patchpilot.cli.error_exit import print_notice
    from patchpilot.reading.cve_record import parse_cve_id

    if cves:
        return read_cve_list(cves, records)
    repository = workplace.repository_if_any()
    names = [cve for target in targets if (cve := parse_cve_id(target))]
    refs = [target for target in targets if names and repository and repository.find(target)]
    if refs and (not records or len(names) < len(targets)):
        return None
    for name in refs if not common.quiet else ():
        print_notice("note", f"{name} is also a ref: for its commit, use refs/heads/{name}")
    return read_cve_targets(targets, records, stdin)


def _judge_series(
    common: Common,
    workplace: "Workplace",
    target: str | None,
    options: dict[str, Any],
    fail_on: str,
    query: "CveQuery | None",
) -> int:
    """Judge the fixes of a TARGET, each on top of the ones before it, or the fixes of CVEs."""
    from patchpilot.backports.branch_verdicts import (
        BackportRequest,
        compute_backport_verdicts,
    )
    from patchpilot.backports.targets import find_target_branch
    from patchpilot.backports.work import ActionResults, run_backport_actions
    from patchpilot.cli.ask import ask_who_tested
    from patchpilot.cli.output import backport_report as output
    from patchpilot.cli.output.stream import print_message
    from patchpilot.model.printable import make_printable

    onto, base, profile = options.pop("onto"), options.pop("base"), options.pop("profile")
    targets_directories = bool(onto) and all(Path(path).is_dir() for path in onto)
    repository = workplace.repository_if_any() if targets_directories else workplace.repository
    options["adapt"] = options["adapt"] or options["range_diff"]
    if options["resolve"] and repository:
        onto = (find_target_branch(repository, options["resolve"], profile),)
    asks_who_tested = options["request"] and not options["tested"]
    if query:
        options["tested"] = ask_who_tested() if asks_who_tested else options["tested"]
        request = BackportRequest(target, onto, profile, **options)
        return _backport_cves(common, workplace.repository, query, request, fail_on)
    if common.format == "csv":
        raise UsageError(
            "--format csv is for CVEs only",
            hint="use --format json, or name a CVE or --cves",
        )
    with show_progress(common) as progress:
        request = BackportRequest(
            target,
            onto,
            profile,
            base=base,
            from_archive=workplace.from_archive,
            output=common.output if common.format == "text" else None,
            **options,
        )
        printer = _Printer(common, progress) if _can_stream(common, request) else None
        results = compute_backport_verdicts(repository, request, progress=progress, found=printer)
        if asks_who_tested and repository and not results[-1].interrupted:
            request, results = _add_tester(repository, request, results, progress)
        action_results = (
            ActionResults()
            if results[-1].interrupted
            else run_backport_actions(repository, results, request, progress)
        )
    format_results: Any = {
        "json": output.format_backport_json,
        "markdown": output.format_backport_markdown,
        "text": output.format_backport_text,
    }[common.format]
    if action_results.request and common.format == "text":
        # print only the message, so that it can be sent unchanged
        if not common.quiet:
            print_message(format_results(results, replace(action_results, request="")))
        mail = make_printable(action_results.request)
        _keep_other_request(common, mail)
        common.write(mail)
    elif printer and printer.count:
        printer.print(format_results(results, action_results, printed=printer.count))
    else:
        common.write(format_results(results, action_results))
    if results[-1].interrupted:
        return ExitCode.INTERRUPTED
    is_bad = (fail_on == "conflict" and output.has_conflict(results)) or (
        fail_on == "affected" and output.has_affected_branch(results)
    )
    return int(is_bad or output.wrote_no_patch(results, action_results))


def _keep_other_request(common: Common, mail: str) -> None:
    """Rename the output file if it has another text, because the user may have edited it."""
    from patchpilot.cli.error_exit import print_notice

    file = common.output
    if not (file and file.is_file()) or file.read_bytes().strip() == mail.encode().strip():
        return
    names = (file.with_name(f"{file.name}.{number}") for number in count(1))
    kept = next(name for name in names if not name.exists())
    file.rename(kept)
    print_notice("note", f"{file} had another text, which is kept as {kept}")


def _add_tester(
    repository: "Repository",
    request: "BackportRequest",
    results: "tuple[BackportResult, ...]",
    progress: "Progress",
) -> "tuple[BackportRequest, tuple[BackportResult, ...]]":
    """Ask who tested the fix, unless the user's answer is recorded, and judge it again with the
    answer.

    Raise `UsageError` before the question if no answer could lead to a request.
    """
    from patchpilot.backports.branch_verdicts import compute_backport_verdicts
    from patchpilot.backports.stable_request import (
        list_recorded_tests,
        list_requestable_branches,
    )
    from patchpilot.cli.ask import ask_who_tested

    list_requestable_branches(results[-1], everything=request.everything)
    clear_progress(progress)
    recorded = list_recorded_tests(repository, results[-1], everything=request.everything)
    tested = recorded or ask_who_tested()
    if not tested:
        return request, results
    request = replace(request, tested=tested)
    return request, compute_backport_verdicts(repository, request, progress=progress)


def _can_stream(common: Common, request: "BackportRequest") -> bool:
    """Return whether the text about a fix is complete as soon as its verdicts are known."""
    needs_all = request.build or request.resolve or request.request
    return common.format == "text" and not (
        needs_all or any(Path(name).is_dir() for name in request.onto)
    )


class _Printer:
    """Prints the verdicts of each fix as soon as they are known, and counts the fixes."""

    def __init__(self, common: Common, progress: "Progress") -> None:
        self._common, self._progress, self.count = common, progress, 0

    def __call__(self, result: "BackportResult") -> None:
        from patchpilot.cli.output.backport_report import format_fix_text

        clear_progress(self._progress)
        self.print(format_fix_text((result,), result) + "\n")
        self.count += 1

    def print(self, text: str) -> None:
        """Print the next paragraphs."""
        if not self.count:
            self._common.write(text)
        elif text:
            self._common.add_line(f"\n{text}")


def _backport_cves(
    common: Common,
    repository: "Repository",
    query: "CveQuery",
    request: "BackportRequest",
    fail_on: str,
) -> int:
    """Print the verdicts for CVEs: lists as soon as each is known, others with their actions."""
    from patchpilot.backports.cve_verdicts import compute_cve_verdicts, run_cve_actions
    from patchpilot.cli.output import cve_report as output
    from patchpilot.cli.output.backport_report import wrote_no_patch

    has_bad = False

    def watch(results: "Iterable[CveResult]") -> "Iterator[CveResult]":
        nonlocal has_bad
        for result in results:
            has_bad |= fail_on != "never" and any(
                row.verdict == "conflict" or (fail_on == "affected" and row.wants_fix)
                for row in result.branches
            )
            clear_progress(progress)
            yield result

    with show_progress(common) as progress:
        results = watch(compute_cve_verdicts(repository, query.records, request, progress))
        is_list = len(query.records) > 1 and not request.has_actions
        if common.format in ("jsonl", "csv") or (common.format == "text" and is_list):
            stream = {"jsonl": output.stream_json_lines, "csv": output.stream_csv}
            common.write_lines(stream.get(common.format, output.stream_text)(query, results))
            return int(has_bad)
        judged = tuple(results)
        actions = run_cve_actions(repository, judged, request, progress)
    formats = {"json": output.format_cves_json, "markdown": output.format_cves_markdown}
    common.write(formats.get(common.format, output.format_cves_text)(query, judged, actions))
    fixes = [fix for result in judged for fix in result.results]
    return int(has_bad or wrote_no_patch(fixes, actions))

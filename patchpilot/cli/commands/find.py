# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot find`: find the commits that may fix a symptom, or the thread of a commit."""

import sys
from typing import TYPE_CHECKING, Any

from patchpilot.cli.command import (
    Common,
    argument,
    common_options,
    make_command,
    option,
    show_progress,
)
from patchpilot.cli.error_exit import print_notice
from patchpilot.errors import (
    ExitCode,
    MissingError,
    UsageError,
    findings_exit_code,
)
from patchpilot.model.action import Action

if TYPE_CHECKING:
    from patchpilot.backports.cve_targets import CveQuery
    from patchpilot.finding.find_fix import FoundFixes
    from patchpilot.topic.workplace import Workplace


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  dmesg | patchpilot find -\n"
        "  patchpilot find 'mpt2sas0: _ctl_do_mpt_command: timeout'\n"
        "  patchpilot find HEAD"
    )
)
@common_options("text", "json")
@option(
    "--in",
    "within",
    metavar="REV|DIR",
    help=(
        "version with the bug, or a tree of it without git  [default: the version that the log"
        " names, or HEAD]"
    ),
)
@option("--good", metavar="REV", help="version without the bug: list what may have introduced it")
@option(
    "--bad", metavar="REV", help="version with the bug, if one works  [default: that of the log]"
)
@option(
    "--bisect",
    is_flag=True,
    help="name the next commit to build, until the fix is found; WHAT: a symptom, or an answer",
)
@option("--try", "tried", metavar="COMMIT", help="write how to try COMMIT on this machine")
@option(
    "--works",
    choices=("yes", "no"),
    help="with --try: record whether the bug is gone with COMMIT",
)
@option("--report", is_flag=True, help="write a report of the bug, as far as it is known")
@option("--mails", "with_mails", is_flag=True, help="COMMIT: show the text of each reply")
@option(
    "--lore",
    metavar="URL|PATH",
    help=(
        "archive to query: a URL, or a public-inbox directory, maildir or mbox  [default:"
        " patchpilot.lore or https://lore.kernel.org/all]"
    ),
)
@argument("what", required=False)
def command(
    common: Common,
    within: str | None,
    bisect: bool,
    lore: str | None,
    what: str | None,
    **options: Any,
) -> int:
    """Find the commits of mainline that may fix WHAT, or the thread in which a commit was posted.

    WHAT is a symptom: a file with the output of dmesg (`-`: standard input), a message of a driver,
    the '<message-id>' of a report, a function, or a source file. With the output of `git bisect
    log`, the commits that fix the first bad commit are listed. The commits since REV are ranked:
    the first line states how likely the first one is the fix. The exit code is 1 if no commit fits.

    For a CVE, a message of linux-cve-announce, or a page that names a CVE, the fixes are read from
    its record, and have the verdicts of `backport` (see the setting patchpilot.vulns).

    If WHAT is a commit, the archive is searched for the messages that the commit links to, then for
    its patch-id, its subject and author, and the files that it changes. For a commit of a stable
    branch, the search is for the upstream commit that it names.

    If a version works, the commits that may have introduced the bug are listed: first the ones that
    add a function or message of the log. If the version that works is newer, the commits that may
    have fixed the bug are listed. A version is a revision or a kernel's release, such as 6.1.76.

    To try a commit, --try writes the commands that build the release with the bug and this commit,
    boot it once, and remove it. The release is REV, or the one that a log WHAT or the running
    kernel names. Nothing is run. --works records the result for REV, or for the release that was
    built.

    To search by builds, start with a symptom: the commit to build next halves the probability, not
    the number of commits. Build it, try it, and answer with WHAT: `good` (the bug is gone), `bad`,
    `skip` (it does not build), `undo` (the last answer), or `reset`. Without WHAT, the commit is
    shown again.
    """
    from patchpilot.finding.find_cve import read_named_cves
    from patchpilot.finding.find_fix import is_commit_argument, read_symptom_text

    with common.workplace() as workplace:
        what, good, bad = what or "", options["good"], options["bad"]
        _refuse_options(options, is_bisected=bisect, is_in_tree=bool(within))
        if options["tried"]:
            log = (_read_target_text(workplace, what, lore) or what) if what else ""
            return _try_commit(common, workplace, options["tried"], options["works"], log, within)
        if not what and not bisect:
            raise UsageError(
                "WHAT is missing: a log, a function, a file or a commit",
                hint=Action("find", ("-",), "pass a log, for example `dmesg | {}`"),
            )
        is_search = bisect or good or options["report"]
        records = workplace.settings().get("vulns")
        if not is_search and (query := read_named_cves(what, None, records)):
            return _find_cves(common, workplace, query, within or "")
        text = _read_target_text(workplace, what, lore)
        if text is None and not (bisect or good) and is_commit_argument(workplace.repository, what):
            if options["report"]:
                raise UsageError(f"{what} is a commit: --report needs a log")
            return _find_posted_commit(
                common, workplace, what, lore, with_mails=options["with_mails"]
            )
        text = read_symptom_text(workplace.repository, what) if text is None else text
        if not is_search and (query := read_named_cves(what, text, records)):
            return _find_cves(common, workplace, query, within or "")
        if not is_search and (named := _list_named(workplace, text)):
            return _find_named(common, workplace, what, named, within or "")
        if good:
            return _find_introduction(
                common, workplace, what, text, (good, bad or ""), is_reported=options["report"]
            )
        if bisect:
            return _bisect_symptom(common, workplace, text, within or "")
        return _find_fixes(
            common, workplace, what, text, within or "", is_reported=options["report"]
        )


def _list_named(workplace: "Workplace", text: str) -> tuple[str, ...]:
    """Return the fixes that a text names, which is no log of a bisection."""
    from patchpilot.finding.named_fixes import list_named_fixes
    from patchpilot.tags.bisect_log import is_bisection

    return () if is_bisection(text) else list_named_fixes(workplace.repository, text)


def _refuse_options(options: dict[str, Any], *, is_bisected: bool, is_in_tree: bool) -> None:
    """Raise `UsageError` for options of different searches."""
    good, tried = options["good"], options["tried"]
    if (options["bad"] and not good) or (good and (is_bisected or is_in_tree)):
        raise UsageError(
            "--bad needs --good, and --good excludes --in and --bisect",
            hint=Action("find", ("LOG", "--good", "v6.1", "--bad", "v6.2"), "use {}"),
        )
    if options["works"] and not tried:
        raise UsageError(
            "--works needs --try", hint=Action("", ("--try", "COMMIT", "--works", "yes"), "use {}")
        )
    if (tried and (good or is_bisected or options["report"])) or (
        is_bisected and options["report"]
    ):
        raise UsageError(
            "--try excludes --good, --report and --bisect, and --report excludes --bisect"
        )


def _read_target_text(workplace: "Workplace", target: str, lore: str | None) -> str | None:
    """Return the text of standard input or of a message, or None for any other target."""
    from patchpilot.finding.find_fix import MAX_LOG, fetch_report_text

    if target == "-":
        if sys.stdin.isatty():
            print_notice("note", "reading the log from the terminal; end with Ctrl-D")
        return sys.stdin.buffer.read(MAX_LOG).decode("utf-8", "replace")
    if target.startswith(("<", "http://", "https://")):
        return fetch_report_text(target, lore, offline=workplace.offline, directory=workplace.repo)
    return None


def _find_fixes(
    common: Common,
    workplace: "Workplace",
    target: str,
    text: str,
    tree: str,
    *,
    is_reported: bool,
    until: str = "",
) -> int:
    from patchpilot.cli.output.find_text import format_found_fixes
    from patchpilot.finding.find_fix import find_fixes, find_later_fixes, read_symptom
    from patchpilot.tags.bisect_log import is_bisection

    repository, profile = workplace.repository, workplace.settings().get("profile")
    with show_progress(common) as progress:
        if is_bisection(text):
            fixes = find_later_fixes(repository, text, progress, tree=tree, profile=profile)
        else:
            fixes = find_fixes(
                repository,
                read_symptom(repository, text),
                tree=tree,
                profile=profile,
                to_report=is_reported,
                progress=progress,
                until=until,
            )
    _write_answer(common, fixes, format_found_fixes(fixes, target, is_reported=is_reported))
    if is_reported:
        _save_report(workplace, fixes, text)
    return findings_exit_code(not fixes.fits)


def _find_named(
    common: Common, workplace: "Workplace", what: str, commits: tuple[str, ...], tree: str
) -> int:
    from patchpilot.backports.targets import branch_ref
    from patchpilot.cli.output.find_text import format_found_fixes
    from patchpilot.finding.named_fixes import find_named_fixes

    repository, profile = workplace.repository, workplace.settings().get("profile")
    start = branch_ref(repository, tree, profile=profile) if tree else ""
    with show_progress(common) as progress:
        fixes = find_named_fixes(repository, commits, start, profile, progress)
    _write_answer(common, fixes, format_found_fixes(fixes, what))
    return ExitCode.OK


def _find_cves(common: Common, workplace: "Workplace", query: "CveQuery", tree: str) -> int:
    from patchpilot.cli.output.cve_report import stream_text
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.finding.find_cve import find_cve_fixes

    repository, profile = workplace.repository, workplace.settings().get("profile")
    with show_progress(common) as progress:
        found = find_cve_fixes(repository, query, tree=tree, profile=profile, progress=progress)
    text = (
        format_json("find", found.fixes, cves=found.results)
        if common.format == "json"
        else "".join(stream_text(query, found.results))
    )
    common.write(text)
    return findings_exit_code(not found.fixes.fits)


def _save_report(
    workplace: "Workplace", fixes: "FoundFixes", log: str, good: str = "", bad: str = ""
) -> None:
    from patchpilot.cli import ask
    from patchpilot.cli.mail_questions import can_ask_user
    from patchpilot.finding.report_bug import (
        describe_bug_report,
        describe_known_fix,
        explain_security,
        save_bug_report,
    )

    known, step = describe_known_fix(fixes)
    if known:
        print_notice("warning", f"a fix is known: {known}; instead of the report: {step}")
    security = None
    question, explanation = explain_security(workplace.repository, fixes, log)
    if question:
        print_notice("note", f"{question}\n{explanation}")
        if can_ask_user():
            security = ask.ask_yes_or_no(question)
    file = save_bug_report(workplace.repository, fixes, log, good=good, bad=bad, security=security)
    sys.stderr.write(f"{describe_bug_report(file)}\n")


def _find_introduction(
    common: Common,
    workplace: "Workplace",
    target: str,
    text: str,
    versions: tuple[str, str],
    *,
    is_reported: bool,
) -> int:
    from patchpilot.cli.output.find_text import format_introduction
    from patchpilot.finding.find_fix import read_symptom
    from patchpilot.finding.find_introduction import find_fixed_range, find_introduction

    symptom = read_symptom(workplace.repository, text)
    if fixed := find_fixed_range(workplace.repository, symptom, *versions):
        tree, until = fixed
        return _find_fixes(
            common, workplace, target, text, tree, is_reported=is_reported, until=until
        )
    with show_progress(common) as progress:
        result = find_introduction(workplace.repository, symptom, *versions, progress=progress)
    _write_answer(common, result, format_introduction(result, target, is_reported=is_reported))
    if is_reported:
        _save_report(workplace, result.found, text, result.good, result.bad)
    return findings_exit_code(not result.found.fits)


def _try_commit(
    common: Common,
    workplace: "Workplace",
    commit: str,
    answer: str | None,
    log: str,
    tree: str | None,
) -> int:
    from patchpilot.cli.output.find_text import format_trial
    from patchpilot.finding.find_fix import read_symptom, read_symptom_text
    from patchpilot.finding.try_commit import plan_trial, record_trial

    repository = workplace.repository
    symptom = read_symptom(repository, read_symptom_text(repository, log) if log else "")
    if answer:
        trial = record_trial(
            repository,
            commit,
            answer,
            tree=tree or "",
            symptom=symptom,
            profile=workplace.settings().get("profile"),
        )
    else:
        with show_progress(common) as progress:
            trial = plan_trial(
                repository,
                commit,
                tree=tree or "",
                symptom=symptom,
                profile=workplace.settings().get("profile"),
                progress=progress,
            )
    # a line of the script that is folded is another command
    _write_answer(common, trial, format_trial(trial), is_folded=bool(answer))
    return ExitCode.OK


def _bisect_symptom(common: Common, workplace: "Workplace", text: str, tree: str) -> int:
    from patchpilot.cli.output.find_text import format_bisect_step
    from patchpilot.finding.bisect_fix import ANSWERS, continue_bisection
    from patchpilot.finding.find_fix import read_symptom

    repository, profile = workplace.repository, workplace.settings().get("profile")
    answer = text if text in ("", *ANSWERS) else read_symptom(repository, text)
    with show_progress(common) as progress:
        step = continue_bisection(repository, answer, tree=tree, profile=profile, progress=progress)
    _write_answer(common, step, format_bisect_step(step))
    return findings_exit_code(not (step.next or step.found))


def _write_answer(common: Common, answer: object, text: str, *, is_folded: bool = True) -> None:
    if common.format == "json":
        from patchpilot.cli.output.json_document import format_json

        text = format_json("find", answer)
    common.write(text, fold=is_folded and common.format != "json")


def _find_posted_commit(
    common: Common,
    workplace: "Workplace",
    commit: str,
    lore: str | None,
    *,
    with_mails: bool,
) -> int:
    from patchpilot.cli.output.find_text import (
        format_posted_commit,
        format_similar_posts,
    )
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.topic.archive_target import read_archive_setting
    from patchpilot.topic.own_archive import make_archive_opener
    from patchpilot.tracking.posted_commit import (
        UnpostedCommit,
        find_posted_series,
        find_similar_posts,
    )

    lore = lore or read_archive_setting(common.repo)
    posted_commit = None
    with show_progress(common) as progress:
        similar_posts = find_similar_posts(
            workplace.repository,
            commit,
            lore,
            offline=common.offline,
            progress=progress,
        )
        try:
            posted_commit = find_posted_series(
                workplace.repository,
                commit,
                lore=lore,
                archive_at=make_archive_opener(
                    offline=common.offline, progress=progress, directory=common.repo
                ),
                progress=progress,
            )
        except MissingError:
            # ignore this if patches by others were found: only the upstream commit was posted
            if not similar_posts:
                raise
    if common.format == "json":
        answer = posted_commit or UnpostedCommit(workplace.repository.resolve(commit))
        common.write(format_json("find", answer, posted_by_others=similar_posts))
        return ExitCode.OK
    text = (
        format_posted_commit(posted_commit, max_width=common.columns, with_mails=with_mails)
        if posted_commit
        else ""
    )
    common.write(format_similar_posts(similar_posts) + text)
    return ExitCode.OK

# SPDX-License-Identifier: GPL-2.0-or-later
"""Handle --fix and --diff of `patchpilot check`."""

import sys
from collections.abc import Callable

from patchpilot.checking.apply_fixes import FixResult, fix_findings
from patchpilot.checking.driver import Driver, PatchSource
from patchpilot.checking.request import CheckRequest
from patchpilot.checking.result import CheckResult
from patchpilot.cli.common import Common, show_progress
from patchpilot.cli.output import findings_json, fix_text
from patchpilot.cli.output.stream import print_message
from patchpilot.errors import UsageError
from patchpilot.model.bounded import MAX_INPUT


def run_fixes(
    common: Common,
    options: CheckRequest,
    driver: Driver,
    source: PatchSource,
    render: Callable[[Common, CheckResult], str],
) -> int:
    """Apply the fixes, or print them as a diff, and return the exit code.

    The exit code depends on the remaining findings with --fix, and on all findings with --diff.
    `render` formats the findings.
    """
    if options.fix and options.diff:
        raise UsageError(
            "--fix and --diff cannot be combined",
            hint="use --diff to preview, --fix to apply",
        )
    if options.checkpatch_compat:
        raise UsageError(
            "--fix and --diff cannot be combined with --checkpatch-compat",
            hint="run two separate commands",
        )
    if "-" in options.targets:
        source = source._replace(stdin=sys.stdin.buffer.read(MAX_INPUT + 1))
    with show_progress(common) as driver.progress:
        result = fix_findings(
            driver,
            source,
            write=options.fix,
            overrides=options.overrides,
            is_committed=not options.no_commit,
        )
    if driver.suppressions:
        from patchpilot.cli.check.suppression_notes import print_suppression_notes

        print_suppression_notes(common, result.check)
    if options.diff:
        _print_diff(common, result)
    else:
        _print_report(common, result, render)
    return int(result.check.exit_code)


def _print_diff(common: Common, result: FixResult) -> None:
    if common.format == "json":
        common.write(findings_json.render(result.check, result))
        return
    if common.format != "text":
        raise UsageError(
            f"--diff does not support --format {common.format}",
            hint="use --format text or --format json",
        )
    lines = result.diff
    if common.output:
        common.write("".join(f"{line}\n" for line in lines))
    elif not sys.stdout.isatty():
        # print the exact bytes, because another program may read this diff
        text = "".join(f"{line}\n" for line in lines)
        _write_bytes(text.encode("utf-8", "surrogateescape"))
    elif lines:
        common.write(fix_text.color_diff(lines, colored=common.uses_color))
    if not common.quiet:
        print_message(fix_text.format_fix_summary(result))


def _print_report(
    common: Common, result: FixResult, render: Callable[[Common, CheckResult], str]
) -> None:
    """Report the applied fixes and the remaining findings.

    The report goes to stderr if the fixed patch goes to stdout.
    """
    uses_stderr = result.output is not None
    if uses_stderr:
        common = common._replace(color=False)
    summary = "" if common.quiet else fix_text.format_fix_summary(result)
    if common.format == "json":
        text = findings_json.render(result.check, result)
    elif common.format == "text":
        report = fix_text.format_fixed_findings(result, colored=common.uses_color)
        findings = render(common, result.check)
        text = "\n".join(filter(None, (report, findings, summary)))
    else:
        text = render(common, result.check)
        if summary:
            print_message(summary)
    if not uses_stderr:
        common.write(text, fold=True)
        return
    _write_bytes(result.output or b"")
    if common.output:
        common.write(text)
    elif text:
        print_message(text)


def _write_bytes(content: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Handles the options --fix and --diff of `patchpilot check`."""

import importlib
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

from patchpilot.cli.common import Common, progress_of
from patchpilot.cli.output.stream import tell
from patchpilot.errors import UsageError

if TYPE_CHECKING:
    from patchpilot.checking.driver import Driver, PatchSource
    from patchpilot.services.check.apply_fixes import FixResult


def answer(
    common: Common,
    options: SimpleNamespace,
    driver: "Driver",
    source: "PatchSource",
) -> int:
    """Apply the fixes, or print them as a diff.

    Returns the exit code, which depends on the remaining findings with --fix and on all findings
    with --diff.
    """
    from patchpilot.model.limits import MAX_INPUT
    from patchpilot.services.check.apply_fixes import fix

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
    with progress_of(common) as driver.progress:
        result = fix(driver, source, write=options.fix, overrides=options.overrides)
    if driver.suppressions:
        from patchpilot.cli.check.suppression_notes import remark

        remark(common, result.check)
    if options.diff:
        _show(common, result)
    else:
        _report(common, options, result)
    return int(result.check.exit_code)


def _show(common: Common, result: "FixResult") -> None:
    """Print the diff on stdout and a summary on stderr."""
    from patchpilot.cli.output import fix_text

    if common.format == "json":
        common.write(_document(result, written=False))
        return
    if common.format != "text":
        raise UsageError(
            f"--diff does not support --format {common.format}",
            hint="use --format text or --format json",
        )
    lines = result.diff
    if common.output or not sys.stdout.isatty():
        _exact(common, "".join(f"{line}\n" for line in lines))
    elif lines:
        common.write(fix_text.painted(lines, colored=common.colored))
    if not common.quiet:
        tell(fix_text.summary(result, written=False))


def _report(common: Common, options: SimpleNamespace, result: "FixResult") -> None:
    """Print what was fixed and what remains.

    On stderr where the fixed patch itself goes to stdout.
    """
    from patchpilot.cli.output import findings_text, fix_text

    check = result.check
    aside = result.output is not None
    colored = common.colored and not aside
    if common.format == "text":
        report = fix_text.fixed(result, colored=colored)
        found = findings_text.render(
            check,
            colored=colored,
            quiet=common.quiet,
            verbose=common.verbose,
            unfolded=options.unfolded,
            columns=common.room,
        )
        text = "\n".join(
            part
            for part in (
                report,
                found,
                "" if common.quiet else fix_text.summary(result, written=True),
            )
            if part
        )
    elif common.format == "json":
        text = _document(result, written=True)
    else:
        text = str(
            importlib.import_module(
                f"patchpilot.cli.output.findings_{common.format}"
            ).render(check)
        )
        if not common.quiet:
            tell(fix_text.summary(result, written=True))
    if not aside:
        common.write(text, fold=True)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(result.output or b"")
    sys.stdout.buffer.flush()
    if common.output:
        common.write(text)
    elif text:
        tell(text)


def _document(result: "FixResult", *, written: bool) -> str:
    from patchpilot.cli.output import findings_json
    from patchpilot.services.check.check_answer import patch_fixes, run_fixes

    patches = [patch_fixes(result, patch, written=written) for patch in result.patches]
    return findings_json.render(
        result.check, run_fixes(result, written=written), patches
    )


def _exact(common: Common, text: str) -> None:
    """Print a diff byte for byte: it is meant for programs."""
    if common.output:
        common.write(text)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()

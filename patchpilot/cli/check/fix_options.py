# SPDX-License-Identifier: GPL-2.0-or-later
"""What `patchpilot check` does with --fix and --diff."""

import importlib
import sys
from typing import TYPE_CHECKING

from patchpilot.cli.common import Common, progress_of
from patchpilot.errors import UsageError

if TYPE_CHECKING:
    from patchpilot.cli.check.check_options import CheckOptions
    from patchpilot.services.check.apply_fixes import FixResult
    from patchpilot.services.check.check_request import CheckRequest
    from patchpilot.services.workplace import Workplace


def answer(common: Common, options: "CheckOptions", request: "CheckRequest", place: "Workplace") -> int:
    """Mend, or show what would be mended, and say how the run ends: with --fix by what remains, with --diff by what is there."""
    from patchpilot.model.limits import MAX_INPUT
    from patchpilot.services.check.apply_fixes import fix

    if options.fix and options.diff:
        raise UsageError("--diff shows what --fix would do", hint="give one of them")
    if options.statistics or options.checkpatch_compat:
        raise UsageError("--fix and --diff go with neither --statistics nor --checkpatch-compat", hint="run them one after the other")
    if "-" in options.targets:
        request = request._replace(stdin=sys.stdin.buffer.read(MAX_INPUT + 1))
    with progress_of(common) as progress:
        result = fix(
            request,
            write=options.fix,
            published=options.published,
            shared=options.shared,
            repository=place.repository_if_any(),
            tree=place.source_tree(),
            progress=progress,
        )
    if request.suppressions:
        from patchpilot.cli.check.suppression_notes import remark

        remark(common, result.check)
    if options.diff:
        _show(common, result)
    else:
        _tell(common, result)
    return int(result.check.exit_code)


def _show(common: Common, result: "FixResult") -> None:
    """The diff on stdout, and one line on stderr that says what it would come to."""
    from patchpilot.cli.output import fix_text

    if common.format == "json":
        common.write(_document(result, written=False))
        return
    if common.format != "text":
        raise UsageError(f"--diff has no form {common.format}", hint="--format text or json")
    lines = result.diff
    if common.output or not sys.stdout.isatty():
        _exact(common, "".join(f"{line}\n" for line in lines))
    elif lines:
        common.write(fix_text.painted(lines, colored=common.colored))
    if not common.quiet:
        print(fix_text.summary(result, written=False), file=sys.stderr)


def _tell(common: Common, result: "FixResult") -> None:
    """What was mended and what remains; on stderr where the mended patch itself goes to stdout."""
    from patchpilot.cli.output import findings_text, fix_text

    check = result.check
    aside = result.output is not None
    colored = common.colored and not aside
    if common.format == "text":
        report = fix_text.fixed(result, colored=colored)
        found = findings_text.render(check, colored=colored, quiet=common.quiet, verbose=common.verbose, columns=common.room)
        text = "\n".join(part for part in (report, found, "" if common.quiet else fix_text.summary(result, written=True)) if part)
    elif common.format == "json":
        text = _document(result, written=True)
    else:
        text = str(importlib.import_module(f"patchpilot.cli.output.findings_{common.format}").render(check))
        if not common.quiet:
            print(fix_text.summary(result, written=True), file=sys.stderr)
    if not aside:
        common.write(text, fold=True)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(result.output or b"")
    sys.stdout.buffer.flush()
    if common.output:
        common.write(text)
    elif text:
        print(text, file=sys.stderr)


def _document(result: "FixResult", *, written: bool) -> str:
    from patchpilot.cli.output import findings_json, fix_text

    return findings_json.render(result.check, fix_text.bodies(result, written=written))


def _exact(common: Common, text: str) -> None:
    """A diff as its bytes are: it is meant for programs."""
    if common.output:
        common.write(text)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()

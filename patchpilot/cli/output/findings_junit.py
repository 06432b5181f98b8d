# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as a JUnit report.

There is one test suite per patch, with a failed case for each warning or error, or a single passed
case.
"""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from patchpilot.checking.result import CheckResult
from patchpilot.cli.output.findings_text import format_location
from patchpilot.model.patch import Patch
from patchpilot.model.printable import escape_commands, make_printable
from patchpilot.model.rule import Finding, Severity, Suppression

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(result: CheckResult) -> str:
    """Return the JUnit report as XML."""
    suites: list[tuple[str, Patch | None, tuple[Finding, ...]]] = [
        (f"{checked.patch.source}: {checked.patch.subject.title}", checked.patch, checked.every)
        for checked in result.patches
    ]
    if result.every_of_series:
        suites.append(("series", None, result.every_of_series))
    body = "".join(_format_suite(*suite, result.since) for suite in suites)
    failures = sum(1 for finding in result.all if _is_failure(finding))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="patchpilot"'
        f' tests="{body.count("<testcase ")}"'
        f' failures="{failures}" errors="0">\n{body}</testsuites>\n'
    )


def _format_suite(
    name: str, patch: Patch | None, every: Sequence[Finding], revision: str | None
) -> str:
    findings = [finding for finding in every if not finding.suppression]
    waived = [
        _format_waived_case(patch, finding, finding.suppression)
        for finding in every
        if finding.suppression and finding.suppression.by == "waiver"
    ]
    source = _source_name(patch)
    cases = [*(_format_case(patch, finding, revision) for finding in findings), *waived] or [
        f'  <testcase classname={_quote_attribute(source)} name="patchpilot check"/>\n'
    ]
    failures = sum(1 for finding in findings if _is_failure(finding))
    return (
        f' <testsuite name={_quote_attribute(name)} tests="{len(cases)}" failures="{failures}"'
        f' errors="0"{_skipped_count(len(waived))}>\n{"".join(cases)} </testsuite>\n'
    )


def _skipped_count(count: int) -> str:
    return f' skipped="{count}"' if count else ""


def _source_name(patch: Patch | None) -> str:
    return patch.source if patch else "series"


def _start_testcase(patch: Patch | None, finding: Finding) -> str:
    source = _source_name(patch)
    name = f"{finding.name} at {format_location(finding, patch)}"
    return f"  <testcase classname={_quote_attribute(source)} name={_quote_attribute(name)}"


def _format_waived_case(patch: Patch | None, finding: Finding, suppression: Suppression) -> str:
    return (
        f"{_start_testcase(patch, finding)}><skipped"
        f" message={_quote_attribute(f'waived: {suppression.reason}')}/></testcase>\n"
    )


def _format_case(patch: Patch | None, finding: Finding, revision: str | None) -> str:
    head = _start_testcase(patch, finding)
    summary = f"{finding.severity}: {finding.message}{finding.age(revision)}"
    text = f"{format_location(finding, patch)}: {summary}"
    if not _is_failure(finding):
        return f"{head}><system-out>{_escape_text(text)}</system-out></testcase>\n"
    return (
        f"{head}><failure type={_quote_attribute(finding.rule)}"
        f" message={_quote_attribute(finding.message)}>{_escape_text(text)}</failure></testcase>\n"
    )


def _is_failure(finding: Finding) -> bool:
    return finding.severity in (Severity.ERROR, Severity.WARNING)


def _remove_forbidden(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", escape_commands(make_printable(text)))


def _escape_text(text: str) -> str:
    return escape(_remove_forbidden(text))


def _quote_attribute(text: str) -> str:
    return quoteattr(_remove_forbidden(text))

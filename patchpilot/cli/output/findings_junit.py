# SPDX-License-Identifier: GPL-2.0-or-later
"""Format findings as a JUnit report.

There is one test suite per patch, with a case for each rule that has findings, or a single passed
case. A case fails if its findings change the exit code.
"""

import re
from collections import Counter
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from patchpilot.checking.result import CheckResult
from patchpilot.cli.output.findings_text import format_location
from patchpilot.model.patch import Patch
from patchpilot.model.printable import escape_commands, make_printable
from patchpilot.model.rule import Finding

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Row = tuple[Finding, str]
"""A finding, and the reason of the waiver or ""."""


def render(result: CheckResult) -> str:
    """Return the JUnit report as XML.

    A case has the name of the rule, and the class the subject of the patch: they stay the same when
    a commit is amended or rebased, so that a server can compare builds.
    """
    suites: list[tuple[str, Patch | None, list[_Row]]] = [
        (patch.patch.subject.title, patch.patch, _list_rows(patch.every))
        for patch in result.patches
    ]
    if result.every_of_series:
        suites.append(("series", None, _list_rows(result.every_of_series)))
    names: Counter[str] = Counter()
    body, total, failures = "", 0, 0
    for title, patch, rows in suites:
        names[title] += 1
        name = title if names[title] == 1 else f"{title} ({names[title]})"
        text, tests, failed = _format_suite(name, patch, rows, result)
        body, total, failures = body + text, total + tests, failures + failed
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="patchpilot"'
        f' tests="{total}"'
        f' failures="{failures}" errors="0">\n{body}</testsuites>\n'
    )


def _list_rows(findings: Sequence[Finding]) -> list[_Row]:
    """Return the findings that are not in the baseline."""
    rows = []
    for finding in findings:
        suppression = finding.suppression
        if suppression is None or suppression.by == "waiver":
            rows.append((finding, suppression.reason if suppression else ""))
    return rows


def _format_suite(
    name: str, patch: Patch | None, rows: Sequence[_Row], result: CheckResult
) -> tuple[str, int, int]:
    """Return the suite of a patch, with a case for each rule, and the numbers of cases and of
    failed cases.
    """
    by_rule: dict[tuple[str, bool], list[_Row]] = {}
    for row in rows:
        by_rule.setdefault((row[0].name, bool(row[1])), []).append(row)
    head = f"  <testcase classname={_quote_attribute(name)} name="
    cases, failed, skipped = [], 0, 0
    for (rule, is_waived), rule_rows in by_rule.items():
        case_name = f"{rule} (waived)" if is_waived and (rule, False) in by_rule else rule
        fails = not is_waived and any(result.is_failure(finding) for finding, _ in rule_rows)
        failed += fails
        skipped += is_waived
        content = _format_rows(rule_rows, patch, result, fails=fails)
        cases.append(f"{head}{_quote_attribute(case_name)}>{content}</testcase>\n")
    cases = cases or [f'{head}"patchpilot check"/>\n']
    skipped_count = f' skipped="{skipped}"' if skipped else ""
    return (
        f' <testsuite name={_quote_attribute(name)} tests="{len(cases)}" failures="{failed}"'
        f' errors="0"{skipped_count}>\n{"".join(cases)} </testsuite>\n',
        len(cases),
        failed,
    )


def _format_rows(
    rows: Sequence[_Row], patch: Patch | None, result: CheckResult, *, fails: bool
) -> str:
    first, reason = rows[0]
    if reason:
        return f"<skipped message={_quote_attribute(f'waived: {reason}')}/>"
    text = "\n".join(
        f"{format_location(finding, patch)}: {finding.severity}:"
        f" {finding.message}{finding.age(result.since)}"
        for finding, _ in rows
    )
    if not fails:
        return f"<system-out>{_escape_text(text)}</system-out>"
    failing = next(finding for finding, _ in rows if result.is_failure(finding))
    return (
        f"<failure type={_quote_attribute(first.rule)} message={_quote_attribute(failing.message)}>"
        f"{_escape_text(text)}</failure>"
    )


def _remove_forbidden(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", escape_commands(make_printable(text)))


def _escape_text(text: str) -> str:
    return escape(_remove_forbidden(text))


def _quote_attribute(text: str) -> str:
    return quoteattr(_remove_forbidden(text))

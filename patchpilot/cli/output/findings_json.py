# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings as JSON: `patchpilot/check/1`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from patchpilot import __version__
from patchpilot.checking.check_result import CheckedPatch, CheckResult
from patchpilot.cli.output.json_document import document_parts
from patchpilot.model.finding import Severity, Suppressed
from patchpilot.model.patch import Patch
from patchpilot.services.check.json_lines import finding_body

if TYPE_CHECKING:
    from patchpilot.checking.check_patches import CheckedOneByOne
    from patchpilot.checking.suppressions import SuppressionResult


def render(result: CheckResult, fixes: Mapping[str, Any] | None = None) -> str:
    """The document; `fixes`: what --fix and --diff add to it and to each patch."""
    added = fixes["patches"] if fixes else [{}] * len(result.patches)
    patches = (
        {**_patch(checked), **more} for checked, more in zip(result.patches, added, strict=True)
    )
    return "".join(
        document_parts(
            "check", _head(result), "patches", patches, lambda: _tail(result, result.counts, fixes)
        )
    )


def parts(checked: "CheckedOneByOne") -> Iterator[str]:
    """The document in parts, while the patches are checked."""
    yield from document_parts(
        "check", _head(checked), "patches", map(_patch, checked), lambda: _tail_of(checked)
    )


def _tail_of(checked: "CheckedOneByOne") -> dict[str, Any]:
    result = checked.result
    return _tail(result, checked.counts, None, patches=checked.length)


def _head(result: "CheckResult | CheckedOneByOne") -> dict[str, Any]:
    return {
        "patchpilot": __version__,
        "repository": result.repository,
        "tree": result.tree,
        "profile": result.profile,
        "kernel": ".".join(map(str, result.kernel)),
    }


def _patch(checked: CheckedPatch) -> dict[str, Any]:
    patch = checked.patch
    return {
        "source": patch.source,
        "commit": patch.commit,
        "subject": patch.subject.title,
        "findings": [finding_body(finding) for finding in checked.findings],
    }


def _tail(
    result: CheckResult,
    counts: Mapping[Severity, int],
    fixes: Mapping[str, Any] | None,
    patches: int | None = None,
) -> dict[str, Any]:
    """What follows the patches, whose number is that of the result unless it is given."""
    verdict = result.verdict
    waived = [
        (patch, suppressed) for patch, suppressed in result.suppressed if suppressed.by == "waiver"
    ]
    tail: dict[str, Any] = {
        "series": {"findings": [finding_body(finding) for finding in result.series]},
        "waived": [_waived(patch, suppressed) for patch, suppressed in waived],
    }
    if fixes:
        tail["fix"] = fixes["fix"]
    if verdict and (verdict.ended or verdict.unused):
        tail["waivers"] = _waivers(verdict)
    if result.since is not None:
        tail["since"] = result.since
    if verdict and verdict.baseline is not None:
        tail["baseline"] = _baseline(verdict)
    new = (
        {"new": sum(bool(finding.new) for finding in result.all), "gone": result.gone}
        if result.since is not None
        else {}
    )
    tail["summary"] = {
        "patches": len(result.patches) if patches is None else patches,
        "errors": counts[Severity.ERROR],
        "warnings": counts[Severity.WARNING],
        "checks": counts[Severity.CHECK],
        "notes": counts[Severity.NOTE],
        "waived": len(waived),
        "baselined": sum(suppressed.by == "baseline" for _, suppressed in result.suppressed),
        **new,
        "exit_code": int(result.exit_code),
    }
    return tail


def _waived(patch: Patch | None, suppressed: Suppressed) -> dict[str, Any]:
    """A finding that does not count, with the reason.

    Source and commit are null for one of the series.
    """
    return {
        "source": patch.source if patch else None,
        "commit": patch.commit if patch else None,
        **finding_body(suppressed.finding),
        "reason": suppressed.reason,
        "origin": suppressed.origin,
        "until": suppressed.until,
    }


def _waivers(verdict: "SuppressionResult") -> dict[str, Any]:
    """Expired waivers, whose findings count again, and unused ones."""
    return {
        name: [
            {
                "rule": waiver.rule,
                "paths": list(waiver.paths),
                "origin": waiver.origin,
                "until": waiver.until.isoformat() if waiver.until else None,
            }
            for waiver in waivers
        ]
        for name, waivers in (("expired", verdict.ended), ("unused", verdict.unused))
    }


def _baseline(verdict: "SuppressionResult") -> dict[str, Any]:
    written = (
        dict(zip(("recorded", "new", "dropped"), verdict.written, strict=True))
        if verdict.written
        else None
    )
    stale = [
        {
            "rule": entry.rule,
            "name": entry.name,
            "path": entry.path or None,
            "text": entry.text,
            "count": entry.count,
        }
        for entry in verdict.stale
    ]
    return {"file": verdict.baseline, "stale": stale, "written": written}

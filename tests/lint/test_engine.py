# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the positions, order and severities of findings in the engine, and moved lines."""

from collections.abc import Iterable, Iterator

import pytest

from patchpilot.errors import PackError
from patchpilot.lint import detector as registry
from patchpilot.lint.detector import Arguments, Hit, RegisteredDetector, typed_detector
from patchpilot.lint.engine import find_findings, run_series
from patchpilot.lint.lint_context import Context, Options
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series
from patchpilot.model.rule import Rule, Severity
from tests.kit.snippets import build_file_diff, mail

HITS: list[Hit] = []


def _return_hits(_context: Context) -> Iterable[Hit]:
    return list(HITS)


@pytest.fixture(autouse=True)
def _register_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.DETECTORS, "test-give", RegisteredDetector(_return_hits, {}))
    HITS.clear()


def _make_rule(
    severity: Severity = Severity.WARNING,
    checkpatch: str | None = None,
    scope: str = "diff",
    *,
    on_moved: bool = False,
) -> Rule:
    return Rule(
        "TST001",
        "test",
        "tests",
        severity,
        scope,
        "summary",
        "why",
        "ref",
        "test-give",
        "tests",
        {},
        checkpatch,
        on_moved=on_moved,
    )


def _make_patch(
    path: str = "drivers/frob/frob.c", body: str = " int a;\n-int b;\n+int c;\n int d;"
) -> Patch:
    return parse_patch(
        mail("frob: mend it", "Mend it.", build_file_diff(path, body)).encode(),
        "x.patch",
    )


def _find_line_number(patch: Patch, line_text: str) -> int:
    return patch.lines.index(line_text) + 1


def test_diff_finding_has_a_file_and_line() -> None:
    patch = _make_patch()
    HITS.append(Hit(_find_line_number(patch, "+int c;")))
    (finding,) = find_findings(Context(patch), [_make_rule()])
    assert (finding.path, finding.line, finding.message) == (
        "drivers/frob/frob.c",
        11,
        "summary",
    )


def test_message_finding_has_no_file() -> None:
    HITS.append(Hit(6))
    (finding,) = find_findings(Context(_make_patch()), [_make_rule()])
    assert (finding.path, finding.line) == (None, None)


def test_findings_are_in_line_order() -> None:
    HITS.extend([Hit(None), Hit(9), Hit(2)])
    assert [
        finding.patch_line for finding in find_findings(Context(_make_patch()), [_make_rule()])
    ] == [
        2,
        9,
        None,
    ]


@pytest.mark.parametrize(
    ("path", "checkpatch", "strict", "expected"),
    [
        ("drivers/frob/frob.c", "SPACING", False, 0),
        ("drivers/frob/frob.c", "SPACING", True, 1),
        ("drivers/net/frob.c", "SPACING", False, 1),
        ("net/frob.c", "SPACING", False, 1),
        ("drivers/staging/frob.c", "SPACING", False, 1),
        ("drivers/net/frob.c", None, False, 0),
        ("drivers/net/frob.c", None, True, 1),
    ],
)
def test_checks_are_optional(
    path: str, checkpatch: str | None, strict: bool, expected: int
) -> None:
    patch = _make_patch(path)
    HITS.append(Hit(_find_line_number(patch, "+int c;")))
    rule = _make_rule(Severity.CHECK, checkpatch)
    hidden = {(rule.name, Severity.CHECK)}
    options = Options(strict=strict, as_checkpatch=True, hidden=hidden)
    findings = find_findings(Context(patch, options=options), [rule])
    assert len(findings) == expected


def test_checkpatch_format_adds_and_does_not_decide() -> None:
    patch = _make_patch()
    options = Options(as_checkpatch=True)
    rule = _make_rule(Severity.CHECK, "SPACING")._replace(checkpatch_severity=Severity.ERROR)
    HITS.append(Hit(_find_line_number(patch, "+int c;")))
    (finding,) = find_findings(Context(patch, options=options), [rule])
    assert (finding.severity, finding.counts_as) == (Severity.ERROR, Severity.CHECK)
    hidden = options._replace(hidden={(rule.name, Severity.CHECK)})
    (finding,) = find_findings(Context(patch, options=hidden), [rule])
    assert (finding.severity, finding.counts) == (Severity.ERROR, False)


def test_pack_sets_the_severity_of_a_case() -> None:
    rule = _make_rule(Severity.NOTE)._replace(severities={"worse": Severity.ERROR})
    HITS.extend([Hit(2, case="worse"), Hit(3, case="other"), Hit(4)])
    assert [finding.severity for finding in find_findings(Context(_make_patch()), [rule])] == [
        Severity.ERROR,
        Severity.NOTE,
        Severity.NOTE,
    ]


MOVED = " int a;\n-\tfrob_start_it(frob, 1);\n+\t\tfrob_start_it(frob, 1);\n int d;"


@pytest.mark.parametrize(
    ("checkpatch", "on_moved", "strict", "expected"),
    [
        ("SPACING", False, True, [True]),
        ("SPACING", False, False, []),
        (None, False, True, []),
        (None, True, False, [True]),
    ],
)
def test_moved_code_is_marked(
    checkpatch: str | None, on_moved: bool, strict: bool, expected: list[bool]
) -> None:
    patch = _make_patch(body=MOVED)
    HITS.append(Hit(_find_line_number(patch, "+\t\tfrob_start_it(frob, 1);")))
    assert [
        finding.moved
        for finding in find_findings(
            Context(patch, options=Options(strict=strict)),
            [_make_rule(checkpatch=checkpatch, on_moved=on_moved)],
        )
    ] == expected


def test_series_rules_run_once_per_series() -> None:
    HITS.append(Hit(2))
    patch = _make_patch()
    rule = _make_rule(scope="series")
    assert not find_findings(Context(patch), [rule])
    assert not run_series(Context(patch, Series((patch,))), [rule])
    assert len(run_series(Context(patch, Series((patch, patch))), [rule])) == 1


def test_one_scan_serves_many_types() -> None:
    scans = []

    def scan_types(_context: Context) -> Iterator[tuple[str, Hit]]:
        scans.append(1)
        yield "A", Hit(1)
        yield "B", Hit(2)
        yield "A", Hit(3)

    context = Context(_make_patch())
    typed_detector("test-typed")(scan_types)
    of_type = registry.DETECTORS.pop("test-typed").function
    for kind, lines in (("A", [1, 3]), ("B", [2]), ("C", [])):
        assert [hit.patch_line for hit in of_type(context, {"type": kind})] == lines
    assert len(scans) == 1


def _yield_first_hit(_context: Context, arguments: Arguments) -> Iterator[Hit]:
    if arguments["most"] < 2:
        yield Hit({}["most"] if arguments["most"] else 1)


def test_unknown_argument_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(
        registry.DETECTORS,
        "test-give",
        RegisteredDetector(_yield_first_hit, {"most": int}),
    )
    with pytest.raises(PackError) as error:
        find_findings(Context(_make_patch()), [_make_rule()])
    assert error.value.message == "tests.toml: rule TST001: test-give needs the argument 'most'"
    assert error.value.hint == "add most to [rule.match]"
    assert not find_findings(Context(_make_patch()), [_make_rule()._replace(arguments={"most": 2})])


def test_detector_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        registry.DETECTORS,
        "test-give",
        RegisteredDetector(_yield_first_hit, {"most": int}),
    )
    with pytest.raises(KeyError):
        find_findings(Context(_make_patch()), [_make_rule()._replace(arguments={"most": 1})])

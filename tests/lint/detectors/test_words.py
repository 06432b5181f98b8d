# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the positions of repeated words, and the memory that a long word takes."""

import tracemalloc

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch
from tests.kit.snippets import PATH, PROSE, SIGN_OFF, build_file_diff, mail


@pytest.mark.parametrize(
    ("message", "added", "position"),
    [
        (PROSE, "+/* wait for for the link */", (PATH, 13)),
        (PROSE, "+/* wait for the\n+ * the link */", (PATH, 4)),
        (f"{PROSE} It is is so.", "+int b;", (None, None)),
    ],
)
def test_repeated_word_position_is_reported(
    message: str, added: str, position: tuple[str | None, int | None]
) -> None:
    patch_text = mail(
        "frob: wait",
        f"{message}\n\n{SIGN_OFF}",
        build_file_diff(PATH, f" int a;\n{added}\n int z;"),
    )
    (reported_findings,) = [
        finding
        for finding in find_findings(
            Context(parse_patch(patch_text.encode(), "a.patch")), load_rules()
        )
        if finding.name == "repeated-word"
    ]
    assert (reported_findings.path, reported_findings.column) == position


def test_word_as_long_as_a_line_takes_little_memory() -> None:
    text = mail(
        "frob: wait", f"{PROSE} {'a' * 3_000}\n\n{SIGN_OFF}", build_file_diff(PATH, "+int b;")
    )
    context = Context(parse_patch(text.encode(), "a.patch"))
    find_findings(context, load_rules())
    context = Context(parse_patch(text.replace("aaaa", "baaa", 1).encode(), "a.patch"))
    tracemalloc.start()
    find_findings(context, load_rules())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000

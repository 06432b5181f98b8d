# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a review request shows the functions around a change, whatever C text is near."""

import pytest

from patchpilot.checking.result import CheckedPatch
from patchpilot.model.mail import parse_patch
from patchpilot.reviewers.request_sections import PatchedFiles, make_request_sections
from tests.kit.hidden_code import MARK, TRICKS
from tests.kit.patches import build_patch_text
from tests.kit.snippets import MemoryTree

TOP = "".join(f"int before{number};\n" for number in range(9))


def find_functions(trick: str) -> dict[str, str]:
    """Return the text of each function in the request for a patch that changes a function."""
    function = "/*\nWait, that is all.\n*/\nint crob(void)\n{\n\tgrob();\n\treturn 0;\n}"
    old = TOP + trick.replace(MARK, function) + "\n"
    before = old.partition("\tgrob();\n")[0]
    start = before.count("\n")
    diff = (
        "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n"
        f"@@ -{start},3 +{start},3 @@\n {{\n-\tgrob();\n+\tdrob();\n \treturn 0;\n"
    )
    patch = parse_patch(build_patch_text(diff=diff).encode(), "x")
    sections = make_request_sections(
        CheckedPatch(patch, ()), PatchedFiles(patch, MemoryTree({"a.c": old})), None
    )
    return {
        title.partition(" in ")[0]: "\n".join(text for _, text in lines)
        for title, lines in sections
        if " in a.c" in title
    }


@pytest.mark.parametrize("trick", TRICKS)
def test_marks_hide_no_function(trick: str) -> None:
    functions = find_functions(TRICKS[trick])
    assert list(functions) == ["crob"]
    assert "/*\nWait, that is all.\n*/\nint crob(void)\n{" in functions["crob"]

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the warnings that a patch adds, and the lines that cause them."""

from pathlib import Path

import pytest

from patchpilot.building.diagnostics import (
    Diagnostic,
    pair_with_objects,
    read_diagnostics,
)
from patchpilot.building.module_symbols import division_in, needed_symbols
from patchpilot.building.new_diagnostics import find_new_diagnostics, problem_of
from patchpilot.building.output_folder import OutputFolder
from patchpilot.commits.confinement import Access
from patchpilot.model.patch import FileChange, parse_diff

DIFF = """diff --git a/a.c b/a.c
index 1111111..2222222 100644
--- a/a.c
+++ b/a.c
@@ -10,4 +10,5 @@ int one(void)
 \tint ret;
+\tint late;
 
-\tuse(old);
+\tuse(late, MACRO(1));
 \treturn ret;
@@ -40,2 +41,1 @@ int two(void)
 \tint gone;
-\tuse(gone);
diff --git a/a.h b/a.h
index 1111111..2222222 100644
--- a/a.h
+++ b/a.h
@@ -1,1 +1,1 @@
-int helper(int one);
+int helper(long one);
"""


def parse_changes() -> tuple[FileChange, ...]:
    return parse_diff(tuple(DIFF.split("\n")), 1).files


def make_warning(line: int, message: str, path: str = "a.c") -> Diagnostic:
    return read_diagnostics([f"{path}:{line}:1: warning: {message} [-Wx]"], "/t")[0]


def make_diff_line(number: int | None) -> str:
    assert number
    return DIFF.split("\n")[number - 1]


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ([], [11], [11]),
        # these lines are above, between and below the hunks
        ([3, 20, 60], [3, 21, 60], []),
        # the line with the warning was replaced
        ([12], [13], []),
        # the second warning has the same text
        ([20], [21, 30], [30]),
        ([60, 61], [60], []),
        # the name is used in an added line and in an old line
        ([10], [10, 11], [11]),
    ],
)
def test_moved_warning_is_not_new(before: list[int], after: list[int], new: list[int]) -> None:
    old, current = (
        [make_warning(line, "too 5 bad") for line in lines] for lines in (before, after)
    )
    new_diagnostics = find_new_diagnostics(old, current, parse_changes())
    assert [diagnostic.line for diagnostic in new_diagnostics] == new


def test_warning_moved_to_another_file_is_not_new() -> None:
    assert not find_new_diagnostics(
        [make_warning(41, "unused 'x'")],
        [make_warning(1, "unused 'x'", "a.h")],
        parse_changes(),
    )
    assert find_new_diagnostics(
        [make_warning(41, "unused 'x'", "b.c")],
        [make_warning(1, "unused 'x'", "a.h")],
        parse_changes(),
    )


@pytest.mark.parametrize(
    ("diagnostic", "line"),
    [
        (make_warning(11, "unused variable 'late'"), "+\tint late;"),
        # the last use of the variable was removed, but its declaration is outside the hunks
        (make_warning(41, "unused variable 'gone'"), "-\tuse(gone);"),
        # the warning is in a function outside the patch that calls the changed function
        (
            make_warning(7, "passing argument 1 of 'helper' from …", "b.c"),
            "+int helper(long one);",
        ),
        (make_warning(200, "something else"), "-\tuse(gone);"),
    ],
)
def test_warning_points_at_the_changed_line(diagnostic: Diagnostic, line: str) -> None:
    problem = problem_of(diagnostic, parse_changes())
    assert make_diff_line(problem.patch_line) == line
    location = "" if diagnostic.line == problem.line else f"{diagnostic.path}:{diagnostic.line}: "
    assert problem.message == f"{location}{diagnostic.text}"


def test_macro_warning_points_at_the_caller() -> None:
    (diagnostic,) = read_diagnostics(
        [
            "In file included from /t/include/kern.h:5,",
            "/t/include/kern.h:30:9: warning: format '%s' expects 'char *' [-Wformat=]",
            "/t/include/kern.h:40:3: note: in expansion of macro 'printk'",
            "/t/a.c:13:2: note: in expansion of macro 'MACRO'",
        ],
        "/t",
    )
    problem = problem_of(diagnostic, parse_changes())
    assert (problem.path, problem.line) == ("a.c", 13)
    assert make_diff_line(problem.patch_line) == "+\tuse(late, MACRO(1));"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("a.c:1:2: warning: unused [-Wunused]", "warning"),
        ("a.c:1:2: warning: incorrect type in argument 1", "sparse"),
        ("a.c:1: warning: Function parameter 'x' not described in 'f'", "kernel-doc"),
        ("a.c:1:2: error: 'x' undeclared", "error"),
        ("a.c:1:10: fatal error: x.h: No such file or directory", "error"),
        ("a.S:4: Error: no such instruction", "error"),
        ("/t/a.dtsi:1.2-3.4: Warning (unit): /a@1: no reg", "warning"),
        ("/t/a.dts:1.2-30: ERROR (phandle_references): /a: no label", "error"),
        ("Error: /t/a.dts:2.3-4 syntax error", "error"),
    ],
)
def test_output_format_identifies_the_tool(line: str, kind: str) -> None:
    assert [diagnostic.kind for diagnostic in read_diagnostics([line, "make: *** x"], "/t")] == [
        kind
    ]


@pytest.mark.parametrize("path", ["/t/a/b/../c.c", "../../t/../a/c.c"])
def test_path_is_relative_to_the_patch(path: str) -> None:
    (diagnostic,) = read_diagnostics([f"{path}:1:2: error: 'x' undeclared"], "/t")
    assert diagnostic.path == "a/c.c"


def test_lines_belong_to_the_last_object() -> None:
    lines = [
        "CALL x",
        "  CC [M]  d/a.o",
        "a",
        "  CHECK   /t/d/a.c",
        "b",
        "  CC      d/b.o",
        "c",
    ]
    assert list(pair_with_objects(lines)) == [
        ("", "CALL x"),
        ("d/a.o", "a"),
        ("d/a.o", "b"),
        ("d/b.o", "c"),
    ]


@pytest.mark.parametrize(
    ("module", "report", "problem"),
    [
        ("a_b", "missing MODULE_LICENSE() in a", "missing 'MODULE_LICENSE()' in a"),
        (
            "a_b",
            "use (section: x) section mismatch",
            "'use' (section: x) section mismatch",
        ),
        # the object is part of a module, and another file of the module has the license
        ("c", "missing MODULE_LICENSE() in a", ""),
    ],
)
def test_modpost_reports_sections_and_missing_licenses(
    tmp_path: Path, module: str, report: str, problem: str
) -> None:
    modpost = tmp_path / "scripts" / "mod" / "modpost"
    modpost.parent.mkdir(parents=True)
    modpost.write_text(f"#!/bin/sh\necho 'ERROR: modpost: {report}'")
    modpost.chmod(0o755)
    command = f"gcc -DMODULE -DKBUILD_MODNAME='\"{module}\"' a-b.c\n"
    output, access = OutputFolder(tmp_path), Access(writes=(tmp_path,))
    diagnostics = needed_symbols(output, access, "a-b.o", "a-b.c", command)
    texts = [diagnostic.text for diagnostic in diagnostics]
    assert "".join(texts) == problem


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("__udivdi3", "use(late / MACRO(1));", 13),
        ("__udivdi3", "use(late, MACRO(1)); /* no */", 0),
        ("helper", "use(late / MACRO(1));", 0),
    ],
)
def test_division_calls_a_compiler_function(name: str, text: str, line: int) -> None:
    diff = DIFF.replace("use(late, MACRO(1));", text)
    files = parse_diff(tuple(diff.split("\n")), 1).files
    assert division_in(files, "a.c", name) == line

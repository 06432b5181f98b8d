# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect the problems that a build or an external checker reported for a patch."""

from patchpilot.lint.detector import Arguments, Hit, Hits, detector
from patchpilot.lint.lint_context import Context

KINDS = (
    "error",
    "warning",
    "sparse",
    "kernel-doc",
    "broken-commit",
    "coccinelle",
    "modpost",
    "kconfig",
    "not-built",
    "dtschema",
    "yamllint",
    "docutils",
    "kernel-doc-script",
    "get-abi",
)


@detector("build", kind=KINDS)
def build_problems(context: Context, arguments: Arguments) -> Hits:
    """Report build problems of one kind, or nothing if the build or checker was not run."""
    for problem in context.built:
        if problem.kind == arguments["kind"]:
            yield Hit(
                problem.patch_line,
                problem.path,
                problem.line,
                problem.column,
                values={"problem": problem.message},
            )

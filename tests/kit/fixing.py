# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply safe fixes to examples, and to patches that are not in a repository."""

from patchpilot.lint.engine import find_findings
from patchpilot.lint.fixing.try_fixes import FixOutcome, fix_patch
from patchpilot.lint.lint_context import Context
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Example, Finding
from tests.kit.packs import choose_all_rules, load_all_rules
from tests.kit.snippets import build_context


def fix_context(context: Context, *, safe_only: bool = False) -> FixOutcome:
    """Apply the safe fixes of all current rules to the context's patch.

    With `safe_only`, no other rule can reject a fix because of a new finding.
    """
    rules = choose_all_rules(context.options.kernel, context.project.name)
    if safe_only:
        rules = tuple(rule for rule in rules if rule.remedy.kind == "safe")

    def check_patch(patch: Patch) -> tuple[Context, tuple[Finding, ...]]:
        current_context = context.with_patch(patch)
        return current_context, find_findings(current_context, rules)

    return fix_patch(context.patch, check_patch, {rule.id: rule for rule in rules})


def fix_example(example: Example, *, safe_only: bool = False) -> FixOutcome:
    """Apply all safe fixes to an example."""
    return fix_context(build_context(example), safe_only=safe_only)


def fix_patch_text(patch_text: str, *, strict: bool = True) -> FixOutcome:
    """Apply all safe fixes to a patch."""
    from patchpilot.lint.lint_context import Options

    patch = parse_patch(patch_text.encode("utf-8", "surrogateescape"), "example.patch")
    options = Options(strict=strict)
    if not strict:
        # the other formats show these only with --strict
        checks = {(rule.name, rule.severity) for rule in load_all_rules() if rule.checkpatch}
        options = options._replace(as_checkpatch=True, hidden=checks)
    return fix_context(Context(patch, options=options))

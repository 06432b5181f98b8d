# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply a project's [style] settings to the rules."""

from collections.abc import Iterable

from patchpilot.cache.cached_re import compile_late
from patchpilot.model.finding import Severity
from patchpilot.model.rule import Rule
from patchpilot.projects.project import Project


def check_style(rules: Iterable[Rule], project: Project) -> None:
    """Raise PackError for an unknown rule in [style].

    The error names the user's file and the nearest rule. The shipped files are not checked here,
    since they are covered by tests.
    """
    from patchpilot.projects.checking import misspelled

    known = {word for rule in rules for word in rule.words}
    for key, words in (
        ("ignore", project.style.ignore),
        ("severity", project.style.severity),
    ):
        for word in words:
            if word not in known:
                raise misspelled(
                    f"{project.files[0]}: [style]: {key}: unknown rule {word!r}",
                    word,
                    known,
                )


def use_checkpatch_levels(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Give the rules the severities that they have in checkpatch.pl."""
    return tuple(
        rule._replace(
            severity=rule.checkpatch_severity, severities=rule.checkpatch_severities
        )
        if rule.checkpatch_severity
        else rule
        for rule in rules
    )


_WHOLE_FILE_CHECKS = frozenset(
    (
        "AVOID_BUG",
        "FSF_MAILING_ADDRESS",
        "LONG_LINE",
        "LONG_LINE_COMMENT",
        "LONG_LINE_STRING",
        "PREFER_FALLTHROUGH",
        "TYPO_SPELLING",
    )
)
_NOT_IN_WHOLE_FILES = frozenset(("COMMIT_MESSAGE", "ENOTSUPP", "NOT_UNIFIED_DIFF"))
"""The types that checkpatch.pl reports as CHECK with -f, and those that it does not report then."""


def for_whole_files(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Select the rules that apply to code, not to a patch or its message.

    They have the same severities as in checkpatch.pl -f.
    """
    found = []
    for rule in rules:
        if rule.checkpatch in _WHOLE_FILE_CHECKS:
            found.append(rule._replace(severity=Severity.CHECK, severities={}))
        elif rule.checkpatch == "SPDX_LICENSE_TAG":
            found.append(
                rule._replace(severities={**rule.severities, "binding": Severity.CHECK})
            )
        elif rule.scope == "diff" or (
            rule.checkpatch and rule.scope in ("tree", "message")
        ):
            found.append(rule)
    return tuple(rule for rule in found if rule.checkpatch not in _NOT_IN_WHOLE_FILES)


_KERNEL = compile_late(
    r"(?<![-/.\w])(?:[Tt]he (?!(?:Linux )?kernel (?:tree|image|address|type)\b))?"
    r"(?:Linux )?[Kk]ernel\b(?! versions?\b|-|\.\w|[/_])"
)


def adjust_rules(rules: Iterable[Rule], project: Project) -> tuple[Rule, ...]:
    """Give the rules the project's severities, and drop ignored rules.

    A project's severity applies to every case of a rule. In texts, the project's name replaces the
    kernel's.
    """

    style = project.style

    def handle_name(text: str) -> str:
        return _KERNEL.sub(project.title, text)

    def as_wanted(rule: Rule) -> Rule:
        severity = style.severity.get(rule.name)
        if not project.kernel:
            rule = rule._replace(
                summary=handle_name(rule.summary),
                why=handle_name(rule.why),
                message=handle_name(rule.message),
                messages={
                    case: handle_name(text) for case, text in rule.messages.items()
                },
                remedy=rule.remedy._replace(text=handle_name(rule.remedy.text)),
            )
        return (
            rule._replace(severity=Severity(severity), severities={})
            if severity
            else rule
        )

    return tuple(
        as_wanted(rule)
        for rule in rules
        if not any(word in style.ignore for word in rule.words)
    )

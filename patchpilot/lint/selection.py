# SPDX-License-Identifier: GPL-2.0-or-later
"""Select the rules to run, and set their severity.

Rules are selected by kernel version, profile, --select and --ignore, the project's [style]
settings, and the tree's headers; `checkpatch_conf` applies its .checkpatch.conf. Which rules are
shown by default depends on their results on real patches: `python -m tests.lab.measure_rules`
generates `checks/records.tsv` from mailing list archives. Rules that were added since have their
records in `checks/records-added.tsv`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache

from patchpilot.cache.cached_re import cached_search, lazy_pattern
from patchpilot.errors import MissingError, find_nearest_word, unknown_word_error
from patchpilot.model.action import Action, Advice, Hint
from patchpilot.model.rule import Kernel, Rule, RuleRecord, Severity
from patchpilot.model.source_tree import Tree
from patchpilot.projects.loading import find_project
from patchpilot.projects.project import Project
from patchpilot.resources import data_dir

_HEADERS = "include/linux"


def usable_rules(rules: Iterable[Rule], tree: Tree | None) -> tuple[Rule, ...]:
    """Return the rules whose advice can be followed in this tree.

    If a rule recommends a function, the tree's headers must contain it.
    """
    all_rules = tuple(rules)
    if tree is None or not tree.is_dir(_HEADERS):
        return all_rules
    headers: dict[str, bytes] = {}
    return tuple(
        rule
        for rule in all_rules
        if all(_header_declares(tree, headers, need) for need in rule.needs)
    )


def _header_declares(tree: Tree, headers: dict[str, bytes], need: str) -> bool:
    header, _, function = need.partition(" ")
    if header not in headers:
        headers[header] = tree.read(header) or b""
    pattern = rb"\b%b\b" % function.encode()
    return cached_search(pattern, headers[header]) is not None


_LIBRARIES = {"syntax": {"tree_sitter": "tree-sitter", "tree_sitter_c": "tree-sitter-c"}}
"""The packages of detectors that need any, by import name. Some distributions lack them."""


def find_unavailable_rules(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules that cannot run here, because a package is not installed."""
    missing = {name for name in _LIBRARIES if list_missing_packages(name)}
    return tuple(rule for rule in rules if rule.detector in missing) if missing else ()


@cache
def list_missing_packages(detector: str) -> tuple[str, ...]:
    """Return the packages that a detector needs and that are not installed."""
    from importlib.util import find_spec

    packages = _LIBRARIES.get(detector, {})
    return tuple(name for module, name in packages.items() if find_spec(module) is None)


def verify_available(words: Sequence[str], rules: Sequence[Rule]) -> None:
    """Raise MissingError if a word selects a rule that cannot run here."""
    chosen = {word.lower() for word in words}
    for rule in find_unavailable_rules(rules) if chosen else ():
        if chosen.intersection(map(str.lower, rule.words)):
            from patchpilot.extras import format_install_command

            packages = list_missing_packages(rule.detector)
            raise MissingError(
                f"the rule {rule.name} needs {' and '.join(packages)}, which is not installed",
                hint=f"run `{format_install_command(packages)}`",
            )


def check_style(rules: Iterable[Rule], project: Project) -> None:
    """Raise PackError for an unknown rule in a user's [style] table.

    The error names the file and the nearest rule. Tests cover the shipped files.
    """
    from patchpilot.projects.checking import misspelling_error

    known_words = {word for rule in rules for word in rule.words}
    for key, words in (
        ("ignore", project.style.ignore),
        ("severity", project.style.severity),
    ):
        for word in words:
            if word not in known_words:
                raise misspelling_error(
                    f"{project.files[0]}: [style]: {key}: unknown rule {word!r}",
                    word,
                    known_words,
                )


def use_checkpatch_levels(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Set each rule's severity to its severity in checkpatch.pl."""
    return tuple(
        rule._replace(severity=rule.checkpatch_severity, severities=rule.checkpatch_severities)
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
"""The types that checkpatch.pl -f reports as CHECK, and the types that it omits."""


def rules_for_whole_files(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules that check code, with the severities of checkpatch.pl -f.

    These rules need neither a patch nor a message.
    """
    selected = []
    for rule in rules:
        if rule.checkpatch in _NOT_IN_WHOLE_FILES:
            continue
        if rule.checkpatch in _WHOLE_FILE_CHECKS:
            selected.append(_set_severity(rule, Severity.CHECK))
        elif rule.checkpatch == "SPDX_LICENSE_TAG":
            case = {"binding": Severity.CHECK}
            selected.append(
                rule._replace(
                    severities={**rule.severities, **case},
                    checkpatch_severities={**rule.checkpatch_severities, **case},
                )
            )
        elif rule.scope == "diff" or (rule.checkpatch and rule.scope in ("tree", "message")):
            selected.append(rule)
    return tuple(selected)


def _set_severity(rule: Rule, severity: Severity) -> Rule:
    """Set the severity of all cases of a rule, including in the checkpatch format."""
    return rule._replace(
        severity=severity,
        severities={},
        checkpatch_severity=None,
        checkpatch_severities={},
    )


_KERNEL = lazy_pattern(
    r"(?<![-/.\w])(?:[Tt]he (?!(?:Linux )?kernel (?:tree|image|address|type)\b))?"
    r"(?:Linux )?[Kk]ernel\b(?! versions?\b|-|\.\w|[/_])"
)


def adjust_rules(rules: Iterable[Rule], project: Project) -> tuple[Rule, ...]:
    """Give rules the project's severities, and drop rules ignored by the project.

    A project's severity applies to every case of a rule. In texts, the project's name replaces the
    kernel's.
    """

    style = project.style

    def replace_name(text: str) -> str:
        return _KERNEL.sub(project.title, text)

    def adjust_rule(rule: Rule) -> Rule:
        severity = style.severity.get(rule.name)
        if not project.kernel:
            rule = rule._replace(
                summary=replace_name(rule.summary),
                why=replace_name(rule.why),
                message=replace_name(rule.message),
                messages={case: replace_name(text) for case, text in rule.messages.items()},
                remedy=rule.remedy._replace(text=replace_name(rule.remedy.text)),
            )
        return _set_severity(rule, Severity(severity)) if severity else rule

    return tuple(
        adjust_rule(rule) for rule in rules if not any(word in style.ignore for word in rule.words)
    )


Measured = tuple[str, Severity]
"""A rule's name and the severity of its findings."""
LIKELY = 3
"""The number of checks that count as much as one warning."""
NOISE = 0.28
"""Average number of lines with findings, per accepted patch, that are shown by default.

On lists that were not measured, there are up to two fifths more; the target is at most 0.35.
"""
RARE = 3
"""Rules with findings in at most this many accepted patches are selected first."""
CERTAIN = (
    ("subject-not-imperative", Severity.CHECK),
    ("subject-ends-with-punctuation", Severity.CHECK),
    ("misspelling", Severity.WARNING),
    ("possible-misspelling", Severity.CHECK),
    ("missing-fixes", Severity.WARNING),
    ("malformed-fixes", Severity.WARNING),
)
"""Rules that are always selected first: their findings are real even in patches that maintainers
apply, and every reader of a log notices a subject such as "Fixed a crash.".
"""


@cache
def load_rule_records() -> Mapping[Measured, RuleRecord]:
    """Return all measured results by rule name and severity, or none if the data is not installed.

    A rule without a record had no finding when the rules were measured. If it was measured later,
    it has those results.
    """
    records = _read_records("records.tsv")
    known = {rule for rule, _ in records}
    return records | {
        key: record for key, record in load_newcomer_records().items() if key[0] not in known
    }


def load_newcomer_records() -> Mapping[Measured, RuleRecord]:
    """Return the results on patches of newcomers by rule name and severity.

    A newcomer has posted fewer than three patches before. Rules that were added since have the
    results on patches of all authors.
    """
    return _read_records("records-added.tsv") | _read_records("records-newcomers.tsv")


@cache
def _read_records(name: str) -> dict[Measured, RuleRecord]:
    file = data_dir("checks") / name
    if not file.is_file():
        return {}
    lines = iter(file.read_text(encoding="utf-8").splitlines())
    accepted = int(next(line for line in lines if "accepted patches" in line).split()[-1])
    _, *rows = (line.split("\t") for line in lines)
    return {
        (rule, Severity(severity)): RuleRecord(accepted, *map(int, numbers))
        for rule, severity, *numbers in rows
    }


def find_rule_records(rule: Rule) -> Mapping[Severity, RuleRecord]:
    return _records_by_name().get(rule.name, {})


@cache
def _records_by_name() -> Mapping[str, Mapping[Severity, RuleRecord]]:
    by_name: dict[str, dict[Severity, RuleRecord]] = {}
    for severity in Severity:
        for (name, measured_severity), record in load_rule_records().items():
            if measured_severity is severity:
                by_name.setdefault(name, {})[severity] = record
    return by_name


def find_hidden_rules(rules: Sequence[Rule], noise: float = NOISE) -> set[Measured]:
    """Return the rules and severities whose findings are shown only with `--strict`.

    Findings are shown in order of value, and pedantic ones last, until an accepted patch has on
    average `noise` lines with findings. Errors count, but are never hidden.
    """
    measured = [
        (rule.name, severity, record)
        for rule in rules
        for severity, record in find_rule_records(rule).items()
    ]
    measured.sort(
        key=lambda row: (
            row[1] is not Severity.ERROR,
            row[:2] not in CERTAIN,
            row[2].is_pedantic,
            row[2].noise > RARE,
            -row[2].worth * (LIKELY if row[1] is Severity.WARNING else 1),
        )
    )
    # rules about history and rules newer than 6.1 have no records, because the measured messages
    # had no history and used the rules for 6.1
    hidden = {
        (rule.name, Severity.CHECK) for rule in rules if rule.scope == "history" or rule.since
    }
    remaining = noise
    for name, severity, record in measured:
        lines = record.rate or 0
        if severity is Severity.ERROR or lines <= remaining:
            remaining -= lines
        else:
            hidden.add((name, severity))
    return hidden


NEWCOMER_NOISE = 1.0
"""Average number of lines with findings, per accepted patch of a newcomer, that newcomers are
shown.
"""
TAUGHT = (
    *("vague-subject", "subject-not-imperative", "not-imperative", "this-patch"),
    *("message-without-reason", "long-message-line", "link-without-tag", "report-without-closes"),
    *("maintainer-not-addressed", "long-subject"),
)
"""Rules that newcomers are shown even if they are noisy, because most first messages need them."""
OF_MESSAGE = ("mail", "subject", "message", "trailers")
"""The scopes of rules that newcomers are shown first: other tools do not teach them."""
FIRST = 3
"""Number of a rule's findings that are shown for each patch; --strict shows all."""


def find_rules_hidden_from_newcomers(
    rules: Sequence[Rule], noise: float = NEWCOMER_NOISE
) -> set[Measured]:
    """Return the rules and severities whose findings newcomers are not shown.

    Newcomers are shown what checkpatch.pl reports as an error or warning. Other findings follow in
    order of value, in which the results on patches of newcomers and those on all patches have the
    same weight, until an accepted patch of a newcomer has on average `noise` lines with findings.
    """
    records = load_newcomer_records()
    candidates: list[tuple[tuple[bool, bool, float], Measured, float]] = []
    for rule in rules:
        for severity in {rule.severity, *rule.severities.values()}:
            key = rule.name, severity
            own, others = records.get(key, RuleRecord()), load_rule_records().get(key, RuleRecord())
            always = severity is Severity.ERROR or _is_warned_of_by_checkpatch(rule, severity)
            weight = LIKELY if rule.scope in OF_MESSAGE else 1
            is_first = key in CERTAIN or rule.name in TAUGHT
            order = (not always, not is_first, -weight * own.worth_with(others))
            rate = min(own.places, FIRST * own.noise) / (own.accepted or 1)
            candidates.append((order, key, rate))
    hidden = set()
    remaining = noise
    for (is_optional, *_), key, rate in sorted(candidates, key=lambda row: row[:2]):
        if is_optional and rate > remaining:
            hidden.add(key)
        else:
            remaining -= rate
    return hidden


def _is_warned_of_by_checkpatch(rule: Rule, severity: Severity) -> bool:
    """Return whether checkpatch.pl reports findings of this severity as errors or warnings."""
    if not rule.checkpatch:
        return False
    cases = [case for case, level in rule.severities.items() if level is severity]
    if severity is rule.severity:
        cases.append("")
    levels = (
        rule.checkpatch_severities.get(case)
        or rule.checkpatch_severity
        or rule.severities.get(case, rule.severity)
        for case in cases
    )
    return any(level in (Severity.ERROR, Severity.WARNING) for level in levels)


def unknown_rule_hint(word: str, choices: Iterable[str]) -> Advice:
    """Return a hint with the nearest rule name, if any, and the command that lists all rules."""
    listing = Action("explain", (), "run `{}` to list the rules")
    nearest_word = find_nearest_word(word.replace("_", "-"), choices)
    return Hint((f"did you mean {nearest_word!r}? ", listing)) if nearest_word else listing


_RELEASE_6_0, _CYCLE, _RELEASES = date(2022, 10, 2), timedelta(days=64), 20
"""The release date of Linux 6.0, the time between releases, and the releases per major version."""
OF_CODE = ("diff", "tree")
"""Scopes of rules that depend on the tree's version."""


def is_in_force(rule: Rule, kernel: Kernel, profile: str) -> bool:
    """Return whether a rule applies to a kernel version and profile.

    A profile also includes the rules of the profiles that it inherits from.
    """
    if (rule.since and kernel < rule.since) or (rule.until and kernel > rule.until):
        return False
    return not rule.profiles or not set(find_project(profile).lineage).isdisjoint(rule.profiles)


def is_newer_than_message(rule: Rule, sent_date: date) -> bool:
    """Return whether a rule about messages is newer than the message."""
    if rule.scope in OF_CODE or not rule.since:
        return False
    return sent_date < kernel_release_date(rule.since)


def kernel_release_date(version: Kernel) -> date:
    major, minor = version
    return _RELEASE_6_0 + _CYCLE * (_RELEASES * (major - 6) + minor)


def choose_rules(
    rules: Iterable[Rule],
    *,
    kernel: Kernel,
    message_kernel: Kernel | None = None,
    profile: str,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> tuple[Rule, ...]:
    """Return the active rules that are selected and not ignored.

    `kernel` is the version for rules about code. `message_kernel` is the version for other rules
    (default: the same). A selector is a rule's id or name, a checkpatch type or a pack, and is
    case-insensitive. Raise UsageError for an unknown selector.
    """
    everything = tuple(rules)
    selected, ignored = (
        verify_selectors(select, everything),
        verify_selectors(ignore, everything),
    )
    return tuple(
        rule
        for rule in everything
        if is_in_force(
            rule,
            kernel if rule.scope in OF_CODE else message_kernel or kernel,
            profile,
        )
        and (not selected or not selected.isdisjoint(map(str.lower, rule.words)))
        and ignored.isdisjoint(map(str.lower, rule.words))
    )


def verify_selectors(words: Sequence[str], rules: Sequence[Rule]) -> frozenset[str]:
    """Return rule selectors in lower case; raise UsageError for one that matches no rule."""
    if not words:
        return frozenset()
    words_by_key = {word.lower(): word for rule in rules for word in rule.words}
    for word in words:
        if word.lower() not in words_by_key:
            raise unknown_word_error(
                "rule",
                word,
                words_by_key.values(),
                hint=unknown_rule_hint(word, words_by_key.values()),
            )
    return frozenset(word.lower() for word in words)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Load the rules from the shipped packs and the user's packs.

Loaded packs are cached by content hash, because parsing them takes longer than checking a patch.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    package_sources,
    read_cached_value,
)
from patchpilot.errors import InputError, PackError
from patchpilot.lint.detector import RegisteredDetector, find_detector
from patchpilot.lint.lint_context import OwnPack
from patchpilot.lint.pack_patterns import list_named_patterns, mark_untrusted
from patchpilot.model.rule import Example, Pack, Rule, RuleFix, Severity
from patchpilot.resources import data_dir

__all__ = [
    "find_rule_detector",
    "import_detectors",
    "load_examples",
    "load_packs",
    "load_rules",
    "read_pack",
]

_KIND = CacheKind("rules", package_sources("lint", "model", "projects"))


def read_pack(file: Path) -> OwnPack:
    """Read a rule pack from a file.

    Raise InputError if the file cannot be read.
    """
    return OwnPack(str(file), _read_pack_file(file))


def load_rules(user_packs: Sequence[OwnPack] = ()) -> tuple[Rule, ...]:
    """Return all rules from the shipped packs and the user's packs, in pack order.

    Raise PackError with the file and the rule.
    """
    return _load_rules(tuple(user_packs))


@cache
def _load_rules(user_packs: tuple[OwnPack, ...]) -> tuple[Rule, ...]:
    key = _cache_key(user_packs)
    cached = _load_cached(key)
    if cached is None:
        labels, texts = _read_packs(user_packs)
        packs = _parse_packs(labels, texts, len(labels) - len(user_packs))
        cached = tuple(rule for pack in packs for rule in pack.rules)
        _check_unique(cached)
        cache_value(_KIND, key, tuple(tuple(map(_simplify_value, rule)) for rule in cached))
    if user_packs:
        _limit_matching_time(cached, user_packs)
    return cached


def load_packs(user_packs: Sequence[OwnPack] = ()) -> tuple[Pack, ...]:
    """Return all packs with their examples, parsed without the cache.

    The documentation and the tests use this.
    """
    packs = _parse_packs(*_read_packs(user_packs))
    _check_unique([rule for pack in packs for rule in pack.rules])
    return packs


def load_examples(
    rules: Sequence[Rule], user_packs: Sequence[OwnPack] = ()
) -> dict[str, tuple[Example, ...]]:
    """Return the examples in the packs of these rules, by rule id."""
    from patchpilot.lint.pack import parse_examples

    packs = {rule.pack for rule in rules}
    return {
        id_: examples
        for label, text in zip(*_read_packs(user_packs), strict=True)
        if Path(label).stem in packs
        for id_, examples in parse_examples(text.decode("utf-8", "replace"), label).items()
    }


def find_rule_detector(rule: Rule) -> RegisteredDetector:
    return find_detector(rule.detector, rule.module)


def import_detectors() -> None:
    """Import every module in lint/detectors to register all detectors.

    Validating a pack requires this; running its rules does not.
    """
    import pkgutil

    from patchpilot.lint import detectors

    for module in pkgutil.iter_modules(detectors.__path__, f"{detectors.__name__}."):
        importlib.import_module(module.name)


def _read_packs(user_packs: Sequence[OwnPack]) -> tuple[list[str], list[bytes]]:
    pairs = [
        (file.name, text)
        for file in sorted(data_dir("checks").glob("*.toml"))
        if b"[[rule]]" in (text := _read_pack_file(file))
    ]
    pairs += user_packs
    return [label for label, _ in pairs], [text for _, text in pairs]


def _read_pack_file(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read rule pack {file}: {error.strerror or error}",
            hint="check the setting `packs`",
        ) from error


def _parse_packs(
    labels: Sequence[str], texts: Sequence[bytes], tested_count: int = 0
) -> tuple[Pack, ...]:
    """Parse packs; the test suite has already validated the first `tested_count` ones."""
    from patchpilot.lint.pack import parse_pack

    import_detectors()
    return tuple(
        parse_pack(text.decode("utf-8", "replace"), label, is_tested=number < tested_count)
        for number, (label, text) in enumerate(zip(labels, texts, strict=True))
    )


def _limit_matching_time(rules: Sequence[Rule], user_packs: Sequence[OwnPack]) -> None:
    """Limit the matching time of patterns in the user's packs.

    Raise PackError for a pattern whose time cannot be limited.
    """
    from patchpilot.model.bounded import find_pattern_error

    labels = {Path(own_pack.label).stem: own_pack.label for own_pack in user_packs}
    own_rules = [rule for rule in rules if rule.pack in labels]
    mark_untrusted(rule.arguments for rule in own_rules)
    for rule in own_rules:
        for key, pattern in list_named_patterns(rule.arguments):
            if reason := find_pattern_error(pattern):
                raise PackError(f"{labels[rule.pack]}: rule {rule.id}: {key} {pattern!r}: {reason}")


def _check_unique(rules: Sequence[Rule]) -> None:
    rule_by_word: dict[str, Rule] = {}
    for rule in rules:
        for word in (rule.id, rule.name):
            if word in rule_by_word:
                first_rule = rule_by_word[word]
                kind = "id" if word == rule.id else "name"
                raise PackError(
                    f"{rule.pack}.toml: rule {rule.id}: {kind} {word!r} is already used by rule"
                    f" {first_rule.id} in {first_rule.pack}.toml"
                )
            rule_by_word[word] = rule


def _cache_key(user_packs: Sequence[OwnPack]) -> str:
    kind = _KIND._replace(code=(*_KIND.code, str(data_dir("checks"))))
    labels = (label.encode("utf-8", "surrogateescape") for label, _ in user_packs)
    return make_cache_key(kind, (*labels, *(text for _, text in user_packs)))


def _simplify_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _simplify_value(item) for key, item in value.items()}
    if isinstance(value, RuleFix):
        return tuple(value)
    return str(value) if isinstance(value, Severity) else value


def _parse_severities(levels: Mapping[str, str]) -> Mapping[str, Severity]:
    return {case: Severity(level) for case, level in levels.items()}


_TYPES: Sequence[tuple[int, Callable[[Any], Any]]] = [
    (Rule._fields.index(name), typed)
    for name, typed in (
        ("severity", Severity),
        ("severities", _parse_severities),
        ("checkpatch_severity", lambda level: level and Severity(level)),
        ("checkpatch_severities", _parse_severities),
        ("remedy", RuleFix._make),
    )
]
"""The fields of a rule that are plain values in the cache, and their constructors."""


def _restore_rule(values: Sequence[Any]) -> Rule:
    fields = list(values)
    for index, typed in _TYPES:
        fields[index] = typed(fields[index])
    return Rule._make(fields)


def _load_cached(key: str) -> tuple[Rule, ...] | None:
    try:
        return (
            tuple(_restore_rule(values) for values in read_cached_value(_KIND, key) or ()) or None
        )
    except (ValueError, TypeError, KeyError):
        return None

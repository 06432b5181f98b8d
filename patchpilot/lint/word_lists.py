# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the detectors' word lists from checks/words on first use."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from patchpilot.cache.entries import read_shipped_tables
from patchpilot.errors import PackError


def find_imperative(word: str) -> str | None:
    """Return the imperative of a verb in the third person, past tense or -ing form.

    Return None for unknown verbs and for imperatives.
    """
    lower, verbs = word.lower(), load_word_set("verbs", "verbs")
    irregular = load_word_table("verbs", "irregular").get(lower)
    if irregular is not None:
        return str(irregular)
    if lower in verbs:
        return None
    for ending in ("ing", "ed", "es", "s", "d"):
        if not lower.endswith(ending):
            continue
        stem = lower[: -len(ending)]
        for verb in (
            stem,
            f"{stem}e",
            stem[:-1] if stem[-1:] == stem[-2:-1] else stem,
            f"{stem[:-1]}y" if stem.endswith("i") else stem,
        ):
            if verb in verbs:
                return verb
    return None


@cache
def load_word_set(name: str, key: str) -> frozenset[str]:
    """Return the list `key` of checks/words/NAME.toml as a set.

    Raise PackError if it is missing or not a list of strings.
    """
    words = read_shipped_tables("words")[name].get(key)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise PackError(f"words/{name}.toml: {key} must be a list of strings")
    return frozenset(words)


def load_word_table(name: str, key: str) -> Mapping[str, Any]:
    """Return the table `key` of checks/words/NAME.toml.

    Raise PackError if it is missing or not a table.
    """
    table = read_shipped_tables("words")[name].get(key)
    if not isinstance(table, dict):
        raise PackError(f"words/{name}.toml: {key} must be a table")
    return table

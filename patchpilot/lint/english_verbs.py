# SPDX-License-Identifier: GPL-2.0-or-later
"""English verbs that are common in patches: converts "added", "adds" or "adding" to "add"."""

from patchpilot.lint.word_lists import word_set, word_table


def imperative_of(word: str) -> str | None:
    """Returns the imperative of a verb in third person, past tense or -ing form.

    Returns None for unknown verbs and for imperatives.
    """
    lower, verbs = word.lower(), word_set("verbs", "verbs")
    irregular = word_table("verbs", "irregular").get(lower)
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

# SPDX-License-Identifier: GPL-2.0-or-later
"""The evidence against a candidate, in words a person can check."""

from collections.abc import Mapping

from patchpilot.tags.blame_features import Tally
from patchpilot.tags.evidence_input import EvidenceInput


def explain(scene: EvidenceInput, candidate: str, tally: Tally, numbers: Mapping[str, float]) -> tuple[str, ...]:
    """What speaks for a candidate, strongest kinds first; each a short phrase, with file and line (of the parent) where there is one."""
    words: list[str] = []
    owner = scene.owners[candidate]
    if numbers["mentioned"] >= 1:
        words.append("the message blames it")
    elif numbers["mentioned"]:
        words.append("the message names it")
    removed = sum(len(run.removed) for change in scene.files for run in change.runs)
    if tally.removed_lines:
        words.append(f"last changed {len(tally.removed_lines)} of {removed} removed lines ({_places(tally.removed_lines)})")
    if tally.beside_lines:
        words.append(f"last changed the lines beside what is added ({_places(tally.beside_lines)})")
    elif not tally.removed_lines and numbers["context_only"]:
        words.append("last changed lines within three of the change")
    names = [name for name in dict.fromkeys(tally.block_names) if name]
    if names:
        words.append(f"wrote the head of {', '.join(names[:3])}")
    elif numbers["block"] >= 0.05 and not tally.removed_lines:
        words.append(f"owns {numbers['block']:.0%} of the function that is changed")
    if numbers["related"] >= 0.15:
        words.append("brought in what the change touches elsewhere in the file")
    if numbers["named"] >= 0.15:
        words.append("owns the identifiers that the message names")
    if numbers.get("brought_told"):
        words.append("brought in what the message names")
    if tally.tops:
        words.append("created the file" if tally.tops >= len(scene.blames) else "created one of the files")
    if numbers.get("restored") or numbers.get("words_restored", 0) >= 0.3:
        words.append("removed what the fix brings back")
    if numbers.get("touched_up", 0) > 0.5:
        words.append("only touched those lines up")
    if numbers.get("told"):
        words.append("its message names what the fix changes")
    elif numbers.get("speech", 0) >= 0.5:
        words.append("its message speaks of the same things")
    if numbers["subject"] >= 0.3 or numbers["body"] >= 0.4:
        words.append("its subject shares words with the message")
    if owner.author == scene.author:
        words.append("same author")
    return tuple(words) or ("owns lines of the file",)


def _places(lines: list[tuple[str, int]]) -> str:
    """`file.c:12-14, 20`, shortened."""
    path = lines[0][0]
    numbers = sorted({line for one, line in lines if one == path})
    spans: list[list[int]] = []
    for line in numbers:
        if spans and line <= spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    text = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans[:3])
    more = len(spans) > 3 or any(one != path for one, _ in lines)
    return f"{path.rpartition('/')[2]}:{text}{' …' if more else ''}"

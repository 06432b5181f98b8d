# SPDX-License-Identifier: GPL-2.0-or-later
"""The evidence for a candidate, in phrases the user can verify."""

from collections.abc import Mapping

from patchpilot.tags.blame_features import Tally
from patchpilot.tags.evidence_input import EvidenceInput


def explain(scene: EvidenceInput, candidate: str, tally: Tally, numbers: Mapping[str, float]) -> tuple[str, ...]:
    """The evidence for a candidate, strongest first; each a short phrase, with file and line (of the parent) where there is one."""
    words: list[str] = []
    owner = scene.owners[candidate]
    if numbers["mentioned"] >= 1:
        words.append("the message says that it introduced the bug")
    elif numbers["mentioned"]:
        words.append("the message mentions it")
    removed = sum(len(run.removed) for change in scene.files for run in change.runs)
    if tally.removed_lines:
        words.append(f"last changed {len(tally.removed_lines)} of {removed} removed lines ({_places(tally.removed_lines)})")
    if tally.beside_lines:
        words.append(f"last changed the lines next to the added ones ({_places(tally.beside_lines)})")
    elif not tally.removed_lines and numbers["context_only"]:
        words.append("last changed a line within 3 lines of the change")
    names = [name for name in dict.fromkeys(tally.block_names) if name]
    if names:
        words.append(f"wrote the declaration of {', '.join(names[:3])}")
    elif numbers["block"] >= 0.05 and not tally.removed_lines:
        words.append(f"last changed {numbers['block']:.0%} of the function that the fix changes")
    if numbers["related"] >= 0.15:
        words.append("added the code that the fix changes elsewhere in the file")
    if numbers["named"] >= 0.15:
        words.append("last changed the lines with identifiers that the message mentions")
    if numbers.get("brought_told"):
        words.append("added identifiers that the message mentions")
    if tally.tops:
        words.append("created the file" if tally.tops >= len(scene.blames) else "created one of the files")
    if numbers.get("restored") or numbers.get("words_restored", 0) >= 0.3:
        words.append("removed code that the fix restores")
    if numbers.get("touched_up", 0) > 0.5:
        words.append("made only minor changes to those lines")
    if numbers.get("told"):
        words.append("its message mentions what the fix changes")
    elif numbers.get("speech", 0) >= 0.5:
        words.append("its message is about the same things")
    if numbers["subject"] >= 0.3 or numbers["body"] >= 0.4:
        words.append("its subject has words in common with the message")
    if owner.author == scene.author:
        words.append("same author")
    return tuple(words) or ("last changed lines of the file",)


def missing_evidence(scene: EvidenceInput, tally: Tally, numbers: Mapping[str, float]) -> tuple[str, ...]:
    """What would speak for a candidate and is not there, in the same phrases."""
    removed = sum(len(run.removed) for change in scene.files for run in change.runs)
    words = [] if numbers["mentioned"] else ["the message does not mention it"]
    if removed and not tally.removed_lines:
        words.append("last changed none of the removed lines")
    return tuple(words)


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

# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect devicetree nodes that are out of order.

A patch shows only parts of a file. Nodes are compared with the neighbors in the same hunk, and an
order that the unchanged lines break is not expected of the added ones.
"""

from itertools import pairwise

from patchpilot.lint.detector import Hits, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import compile_lazily
from patchpilot.model.patch import DiffLine, Hunk

_SOURCES = (".dts", ".dtsi", ".dtso")
_NODE = compile_lazily(r"^\s*(?:\w+:\s*)*&?[\w,.+/-]+(?:@(?P<unit>[\da-f]+)\S*)?\s*\{\s*$")

Nodes = list[tuple[int, DiffLine]]
"""The unit addresses of adjacent nodes, with their lines."""


@detector("devicetree-order")
def misplaced_nodes(context: Context) -> Hits:
    """Report added nodes that are not in order of their unit addresses."""
    for change in context.patch.files:
        if change.path.endswith(_SOURCES):
            for hunk in change.hunks:
                yield from _check_hunk(hunk)


def _check_hunk(hunk: Hunk) -> Hits:
    """Check the unit addresses in a hunk."""
    blocks: list[Nodes] = [[]]
    for line in hunk.lines:
        if line.kind not in "+ ":
            continue
        if line.text.lstrip().startswith("}"):
            yield from _find_misplaced(blocks.pop())
            # the hunk does not show where the outer node starts
            blocks = blocks or [[]]
        elif node := _NODE.match(line.text):
            if node["unit"]:
                blocks[-1].append((int(node["unit"], 16), line))
            blocks.append([])
    for block in blocks:
        yield from _find_misplaced(block)


def _find_misplaced(nodes: Nodes) -> Hits:
    """Yield the added nodes that are not in ascending order between their neighbors."""
    descents = [
        (before, after) for (key, before), (next_key, after) in pairwise(nodes) if key > next_key
    ]
    if any(before.kind == after.kind == " " for before, after in descents):
        return
    misplaced = {
        (after if after.kind == "+" else before): (before, after) for before, after in descents
    }
    for line, (before, after) in misplaced.items():
        place, other = ("before", before) if line is after else ("after", after)
        texts = [shown.text.strip(" \t{:") for shown in (line, other)]
        yield make_hit(line.patch_line, node=texts[0], place=place, other=texts[1])

# SPDX-License-Identifier: GPL-2.0-or-later
"""How often each own rule fires on accepted patches: makes docs/reference/precision.md.

patchpilot check --strict --fail-on never --format json --tree DIR PATCH... > merged.json
python -m tests.kit.precision merged.json > docs/reference/precision.md
"""

import csv
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from patchpilot.lint.rule_store import load_packs

JUDGED = Path(__file__).parents[2] / "docs" / "reference" / "judged-findings.tsv"
GRAVE = ("error", "warning")
RULE_LIMIT, ALL_LIMIT = 3.0, 15.0
HEAD = """\
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- made by python -m tests.kit.precision -->
# How often patchpilot's own rules fire on accepted patches

Own rules are those that have no checkpatch.pl type. {number} kernel patches that were merged or queued somewhere, checked with `--strict`
against a 6.1 tree and without a history. A rule that fires at warning or above on more than {rule_limit:g} % of them, or all together on more
than {all_limit:g} %, is a nuisance. Manually judged findings are in [judged-findings.tsv](judged-findings.tsv): patch, line, rule, verdict; {right} of
{judged} right. The columns count patches.

"""


def own_rules() -> dict[str, str]:
    """Name to pack of every rule without a checkpatch.pl type."""
    return {rule.name: pack.name for pack in load_packs() for rule in pack.rules if not rule.checkpatch}


def counts(patches: Sequence[Mapping[str, Any]], own: Mapping[str, str]) -> tuple[Counter[str], Counter[str], int]:
    """(patches with the rule at warning or above, patches with the rule at all, patches with any own rule at warning or above)."""
    grave: Counter[str] = Counter()
    every: Counter[str] = Counter()
    any_grave = 0
    for patch in patches:
        names = {one["name"] for one in patch["findings"] if one["name"] in own}
        bad = {one["name"] for one in patch["findings"] if one["name"] in own and one["severity"] in GRAVE}
        every.update(names)
        grave.update(bad)
        any_grave += bool(bad)
    return grave, every, any_grave


def page(document: Mapping[str, Any]) -> str:
    """The page for what `check --format json` said."""
    own = own_rules()
    patches = document["patches"]
    number = len(patches)
    grave, every, any_grave = counts(patches, own)
    with JUDGED.open(encoding="utf-8") as file:
        judged = list(csv.DictReader(file, delimiter="\t"))
    verdicts = Counter((row["rule"], row["verdict"]) for row in judged)
    right = sum(1 for row in judged if row["verdict"] == "right")
    lines = [HEAD.format(number=number, rule_limit=RULE_LIMIT, all_limit=ALL_LIMIT, right=right, judged=len(judged))]
    lines.append(f"All own rules together at warning or above: {any_grave} patches, {100 * any_grave / number:.1f} %.\n\n")
    lines.append("| rule | pack | warning or error | % | any severity | % | judged right |\n|---|---|--:|--:|--:|--:|--:|\n")
    for name in sorted(own, key=lambda one: (-grave[one], -every[one], one)):
        if every[name]:
            seen = verdicts[name, "right"] + verdicts[name, "wrong"]
            told = f"{verdicts[name, 'right']} of {seen}" if seen else ""
            share, total = 100 * grave[name] / number, 100 * every[name] / number
            lines.append(f"| {name} | {own[name]} | {grave[name]} | {share:.1f} | {every[name]} | {total:.1f} | {told} |\n")
    silent = sorted(name for name in own if not every[name])
    lines.append(f"\nOwn rules that fire on none of them ({len(silent)}): {', '.join(silent)}.\n")
    return "".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))

# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/reference/rules.md is made from the packs and names every rule."""

import re
from pathlib import Path

from patchpilot.lint.rule_store import load_packs

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"


def test_the_reference_has_a_section_for_every_rule() -> None:
    headings = set(re.findall(r"^### (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    names = {rule.name for pack in load_packs() for rule in pack.rules}
    assert headings == names, "run: patchpilot rules --format markdown -o docs/reference/rules.md"

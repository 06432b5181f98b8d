# SPDX-License-Identifier: GPL-2.0-or-later
"""Count the phrases that match patterns.toml in each area of the texts.

`python -m tests.language.patterns` lowers the ceilings to the counts. `--list AREA [PATTERN]`
prints the location of each match in an area.
"""

import argparse
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.language.texts import (
    LocatedText,
    find_code_strings,
    find_docstrings,
    find_documentation,
    find_help_texts,
    find_rule_texts,
    find_templates,
)

FILE = Path(__file__).with_name("patterns.toml")
DATA = tomllib.loads(FILE.read_text(encoding="utf-8"))
PATTERNS = {pattern["name"]: re.compile(pattern["pattern"]) for pattern in DATA["pattern"]}
_GENERATED = ("docs/reference/subsystems.md",)
_SQL = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE|CREATE TABLE|JOIN)\b")
_NO_TEXT = (
    "patchpilot/reading/phrases.py",
    "patchpilot/reading/request_model.py",
    "patchpilot/demo/demo_mails.py",
)
"""Patterns that read messages, messages of made-up reviewers, and style sheets."""


def find_text_areas(located_text: LocatedText) -> Iterator[str]:
    """Yield the areas to which a text belongs. A text that is not prose belongs to none."""
    file = located_text.place.partition(":")[0]
    if file in _NO_TEXT or file in _GENERATED or not re.search(r"\w+ \w+", located_text.text):
        return
    if located_text.kind == "code" and _SQL.search(located_text.text):
        return
    is_tui_text = located_text.kind == "code" and file.startswith("patchpilot/tui/")
    yield ("tui" if is_tui_text else {"code": "messages"}.get(located_text.kind, located_text.kind))


@cache
def list_texts_by_area() -> tuple[tuple[str, LocatedText], ...]:
    located_texts = (
        *find_rule_texts(),
        *find_code_strings(),
        *find_help_texts(),
        *find_templates(),
        *find_documentation(),
        *find_docstrings(),
    )
    return tuple(
        (area, located_text)
        for located_text in located_texts
        for area in find_text_areas(located_text)
    )


@cache
def find_matches() -> tuple[tuple[str, str, str], ...]:
    """Return (area, pattern, location with context) for each match of a pattern."""
    return tuple(
        (
            area,
            name,
            f"{located_text.place}: {_format_context(located_text.text, match)}",
        )
        for area, located_text in list_texts_by_area()
        for name, pattern in PATTERNS.items()
        for match in pattern.finditer(located_text.text)
    )


def _format_context(full_text: str, match: re.Match[str]) -> str:
    return repr(full_text[max(0, match.start() - 40) : match.end() + 40])


def count_matches() -> dict[str, dict[str, int]]:
    match_counts = Counter((area, name) for area, name, _ in find_matches())
    return {
        area: {name: match_counts[area, name] for name in PATTERNS if match_counts[area, name]}
        for area in sorted({area for area, _ in match_counts})
    }


def lower_ceilings() -> str:
    """Return the text of patterns.toml with the ceilings lowered to the counts.

    If it has no ceilings, the counts are added.
    """
    head = FILE.read_text(encoding="utf-8").partition("[ceiling")[0]
    old_ceilings = DATA.get("ceiling")
    tables = [
        f"[ceiling.{area}]\n"
        + "".join(
            f'"{name}" = {number}\n'
            for name in PATTERNS
            if (
                number := min(
                    table.get(name, 0),
                    old_ceilings[area].get(name, 0) if old_ceilings else 10**9,
                )
            )
        )
        for area, table in count_matches().items()
        if not old_ceilings or area in old_ceilings
    ]
    return head + "\n".join(tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", nargs="+", metavar="AREA")
    options = parser.parse_args()
    if not options.list:
        FILE.write_text(lower_ceilings(), encoding="utf-8")
        return
    area, *names = options.list
    for match_area, name, location in find_matches():
        if match_area == area and (not names or name in names):
            print(f"{name}: {location}")


if __name__ == "__main__":
    main()

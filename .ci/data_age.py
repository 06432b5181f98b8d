# SPDX-License-Identifier: GPL-2.0-or-later
"""Print the facts in .ci/dates.toml with their age, oldest first.

Usage: data_age.py [DAYS]. Exit code 1 if a fact is older than DAYS (default: no limit).
"""

import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def date_of(fact: dict[str, str]) -> date:
    """Return the date when a fact was last compared with its source."""
    if "date" in fact:
        return date.fromisoformat(fact["date"])
    value: Any = tomllib.loads((ROOT / fact["file"]).read_text(encoding="utf-8"))
    for name in fact["key"].split("."):
        value = value[name]
    return date.fromisoformat(value)


def ages(today: date) -> list[tuple[int, dict[str, str]]]:
    """Return every fact and its age in days, oldest first."""
    text = (ROOT / ".ci/dates.toml").read_text(encoding="utf-8")
    facts = tomllib.loads(text)["fact"]
    result = [((today - date_of(fact)).days, fact) for fact in facts]
    return sorted(result, key=lambda row: -row[0])


def main(limit: int | None, today: date) -> int:
    """Print the table and return the exit code."""
    old = 0
    for days, fact in ages(today):
        is_old = limit is not None and days > limit
        old += is_old
        print(f"{days:>5} days{' !' if is_old else '  '} {fact['what']}")
        print(f"             {fact['file']}: {fact['renew']}")
    if old:
        print(f"{old} older than {limit} days: renew them first", file=sys.stderr)
    return bool(old)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else None, date.today()))

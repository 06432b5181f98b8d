# SPDX-License-Identifier: GPL-2.0-or-later
"""Generates docs/reference/bots.md and asked.md from tables in tests/packs: what bots and
maintainers report, and the rules that report it first.

python -m tests.lab.coverage        # writes the pages
"""

import argparse
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "tests" / "packs" / "bots.toml"
PAGE = ROOT / "docs" / "reference" / "bots.md"
ASKED_TABLE = ROOT / "tests" / "packs" / "asked.toml"
ASKED_PAGE = ROOT / "docs" / "reference" / "asked.md"
ASKED_HEAD = """\
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- generated from tests/packs/asked.toml: python -m tests.lab.coverage -->
# What maintainers ask for, and the rules that report it first

The tables on this page list frequent requests of maintainers, and the rules of `patchpilot check` that report the same problems before you send a patch.
`patchpilot explain RULE` explains a rule, and the [list of rules](rules/index.md) has examples. For reports from bots, see [What the bots report](bots.md).
"""  # noqa: E501
HEAD = """\
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- generated from tests/packs/bots.toml: python -m tests.lab.coverage -->
# What the bots report, and the rule that reports it first

Bots check patches that were sent to a mailing list or applied to linux-next. NIPA checks networking patches, `verify_fixes` and `verify_signedoff` check
networking, linux-next and stable patches, and linux-next has its own checks. `patchpilot check` reports the same problems before you send a patch. The test
suite verifies each row of the following table.

| bot | its report | reported by `check` as |
|---|---|---|
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class Row:
    """A bot's report: the bot's name, its text, the rules that report the same or why none does,
    and the example that the tests run.
    """

    bot: str
    says: str
    rules: tuple[str, ...] = ()
    missing: str = ""
    remark: str = ""
    proof: Mapping[str, Any] | str | None = None
    proved_by: str = ""


def rows() -> tuple[Row, ...]:
    """Returns the rows of the table, in order."""
    return tuple(
        Row(
            load["bot"],
            load["says"],
            tuple(load.get("rules", ())),
            load.get("not", ""),
            load.get("also", ""),
            load.get("proof"),
            load.get("proved_by", ""),
        )
        for load in tomllib.loads(TABLE.read_text(encoding="utf-8"))["row"]
    )


def page() -> str:
    """Returns the text of bots.md."""
    return HEAD + "".join(
        f"| {row.bot} | {row.says} | {_answer(row)} |\n" for row in rows()
    )


def _answer(row: Row) -> str:
    if row.missing:
        return f"not reported: {row.missing}"
    said = ", ".join(f"[`{name}`](rules/{name}.md)" for name in row.rules)
    return f"{said}; {row.remark}" if row.remark else said


def asked() -> tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]:
    """Returns (title, (what is asked, rules)) of each part."""
    parts = tomllib.loads(ASKED_TABLE.read_text(encoding="utf-8"))["part"]
    return tuple(
        (part["title"], tuple((what, tuple(names)) for what, names in part["asked"]))
        for part in parts
    )


def asked_page() -> str:
    """Returns the text of asked.md."""
    out = [ASKED_HEAD]
    for title, entries in asked():
        out.append(f"\n## {title}\n\n| asked | rules |\n|---|---|\n")
        out += [
            f"| {what} | {', '.join(f'[`{name}`](rules/{name}.md)' for name in names)} |\n"
            for what, names in entries
        ]
    return "".join(out)


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.parse_args()
    PAGE.write_text(page(), encoding="utf-8")
    ASKED_PAGE.write_text(asked_page(), encoding="utf-8")

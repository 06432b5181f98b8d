# SPDX-License-Identifier: GPL-2.0-or-later
"""The normative sentences of the kernel's documents, each with the rules that check it or the
reason why none does: `checks/sentences/*.toml`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from patchpilot.errors import PackError
from patchpilot.resources import data_dir

ANSWERS = (
    "needs a build",
    "needs history",
    "human judgment",
    "not about patches",
)
"""Why no rule checks a sentence."""
_HASH = re.compile(r"[0-9a-f]{10}")


class Row(NamedTuple):
    """A sentence in other words: the document below Documentation, the nearest heading, the hash of
    the sentence, and the names of the rules or one of `ANSWERS`.
    """

    document: str
    anchor: str
    sentence: str
    hash: str
    rules: tuple[str, ...]
    answer: str


class Table(NamedTuple):
    """The rows of a folder of documents.

    `documents` are glob patterns below Documentation; `left_out` are documents of the folder that
    are not read, each with the reason.
    """

    name: str
    documents: tuple[str, ...]
    left_out: Mapping[str, str]
    rows: tuple[Row, ...]


def read_tables() -> tuple[Table, ...]:
    """Returns the shipped tables, by name."""
    folder = data_dir("checks") / "sentences"
    return tuple(
        parse_table(file.read_text(encoding="utf-8"), file.name)
        for file in sorted(Path(folder).glob("*.toml"))
    )


def parse_table(text: str, label: str) -> Table:
    """Parses a table; a PackError names the file and the row."""
    try:
        data = tomllib.loads(text)
    except ValueError as error:
        raise PackError(f"{label}: not valid TOML: {error}") from error
    rows = tuple(_rows(data, label))
    seen = set()
    for row in rows:
        if (row.document, row.hash) in seen:
            raise PackError(f"{label}: {row.document}: {row.hash} is used twice")
        seen.add((row.document, row.hash))
    left_out = data.get("left_out", {})
    return Table(Path(label).stem, tuple(data["documents"]), left_out, rows)


def _rows(data: Mapping[str, Any], label: str) -> Iterator[Row]:
    """Yields the rows: [hash, sentence, answer], below their document and heading."""
    for document, headings in data.get("sentences", {}).items():
        for anchor, entries in headings.items():
            for entry in entries:
                yield _row(document, anchor, entry, f"{label}: {document}: {anchor}")


def _row(document: str, anchor: str, entry: Any, where: str) -> Row:
    match entry:
        case [str() as digest, str() as sentence, str() | list() as answer] if answer:
            pass
        case _:
            raise PackError(f"{where}: a row is [hash, sentence, answer or rules]")
    if not _HASH.fullmatch(digest):
        raise PackError(f"{where}: {digest!r} is not a hash of ten digits")
    if not sentence.strip():
        raise PackError(f"{where}: {digest}: the sentence is empty")
    if isinstance(answer, list):
        return Row(document, anchor, sentence, digest, tuple(answer), "")
    if answer not in ANSWERS:
        raise PackError(
            f"{where}: {digest}: unknown answer {answer!r}",
            hint=f"valid answers: {', '.join(ANSWERS)}",
        )
    return Row(document, anchor, sentence, digest, (), answer)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the messages of an indexed archive that may be about given series.

Only the index is searched; the messages are not read. The index records the last message
up to which the same clues had no result, so that those messages are not searched again.
"""

import hashlib
import sqlite3
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from patchpilot.archive.local_query import ids_in
from patchpilot.series.patch_pairing import title_similarity

CLUES_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS looked_through (clues "
    "TEXT PRIMARY KEY, upto INTEGER NOT NULL);"
)
ALIKE = 0.3
"""The similarity from which a patch by the same author may be a new version under another title."""
LONG_TITLE = 16
"""Characters from which a title within another one is the same patch's, as in `patch "…" added to
the tree`.
"""
_WANTED = "(SELECT value FROM wanted WHERE kind = '{}')"
_NAMED = f"""
SELECT mail FROM reference WHERE mail > ?1 AND above IN {_WANTED.format("id")}
UNION SELECT mail FROM token WHERE mail > ?1 AND token IN {_WANTED.format("token")}
UNION SELECT token.mail FROM wanted CROSS JOIN token ON token.token >= wanted.value AND token.token < wanted.value || 'g'
    WHERE wanted.kind = 'commit' AND token.mail > ?1
UNION SELECT id FROM mail WHERE id > ?1 AND title IN {_WANTED.format("title")}
UNION SELECT mail.id FROM mail CROSS JOIN wanted ON instr(mail.title, wanted.value) > 0 WHERE wanted.kind = 'long title' AND mail.id > ?1
"""  # noqa: E501
_POSTED = (
    "SELECT id, message_id, author, title FROM mail WHERE id > ?1 AND NOT is_reply AND author IN"
    f" {_WANTED.format('author')}"
)
_CHANGING = (
    f"SELECT mail FROM token WHERE mail > ?1 AND token IN {_WANTED.format('file')}"
)


class Clues(NamedTuple):
    """The known facts about some series, by which messages about them are found.

    These are the Message-IDs, titles and change-ids of the series, the commits that they
    became (12 digits), and the titles and files of each author's patches.
    """

    message_ids: frozenset[str]
    titles: frozenset[str]
    change_ids: frozenset[str]
    commits: frozenset[str]
    authors: Mapping[str, tuple[frozenset[str], frozenset[str]]]

    @property
    def key(self) -> str:
        """A hash that is equal only for equal clues."""
        authors = sorted(
            (author, sorted(titles), sorted(files))
            for author, (titles, files) in self.authors.items()
        )
        parts = (*(sorted(part) for part in self[:4]), authors)
        return hashlib.blake2b(
            repr(parts).encode("utf-8", "surrogateescape"), digest_size=16
        ).hexdigest()


def related(
    index: sqlite3.Connection, clues: Clues, without: Container[str]
) -> list[tuple[str, str]]:
    """Returns the Message-IDs and places of the messages that may be about the series.

    Messages in `without` and messages that were already searched are omitted.
    """
    row = index.execute(
        "SELECT upto FROM looked_through WHERE clues = ?", (clues.key,)
    ).fetchone()
    upto = (row[0] if row else 0,)
    index.execute(
        "CREATE TEMP TABLE IF NOT EXISTS wanted (kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY"
        " KEY (kind, value)) WITHOUT ROWID"
    )
    index.execute("DELETE FROM wanted")
    index.executemany(
        "INSERT OR IGNORE INTO wanted VALUES (?, ?)",
        ((kind, clean(value)) for kind, value in _wanted(clues)),
    )
    numbers = {number for (number,) in index.execute(_NAMED, upto)}
    posted = [
        row
        for row in index.execute(_POSTED, upto)
        if row[0] not in numbers and row[1] not in without
    ]
    changing = (
        {number for (number,) in index.execute(_CHANGING, upto)} if posted else set()
    )
    numbers.update(
        number
        for number, _, author, title in posted
        if number in changing
        or any(
            title_similarity(title, known) >= ALIKE
            for known in clues.authors[author][0]
        )
    )
    found = (
        index.execute(
            "SELECT message_id, place FROM mail WHERE id = ?", (number,)
        ).fetchone()
        for number in sorted(numbers)
    )
    return [row for row in found if row[0] not in without]


def note_looked_through(index: sqlite3.Connection, clues: Clues) -> None:
    """Records that the archive has no news about the series so far.

    The records for other clues are deleted, because the series have changed.
    """
    index.execute("DELETE FROM looked_through")
    index.execute(
        "INSERT INTO looked_through SELECT ?, coalesce(max(id), 0) FROM mail",
        (clues.key,),
    )


def _wanted(clues: Clues) -> Iterator[tuple[str, str]]:
    ids = [
        named[-1] for message_id in clues.message_ids if (named := ids_in(message_id))
    ]
    files = {file for _, touched in clues.authors.values() for file in touched}
    kinds: tuple[tuple[str, Iterable[str]], ...] = (
        ("id", clues.message_ids),
        ("token", (*ids, *(change_id.lower() for change_id in clues.change_ids))),
        ("commit", clues.commits),
        ("title", clues.titles),
        ("long title", (title for title in clues.titles if len(title) >= LONG_TITLE)),
        ("author", clues.authors),
        ("file", (f"file:{file}" for file in files)),
    )
    return ((kind, value) for kind, values in kinds for value in values)


def clean(text: str) -> str:
    """Returns the text with invalid characters replaced, so that the database can store it."""
    return text.encode("utf-8", "replace").decode()

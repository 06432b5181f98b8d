# SPDX-License-Identifier: GPL-2.0-or-later
"""Translate archive searches into SQL conditions on a local archive's index.

Only the part of public-inbox's syntax that patchpilot uses is supported: the prefixes s, f, a, b,
nq (same as b), m, rt and dfn, terms without a prefix, quoted phrases, a trailing `*`, AND, OR, NOT
and parentheses. A phrase matches whole words in the same order.
"""

import re
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.errors import UsageError

_TOKEN = lazy_pattern(
    r'\s*(?:(?P<mark>[()])|(?:(?P<field>[a-z]+):)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s()"]+)))'
)
_MESSAGE_ID = lazy_pattern(r"[^\s<>\"'(),;:/]+@[\w.-]*\w")
_WORD = lazy_pattern(r"\w+")
_SUBJECT, _SENDER, _PEOPLE = "mail.subject", "mail.sender", "mail.people"
_COLUMNS = {"s": _SUBJECT, "f": _SENDER, "a": _PEOPLE}


class Condition(NamedTuple):
    """An SQL condition with its values, its cost, and the earliest arrival time.

    An arrival time of 0 means any time. Conditions that read whole messages cost most and are
    evaluated last.
    """

    sql: str
    values: tuple[str | float, ...]
    cost: int = 0
    since: float = 0.0


def normalize_words(text: str) -> str:
    """Convert text to lower-case words, with a space before and after each.

    A text contains a phrase if its normalized form contains the normalized phrase.
    """
    return f" {' '.join(_WORD.findall(text.lower()))} "


def find_message_ids(text: str) -> list[str]:
    """Return the Message-IDs in a text, including those in links, in lower case.

    If a Message-ID contains a slash, return the part after it.
    """
    # scan only lines with an @: most lines of a patch have none, and no Message-ID spans lines
    return [
        message_id.lower()
        for line in text.split("\n")
        if "@" in line
        for message_id in _MESSAGE_ID.findall(line)
    ]


def translate_to_sql(query: str) -> Condition:
    """Translate a search into an SQL condition.

    Raise `UsageError` if the syntax is not supported.
    """
    return _QueryParser(query).read()


class _QueryParser:
    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = list(_TOKEN.finditer(query))
        self._at = 0

    def read(self) -> Condition:
        parsed = self._parse_alternatives()
        if self._at < len(self._tokens):
            raise self._failure()
        return parsed

    def _failure(self) -> UsageError:
        return UsageError(
            f"a local archive cannot be searched for {self._query}",
            hint="use --lore with the URL of an archive",
        )

    def _next_is(self, *tokens: str) -> bool:
        if self._at >= len(self._tokens):
            return False
        token = self._tokens[self._at]
        return (token["mark"] or (token["word"] if not token["field"] else None)) in tokens

    def _parse_alternatives(self) -> Condition:
        parts = [self._parse_terms()]
        while self._next_is("OR"):
            self._at += 1
            parts.append(self._parse_terms())
        return _join_conditions("OR", parts)

    def _parse_terms(self) -> Condition:
        parts = [self._parse_term()]
        while self._at < len(self._tokens) and not self._next_is("OR", ")"):
            if self._next_is("AND"):
                self._at += 1
            parts.append(self._parse_term())
        return _join_conditions("AND", sorted(parts, key=lambda part: part.cost))

    def _parse_term(self) -> Condition:
        if self._next_is("NOT"):
            self._at += 1
            inner = self._parse_term()
            return Condition(f"NOT ({inner.sql})", inner.values, inner.cost)
        if self._next_is("("):
            self._at += 1
            inner = self._parse_alternatives()
            if not self._next_is(")"):
                raise self._failure()
            self._at += 1
            return inner
        if self._at >= len(self._tokens) or self._next_is(")", "AND", "OR"):
            raise self._failure()
        token = self._tokens[self._at]
        self._at += 1
        return self._term(
            token["field"] or "",
            token["phrase"] if token["phrase"] is not None else token["word"],
        )

    def _term(self, field: str, value: str) -> Condition:
        if field in _COLUMNS:
            return Condition(f"instr({_COLUMNS[field]}, ?) > 0", (normalize_words(value),), 1)
        if field == "m":
            return Condition("mail.message_id = ?", (value,))
        if field == "rt" and (arrived := _translate_arrival_range(value)):
            return arrived
        if field == "dfn":
            return _make_token_condition(f"file:{value}")
        if field not in ("", "b", "nq"):
            raise self._failure()
        if value.endswith("*"):
            return Condition(
                "mail.id IN (SELECT mail FROM token WHERE token >= ? AND token < ?)",
                (value[:-1].lower(), f"{value[:-1].lower()}g"),
            )
        if " " not in value and find_message_ids(value):
            return _make_token_condition(find_message_ids(value)[-1])
        if " " not in value and not field:
            return _make_token_condition(value.lower())
        return Condition("says(mail.place, ?)", (normalize_words(value),), 9)


def _make_token_condition(value: str) -> Condition:
    return Condition("mail.id IN (SELECT mail FROM token WHERE token = ?)", (value,))


def _join_conditions(operator: str, parts: list[Condition]) -> Condition:
    if len(parts) == 1:
        return parts[0]
    values = tuple(value for part in parts for value in part.values)
    since = (max if operator == "AND" else min)(part.since for part in parts)
    return Condition(
        f"({f' {operator} '.join(part.sql for part in parts)})",
        values,
        max(part.cost for part in parts),
        since,
    )


def _translate_arrival_range(period: str) -> Condition | None:
    """Translate `rt:FIRST..LAST` to a condition. Both times are in seconds, and either may be
    empty.
    """
    match = re.fullmatch(r"(?=\D*\d)(\d{5,12})?\.\.(\d{5,12})?", period)
    if not match:
        return None
    bounds = [
        (sql, float(second))
        for sql, second in zip(
            ("mail.arrived >= ?", "mail.arrived <= ?"), match.groups(), strict=True
        )
        if second
    ]
    condition = " AND ".join(sql for sql, _ in bounds)
    return Condition(
        f"({condition})",
        tuple(second for _, second in bounds),
        since=float(match[1] or 0),
    )


def clean_sql_text(text: str) -> str:
    """Replace characters that SQLite cannot store."""
    return text.encode("utf-8", "replace").decode()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Read and write baselines: JSON files that list known findings and are kept next to the sources.

A finding missing from the baseline is new. Entries are sorted, one per line, and contain no host
names, times or line numbers, so that a diff of the file shows which findings changed.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from patchpilot.errors import InputError
from patchpilot.lint.recognize_findings import FindingMark
from patchpilot.model.action import Action
from patchpilot.model.printable import UNSAFE, crop_text, make_one_line

SCHEMA = "patchpilot/baseline/1"
LARGEST = 64 << 20
"""The largest baseline that is read, in bytes."""
MOST = 1_000_000
_WORDS = ("rule", "path", "text", "change")
_REWRITE = Action(
    "check",
    ("--baseline", "FILE", "--write-baseline"),
    "run `{}` to write the baseline again",
)


class Remaining:
    """The number of further findings that each mark in a baseline can suppress."""

    def __init__(self, marks: Iterable[FindingMark]) -> None:
        self._left = Counter(marks)
        self._alike: dict[tuple[str, str, str], list[FindingMark]] = {}
        for mark in self._left:
            for key in _alternative_keys(mark):
                self._alike.setdefault(key, []).append(mark)

    def use_up_entry(self, mark: FindingMark) -> bool:
        """Use up an unused entry that matches a mark, and return whether there was one.

        A finding about a whole patch matches by its changes or, if that fails, by its subject.
        """
        return self._use_up_key(mark) or any(
            self._use_up_key(alternative)
            for key in _alternative_keys(mark)
            for alternative in self._alike.get(key, ())
        )

    def _use_up_key(self, mark: FindingMark) -> bool:
        if self._left[mark] <= 0:
            return False
        self._left[mark] -= 1
        return True

    @property
    def unused_entries(self) -> dict[FindingMark, int]:
        return {mark: count for mark, count in sorted(self._left.items()) if count > 0}


def _alternative_keys(mark: FindingMark) -> tuple[tuple[str, str, str], ...]:
    """Return the keys that match a finding about a whole patch: its changes and its subject.

    Return () for any other finding.
    """
    if mark.change:
        return ((mark.rule, "change", mark.change), (mark.rule, "subject", mark.text))
    return ()


def read_baseline(file: Path) -> Counter[FindingMark]:
    """Return how many findings a baseline file suppresses for each mark.

    Raise InputError with the file name and the position of the error.
    """
    try:
        # opening a FIFO may block forever, and /dev/null would look like an empty baseline
        if file.exists() and not (file.is_file() or file.is_dir()):
            raise _baseline_error(file, "not a regular file")
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        hint = (
            Action("check", ("--write-baseline", "FILE"), "run `{}` to create the baseline")
            if isinstance(error, FileNotFoundError)
            else None
        )
        raise InputError(f"cannot read {file}: {error.strerror or error}", hint=hint) from error
    return parse_baseline(file, data)


def parse_baseline(file: Path, data: bytes) -> Counter[FindingMark]:
    """Parse the contents of a baseline file. Raise the same errors as read_baseline()."""
    if len(data) > LARGEST:
        raise _baseline_error(file, f"larger than {LARGEST >> 20} MiB")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _baseline_error(file, f"not valid JSON: {error}") from error
    return _count_marks(file, document)


def _count_marks(file: Path, document: Any) -> Counter[FindingMark]:
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, str) or not schema.startswith("patchpilot/baseline/"):
        raise _baseline_error(file, f"not a baseline: its schema is not {SCHEMA!r}")
    if schema != SCHEMA:
        from patchpilot.extras import upgrade_hint

        raise InputError(
            f"{file}: the schema is '{crop_text(make_one_line(schema), 60)}', but this version of"
            " patchpilot reads"
            f" {SCHEMA!r}",
            hint=upgrade_hint(),
        )
    entries = document.get("findings")
    if not isinstance(entries, list):
        raise _baseline_error(file, "findings is not a list")
    counts: Counter[FindingMark] = Counter()
    for number, entry in enumerate(entries):
        mark, count = _parse_entry(file, f"findings[{number}]", entry)
        counts[mark] += count
    return counts


def _parse_entry(file: Path, position: str, entry: Any) -> tuple[FindingMark, int]:
    values = dict(entry) if isinstance(entry, dict) else {}
    count, _ = values.pop("count", 1), values.pop("name", None)
    if (
        not values.get("rule")
        or not values.keys() <= set(_WORDS)
        or not all(isinstance(value, str) for value in values.values())
        or type(count) is not int
        or not 1 <= count <= MOST
    ):
        raise _baseline_error(file, f"{position} is not an entry of a baseline")
    return FindingMark(**{**dict.fromkeys(_WORDS, ""), **values}), count


def _baseline_error(file: Path, reason: str) -> InputError:
    return InputError(f"{file}: {reason}", hint=_REWRITE)


def format_baseline(counts: Mapping[FindingMark, int], names: Mapping[str, str]) -> str:
    """Format counts as the contents of a baseline file.

    `names` maps rule ids to rule names, which make the file easier to read.
    """
    lines = [
        json.dumps(_entry_fields(mark, counts[mark], names.get(mark.rule)), ensure_ascii=False)
        for mark in sorted(counts)
    ]
    body = ",\n".join(f"  {line}" for line in lines)
    findings = f"[\n{body}\n ]" if lines else "[]"
    text = f'{{\n "schema": "{SCHEMA}",\n "findings": {findings}\n}}\n'
    # escape control and bidirectional characters, which could hide text; parsing restores them
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _entry_fields(mark: FindingMark, count: int, name: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {"rule": mark.rule, **({"name": name} if name else {})}
    body |= {key: value for key in ("path", "text", "change") if (value := getattr(mark, key))}
    return body | ({"count": count} if count > 1 else {})

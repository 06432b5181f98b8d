# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads how the patches of a list are written, and makes the tables of subject prefixes and of
subsystem habits from it.

python -m tests.lab.mine_customs read ROWS.jsonl LIST=GIT_DIRECTORY ... [--since 2023-01-01]   one
row for each patch mail: facts, no text but its subject python -m tests.lab.mine_customs prefixes
ROWS.jsonl ... > checks/prefixes.tsv                 directory → usual subject prefixes python -m
tests.lab.mine_customs habits ROWS.jsonl ... > tests/lab/habits.tsv   subsystem → how
often a habit was kept

Of several versions of a patch only the last one counts, and a patch that went to several lists
counts once.
"""

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

from patchpilot.lint.detectors.c_declarations import declaration_blocks
from patchpilot.lint.detectors.message_subject import case_of
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import c_hunks
from patchpilot.lint.subject_prefix import split_prefix
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from patchpilot.projects.subsystems import SHARED, subsystem_of_path, subsystems
from tests.lab.list_archive import ArchivedMail, archived

_COVER = re.compile(rb"^\s*\[[^\]]*\b0+/\d+[^\]]*\]", re.IGNORECASE)
_FOR_STABLE = re.compile(r"\b(?:stable|autosel|\d+\.\d+(?:\.y)?)\b", re.IGNORECASE)
_ORDINARY = re.compile(r"^(?:patch|rfc|rft|resend|v\d+|\d+/\d+)$", re.IGNORECASE)
_OTHER_REPOSITORIES = re.compile(
    r"progs|iproute2|alsa-|bluez|blktests|fstests|u-boot|\bnft|\bipset|\bqemu|\bman-pages|\butils?\b",
    re.IGNORECASE,
)
_MOST_PATHS = 12
TOP_FOLDERS = frozenset(
    re.findall(
        r"\w+",
        "Documentation arch block certs crypto drivers fs include init io_uring ipc kernel lib mm"
        " net rust samples scripts security sound tools usr virt",
    )
)

LEAST_PATCHES = 12
"""A directory with fewer patches is judged by the one above it."""
LEAST_SHARE = 0.03
LEAST_USES = 3
"""A prefix that fewer patches have may be a typing error."""
FURTHER_SHARE = 0.75
CASE_SHARE = 0.9
LEAST_CASES = 30
"""Few authors write the patches to a small directory, each in a way of their own."""
LEAST_MEASURED = 30
MOST_FOLDERS = 3
"""A patch to more directories says nothing about the prefix of one of them."""


def rows(name: str, directory: Path, since: str) -> Iterator[dict[str, Any]]:
    """Yields the row of every patch mail of an epoch, oldest first.

    Backports for stable are left out.
    """
    covers: set[str] = set()
    for mail in archived(directory, since):
        if _COVER.match(mail.subject):
            covers.add(mail.id)
        elif mail.is_patch and (row := _row(mail, covers)):
            yield {"list": name, **row}


def _row(mail: ArchivedMail, covers: set[str]) -> dict[str, Any] | None:
    try:
        patch = parse_patch(mail.raw, mail.id)
        paths = patch.paths
    # archives have mails of every kind; one that cannot be parsed is left out
    except Exception:  # noqa: BLE001
        return None
    subject = patch.subject
    if (
        not subject.title
        or not paths
        or len(paths) > _MOST_PATHS
        or any(map(_FOR_STABLE.search, subject.words))
    ):
        return None
    prefixes, _ = split_prefix(subject.title)
    return {
        "title": " ".join(subject.title.split()),
        "prefix": prefixes,
        "trees": [word.lower() for word in subject.words if not _ORDINARY.match(word)],
        "paths": paths,
        "version": subject.version,
        "number": subject.number or 0,
        "total": subject.total or 0,
        "cover": mail.parent in covers,
        "tags": [tag.key for tag in patch.trailers],
        "links": [
            tag.value.split("/")[2]
            for tag in patch.trailers
            if tag.key in ("link", "closes") and tag.value.startswith("https://")
        ],
        "changes": _changes(patch),
        **_code(patch),
    }


def _changes(patch: Patch) -> str:
    """Returns where the changes between versions are listed: "below" or "above" the `---`, or ""."""  # noqa: E501
    form = re.compile(
        r"^\s*(?:\*\s*)?(?:changes?(?:log)?\b.{0,20}\bv?\d|v\d+\s*(?:->|:|-|→)|changelog\b)",
        re.IGNORECASE,
    )
    if any(map(form.match, patch.notes)):
        return "below"
    return "above" if any(map(form.match, patch.message)) else ""


def _code(patch: Patch) -> dict[str, list[int]]:
    """Returns counts of added C code: [lines, those above 80 columns], [blocks of declarations,
    those sorted], comment forms.
    """
    wide, sorted_blocks, comments = [0, 0], [0, 0], [0, 0, 0]
    for hunk in c_hunks(Context(patch), (".c", ".h")):
        for line in hunk.lines:
            if line.added:
                wide[0] += 1
                wide[1] += len(line.text.expandtabs(8)) > 80
                text = line.text.strip()
                comments[0] += bool(re.match(r"/\*+$", text))
                comments[1] += bool(re.match(r"/\*[^*](?!.*\*/)", text))
                comments[2] += text.startswith("//") and "SPDX" not in text
        for block in declaration_blocks(hunk):
            if len(block) >= 3 and all(line.added for line in block):
                lengths = [len(line.text.expandtabs(8)) for line in block]
                sorted_blocks[0] += 1
                sorted_blocks[1] += all(
                    above >= below for above, below in pairwise(lengths)
                )
    return {"wide": wide, "sorted": sorted_blocks, "comments": comments}


def last_versions(files: Iterable[Path]) -> list[dict[str, Any]]:
    """Returns the rows of the last version of each patch, once for all lists."""
    last: dict[str, dict[str, Any]] = {}
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                known = last.get(row["title"])
                if known is None or row["version"] > known["version"]:
                    last[row["title"]] = row
    return list(last.values())


def folders(paths: Iterable[str]) -> tuple[str, ...]:
    """Returns the directories that a patch is about: those of its code, or else of its
    documentation and public headers.
    """
    every = dict.fromkeys(
        str(PurePosixPath(path).parent) for path in paths if "/" in path
    )
    code = [
        folder
        for folder in every
        if not folder.startswith(("Documentation", "include"))
    ]
    return tuple(code or every)


class Prefixes:
    """How often each prefix was used for the patches of a directory."""

    def __init__(self) -> None:
        self.patches = 0
        self.first: Counter[str] = Counter()
        self.further: Counter[str] = Counter()
        self.cases: Counter[str] = Counter()

    def add(self, prefix: Sequence[str], case: str) -> None:
        """Counts the prefixes of one patch, and the case of the word after them."""
        self.patches += 1
        self.cases.update([case] if case else [])
        if prefix:
            self.first[prefix[0].strip()] += 1
            self.further.update({part.strip() for part in prefix[1:]})

    @property
    def columns(self) -> tuple[str, str, str]:
        """The usual first prefixes, the most frequent first, and the further ones that nearly every
        patch has, each with its share in percent; the case of the word after them where nearly all
        have the same.
        """
        case = next(
            (
                case
                for case, number in self.cases.items()
                if number >= max(LEAST_CASES, CASE_SHARE * self.cases.total())
            ),
            "",
        )
        return (
            _shares(self.first, self.patches, LEAST_SHARE, 8),
            _shares(self.further, self.patches, FURTHER_SHARE, 2),
            case,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """What `columns` says without the numbers, to compare a directory with the one above it."""
        return tuple(re.sub(r"=\d+", "", column) for column in self.columns)


def _shares(counts: Counter[str], patches: int, least: float, most: int) -> str:
    kept = [
        (word, number)
        for word, number in counts.most_common(most)
        if number >= max(LEAST_USES, least * patches) and not re.search(r"[\t|=]", word)
    ]
    return "|".join(f"{word}={100 * number // patches}" for word, number in kept)


def _is_kernel(row: Mapping[str, Any]) -> bool:
    """Whether a patch is for the kernel: lists carry patches for tools of other repositories, too."""  # noqa: E501
    words = " ".join((*row["trees"], *row["prefix"][:1]))
    return not _OTHER_REPOSITORIES.search(words) and all(
        "/" not in path or path.split("/")[0] in TOP_FOLDERS for path in row["paths"]
    )


def prefix_table(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yields the lines of checks/prefixes.tsv: a directory by itself, and "directory/**" for it
    with everything below it.

    A directory that has what the one above it has gets no line.
    """
    direct: dict[str, Prefixes] = defaultdict(Prefixes)
    below: dict[str, Prefixes] = defaultdict(Prefixes)
    for row in rows:
        own = folders(row["paths"])
        if _is_kernel(row) and len(own) <= MOST_FOLDERS:
            for folder in own:
                direct[folder].add(row["prefix"], case_of(row["title"]))
            for above in {
                str(place)
                for folder in own
                for place in (
                    PurePosixPath(folder),
                    *PurePosixPath(folder).parents[:-1],
                )
            }:
                below[above].add(row["prefix"], case_of(row["title"]))
    yield "# SPDX-License-Identifier: GPL-2.0-or-later"
    yield "# generated by python -m tests.lab.mine_customs prefixes"
    yield "directory\tpatches\tfirst\tfurther\tcase"
    for folder in sorted(below):
        inherited = _inherited(folder, below)
        if _worth(below[folder]) and (
            inherited is None or inherited.names != below[folder].names
        ):
            yield _line(f"{folder}/**", below[folder])
            inherited = below[folder]
        if (
            folder in direct
            and _worth(direct[folder])
            and (inherited is None or inherited.names != direct[folder].names)
        ):
            yield _line(folder, direct[folder])


def _worth(prefixes: Prefixes) -> bool:
    return prefixes.patches >= LEAST_PATCHES and bool(prefixes.columns[0])


def _inherited(folder: str, below: Mapping[str, Prefixes]) -> Prefixes | None:
    return next(
        (
            below[str(above)]
            for above in PurePosixPath(folder).parents[:-1]
            if _worth(below[str(above)])
        ),
        None,
    )


def _line(folder: str, prefixes: Prefixes) -> str:
    return "\t".join((folder, str(prefixes.patches), *prefixes.columns))


def habits(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yields the lines of tests/lab/habits.tsv: for each subsystem and key how often each value was
    found, and among how many.
    """
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    whole: Counter[tuple[str, str]] = Counter()
    for row in rows:
        found = {
            subsystem.name if (subsystem := subsystem_of_path(path)) else ""
            for path in row["paths"]
            if not path.startswith(SHARED)
        }
        if len(found) == 1 and (name := found.pop()):
            for key, value, weight in _kept(row, subsystems()[name].prefix_pattern):
                counts[name, key][value] += weight
                whole[name, key] += weight
    yield "# SPDX-License-Identifier: GPL-2.0-or-later"
    yield "# generated by python -m tests.lab.mine_customs habits"
    yield "subsystem\tkey\tvalue\tnumber\tof"
    for (name, key), values in sorted(counts.items()):
        for value, number in values.most_common(4):
            if whole[name, key] >= LEAST_MEASURED and number:
                yield f"{name}\t{key}\t{value}\t{number}\t{whole[name, key]}"


def _kept(row: Mapping[str, Any], pattern: str) -> Iterator[tuple[str, str, int]]:
    """Yields (key of a subsystem, value that this patch has, weight)."""
    if pattern:
        yield (
            "prefix",
            "as documented" if re.search(pattern, row["title"]) else "other",
            1,
        )
    if case := case_of(row["title"]):
        yield "after_prefix", case, 1
    blocks, in_order = row["sorted"]
    yield "declarations", "longest-first", in_order
    yield "declarations", "other", blocks - in_order
    for form, number in zip(
        ("empty-first-line", "text-on-first-line", "//"), row["comments"], strict=True
    ):
        yield "comments", form, number
    lines, wide = row["wide"]
    yield "columns", "up to 80", lines - wide
    yield "columns", "more", wide
    if row["version"] > 1:
        yield "changes", row["changes"] or "none", 1
    if row["total"] > 1 and row["number"] == 1:
        yield (
            f"cover_from {min(row['total'], 5)}",
            "cover" if row["cover"] else "none",
            1,
        )
    yield "trees", next(iter(row["trees"]), "none"), 1
    own = [
        tag
        for tag in row["tags"]
        if tag in ("signed-off-by", "reviewed-by", "acked-by", "tested-by")
    ]
    if "signed-off-by" in own and len(set(own)) > 1:
        yield (
            "tag_order",
            "signed-off-by first"
            if own[0] == "signed-off-by"
            else "signed-off-by later",
            1,
        )
    for host in row["links"]:
        yield "links", host, 1


def main(arguments: list[str]) -> int:
    """Runs one of the three commands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    read = commands.add_parser("read")
    read.add_argument("out", type=Path)
    read.add_argument("lists", nargs="+", metavar="LIST=GIT_DIRECTORY")
    read.add_argument("--since", default="2023-01-01")
    for name in ("prefixes", "habits"):
        commands.add_parser(name).add_argument("rows", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    if options.command == "read":
        with options.out.open("w", encoding="utf-8") as file:
            for pair in options.lists:
                name, _, directory = pair.partition("=")
                found = list(rows(name, Path(directory), options.since))
                file.writelines(
                    json.dumps(row, ensure_ascii=False) + "\n" for row in found
                )
                print(f"{name}: {len(found)} patches", file=sys.stderr, flush=True)
    elif options.command == "prefixes":
        print("\n".join(prefix_table(last_versions(options.rows))))
    else:
        print("\n".join(habits(last_versions(options.rows))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

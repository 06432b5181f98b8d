# SPDX-License-Identifier: GPL-2.0-or-later
"""Describe the conventions of the subsystem that a patch or file belongs to, and the habits of its
commits.

Habits are percentages of commits with certain prefixes, tags and message parts. They are counted in
the latest commits to a directory or, if there are too few, read from checks/habits.tsv, which
`python -m tests.lab.mine_habits` generates. The prefix follows the latest commits to the file, if
there are enough.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from posixpath import basename, commonpath, dirname
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.errors import MissingError
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.lint.message_parts import find_written_prefix, is_plain, split_prefix
from patchpilot.model.commit import CommitForm
from patchpilot.model.patch import Patch
from patchpilot.projects.loading import subsystem_of, subsystem_of_path
from patchpilot.resources import data_dir

if TYPE_CHECKING:
    from patchpilot.maintainers import SectionMatch
    from patchpilot.projects.project import Subsystem


@cached_per_patch
def find_patch_subsystem(context: Context) -> "Subsystem | None":
    """Return the patch's subsystem, or None if it has none or several, or if the project is not the
    kernel.
    """
    if not context.project.kernel:
        return None
    return subsystem_of(context.patch, lambda paths: _find_section_names(context, paths))


@cached_per_patch
def find_file_subsystem(context: Context, path: str) -> "Subsystem | None":
    """Return a file's subsystem, or None if it has none or if the project is not the kernel."""
    return subsystem_of_path(path) if context.project.kernel else None


def subsystem_meets_condition(context: Context, condition: str) -> bool:
    """Return whether the patch's subsystem meets a condition of the form "key=value"."""
    key, _, value = condition.partition("=")
    subsystem = find_patch_subsystem(context)
    return subsystem is not None and str(getattr(subsystem, key)) == value


@cached_per_patch
def find_patch_sections(context: Context) -> "tuple[SectionMatch, ...]":
    """Return the MAINTAINERS sections of the changed files, except the catch-all THE REST."""
    if context.tree is None:
        return ()
    from patchpilot.maintainers import load_maintainers
    from patchpilot.maintainers.load import match_patch_texts

    try:
        file = load_maintainers(context.tree)
    except MissingError:
        return ()
    paths = [path for path in context.patch.paths if path != "MAINTAINERS"]
    return tuple(match for match in match_patch_texts(file, paths) if not match.is_rest)


def _find_section_names(context: Context, paths: Sequence[str]) -> Sequence[str]:
    return [
        match.section.name
        for match in find_patch_sections(context)
        if set(paths).intersection(match.paths)
    ]


SPEAKS, SPEAKS_FROM = 90, 30
"""A rule reports a deviation if at least this percentage of this many commits share a habit."""
ASKS, ASKS_FROM = 70, 10
"""A rule asks about a deviation from this percentage and number of commits on."""
LEAST_COMMITS = 5
"""With fewer commits than this, no habit can be inferred."""
_LEAST_FILE_COMMITS = 3
"""Fewer commits are enough for the prefix of a file, because they agree more often. If the prefix
names the file, a single commit is enough."""
LEAST_SHARE = 40
"""A prefix is not suggested if fewer than this percentage of commits have it."""
_MOST_FILES = 3
"""The prefix of a patch to more files than this follows their directory."""
COMMITS = 200
"""The number of commits of a path's history that are read."""
_RARE = 3
_FURTHER, _FURTHER_OF_FILE = 75, 51
"""The least percentages of commits to a directory, or to a file, with a part of the prefix."""
_SECONDARY = ("Documentation/", "include/")
OF = {"Cc: stable": "Fixes:", "Fixes: above the sign-off": "Fixes:"}
"""Marks that are counted only among the commits with another mark."""
_APPLIES = 10
_LEAST_CASE_SHARE = 80
"""The case of the first word is not changed if fewer than this percentage of commits have it."""
Shares = tuple[tuple[str, int], ...]
"""Values with the percentage of commits that use them, most frequent first."""


class Habits(NamedTuple):
    """The habits of `total` commits to `path`, as percentages.

    `first` has the first prefixes ("net"), `further` the other usual parts of prefixes ("phy"),
    `cases` the case of the first word after them, and `marks` the parts of messages (MARKS). Cc:
    stable is counted among commits with Fixes:. `applied` has the names that signed off last, and
    `exact` is the percentage of commits with exactly the usual prefix. `shipped` is set for habits
    from checks/habits.tsv, `of_file` for the habits of a single file.
    """

    path: str
    total: int
    first: Shares
    further: Shares
    cases: Shares
    marks: Shares
    applied: Shares = ()
    exact: int = 0
    shipped: bool = False
    of_file: bool = False

    @property
    def parts(self) -> list[str]:
        """Return the parts of the usual prefix, such as "net" and "phy"."""
        return [word for word, _ in (*self.first[:1], *self.further)]

    @property
    def prefix(self) -> str:
        """Return the usual prefix as written in a subject, such as "net: phy:"."""
        text = ": ".join(self.parts)
        return f"{text}:" if text and not text.endswith(")") else text

    @property
    def prefix_share(self) -> int:
        """Return the percentage of commits whose first prefix is the usual one or a similar one."""
        return sum(
            share for word, share in self.first if have_same_convention(self.first[0][0], word)
        )

    @property
    def full_prefix_share(self) -> int:
        """Return the percentage of commits that have each part of the usual prefix."""
        return min([self.prefix_share, *(share for _, share in self.further)])

    def extends_prefix(self, other: "Habits") -> bool:
        """Return whether nearly all commits have a longer prefix that starts with another one."""
        count = len(other.parts)
        is_longer = len(self.parts) > count and self.parts[:count] == other.parts
        return is_longer and self.full_prefix_share >= SPEAKS

    @property
    def wants_full_prefix(self) -> bool:
        """Return whether a prefix that lacks a part of the usual one should be reported."""
        if self.of_file:
            return self.exact >= SPEAKS and self.total >= LEAST_COMMITS
        return self.weigh_share(self.prefix_share) == "speaks"

    def describe_basis(self, total: int, noun: str = "") -> str:
        """Describe of which commits a share is, for example "30 commits to mm".

        Name the packaged table, which has patches on mailing lists instead of the tree's commits.
        """
        note = " (packaged table of posted patches)" if self.shipped else ""
        noun = noun or ("patches" if self.shipped else "commits")
        return f"{total} {noun} to {self.path}{note}"

    def has_further(self, prefixes: Sequence[str]) -> bool:
        text = ": ".join(prefixes).lower()
        return all(part.lower() in text for part, _ in self.further)

    def is_known(self, first: str) -> bool:
        """Return whether earlier commits use this first prefix, ignoring the part after a "/"."""
        return any(have_same_convention(first, prefix) for prefix, _ in self.first)

    def mark_share(self, name: str) -> tuple[int, int]:
        """Return the percentage of commits with this mark, and the number of commits counted."""
        shares = dict(self.marks)
        base = shares.get(OF[name], 0) * self.total // 100 if name in OF else self.total
        return shares.get(name, 0), base

    def weigh_share(self, percent: int, total: int = 0) -> str:
        """Return how strong a habit is.

        Return "speaks" if exceptions should be reported, "asks" if the author should be asked about
        them, otherwise "".
        """
        commits = total or self.total
        if percent >= SPEAKS and commits >= SPEAKS_FROM:
            return "speaks"
        return "asks" if percent >= ASKS and commits >= ASKS_FROM else ""


def have_same_convention(first: str, second: str) -> bool:
    """Return whether two first prefixes follow the same convention.

    Both are equal, including their case, or start with the same "subsystem/".
    """
    first_part = first.split("/")[0]
    return first == second or (
        ("/" in second or first_part.endswith(" "))
        and first_part.strip() == second.split("/")[0].strip()
    )


def first_word_case(title: str) -> str:
    """Return the case of the first word after the prefixes: "capital", "lower" or "".

    Return "" if there is no prefix, or if the word may be a name or number.
    """
    prefixes, _ = split_prefix(title)
    word = first_word(title)
    if not prefixes:
        return ""
    if re.fullmatch(r"[A-Z][a-z]+", word):
        return "capital"
    return "lower" if re.fullmatch(r"[a-z]+", word) else ""


def names_file(prefix: str, path: str) -> bool:
    """Return whether the last part of a prefix names a file: "gfrm" names "hid-gfrm.c"."""
    name = _keep_letters(prefix)
    words = re.split(r"[\W_]+", basename(path).lower())
    return bool(name) and any(
        "".join(words[start:]).startswith(name) for start in range(len(words))
    )


def _keep_letters(prefix: str) -> str:
    return re.sub(r"[\W_]", "", prefix.lower())


def add_usual_prefix(habits: Habits, title: str) -> str:
    """Add the usual prefix to a title, and write its first word in the usual case."""
    subject = f"{habits.prefix} {title}"
    case = first_word_case(subject)
    usual_case, share = next(iter(habits.cases), ("", 0))
    if case in ("", usual_case) or share < _LEAST_CASE_SHARE:
        return subject
    return f"{habits.prefix} {title[0].swapcase()}{title[1:]}"


def replace_prefix(habits: Habits, patch: Patch, title: str) -> str:
    """Replace a title's prefix with the usual one.

    Keep the names of changed files, such as a driver's name, unless the usual prefix has them.
    """
    prefixes, summary = split_prefix(title)
    names = (
        f"{prefix.strip()}:"
        for prefix in prefixes
        if _keep_letters(prefix) not in _keep_letters(habits.prefix)
        and any(names_file(prefix, path) for path in patch.paths)
    )
    return " ".join((habits.prefix, *names, summary))


def first_word(title: str) -> str:
    """Return the first word of a title after its prefixes.

    A driver's name is skipped as well: in "Input: driver - do this", the word is "do".
    """
    return re.sub(r"^[\w/.,()]+ - ", "", split_prefix(title)[1]).split(" ", 1)[0]


def count_habits(path: str, forms: Iterable[CommitForm], *, of_file: bool = False) -> Habits:
    """Count the habits in commits to a directory or file, except reverts, merges and releases."""
    plain = [form for form in forms if is_plain(form[0])]
    total = len(plain)
    first, further, positions, cases, marks, applied = (Counter[str]() for _ in range(6))
    written_prefixes = Counter(find_written_prefix(form[0]) for form in plain)
    for subject, own_marks, name in plain:
        prefixes = [part.strip() for part in split_prefix(subject)[0]]
        first.update(prefixes[:1])
        parts = dict.fromkeys(prefixes[1:])
        further.update(parts.keys())
        positions.update({part: index for index, part in enumerate(parts)})
        cases.update(filter(None, [first_word_case(subject)]))
        marks.update(own_marks)
        applied.update(filter(None, [name]))
    habits = Habits(
        path,
        total,
        _compute_shares(first, total, _RARE)[:8],
        _compute_shares(further, total, _FURTHER_OF_FILE if of_file else _FURTHER)[:2],
        _compute_shares(cases, cases.total(), ASKS),
        tuple(
            (mark, min(100, 100 * number // (marks[OF.get(mark, "")] or total)))
            for mark, number in marks.most_common()
        ),
        _compute_shares(applied, total, _APPLIES)[:3],
        of_file=of_file,
    )
    in_order = sorted(habits.further, key=lambda row: positions[row[0]] / further[row[0]])
    habits = habits._replace(further=tuple(in_order))
    return habits._replace(exact=100 * written_prefixes[habits.prefix] // (total or 1))


def _compute_shares(counts: Counter[str], total: int, min_count: int) -> Shares:
    return tuple(
        (value, 100 * number // total)
        for value, number in counts.most_common()
        if number * 100 >= min_count * total
    )


def common_folder(patch: Patch) -> str:
    """Return the directory that contains all files of a patch, or "".

    Public headers and documentation count only if the patch changes nothing else.
    """
    code = _list_code_paths(patch)
    return commonpath([dirname(path) for path in code]) if code else ""


def _list_code_paths(patch: Patch) -> list[str]:
    files = [path for path in patch.paths if path != "MAINTAINERS" and path[:1] != "/"]
    return [path for path in files if not path.startswith(_SECONDARY)] or files


def list_habit_paths(patch: Patch) -> list[str]:
    """Return the paths whose commits show the habits for a patch: its directory, then its files
    unless there are many.
    """
    folder, files = common_folder(patch), _list_code_paths(patch)
    return [folder, *(files if len(files) <= _MOST_FILES else ())] if folder else []


@cached_per_patch
def find_patch_habits(context: Context) -> Habits | None:
    """Return the habits of commits to the patch's directory, or None if nothing is known.

    They are counted in the repository's history, excluding the series. If there are too few
    commits, kernel patches use the shipped table.
    """
    folder = common_folder(context.patch)
    counted = _count_earlier_commits(context, folder) if folder else None
    if counted:
        return counted
    return load_shipped_habits(folder) if context.project.kernel else None


@cached_per_patch
def find_prefix_habits(context: Context) -> Habits | None:
    """Return the habits that decide the prefix.

    The patch's files decide if they agree on one, otherwise their directory.
    """
    counted = [
        habits
        for path in list_habit_paths(context.patch)[1:]
        if (habits := _count_earlier_commits(context, path, of_file=True))
        and habits.prefix_share >= LEAST_SHARE
    ]
    if len({habits.prefix for habits in counted}) == 1:
        return max(counted, key=lambda habits: habits.total)
    return find_patch_habits(context)


def _count_earlier_commits(context: Context, path: str, *, of_file: bool = False) -> Habits | None:
    """Return the habits in the repository's commits to a path, or None if there are too few."""
    titles = {patch.subject.title for patch in (*context.series.patches, context.patch)}
    forms = context.history.list_commit_forms(path) if context.history else ()
    earlier = (form for form in forms if form[0] not in titles)
    counted = count_habits(path, earlier, of_file=of_file)
    least = _LEAST_FILE_COMMITS if of_file else LEAST_COMMITS
    if of_file and names_file("".join(counted.parts[-1:]), path):
        least = 1
    return counted if counted.total >= least and counted.first else None


@lru_cache(maxsize=1024)
def load_shipped_habits(folder: str) -> Habits | None:
    """Return the shipped habits of a directory or of its nearest parent that has any."""
    table = _read_habit_table()
    parents = (
        f"{folder[:end]}/**" for end in range(len(folder), 0, -1) if f"{folder}/"[end] == "/"
    )
    for name in (folder, *parents):
        start = table.find(f"\n{name}\t") + 1
        if name and start:
            pattern, total, *columns = table[start : table.index("\n", start)].split("\t")
            first, further, cases, marks = map(_parse_shares, columns)
            path = pattern.removesuffix("/**")
            return Habits(path, int(total), first, further, cases, marks, shipped=True)
    return None


def _parse_shares(column: str) -> Shares:
    pairs = (part.rpartition("=") for part in column.split("|") if part)
    return tuple((word, int(share)) for word, _, share in pairs)


@cache
def _read_habit_table() -> str:
    return (data_dir("checks") / "habits.tsv").read_text(encoding="utf-8")

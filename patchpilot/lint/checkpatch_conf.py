# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the .checkpatch.conf of a tree, which is untrusted input, or that of the user.

Every option of checkpatch.pl either applies, only concerns the script's output, or is named in
`unused` with the reason.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from patchpilot.model.bounded import compile_bounded, parse_limited_number
from patchpilot.model.printable import make_printable
from patchpilot.model.rule import Rule
from patchpilot.model.source_tree import Tree, is_safe_path
from patchpilot.read_file import read_regular_file

FILE_NAME = ".checkpatch.conf"
_OF_USER = f"~/{FILE_NAME}"
KCONFIG_PREFIX = "CONFIG_"
MAX_WORDS = 10_000
_MAX_PATTERNS = 100
"""The maximum number of regular expressions for names of types; each one is tried on each name."""
_MAX_TAB_SIZE = 1000
_MAX_NAMED = 20
_SHOWN = 60


class CheckpatchConf(NamedTuple):
    """The options of a .checkpatch.conf.

    `ignore` lists the types to ignore. If `types` is not empty, no other types are reported. Limits
    are 0 if they are not set. `typedefs` are regular expressions for names of types, and
    `dictionary` is the content of the codespell dictionary. `unused` describes the options that
    have no effect here.
    """

    ignore: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    strict: bool = False
    max_line_length: int = 0
    help_lines: int = 0
    tab_size: int = 0
    signoff: bool = True
    uses_tree: bool = True
    kconfig_prefix: str = KCONFIG_PREFIX
    typedefs: tuple[str, ...] = ()
    dictionary: bytes = b""
    unused: tuple[str, ...] = ()


_FLAGS = {
    "tree": "uses_tree",
    "signoff": "signoff",
    "subjective": "strict",
    "strict": "strict",
    "codespell": "codespell",
}
"""The options that may be negated, each with its field."""
_OUTPUT_FLAGS = frozenset(
    (
        *("quiet", "q", "verbose", "v", "emacs", "terse", "showfile", "summary", "mailback"),
        *("summary-file", "show-types", "list-types", "ignore-perl-version", "patch"),
        *("help", "h", "version", "nocolor", "no-color"),
    )
)
_OUTPUT_VALUES = frozenset(("color", "debug"))
"""The options that do not change what the script reports, without and with a value."""
_UNSUPPORTED = {
    **dict.fromkeys(("file", "f"), "use `patchpilot check -f`"),
    **dict.fromkeys(("git", "g"), "name commits on the command line"),
    **dict.fromkeys(("fix", "fix-inplace"), "use `patchpilot check --fix`"),
    "root": "use --tree",
    "test-only": "use --select",
}
_LISTS = ("ignore", "types")
_NUMBERS = {
    "max-line-length": "max_line_length",
    "min-conf-desc-length": "help_lines",
    "tab-size": "tab_size",
}
_FILES = ("typedefsfile", "codespellfile")
_WITH_VALUE = frozenset(
    (*_LISTS, *_NUMBERS, *_FILES, *_OUTPUT_VALUES, "kconfig-prefix", "root", "test-only")
)
_WITHOUT_VALUE = (_FLAGS.keys() | _UNSUPPORTED.keys() | _OUTPUT_FLAGS) - _WITH_VALUE
_PREFIX = re.compile(r"\w{1,40}", re.ASCII)
_DEMANDS_SIGN_OFF = (
    *("no-sign-off", "author-not-signed", "author-sign-off-mismatch"),
    *("missing-sender-sign-off", "last-sign-off-not-sender"),
)
"""The rules that --no-signoff turns off."""
_IS_ENABLED_TYPES = ("IS_ENABLED_CONFIG", "PREFER_IS_ENABLED")


def read_conf(tree: Tree | None) -> CheckpatchConf:
    """Return the options in the .checkpatch.conf of a tree.

    As in the script, the user's is read if the tree has none, and then that in its .scripts.
    """
    for name in (FILE_NAME, _OF_USER, f".scripts/{FILE_NAME}"):
        if name == _OF_USER:
            text = read_regular_file(Path(os.environ.get("HOME") or os.devnull, FILE_NAME))
        else:
            text = tree.read(name) if tree else None
        if text is not None:
            return _parse_conf(text, name, tree)
    return CheckpatchConf()


def _parse_conf(text: bytes, name: str, tree: Tree | None) -> CheckpatchConf:
    words = [
        word
        for line in text.decode("utf-8", "replace").splitlines()
        for word in re.split(r"(?:^|\s)#", line, maxsplit=1)[0].split()
    ]
    reader = _Reader(tree)
    reader.read_words(words)
    return reader.finish(name)


class _Reader:
    """A reader of the words in a .checkpatch.conf.

    As in the script, names have one or two dashes and any case, a negated name begins with `no` or
    `no-`, and an option that needs a value takes the next word.
    """

    def __init__(self, tree: Tree | None) -> None:
        self._tree = tree
        self._values: dict[str, Any] = {}
        self._files: dict[str, str] = {}
        self._unused: list[str] = []

    def read_words(self, words: Sequence[str]) -> None:
        remaining = iter(words)
        for word in remaining:
            name, equals, value = word.lstrip("-").partition("=")
            name = name.lower()
            if not word.startswith("-") or not name:
                self._unused.append(f"{word[:_SHOWN]}: not an option")
            elif name in _WITH_VALUE and (equals or name != "color"):
                given = value if equals else next(remaining, None)
                self._read_value(name, given)
            elif name != "color":
                self._read_flag(word, name, has_value=bool(equals))

    def _read_value(self, name: str, value: str | None) -> None:
        if value is None:
            self._unused.append(f"--{name}: no value")
        elif name in _UNSUPPORTED:
            self._unused.append(f"--{name}: not supported; {_UNSUPPORTED[name]}")
        elif name in _LISTS:
            types = tuple(word.upper() for word in value.split(",") if word)
            self._values.setdefault(name, {}).update(dict.fromkeys(types))
        elif name in _NUMBERS:
            self._read_number(name, value)
        elif name in _FILES:
            self._files[name] = value
        elif name == "kconfig-prefix" and _PREFIX.fullmatch(value):
            self._values["kconfig_prefix"] = value
        elif name == "kconfig-prefix":
            self._unused.append(f"--{name} {value[:_SHOWN]}: not a prefix of symbols")

    def _read_number(self, name: str, value: str) -> None:
        number = parse_limited_number(value)
        if not (2 <= number <= _MAX_TAB_SIZE if name == "tab-size" else number):
            self._unused.append(f"--{name} {value[:_SHOWN]}: not a valid number")
        else:
            self._values[_NUMBERS[name]] = number

    def _read_flag(self, word: str, name: str, *, has_value: bool) -> None:
        positive = name.removeprefix("no").removeprefix("-")
        is_known = name in _WITHOUT_VALUE or positive in _WITHOUT_VALUE
        if has_value or not is_known:
            self._unused.append(f"{word[:_SHOWN]}: unknown option")
        elif name in _UNSUPPORTED:
            self._unused.append(f"--{name}: not supported; {_UNSUPPORTED[name]}")
        elif name in _FLAGS:
            self._values[_FLAGS[name]] = True
        elif positive in _FLAGS and name not in _WITHOUT_VALUE:
            self._values[_FLAGS[positive]] = False

    def finish(self, file: str) -> CheckpatchConf:
        """Return the options, with the content of the files that they name.

        `file` is the name of the .checkpatch.conf.
        """
        values, unused = self._values, self._unused
        values |= {name: tuple(values[name]) for name in _LISTS if name in values}
        if values.pop("codespell", False):
            values["dictionary"] = self._read_file("codespellfile")
        if names := self._read_file("typedefsfile"):
            values["typedefs"] = tuple(_read_typedefs(names, self._files["typedefsfile"], unused))
        more = len(unused) - _MAX_NAMED
        named = [*unused[:_MAX_NAMED], *([f"and {more} more"] if more > 0 else [])]
        return CheckpatchConf(
            **values, unused=tuple(f"{file}: {make_printable(one)}" for one in named)
        )

    def _read_file(self, option: str) -> bytes:
        """Return the content of the file that an option names, or b"" if it cannot be read."""
        path = self._files.get(option)
        if path is None:
            return b""
        inside = path.removeprefix("./")
        content = self._tree.read(inside) if self._tree and is_safe_path(inside) else None
        if content is None:
            self._unused.append(f"--{option} {path[:_SHOWN]}: no such file in the tree")
        return content or b""


def _read_typedefs(content: bytes, path: str, unused: list[str]) -> Iterator[str]:
    """Yield the regular expressions in a typedefsfile, one on a line."""
    lines = content.decode("utf-8", "replace").splitlines()
    patterns = 0
    for line in lines[:MAX_WORDS]:
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        if re.search(r"\s", word) or compile_bounded(word, "perl").error:
            unused.append(f"{path[:_SHOWN]}: {word[:_SHOWN]}: not the name of a type")
            continue
        patterns += not word.isidentifier()
        if word.isidentifier() or patterns <= _MAX_PATTERNS:
            yield word
    if patterns > _MAX_PATTERNS:
        unused.append(f"{path[:_SHOWN]}: only {_MAX_PATTERNS} regular expressions are used")
    if len(lines) > MAX_WORDS:
        unused.append(f"{path[:_SHOWN]}: only the first {MAX_WORDS} lines are used")


def apply_conf(rules: Iterable[Rule], conf: CheckpatchConf) -> tuple[Rule, ...]:
    """Return the rules that a tree's options leave, adapted to them.

    Types that no rule has are skipped, like in checkpatch.pl.
    """
    changes: list[Callable[[Rule], Rule | None]] = []
    types, ignored = frozenset(conf.types), frozenset(conf.ignore)
    if types:
        changes.append(lambda rule: rule if rule.checkpatch in types else None)
    if ignored:
        changes.append(lambda rule: None if rule.checkpatch in ignored else rule)
    if not conf.signoff:
        changes.append(lambda rule: None if rule.name in _DEMANDS_SIGN_OFF else rule)
    if not conf.uses_tree:
        changes.append(
            lambda rule: None if rule.checkpatch and rule.scope == "tree" else rule,
        )
    if conf.kconfig_prefix != KCONFIG_PREFIX:
        changes.append(partial(_use_kconfig_prefix, prefix=conf.kconfig_prefix))
    kept = list(rules)
    for change in changes:
        kept = [changed for rule in kept if (changed := change(rule)) is not None]
    return tuple(kept)


def _use_kconfig_prefix(rule: Rule, *, prefix: str) -> Rule:
    """Return the rule with the prefix of the tree's Kconfig symbols instead of the kernel's."""
    if rule.checkpatch not in _IS_ENABLED_TYPES:
        return rule

    def replace(value: Any) -> Any:
        return value.replace(KCONFIG_PREFIX, prefix) if isinstance(value, str) else value

    return rule._replace(
        message=replace(rule.message),
        summary=replace(rule.summary),
        why=replace(rule.why),
        remedy=rule.remedy._replace(text=replace(rule.remedy.text)),
        arguments={name: replace(value) for name, value in rule.arguments.items()},
    )

# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for calls whose arguments may span lines: formats, sizes, limits, permissions."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from patchpilot.cache import patterns as re
from patchpilot.lint.c.c_patterns import BALANCED, CONSTANT, INT, LVAL, OCTAL, STRING, value
from patchpilot.lint.c.line_scan import LineScan, ScannedLine, as_text, scan
from patchpilot.lint.c.statements import blank_signs
from patchpilot.lint.c.walk import code
from patchpilot.lint.detector import Arguments, Hit, by_type, detector
from patchpilot.lint.detectors.c_pattern import c_lines, c_text
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context

_FORMAT_CALL = lazy(rf"^\+(?![^{{]*\{{\s*).*\b(\w+)\s*\(.*{STRING}\s*,", re.DOTALL)
_STRING_ARGUMENT = lazy(r'"\s*,')
_VOLATILE = lazy(r"^_*volatile_*$")
_STRING = lazy(STRING)
_POINTER = lazy(r"(%[*\d.]*p(\w)(\w*))")
_FOUR_CC = lazy(r"cc")
_FOUR_CC_NEWER = lazy(r"c(?:[hlbc]|hR)$")
_EXTENSIONS = frozenset("4SsBKRraEehMmIiUDdgVCbGNOxtf")
_CONSTANT = lazy(CONSTANT)
_ARGUMENT = value()
# words that the large patterns need; searching for them first is cheaper, since most patches have none
_ALLOCATES = lazy(r"^\+[^;]*=[^;]*(?:kv|k)[mz]alloc\s*\([^;]*\*")
_SLEEP = lazy(rf"^\+.*?\busleep_range\s*\(\s*(?P<min>{_ARGUMENT})\s*,\s*(?P<max>{_ARGUMENT})\s*\)")
_MULTIPLIED = lazy(
    rf"^\+\s*(?:{LVAL})\s*=\s*(?:{BALANCED})?\s*(?P<call>(?:kv|k)[mz]alloc)\s*\(\s*(?P<one>{_ARGUMENT})\s*\*\s*(?P<two>{_ARGUMENT})\s*,"
)
_NAMED_CONSTANT = lazy(r"^[A-Z_][A-Z0-9_]*$")
_SIZEOF = lazy(r"^sizeof\s*\S")

S_NAMES = {
    "S_IRWXU": 0o700,
    "S_IRUSR": 0o400,
    "S_IWUSR": 0o200,
    "S_IXUSR": 0o100,
    "S_IRWXG": 0o070,
    "S_IRGRP": 0o040,
    "S_IWGRP": 0o020,
    "S_IXGRP": 0o010,
    "S_IRWXO": 0o007,
    "S_IROTH": 0o004,
    "S_IWOTH": 0o002,
    "S_IXOTH": 0o001,
    "S_IRWXUGO": 0o777,
    "S_IRUGO": 0o444,
    "S_IWUGO": 0o222,
    "S_IXUGO": 0o111,
}
_S_NAME = rf"(?:{'|'.join(sorted(S_NAMES, key=len, reverse=True))})"
_S_NAMES = rf"{_S_NAME}(?:\s*\|\s*{_S_NAME})*"
_SYMBOLIC = lazy(rf"\b({_S_NAMES})\b")
_ONE_S_NAME = lazy(rf"\b({_S_NAME})\b(?:\s*\|\s*)?\s*")
_OCTAL_MODE = lazy(r"^\s*0[0-7]{3}\s*$")
_DEVICE_ATTR = lazy(rf"\bDEVICE_ATTR\s*\(\s*(\w+)\s*,\s*\(?\s*(\s*(?:{_S_NAMES}|0[0-7]{{3}})\s*)\s*\)?\s*,\s*(\w+)\s*,\s*(\w+)\s*\)")
_MODE_ARGUMENTS = (
    ("module_param", 3),
    ("module_param_(?:array|named|string)", 4),
    ("module_param_array_named", 5),
    ("debugfs_create_(?:file|u8|u16|u32|u64|x8|x16|x32|x64|size_t|atomic_t|bool|blob|regset32|u32_array)", 2),
    ("proc_create(?:_data|)", 2),
    ("(?:CLASS|DEVICE|SENSOR|SENSOR_DEVICE|IIO_DEVICE)_ATTR", 2),
    ("IIO_DEV_ATTR_[A-Z_]+", 1),
    ("SENSOR_(?:DEVICE_|)ATTR_2", 2),
    ("SENSOR_TEMPLATE(?:_2|)", 3),
    ("__ATTR", 2),
)
_MODE_WORDS = ("module_param", "debugfs_create_", "proc_create", "_ATTR", "SENSOR_TEMPLATE")
_MODE_FUNCTION = lazy("|".join(name for name, _ in _MODE_ARGUMENTS))
_INT = lazy(INT)
_OCTAL = lazy(OCTAL)

LONGEST_STATEMENT = 8000
"""How much of a statement is read: with a parenthesis that is never closed, each line starts a statement that takes everything after it."""

Hits = Iterator[tuple[str, Hit]]


class CallPlace(NamedTuple):
    """An added line of C and the text of the statement that starts in it."""

    lines: LineScan
    line: ScannedLine
    statement: str
    kernel: tuple[int, int]

    @property
    def last(self) -> int:
        """Returns the patch line where the statement ends, up to the first removed line."""
        return self.line.number + self.statement.count("\n")

    @property
    def raw(self) -> str:
        """Returns the lines of the statement as written; a removed line between them is replaced by the next line that is not removed."""
        return self.lines.raw_lines(self.line.number, self.last)


_PLACEHOLDERS = {
    "ALLOC_WITH_MULTIPLY": "better call",
    "DEVICE_ATTR_FUNCTIONS": "name",
    "DEVICE_ATTR_PERMS": "mode",
    "DEVICE_ATTR_RO": "name",
    "DEVICE_ATTR_RW": "name",
    "DEVICE_ATTR_WO": "name",
    "EXPORTED_WORLD_WRITABLE": "mode",
    "NON_OCTAL_PERMISSIONS": "mode",
    "SYMBOLIC_PERMS": "mode octal",
    "USLEEP_RANGE": "",
    "USLEEP_RANGE/no-range": "",
    "VSPRINTF_POINTER_EXTENSION": "specifier",
    "VSPRINTF_POINTER_EXTENSION/rust": "specifier",
    "VSPRINTF_POINTER_EXTENSION/symbol": "instead specifier",
}


@detector("checkpatch-calls", _PLACEHOLDERS, type=str)
def calls(context: Context, arguments: Arguments) -> Iterable[Hit]:
    """Returns hits of one type about calls and their arguments, read over all lines of the statement."""
    return by_type(context, _all, arguments["type"])


def _all(context: Context) -> Hits:
    if "S_I" in c_text(context):
        yield from _symbolic(context)
    # a statement that starts in an added line may continue in unchanged lines
    whole = "\n".join(line.raw for line in scan(context).lines if line.left and line.sign != "-" and line.suffix in ("c", "h"))
    rules = [(words, rule) for words, rule in _RULES if any(word in whole for word in words)]
    if not rules:
        return
    lines, walked = scan(context), code(context)
    for line in c_lines(context):
        statement = walked.statement(line.number)
        if statement is not None:
            at = CallPlace(lines, line, blank_signs(statement.raw_text[:LONGEST_STATEMENT]), context.options.kernel)
            for words, rule in rules:
                # a second statement on the same line is checked here, since no other line starts with it
                if any(word in at.statement or word in line.text for word in words):
                    yield from ((kind, Hit(line.number, case=hit.case, values=hit.values)) for kind, hit in rule(at))


def _hit(case: str = "", **values: str) -> Hit:
    return Hit(None, case=case, values={name: as_text(text) for name, text in values.items()})


def _pointer_formats(at: CallPlace) -> Hits:
    if "{" in at.statement or not _STRING_ARGUMENT.search(at.statement) or not _POINTER.search(at.raw):
        return
    call = _FORMAT_CALL.match(at.statement)
    if not call or _VOLATILE.match(call[1]):
        return
    reported = False
    four = _FOUR_CC_NEWER if at.kernel >= (6, 17) else _FOUR_CC
    for number in range(at.line.number, at.last + 1):
        if number > len(at.lines.lines):
            break
        found = _STRING.search(at.lines.lines[number - 1].text)
        text = (at.lines.raw_line(number) or "")[found.start() : found.end()].replace("%%", "") if found else ""
        for specifier, kind, more in _POINTER.findall(text):
            if kind not in _EXTENSIONS or (kind == "f" and not more.startswith("w")) or (kind == "4" and not four.match(more)):
                yield "VSPRINTF_POINTER_EXTENSION", _bad_extension(specifier)
                break
            if kind == "x" and not reported:
                reported = True
                yield "VSPRINTF_SPECIFIER_PX", _hit()


def _bad_extension(specifier: str) -> Hit:
    if "pA" in specifier:
        return _hit("rust", specifier=specifier)
    if "pF" in specifier or "pf" in specifier:
        return _hit("symbol", specifier=specifier, instead="%pS" if "pF" in specifier else "%ps")
    return _hit(specifier=specifier)


def _sleep(at: CallPlace) -> Hits:
    found = _SLEEP.match(at.statement)
    if not found:
        return
    low, high = found["min"], found["max"]
    if low == high:
        yield "USLEEP_RANGE", _hit("no-range")
    elif low.isdecimal() and high.isdecimal() and len(low + high) < 40 and int(low) > int(high):
        yield "USLEEP_RANGE", _hit()


def _multiplied(at: CallPlace) -> Hits:
    found = _MULTIPLIED.match(at.statement) if "*" in at.statement and "sizeof" in at.statement and _ALLOCATES.match(at.statement) else None
    if not found:
        return
    count, size = found["one"], found["two"]
    if _SIZEOF.match(count):
        count, size = size, count
    constant = _CONSTANT.fullmatch(count) or _NAMED_CONSTANT.match(count)
    if not re.match(r"sizeof\b", count, re.ASCII) and _SIZEOF.match(size) and not constant:
        better = {"kvmalloc": "kvmalloc_array", "kvzalloc": "kvcalloc", "kzalloc": "kcalloc"}.get(found["call"], "kmalloc_array")
        yield "ALLOC_WITH_MULTIPLY", _hit(better=better, call=found["call"])


def _octal(text: str) -> int:
    if _OCTAL_MODE.match(text):
        return int(text, 8)
    mode = 0
    at = None
    for found in _ONE_S_NAME.finditer(text):
        if at is not None and found.start() != at:
            break
        at = found.end()
        mode |= S_NAMES[found[1]]
    return mode


def _symbolic(context: Context) -> Hits:
    for line in c_lines(context):
        if "S_I" in line.text:
            for found in _SYMBOLIC.finditer(line.text):
                yield (
                    "SYMBOLIC_PERMS",
                    Hit(line.number, column=found.start(), values={"octal": f"{_octal(found[1]):04o}", "mode": found[1]}),
                )


def _device_attr(at: CallPlace) -> Hits:
    found = _DEVICE_ATTR.search(at.statement)
    if not found:
        return
    name, mode, show, store = found[1], _octal(found[2]), found[3], found[4]
    shown, stored = show == f"{name}_show", store == f"{name}_store"
    if shown and stored and mode == 0o644:
        yield "DEVICE_ATTR_RW", _hit(name=name)
    elif shown and store == "NULL" and mode == 0o444:
        yield "DEVICE_ATTR_RO", _hit(name=name)
    elif show == "NULL" and stored and mode == 0o200:
        yield "DEVICE_ATTR_WO", _hit(name=name)
    elif mode in (0o644, 0o444, 0o200):
        yield "DEVICE_ATTR_FUNCTIONS", _hit(name=name)
    else:
        yield "DEVICE_ATTR_PERMS", _hit(mode=found[2].strip())


def _modes(at: CallPlace) -> Hits:
    if not _MODE_FUNCTION.search(at.line.text):
        return
    for name, place in _MODE_ARGUMENTS:
        skipped = rf"(?:\s*{_ARGUMENT}\s*,\s*){{{place - 1}}}" if place > 1 else ""
        found = lazy_cached(rf"\b{name}\s*\({skipped}(?P<mode>{_ARGUMENT}(?:\|\s*{_ARGUMENT})*)\s*[,)]").search(at.statement)
        if not found:
            continue
        mode = found["mode"]
        octal = _OCTAL.fullmatch(mode)
        plain = name.startswith(("module_param", "proc_create")) and mode == "0"
        if not plain and ((not octal and _INT.fullmatch(mode)) or (octal and len(mode) != 4)):
            yield "NON_OCTAL_PERMISSIONS", _hit(mode=mode)
        if octal and int(re.sub(r"[^0-7].*", "", mode) or "0", 8) & 0o2:
            yield "EXPORTED_WORLD_WRITABLE", _hit(mode=mode)


_PATTERNS: dict[str, re.Pattern[str]] = {}


def lazy_cached(text: str) -> re.Pattern[str]:
    """Returns the compiled pattern, cached."""
    found = _PATTERNS.get(text)
    if found is None:
        found = _PATTERNS[text] = re.compile(text, re.ASCII)
    return found


_RULES: tuple[tuple[tuple[str, ...], Callable[[CallPlace], Hits]], ...] = (
    (('"',), _pointer_formats),
    (("usleep_range",), _sleep),
    (("alloc",), _multiplied),
    (("DEVICE_ATTR",), _device_attr),
    (_MODE_WORDS, _modes),
)
"""The words of which a statement must have one, and its check."""

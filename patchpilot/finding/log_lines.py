# SPDX-License-Identifier: GPL-2.0-or-later
"""Take each line of a kernel log apart into its prefix and its text.

The prefix depends on the program that printed the log: dmesg, journalctl, a syslog daemon, the
kernel's consoles (netconsole, pstore, a phone's last_kmsg), logcat or a terminal program. A line
can have several. A paste adds quotation marks, markup, colors, and line breaks.
"""

import html
import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

_Record = TypeVar("_Record")
_MONTH = r"(?:\d{1,2}月|[^\W\d_]{2,5}\.?)"
_DAY = r"[^\W\d_]{1,5}\.?"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_ZONE = r"(?: ?Z| ?[+-]\d\d:?\d\d)?"
_ISO = rf"\d{{4}}-\d\d-\d\d[T ]{_CLOCK}{_ZONE}"
_YEAR = r"(?: \d{4})?"
_DELTA = r"\s*<\s*\+?\d+\.\d+\s*>"
_FACILITY = r"(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|res\d+|local\d)"
_LEVEL = r"(?:emerg|panic|alert|crit|err|error|warn|warning|notice|info|debug)"
_HOST = r"(?:[A-Za-z0-9][\w.:/-]*|\(none\))"

_PREFIX = re.compile(
    "|".join(
        (
            # quotation marks, and the marks, numbers and file names that editors and grep put there
            r"(?:[>|`]\s?|:(?=.))+(?![0-9a-f]{8,}:)",
            r"(?:#|//|\*|;|[+-]) *(?=\[ *\d+\.\d|<\d{1,3}>)",
            r"\d{1,6}(?::|\t| +(?=\[ *\d+\.\d)) *(?=[\[<]|[A-Z][a-z]{2} +\d|\d{4}-)",
            r"(?:/var/log/[\w./-]+|[A-Za-z][\w-]*\.(?:log|txt)(?:\.\d+)?)[:-](?:\d+[:-])? *",
            # what is on the screen before it
            r"(?:\w+ )?login: (?=\[)|[\w@.:~/ -]{2,80}[#$] (?=\[ *\d+\.\d+\])",
            r"Message from syslogd@.*",
            r"(?:stdout|stderr) [FP] ",
            # levels
            r"<(?P<level>\d{1,3})>1 (?=\d{4}-)|<(?P<number>\d{1,3})> ?",
            rf"{_FACILITY}\s*:(?P<decoded>{_LEVEL})\s*:\s?",
            # seconds since boot, alone or with the CPU, the time before, the date or the level
            r"\[ *(?P<stamp>\d+\.\d*)s?(?:[@,][A-Z]?\d+)?"
            rf"(?:{_DELTA}| \d+\.\d+| / \d\d-\d\d {_CLOCK})?\] ?(?:-(?!-))?",
            rf"\[(?:{_DELTA}| *\+\d+\.\d+)\] ?",
            # the time of day
            rf"\[(?P<date>{_DAY} {_MONTH} +\d+日? {_CLOCK}(?: \w+)? \d{{4}})(?:{_DELTA})?\] ?",
            rf"\[(?P<day>{_MONTH} ?\d{{1,2}} \d\d:\d\d)\] ?",
            rf"\[(?P<clock>(?:\d{{4}}[-:]\d\d[-:]\d\d[T ])?{_CLOCK}{_ZONE})\] ?",
            rf"(?P<iso>(?:{_DAY} )?{_ISO})(?: [A-Z]{{3,4}})?\s+",
            rf"(?P<classic>(?:{_DAY},? )?{_MONTH} +\d{{1,2}}日?{_YEAR} {_CLOCK}{_YEAR}) +",
            r"(?P<unix>\d{9,10}\.\d{6}) +",
            # netconsole and /dev/kmsg: a release, the level, number, microseconds and flags
            r"(?:(?P<release>\d+\.\d+[\w.+~-]*),)?(?P<syslog>\d{1,3}),\d+,(?P<micro>\d+),[^;]*;",
            # logcat
            rf"\[ \d\d-\d\d {_CLOCK} +\d+: *\d+ [VDIWEFA]/[^\]]*\]$",
            rf"(?P<logcat>\d\d-\d\d {_CLOCK})\s+(?=[VDIWEFA]/|(?:\w+ +)?\d+ +\d+ [VDIWEFA] )",
            r"(?:\w+ +)?\d+ +\d+ [VDIWEFA] (?:(?:[Kk]ernel|KERNEL)?\s*: ?|(?=\S[^:]*: ))",
            r"[VDIWEFA]/(?:(?:[Kk]ernel|KERNEL)? *(?:\( *\d+\))?: ?|(?=[\w-]+ *(?:\( *\d+\))?: ))",
            # the task or CPU that printed it
            r" *\[ *(?P<caller>[TC]\d+)\] ?|(?<=\])\[\d{1,2}\] ?",
            r" *[A-Z]?\[\d+: *(?P<task>[^:\]]{1,20}): *\d+\] ?",
            r"[.-]? ?-?\(\d+\)\[\d+:(?P<thread>[^\]]{1,24})\] ?",
            r"\[pid:\d+,cpu\d+,[^\]]*\] ?",
            r"(?:[\w/:.-]{1,20}: )?\[name:\w*&\] ?",
        )
    )
)
"""A part of a prefix. The parts come in any order, and more than once."""
_SOURCE = re.compile(
    rf" *(?:(?P<host>{_HOST}) )?(?:{_FACILITY}\.{_LEVEL} |[A-Z]+ )?"
    r"(?:\[(?:kernel|klogd)\]|(?:kernel|klogd)(?:\[\d*\])?(?::| - - -)) ?"
)
_USER = re.compile(rf"(?:{_HOST} )?(?:{_FACILITY}\.{_LEVEL} )?(?P<name>[\w./@-]+)(?:\[\d+\])?: ")
_NAMED_HOST = re.compile(rf"(?P<host>{_HOST}(?<!:)) (?=\[ *\d+\.\d+\])")
_LOGCAT_TAG = re.compile(r"^([\w-]+) *(?:\( *\d+\))?: ")
_CPU = re.compile(r"c\d{1,3} +")
_CUT_STAMP = re.compile(r"^[\d.: ]*\d\] (?=\S)|^[\w+:.,-]* ?kernel: ")
_LOGCAT_LEVELS = tuple(f"{level}/" for level in "VDIWEFA")
_SYSLOG_TIMES = ("iso", "classic", "unix")
_TIMES = ("date", "day", "clock", "iso", "classic", "unix", "logcat")

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]{0,200}\x07|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2060\ufeff]")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|nbsp|#\d+|#x[0-9a-fA-F]+);")
_TAG = re.compile(
    r"</?(?:pre|code|br|p|div|span|tt|blockquote|details|summary|li|[uo]l|t[dr]|table|tbody|font|"
    r"html|body|strong|em)\b[^<>]*>"
)
_ESCAPED = re.compile(r"\\(?:([\[\]<>*#+()~])|(_)(?!SB|GPE|PR_|TZ|SI_|OS|S\d))")
"""Characters escaped in Markdown. Names of ACPI also begin with a backslash and an underscore."""
_MARKUP = re.compile(
    r"^\s*(?:```|~~~|\[/?(?:code|quote|spoiler|pre)\b.*\]|\{(?:code|noformat)\b.*\})|"
    r"(?:```|\[/?code\]|\{noformat\}|\{code\})\s*$"
)
_JSON_TEXT = re.compile(
    r'"(?:MESSAGE|message|msg|log)"\s*:\s*("(?:[^"\\]|\\.)*"|\[[\d,\s]*\])', re.DOTALL
)
_JSON_START = re.compile(r'(?:\A|\n|\},\s*|\[\s*|\x1e)\{(?=\s*")')
_JSON_SOURCE = re.compile(
    r'"(_TRANSPORT|SYSLOG_IDENTIFIER|ident|programname|appname|app-name|tag)"\s*:\s*"([^"]*)"'
)
_FIELD_SOURCE = re.compile(r"^[> |:`\t]*(_TRANSPORT|SYSLOG_IDENTIFIER)=(\S*)", re.MULTILINE)
_ENTRY = re.compile(r"[> |:`]*(?:__CURSOR=|\S.*\[s=[0-9a-f]+;)")
_FIELD = re.compile(r"^\s*[A-Z_][A-Z0-9_]+=")
_FRAGMENT = re.compile(r",ncfrag=(?P<start>\d+)/\d+[^;]*;")
_JOINED = re.compile(r"(?<=[^\s\])}>:])(?=\[ {0,4}\d{1,6}\.\d{6}\] )")
"""A console that lost the end of a line goes on with the next line's seconds since boot."""
_DEVICE_FIELD = re.compile(r"^ (?:SUBSYSTEM|DEVICE)=\S+$")
_RECORD = re.compile(
    r"(?:#\d|\[|=>|<\w+>|-|\? |\w[\w.]*\+0x|\w[\w.]* \(\S+:\d|[A-Za-z][\w-]*(?: \S+){0,2}: )"
)
"""The start of a line that a mail program has not wrapped."""
_MAX_LINE = 2048
"""printk() cuts a message at 1024 bytes."""
_NARROW, _TERMINAL, _WIDE = 60, 79, 132
"""A mail program breaks lines before the second of these columns, a terminal after it."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line's text, and what its prefix contains.

    `stamp` is the time as it is written: seconds since boot, or the time of day. `level` is a
    number or a name, `caller` the task or CPU. `release` is the kernel's, which netconsole can add.
    `is_marked` is set if the prefix names the kernel as the source; `program` is the name in its
    place.
    """

    text: str
    stamp: str = ""
    level: str = ""
    caller: str = ""
    host: str = ""
    release: str = ""
    program: str = ""
    has_prefix: bool = False
    is_marked: bool = False


def split_log(log: str) -> list[LogLine]:
    """Return the lines of a log that the kernel printed, without markup and empty lines.

    If no line names the kernel as its source, return all lines.
    """
    text = _clean(log)
    rows = [row[:_MAX_LINE] for row in text.split("\n")]
    if messages := list(_read_structured(text, rows)):
        return [split_line(message[:_MAX_LINE]) for message in messages]
    rows = [
        part
        for row in _join_cut_rows(rows)
        if not _DEVICE_FIELD.match(row)
        for part in _JOINED.split(row)
    ]
    lines = list(_join_wrapped(_join_fragments(rows)))
    if any(line.is_marked for line in lines):
        lines = [line for line in lines if not line.program]
    return [line for line in lines if line.text.strip()]


def split_line(line: str) -> LogLine:
    """Take one line apart."""
    parts: dict[str, str] = {}
    start = position = len(line) - len(line.lstrip())
    has_prefix = is_marked = False
    while match := _match_part(line, position, parts, is_marked=is_marked, has_prefix=has_prefix):
        is_marked = is_marked or match.re in (_SOURCE, _NAMED_HOST)
        parts.update({name: value for name, value in match.groupdict().items() if value})
        # a quotation mark alone is no prefix
        has_prefix = has_prefix or bool(match.group().strip(">|: #*/`"))
        position = match.end()
    text = line[position:] if position > start else line
    if "logcat" in parts or line.startswith(_LOGCAT_LEVELS):
        text = _LOGCAT_TAG.sub(r"\1: ", text)
    user = None
    if not is_marked and "stamp" not in parts and any(name in parts for name in _SYSLOG_TIMES):
        user = _USER.match(line, position)
    return LogLine(
        text.rstrip().rstrip("`"),
        _first_part(parts, "stamp", "micro", *_TIMES),
        _first_part(parts, "level", "number", "decoded", "syslog"),
        _first_part(parts, "caller", "task", "thread"),
        parts.get("host", ""),
        parts.get("release", ""),
        user["name"] if user else "",
        has_prefix,
        is_marked,
    )


def _match_part(
    line: str, position: int, parts: Container[str], *, is_marked: bool, has_prefix: bool
) -> re.Match[str] | None:
    """Return the part of the prefix at this position. `parts` are the ones before it."""
    match = _PREFIX.match(line, position)
    if match is None and has_prefix and "stamp" in parts and "number" in parts:
        match = _CPU.match(line, position)
    if match is None and not is_marked:
        has_time = any(name in parts for name in _TIMES)
        match = _SOURCE.match(line, position)
        if match and match["host"] and not (has_time or "stamp" in parts):
            match = None
        if match is None and has_time:
            match = _NAMED_HOST.match(line, position)
    return match if match and match.end() > position else None


def _first_part(parts: Mapping[str, str], *names: str) -> str:
    return next((parts[name] for name in names if name in parts), "")


def _clean(log: str) -> str:
    """Return the log without colors, control characters and HTML."""
    text = _ANSI.sub("", log).replace("\u00a0", " ")
    text = re.sub(r"(?:\r*\n|\r){3,}", "\n\n", text)
    text = re.sub(r"\r*\n|\r", "\n", text)
    if _ENTITY.search(text):
        text = html.unescape(text).replace("\u00a0", " ")
        if _ENTITY.search(text):
            text = html.unescape(text)
    text = _TAG.sub("", text)
    if len(_ESCAPED.findall(text)) > 1:
        text = _ESCAPED.sub(r"\1\2", text)
    if text.count("\\n") > max(1, 2 * text.count("\n")) and "{" not in text[:9]:
        # the string of a program
        text = text.strip().strip("\"'").replace("\\n", "\n").replace("\\t", "\t")
    return _CONTROL.sub("", text)


def _read_structured(text: str, rows: Sequence[str]) -> Iterator[str]:
    """Yield the messages of JSON, or of journalctl's forms with one field in a line.

    If records name their source, only the kernel's are read.
    """
    if found := list(_JSON_TEXT.finditer(text)):
        starts = [match.start() for match in _JSON_START.finditer(text)] or [0]
        records = [max(0, bisect_right(starts, match.start()) - 1) for match in found]
        ends = [*starts[1:], len(text)]
        # a record may have many messages
        source_of = {
            record: _read_source(_JSON_SOURCE, text[starts[record] : ends[record]])
            for record in set(records)
        }
        for match in _keep_kernel(found, [source_of[record] for record in records]):
            value = match[1]
            with_breaks = re.sub(r"(?<=.{80})\n", "", value) if "\n" in value else value
            content = json.loads(with_breaks.replace("\n", " "), strict=False)
            if isinstance(content, list):
                content = bytes(byte for byte in content if byte < 256).decode("utf-8", "replace")
            yield from _CONTROL.sub("", _ANSI.sub("", content)).split("\n")
    elif sum("_TRANSPORT=" in row or "__CURSOR=" in row for row in rows) > 0:
        entries: list[list[str]] = [[]]
        for row in _join_cut_rows(rows):
            if _ENTRY.match(row):
                entries.append([])
            entries[-1].append(row)
        sources = [_read_source(_FIELD_SOURCE, "\n".join(entry)) for entry in entries]
        for entry in _keep_kernel(entries, sources):
            yield from _read_fields(entry)


def _read_fields(rows: Sequence[str]) -> Iterator[str]:
    message = ""
    for row in (*rows, "END="):
        field = row.strip("> |:`\t")
        if field.startswith("MESSAGE="):
            message = field.removeprefix("MESSAGE=")
        elif _FIELD.match(field) or not field.strip() or split_line(row).has_prefix:
            if message:
                yield message
            message = ""
        elif message:
            message += f" {field}"


def _read_source(pattern: re.Pattern[str], record: str) -> str:
    """Return what a record names as its source, its transport if it names one."""
    names = dict(reversed(pattern.findall(record)))
    return names.get("_TRANSPORT") or next(iter(names.values()), "")


def _keep_kernel(records: Sequence[_Record], sources: Sequence[str]) -> list[_Record]:
    """Return the records of the kernel, or all if none names it."""
    if "kernel" not in sources:
        return list(records)
    return [
        record for record, source in zip(records, sources, strict=True) if source in ("", "kernel")
    ]


def _join_cut_rows(rows: Sequence[str]) -> Iterator[str]:
    """Join rows that a terminal cut at its last column."""
    widths = Counter(len(row.rstrip("\n")) for row in rows)
    width = max(widths, default=0)
    is_cut = _TERMINAL <= width <= _WIDE and (widths[width] > 2 or width == 80)
    row_start = ""
    for row in rows:
        if row_start and _starts_line(row):
            # the row before was as wide by chance
            yield row_start
            row_start = ""
        if is_cut and len(row) == width:
            row_start += row
        else:
            yield row_start + row
            row_start = ""
    if row_start:
        yield row_start


def _starts_line(row: str) -> bool:
    return not row.strip() or split_line(row).has_prefix or bool(_MARKUP.search(row))


def _join_fragments(rows: Iterable[str]) -> Iterator[str]:
    """Join the fragments in which netconsole sends a long message."""
    message, start = "", 0
    for row in rows:
        fragment = _FRAGMENT.search(row)
        if fragment and int(fragment["start"]):
            length = start + int(fragment["start"])
            message = f"{message:<{length}}"[:length] + row[fragment.end() :]
            continue
        if message and row.strip():
            yield message
            message = ""
        if fragment:
            message, start = row, fragment.end()
        elif not message:
            yield row
    if message:
        yield message


def _join_wrapped(rows: Iterable[str]) -> Iterator[LogLine]:
    """Split the rows, and join the ones that a mail program wrapped."""
    rows = list(rows)
    split_rows = [
        LogLine("") if _MARKUP.search(row) else split_line(row if index else _cut_start(row))
        for index, row in enumerate(rows)
    ]
    prefixed = sum(line.has_prefix for line in split_rows)
    width = max(map(len, rows), default=0)
    is_stamped = prefixed > 2 and 5 * prefixed > 2 * sum(bool(line.text) for line in split_rows)
    previous: LogLine | None = None
    previous_width = 0
    for row, line in zip(rows, split_rows, strict=True):
        words = line.text.split()
        if (
            previous is not None
            and previous.text
            and words
            and not line.has_prefix
            and (
                (is_stamped and previous_width >= _NARROW - 10)
                or (
                    not is_stamped
                    and _NARROW < width <= 80
                    and previous_width > 50
                    and not line.text.startswith((" ", "\t"))
                    and not _RECORD.match(line.text)
                    and previous_width + 1 + len(words[0]) > width
                )
            )
        ):
            previous = replace(previous, text=f"{previous.text} {line.text.lstrip()}")
            previous_width = len(row)
            continue
        if previous is not None:
            yield previous
        previous, previous_width = line, len(row)
    if previous is not None:
        yield previous


def _cut_start(row: str) -> str:
    """Remove the rest of a prefix from the first row, whose start was not copied."""
    return _CUT_STAMP.sub("", row)

# SPDX-License-Identifier: GPL-2.0-or-later
"""What maintainers say of C code and checkpatch.pl does not."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from patchpilot.lint.context import Context
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.newlines import NewHunk, NewLine, c_hunks

STRETCH = 10
"""A second finding of a kind within so many lines of the first says nothing new."""


def _spaced(hits: Iterator[Hit] | Sequence[Hit]) -> Iterator[Hit]:
    """The hits without those close behind one that was given."""
    last = -STRETCH
    for hit in hits:
        if hit.patch_line is None or hit.patch_line - last >= STRETCH:
            last = hit.patch_line or last
            yield hit


def _added(context: Context, suffixes: tuple[str, ...] = (".c", ".h")) -> Iterator[tuple[NewHunk, int, NewLine]]:
    for hunk in c_hunks(context, suffixes):
        for at, line in enumerate(hunk.lines):
            if line.added:
                yield hunk, at, line


def _next(lines: Sequence[NewLine], at: int) -> NewLine | None:
    return next((line for line in lines[at + 1 :] if line.code.strip()), None)


def _previous(lines: Sequence[NewLine], at: int) -> NewLine | None:
    return next((line for line in reversed(lines[:at]) if line.code.strip()), None)


@detector("of-match-ptr")
def of_match_ptr(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """of_match_ptr() or ACPI_PTR() around a table that is there whatever the configuration."""
    for hunk, _, line in _added(context, (".c",)):
        found = re.search(r"\b(of_match_ptr|ACPI_PTR)\((\w+)\)", line.code)
        if found and not any(re.match(r"\s*#\s*if.*CONFIG_(?:OF|ACPI)\b", one.text) for one in hunk.lines):
            yield Hit(
                line.patch_line,
                (
                    f"{found[1]}(): drop it: without CONFIG_OF the table {found[2]} is then unused (a warning), and other firmware cannot "
                    f"match it"
                ),
            )


@detector("terminator-comma")
def terminator_comma(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A comma behind the entry that ends a table."""
    for hunk, at, line in _added(context):
        if re.match(
            r"^\s*(?:\{\s*(?:0|NULL|\.\w+ = (?:NULL|0))?\s*,?\s*\}|NULL|\w+\((?:[^()]*, )?NULL\))\s*,\s*$", line.code
        ) and not re.match(r"^\s*\w+\(", line.code):
            following = _next(hunk.lines, at)
            if following and re.match(r"^\s*\}\s*;", following.code):
                yield Hit(line.patch_line, "no comma after a terminator: nothing may ever follow it")


@detector("last-comma")
def last_comma(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """No comma behind the last entry of a list that will grow: the next patch must touch this line too."""
    for hunk, at, line in _added(context):
        entry = re.match(
            r"^\s+(?:(?P<member>[.\[][\w.\]\[]+\s*=\s*\S.*|\{.*\})|(?P<constant>[A-Z][A-Z0-9_]+(?:\s*=\s*[^,{;]+)?))\s*$", line.code
        )
        if not entry or line.code.rstrip().endswith((",", "{", ";", "(", "\\", "|", "&", "+")):
            continue
        if re.match(r"^\s*\{\s*(?:0|NULL)?\s*\}$", line.code) or "\\" in line.text:
            continue
        if entry["constant"] and (re.search(r"NUM|MAX|COUNT|LAST|END|_NR|^\s*NR_|__|SIZE|INVALID|TOTAL|LEN", entry["constant"])):
            continue
        following, above = _next(hunk.lines, at), _previous(hunk.lines, at)
        if not following or not re.match(r"^\s*\}\s*(?:;|,|\w+;)", following.code) or not above:
            continue
        if re.search(r"(?:,|\{)\s*$", above.code) and _open_list(hunk.lines, at, enum=bool(entry["constant"])):
            yield Hit(line.patch_line, "add a comma after the last entry, as it is no terminator: the next one then changes one line only")


def _open_list(lines: Sequence[NewLine], at: int, *, enum: bool) -> bool:
    """Whether the brace around line `at` opens an initialiser or an enum that spans lines."""
    depth = 0
    for line in reversed(lines[:at]):
        depth += line.code.count("}") - line.code.count("{")
        if depth < 0:
            return bool(re.search(r"\benum\b", line.code)) if enum else bool(re.search(r"[=)]\s*\{\s*$|^\s*\{\s*$|\]\s*=\s*\{", line.code))
    return False


@detector("upper-hex")
def upper_hex(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Hexadecimal numbers in capitals, in a file that does not write them so already."""

    def hits() -> Iterator[Hit]:
        for hunk, _, line in _added(context, (".c", ".h", ".dts", ".dtsi")):
            found = re.search(r"\b0[xX][0-9a-fA-F]*[A-F][0-9a-fA-F]*(?:[uUlL]*)\b", line.code)
            if found and not any(re.search(r"\b0x[0-9a-f]*[A-F]", one.code) for one in hunk.lines if not one.added):
                yield Hit(
                    line.patch_line,
                    f"{found[0]}: lowercase hex digits are preferred ({found[0].lower().rstrip('ul')})",
                    column=found.start() + 1,
                )

    yield from _spaced(hits())


@detector("func-in-message")
def func_in_message(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """__func__ in a message of the driver model, which says already which device it is about, and dynamic debug where."""

    def hits() -> Iterator[Hit]:
        for hunk, at, line in _added(context, (".c",)):
            if "__func__" not in line.code:
                continue
            statement = " ".join(one.code for one in hunk.lines[max(0, at - 3) : at + 1])
            found = re.findall(
                (
                    r"\b((?:dev|netdev|netif|wiphy|hid|ibdev|drm|pci|usb|phydev)_(?:err|warn|info|notice|dbg|crit|alert)(?:_\w+)?|pr_debug"
                    r"|pr_err|pr_warn|pr_info)\s*\("
                ),
                statement,
            )
            if found:
                yield Hit(line.patch_line, f"__func__ in {found[-1]}() is redundant: the message must say what failed, not where")

    yield from _spaced(hits())


@detector("show-without-emit")
def show_without_emit(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A sysfs or configfs show function that prints by hand."""
    for hunk, at, line in _added(context, (".c",)):
        found = re.search(r"\b(sprintf|snprintf|scnprintf|strcpy|strscpy)\s*\(\s*(buf|page)\b(?! *[+\[])", line.code)
        if not found:
            continue
        above = "\n".join(one.code for one in hunk.lines[max(0, at - 40) : at + 1])
        head = hunk.hunk.section
        if re.search(r"\b\w*show\w*\s*\(|\bchar \*(?:buf|page)\b", above + head) and not re.search(r"\bchar \*?(?:buf|page)\[", above):
            yield Hit(line.patch_line, f"{found[1]}() into a sysfs buffer: sysfs_emit() is made for this and knows its size")


@detector("needless-init")
def needless_init(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A variable initialised and then assigned before anything reads it."""
    for hunk, at, line in _added(context, (".c",)):
        found = re.match(
            (
                r"^(\t+)(?:unsigned |signed )?(?:int|long|s?size_t|u?int\d+_t|[us]\d+|bool|char|struct \w+ \*|void \*|unsigned"
                r"|const char \*)\s?(\w+) = (?:0|NULL|-?\d+|false|-E\w+);$"
            ),
            line.code,
        )
        if not found:
            continue
        indent, name = found[1], found[2]
        for one in hunk.lines[at + 1 : at + 40]:
            if not re.search(rf"\b{name}\b", one.code):
                # what follows may jump over an assignment
                if re.match(r"^\}|^\t*(?:for|while|do|switch|goto)\b", one.code) and not one.code.startswith(indent + "\t"):
                    break
                continue
            if re.match(rf"^{indent}{name} = (?!.*\b{name}\b)", one.code):
                yield Hit(line.patch_line, f"needless initialization: {name} is assigned before it is read")
            break


@detector("inline-in-source")
def inline_in_source(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """More `inline` functions in .c files than before: the compiler knows better."""
    for change in context.patch.files:
        if not (change.new_path or "").endswith(".c"):
            continue
        pattern = re.compile(r"^(?:static\s+)?(?:__always_)?inline\b|^static\s+[\w\s*]*\binline\b")
        gone = sum(1 for line in change.lines("-") if pattern.match(line.text) and "__always_inline" not in line.text)
        for line in change.lines("+"):
            if pattern.match(line.text) and "__always_inline" not in line.text:
                if gone:
                    gone -= 1
                    continue
                yield Hit(line.patch_line, "no inline in .c files: the compiler decides what to inline")


@detector("static-in-header")
def static_in_header(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A static function defined in a header without inline: a copy in every file that includes it."""
    for hunk, at, line in _added(context, (".h",)):
        if (
            not re.match(r"^static\s+(?!.*\binline\b)[\w\s*]+?\b\w+\([^;]*$", line.code)
            or "\\" in line.text
            or "__always_inline" in line.code
        ):
            continue
        rest = " ".join(one.code for one in hunk.lines[at : at + 6])
        if re.search(r"\)\s*\{", rest) and "=" not in line.code:
            yield Hit(line.patch_line, "a static function in a header must be inline")


@detector("missing-static")
def missing_static(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A table or structure defined for the whole kernel that only this new file can know."""
    text = "\n".join(line.text for change in context.patch.files for line in change.lines("+"))
    for hunk, _, line in _added(context, (".c",)):
        found = re.match(
            r"^(?:const\s+)?(?:struct|enum|union|int|char|u\d+|bool|unsigned)\s+(?:\w+\s+)*\*?(\w+)(?:\[[^\]]*\])?\s*=\s*[^=]", line.code
        )
        if not found or re.match(r"^(?:static|extern)", line.code):
            continue
        name = found[1]
        if re.search(rf"EXPORT_SYMBOL\w*\({name}\)|^\s*extern\b.*\b{name}\b", text, re.MULTILINE) or (
            not hunk.is_new and not hunk.change.path.startswith("drivers/")
        ):
            continue
        yield Hit(line.patch_line, f"{name} is not exported and in no header: should it be static (and const)?")


@detector("line-comment")
def line_comment(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A // comment among /* */ comments."""

    def hits() -> Iterator[Hit]:
        for hunk, at, line in _added(context):
            if line.comment or "//" not in line.text or "SPDX" in line.text:
                continue
            bare = re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/', lambda found: " " * len(found[0]), line.text)
            where = bare.find("//")
            if where < 0 or (hunk.is_new and at < 12 and where == 0) or bare[where - 1 : where] == ":":
                continue
            yield Hit(line.patch_line, "a C99 comment (//): the subsystem's style is /* … */", column=where + 1)

    yield from _spaced(hits())


@detector("blank-before-check")
def blank_before_check(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """An empty line between a call and the check of what it returned."""
    for hunk, at, line in _added(context, (".c",)):
        if line.text.strip() or line.comment or at == 0 or at + 1 >= len(hunk.lines):
            continue
        above, below = hunk.lines[at - 1], hunk.lines[at + 1]
        found = re.match(r"^(\s+)(?:[\w\s*]+\*?)?\b([\w>.\-]+) = \w+\(.*\);$", above.code)
        if found and re.match(
            rf"^{found[1]}if \((?:!?{re.escape(found[2])}(?: [<!=]=? ?[\w-]+)?|IS_ERR(?:_OR_NULL)?\({re.escape(found[2])}\))\)", below.code
        ):
            yield Hit(line.patch_line, "no blank line between a call and the check of its result")


@detector("blank-among-declarations")
def blank_among_declarations(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """An empty line in the middle of a function's declarations."""
    for hunk, at, line in _added(context, (".c",)):
        if line.text.strip() or line.comment or not (0 < at < len(hunk.lines) - 1):
            continue
        above, below = hunk.lines[at - 1].code, hunk.lines[at + 1].code
        if _declaration(above) and _declaration(below) and re.match(r"^\t\S", below) and _in_function(hunk, at):
            yield Hit(line.patch_line, "no blank line among the declarations")


def _declaration(code: str) -> bool:
    return bool(_declaration_pattern().match(code))


@cache
def _declaration_pattern() -> re.Pattern[str]:
    kinds = (
        r"(?:const |static |volatile |unsigned |signed |__le\d+|__be\d+|struct \w+|enum \w+|union \w+|int|long|short|char|bool"
        r"|void|s?size_t|[us]\d+|u?int\d+_t|gfp_t|dma_addr_t|phys_addr_t|irqreturn_t|ktime_t|loff_t|pgoff_t|\w+_t|float|double)"
    )
    return re.compile(rf"^\t+(?!return\b|goto\b|else\b|case\b){kinds}[\w\s]*?(?:\s|\*)\**\w+(?:\[[^\]]*\])*(?:\s*=[^=].*|\s*,.*)?;\s*$")


def _in_function(hunk: NewHunk, at: int) -> bool:
    """Whether line `at` lies in a function body: the last line at column 0 above is an opening brace."""
    for line in reversed(hunk.lines[:at]):
        if line.text[:1] not in ("", " ", "\t", "#"):
            return line.text.startswith("{")
    return bool(hunk.hunk.section) and "(" in hunk.hunk.section


@detector("declaration-order", paths_pattern=str)
def declaration_order(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Declarations of a new block not ordered from longest to shortest, where the subsystem wants that."""
    wanted = re.compile(arguments["paths_pattern"])

    def hits() -> Iterator[Hit]:
        for hunk in c_hunks(context, (".c",)):
            if not wanted.search(hunk.change.path):
                continue
            for block in _declaration_blocks(hunk):
                for one, two in pairwise(block):
                    if len(two.text.expandtabs(8)) > len(one.text.expandtabs(8)) and two.added and not _depends(one, two):
                        yield Hit(two.patch_line, "declarations in reverse christmas tree order, please: the longest line first")
                        break

    yield from _spaced(hits())


def _declaration_blocks(hunk: NewHunk) -> Iterator[list[NewLine]]:
    """Runs of one-line declarations right below an opening brace."""
    lines = hunk.lines
    for at, line in enumerate(lines):
        if not re.search(r"\{\s*$", line.code) or re.search(r"=\s*\{|\b(?:struct|union|enum)\b[\w\s]*\{|\bswitch\b", line.code):
            continue
        block: list[NewLine] = []
        for one in lines[at + 1 :]:
            if not _declaration(one.code) or one.code.strip().startswith("static "):
                break
            block.append(one)
        if len(block) >= 2:
            yield block


def _depends(one: NewLine, two: NewLine) -> bool:
    """Whether the second declaration uses the variable of the first."""
    found = re.search(r"(\w+)(?:\[[^\]]*\])*\s*(?:=.*)?;\s*$", one.code)
    return bool(found and "=" in two.code and re.search(rf"\b{found[1]}\b", two.code.partition("=")[2]))


@detector("mixed-declaration")
def mixed_declaration(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A declaration in the middle of a function's statements."""
    for hunk, at, line in _added(context, (".c",)):
        if not _declaration(line.code) or not _in_function(hunk, at) or re.search(r"__free\(|__cleanup|\bstatic\b", line.text):
            continue
        above = _previous(hunk.lines, at)
        if (
            above
            and above.indent == line.indent
            and re.search(r";\s*$", above.code)
            and not _declaration(above.code)
            and re.match(r"^\t+(?:[\w>.\-\[\]]+ [|&+-]?= |\w+\(.*\);)", above.code)
        ):
            yield Hit(line.patch_line, "a declaration among statements: declare at the beginning of the block")


@detector("needless-fallthrough")
def needless_fallthrough(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """`fallthrough;` where no statement falls through: right below a label."""
    for hunk, at, line in _added(context, (".c",)):
        if line.code.strip() != "fallthrough;":
            continue
        above = _previous(hunk.lines, at)
        if above and re.match(r"^\s*(?:case\b.*|default\s*):$", above.code.rstrip()):
            yield Hit(line.patch_line, "fallthrough is unnecessary between two labels")


@detector("long-comment", columns=int)
def long_comment(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """A line of a comment beyond `columns`: prose can always be wrapped."""

    def hits() -> Iterator[Hit]:
        for _, _, line in _added(context):
            text = line.text.expandtabs(8)
            if (
                (line.comment or re.match(r"^\s*(?:/\*|\*\s)", line.text))
                and len(text) > arguments["columns"]
                and "://" not in text
                and text.lstrip("/* ").count(" ") > 4
            ):
                yield Hit(line.patch_line, f"a comment line of {len(text)} columns: too long, wrap comments at {arguments['columns']}")

    yield from _spaced(hits())


@detector("prefer-dev-message")
def prefer_dev_message(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """pr_*() in a driver that has a device at hand."""

    def hits() -> Iterator[Hit]:
        for hunk, at, line in _added(context, (".c",)):
            found = re.search(r"\bpr_(err|warn|info|notice|debug|crit)(?:_once|_ratelimited)?\s*\(", line.code)
            if not found or not re.match(r"(?:drivers|sound)/", hunk.change.path):
                continue
            near = " ".join(one.code for one in hunk.lines[max(0, at - 30) : at + 12]) + hunk.hunk.section
            if re.search(
                (
                    r"\bdev_(?:err|warn|info|dbg)\b|\bstruct device \*|&\w+->dev\b|\bdev->\w+|struct (?:platform_device|i2c_client"
                    r"|spi_device|usb_\w+|pci_dev|net_device) \*"
                ),
                near,
            ):
                level = {"debug": "dbg"}.get(found[1], found[1])
                yield Hit(line.patch_line, f"pr_{found[1]}() in a driver: dev_{level}() says which device it is about")

    yield from _spaced(hits())


@detector("whitespace-only-hunk")
def whitespace_only_hunk(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A hunk that changes nothing but white space, in a patch about something else."""
    patch = context.patch
    if re.search(r"white ?space|indent|style|clean ?up|tidy|format|blank|checkpatch|align|newline", patch.subject.title, re.IGNORECASE):
        return
    hunks = [(change, hunk) for change in patch.files for hunk in change.hunks if change.old_path and change.new_path]
    blank = [
        (change, hunk)
        for change, hunk in hunks
        if _same_words([line.text for line in hunk.lines if line.kind == "-"], [line.text for line in hunk.lines if line.kind == "+"])
    ]
    if len(blank) == len(hunks):
        return
    for _, hunk in blank:
        first = next((line for line in hunk.lines if line.kind in "+-"), None)
        if first:
            yield Hit(first.patch_line, "an unrelated whitespace change: it belongs into a patch of its own")


def _same_words(old: Sequence[str], new: Sequence[str]) -> bool:
    return (bool(old) or bool(new)) and "".join("".join(line.split()) for line in old) == "".join("".join(line.split()) for line in new)


@detector("licence-mismatch")
def licence_mismatch(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """An SPDX line that allows a choice of licences, and a MODULE_LICENSE() that does not, or the other way round."""
    for hunk in c_hunks(context, (".c",)):
        if not hunk.is_new or not hunk.lines:
            continue
        head = next(
            (re.search(r"SPDX-License-Identifier:\s*(.*?)\s*(?:\*/)?$", line.text) for line in hunk.lines[:3] if "SPDX" in line.text), None
        )
        for line in hunk.lines:
            said = re.match(r'^MODULE_LICENSE\("([^"]*)"\)', line.text)
            if not head or not said:
                continue
            dual = " or " in head[1].lower()
            if dual != said[1].startswith("Dual"):
                yield Hit(line.patch_line, f'MODULE_LICENSE("{said[1]}") does not fit the SPDX license "{head[1]}"')


@detector("deprecated-interface", names=list)
def deprecated_interface(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """More uses than before of an interface that is being removed; `names` are "pattern => what to use", patterns matched as words."""
    pairs = [entry.split(" => ", 1) for entry in arguments["names"]]
    union = re.compile("|".join(f"(?:{name})" for name, _ in pairs))
    for change in context.patch.files:
        if not (change.new_path or "").endswith((".c", ".h")):
            continue
        gone = " ".join(line.text for line in change.lines("-") if union.search(line.text))
        for line in change.lines("+"):
            if not union.search(line.text) or line.text.lstrip().startswith(("*", "/*", "//")):
                continue
            for name, instead in pairs:
                found = re.search(name, line.text)
                if found and not re.search(name, gone):
                    yield Hit(line.patch_line, f"{found[0].strip(' (')} is deprecated: use {instead}")
                    break


@detector("added-call", names=list, paths_pattern=str, say=str)
def added_call(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """The first new call of each of these functions in a file; `say` is the message, with {name}."""
    wanted = re.compile(arguments["paths_pattern"])
    pattern = re.compile(rf"(?<![\w.>])({'|'.join(arguments['names'])})\s*\(")
    told: set[tuple[str, str]] = set()
    for hunk, _, line in _added(context, (".c", ".h")):
        if not wanted.search(hunk.change.path):
            continue
        for found in pattern.finditer(line.code):
            key = (hunk.change.path, found[1])
            gone = any(re.search(rf"\b{found[1]}\s*\(", one.text) for one in hunk.change.lines("-"))
            if key not in told and not gone:
                told.add(key)
                yield Hit(line.patch_line, arguments["say"].format(name=found[1]), column=found.start() + 1)


@detector("allocation-message")
def allocation_message(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """A message right behind the failure of an allocation that checkpatch.pl does not know."""
    for hunk, at, line in _added(context, (".c",)):
        message = re.match(r"^(\t+)(?:dev|pr|netdev)_(?:err|warn|info)\s*\(", line.code)
        if not message:
            continue
        check = _previous(hunk.lines, at)
        found = re.match(r"^\t+if \((?:!(?P<not>[\w>.\-]+)|(?P<null>[\w>.\-]+) == NULL)\)(?: \{)?$", check.code.rstrip()) if check else None
        if not check or not found:
            continue
        name = found["not"] or found["null"]
        call = _previous(hunk.lines, hunk.lines.index(check))
        calls = " ".join(one.code for one in hunk.lines[max(0, hunk.lines.index(check) - 3) : hunk.lines.index(check)])
        known = re.search(
            (
                rf"{re.escape(name)} = (?:devm_)?(?:dmam?_pool_create|dmam?_alloc_coherent|dma_alloc_\w+|alloc_(?:ordered_)?workqueue"
                rf"|create_\w*workqueue|mempool_create\w*|kmem_cache_create\w*|usb_alloc_urb|usb_alloc_coherent|alloc_etherdev\w*"
                rf"|iio_device_alloc|devm_iio_device_alloc|devm_input_allocate_device|input_allocate_device)\("
            ),
            calls,
        )
        if call and known:
            yield Hit(line.patch_line, "needless message: a failed allocation of memory is reported by the allocator")

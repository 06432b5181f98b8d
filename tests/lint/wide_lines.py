# SPDX-License-Identifier: GPL-2.0-or-later
"""Make patches with long lines of one token, at each place where rules read text."""

from collections.abc import Callable, Sequence

from patchpilot.model.bounded import MAX_CHECKED_LINE
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from tests.kit.snippets import mail

WIDTH = MAX_CHECKED_LINE - 96
"""The length of a line: just below the length at which a line is cut."""


def _file(path: str, form: str, *, start: str = "", end: str = "") -> Callable[[list[str]], str]:
    def make(texts: list[str]) -> str:
        rows = [*start.splitlines(), *(form.format(text) for text in texts), *end.splitlines()]
        body = "".join(f"+{row}\n" for row in rows)
        return (
            f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
            f"@@ -0,0 +1,{len(rows)} @@\n{body}"
        )

    return make


FILES: dict[str, Callable[[list[str]], str]] = {
    "code": _file("drivers/a.c", "\t{}", start="int f(void)\n{", end="}"),
    "string": _file("drivers/a.c", '\tpr_info("{}");', start="int f(void)\n{", end="}"),
    "comment": _file("drivers/a.c", "/* {} */"),
    "block comment": _file("drivers/a.c", " * {}", start="/*", end=" */"),
    "macro": _file("drivers/a.c", "#define A(x) {}"),
    "macro lines": _file("drivers/a.c", "\t{} \\", start="#define A(x) \\", end="\t0"),
    "arguments": _file("drivers/a.c", "\tfrob({});", start="int f(void)\n{", end="}"),
    "condition": _file("drivers/a.c", "\tif ({})", start="int f(void)\n{", end="}"),
    "declaration": _file("drivers/a.c", "int {};"),
    "header": _file("include/linux/a.h", "{}"),
    "Kconfig": _file("drivers/Kconfig", "\t  {}", start='config A\n\tbool "a"\n\thelp'),
    "Makefile": _file("drivers/Makefile", "obj-y += {}"),
    "dts": _file("arch/arm/boot/dts/a.dts", "\t{}"),
    "yaml": _file("Documentation/devicetree/bindings/a.yaml", "  a: {}"),
    "rst": _file("Documentation/a.rst", "{}"),
    "text": _file("Documentation/a.txt", "{}"),
    "script": _file("scripts/a.sh", "{}"),
    "python": _file("scripts/a.py", "{}"),
    "assembler": _file("arch/arm/a.S", "\t{}"),
    "MAINTAINERS": _file("MAINTAINERS", "F:\t{}"),
}
MESSAGES = {
    "prose": "{}",
    "quoted": "> {}",
    "indented": "    {}",
    "list": " - {}",
    "Fixes": "Fixes: {}",
    "commit": "commit {}",
    "Cc": "Cc: {}",
    "Link": "Link: {}",
    "Closes": "Closes: https://a.example/{}",
    "trailer": "Reported-by: {} <a@example.org>",
    "own trailer": "Foo-bar: {}",
}
TOKENS = (
    "A",
    "ab",
    "a ",
    "the ",
    " ",
    "\t",
    "(",
    ")",
    "()",
    "[",
    "{{",
    "}}",
    "<",
    ">",
    ";",
    ",",
    ".",
    ":",
    "*",
    "/",
    "//",
    "/* ",
    "*/",
    "\\",
    "'",
    '"',
    "#",
    "##",
    "%",
    "%s ",
    "%d",
    "&",
    "|",
    "-",
    "--",
    "_",
    "=",
    "a=",
    "a,",
    "a.",
    "a->",
    "a(",
    "(a)",
    "if(",
    "if ",
    "0x",
    "0",
    "1234567 ",
    "http://a/",
    "a@b ",
    "<a@b> ",
    "é",
    "#if ",
    "int ",
    "struct a ",
    "const ",
    "*a,",
    "!",
    "~",
    "^",
    "?a:",
    "a\\n",
    "`",
    "``",
    "**",
    "\u200b",
    "commit ",
    "0123456789ab ",
    "Fixes: ",
    "Link: ",
    "[PATCH] ",
    "CVE-2020-1 ",
    "@",
)
PLACES = (*FILES, *MESSAGES)


def make_wide_series(place: str, token: str, size: int, width: int = WIDTH) -> Series:
    """Return a patch with `size` characters of one token at a place, in lines of this width."""
    text = token.replace("{{", "{").replace("}}", "}")
    line = (text * (width // len(text) + 1))[:width]
    texts: Sequence[str] = [line] * max(1, size // width)
    if place in FILES:
        return _make_series("It is needed.", FILES[place](list(texts)))
    message = "\n".join(MESSAGES[place].format(row) for row in texts)
    return _make_series(f"It is needed.\n\n{message}", FILES["text"](["a"]))


def _make_series(message: str, diff: str) -> Series:
    text = mail("frob: add it", message, diff)
    return Series((parse_patch(text.encode("utf-8", "surrogateescape"), "x.patch"),))

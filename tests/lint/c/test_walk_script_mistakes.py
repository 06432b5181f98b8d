# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that code is read right where checkpatch.pl misreads it.

With --checkpatch-compat the same code has the script's findings.
"""

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import choose_rules
from patchpilot.model.mail import parse_patch
from tests.kit.snippets import PROSE, SIGN_OFF, mail

MACRO_COMMENT = """\
#define FROB_WAIT(frob, ticks)			\\
	do {					\\
		/* the firmware counts in	\\
		 * ticks			\\
		 */				\\
		frob_wait(frob);		\\
		frob_put(frob, ticks);		\\
	} while (0)
"""
SAMPLES = [
    ("unnecessary-line-continuation", MACRO_COMMENT),
    ("unused-macro-argument", MACRO_COMMENT.replace("frob, ticks);", "ticks);")),
    ("no-space-around-arithmetic", "int f(const struct FROB_TYPE(NODE) *spec, int b)\n{\n}\n"),
    ("no-space-around-arithmetic", "int f(union FROB_NAME(A, B) *spec, int b)\n{\n}\n"),
    ("no-space-around-arithmetic", "int frob_set(int first,\n\t     volatile FrobReg *reg);\n"),
    (
        "no-space-around-arithmetic",
        "int frob_set(int first,\n\t     const volatile FrobReg *reg);\n",
    ),
    *(
        (
            "no-blank-line-after-declarations",
            f"int frob_get(void)\n{{\n\tu32 head, tail;\n\t{line}\n\n\treturn 0;\n}}\n",
        )
        for line in (
            "u32 __aligned(4) word = 0;",
            "u8 __aligned(sizeof(u64)) buf[8];",
            "u64 __cleanup(frob_free) one;",
            "u32 __attribute__((aligned(4))) word;",
            "_Alignas(8) u8 buf[8];",
        )
    ),
    (
        "complex-macro-without-parentheses",
        "#define FROB_CASES \\\n\tKUNIT_CASE(frob_open), \\\n\tKUNIT_CASE(frob_close)\n",
    ),
    (
        "complex-macro-without-parentheses",
        "#define FROB_CASES \\\n\tKUNIT_CASE_PARAM(frob(1), gen), \\\n\tKUNIT_CASE(b),\n",
    ),
    (
        "complex-macro-without-parentheses",
        "#define FROB_MODES { 1, 2 }, { 3, 4 }\n",
    ),
    (
        "complex-macro-without-parentheses",
        "#define FROB_SHOW(name) \\\nFrobSize name##_show(FrobDev *dev) \\\n"
        "{ \\\n\treturn 0; \\\n}\n",
    ),
    (
        "multi-statement-macro-without-do-while",
        "#define FROB_SHOW(name) \\\nFrobSize name##_show(FrobDev *dev); \\\n"
        "FrobSize name##_store(FrobDev *dev)\n",
    ),
    (
        "multi-statement-macro-without-do-while",
        "#define FROB(name) \\\n\tDEFINE_FROB_A(name); \\\n\tDEFINE_FROB_B(name)\n",
    ),
]
STILL_FOUND = [
    ("unnecessary-line-continuation", "int a = 1 + \\\n\t2;\n"),
    ("unnecessary-line-continuation", "/* art \\\n * end \\\n */ \\\nint a;\n"),
    ("unused-macro-argument", MACRO_COMMENT.replace("put(frob, ticks);", "put(frob);")),
    ("no-space-around-arithmetic", "int f(int a, int b)\n{\n\treturn a *b;\n}\n"),
    (
        "no-blank-line-after-declarations",
        "int frob_get(void)\n{\n\tu32 head;\n\tfrob_wait(4);\n\tfrob_put(5);\n\treturn 0;\n}\n",
    ),
    ("complex-macro-without-parentheses", "#define FROB(x) frob_a(x), frob_b(x)\n"),
    ("complex-macro-without-parentheses", "#define FROB_SIZE FROB_A(1) + FROB_B(2)\n"),
    ("multi-statement-macro-without-do-while", "#define FROB(x) frob_a(x); frob_b(x)\n"),
    ("multi-statement-macro-without-do-while", "#define FROB(x) if (x) frob_b(x)\n"),
    ("comment-stars-unaligned", "#define F(x) \\\n\t/* a \\\n\t   * b \\\n\t */ \\\n\tf(x)\n"),
]


def list_names(code: str, **options: bool) -> set[str]:
    lines = code.splitlines()
    diff = (
        "diff --git a/include/linux/frob.h b/drivers/frob/frob.c\nnew file mode 100644\n"
        "--- /dev/null\n+++ b/drivers/frob/frob.c\n"
        f"@@ -0,0 +1,{len(lines) + 1} @@\n+// SPDX-License-Identifier: GPL-2.0\n"
        + "".join(f"+{line}\n" for line in lines)
    )
    text = mail("frob: wait for the link", f"{PROSE}\n\n{SIGN_OFF}", diff)
    context = Context(parse_patch(text.encode(), "a.patch"), options=Options(**options))
    rules = choose_rules(load_rules(), kernel=(6, 18), profile="linux")
    return {finding.name for finding in find_findings(context, rules)}


@pytest.mark.parametrize(("name", "code"), SAMPLES)
def test_right_code_has_no_finding(name: str, code: str) -> None:
    assert name not in list_names(code)
    assert name not in list_names(code, strict=True)
    assert name in list_names(code, strict=True, checkpatch_compat=True)


@pytest.mark.parametrize(("name", "code"), STILL_FOUND)
def test_wrong_code_has_a_finding(name: str, code: str) -> None:
    assert name in list_names(code, strict=True)

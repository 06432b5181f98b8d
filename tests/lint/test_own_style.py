# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that --strict is needed to show findings about existing style.

It also shows false reports by checkpatch.pl.
"""

import re
from pathlib import Path

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch
from tests.kit.snippets import build_file_diff, mail

CODE = build_file_diff("a.c", "+int a;")
SIGNED = "Why.\n\nSigned-off-by: Max Other <max@example.org>"

GONE = b"""diff --git a/Documentation/devicetree/a.txt b/Documentation/devicetree/a.txt
deleted file mode 100644
--- a/Documentation/devicetree/a.txt
+++ /dev/null
@@ -1 +0,0 @@
-text
"""


def test_strict_reports_hidden_findings() -> None:
    for strict in (True, False):
        context = Context(parse_patch(GONE, "a"), options=Options(strict=strict))
        names = {finding.name for finding in find_findings(context, load_rules())}
        assert ("bindings-mixed-with-code" in names) is strict


ID = "3d3925ff6433f98992685a9679613a2cc97f3ce2"


@pytest.mark.parametrize(
    ("name", "accepted", "wrong"),
    [
        (
            "malformed-commit-reference",
            mail("a: b", f"commit {ID} upstream.\n\nWhy.", CODE),
            mail("a: b", f"Since commit {ID}, it fails.", CODE),
        ),
        (
            "author-not-signed",
            mail("a: b", SIGNED, CODE).replace(
                "From: Ada Fixer <ada@example.org>",
                "From: 'Ada' via a-list <ada@example.org>\nTo: b",
                1,
            ),
            mail("a: b", SIGNED, CODE),
        ),
        (
            "malformed-tag",
            mail("a: b", "b\nto: c/d.\n", CODE),
            mail("a: b", "Cc: x", CODE),
        ),
        (
            "missing-fixes",
            mail("a: drop b()", f'See {ID[:12]} ("a: Fix kernel panic").', CODE),
            mail("a: drop b()", "It causes a kernel panic.", CODE),
        ),
        (
            "possible-misspelling",
            mail(
                "a: b",
                "Correct recieve.",
                build_file_diff("a.c", "-/* recieve */\n+/**/"),
            ),
            mail("a: b", "Correct recieve.", CODE),
        ),
        (
            "author-sign-off-mismatch",
            mail("a: b", "c\n\nSigned-off-by: Ada Fixer <ADA@example.org>", CODE),
            mail("a: b", "c\n\nSigned-off-by: Ada Fixer <b@c.de>", CODE),
        ),
        (
            "malformed-commit-reference",
            mail("a: b", f"commit {ID}\nAuthor: A <a@b.c>\n\n    a: b", CODE),
            mail("a: b", f"commit {ID}\nit fails.", CODE),
        ),
        (
            "missing-fixes",
            mail("a: Removes needless test", "A NULL pointer dereference is ...", CODE),
            mail("a: add a test", "A NULL pointer dereference is ...", CODE),
        ),
    ],
)
def test_existing_faults_are_hidden_by_default(name: str, accepted: str, wrong: str) -> None:
    rules = [rule for rule in load_rules() if rule.name == name]
    for text, times in ((accepted, 0), (wrong, 1)):
        assert len(find_findings(Context(parse_patch(text.encode(), "a")), rules)) == times


QUOTED = """s/recieved/received/
s,recieved,received,g
recieved -> received
"recieved" => "received"
Change 'recieved' to 'received'.
a: fix spelling of recieved
Replace recieved with received.
"""
USED = """a packet is recieved
The data is recieved by the driver and sent to it.
A spelling checker, as everybody knows, has not recieved it.
the time limit changes to the recieved one
"""


OLD = r"""
misplaced-star: static int* frob_mode(struct frob *frob, int nr);
no-space-after-keyword: \tif(frob_start(frob, mode) && nr > 4)
space-before-call: \tret = frob_start (frob, mode, nr, 4);
comparison-to-null: \tif (frob->start == NULL && frob->mode && nr > 4)
unsigned-without-int: \tunsigned frob_mode, frob_start, nr, val;
volatile-data: \tvolatile int frob_mode, frob_start, nr, val;
misspelling: \t/* wait until the frobs are recieved, see frob_start(), 4 */
possible-misspelling: \t/* wait until the frobs are recieved, frob_start(), 4 */
symbolic-mode: module_param(frob_mode, int, S_IRUGO | S_IWUSR | frob_start(nr, 4));
"""
EDITS = ("frob_ frobs_", "nr nr_modes", "4 5", "frob frob_two")


def _list_reported_names(
    name: str, path: str, body: str, subject: str = "a: b", data: Path | None = None
) -> list[str]:
    mail_text = mail(subject, "c", build_file_diff(path, body.encode().decode("unicode_escape")))
    patch = parse_patch(mail_text.encode(), "a")
    rules = [rule for rule in load_rules() if rule.name == name]
    findings = find_findings(Context(patch, options=Options(data_dir=data)), rules)
    return [patch.lines[(finding.patch_line or 1) - 1] for finding in findings]


@pytest.mark.parametrize("name", ["misspelling", "possible-misspelling"])
@pytest.mark.parametrize("before", ["", "- "])
@pytest.mark.parametrize("text", (QUOTED + USED).splitlines())
def test_a_quoted_misspelling_is_not_reported(
    name: str, before: str, text: str, tmp_path: Path
) -> None:
    word = "recieved||received\n" if name == "misspelling" else ""
    (tmp_path / "spelling.txt").write_text(word)
    subject = f"a: b\n\nWhy.\n\n{before}{text}"
    findings = _list_reported_names(name, "a.c", "+int a;", subject, tmp_path)
    assert len(findings) == (text in USED)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("row", OLD.split("\n")[1:-1])
def test_finding_in_the_replaced_line_is_not_reported(row: str, edit: str, tmp_path: Path) -> None:
    (tmp_path / "spelling.txt").write_text("recieved||received\n")
    name, line = row.split(": ", 1)
    data = tmp_path if name == "misspelling" else None
    word, other = edit.split()
    new = rf"+{line.replace(word, other)}\n \n {{"
    for old, number in ((rf"-{line}\n", 0), (r"-\tfrob_write(4);\n", 1), ("", 1)):
        assert len(_list_reported_names(name, "drivers/a.c", old + new, data=data)) == number


def test_only_one_new_line_replaces_an_old_one() -> None:
    body = r"-\tret = frob_one (a);\n+\tret = frob_one (b);\n+\tret = frob_two (b);"
    (line,) = _list_reported_names("space-before-call", "a.c", body)
    assert line.startswith("+\tret = frob_two")


LOG = (
    r"+[   12.345678] BUG: unable to handle page fault for address: ffffc90000f3d000\n"
    r"+[   12.345679] CPU: 1 PID: 1023 Comm: test_progs Not tainted 6.1.0-rc4-00052-gabcdef 117 QEMU Standard PC\n"  # noqa: E501
    r"+[   12.345680] RIP: 0010:frob_start"
)
MEANT = r"""
show-without-sysfs-emit a.c:  void f(char *buf, int len)\n {\n+\tsnprintf(buf, 4, "a");
short-kconfig-help Kconfig: -config A_B\n-\tbool "Frob it"\n+config A_B\n+\tbool "Frob it"
continued-log a.c:  \tpr_cont("a");\n-\tpr_cont("b");\n+\tpr_cont("c");
space-before-call a.c:  int a = one (1);\n int b = one (2);\n+int c = one (3);
repeated-word a.h: +#define inb inb
repeated-word a.h: +# define readq\treadq /* for iomap */
repeated-word a.h: +/* the include of of.h */
repeated-word a.h: +/* see in in.c, line 4 */
misplaced-star a.lds.h: +char * frob;
misplaced-star vmlinux.lds.h: +char * frob;
attribute-without-macro a.h: +#define __packed __attribute__((__packed__))
attribute-without-macro a.h: +# define __packed\t__attribute__((packed))
volatile-data a.c: +\ta = *(volatile u32 *)b;
volatile-data a.c: +\ta = *(const volatile u32 __iomem *)b;
volatile-data a.c: +\t*(volatile char *)(b + 1) = 2;
unrelated-whitespace a.c: +int c;\n int d;\n@@\n-#include <a>\n #include <b>\n+#include <a>
unrelated-whitespace a.c: +int c;\n int d;\n@@\n-\tint a;\n \tint b;\n+\tint a;
unrelated-whitespace a.rst: +int c;\n int d;\n@@\n-use upto four\n+use up to four
unrelated-whitespace a.rst: +int c;\n int d;\n@@\n-     four\n+  four
unrelated-whitespace a.c: +int c;\n int d;\n@@\n-\t"frob- 4 f",\n+\t"frob-4 f",
unrelated-whitespace a.c: +int c;\n int d;\n@@\n-\tfrob("nr:  4\\n");\n+\tfrob("nr: 4\\n");
unrelated-whitespace a.c: +int c;\n int d;\n@@\n-\tfrob(' ');\n+\tfrob('\t');
unrelated-whitespace a.c: +int c;\n int d;\n@@\n int a;\n-\n \n int b;
possible-misspelling a.c: +\t/* it wasn\xb4t that doesn\u2019t */
possible-misspelling a.c: +\t/* it wasn`t that doesn\u2018t */
subject-not-imperative a.c a: Put it: +int c;
volatile-data a.h: +static inline u32 frob_xchg(volatile u32 *frob, u32 nr)
volatile-data a.h: +frob_cmpxchg(volatile const void *frob, u32 nr)
volatile-data a.h: +\t     volatile u32 *frob, u32 nr)
volatile-data tools/testing/selftests/a.c: +static volatile u64 frob;
extern-in-source a.c: +extern unsigned char frob, nr;\n+asm("frob: nop\\n nr: nop");
extern-in-source a.c: +extern char frob_start[], frob_end[];
extern-in-source a.c: +extern const u8 frob[];
extern-in-source a.c: +extern u32 __frob_start;
complex-macro-without-parentheses a.h: +#define FROB_EL1\t3, 0,  0, nr, 0x4
complex-macro-without-parentheses a.h: +#define FROB_COMMA ,
complex-macro-without-parentheses a.h: +#define frob()\tasm volatile("frob" : : : "memory")
constant-on-the-left a.c: +\tif (FROB_SIZE > FROB_MAX ||\n+\t    nr)\n+\t\treturn;
constant-on-the-left a.c: +\tif (FROB_SIZE == 4)\n+\t\treturn;
suspect-indent a.c: +\t\tfrob();\n+\t} else\n+\tif (nr) {\n+\t\tfrob_start();
unbalanced-else a.c: +\tif (frob) {\n+\t\tfrob();\n+\t} else\n+\tif (nr) {\n+\t\tfrob_start();\n+\t}
suspect-indent a.c: +\tif (nr)\n+#endif\n+\tfrob();
suspect-indent a.c: +\tif (nr)\n+#ifdef FROB\n+\tfrob();\n+#else\n+\t\tfrob_start();\n+#endif
unbalanced-else a.c: +\tif (frob) {\n+\t\tfrob();\n+\t} else\n+#endif\n+\t\tfrob_start();
space-before-newline a.c: +\tasm volatile("frob \\n"\n+\t\t     : : "r" (nr));
space-before-newline a.c:  __asm__(\n \t"frob nr; nop \\n"\n+\t"frob nr, (4)\t\t\\n"\n );
space-before-newline a.c:  #define X\tasm_inline(\t\\\n+\t"frob \\n"\t\\\n \t"frob")
open-ended-line a.h: +\tTP_STRUCT__entry(\n+\t\t__field(u32, nr)
open-ended-line a.h: +\tTP_printk(\n+\t\t"nr=%u", __entry->nr)
open-ended-line a.h: +DECLARE_EVENT_CLASS(\n+\tfrob_class,
upper-case-hex a.c:  int a = 0xFF;\n int b;\n+int c = 0xFE;
upper-case-hex a.c: +int c = 0xFE;\n int b;\n int a = 0XFFUL;
suspect-indent a.c:          for (nr = 0; nr < 4; nr++)\n+                if (frob)\n+                        frob();
trailing-statement a.c: +\tcase 1: frob = 4; break;\n+\tcase 2: frob = 5; break;
trailing-statement a.c: +\tcase 1: return "frob";\n+\tdefault: return "nr";
no-blank-line-after-declarations a.h: +\tcmp\tx1, #3\n+\tb.lt\t.Lfrob_\\@\n+\t/* frob */
no-space-around-operator a.h: +\torr\tx0, x0, #(1 << 4)\n+\n+.Lfrob_\\@:\n+\tmsr\tnr, x0
no-space-around-operator a.h: +.macro frob nr\n+\\nr\\()frob:\n+.endm
space-inside-brackets a.c: -\t[ A(B)   ] = 0,\n+\t[ A(B)   ] = 1,\n \t},\n-\t[ A(B)   ] = 0,\n+\t[ A(B)   ] = 2,
leading-space a.c: +        frob();
spdx-tag a.sh:  # frob\n # SPDX-License-Identifier: GPL-2.0\n+frob
long-line a.sh: +check "one\n+frob is up, frob is up, frob is up, frob is up, frob is up, frob is up, frob is up, frob is up, frob is up, frob is up, nr\n+two"
leading-space a.c:    FROB(nr);\n   FROB(val);\n+  FROB(mode);
unused-macro-argument a.h: +#define frob(nr, x) do { } while (0)
unused-macro-argument a.h: +#define frob(nr)\t((void)0)
unused-macro-argument a.h: +#define frob(nr) {}
unused-macro-argument a.h: +#define FROB(nr, x) __attribute__((frob(x)))
complex-macro-without-parentheses a.h: +#define FROB(nr, x) #nr x
complex-macro-without-parentheses a.h: +#define FROB(nr) __attribute__((frob(nr)))
attribute-without-macro a.h: +#define __printf(a, b) __attribute__((format(printf, a, b)))
"""  # noqa: E501
WRONG = r"""
show-without-sysfs-emit a.c:  int a_show(char *buf)\n {\n+\tsnprintf(buf, 4, "a");
short-kconfig-help Kconfig: +config A_B\n+\tbool "Frob it"
continued-log a.c: +\tpr_cont("b");
repeated-word a.h: +/* the the frob */
repeated-word a.h: +/* the use of of. It */
misplaced-star a.h: +char * frob;
attribute-without-macro a.h: +#define __frob __attribute__((__packed__))
volatile-data a.c: +\tvolatile u32 a;
unrelated-whitespace a.c: +int c;\n int d;\n@@\n \tint b;\n-\tint a;\n+\tint  a;
possible-misspelling a.c: +\t/* it wasn\xb4t recieved */
subject-not-imperative a.c a: Sent it: +int c;
unsigned-without-int a.c a: revert to the old order: +unsigned a;
unsigned-without-int a.c Revert "a: b": +unsigned a;
unsigned-without-int a.c Reapply "a: b": +unsigned a;
unsigned-without-int a.c a: Revert commit 0123456789ab: +unsigned a;
volatile-data a.c: +static volatile u64 frob;
volatile-data a.h: +\tvolatile u32 *frob;
extern-in-source a.c: +extern unsigned char frob;
extern-in-source a.c: +extern struct nr frob_start;
complex-macro-without-parentheses a.h: +#define FROB(nr)\t(nr) + 1, 2
constant-on-the-left a.c: +\tif (FROB_SIZE > frob)\n+\t\treturn;
unused-macro-argument a.h: +#define frob(nr)\tfrob_start(4)
spdx-tag a.sh:  # frob\n+# SPDX-License-Identifier: GPL-2.0\n frob
long-line a.sh: +check "one"\n+frob is up, frob is up, frob is up, frob is up, frob is up, frob is up, frob is up, frob is up, frob is up, frob is up, nr
leading-space a.c:  \tfrob(nr);\n+  frob(mode);
suspect-indent a.c: +\tif (nr)\n+\tfrob();
unbalanced-else a.c: +\tif (frob) {\n+\t\tfrob();\n+\t} else\n+\t\tfrob_start();
suspect-indent a.c:  #endif\n+\tif (nr)\n+\tfrob();\n #ifdef FROB
space-before-newline a.c: +\tasm volatile("frob");\n+\tfrob("nr \\n");
space-before-newline a.c: +\t/* asm */\n+\tfrob("nr \\n");
open-ended-line a.h: +\tFROB_printk(\n+\t\t"nr=%u", __entry->nr)
upper-case-hex a.c:  int a = 0xff;\n int b = 0X12;\n+int c = 0xFE;
upper-case-hex a.c:  int a = 0xFF;\n@@\n+int c = 0xFE;
unrelated-whitespace a.c: +int c;\n int d;\n@@\n-\tfrob(4,"frob");\n+\tfrob(4, "frob");
unrelated-whitespace a.c: +int c;\n int d;\n@@\n int a;\n+\n \n int b;
unrelated-whitespace a.c: +int c;\n int d;\n@@\n int a;\n-\n int b;
trailing-statement a.c: +\tcase 1: frob = 4; break;\n+\tcase 2:\n+\t\tfrob = 5;
no-space-around-operator a.h: +\tfrob(nr);\n+\treturn nr==4;
space-inside-brackets a.c: -\t[A(B)] = 0,\n+\t[ A(B)] = 1,
"""  # noqa: E501


@pytest.mark.parametrize("edit", ["0 0", *EDITS])
@pytest.mark.parametrize(
    ("row", "number"),
    [
        *((row, 0) for row in MEANT.split("\n")[1:-1]),
        *((row, 1) for row in WRONG.split("\n")[1:-1]),
        *(
            ("long-line a.sh: " + LOG.replace("+", f"+{sign}"), number)
            for sign, number in (("# ", 0), ("#   ", 0), ("echo ", 1))
        ),
    ],
)
def test_intended_style_is_not_reported(row: str, number: int, edit: str) -> None:
    head, body = re.split(r": (?=[-+ ])", row, maxsplit=1)
    name, path, subject = (*head.split(" ", 2), "a: b")[:3]
    assert len(_list_reported_names(name, path, body.replace(*edit.split()), subject)) == number

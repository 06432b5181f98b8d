# SPDX-License-Identifier: GPL-2.0-or-later
"""Test fixed patches.

Only added lines change, the patch still applies, tokens stay the same, and fixing again changes
nothing.
"""

import subprocess
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.lint.fixing.fixer import import_fixers
from patchpilot.lint.fixing.guard import tokenize_lines
from patchpilot.lint.fixing.try_fixes import FixOutcome
from patchpilot.lint.lint_context import Context, Options
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from tests.kit.fixing import fix_context, fix_patch_text
from tests.kit.packs import load_all_rules
from tests.kit.snippets import PATH, PROSE, SIGN_OFF, build_file_diff, mail


def make_patch(
    body: str,
    *,
    message: str = f"{PROSE}\n\n{SIGN_OFF}",
    subject: str = "frob: wait for the link",
    path: str = PATH,
    is_new_file: bool = False,
) -> str:
    return mail(subject, message, build_file_diff(path, body, is_new_file=is_new_file))


def list_added_code(fix_outcome: FixOutcome) -> str:
    return "\n".join(
        line.text for change in fix_outcome.draft.patch.files for line in change.lines("+")
    )


@pytest.mark.parametrize(
    ("name", "fixed"), [("Ada", 1), ("A\x0bda", 0), ("A\u202eda", 0), ("A\udce9da", 0)]
)
def test_forbidden_tag_is_not_rewritten(name: str, fixed: int) -> None:
    patch_text = make_patch(
        "\ta = 1;",
        message=f"{PROSE}\n\nreviewed-by:  {name} <ada@example.org>\n{SIGN_OFF}",
    )
    assert (
        sum(
            line.startswith(f"Reviewed-by: {name} ")
            for line in fix_patch_text(patch_text).draft.patch.message
        )
        == fixed
    )


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("\tif(a==b){  ", "\tif (a == b) {"),
        ("\tchar* name;", "\tchar *name;"),
        ("/* done simulataneously */", "/* done simultaneously */"),
        ("        return a;", "\treturn a;"),
        ("static int frob_count = 0;", "static int frob_count;"),
        ("\tfrob(a,b );", "\tfrob(a, b);"),
        ("int frob(void) {", "int frob(void)\n{"),
        ("\tunsigned count;", "\tunsigned int count;"),
        ("\tuint32_t mode;", "\tu32 mode;"),
        ("\tif (frob == NULL || up)", "\tif (!frob || up)"),
        ("\tif (up && frob->next != NULL)", "\tif (up && frob->next)"),
        ("\tif (frob_next(frob, up + 1) == NULL)", "\tif (!frob_next(frob, up + 1))"),
        (
            "\tif (up &&\n+\t    frob->next == NULL &&\n+\t    more)",
            "\tif (up &&\n\t    !frob->next &&\n\t    more)",
        ),
        (
            "\tif ((frob != NULL) && !(more != NULL) && (link == NULL))",
            "\tif (frob && !more && !link)",
        ),
        (
            "\tfor (frob = first; frob != NULL; frob = frob->next)",
            "\tfor (frob = first; frob; frob = frob->next)",
        ),
        ("\tcount = (frob != NULL) ? 1 : 2;", "\tcount = frob ? 1 : 2;"),
        ("\tup = *frob == NULL;", "\tup = !*frob;"),
        ("\tup = (struct frob *)frob == NULL;", "\tup = !(struct frob *)frob;"),
        (
            "\tif (frobs[mode & (up + 1)].link == NULL)",
            "\tif (!frobs[mode & (up + 1)].link)",
        ),
        ('\tTEST_ASSERT(frob != NULL, "no frob");', '\tTEST_ASSERT(frob, "no frob");'),
        ("\tbool up = frob != NULL;", "\tbool up = frob;"),
        (
            "\tcount = 2 * (mode -1)+more[1]*up->mode;",
            "\tcount = 2 * (mode - 1) + more[1] * up->mode;",
        ),
        ("\tcount = mode&more;", "\tcount = mode & more;"),
        ("\tfrob_start(frob, mode*count);", "\tfrob_start(frob, mode * count);"),
        (
            "\tframe = kzalloc((count)*sizeof(*frame), GFP_KERNEL);",
            "\tframe = kzalloc((count) * sizeof(*frame), GFP_KERNEL);",
        ),
        ("#define FROB_LAST (FROB_COUNT-1)", "#define FROB_LAST (FROB_COUNT - 1)"),
        (
            "\t/* 0x10 */ u32 mode; // of the link",
            "\tu32 mode; /* 0x10 */ /* of the link */",
        ),
        ("\tfrob_read(&(frob->link));", "\tfrob_read(&frob->link);"),
        ("\tframe->mode = S_IRUGO | S_IWUSR;", "\tframe->mode = 0644;"),
        ("\tif (a) {\n+\t\tfrob_stop();\n+\t}", "\tif (a)\n\t\tfrob_stop();"),
        (
            "\tif (frob->up\n+\t    && frob->ready)",
            "\tif (frob->up &&\n\t    frob->ready)",
        ),
        ("\tret = frob_start(\n+\t\tfrob, 1);", "\tret = frob_start(frob, 1);"),
        (
            (
                "\tret = frob_start_the_link_of_the_board(\n"
                "+\t\tfrob->first_of_the_links, 1,\n"
                "+\t\tframe\n"
                "+\t);"
            ),
            (
                "\tret = frob_start_the_link_of_the_board(frob->first_of_the_links, 1,\n\t\t\t\t\t "
                "      frame);"
            ),
        ),
    ],
)
def test_certain_fixes_are_applied(bad: str, good: str) -> None:
    assert list_added_code(fix_patch_text(make_patch(f" \tint ret;\n+{bad}\n \tint more;"))) == good


@pytest.mark.parametrize(
    "line",
    [
        '\tfrob("a,b");',
        '\tfrob("foo* bar");',
        "\tfrob(a, b); /* x=y */",
        "#define FROB_PATH ../../drivers/frob-one",
        "\tfoo_t * const a;",
        "\tfor (;;)",
        "\treturn frob != NULL;",
        "#define FROB_IS_DOWN(frob) (frob == NULL)",
        "\tASSERT_EQ(frob != NULL, up);",
        "\tcount = (mode)*more;",
        "\tfor (foo*frob = more; frob; frob++)",
        "#if __has_include(<frob/frob-one.h>)",
        "\tup = (frob != NULL) == ready;",
        "\tfor (up = frob != NULL; up; up--)",
        "#define FROB_IS_UP(frob) (frob->link && frob != NULL)",
        "\tup = mode ^\n+\t     FROB_UP == mask;",
        "\tup = mask & frob == NULL;",
        "\tuint32_t u32;",
        "\tif (a) {\n+\t\tFROB_STOP(frob);\n+\t}",
        "\tif (a) {\n+\t\tif (b)\n+\t\t\tfrob_stop();\n+\t} else {\n+\t\tc = 1;\n+\t}",
        f'\tpr_info("{"a message that users search for is left on one line " * 3}\\n");',
        f"\t/* https://example.org/{'a/very/long/link/that/must/not/be/broken/' * 3} */",
        "\tTP_STRUCT__entry(\n+\t\t__field(u64, first)\n+\t\t__field(u64, second)\n+\t),",
        "/* The Synopsys of it. */",
        "/* The simulataneously_done of it. */",
        "/* The simulataneously() of it. */",
        "int simulataneously;",
    ],
)
def test_strings_comments_and_paths_are_unchanged(line: str) -> None:
    assert line.replace("\n+", "\n") in list_added_code(
        fix_patch_text(make_patch(f" \tint ret;\n+{line}\n \tint more;"))
    )


def test_continuation_lines_move_together() -> None:
    patch_text = make_patch(
        " int a;\n"
        "+\tfrob_start(frob,\n"
        "+\t\tone,\n"
        "+\t\ttwo);\n"
        "+\tfrob_end(frob,\n"
        "+#ifdef FROB\n"
        "+\t\ttwo);\n"
        "+#endif\n"
        " int b;"
    )
    lines = fix_patch_text(patch_text).draft.patch.lines
    assert "+\t\t   one," in lines
    assert "+\t\t   two);" in lines
    assert "+#ifdef FROB" in lines


def test_context_lines_are_unchanged() -> None:
    patch_text = make_patch(" \tfoo(a,b );\n-\tbar(a,b );  \n+\tbaz(a,b );  \n \tif(x)  ")
    corrected = fix_patch_text(patch_text)
    before, after = patch_text.split("\n"), list(corrected.draft.patch.lines)
    assert [line for line in after if not line.startswith("+")] == [
        line for line in before[: len(after)] if not line.startswith("+")
    ]
    assert "+\tbaz(a, b);" in after


@pytest.mark.parametrize(
    "body",
    [
        "-\tfoo(a,bcdefgh );\n \tint ret;\n+\tfoo(a,bcdefgh );",
        # with the fix, the patch would be empty
        " \tint a;\n-\tfoo(a, b);\n+\tfoo(a,b);\n \tint c;",
        # with the fix, the first hunk would be empty
        "@@\n \tint a;\n \n+\n \tint b;\n@@\n \tint d;\n+\tfrob(a, b);\n \tint f;",
        # with the fix, the hunk would end with a changed line
        "-static int frob_set(struct frob *frob,\n+static int frob_set_mode(struct frob *frob,\n \t\t    int mode)",  # noqa: E501
    ],
)  # fmt: skip
def test_patch_is_not_fixed_if_a_hunk_would_become_invalid(body: str) -> None:
    assert not fix_patch_text(make_patch(body)).changed


def test_hunk_headers_are_updated() -> None:
    body = "@@\n \tint a;\n+\n+\n+\tint b;\n \tint c;\n@@\n \tint d;\n+\tint e;  \n \tint f;"
    corrected = fix_patch_text(make_patch(body))
    before, after = (
        corrected.original.files[0].hunks,
        corrected.draft.patch.files[0].hunks,
    )
    assert corrected.draft.patch.diff_error is None
    assert [len([line for line in hunk.lines if line.kind == "+"]) for hunk in after] == [2, 1]
    assert [
        (one.new_start - two.new_start, one.new_count - two.new_count)
        for one, two in zip(after, before, strict=True)
    ] == [
        (0, -1),
        (-1, 0),
    ]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f"{PROSE}\n\nReviewed-By: Ben Reader <ben@example.org>\n{SIGN_OFF}", f"{PROSE}\n\nReviewed-by: Ben Reader <ben@example.org>\n{SIGN_OFF}"),  # noqa: E501
        (f"{PROSE}\n\nTested-by:Ben Reader <ben@example.org>\n{SIGN_OFF}", f"{PROSE}\n\nTested-by: Ben Reader <ben@example.org>\n{SIGN_OFF}"),  # noqa: E501
        (f"{PROSE}\n\nChange-Id: I0123\n{SIGN_OFF}", f"{PROSE}\n\n{SIGN_OFF}"),
    ],
)  # fmt: skip
def test_messages_are_fixed(message: str, expected: str) -> None:
    assert (
        "\n".join(fix_patch_text(make_patch(" a\n-b\n+c\n d", message=message)).draft.patch.message)
        == expected
    )


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("[PATCH] frob: wait.", "[PATCH] frob: wait"),
        ("[PATCH] =?UTF-8?q?frob:_wait_f=C3=BCr_it.?=", "[PATCH] =?UTF-8?q?frob:_wait_f=C3=BCr_it.?="),  # noqa: E501
    ],
)  # fmt: skip
def test_a_subject_is_fixed_unless_it_is_encoded(bad: str, good: str) -> None:
    patch_text = make_patch(" a\n-b\n+c\n d", subject=bad)
    assert f"Subject: {good}" in fix_patch_text(patch_text).draft.patch.lines


_LINES = [
    ["\tif(", "a", "==", "b", ")", "{"],
    ["\t}", "else", "{"],
    ["\tfoo", "(", "a", ",", "&", "b", ",", '"x,y  z"', ")", ";"],
    ["\tint", "*", "p", "=", "a", "[", "1", "]", ";"],
    ["\tfor", "(", "i", "=", "0", ";", "i", "<", "n", ";", "i", "++", ")"],
    ["\t\treturn", "a", "+", "b", "*", "-", "c", ";"],
    ["\tx", "=", "(", "u32", ")", "y", "?", "-", "1", ":", "~", "z", ";"],
    ["\tp", "->", "a", "=", "!", "q", ".", "b", ";"],
    ["static", "int", "n", "=", "0", ";"],
    ["int", "f", "(", "void", ")", "{"],
    ["}"],
    ["\t", "/*", "a=b", "*/"],
    ["#define", "F(a,b)", "(", "(", "a", ")", "<<", "(", "b", ")", ")"],
    ["\tcase", "1", ":"],
    ["out", ":"],
    [""],
    [""],
]
_LINE = st.sampled_from(_LINES)


@st.composite
def generate_messy_code(draw: st.DrawFn) -> str:
    lines = []
    for line_words in draw(st.lists(_LINE, min_size=1, max_size=9)):
        line_text = line_words[0]
        for previous_word, next_word in pairwise(line_words):
            whitespace = draw(st.sampled_from(["", " ", " ", "  "]))
            is_joinable = tokenize_lines([previous_word + next_word])[0] == [
                *tokenize_lines([previous_word])[0],
                *tokenize_lines([next_word])[0],
            ]
            line_text += (
                whitespace
                if is_joinable and not previous_word.startswith("#")
                else whitespace or " "
            ) + next_word
        lines.append("+" + line_text + draw(st.sampled_from(["", "", " ", "\t"])))
    return "\n".join(lines)


def list_added_tokens(patch: Patch) -> list[str]:
    return tokenize_lines([line.text for change in patch.files for line in change.lines("+")])[0]


@given(generate_messy_code())
@settings(max_examples=60)
def test_fixes_keep_code_tokens(
    body: str,
) -> None:
    patch_text = make_patch(f" int a;\n{body}\n int z;")
    corrected = fix_patch_text(patch_text)
    named = {
        rule.id
        for rule in load_all_rules()
        if rule.remedy.fixer and any(import_fixers()[rule.remedy.fixer][1:])
    }
    if not any(finding.rule in named for finding in corrected.fixed):
        assert list_added_tokens(corrected.draft.patch) == list_added_tokens(corrected.original)
    strings = [
        [added_token for added_token in list_added_tokens(patch) if added_token[0] in "\"'"]
        for patch in (corrected.draft.patch, corrected.original)
    ]
    assert strings[0] == strings[1]
    assert not Counter(finding.rule for finding in corrected.left) - Counter(
        finding.rule for finding in corrected.findings
    )
    refixed = fix_patch_text("\n".join(corrected.draft.patch.lines) + "\n")
    assert not refixed.changed


@given(generate_messy_code(), generate_messy_code())
@settings(max_examples=12)
def test_fixed_patch_still_applies(first: str, second: str) -> None:
    body = f"@@\n int a;\n{first}\n int b;\n@@\n int c;\n{second}\n-int d;\n int e;"
    corrected = fix_patch_text(make_patch(body))
    base = [f"line {number}" for number in range(1, 60)]
    for hunk in corrected.original.files[0].hunks:
        old = [line.text for line in hunk.lines if line.kind in " -"]
        base[hunk.old_start - 1 : hunk.old_start - 1 + len(old)] = old
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / PATH
        file.parent.mkdir(parents=True)
        file.write_text("\n".join(base) + "\n")
        text = "\n".join(corrected.draft.patch.lines) + "\n"
        result = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", "-"],
            cwd=name,
            input=text,
            text=True,
            capture_output=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr + text


def test_rejected_fix_is_retried_later() -> None:
    corrected = fix_patch_text(
        make_patch(" int a;\n+\tif(a==b){\n+}\n+\n+\n+} \n+\tif(a==b){\n int z;")
    )
    assert not fix_patch_text("\n".join(corrected.draft.patch.lines) + "\n").changed


@pytest.mark.parametrize(
    ("subject", "message", "body"),
    [
        (
            "frob: say what is meant",
            (
                "Replace occured with occurred, which is what the log has in all other places of"
                " the driver."
            ),
            "",
        ),
        (
            "frob: correct spelling in a comment",
            "The comment of the link says occured, and people looked for it in vain.",
            "",
        ),
        (
            "frob: say what is meant",
            'The log has "error occured here" since the beginning, and tools look for it.',
            "",
        ),
        (
            "frob: say what is meant",
            "The log says occured since the beginning, and people looked for it in vain.",
            '-\tfrob("occured");\n',
        ),
    ],
)
def test_quoted_misspelling_is_kept(subject: str, message: str, body: str) -> None:
    patch_text = make_patch(
        f" \tint ret;\n{body}+\tfrob(a);\n \tint more;",
        subject=subject,
        message=f"{message}\n\n{SIGN_OFF}",
    )
    assert message in " ".join(fix_patch_text(patch_text).draft.patch.lines)


def test_text_after_the_tags_is_kept() -> None:
    lines = ["From: A <a@example.org>", "Subject: [PATCH] frob: fix it", "", SIGN_OFF]
    corrected = fix_patch_text("\n".join([*lines, "", "This is text below the tags."]))
    assert any(finding.rule == "TAG005" for finding in corrected.findings)
    assert not corrected.changed


def test_misspelling_in_a_message_is_fixed() -> None:
    patch_text = make_patch(
        " \tint ret;\n+\tfrob(a);\n \tint more;",
        message=f"{PROSE} It occured.\n\n{SIGN_OFF}",
    )
    assert any("occurred" in line for line in fix_patch_text(patch_text).draft.patch.message)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("tools/frob/frob.bat", "+echo a\r\n+out  \r"),
        ("tools/frob/frob.ps1", "+echo a\r\n+out  \r"),
        ("scripts/x.inf", "+echo a\r\n+out  \r"),
        ("tools/testing/selftests/frob/expected.txt", "+echo a\r\n+out  \r"),
        ("tools/testing/selftests/frob/expected.txt", "+out   \n+a \tb"),
    ],
)
def test_intended_whitespace_is_kept(name: str, lines: str) -> None:
    patch_text = make_patch(lines, path=name, is_new_file=True)
    assert not [finding for finding in fix_patch_text(patch_text).fixed if finding.path]


@pytest.mark.parametrize(
    ("line", "good"),
    [
        (
            "extern u64 frob_count(void), frob_other;",
            "extern u64 frob_count(void), frob_other;",
        ),
        ("extern int frob_one(int a, int b);", "int frob_one(int a, int b);"),
        (
            "extern int frob_one(int a), frob_two(int b);",
            "extern int frob_one(int a), frob_two(int b);",
        ),
        ("extern void __frob(struct frob *f);", "void __frob(struct frob *f);"),
        ("extern u64 a __aligned(8);", "extern u64 a __aligned(8);"),
        ("extern int a __frob(b) __init(8);", "extern int a __frob(b) __init(8);"),
        ("extern typeof(frob) frob_alias;", "extern typeof(frob) frob_alias;"),
        ("extern char a[sizeof(int)];", "extern char a[sizeof(int)];"),
    ],
)
def test_extern_is_removed_from_a_prototype(line: str, good: str) -> None:
    patch_text = make_patch(f" int a;\n+{line}\n int b;", path="include/linux/frob.h")
    assert list_added_code(fix_patch_text(patch_text)) == good


@pytest.mark.parametrize(
    ("subject", "trailers"),
    [
        (
            "frob: fix typo in a register's name",
            f"Cc: stable@vger.kernel.org # 6.1\n{SIGN_OFF}",
        ),
        (
            "frob: wait",
            f"{SIGN_OFF}\n(cherry picked from commit 4364ac5ce03e00112233445566778899aabbccdd)",
        ),
    ],
)
def test_sign_offs_are_neither_added_nor_changed(subject: str, trailers: str) -> None:
    patch_text = make_patch(
        " \tint ret;\n+\tfrob(a);\n \tint more;",
        subject=subject,
        message=f"{PROSE}\n\n{trailers}",
    )
    assert "\n".join(fix_patch_text(patch_text).draft.patch.message).endswith(trailers)


def test_long_prose_line_is_wrapped() -> None:
    message = (
        f"{PROSE} Then the second transfer works too, and so does the last.\nThis is short.\nSo is"
        " this."
    )
    lines = "\n".join(
        fix_patch_text(
            make_patch(" a\n-b\n+c\n d", message=f"{message}\n\n{SIGN_OFF}")
        ).draft.patch.message
    )
    assert " ".join(message.split()) in " ".join(lines.split())
    assert max(map(len, lines.split("\n"))) <= 75
    assert "\nSo is this.\n" in lines


def test_wrapped_paragraph_has_full_lines() -> None:
    message = "\n".join(
        (" ".join(["driver"] * 12), " ".join(["driver"] * 9) + " of", "works again.")
    )
    patch_text = make_patch(" a\n-b\n+c\n d", message=f"{message}\n\n{SIGN_OFF}")
    lines = fix_patch_text(patch_text).draft.patch.message
    assert "driver of works again." in "\n".join(lines)


def test_wrapping_ignores_text_on_the_next_line() -> None:
    message = f"{PROSE} Then the the second transfer works too, and so does the last."
    result = fix_patch_text(make_patch(" a\n-b\n+c\n d", message=f"{message}\n\n{SIGN_OFF}"))
    assert {finding.name for finding in result.fixed} == {"long-message-line"}
    assert {finding.name for finding in result.left} == {"repeated-word"}


def test_types_missing_from_the_tree_are_not_used(tmp_path: Path) -> None:
    patch_text = make_patch(" \tint ret;\n+\tuint32_t mode;\n \tint more;")
    context = Context(
        parse_patch(patch_text.encode(), "example.patch"),
        tree=DirectoryTree(tmp_path),
        options=Options(strict=True),
    )
    assert not fix_context(context).changed
    (tmp_path / "include/linux").mkdir(parents=True)
    (tmp_path / "include/linux/types.h").touch()
    assert list_added_code(fix_context(context.with_patch(context.patch))) == "\tu32 mode;"

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the options of the generic detectors.

Each row has a match table, added code (or a message), and the reported lines.
"""

import pytest

from patchpilot.errors import PackError
from patchpilot.lint.engine import find_findings
from patchpilot.lint.pack import parse_pack
from patchpilot.lint.rule_store import import_detectors
from patchpilot.model.rule import Example, Finding, Rule
from tests.kit.snippets import build_context

RULE = """
[[rule]]
id = "OUR001"
name = "frob"
severity = "warning"
scope = "diff"
summary = "frob"
message = "{said}"
why = "frob"
reference = "https://example.org"
[rule.match]
{match}
[[rule.bad]]
message = "frob"
[[rule.good]]
message = "knob"
"""


def make_rule(match: str, message: str = "frob") -> Rule:
    import_detectors()
    return parse_pack(RULE.replace("{said}", message).replace("{match}", match), "ours.toml").rules[
        0
    ]


def find_matched_lines(
    match: str, code_text: str, message: str = "frob", path: str = "drivers/frob/frob.c"
) -> tuple[Finding, ...]:
    return find_findings(
        build_context(Example(bad=True, code=code_text, path=path)),
        (make_rule(match, message),),
    )


def find_reported_lines(match: str, code_text: str, path: str = "drivers/frob/frob.c") -> list[str]:
    context = build_context(Example(bad=True, code=code_text, path=path))
    findings = find_findings(context, (make_rule(match),))
    return [context.patch.lines[(finding.patch_line or 0) - 1][1:].strip() for finding in findings]


CODE = 'detector = "code-like"\n'


@pytest.mark.parametrize(
    ("match", "code", "reported"),
    [
        (CODE + "pattern = '\\bfrob\\b'", "\tfrob = 1;\n\tknob = 2;", ["frob = 1;"]),
        (CODE + "pattern = 'frob'\nunless_pattern = '= 1'", "\tfrob = 1;\n\tfrob = 2;", ["frob = 2;"]),  # noqa: E501
        (CODE + "pattern = 'frob'\nbefore_pattern = 'knob'", "\tknob();\n\tfrob();\n\tfrob();", ["frob();"]),  # noqa: E501
        (CODE + "pattern = 'frob'\naround = [{at = \"before\", unless_pattern = 'knob'}]", "\tknob();\n\tfrob();\n\tfrob(1);", ["frob(1);"]),  # noqa: E501
        (CODE + "pattern = 'frob'\naround = [{at = \"after\", pattern = 'knob'}]", "\tfrob(1);\n\tfrob();\n\tknob();", ["frob();"]),  # noqa: E501
        (CODE + "pattern = 'frob'\naround = [{at = \"two-before\", pattern = 'knob'}]", "\tknob();\n\tbob();\n\tfrob();", ["frob();"]),  # noqa: E501
        (CODE + "pattern = 'frob\\((?P<it>\\w+)'\naround = [{at = \"before\", pattern = '= {it};'}]", "\tx = a;\n\tfrob(a);\n\tfrob(b);", ["frob(a);"]),  # noqa: E501
        (CODE + "pattern = 'f\\((?P<a>\\w+), (?P<b>\\w+)'\ngroup_patterns = {b = '^{a}$'}", "\tf(x, x);\n\tf(x, y);", ["f(x, x);"]),  # noqa: E501
        (CODE + "pattern = 'f\\((?P<a>\\w+)'\nunless_group_patterns = {a = '^x'}", "\tf(x);\n\tf(y);", ["f(y);"]),  # noqa: E501
        (CODE + "pattern = 'frob'\napart = true", "\tfrob(1);\n\tfrob(2);\n\tfrob(3);", ["frob(1);", "frob(3);"]),  # noqa: E501
        (CODE + "pattern = '(?P<column>f)r(?P<fix>o)(?P<case>b)'", "\tfrob();", ["frob();"]),
        (CODE + "pattern = 'frob'\nsame_indent = true", "\tif (x)\n\t\tfrob(1);\n\t\tfrob(2);", ["frob(2);"]),  # noqa: E501
        (CODE + "pattern = 'frob'\nfrom_line = 4000", "\tfrob(1);", []),
        ('detector = "operator"\noperators = ["="]\nsides_pattern = \'^V\'', "\ta= 1;\n\tb = 2;", ["a= 1;"]),  # noqa: E501
        ('detector = "operator"\noperators = ["*U"]\nsides_pattern = \'W$\'', "\ta = b * c;\n\t* a = 1;", ["* a = 1;"]),  # noqa: E501
        ('detector = "operator"\noperators = ["-", "*"]\nunless_operators = ["*_"]\nunless_sides_pattern = \'^W\'', "\ta = b-c;", ["a = b-c;"]),  # noqa: E501
        ('detector = "operator"\noperators = ["+"]\nlast = true', "\ta = b +\n\t    c + d;", ["a = b +"]),  # noqa: E501
        ('detector = "operator"\noperators = [";"]\nright_pattern = \'^x\'', "\ta = 1;x = 2;", ["a = 1;x = 2;"]),  # noqa: E501
        ('detector = "operator"\noperators = ["<"]\nunless_right_pattern = \'^ 1\'', "\ta = b < 1;\n\ta = b < 2;", ["a = b < 2;"]),  # noqa: E501
        ('detector = "statement-like"\npattern = \'(?s)frob.*knob\'', "\tfrob(a,\n\t     knob);\n\tfrob(b);", ["frob(a,"]),  # noqa: E501
        ('detector = "statement-like"\npart = "condition"\npattern = \'b\'', "\tif (a)\n\t\tb();\n\tif (b)\n\t\ta();", ["if (b)"]),  # noqa: E501
        ('detector = "statement-like"\npart = "raw"\npattern = \'%d\'', '\tf("%d");\n\tf("%s");', ['f("%d");']),  # noqa: E501
        ('detector = "statement-like"\npart = "joined"\npattern = \'a b\'', "#define F a \\\n\tb\n", []),  # noqa: E501
        ('detector = "statement-like"\nline_pattern = \'^.\\s*x\'\nunless_line_pattern = \'y\'\npattern = \'1\'', "\tx = 1;\n\tx = y1;", ["x = 1;"]),  # noqa: E501
        (
            'detector = "statement-like"\npattern = \'f\\((?P<m><MODE>)\\)\'\ngroup_modes = {m = ["0644"]}',  # noqa: E501
            "\tf(S_IRUGO | S_IWUSR);\n\tf(0644);\n\tf(0444);",
            ["f(S_IRUGO | S_IWUSR);", "f(0644);"],
        ),
        ('detector = "type-like"\npattern = \'^.\\s*<TYPE>(?P<name>\\w+)\\s*=\'', "\tint x = 1;\n\tx = 2;", ["int x = 1;"]),  # noqa: E501
        ('detector = "type-like"\npattern = \'<TYPE>\\w+\\s*;\'\ntype_pattern = \'\\*$\'', "\tint *x;\n\tint y;", ["int *x;"]),  # noqa: E501
        ('detector = "type-like"\npattern = \'<TYPE>\\s*\\w+\\s*;\'\nabsent = true\nline_pattern = \'x\'', "\tint x;\n\tx = 2;", ["x = 2;"]),  # noqa: E501
        (
            'detector = "type-like"\npattern = \'\\bconst\\s+<TYPE>\\s+const\\b\'\nno_stars = true\nline_pattern = \'{type} const z\'',  # noqa: E501
            "\tconst int const y;\n\tconst int const z;",
            ["const int const z;"],
        ),
        (
            'detector = "argument-like"\nneedles = ["frob"]\ncall_patterns = ["frob => 2 => 0"]\npattern = \'\\d+\'\nunless_pattern = \'7\'',  # noqa: E501
            "\tfrob(a, 5);\n\tfrob(6, a);\n\tfrob(a, 0);\n\tfrob(a, 7);",
            ["frob(a, 5);"],
        ),
        ('detector = "patch-line-like"\nwhere = "hunk"\npattern = \'frob\\(\'\nfirst = true', "\tfrob(1);\n\tfrob(2);", ["frob(1);"]),  # noqa: E501
        (
            'detector = "patch-line-like"\nwhere = "new"\npattern = \'knob\'\nbefore_pattern = \'frob\'\nat_line_before = true',  # noqa: E501
            "\tfrob();\n\tknob();",
            ["frob();"],
        ),
        ('detector = "patch-line-like"\nwhere = "new"\npattern = \'frob;\'\nunless_after_pattern = \'knob\'', "\tfrob;\n\tknob;", []),  # noqa: E501
        ('detector = "patch-line-like"\nwhere = "new"\npattern = \'knob\'\nuntil_pattern = \'stop\'', "\tknob(1);\n\tstop();\n\tknob(2);", ["knob(1);"]),  # noqa: E501
        ('detector = "patch-line-like"\nwhere = "file"\npattern = \'^\\+\\+\\+\'\nfiles_pattern = \'knob\'', "\tfrob();", []),  # noqa: E501
        (
            'detector = "new-text-like"\npattern = \'(?m)^\\+\\tfrob\\n(?P<at>\\+\\tknob)$\'',
            "\tknob\n\tfrob\n\tknob",
            ["knob"],
        ),
        ('detector = "new-text-like"\npattern = \'(?m)^\\+\\t(?P<a>\\w+);\'\nunless_pattern = \'no {a}\'', "\tfrob;\n\tknob;\n\tno frob;", ["knob;"]),  # noqa: E501
        ('detector = "new-text-like"\npattern = \'(?m)frob\'\npaths_pattern = \'\\.rs$\'', "\tfrob;", []),  # noqa: E501
    ],
)  # fmt: skip
def test_detector_keywords_match_their_documentation(
    match: str, code: str, reported: list[str]
) -> None:
    assert find_reported_lines(match, code) == reported


ANY = """detector = "any-of"
[[rule.match.of]]
detector = "code-like"
pattern = 'frob'
[[rule.match.of]]
case = "other"
detector = "code-like"
pattern = 'knob'"""


def test_any_of_combines_its_tables() -> None:
    matching_line = "\tf(knob, frob);"
    assert [finding.column for finding in find_matched_lines(ANY, matching_line)] == [
        10,
        4,
    ]
    assert [
        finding.column
        for finding in find_matched_lines(
            ANY.replace('any-of"', 'any-of"\nby_column = true', 1), matching_line
        )
    ] == [4, 10]
    valued = ANY + '\nvalues = {word = "K"}\n'
    assert [finding.values for finding in find_matched_lines(valued, "\tknob();")] == [
        (("word", "K"),)
    ]


def find_reported_message_lines(
    match: str, message: str = "", subject: str = "", trailers: str = ""
) -> list[str]:
    example = Example(bad=True, message=message, subject=subject, trailers=trailers)
    context = build_context(example)
    findings = find_findings(context, (make_rule(match),))
    return [context.patch.lines[(finding.patch_line or 0) - 1] for finding in findings]


LIKE = 'detector = "like"\nwhere = "message"\npattern = \'frob\'\n'
TEXT = "one frob\n\ntwo frob\nthe knob\n"


@pytest.mark.parametrize(
    ("match", "found_lines"),
    [
        (LIKE, ["one frob", "two frob"]),
        (LIKE + "below_pattern = 'knob'", ["two frob"]),
        (LIKE + "unless_pattern = 'one'", ["two frob"]),
    ],
)
def test_message_line_is_matched_by_the_line_below(match: str, found_lines: list[str]) -> None:
    assert find_reported_message_lines(match, message=TEXT) == found_lines


TAGS = """Fixes: 0123456789ab ("frob: use the link at once")
Reported-by: Ann Bee <ann@lists.example.net>
Signed-off-by: Jane Doe <jane@example.com>
Tested-by: Ann Bee <ann@lists.example.net>
"""
TAG = 'detector = "tag-like"\nnames = ["Reported-by", "Tested-by"]\n'


@pytest.mark.parametrize(
    ("match", "names"),
    [
        (TAG, ["Reported-by", "Tested-by"]),
        (TAG + "last = true", ["Tested-by"]),
        (TAG + "pattern = 'example.com'", []),
        (TAG + "unless_pattern = '^Ann'", []),
        (TAG + "address_pattern = '^ann@'\nlast = true", ["Tested-by"]),
        (TAG + "by_author = true", []),
        (TAG + "by_sender = true", []),
    ],
)
def test_tag_is_matched_by_name_person_and_position(match: str, names: list[str]) -> None:
    found_names = [
        line.partition(":")[0] for line in find_reported_message_lines(match, trailers=TAGS)
    ]
    assert found_names == names


OF = '[[rule.match.{}]]\ndetector = "like"\nwhere = "message"\npattern = \'{}\'\n'
ONE, BOTH = OF.format("of", "one"), OF.format("of", "frob")


@pytest.mark.parametrize(
    ("tables", "found_lines"),
    [
        (f"{ONE}{BOTH}", ["one frob", "one frob", "two frob"]),
        (f'first = "line"\n{ONE}{BOTH}', ["one frob", "two frob"]),
        (f'first = "patch"\n{ONE}{BOTH}', ["one frob"]),
        (ONE + OF.format("when", "knob") + OF.format("when", "two"), ["one frob"]),
        (ONE + OF.format("when", "knob") + OF.format("when", "none"), []),
        (ONE + OF.format("unless", "none"), ["one frob"]),
        (ONE + OF.format("unless", "none") + OF.format("unless", "knob"), []),
    ],
)
def test_any_of_counts_its_first_table(tables: str, found_lines: list[str]) -> None:
    assert (
        find_reported_message_lines(f'detector = "any-of"\n{tables}', message=TEXT) == found_lines
    )


def test_unless_table_is_validated_on_load() -> None:
    with pytest.raises(PackError, match="like has no argument 'patterns'"):
        make_rule(
            'detector = "any-of"\n' + ONE + OF.format("unless", "x").replace("pattern", "patterns")
        )
    with pytest.raises(PackError, match="unless must be a list of tables"):
        make_rule('detector = "any-of"\nunless = ["frob"]\n' + ONE)


@pytest.mark.parametrize(
    ("match", "subjects"),
    [
        ("where = \"subject prefix\"\npattern = '^net: phy$'", 1),
        ("where = \"after prefix\"\npattern = '^use'", 1),
        ("where = \"after prefix\"\npattern = 'net'", 0),
        ("where = \"subject\"\npattern = 'use'\nprefix_pattern = '^phy'", 0),
        ("where = \"subject\"\npattern = 'use'\nall_paths_pattern = '^none/'", 0),
        (
            "where = \"subject\"\npattern = '(?P<word>use)'\nunless_paths_pattern = '{word}'",
            1,
        ),
        (
            "where = \"subject\"\npattern = '(?P<word>ne)t'\nunless_paths_pattern = '.'",
            0,
        ),
    ],
)
def test_subject_parts_are_searched_separately(match: str, subjects: int) -> None:
    found_lines = find_reported_message_lines(
        f'detector = "like"\n{match}', subject="net: phy: use the link"
    )
    assert len(found_lines) == subjects


CODE_AROUND = 'detector = "code-around"\n'


@pytest.mark.parametrize(
    ("match", "code", "found_lines"),
    [
        ("function_pattern = 'probe'\npattern = 'x = 1'", "int a_probe(void)\n{\n\tx = 1;\n}\nint b(void)\n{\n\tx = 1;\n}", ["x = 1;"]),  # noqa: E501
        ("in_function = false\npattern = 'x = 1'", "int x = 1;\nint b(void)\n{\n\tx = 1;\n}", ["int x = 1;"]),  # noqa: E501
        ("same_indent = true\npattern = 'b'", "\ta;\n\tb1;\n\t\tb2;", ["b1;"]),
        ("pattern = '<DECLARATION>'", "\tint x;\n\tx = 1;", ["int x;"]),
        ("near = \"text\"\nunless_near_pattern = 'no frob'\npattern = 'x'", "\tx1; /* no frob */\n\tx2;", ["x2;"]),  # noqa: E501
    ],
)  # fmt: skip
def test_code_is_matched_by_the_enclosing_function(
    match: str, code: str, found_lines: list[str]
) -> None:
    assert find_reported_lines(CODE_AROUND + match, code) == found_lines


def test_joined_groups_have_no_spaces() -> None:
    (one,) = find_matched_lines(
        CODE + "pattern = 'f\\((?P<list_joined>.*)\\)'",
        "\tf(a, b);",
        message="{list_joined}",
    )
    assert one.message == "a,b"


def test_used_type_is_known_afterwards() -> None:
    match = "detector = \"type-like\"\npattern = '^.\\s*<TYPE>\\s*(?P<name>\\w+)\\['"
    assert find_reported_lines(match, "\tfrob_list b[2];\n\tstruct frob c[2];") == [
        "struct frob c[2];"
    ]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (
            ANY.replace("pattern = 'knob'", "patternn = 'knob'"),
            "code-like has no argument 'patternn'",
        ),
        (
            ANY.replace("pattern = 'knob'", "pattern = '('"),
            "missing ), unterminated subpattern",
        ),
        (
            ANY.replace("\"code-like\"\npattern = 'knob'", '"kernel-doc"'),
            "kernel-doc cannot be used in [[rule.match.of]]",
        ),
        (ANY + "\nvalues = {a = 1}", "values must be a table of strings"),
        ('detector = "any-of"\nof = ["frob"]', "of must be a list of tables"),
        (
            CODE + "pattern = 'a'\naround = [{at = \"above\"}]",
            "at: unknown value 'above'",
        ),
        (
            CODE + "pattern = 'a'\naround = [{before = 'b'}]",
            "around of code-like has no argument 'before'",
        ),
        (
            CODE + "pattern = 'a'\naround = [{pattern = '('}]",
            "missing ), unterminated subpattern",
        ),
        (CODE + "pattern = 'a'\naround = 'b'", "around must be a list of tables"),
        (
            CODE + "pattern = 'a'\ngroup_patterns = {b = '('}",
            "missing ), unterminated subpattern",
        ),
    ],
)
def test_table_error_names_the_file_and_rule(match: str, expected: str) -> None:
    with pytest.raises(PackError) as error:
        make_rule(match)
    assert expected in error.value.message
    assert error.value.message.startswith("ours.toml:")
    assert "rule OUR001" in error.value.message

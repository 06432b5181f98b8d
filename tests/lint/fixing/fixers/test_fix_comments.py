# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the form and the place of comments after a fix, and the blank lines around code."""

import pytest

from tests.kit.fixing import fix_patch_text
from tests.lint.fixing.test_try_fixes import list_added_code, make_patch

LONG = "how long the driver waits for the link of boards that were made before 1999"
LONG_CALL = (
    "\tret=frob_wait_for_the_link(frob->parent->link, frob->timeout_in_milliseconds,"
    " frob->flags_of_link);"
)


def fix_added_code(code: str) -> str:
    body = code.replace("\n", "\n+")
    return list_added_code(fix_patch_text(make_patch(f" \tint ret;\n \n+{body}\n \tint more;")))


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("\tfrob_stop(frob); // the link is up", "\tfrob_stop(frob); /* the link is up */"),
        ('\tfrob("http://x"); //y', '\tfrob("http://x"); /* y */'),
        ("\t// the link\n\tfrob_stop(frob);", "\t/* the link */\n\tfrob_stop(frob);"),
        (
            "\t// The link is up.\n\t//\n\t//  Stop it.\n\tfrob_stop(frob);",
            "\t/*\n\t * The link is up.\n\t *\n\t * Stop it.\n\t */\n\tfrob_stop(frob);",
        ),
        (
            f"\tfrob_set_the_wait(frob, timeout); /*{LONG[:60]} */",
            f"\t/* {LONG[:60]} */\n\tfrob_set_the_wait(frob, timeout);",
        ),
        (
            f"\tfrob_set_wait(frob,timeout); // {LONG}",
            f"\t/*\n\t * {LONG[:63]}\n\t * {LONG[64:]}\n\t */\n\tfrob_set_wait(frob, timeout);",
        ),
        (
            f"{LONG_CALL} // the first",
            "\t/* the first */\n"
            "\tret = frob_wait_for_the_link(frob->parent->link,\n"
            "\t\t\t\t     frob->timeout_in_milliseconds,\n"
            "\t\t\t\t     frob->flags_of_link);",
        ),
        (
            "\tret = frob_wait_for_the_link(frob->parent, frob->timeout_of_a_link); // wait",
            "\t/* wait */\n\tret = frob_wait_for_the_link(frob->parent, frob->timeout_of_a_link);",
        ),
        ("\tfrob_stop(frob);;", "\tfrob_stop(frob);"),
        ("\treturn -EINVAL ; ; ", "\treturn -EINVAL;"),
        (
            "\tif (up)\n\t\tfrob_go();\n\n\telse\n\t\tfrob_stop();",
            "\tif (up)\n\t\tfrob_go();\n\telse\n\t\tfrob_stop();",
        ),
        (
            "\tif (up) {\n\t\tfrob_go();\n\t\tup = 0;\n\n\n\t}",
            "\tif (up) {\n\t\tfrob_go();\n\t\tup = 0;\n\t}",
        ),
        (
            "\tret = frob(up); /* it */\n\n\tif (ret)\n\t\treturn ret;",
            "\tret = frob(up); /* it */\n\tif (ret)\n\t\treturn ret;",
        ),
        (
            "/**\n * frob_stop - stop it\n\n * The link stays powered.\n */\n",
            "/**\n * frob_stop - stop it\n *\n * The link stays powered.\n */\n",
        ),
    ],
)
def test_certain_fix_is_applied(bad: str, good: str) -> None:
    assert fix_added_code(bad) == good


@pytest.mark.parametrize(
    "code",
    [
        "\tfrob_stop(frob); // the link */ is up",
        "\tfrob_stop(frob); // the link \\\n\tis up",
        "\t// the link /* is */ up",
        "\tfor (ret = 0;;",
        f"\tif (ret)\n\t\treturn frob_wait(ret, 1); /* {LONG} */",
        f"\tfrob_set(frob,\n\t\t timeout_of_link); /* {LONG} */",
        f"\tfrob_set_wait(frob, timeout); /* a */ /* {LONG} */",
    ],
)
def test_uncertain_code_is_kept(code: str) -> None:
    assert fix_added_code(code) == code

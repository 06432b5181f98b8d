# SPDX-License-Identifier: GPL-2.0-or-later
"""Test trees whose MAINTAINERS or get_maintainer.pl is slightly different. They need no special
code.
"""

from pathlib import Path

from tests.kit.cli import call
from tests.kit.maintainers import build_widget_patch, write_widget_tree

OTHER = """\
Committers
----------
M: Pat Push <pat@other.example>

Everything else
L: all@other.example
F: *
F: */

Pairs
M: Quin Pair <quin@other.example>
R: Rex Read <rex@other.example>
S: Supported
T: git://git.other.example/next
F: src/{one,two}.c
K: ^Subject:.*(?i)pairs

THE REST
M: Top Person <top@other.example>
S: Supported
F: *
F: */
"""

SCRIPT = r"""
my $email_remove_duplicates = 0;
my $output_rolestats = 0;
my $email_drop_the_rest_supporter_if_supporter_found = 1;
sub get_maintainer_role {
    my $role;
    $role = $pvalue;
    if ($role eq "supported") {
	$role = "supporter";
    }
}
sub add_categories {
		    push_email_addresses($pvalue, 'reviewer');
}
"""


def test_other_maintainers_formats_are_read(tmp_path: Path) -> None:
    tree = write_widget_tree(tmp_path / "tree", MAINTAINERS=OTHER, **{"src__two.c": "int two;\n"})
    file = tmp_path / "x.patch"
    file.write_text(build_widget_patch("src/two.c"))
    (plan,) = call("maintainers --format json --tree", tree, file).json["results"]
    assert [recipient["email"] for recipient in plan["recipients"]] == [
        "quin@other.example",
        "top@other.example",
        "all@other.example",
        "rex@other.example",
        "nia@newcomers.example",
    ]
    file.write_text(build_widget_patch("lib/plain.c", subject="PAIRS: x"))
    (plan,) = call("maintainers --format json --tree", tree, file).json["results"]
    assert "quin@other.example" in [recipient["email"] for recipient in plan["recipients"]]


def test_tree_script_variants_are_followed(tmp_path: Path) -> None:
    tree = write_widget_tree(
        tmp_path / "tree",
        MAINTAINERS=OTHER,
        scripts__get_maintainer_pl="",
        **{"src__two.c": "int two;\n"},
    )
    (tree / "scripts" / "get_maintainer.pl").write_text(SCRIPT)

    def list_output_lines(path: str, *arguments: str) -> list[str]:
        return call(
            "maintainers --format get_maintainer --tree", tree, *arguments, "-f", path
        ).out.splitlines()

    assert list_output_lines("src/two.c") == [
        "Quin Pair <quin@other.example>",
        "Rex Read <rex@other.example>",
        "all@other.example",
    ]
    assert list_output_lines("src/two.c", "--roles")[:2] == [
        "Quin Pair <quin@other.example> (supporter:Pairs)",
        "Rex Read <rex@other.example> (reviewer)",
    ]
    assert (
        list_output_lines("lib/plain.c", "--roles")[0]
        == "Top Person <top@other.example> (supporter:THE REST)"
    )

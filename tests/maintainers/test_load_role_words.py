# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading the names of roles from get_maintainer.pl."""

from patchpilot.maintainers.load import RoleWords, read_role_words

SCRIPT = r"""
my $email_git = 1;
my $email_git_since = "6-months-ago";
my $output_section_maxlen = 30;
push(@penguin_chief, "Top Person:top\@example.org");
#push(@penguin_chief, "Not Any More:gone\@example.org");
push(@signature_tags, "Signed-off-by:");

sub get_maintainer_role {
    my $role = "nobody";
	    if ($ptype eq "S") {
		$role = $pvalue;
	    }
    $role = lc($role);
    if ($role eq "supported") {
	$role = "keeper";
    } elsif ($role eq "orphan") {
	$role = "finder";
    }
}
sub get_list_role {
    if ($subsystem eq "EVERYTHING") {
    }
}
sub add_categories {
		push(@list_to, [$list_address, "closed subscriber list${list_role}"]);
		push(@list_to, [$list_address, "open talk list${list_role}"]);
		push_email_addresses($pvalue, "reader:$subsystem");
}
"""


def test_role_names_come_from_the_script() -> None:
    words = read_role_words(SCRIPT)
    assert words.maintainer("Supported") == "keeper"
    assert words.maintainer("Orphan") == "finder"
    assert words.maintainer("Odd Fixes") == "odd fixes"
    assert words.maintainer(None) == "nobody"
    assert words.open_list == "open talk list"
    assert words.subscriber_list == "closed subscriber list"
    assert words.moderated_list == "moderated list"
    assert words.reviewer == "reader"
    assert words.rest == "EVERYTHING"
    assert words.chiefs == (("Top Person", "top@example.org"),)
    assert words.signatures == ("Signed-off-by:",)
    assert words.name_length == 30
    assert dict(words.defaults)["email_git"] == "1"


def test_default_roles_need_no_script() -> None:
    assert read_role_words(None) == RoleWords()
    assert RoleWords().maintainer("Supported") == "supporter"


def test_script_with_fixed_roles_is_supported() -> None:
    script = (
        "sub get_maintainer_role {\n"
        ' my $role = "maintainer";\n'
        ' if ($status eq "buried alive in reporters") { $role = "chief"; }\n'
        "}\n"
    )
    words = read_role_words(script)
    assert words.maintainer("Supported") == "maintainer"
    assert words.maintainer("Buried alive in reporters") == "chief"


def test_script_behavior_is_detected_from_its_text() -> None:
    older = read_role_words(
        "sub get_subsystem_name {\n"
        "    if (length($subsystem) > 20) {\n"
        "\t$subsystem = substr($subsystem, 0, 17);\n"
        "    }\n"
        "}\n"
    )
    assert older.name_length == 20
    assert not older.maps_file_emails
    assert read_role_words(
        "foreach my $email (@file_emails) {\n\t$email = mailmap_email($email);\n"
    ).maps_file_emails
    assert (
        read_role_words(None).name_length,
        read_role_words(None).maps_file_emails,
    ) == (
        50,
        True,
    )

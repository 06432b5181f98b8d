# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings: later wins, and a tree may not name what is the person's."""

import pytest

from patchpilot.config import load
from patchpilot.errors import InputError, UsageError


def test_later_wins_and_knows_where_it_came_from() -> None:
    settings = load(
        "strict = true\nmax-line-length = 80\n",
        {"patchpilot.maxlinelength": ["90"]},
        {"max-line-length": "120"},
    )
    assert settings.get("max-line-length") == "120"
    assert settings.flag("strict")
    assert {one.name: one.origin for one in settings.all}["max-line-length"] == "flag"


@pytest.mark.parametrize(
    "text",
    [
        'via = "b4"',
        'lore = "http://evil.example"',
        'editor = "rm"',
        'packs = ["/etc/passwd"]',
        'packs = ["../x.toml"]',
    ],
)
def test_a_tree_names_no_command_server_or_outside_path(text: str) -> None:
    with pytest.raises(InputError):
        load(text)


def test_a_misspelt_setting_names_the_nearest() -> None:
    with pytest.raises(InputError) as error:
        load('profil = "linux"')
    assert "profile" in (error.value.hint or "")
    with pytest.raises(UsageError):
        load(flags={"nonsense": "1"})


def test_a_malformed_file_is_named() -> None:
    with pytest.raises(InputError, match=r"\.patchpilot\.toml"):
        load("= =")

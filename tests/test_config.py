# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that later settings override earlier ones, and that a tree cannot change the user's own
settings.
"""

import pytest

from patchpilot.config import load_settings
from patchpilot.errors import InputError, PatchpilotError, UsageError


def test_later_setting_wins() -> None:
    settings = load_settings(
        "strict = true\nmax-line-length = 80\n",
        {"patchpilot.maxlinelength": ["90"]},
        {"max-line-length": "120"},
    )
    assert settings.get("max-line-length") == "120"
    assert settings.flag("strict")
    assert {setting.name: setting.origin for setting in settings.all}["max-line-length"] == "flag"


@pytest.mark.parametrize(
    "text",
    [
        'via = "b4"',
        'lore = "http://evil.example"',
        'mailbox = "/etc"',
        'patchwork = "https://evil.example"',
        'packs = ["/etc/passwd"]',
        'packs = ["../x.toml"]',
    ],
)
def test_tree_settings_are_restricted(text: str) -> None:
    with pytest.raises(InputError):
        load_settings(text)


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        ("https://patchwork.example.org", True),
        ("https://patchwork.example.org:8443/pw/project/demo/list/", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000/", True),
        ("http://localhost/", True),
        ("", True),
        ("http://patchwork.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("http://127.0.0.1@example.org", False),
        ("https://user:secret@patchwork.example.org", False),
        ("https://patchwork.example.org/?project=demo", False),
        ("https://patchwork.example.org/#x", False),
        ("javascript:alert(1)", False),
        ("/var/lib/patchwork", False),
    ],
)
def test_patchwork_server_needs_https_or_this_machine(value: str, is_valid: bool) -> None:
    problems: list[PatchpilotError] = []
    settings = load_settings(git_config={"patchpilot.patchwork": [value]}, problems=problems)
    assert settings.get("patchwork") == (value if is_valid else "")
    assert len(problems) == (not is_valid)


def test_misspelled_setting_suggests_the_nearest() -> None:
    with pytest.raises(InputError) as error:
        load_settings('profil = "linux"')
    assert "profile" in (error.value.hint or "")
    with pytest.raises(UsageError):
        load_settings(flags={"nonsense": "1"})


def test_malformed_file_is_reported() -> None:
    with pytest.raises(InputError, match=r"\.patchpilot\.toml"):
        load_settings("= =")


@pytest.mark.parametrize(
    ("mask", "archive"),
    [
        ("https://mine.example.org/all/%s", "https://mine.example.org/all"),
        ("https://mine.example.org/?q=%s", "https://lore.kernel.org/all"),
        ("file:///etc/%s/x", "https://lore.kernel.org/all"),
        ("not a URL/%s", "https://lore.kernel.org/all"),
    ],
)
def test_b4_archive_needs_a_valid_mask(mask: str, archive: str) -> None:
    settings = load_settings(git_config={"b4.midmask": [mask]})
    assert settings.get("lore") == archive
    assert settings.unread == ()


@pytest.mark.parametrize("last", [False, True])
def test_own_setting_overrides_b4(last: bool) -> None:
    values = {
        "b4.midmask": ["https://mine.example.org/all/%s"],
        "patchpilot.lore": ["https://own.example.org"],
    }
    settings = load_settings(git_config=dict(sorted(values.items(), reverse=last)))
    assert settings.of("lore").value == "https://own.example.org"
    assert settings.of("lore").origin == "git config"

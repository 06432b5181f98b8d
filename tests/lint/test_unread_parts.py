# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that parts of a patch that no rule reads are named."""

import pytest

from patchpilot.checking.driver import Driver
from patchpilot.lint.lint_context import Options
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from tests.kit.snippets import mail

IDS = "index 1111111111..2222222222 100644\n"
BINARY_FORMS = ("Binary files a/{path} and b/{path} differ\n", "GIT binary patch\nliteral 0\n\n")


def find_unread(diff: str) -> list[tuple[str, str | None]]:
    """Return the name and path of each finding about a binary file."""
    patch = parse_patch(mail("frob: add it", "It is needed.", diff).encode(), "x.patch")
    result = Driver(Options()).check([Series((patch,))])
    names = ("binary-not-checked", "text-as-binary")
    return [(each.name, each.path) for each in result.all if each.name in names]


@pytest.mark.parametrize("form", BINARY_FORMS)
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("logo.png", "binary-not-checked"),
        ("firmware/frob", "binary-not-checked"),
        ("my images/a logo.gif", "binary-not-checked"),
        ("drivers/frob.c", "text-as-binary"),
        ("my drivers/a frob.c", "text-as-binary"),
    ],
)
def test_binary_file_is_named_once(form: str, path: str, name: str) -> None:
    diff = f"diff --git a/{path} b/{path}\n{IDS}{form.format(path=path)}"
    assert find_unread(diff) == [(name, path)]


def test_removed_and_renamed_binary_files_have_no_new_content() -> None:
    removed = f"diff --git a/a.png b/a.png\ndeleted file mode 100644\n{IDS}"
    renamed = (
        "diff --git a/b.png b/c.png\nsimilarity index 100%\nrename from b.png\nrename to c.png\n"
    )
    assert not find_unread(f"{removed}Binary files a/a.png and /dev/null differ\n{renamed}")

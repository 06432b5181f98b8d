# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which patch the list of review requests names."""

from pathlib import Path

import pytest

from tests.kit.life import create_life


@pytest.mark.parametrize(("patches", "named"), [(1, "on v1  <"), (2, "on v1, patch 1  <")])
def test_patch_is_named_only_in_a_series(tmp_path: Path, patches: int, named: str) -> None:
    with create_life(tmp_path, patches=patches) as author:
        first = author.send()
        author.add_reply(first, "Please add a test for line 1.")
        assert named in author.track("show 1 --ledger").out

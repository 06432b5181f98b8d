# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the stylesheets of the small apps only once for all tests."""

from collections.abc import Iterator

import pytest

from tests.kit.stylesheets import cache_parsed_rules


@pytest.fixture(scope="session", autouse=True)
def _share_stylesheets() -> Iterator[None]:
    with cache_parsed_rules():
        yield

# SPDX-License-Identifier: GPL-2.0-or-later
"""The stylesheets of small apps with one widget, parsed once."""

from collections.abc import Iterator

import pytest

from tests.kit.stylesheets import parsed_once


@pytest.fixture(scope="session", autouse=True)
def _stylesheets() -> Iterator[None]:
    with parsed_once():
        yield

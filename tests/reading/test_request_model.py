# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading the weights of words in requests, and splitting sentences into words."""

from collections.abc import Callable

import pytest

from patchpilot.errors import PackError
from patchpilot.reading import request_model
from patchpilot.reading.request_model import load_shipped_weights, split_words
from tests.kit.growth import measure_exponent


def test_unreadable_weights_are_reported(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_model, "data_dir", lambda _name: tmp_path)
    with pytest.raises(PackError, match=r"requests\.tsv"):
        load_shipped_weights.__wrapped__()


@pytest.mark.parametrize("token", ["-", "(", "a-", "a.", "&", "'", "1."])
def test_time_of_a_long_sentence_is_linear(token: str) -> None:
    def make_task(size: int) -> Callable[[], object]:
        return lambda: split_words(token * size)

    assert measure_exponent(make_task, 1_000, 4_000, enough=1.4) <= 1.4

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading the weights of words in requests, and splitting sentences into words."""

from collections.abc import Callable

import pytest

from patchpilot.errors import PackError
from patchpilot.model.mail import parse_mail
from patchpilot.reading import request_model
from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.request_model import load_shipped_weights
from tests.kit.growth import measure_exponent
from tests.kit.mails import build_mail


def test_unreadable_weights_are_reported(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_model, "data_dir", lambda _name: tmp_path)
    with pytest.raises(PackError, match=r"requests\.tsv"):
        load_shipped_weights.__wrapped__()


@pytest.mark.parametrize("token", ["-", "(", "a-", "a.", "&", "'", "1.", ".", "a ", "?"])
def test_time_of_a_long_sentence_is_linear(token: str) -> None:
    def make_task(size: int) -> Callable[[], object]:
        message = parse_mail(build_mail("Re: [PATCH] x", f"Yes {token * size}\n", reply_to="v1"))
        return lambda: classify(message)

    assert measure_exponent(make_task, 2_000, 8_000, enough=1.3) <= 1.3

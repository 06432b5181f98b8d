# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading the weights of words in requests."""

import pytest

from patchpilot.errors import PackError
from patchpilot.reading import request_model
from patchpilot.reading.request_model import load_shipped_weights


def test_unreadable_weights_are_reported(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_model, "data_dir", lambda _name: tmp_path)
    with pytest.raises(PackError, match=r"requests\.tsv"):
        load_shipped_weights.__wrapped__()

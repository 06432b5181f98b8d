# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that compressed data is read completely. If it exceeds a limit, it is rejected."""

import gzip

import pytest

from patchpilot.errors import InputError
from patchpilot.model.bounded_gzip import unpack_gzip


def test_every_gzip_member_is_read() -> None:
    assert (
        unpack_gzip(gzip.compress(b"one\n") + gzip.compress(b"two\n"), "x.gz", 100) == b"one\ntwo\n"
    )
    assert unpack_gzip(b"plain", "x", 3) == b"plain"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (gzip.compress(b"a" * 100)[:-9], "truncated"),
        (b"\x1f\x8bgarbage", "damaged"),
        (gzip.compress(b"a" * 5000), "after decompression"),
    ],
    ids=["truncated", "damaged", "after decompression"],
)
def test_damaged_or_oversized_data_is_refused(data: bytes, word: str) -> None:
    with pytest.raises(InputError, match=word):
        unpack_gzip(data, "x.gz", 1000)

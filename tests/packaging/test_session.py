# SPDX-License-Identifier: GPL-2.0-or-later
"""The recorded session is one that players and browsers show, and the README shows it."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "docs" / "assets"
SEEN = (
    "1/8 You are Robin",
    "missing-fixes",
    "Maya Okafor",
    "Where the bug is",
    "of 6 branches need",
    "1 of 1 message accepted",
    "Requests",
    "v2: 1 of 1 message accepted",
    "Now try your own tree",
    "using mainline commit",
)
"""Words of the screens from the first to the last."""


def test_the_recording_goes_from_the_first_screen_to_the_end() -> None:
    head, *events = [
        json.loads(line)
        for line in (ASSETS / "session.cast").read_text(encoding="utf-8").splitlines()
    ]
    assert (head["version"], head["width"], head["height"]) == (2, 120, 34)
    times = [at for at, kind, _ in events if kind == "o"]
    assert len(times) == len(events)
    assert times == sorted(times)
    assert times[-1] < 180
    whole = "".join(text for _, _, text in events)
    at = 0
    for words in SEEN:
        # a name may be on an earlier screen, too
        at = whole.find(words, at)
        assert at >= 0, words


def test_the_moving_picture_has_the_same_screens_and_nothing_from_elsewhere() -> None:
    text = (ASSETS / "session.svg").read_text(encoding="utf-8")
    words = " ".join(ET.fromstring(text).itertext())
    assert [name for name in SEEN if name not in words] == []
    assert text.count("http") == text.count("http://www.w3.org/2000/svg") + words.count(
        "http"
    )
    assert (
        max((ASSETS / f"session.{kind}").stat().st_size for kind in ("svg", "cast"))
        < 1_500_000
    )
    assert "docs/assets/session.svg" in (ROOT / "README.md").read_text(encoding="utf-8")

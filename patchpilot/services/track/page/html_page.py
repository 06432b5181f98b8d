# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes tracked series as a single HTML page.

The page loads no files and runs no scripts, and shows the text of messages only as text.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from string import Template

from patchpilot.model.counted import counted
from patchpilot.resources import data_dir
from patchpilot.services.track.page.markup import element
from patchpilot.services.track.page.overview import overview
from patchpilot.services.track.page.series_article import series_article
from patchpilot.services.track.series_turns import by_turn
from patchpilot.topic.followed.known_series import Tracked


def as_html(series: Sequence[Tracked], now: datetime) -> str:
    """Returns the HTML page: an overview and then each series, sorted by whose turn it is."""
    folder = data_dir("templates")
    style = (folder / "track.css").read_text(encoding="utf-8")
    page = Template((folder / "track.html").read_text(encoding="utf-8"))
    groups = by_turn(series)
    articles = [
        series_article(tracked, now) for group in groups.values() for tracked in group
    ]
    return page.substitute(
        # only this style is allowed: a hash names its bytes, and no attribute may add to it
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        style=style,
        count=counted(len(series), "series", "series"),
        date=f"{now:%Y-%m-%d %H:%M} UTC",
        overview=overview(groups, now)
        if groups
        else element("p", "No series is tracked."),
        series="\n".join(articles),
    )

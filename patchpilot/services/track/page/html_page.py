# SPDX-License-Identifier: GPL-2.0-or-later
"""Followed series as one HTML page: it loads nothing, runs no script, and shows all text of mails
as text.
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
    """The page: an overview by whose turn it is, then each series in the same order."""
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

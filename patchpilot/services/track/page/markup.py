# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds HTML and SVG from elements.

All text is escaped when it is added, so that no text in a message can become markup.
"""

import html

from patchpilot.model.printable import printable

_EMPTY = ("circle", "line", "path", "rect")
_SAFE = ("https://", "http://", "#")


class Markup(str):
    """A string of valid HTML; only `element`, `escaped` and `joined` create it."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Returns the text as HTML, with special characters escaped.

    Control characters and bidirectional formatting characters are made visible.
    """
    return text if isinstance(text, Markup) else Markup(html.escape(printable(text)))


def joined(*parts: str) -> Markup:
    """Joins several parts into one; parts that are not `Markup` are escaped."""
    return Markup("".join(map(escaped, parts)))


def element(name: str, *content: str, **attributes: str | int | float | None) -> Markup:
    """Returns an element with its content and attributes.

    An attribute with the value None is omitted. `class_` and `data_label` get their HTML
    spelling.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(printable(_plain(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY and not content:
        return Markup(f"<{name}{shown}/>")
    return Markup(f"<{name}{shown}>{joined(*content)}</{name}>")


def link(address: str, *content: str, **attributes: str | int | float | None) -> Markup:
    """Returns a link to a web address or to an anchor on the page.

    For any other address, the content is returned without a link.
    """
    if not address.startswith(_SAFE):
        return joined(*content)
    outside = None if address.startswith("#") else "noopener noreferrer"
    return element("a", *content, href=address, rel=outside, **attributes)


def _plain(value: str | float) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)

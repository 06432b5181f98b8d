# SPDX-License-Identifier: GPL-2.0-or-later
"""HTML and SVG built from elements: all text is escaped where it enters, so that nothing a mail
says can become markup.
"""

import html

from patchpilot.model.printable import printable

_EMPTY = ("circle", "line", "path", "rect")
_SAFE = ("https://", "http://", "#")


class Markup(str):
    """Text that is HTML already: made by `element` and `joined` only."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Any text as HTML: escaped, and its control and bidi characters made visible."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable(text)))


def joined(*parts: str) -> Markup:
    """Several parts as one; those that are no markup are escaped."""
    return Markup("".join(map(escaped, parts)))


def element(name: str, *content: str, **attributes: str | int | float | None) -> Markup:
    """An element with its content.

    An attribute that is None is left out, and `class_` and `data_label` are spelled as HTML spells
    them.
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
    """A link; what is neither a web address nor a place on the page stays text."""
    if not address.startswith(_SAFE):
        return joined(*content)
    outside = None if address.startswith("#") else "noopener noreferrer"
    return element("a", *content, href=address, rel=outside, **attributes)


def _plain(value: str | float) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)

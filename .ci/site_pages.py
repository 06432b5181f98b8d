# SPDX-License-Identifier: GPL-2.0-or-later
"""Adapt the Markdown and the HTML of a page for the site."""

import re
from collections import Counter
from typing import Any

ELSEWHERE = re.compile(r'<script src="https://unpkg\.com/iframe-worker/shim"></script>')


def local(page: str, root: str) -> str:
    """Make the page load the site's search from `root`, which is the top of the site.

    Raise ValueError if the page loads something from another host.
    """
    script = f'<script src="{root}assets/search.js"></script>'
    page = ELSEWHERE.sub(script, page)
    match = re.search(r"""<(?:script|link|img|iframe)[^>]*\ssrc=["']?https?:[^>]*>""", page)
    if match:
        raise ValueError(f"a page loads something from elsewhere: {match[0]}")
    return page


def whole_options(page: str) -> str:
    """Mark each option in the code of a paragraph or table, so that no line ends after its "--"."""
    parts = re.split(r"(<pre.*?</pre>|<code>[^<]*</code>)", page, flags=re.DOTALL)
    for index, part in enumerate(parts):
        if part.startswith("<code>"):
            parts[index] = re.sub(
                r"(?<![\w-])--[a-z][\w-]*", r'<span class="whole">\g<0></span>', part
            )
    return "".join(parts)


def heading_first(markdown: str) -> str:
    """Remove comments before the heading: mkdocs reads a title only from a page's first element."""
    return re.sub(r"\A(\s*<!--.*?-->\s*)+(?=# )", "", markdown, flags=re.DOTALL)


def plain_pipes(markdown: str) -> str:
    """Remove the backslash from each escaped "|" in the code of tables: the site would show it."""
    return re.sub(
        r"^\|.*",
        lambda row: re.sub(r"`[^`]*`", lambda code: code[0].replace("\\|", "|"), row[0]),
        markdown,
        flags=re.MULTILINE,
    )


def linked_pictures(markdown: str) -> str:
    """Make each picture a link to its file, where it can be enlarged."""
    return re.sub(r"^(!\[[^]]*\]\(([^)\s]+)\))$", r"[\1](\2)", markdown, flags=re.MULTILINE)


def with_search_words(index: dict[str, Any], words: dict[str, Any]) -> dict[str, Any]:
    """Return the index of the site's search with the words of `.ci/search_words.toml`.

    Raise ValueError if a page or section does not exist, or if the lists of more than four pages
    have a word.
    """
    pages: dict[str, str] = words["pages"]
    docs = {doc["location"].replace(".html", "", 1): doc for doc in index["docs"]}
    if missing := sorted(pages.keys() - docs.keys()):
        raise ValueError(f"search words for pages that do not exist: {', '.join(missing)}")
    lists: dict[str, set[str]] = {}
    for path, text in pages.items():
        lists.setdefault(path.partition("#")[0], set()).update(text.split())
    counts = Counter(word for listed in lists.values() for word in listed)
    if common := sorted(word for word, count in counts.items() if count > 4):
        raise ValueError(f"search words of more than four pages: {', '.join(common)}")
    made = [
        doc | {"words": " ".join(pages[path].split())} if path in pages else doc
        for path, doc in docs.items()
    ]
    return index | {"config": index["config"] | {"same": words["same"]}, "docs": made}

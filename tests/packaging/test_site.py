# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the pages of the documentation's site, and its search."""

import json
import runpy
import shutil
import subprocess
import tomllib
from typing import Any

import pytest
import yaml

from tests.kit.source import ROOT

PAGES = runpy.run_path(str(ROOT / ".ci/site_pages.py"))
LOCAL = PAGES["local"]
DOCS = [
    {"location": "send.html", "title": "Send", "text": "<p>Show the messages, then send.</p>"},
    {
        "location": "send.html#embargo",
        "title": "Undisclosed fixes",
        "text": "<p>Some are under embargo.</p>",
    },
    {
        "location": "check.html",
        "title": "Check patches",
        "text": "<p><code>check --fix</code> and <code>patchpilot.fail-on</code>; a &lt;b&gt;</p>",
    },
    {
        "location": "rules.html",
        "title": "Rules",
        "text": "fix, fixes, fixed, a fixing send",
    },
    {"location": "keys.html", "title": "Keys", "text": "Moderators hold messages"},
]
WORDS = {"keys.html": "shortcut", "send.html#embargo": "vulnerability secret"}


def test_site_runs_only_our_script() -> None:
    page = '<script src="https://unpkg.com/iframe-worker/shim"></script>'
    assert LOCAL(page, "../") == ('<script src="../assets/search.js"></script>')
    assert (ROOT / "docs/assets/search.js").exists()


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        "<img alt=x src=http://example.org/x.png>",
    ],
)
def test_external_resource_fails_the_build(page: str) -> None:
    with pytest.raises(ValueError, match="elsewhere"):
        LOCAL(page, "")


def test_external_links_are_unchanged() -> None:
    page = '<a href="https://lore.kernel.org/">lore</a>'
    assert LOCAL(page, "") == page


def test_fonts_are_not_fetched() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert config["theme"]["font"] is False


def search(
    *queries: str, docs: list[dict[str, str]] = DOCS, same: tuple[str, ...] = ()
) -> list[list[list[dict[str, str]]]]:
    """Return the pages that the site's search finds in `docs` for each query."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing: the search of the site was not tried")
    program = (
        "const Search = require(process.argv[1]);"
        "const [docs, same, queries] = JSON.parse(require('fs').readFileSync(0));"
        "const search = new Search(docs, same);"
        "console.log(JSON.stringify(queries.map((query) => search.search(query))))"
    )
    script = ROOT / "docs/assets/search.js"
    done = subprocess.run(
        [node, "-e", program, str(script)],
        input=json.dumps([docs, same, queries]),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[list[dict[str, str]]]] = json.loads(done.stdout)
    return found


def first_pages(found: list[list[list[dict[str, str]]]]) -> list[str]:
    """Return the first page of each result, or "" if nothing was found."""
    return [pages[0][0]["location"].partition("#")[0] if pages else "" for pages in found]


def test_search_finds_options_settings_and_forms_of_words() -> None:
    expected = {
        "--fix": "check.html",
        "check --fix": "check.html",
        "patchpilot.fail-on": "check.html",
        "fail-on": "check.html",
        "held by the moderator": "keys.html",
        "embargoed security fix": "send.html",
        "how do I send": "send.html",
        "embar": "send.html",
    }
    firsts = first_pages(search(*expected))
    assert dict(zip(expected, firsts, strict=True)) == expected


def test_search_answers_any_input() -> None:
    assert search("", "-", "--", "how", "zzz", "constructor", '^~*+:"<') == [[]] * 7


def test_search_result_marks_words_and_escapes_the_text() -> None:
    [[[best, *rest], *_]] = search("check --fix")
    assert (best["location"], rest) == ("check.html", [])
    assert "<mark>--fix</mark>" in best["text"]
    assert "&lt;b&gt;" in best["text"]
    assert "<b>" not in best["text"]
    [[sections]] = search("embargo")
    assert [section["location"] for section in sections] == ["send.html#embargo", "send.html"]


def test_options_in_code_are_kept_whole() -> None:
    whole = PAGES["whole_options"]
    assert (
        whole("<td><code>send --dry-run -q</code></td>")
        == '<td><code>send <span class="whole">--dry-run</span> -q</code></td>'
    )
    for unchanged in (
        "<pre><code>send --dry-run</code></pre>",
        "<p>--fix</p>",
        "<code>a--b</code>",
    ):
        assert whole(unchanged) == unchanged


def test_search_finds_misspelled_words() -> None:
    found = search("embarog", "modrator holds", "mesages", "emborga", "wich embargo")
    assert first_pages(found) == ["send.html", "keys.html", "keys.html", "", "send.html"]
    [[[best, *_], *_]] = search("embarog")
    assert best["terms"] == {"embarog": True}
    assert "<mark>embargo</mark>" in best["text"]


def test_page_is_adapted_for_the_site() -> None:
    assert PAGES["heading_first"]("<!-- SPDX -->\n<!-- x -->\n\n# Title\n") == "# Title\n"
    assert PAGES["heading_first"]("# Title\n<!-- x -->\n") == "# Title\n<!-- x -->\n"
    table = "| `--in A\\|B` | one \\| two |\n\n    grep 'a\\|b'\n"
    assert PAGES["plain_pipes"](table) == "| `--in A|B` | one \\| two |\n\n    grep 'a\\|b'\n"
    picture = "![The stage](../assets/x.svg)\n"
    assert PAGES["linked_pictures"](picture) == "[![The stage](../assets/x.svg)](../assets/x.svg)\n"


def test_search_finds_pages_and_sections_by_their_search_words() -> None:
    docs = [
        doc | {"words": words} if (words := WORDS.get(doc["location"])) else doc for doc in DOCS
    ]
    assert search("shortcut", "vulnerability") == [[], []]
    found = search("shortcut", "a vulnerability", docs=docs)
    assert [pages[0][0]["location"] for pages in found] == ["keys.html", "send.html#embargo"]
    # a word of the list is stronger than one occurrence in a text, and is not shown as missing
    [[[best, *_], *_]] = search("a fixing shortcut", docs=docs)
    assert (best["location"], best["terms"]["shortcut"]) == ("keys.html", True)
    assert "shortcut" not in best["text"]


def test_search_finds_words_with_the_same_meaning() -> None:
    found = search("secrecy", "confidential", "secrecy rules", same=("embargo secrecy", "x y"))
    assert first_pages(found) == ["send.html", "", "rules.html"]
    [[[best, *_], *_]] = search("secrecy", same=("embargo secrecy",))
    assert "<mark>embargo</mark>" in best["text"]


def test_search_weighs_the_written_form_and_not_the_number() -> None:
    docs = [
        {"location": "tag.html", "title": "A", "text": "the line of a fixes tag"},
        {"location": "fix.html", "title": "B", "text": "the line of a fixed tag"},
        {"location": "old.html", "title": "C", "text": "an example of 5.15 in some text"},
        {"location": "cve.html", "title": "D", "text": "a vulnerable branch in some text"},
    ]
    found = search("fixes", "fixed", "5.15", "vulnerable in 5.15", docs=docs)
    assert first_pages(found) == ["tag.html", "fix.html", "old.html", "cve.html"]


def test_search_answers_the_messages_of_the_theme() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing: the search of the site was not tried")
    program = (
        "const window = {};"
        "require('vm').runInNewContext(require('fs').readFileSync(process.argv[1], 'utf8'),"
        " { window, EventTarget, MessageEvent, setTimeout });"
        "const worker = new window.Worker();"
        "worker.addEventListener('message', ({ data: { type, data } }) => {"
        " if (type === 1) worker.postMessage({ type: 2, data: 'secrecy' });"
        " else console.log(data.items[0][0].location) });"
        "const data = JSON.parse(require('fs').readFileSync(0));"
        "worker.postMessage({ type: 0, data });"
    )
    done = subprocess.run(
        [node, "-e", program, str(ROOT / "docs/assets/search.js")],
        input=json.dumps({"config": {"same": ["embargo secrecy"]}, "docs": DOCS}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "send.html#embargo\n"


def test_search_words_are_added_to_the_index() -> None:
    add = PAGES["with_search_words"]
    index: dict[str, Any] = {"config": {"lang": ["en"]}, "docs": DOCS}
    words: dict[str, Any] = {
        "same": ["mail message"],
        "pages": {"send#embargo": "secret\n  leak\n"},
    }
    made = add(index, words)
    assert made["config"] == {"lang": ["en"], "same": ["mail message"]}
    assert [doc.get("words") for doc in made["docs"]] == [None, "secret leak", None, None, None]
    with pytest.raises(ValueError, match=r"do not exist: send#x"):
        add(index, words | {"pages": {"send#x": "secret"}})
    pages = ["send", "send#embargo", "check", "rules", "keys"]
    assert add(index, words | {"pages": dict.fromkeys(pages, "secret")})
    docs = [*DOCS, {"location": "more.html", "title": "More", "text": ""}]
    with pytest.raises(ValueError, match=r"more than four pages: secret"):
        add(index | {"docs": docs}, words | {"pages": dict.fromkeys([*pages, "more"], "secret")})


def test_search_words_are_words_of_pages() -> None:
    words = tomllib.loads((ROOT / ".ci/search_words.toml").read_text(encoding="utf-8"))
    generated = ("reference/rules/", "reference/cli/", "reference/keys", "reference/settings")
    for path, text in words["pages"].items():
        page = path.partition("#")[0]
        assert (
            page.startswith((*generated, "reference/troubleshooting"))
            or (ROOT / f"docs/{page}.md").exists()
        ), page
        listed = text.split()
        assert listed == sorted(set(listed)), path
        assert text == text.lower(), path
    docs = [{"location": path.replace("#", ".html#")} for path in words["pages"]]
    assert PAGES["with_search_words"]({"config": {}, "docs": docs}, words)
    for line in words["same"]:
        assert len(set(line.split())) == len(line.split()) > 1, line

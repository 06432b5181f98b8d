# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of `track export --format html`: well formed, self-contained, legible, and nothing in it
comes from a mail as markup.
"""

import base64
import hashlib
import html
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from patchpilot.archive.archive import LORE
from patchpilot.archive.track_store import default_file
from patchpilot.resources import data_dir
from patchpilot.services.track.page.time_scale import TimeScale
from patchpilot.topic.followed.known_series import open_store
from tests.kit.cli import call
from tests.kit.mails import ADA, MATT, RITA, applied_by_robot, mail, mbox, patch, reply
from tests.kit.repos import Repo
from tests.reading import story
from tests.reading.story import SHA, TITLE

VOID = {"meta", "circle", "line", "path", "rect"}
BREAKOUT = (
    '</pre></title><script>alert(1)</script><img src=x onerror=alert(2)>" style="x" \' {{x}} ${x}'
    " &lt;b&gt;"
)


class Page(HTMLParser):
    """What a page has: its elements with their attributes, its text, and whether every element is
    closed where it should be.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [
            value or ""
            for _, attributes in self.elements
            for key, value in attributes.items()
            if key == name
        ]

    def text(self) -> str:
        """What a reader sees."""
        return " ".join(
            " ".join(data for tag, data in self.texts if tag != "style").split()
        )


def page_of(workdir: Path, *mails: bytes) -> str:
    (workdir / "thread.mbox").write_bytes(mbox(*mails))
    assert call("track", "add", "--mbox", "thread.mbox").code == 0
    outcome = call("track", "export", "--format", "html")
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def hostile() -> Iterator[bytes]:
    yield patch(
        f"[PATCH] {BREAKOUT}",
        id='v1"><script>',
        author=f"{BREAKOUT.replace('<', '').replace('>', '')} <ada@example.org>",
    )
    yield mail(
        f"Re: [PATCH] {BREAKOUT}", f"> {BREAKOUT}\n\nPlease drop {BREAKOUT}\n\u202eReviewed-by: {BREAKOUT} <a@example.org>\n",  # noqa: E501
        sender=f'"{BREAKOUT[:30]}" <rita@example.net>', id="r\"onclick='x'", reply_to='v1"><script>', minutes=60,  # noqa: E501
    )  # fmt: skip
    yield reply(
        f"[PATCH] {BREAKOUT}",
        f"Applied to {BREAKOUT}, thanks!\ncommit: javascript:alert(1)",
        id="r2",
        reply_to='v1"><script>',
    )


@pytest.fixture
def whole(workdir: Path) -> Page:
    return Page(page_of(workdir, *story.WHOLE))


def test_every_element_is_closed_and_every_place_is_there_once(whole: Page) -> None:
    assert whole.open == []
    ids = whole.values("id")
    assert len(ids) == len(set(ids))
    links = whole.values("href")
    assert {link.removeprefix("#") for link in links if link.startswith("#")} <= set(
        ids
    )


def test_the_page_has_a_series_from_its_first_mail_to_the_stable_branches(
    whole: Page,
) -> None:
    text = whole.text()
    said = (
        TITLE,
        "in stable",
        "1 reviewed",
        "Patches and trees",
        "6.6 under review",
        "6.1 queued",
        "5.10 did not apply",
        "demo: check the return of the check",
    )
    assert [words for words in said if words not in text] == []
    assert "fixes it" in text
    drawings = [attributes for tag, attributes in whole.elements if tag == "svg"]
    assert [drawing["class"] for drawing in drawings] == [
        "timeline wide",
        "timeline narrow",
    ]
    assert "Revisions 2, Reviews" in str(drawings[0]["aria-label"])
    assert "stable 6.1 1" in str(drawings[0]["aria-label"])


def test_what_is_stated_links_to_its_proof(whole: Page) -> None:
    links = whole.values("href")
    assert "https://lore.kernel.org/all/r1@example.org/" in links
    assert f"https://git.kernel.org/torvalds/c/{SHA}" in links


def test_each_patch_is_shown_in_the_trees_that_have_it(workdir: Path) -> None:
    patches = [
        patch(f"[PATCH {number}/2] demo: part {number}", id=f"p{number}")
        for number in (1, 2)
    ]
    page = page_of(
        workdir,
        *patches,
        applied_by_robot("demo: part 2", SHA[:12], id="a", reply_to="p2", minutes=90),
    )
    (matrix,) = re.findall(r"<table class=\"cards matrix.*?</table>", page)
    first, second = re.findall(r"<tr>(.*?)</tr>", matrix)[1:]
    assert "no reply yet" in first
    assert 'class="none"' in first
    assert (
        '<span class="pill'
        f' good">applied</span><code>{SHA[:12]}</code></a><small>2024-03-04</small>'
        in second
    )
    assert 'href="https://lore.kernel.org/all/a@example.org/"' in second


def test_a_release_of_a_stable_branch_is_drawn_after_its_review(workdir: Path) -> None:
    repo = Repo(workdir / "linux")
    repo.commit(
        "start\n",
        {
            "Makefile": "VERSION = 6\n",
            "MAINTAINERS": "x\n",
            "Kbuild": "x\n",
            "Kconfig": "x\n",
        },
    )
    fix = repo.commit(
        f"{story.TITLE}\n\nCheck it.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
        {"a.c": "x\n"},
    )
    repo.branch("linux-6.6.y", f"{fix}^")
    backport = repo.commit(
        f"{story.TITLE}\n\ncommit {fix} upstream.\n",
        {"a.c": "y\n"},
        author="Ada Fixer <ada@example.org>",
    )
    repo.tag("v6.6.30")
    repo.checkout("master")
    page_of(workdir, *story.WHOLE)
    page = call("track", "export", "--format", "html", "-C", repo.path).out
    assert f"{backport[:12]} released, first in v6.6.30" in page
    assert "stable review of 6.6" in page


def test_what_is_open_is_shown_and_the_rest_of_the_ledger_is_folded(
    workdir: Path,
) -> None:
    quote = "Please add a Fixes: tag and name the net tree in the subject."
    answer = reply(
        f"[PATCH] {TITLE}",
        "It is in net already.",
        id="r2",
        reply_to="r1",
        quote=quote,
        sender=ADA,
        minutes=90,
    )
    asked = reply(
        f"[PATCH] {TITLE}",
        "Please sort the includes.",
        id="r9",
        reply_to="v1",
        minutes=70,
    )
    page = page_of(workdir, story.V1, story.REVIEW, answer, asked)
    (review,) = re.findall(r'<section class="review">.*?</section>', page, re.DOTALL)
    shown, _, folded = review.partition("<details>")
    assert "1 open" in shown
    assert "Please sort the includes." in shown
    assert "<summary>1 answered</summary>" in folded
    assert "Please add a Fixes: tag" in folded
    assert "https://lore.kernel.org/all/r2@example.org/" in folded


def test_a_series_read_from_an_archive_links_to_that_archive(workdir: Path) -> None:
    page_of(workdir, *story.BEGINNING)
    with sqlite3.connect(default_file()) as database:
        database.execute("UPDATE series SET lore = 'https://archive.example.org/demo/'")
    page = Page(call("track", "export", "--format", "html").out)
    assert "https://archive.example.org/demo/r1@example.org/" in page.values("href")


def test_nothing_is_loaded_and_nothing_runs(whole: Page) -> None:
    assert {tag for tag, _ in whole.elements} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
    } == set()
    names = {name for _, attributes in whole.elements for name in attributes}
    assert not [
        name
        for name in names
        if name.startswith("on")
        or name in ("src", "style", "srcset", "background", "action")
    ]
    style = data_dir("templates").joinpath("track.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|expression", style)


def test_the_policy_allows_this_style_and_nothing_else(whole: Page) -> None:
    (policy,) = (
        str(it["content"])
        for tag, it in whole.elements
        if tag == "meta" and it.get("http-equiv") == "Content-Security-Policy"
    )
    (style,) = (data for tag, data in whole.texts if tag == "style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert (
        policy
        == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_nothing_in_a_mail_becomes_markup(workdir: Path) -> None:
    page = Page(page_of(workdir, *hostile()))
    assert page.open == []
    assert "script" not in {tag for tag, _ in page.elements}
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in page.text()
    names = {name for _, attributes in page.elements for name in attributes}
    assert not names & {"onerror", "onclick", "style", "src"}
    assert all(link.startswith(("https://", "#")) for link in page.values("href"))
    assert "\u202e" not in "".join(data for _, data in page.texts)


def test_links_say_that_the_reader_comes_from_nowhere(whole: Page) -> None:
    outside = [
        attributes
        for tag, attributes in whole.elements
        if tag == "a" and str(attributes["href"]).startswith("https:")
    ]
    assert {attributes["rel"] for attributes in outside} == {"noopener noreferrer"}
    assert ("meta", {"name": "referrer", "content": "no-referrer"}) in whole.elements


def test_series_are_listed_by_whose_turn_it_is(workdir: Path) -> None:
    (workdir / "w").write_bytes(
        mbox(patch("[PATCH] valve: open it", id="w", author=story.OTTO))
    )
    call("track", "add", "--mbox", "w")
    text = Page(page_of(workdir, *story.BEGINNING)).text()
    assert re.search(r"1 your turn|2 your turn", text)
    assert text.index("valve: open it") > text.index("Your turn")


def test_a_series_that_no_archive_has_is_on_the_page(workdir: Path) -> None:
    with open_store() as store:
        store.add("new@example.org", "valve: close it", LORE, None)
    text = Page(call("track", "export", "--format", "html").out).text()
    assert "valve: close it" in text
    assert "the archive does not have the message yet" in text


def test_a_page_without_series_says_so(workdir: Path) -> None:
    assert "No series is tracked." in call("track", "export", "--format", "html").out


def test_a_diff_and_a_very_long_mail_end_with_a_link_to_the_archive(
    workdir: Path,
) -> None:
    long = reply(
        f"[PATCH] {TITLE}",
        "\n".join(f"line {at}" for at in range(900)),
        id="long",
        reply_to="v1",
        sender=MATT,
        minutes=70,
    )
    text = Page(page_of(workdir, story.V1, long)).text()
    assert re.search(r"\d+ more lines of diff in the archive", text)
    assert re.search(r"\d+ more lines of text in the archive", text)
    assert "line 380" in text
    assert "line 500" not in text


def palettes() -> dict[str, dict[str, str]]:
    """The colors of the page, light and dark."""
    style = data_dir("templates").joinpath("track.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{[^}]*?--ground[^}]*?--note[^}]*\}", style)
    read = {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for name, block in (("light", light), ("dark", dark))
    }
    assert read["light"].keys() == read["dark"].keys()
    return read


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_text_is_legible_on_its_ground(name: str) -> None:
    colors = palettes()[name]
    tones = ("sent", "good", "asks", "bad", "note")
    pairs = [
        (text, ground)
        for text in ("text", "muted", "link", "quote", *tones)
        for ground in ("ground", "card")
    ]
    pairs += [(tone, f"{tone}-ground") for tone in tones]
    ratios = {
        pair: (max(both) + 0.05) / (min(both) + 0.05)
        for pair in pairs
        if (both := [luminance(colors[it]) for it in pair])
    }
    assert {
        pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < 4.5
    } == {}


def test_a_long_time_without_events_is_drawn_shorter() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = [start + timedelta(days=days) for days in (0, 2, 4, 6, 8, 200)]
    scale = TimeScale(times)
    assert [pause.length for pause in scale.pauses] == ["6 months"]
    places = [scale.place(time) for time in times]
    assert places[0] == 0
    assert places[-1] == 1
    assert places == sorted(places)
    assert 0.3 <= places[-1] - places[-2] <= 0.5
    assert TimeScale([start]).place(start) == 0.5


def test_marks_do_not_cover_each_other(workdir: Path) -> None:
    mails = [
        patch(f"[PATCH v{version}] {TITLE}", id=f"v{version}", minutes=version * 30)
        for version in range(1, 12)
    ]
    mails.append(
        reply(
            f"[PATCH v11] {TITLE}",
            f"Reviewed-by: {RITA}",
            id="t",
            reply_to="v11",
            minutes=90_000,
        )
    )
    page = page_of(workdir, *mails)
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        width = float(re.findall(r'viewBox="0 0 (\d+)', drawing)[0])
        pills = sorted(
            (float(x), float(x) + float(wide))
            for x, wide in re.findall(
                r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="18"', drawing
            )
        )
        assert pills
        assert all(left[1] <= right[0] + 0.2 for left, right in pairwise(pills))
        assert pills[-1][1] <= width


@pytest.mark.skipif(
    shutil.which("chromium") is None, reason="needs Chromium, which lays the page out"
)
def test_no_width_needs_a_horizontal_scroll(workdir: Path) -> None:
    page = html.escape(page_of(workdir, *story.WHOLE))
    note = (
        "document.title += ' ' + this.width + ':' +"
        " this.contentDocument.documentElement.scrollWidth"
    )
    frames = "".join(
        f'<iframe width="{width}" height="800" srcdoc="{page}" onload="{note}"></iframe>'
        for width in (390, 820, 1440)
    )
    (workdir / "frames.html").write_text(
        f'<meta charset="utf-8"><title></title>{frames}', encoding="utf-8"
    )
    browser = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={workdir}/profile",
    ]
    asked = [*browser, "--dump-dom", (workdir / "frames.html").as_uri()]
    shown = subprocess.run(
        asked, check=True, capture_output=True, text=True, timeout=60
    ).stdout
    (measured,) = re.findall(r"<title>(.*?)</title>", shown)[:1]
    assert sorted(measured.split()) == ["1440:1440", "390:390", "820:820"]

# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the HTML page about one tracked series.

Contains the state and the next step, the timeline, patches and trees, reviews, tags,
history and messages.
"""

from datetime import datetime

from patchpilot.model.ago import ago
from patchpilot.model.counted import counted
from patchpilot.reading.status import Status
from patchpilot.reading.thread_values import NextStepNeed
from patchpilot.services.track.machine_reviews import known_machine_reviews
from patchpilot.services.track.page.ledger_section import ledger_section
from patchpilot.services.track.page.mails_section import mails_section
from patchpilot.services.track.page.markup import Markup, element, joined, link
from patchpilot.services.track.page.patch_matrix import patch_matrix
from patchpilot.services.track.page.review_section import review_section
from patchpilot.services.track.page.sources import Sources
from patchpilot.services.track.page.state_pill import state_pill
from patchpilot.services.track.page.timeline_lanes import TONES, Tone, lanes
from patchpilot.services.track.page.timeline_svg import timeline
from patchpilot.services.track.patchwork_state import known_patchwork
from patchpilot.services.track.series_head import as_of_words, head_rows
from patchpilot.topic.followed.forecast import forecast_lines
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.followed.story import story
from patchpilot.topic.home.home_topic import TURNS

_COMMIT = 12


def anchor(series: Tracked) -> str:
    """Returns the id of a series' HTML element on the page."""
    return f"series-{series.entry.id}"


def series_article(series: Tracked, now: datetime) -> Markup:
    """Returns the part of the HTML page about one series."""
    sources, status = Sources.of(series), series.status
    head = element(
        "header",
        element(
            "p",
            link("#overview", "Overview"),
            f" / series {series.entry.id}",
            class_="path",
        ),
        element("h2", series.subject),
        _facts(series, status, series.as_of or now),
    )
    step = element(
        "div",
        _head(series),
        element("p", f"As of {words}", class_="why")
        if (words := as_of_words(series))
        else Markup(),
        _forecast(series),
        class_=f"step {TURNS[series.step.need].name.lower()}",
    )
    body = _thread(series, status, sources) if status else ()
    return element("article", head, step, *body, id=anchor(series))


def _head(series: Tracked) -> Markup:
    """The five rows."""
    rows = [
        element(
            "tr", element("th", row.name, scope="row"), element("td", str(row.says))
        )
        for row in head_rows(series)
    ]
    return element("table", element("tbody", *rows), class_="head")


def _forecast(series: Tracked) -> Markup:
    """How long it usually takes, while something is awaited."""
    lines = (
        forecast_lines(series) if series.step.need is not NextStepNeed.NOTHING else ()
    )
    return (
        element("ul", *(element("li", line) for line in lines), class_="why")
        if lines
        else Markup()
    )


def _thread(series: Tracked, status: Status, sources: Sources) -> tuple[Markup, ...]:
    drawn = timeline(lanes(status, sources))
    return (
        element(
            "section",
            element("h3", "Timeline"),
            drawn,
            _story(series, sources),
            class_="time",
        ),
        patch_matrix(status.patches, sources),
        review_section(status, sources),
        ledger_section(series, sources),
        _patchwork(series),
        _machines(series),
        _tags(status, sources),
        _follow_ups(status, sources),
        mails_section(series, sources),
    )


def _facts(series: Tracked, status: Status | None, now: datetime) -> Markup:
    facts = [state_pill(series.state)]
    if status:
        newest = status.topic.latest
        facts += [
            element("span", newest.label),
            element("span", counted(len(newest.patches), "patch", "patches")),
            element("span", f"by {status.topic.author.called}"),
            element("span", f"first sent {_when(status.topic.revisions[0].sent, now)}"),
            element("span", f"last mail {_when(status.last_activity, now)}"),
        ]
    return element("p", *facts, class_="facts")


def _when(time: datetime | None, now: datetime) -> str:
    return ago(time.timestamp(), now.timestamp()) if time else "on an unknown day"


def _story(series: Tracked, sources: Sources) -> Markup:
    """The timeline as text, each event with its proof."""
    events = story(series)
    rows = []
    for event in events:
        address = sources.mail(event.proof) if "@" in event.proof else ""
        proof = link(
            address,
            event.proof[:_COMMIT] if "@" not in event.proof else "mail",
            class_="proof",
        )
        day = element(
            "td", f"{event.when:%Y-%m-%d}" if event.when else "", data_label="Date"
        )
        what = element(
            "td",
            element(
                "span", event.text, class_=f"said {TONES.get(event.kind, Tone.NOTE)}"
            ),
            data_label="Event",
        )
        rows.append(element("tr", day, what, element("td", proof, data_label="Proof")))
    summary = element("summary", f"As a list: {counted(len(events), 'event')}")
    return element(
        "details", summary, element("table", element("tbody", *rows), class_="story")
    )


def _patchwork(series: Tracked) -> Markup:
    """What patchwork has, where it was asked: it proves no state."""
    rows = [
        element(
            "li",
            link(it.record.url, it.words) if it.record else it.words,
            *(joined(" ", link(check.url, check.context)) for check in it.linked),
        )
        for it in known_patchwork(series)
    ]
    return (
        element("section", element("h3", "Patchwork"), element("ul", *rows))
        if rows
        else Markup()
    )


def _machines(series: Tracked) -> Markup:
    """What machines published about the patches: their opinion, which counts as no review."""
    rows = [
        element("li", link(it.url, it.words)) for it in known_machine_reviews(series)
    ]
    words = "Each is a machine's opinion; none counts as a reviewer."
    return (
        element(
            "section",
            element("h3", "Reviews by machines"),
            element("p", words, class_="why"),
            element("ul", *rows),
        )
        if rows
        else Markup()
    )


def _tags(status: Status, sources: Sources) -> Markup:
    if not status.trailers:
        return Markup()
    rows = []
    for tag in status.trailers:
        name, _, who = tag.trailer.partition(": ")
        patch = (
            f", patch {tag.patch}"
            if tag.patch and len(status.topic.latest.patches) > 1
            else ""
        )
        condition = (
            element("span", f"on a condition: “{tag.conditional}”", class_="why")
            if tag.conditional
            else Markup()
        )
        person = who.partition(" <")[0]
        said = joined(
            element("b", name),
            " ",
            link(sources.mail(tag.message_id), person),
            f" v{tag.version}{patch} ",
            condition,
        )
        rows.append(element("li", said))
    return element(
        "section",
        element("h3", "Tags ", element("small", str(len(rows)))),
        element("ul", *rows, class_="tags"),
    )


def _follow_ups(status: Status, sources: Sources) -> Markup:
    if not status.follow_ups:
        return Markup()
    rows = []
    for it in status.follow_ups:
        address = sources.mail(it.message_id) or sources.commit(
            it.commit or "", it.tree or ""
        )
        rows.append(
            element(
                "li",
                link(address, it.subject),
                f" (v{it.version}, {it.state}) {it.relation} it",
            )
        )
    return element("section", element("h3", "Follow-ups"), element("ul", *rows))

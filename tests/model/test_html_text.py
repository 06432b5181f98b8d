# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests for the plain text of HTML messages."""

import pytest

from patchpilot.model.html_text import convert_html

TAG = "Reviewed-by: Rob Reviewer &lt;rob@example.org&gt;"
PLAIN_TAG = "Reviewed-by: Rob Reviewer <rob@example.org>"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        pytest.param(f"<p>Fine.<br>{TAG}<br></p>", f"Fine.\n{PLAIN_TAG}\n", id="breaks"),
        pytest.param(f"<div>a</div><div>{TAG}</div>", f"a\n{PLAIN_TAG}\n", id="blocks"),
        pytest.param("<p>two\n  lines</p>", "two lines\n", id="a sentence over two lines"),
        pytest.param(
            "Yes.<blockquote>old<blockquote>older</blockquote></blockquote>new",
            "Yes.\n> old\n> > older\nnew\n",
            id="quotes",
        ),
        pytest.param("<pre>if (a)\n\treturn;</pre>", "if (a)\n\treturn;\n", id="code"),
        pytest.param(
            "<head><title>t</title><style>p{}</style></head>x<!-- a > b -->y",
            "xy\n",
            id="what is not shown",
        ),
        pytest.param("a &lt; b &amp;&amp; c &gt; d&nbsp;e", "a < b && c > d e\n", id="entities"),
        pytest.param("if (a < b) {", "if (a < b) {\n", id="no markup"),
        pytest.param("<div unclosed", "<div unclosed\n", id="unclosed"),
    ],
)
def test_html_becomes_lines(markup: str, text: str) -> None:
    assert convert_html(markup) == text

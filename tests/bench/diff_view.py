# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys in the diff view with a patch of 10,000 lines of C: `python tests/bench/diff_view.py`.

Times are those of the thread that draws, from the key to the last thing it does for it.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from textual.app import App, ComposeResult

from patchpilot.tui.widgets.diff_view import DiffView, Note

LINES, LIMIT = 10_000, 50
SIZES = ((80, 24), (160, 50))


def patch() -> list[str]:
    """A new file, then rewritten functions, in hunks of 5,000 and of 40 lines."""
    body = [
        "static int frob_%d(struct frob *frob, u32 count)",
        "{",
        "\tint rc = 0;",
        "\t/* the device counts from %d */",
        '\tif (count > FROB_MAX && frob->ops->read(frob, %d, "no room") < 0)',
        "\t\treturn -EINVAL;",
        "\treturn rc;",
        "}",
    ]
    lines = [
        line % number if "%" in line else line
        for number in range(LINES // 2 // len(body))
        for line in body
    ]
    rows = [
        "diff --git a/frob.c b/frob.c",
        "new file mode 100644",
        "--- /dev/null",
        "+++ b/frob.c",
        f"@@ -0,0 +1,{len(lines)} @@",
    ]
    rows += [f"+{line}" for line in lines]
    rows += ["diff --git a/old.c b/old.c", "--- a/old.c", "+++ b/old.c"]
    at = 0
    while len(rows) < LINES:
        piece = lines[at : at + 20]
        rows.append(
            f"@@ -{at + 1},20 +{at + 1},20 @@ static int frob_{at}(struct frob *frob, u32 count)"
        )
        rows += [
            *(f" {line}" for line in piece[:4]),
            *(f"-{line}" for line in piece[4:12]),
        ]
        rows += [
            *(f"+{line.replace('frob', 'acme')}" for line in piece[4:12]),
            *(f" {line}" for line in piece[12:]),
        ]
        at += 20
    return rows


class Bench(App[None]):
    """The diff view alone."""

    def compose(self) -> ComposeResult:
        yield DiffView(ident="patch")


async def main() -> int:
    """Press every key of the view in the long patch."""
    rows, missed = patch(), 0
    notes = [
        Note(at, "!", "warning", f"finding: number {at}")
        for at in range(40, len(rows), 97)
    ]
    for size in SIZES:
        app = Bench()
        async with app.run_test(size=size) as pilot:
            view = app.query_one(DiffView)
            view.focus()
            begun = time.thread_time()
            view.fill(rows, notes=notes)
            await pilot.pause()
            print(
                f"{size[0]}x{size[1]}, {len(rows)} lines, {len(notes)} findings: filled and drawn"
                f" in {(time.thread_time() - begun) * 1000:.0f} ms"
            )
            for what, pressed in KEYS:
                missed += await timed(pilot, what, pressed)
    return min(missed, 1)


KEYS: tuple[tuple[str, Sequence[str]], ...] = (
    ("line down and up", "jjjjjjkkkkkk"),
    ("past the edge of the screen", ["j"] * 60),
    ("pages", ["pagedown"] * 8 + ["pageup"] * 3),
    ("start and end", ["end", "home", "end"]),
    ("hunks", ["left_square_bracket"] * 6 + ["right_square_bracket"] * 3),
    ("to the side", "llhh"),
    ("fold a hunk, unfold it", ["minus", "minus"]),
    ("fold all files, unfold them", ["equals_sign", "equals_sign"]),
    (
        "side by side and back",
        ["vertical_line", *"jjj", "pagedown", "pagedown", "vertical_line"],
    ),
)


async def timed(pilot: "object", what: str, pressed: Sequence[str]) -> bool:
    """Press keys; print what the drawing thread spent on each; whether the limit was missed."""
    spent = []
    for key in pressed:
        begun = time.thread_time()
        await pilot.press(key)  # type: ignore[attr-defined]
        await pilot.pause()  # type: ignore[attr-defined]
        spent.append((time.thread_time() - begun) * 1000)
    verdict = "met" if max(spent) <= LIMIT else "MISSED"
    print(
        f"  {what:32s} median {statistics.median(spent):4.0f} ms, worst {max(spent):4.0f} ms of"
        f" {len(spent)}  target {LIMIT} ms {verdict}",
        flush=True,
    )
    return max(spent) > LIMIT


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

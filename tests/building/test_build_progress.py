# SPDX-License-Identifier: GPL-2.0-or-later
"""How far a build says that it is."""

from patchpilot.building.build_progress import BuildProgress


def test_what_is_left_follows_the_time_that_objects_take() -> None:
    shown: list[str] = []
    now = 0.0

    def progress(what: str, done: int = 0, total: int | None = None) -> None:
        assert (done, total) == (0, None)
        shown.append(what)

    build = BuildProgress(progress, 60, 2, 2, lambda: now)
    build("building")
    build.configured()
    build.compiled(20)
    now = 40.0
    build("building")
    build.found("a.c:1: no")
    build.found("b.c:2: no")
    build.compiled(35)
    now = 110.0
    build("building")
    build.compiled(5)
    build("done")
    assert shown == [
        "building · 60 objects left, about 2 min",
        "building · 40 objects left, about 2 min",
        "building · 5 objects left, about 30 s · first problem: a.c:1: no",
        "done · first problem: a.c:1: no",
    ]

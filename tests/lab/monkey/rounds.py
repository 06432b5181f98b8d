# SPDX-License-Identifier: GPL-2.0-or-later
"""The rounds: each starts the TUI somewhere, presses keys, and looks what became of it."""

import asyncio
import contextlib
import gc
import os
import random
import re
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TextIO

from textual.app import App
from textual.pilot import Pilot

from patchpilot.tui import build_app
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.session import Session
from tests.lab.monkey.hands import SIZES, Hands, Step
from tests.lab.monkey.seam import Seam
from tests.lab.monkey.watch import Watch, answered, stacks
from tests.lab.monkey.world import World

SECONDS = 30.0
"""How long a round presses keys."""
SETTLES = 120.0
"""Seconds after which the jobs of a round that is over must have ended."""
JOB = "patchpilot-job"


class Game:
    """The rounds of a seed, their counts and faults."""

    def __init__(self, world: World, seed: int, out: Path, reported: TextIO) -> None:
        self._world, self._seed, self._out, self._reported = world, seed, out, reported
        self._watch = Watch(world.scratch)
        self.counts: Counter[str] = Counter()
        self.screens: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._steps: list[Step] = []
        self._recorded: Seam | None = None
        App.suspend = lambda app: contextlib.nullcontext()  # type: ignore[assignment, method-assign]

    def play(self, seconds: float, only: int | None) -> None:
        """Play rounds until time is up, or this one only."""
        self._watch.guard(self._reported, self._story)
        end, number = time.monotonic() + seconds, only or 0
        while time.monotonic() < end:
            self._round(number, min(SECONDS, end - time.monotonic()))
            number += 1
            if only is not None:
                break

    def tell(self) -> int:
        """Print what was tried and found; the exit code."""
        self._say(f"seed {self._seed}: {dict(self.counts)}")
        self._say(f"screens: {dict(self.screens.most_common())}")
        for name, times in self.faults.most_common():
            self._say(f"FAULT {times}x {name}")
        self._say(
            f"{sum(self.faults.values())} fault(s); reports are in {self._out}"
            if self.faults
            else "no fault"
        )
        return 1 if self.faults else 0

    def _say(self, text: str) -> None:
        self._reported.write(f"{text}\n")

    def _round(self, number: int, seconds: float) -> None:
        self._world.again()
        chance = random.Random(f"{self._seed}:{number}")
        places = self._world.places()
        (name,) = chance.choices(tuple(places), [times for _, times in places.values()])
        place = places[name][0]
        state = self._world.prepare(chance, place)
        self._steps = [("place", f"{name} ({state})")]
        self._watch.alive()
        asyncio.run(self._walk(chance, place, seconds))
        self._wait_for_jobs()
        self._watch.logs()
        self.counts["rounds"] += 1
        found = self._keep_faults(number)
        self._say(
            f"round {number}: {name}, {state}; {len(self._steps)}"
            f" steps{f'; {found} FAULT(S)' if found else ''}"
        )

    def _keep_faults(self, number: int) -> int:
        """Write a report for each kind of fault that is new; returns how many there were."""
        found, self._watch.faults[:] = list(self._watch.faults), []
        for fault in found:
            name = _name(fault)
            self.faults[name] += 1
            if self.faults[name] <= 3:
                file = self._out / f"{self._seed}-{number}-{len(self.faults)}.txt"
                file.write_text(
                    f"seed {self._seed}, round {number}\n\n{self._story()}\n\n{fault}",
                    encoding="utf-8",
                )
                self._say(f"FAULT {name}\n  {file}")
        return len(found)

    def _story(self) -> str:
        return "\n".join(f"{kind} {what[:80]!r}" for kind, what in self._steps[-80:])

    def _app(self, chance: random.Random, place: Path, seam: Seam) -> PatchpilotApp:
        """The TUI, with or without the demo's tour, at a stage or at Home."""
        os.environ["PATCHPILOT_DEMO"] = chance.choice(("", "", str(self._world.root)))
        memory = SavedState()
        if chance.random() < 0.8:
            memory.keep(tour="offered")
        target = chance.choice((None, None, None, None, "HEAD", "HEAD~1..", "no-such"))
        session = Session(place, target, loader_of=seam.loader_of)
        return PatchpilotApp(
            session, build_app.screen_of, memory, at_home=chance.random() < 0.2
        )

    async def _walk(self, chance: random.Random, place: Path, seconds: float) -> None:
        """Press keys for so long; the TUI is started again when a key ended it."""
        seam = Seam(build_app.loader_of, random.Random(chance.random()))
        if self._recorded:
            seam.recorded = self._recorded.recorded
        self._recorded = seam
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._watch.faults:
            self.counts["starts"] += 1
            app = self._app(chance, place, seam)
            try:
                async with app.run_test(
                    size=chance.choice(SIZES), notifications=True, tooltips=True
                ) as pilot:
                    await self._press(chance, pilot, app, end)
            except Exception as error:  # noqa: BLE001 (a fault, whatever it is)
                self._watch.take(error, "the application")
            gc.collect()
        self.counts += seam.counts

    async def _press(
        self, chance: random.Random, pilot: Pilot[int], app: PatchpilotApp, end: float
    ) -> None:
        hands = Hands(app, chance)
        while time.monotonic() < end and app.is_running and app.bug is None:
            if chance.random() < 0.03:
                what = await asyncio.to_thread(
                    self._world.disturb,
                    chance,
                    app.session.directory or self._world.scratch,
                )
                self._steps.append(("disk", what))
            step = hands.choose()
            self._steps.append(step)
            self.counts["steps"] += 1
            hands.act(step)
            if not await answered(app, self._watch):
                self._watch.faults.append(f"no answer to {step}\n{stacks()}")
                break
            if app.is_running:
                self.screens[_screen_of(app)] += 1
            await asyncio.sleep(chance.choice((0, 0, 0, 0.02, 0.1, 0.5)))
        await self._leave(app)

    async def _leave(self, app: PatchpilotApp) -> None:
        """Every screen can be left, and q ends the TUI unless something is being sent."""
        end = time.monotonic() + SETTLES
        hands = Hands(app, random.Random(0))
        while (
            app.is_running
            and app.bug is None
            and not app._exit
            and time.monotonic() < end
        ):
            for key in ("escape", "escape", "q"):
                hands.act(("move", key))
                await answered(app, self._watch)
            await asyncio.sleep(0.2)
        if app.is_running and app.bug is None and not app._exit:
            self._watch.faults.append(
                f"Escape and q do not end the TUI: {_screen_of(app)}\n{stacks()}"
            )

    def _wait_for_jobs(self) -> None:
        """Threads end with the process.

        Here they must end by themselves, since the next round replaces the files.
        """
        end = time.monotonic() + SETTLES
        while jobs := [
            thread for thread in threading.enumerate() if thread.name == JOB
        ]:
            self._watch.alive()
            if time.monotonic() > end:
                self._watch.faults.append(f"{len(jobs)} job(s) do not end\n{stacks()}")
                return
            time.sleep(0.05)


def _screen_of(app: PatchpilotApp) -> str:
    with contextlib.suppress(Exception):
        return type(app.screen).__name__
    return "none"


def _name(fault: str) -> str:
    """What makes two faults one: the exception and the last place in patchpilot."""
    lines = [line for line in fault.strip().splitlines() if line.strip()]
    places = re.findall(
        r'File ".*?/(patchpilot/[^"]+|textual/[^"]+)", line (\d+), in (\S+)', fault
    )
    ours = [place for place in places if place[0].startswith("patchpilot/")] or places
    where = "{}:{} {}".format(*ours[-1]) if ours else lines[0]
    return f"{lines[-1][:120]} at {where}"

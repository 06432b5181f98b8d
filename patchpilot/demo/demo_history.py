# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate five years of the sandbox's mainline and stable branches.

The commits are the same in every run, byte for byte.
"""

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from patchpilot.commits.fastimport import FastImport
from patchpilot.demo import acme
from patchpilot.demo.demo_drivers import WORDS, DemoDriver, make_drivers
from patchpilot.demo.demo_people import (
    CROWD,
    CULPRIT_AUTHOR,
    LINUS,
    MAINTAINER,
    NET_MAINTAINER,
    STABLE,
)
from patchpilot.demo.demo_tree import ACME_KCONFIG, make_first_files, make_makefile
from patchpilot.model.address import Address

RELEASES = (
    *(f"5.{n}" for n in range(10, 20)),
    *(f"6.{n}" for n in range(20)),
    "7.0",
    "7.1",
)
LTS = ("5.10", "5.15", "6.1", "6.6", "6.12", "6.18")
NEXT = "7.2-rc1"
START = 1_601_000_000
DAY = 86_400
PER_RELEASE = 9
MAINLINE = "refs/heads/master"

CULPRIT_SUBJECT = "acme: read the number of flash images at probe"
CULPRIT = (
    CULPRIT_SUBJECT,
    (
        "The flash tool wants to know how many images a card holds. Ask the\n"
        "firmware once, when the device is probed, and keep the answer.\n\n"
        f"Signed-off-by: {CULPRIT_AUTHOR.trailer()}\nSigned-off-by: {NET_MAINTAINER.trailer()}\n"
    ),
)
MASK_SUBJECT = "acme: mask the sequence number off the response code"
MASK = (
    MASK_SUBJECT,
    (
        "The low half of a response is the sequence number that was sent, so the\nwhole word never"
        " equals a code once the counter has moved. Compare the\ncode only.\n\nSigned-off-by:"
        f" {CROWD[3].trailer()}\nSigned-off-by: {NET_MAINTAINER.trailer()}\n"
    ),
)
FIELD = (
    "acme: take the image count from its bit field",
    (
        "Newer firmware puts a flag above the count. Use FIELD_GET() on the eight\nbits that are"
        f" documented.\n\nSigned-off-by: {CROWD[5].trailer()}\nSigned-off-by:"
        f" {NET_MAINTAINER.trailer()}\n"
    ),
)
TEMPERATURE = (
    "acme: read the temperature of the card",
    (
        "Add a mailbox command for the on-board sensor. A hwmon device follows.\n\n"
        f"Signed-off-by: {MAINTAINER.trailer()}\nSigned-off-by: {NET_MAINTAINER.trailer()}\n"
    ),
)
ACME_STORY = {
    ("5.16", 3): ("images", CULPRIT),
    ("6.2", 2): ("masked", MASK),
    ("6.8", 4): ("field", FIELD),
    ("6.10", 1): ("temperature", TEMPERATURE),
}
HELP_TEXT = ("7.0", 3)


@dataclass
class DemoState:
    """The state of the tree, which consists of its drivers and the changes made so far to the
    demo's driver.
    """

    drivers: list[DemoDriver]
    acme: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class DemoUpstream:
    """A mainline commit that is backported to stable branches.

    `change` applies the commit to a state and returns the changed files.
    """

    id: str
    release: str
    subject: str
    body: str
    author: Address
    change: Callable[[DemoState], dict[str, str]]


@dataclass(frozen=True, slots=True)
class DemoFacts:
    """The ids of the commits that the demo refers to."""

    tip: str
    culprit: str
    prerequisite: str
    branches: dict[str, str]
    commits: int


class Builder:
    """Writes mainline and the stable branches to two bare repositories without shared objects."""

    def __init__(self) -> None:
        self._random = random.Random(61)
        self._clock = START
        self._ids: dict[str, str] = {}
        self._fixes: list[DemoUpstream] = []
        self._forks: dict[str, tuple[str, DemoState, int]] = {}
        self._count = 0

    def build(self, mainline: Path, stable: Path) -> DemoFacts:
        """Write both repositories, which must be bare and empty.

        The stable branches are based on mainline's objects.
        """
        with FastImport(mainline) as stream:
            tip = self._commit_mainline(stream)
        alternates_file = stable / "objects" / "info" / "alternates"
        alternates_file.write_text(f"{mainline / 'objects'}\n")
        with FastImport(stable) as stream:
            branches = {version: self._commit_stable_branch(stream, version) for version in LTS}
        return DemoFacts(tip, self._ids["images"], self._ids["masked"], branches, self._count)

    def _write(
        self,
        stream: FastImport,
        ref: str,
        message: str,
        files: dict[str, str],
        author: Address,
        committer: Address,
        parent: str | None = None,
    ) -> str:
        self._clock += 5 * DAY + self._random.randrange(2 * DAY)
        self._count += 1
        return stream.commit(
            ref,
            message,
            files,
            author=author,
            committer=committer,
            when=self._clock,
            parent=parent,
        )

    def _commit_release(
        self, stream: FastImport, ref: str, version: str, committer: Address
    ) -> str:
        commit = self._write(
            stream,
            ref,
            f"Linux {version}\n",
            {"Makefile": make_makefile(version)},
            committer,
            committer,
        )
        stream.tag(f"v{version}", commit, tagger=committer, when=self._clock)
        return commit

    def _commit_mainline(self, stream: FastImport) -> str:
        state = DemoState(make_drivers())
        files = {
            **make_first_files(),
            "Makefile": make_makefile("5.9"),
            **acme.make_acme_files(state.acme),
            **{driver.path: driver.render() for driver in state.drivers},
        }
        first = self._write(
            stream,
            MAINLINE,
            "The sandbox tree, as it was at 5.9\n",
            files,
            LINUS,
            LINUS,
        )
        stream.tag("v5.9", first, tagger=LINUS, when=self._clock)
        for version in RELEASES:
            for step in range(PER_RELEASE):
                acme_commit = ACME_STORY.get((version, step))
                if (version, step) == HELP_TEXT:
                    self._commit_help_text(stream)
                elif acme_commit:
                    self._commit_acme_change(stream, state, version, *acme_commit)
                else:
                    self._ordinary_commit(stream, state, version)
                if step == PER_RELEASE // 2:
                    self._commit_release(stream, MAINLINE, f"{version}-rc1", LINUS)
            tip = self._commit_release(stream, MAINLINE, version, LINUS)
            if version in LTS:
                self._forks[version] = (tip, copy.deepcopy(state), self._clock)
        for _ in range(PER_RELEASE // 2):
            self._ordinary_commit(stream, state, NEXT)
        return self._commit_release(stream, MAINLINE, NEXT, LINUS)

    def _commit_acme_change(
        self,
        stream: FastImport,
        state: DemoState,
        version: str,
        feature: str,
        message: tuple[str, str],
    ) -> None:
        subject, body = message

        def change(target: DemoState) -> dict[str, str]:
            before = acme.make_acme_files(target.acme)
            target.acme.add(feature)
            after = acme.make_acme_files(target.acme)
            return dict(after.items() - before.items())

        author = {"images": CULPRIT_AUTHOR, "masked": CROWD[3], "field": CROWD[5]}.get(
            feature, MAINTAINER
        )
        self._ids[feature] = self._write(
            stream,
            MAINLINE,
            f"{subject}\n\n{body}",
            change(state),
            author,
            NET_MAINTAINER,
        )
        self._fixes.append(DemoUpstream(self._ids[feature], version, subject, body, author, change))

    def _commit_help_text(self, stream: FastImport) -> None:
        body = (
            "The 100 Gbit/s cards are out.\n\nSigned-off-by:"
            f" {MAINTAINER.trailer()}\nSigned-off-by: {NET_MAINTAINER.trailer()}\n"
        )
        files = {
            "drivers/net/ethernet/acme/Kconfig": ACME_KCONFIG.replace("25 and 50", "25, 50 and 100")
        }
        self._write(
            stream,
            MAINLINE,
            f"acme: name the new cards in the help text\n\n{body}",
            files,
            MAINTAINER,
            NET_MAINTAINER,
        )

    def _ordinary_commit(self, stream: FastImport, state: DemoState, version: str) -> None:
        driver = self._random.choice(state.drivers)
        author = self._random.choice(CROWD)
        unchecked_readers = [
            name for name in driver.readers if name not in driver.checked and name in driver.origin
        ]
        unread_registers = [name for name, _ in driver.registers if name not in driver.readers]
        sign_off = f"Signed-off-by: {author.trailer()}\n"
        if unchecked_readers and self._random.random() < 0.5:
            self._commit_fix(
                stream,
                state,
                driver.name,
                self._random.choice(unchecked_readers),
                author,
                version,
            )
        elif unread_registers:
            name = unread_registers[0]
            driver.readers.append(name)
            body = f"Let others ask the device for its {name.lower()} register.\n\n{sign_off}"
            commit = self._write(
                stream,
                MAINLINE,
                f"{driver.prefix} read {name.lower()}\n\n{body}",
                {driver.path: driver.render()},
                author,
                author,
            )
            driver.origin[name] = f'{commit[:12]} ("{driver.prefix} read {name.lower()}")'
        else:
            register_names = {name for name, _ in driver.registers}
            name = self._random.choice([word for word in WORDS if word not in register_names])
            driver.registers.append((name, 4 * len(driver.registers)))
            subject = f"{driver.prefix} name the {name.lower()} register"
            body = f"The data sheet has it at this offset in every revision.\n\n{sign_off}"
            self._write(
                stream,
                MAINLINE,
                f"{subject}\n\n{body}",
                {driver.path: driver.render()},
                author,
                author,
            )

    def _commit_fix(
        self,
        stream: FastImport,
        state: DemoState,
        driver_name: str,
        reader: str,
        author: Address,
        version: str,
    ) -> None:
        def change(target: DemoState) -> dict[str, str]:
            driver = next(driver for driver in target.drivers if driver.name == driver_name)
            if reader not in driver.readers or reader in driver.checked:
                return {}
            driver.checked.add(reader)
            return {driver.path: driver.render()}

        driver = next(driver for driver in state.drivers if driver.name == driver_name)
        subject = f"{driver.prefix} do not read {reader.lower()} before the registers are mapped"
        body = (
            "The function can be called while the device is still being probed, when\nbase is"
            f" NULL.\n\nFixes: {driver.origin[reader]}\nCc: stable@vger.kernel.org\nSigned-off-by:"
            f" {author.trailer()}\n"
        )
        commit = self._write(
            stream, MAINLINE, f"{subject}\n\n{body}", change(state), author, author
        )
        self._fixes.append(DemoUpstream(commit, version, subject, body, author, change))

    def _commit_stable_branch(self, stream: FastImport, version: str) -> str:
        ref, minor_version = f"refs/heads/linux-{version}.y", 0
        tip, state, self._clock = self._forks[version]
        stream.reset(ref, tip)
        parent: str | None = tip
        since_release = 0
        for fix in self._fixes:
            is_included = not any(fix.id == self._ids[name] for name in acme.CHANGES) or (
                version == "5.15" and fix.id != self._ids["temperature"]
            )
            is_older = fix.release in RELEASES[: RELEASES.index(version) + 1]
            files = fix.change(state) if is_included and not is_older else {}
            if not files:
                continue
            marker = (
                f"commit {fix.id} upstream."
                if self._random.random() < 0.5
                else f"[ Upstream commit {fix.id} ]"
            )
            sign_off = f"Signed-off-by: {STABLE.trailer()}\n"
            message = f"{fix.subject}\n\n{marker}\n\n{fix.body}{sign_off}"
            tip = self._write(stream, ref, message, files, fix.author, STABLE, parent)
            parent, since_release = None, since_release + 1
            if since_release >= 3:
                minor_version, since_release = minor_version + 1, 0
                tip = self._commit_release(stream, ref, f"{version}.{minor_version}", STABLE)
        return self._commit_release(stream, ref, f"{version}.{minor_version + 1}", STABLE)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Robin's other work, for pictures of a busy day: topics in three repositories, posted, answered
and followed like real ones.

Branches are commits in copies of the sandbox's clone, mails are git's own of these commits and
replies on the sandbox's archive; `track` and `draft` read them. Only their dates are set: some
hours before now.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git
from patchpilot.demo import demo_mails
from patchpilot.demo.demo_mails import Sent
from patchpilot.demo.demo_repository import TOPIC
from patchpilot.demo.sandbox import Sandbox
from patchpilot.model.address import Address
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.services.send.edit_draft import Changes, change

JUN = Address("Jun Watanabe", "jun@example.net")
ROBOT = Address("kernel test robot", "lkp@intel.com")
YARA = Address("Yara Haddad", "yara@example.com")
KWAME = Address("Kwame Boateng", "kwame@example.com")
CHLOE = Address("Chloé Bernard", "chloe@example.org")
FREYA = Address("Freya Lindqvist", "freya@example.net")
ARJUN = Address("Arjun Nair", "arjun@example.com")
READ = "\t*value = "


@dataclass
class Busy:
    """What is posted: the archive gets it at once, then `track` follows the first mail of each
    series.
    """

    sandbox: Sandbox
    now: datetime = field(
        default_factory=lambda: datetime.now(UTC).replace(microsecond=0)
    )
    mails: list[bytes] = field(default_factory=list)
    first: list[tuple[Path, str]] = field(default_factory=list)

    def repository(self, name: str) -> Path:
        """A copy of the sandbox's clone, on master."""
        path = self.sandbox.root / name
        shutil.copytree(self.sandbox.work, path)
        git(path, "checkout", "-q", "-f", "master")
        git(path, "branch", "-q", "-D", TOPIC)
        return path

    def commits(
        self,
        work: Path,
        branch: str,
        file: str,
        titles: Sequence[str],
        hours: float,
        error: str = "EINVAL",
    ) -> None:
        """A branch of commits that each check one reader of a driver."""
        git(work, "checkout", "-q", "-B", branch, "--track", "origin/master")
        when = f"{int((self.now - timedelta(hours=hours)).timestamp())} +0000"
        for title in titles:
            head, *parts = (work / file).read_text(encoding="utf-8").split(f"\n{READ}")
            at = next(
                number
                for number, part in enumerate([head, *parts])
                if "if (!value)" not in part and number < len(parts)
            )
            texts = [head, *parts]
            texts[at] += f"\n\tif (!value)\n\t\treturn -{error};\n"
            (work / file).write_text(f"\n{READ}".join(texts), encoding="utf-8")
            message = (
                f"{title}\n\nA caller may pass NULL, which is an oops on the first read after a"
                " resume.\nReturn an error instead.\n\nSigned-off-by: Robin Newland"
                " <robin@example.net>\n"
            )
            git(
                work,
                "commit",
                "-q",
                "-a",
                "-F",
                "-",
                stdin=message.encode(),
                env={"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when},
            )

    def post(
        self, work: Path, version: int = 1, to: str = "linux-kernel@lists.example.org"
    ) -> list[Mail]:
        """The branch as mails, on the archive; the mails."""
        folder = work.parent / "posted"
        names = git(
            work,
            "format-patch",
            "-q",
            "--thread=shallow",
            f"-v{version}",
            f"--to={to}",
            "-o",
            str(folder),
            "origin/master..HEAD",
        )
        assert not names.code
        raw = [
            file.read_bytes().partition(b"\n")[2] for file in sorted(folder.iterdir())
        ]
        shutil.rmtree(folder)
        self.mails += raw
        posted = [parse_mail(mail) for mail in raw]
        self.first.append((work, posted[0].message_id))
        return posted

    def reply(
        self,
        to: Mail,
        sender: Address,
        text: str,
        hours: float,
        subject: str | None = None,
    ) -> None:
        """A reply, so many hours before now."""
        date = to.date or self.now
        quoted = next(line for line in to.body.split("\n") if line)
        body = (
            f"On {date:%a, %d %b %Y}, Robin Newland wrote:\n> {quoted}\n\n{text}\n"
            if "\n\n" not in text[:30]
            else text
        )
        after = (self.now - date).total_seconds() / 3600 - hours
        ident = f"{len(self.mails)}.reply@{sender.email.partition('@')[2]}"
        self.mails.append(
            demo_mails.reply(
                Sent(to.message_id, to.subject, to.body, date),
                sender,
                body,
                hours=after,
                message_id=ident,
                subject=subject,
            )
        )


def fill(sandbox: Sandbox) -> Iterator[Path]:
    """Make them all.

    Then check out one after the other those that Robin worked on, each a directory to open.
    """
    busy = Busy(sandbox)
    usb, hwmon, other = (
        busy.repository(name) for name in ("linux-usb", "linux-hwmon", "linux-next")
    )

    titles = [
        "usb: blinker: refuse a NULL pointer for the ID",
        "usb: blinker: refuse a NULL pointer for the status",
    ]
    busy.commits(
        usb, "blinker-resume", "drivers/usb/misc/blinker.c", titles, 75, "EFAULT"
    )
    first = busy.post(usb, to="linux-usb@lists.example.org")
    busy.reply(
        first[1],
        YARA,
        "EFAULT is for user memory. Please use EINVAL here.\n\nAlso, is there a Fixes: tag for"
        " this?",
        50,
    )
    busy.commits(usb, "blinker-resume", "drivers/usb/misc/blinker.c", titles, 3.1)
    second = busy.post(usb, 2, to="linux-usb@lists.example.org")
    busy.first.pop()
    report = (
        "Hi Robin,\n\nkernel test robot noticed the following build errors:\n\n[auto build test"
        " ERROR on usb/usb-testing]\n\nAll errors (new ones prefixed by >>):\n\n>>"
        " drivers/usb/misc/blinker.c:41:14: error: 'struct blinker_priv' has no member named"
        " 'value'\n"
    )
    busy.reply(second[1], ROBOT, report, 0.4)
    busy.reply(
        second[0],
        YARA,
        "Looks good now.\n\nReviewed-by: Yara Haddad <yara@example.com>",
        1.2,
    )

    busy.commits(
        usb,
        "dock-wake",
        "drivers/usb/misc/dock.c",
        ["usb: dock: do not read the ID into NULL"],
        26,
    )
    wake = busy.post(usb, to="linux-usb@lists.example.org")
    busy.reply(
        wake[0],
        YARA,
        "Which caller passes NULL here?\n\nPlease name it in the commit message.",
        5.2,
    )
    busy.commits(
        usb,
        "dock-power",
        "drivers/usb/misc/dock.c",
        ["usb: dock: return -ENODATA without a value"],
        49,
        "ENODATA",
    )

    vw12 = [
        f"hwmon: (vw12) refuse a NULL pointer for {what}"
        for what in ("the ID", "the second value", "the third value")
    ]
    busy.commits(hwmon, "vw12-alarm", "drivers/hwmon/vw12.c", vw12, 146)
    alarm = busy.post(hwmon, to="linux-hwmon@lists.example.org")
    for mail, hours in ((alarm[0], 120), (alarm[1], 119)):
        busy.reply(
            mail,
            KWAME,
            "Thanks.\n\nReviewed-by: Kwame Boateng <kwame@example.com>",
            hours,
        )
    busy.reply(
        alarm[0],
        ARJUN,
        "For the register access:\n\nAcked-by: Arjun Nair <arjun@example.com>",
        90,
    )
    busy.commits(
        hwmon,
        "tf75-range",
        "drivers/hwmon/tf75.c",
        ["hwmon: (tf75) do not read the ID into NULL"],
        220,
    )
    tf75 = busy.post(hwmon, to="linux-hwmon@lists.example.org")
    busy.reply(tf75[0], KWAME, "Applied to hwmon-next, thanks.\n\nKwame", 30)

    busy.commits(
        other,
        "kelp-clock",
        "drivers/mmc/host/kelp.c",
        ["mmc: kelp: do not read the ID into NULL"],
        16,
    )
    busy.post(other, to="linux-mmc@lists.example.org")
    busy.commits(
        other,
        "orca-fifo",
        "drivers/spi/spi-orca.c",
        ["spi: orca: do not read the ID into NULL"],
        400,
    )
    orca = busy.post(other, to="linux-spi@lists.example.org")
    commit = git(other, "rev-parse", "HEAD").text.strip()
    busy.reply(
        orca[0],
        CHLOE,
        "Applied, thanks!\n\n[1/1] spi: orca: do not read the ID into NULL\n      commit:"
        f" {commit[:12]}",
        300,
    )
    failed = demo_mails.stable_failed(
        commit,
        "spi: orca: do not read the ID into NULL",
        "6.1",
        busy.now - timedelta(hours=11),
    )
    busy.mails.append(failed)

    busy.commits(
        other,
        "tide-gain",
        "sound/soc/codecs/tide.c",
        ["ASoC: tide: do not read the ID into NULL"],
        700,
    )
    tide = busy.post(other, to="alsa-devel@lists.example.org")
    busy.reply(
        tide[0],
        JUN,
        "This is not how the codec works.\n\nNacked-by: Jun Watanabe <jun@example.net>",
        640,
    )
    names = ("blinker-resume", "dock-wake", "dock-power")
    sandbox.archive.add(*busy.mails)
    for work, ident in busy.first:
        run(work, "track", "add", f"<{ident}>")
    for work, branch in (
        (other, "kelp-clock"),
        (hwmon, "tf75-range"),
        (hwmon, "vw12-alarm"),
        *((usb, name) for name in names),
    ):
        git(work, "checkout", "-q", branch)
        yield work


def series_to_send(sandbox: Sandbox) -> Path:
    """Four patches with a cover letter that nothing blocks, in a repository of their own."""
    busy = Busy(sandbox)
    work = busy.repository("linux-mmc")
    path = work / "drivers/mmc/host/kelp.c"
    readers = path.read_text(encoding="utf-8").count(READ)
    titles = [
        f"mmc: kelp: refuse a NULL pointer in reader {number}"
        for number in range(1, min(4, readers - 1) + 1)
    ]
    busy.commits(work, "kelp-readers", "drivers/mmc/host/kelp.c", titles, 2)
    with Repository.open(work) as repository:
        text = "Each reader of the driver writes through a pointer that its caller may not have."
        change(
            repository,
            Changes(subject="mmc: kelp: readers that refuse NULL", text=text),
        )
    return work


def run(work: Path, *words: str) -> None:
    """A verb, as in a shell."""
    subprocess.run(
        [sys.executable, "-m", "patchpilot", *words],
        cwd=work,
        check=True,
        stdout=subprocess.DEVNULL,
    )

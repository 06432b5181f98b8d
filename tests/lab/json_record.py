# SPDX-License-Identifier: GPL-2.0-or-later
"""Records what every verb answers, and compares two recordings: what a restructuring must not
change.

    python -m tests.lab.json_record DIR [--patchpilot CMD]      run all verbs with CMD, write what
    they print to DIR python -m tests.lab.json_record --compare DIR1 DIR2         print what
    differs; 1 if anything does

Each call is four files in DIR: NAME.exit, NAME.stdout, NAME.stderr and, where the call writes
files, NAME.files. What varies from run to run (places, dates of today, random parts of ids, ports,
versions) is replaced by placeholders. The comparison leaves stderr out unless --stderr is given.
With --json only documents are compared, --ignore leaves the values of these keys out (their
presence is still compared), and
--allow-added takes keys that only DIR2 has as no difference.
"""

import argparse
import difflib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.lab.json_calls import Call, Scenario, scenarios
from tests.lab.json_inputs import EPOCH, IDENTITY, build

WEEKEND = r'\{\s*"name": "weekend",\s*"message": "[^"]*",\s*"hint": "[^"]*"\s*\}'
LONGEST = 12
"""Lines of a difference that are printed."""


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What a recording has in place of what varies."""

    places: tuple[tuple[str, str], ...]
    days: tuple[datetime, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    port: int = 0

    def apply(self, text: str, numbers: dict[str, str]) -> str:
        """The text with placeholders; `numbers` keeps which random part got which."""
        for path, name in self.places:
            text = text.replace(path, name)
        for day in self.days:
            mail_date = rf"{day:%a}, 0?{day.day} {day:%b %Y} \d\d:\d\d(:\d\d)?( [+-]\d{{4}}| GMT)?"
            iso_date = (
                rf"{day:%Y-%m-%d}[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"
            )
            text = re.sub(f"{mail_date}|{iso_date}", "<NOW>", text)
            text = re.sub(rf"\b{day:%Y-%m-%d}\b", "<TODAY>", text)
            text = re.sub(rf"\b{day:%Y%m%d}(\d{{6}}\.\d+)?(?=[-.])", "<TODAY>", text)
        text = re.sub(
            r"(<TODAY>-[\w.-]*?)-([0-9a-f]{12})\b",
            lambda match: (
                f"{match[1]}-{numbers.setdefault(match[2], f'<RANDOM-{len(numbers) + 1}>')}"
            ),
            text,
        )
        # sending at the weekend gets a warning
        for pattern in (rf",\s*{WEEKEND}", rf"{WEEKEND},?\s*", r"(?m)^.*\[weekend\]\n"):
            text = re.sub(pattern, "", text)
        text = re.sub(r"\[\s+\]", "[]", text)
        # a digest of mails that have random Message-IDs, and b4's packed record of the series
        text = re.sub(r'("(?:real|b4|self)": \[\s*")[0-9a-f]{64}', r"\1<DIGEST>", text)
        text = re.sub(r"(X-B4-Tracking: v=1; b=)\S+(\n \S+)*", r"\1<TRACKING>", text)
        for pattern, name in self.versions:
            text = re.sub(pattern, name, text)
        return (
            text.replace(f":{self.port}", ":<PORT>").replace(
                f'"{self.port}"', '"<PORT>"'
            )
            if self.port
            else text
        )


@dataclass(frozen=True, slots=True)
class Recorder:
    """Runs scenarios with one command and writes what they print to `target`."""

    target: Path
    program: str
    place: Path
    environment: Mapping[str, str]
    port: int
    started: datetime
    versions: tuple[tuple[str, str], ...]

    def scenario(self, scenario: Scenario) -> int:
        """Run the calls of a scenario in a copy of the inputs; how many they are."""
        home = self.place / scenario.name
        shutil.copytree(self.place / "made", home, symlinks=True)
        shutil.copy(self.place / "home" / ".gitconfig", home)
        folders = {
            f"XDG_{kind}_HOME": str(home / kind.lower())
            for kind in ("CONFIG", "DATA", "STATE")
        }
        environment = {**self.environment, **folders, "HOME": str(home)}
        for words in (
            ("update-index", "-q", "--refresh"),
            ("config", "sendemail.smtpServerPort", str(self.port)),
        ):
            subprocess.run(
                ["git", *words],
                cwd=home / "linux",
                env=environment,
                check=True,
                capture_output=True,
            )
        # a run that starts before midnight ends after it
        days = (self.started, self.started + timedelta(days=1))
        placeholders = Placeholders(
            (*_places(self.program, home), (str(self.place), "<PLACE>")),
            days,
            self.versions,
            self.port,
        )
        for call in scenario.calls:
            self.call(
                call,
                self.target / f"{scenario.name}-{call.name}",
                home,
                environment,
                placeholders,
            )
        return len(scenario.calls)

    def call(
        self,
        call: Call,
        target: Path,
        home: Path,
        environment: Mapping[str, str],
        placeholders: Placeholders,
    ) -> None:
        """Run one call and write its files."""
        if call.before:
            subprocess.run(
                call.before,
                shell=True,
                cwd=home / "linux",
                env=environment,
                check=True,
                capture_output=True,
            )
        inputs = os.path.relpath(home, home / call.where)
        words = [
            word.replace("@", f"{inputs}/", 1) if word.startswith("@") else word
            for word in call.words
        ]
        stdin = (home / call.stdin).read_bytes() if call.stdin else b""
        done = subprocess.run(
            [self.program, *words],
            cwd=home / call.where,
            env=environment,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=300,
        )
        numbers: dict[str, str] = {}
        files = _contents(home / call.writes) if call.writes else None
        _write(target, ".exit", f"{done.returncode}\n")
        for end, output in (
            (".stdout", done.stdout),
            (".stderr", done.stderr),
            (".files", files),
        ):
            if output is not None:
                _write(
                    target,
                    end,
                    placeholders.apply(
                        output.decode("utf-8", "surrogateescape"), numbers
                    ),
                )


def record(target: Path, command: str) -> int:
    """Run all calls with this command and write what they print below `target`; how many calls."""
    program = shutil.which(command)
    if program is None:
        raise SystemExit(f"json_record: no such command: {command}")
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise SystemExit(f"json_record: {target} is not empty")
    with (
        tempfile.TemporaryDirectory(prefix="json-record-") as temporary,
        mail_server() as port,
    ):
        place = Path(temporary).resolve()
        environment = _environment(place)
        build(place / "made", environment)
        _corpus(place / "made" / "corpus")
        recorder = Recorder(
            target,
            program,
            place,
            environment,
            port,
            datetime.now(UTC),
            _versions(program, environment),
        )
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(recorder.scenario, scenarios()))


def _write(target: Path, end: str, text: str) -> None:
    target.with_name(target.name + end).write_text(
        text, encoding="utf-8", errors="surrogateescape"
    )


def _contents(path: Path) -> bytes:
    """The name and text of each file at or below a path."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return b"".join(
        b"==> %s\n%s\n"
        % (os.fsencode(file.relative_to(path.parent)), file.read_bytes())
        for file in files
        if file.is_file()
    )


def _environment(place: Path) -> dict[str, str]:
    """A home of its own, fixed identity and dates, no colour, nothing of the caller's settings."""
    home = place / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n"
        "\tname = Ada Fixer\n"
        "\temail = ada@example.org\n"
        "[init]\n"
        "\tdefaultBranch = master\n"
        "[gc]\n"
        "\tauto = 0\n"
        "[sendemail]\n"
        "\tsmtpServer = 127.0.0.1\n"
    )
    kept = {
        name: os.environ[name]
        for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH")
        if name in os.environ
    }
    stamp = f"{EPOCH + 900_000} +0000"
    return {
        **kept,
        **IDENTITY,
        "GIT_COMMITTER_DATE": stamp,
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(home),
        "XDG_CACHE_HOME": str(place / "cache"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "100",
        # b4 puts recipients in the order of a set
        "PYTHONHASHSEED": "0",
    }


def _places(program: str, home: Path) -> tuple[tuple[str, str], ...]:
    """(path, placeholder) of where the program is and of the scenario, longest first."""
    prefix = Path(program).absolute().parent.parent
    places = {str(home): "<HOME>", str(prefix): "<VENV>"}
    if prefix.name == ".venv":
        places[str(prefix.parent)] = "<CHECKOUT>"
    return tuple(sorted(places.items(), key=lambda pair: -len(pair[0])))


def _versions(
    program: str, environment: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """(pattern, placeholder) of the versions of patchpilot, git, b4 and Python."""
    patterns = []
    for name, words in (
        ("patchpilot", [program, "--version"]),
        ("git", ["git", "--version"]),
    ):
        output = subprocess.run(
            words, env=dict(environment), capture_output=True, text=True, check=False
        ).stdout
        if version := re.search(r"\d+\.\d+\S*", output):
            patterns.append(
                (rf"\b{re.escape(version[0])}(?![\w.])", f"<{name.upper()}-VERSION>")
            )
    return (
        *patterns,
        (r"\bb4[ /]0\.\d+\S*\b", "<B4-VERSION>"),
        (r"\bPython 3\.\d+\.\d+", "<PYTHON-VERSION>"),
    )


def _corpus(folder: Path) -> None:
    """Copy 200 patches of the data folder, evenly over its names, where there is one."""
    folder.mkdir()
    patches = sorted(
        (
            Path(os.environ.get("PATCHPILOT_DATA", "../shared")) / "corpus" / "patches"
        ).glob("*.patch")
    )
    for file in patches[:: max(1, len(patches) // 200)][:200]:
        shutil.copy(file, folder)


@contextmanager
def mail_server() -> Iterator[int]:
    """A server on loopback that accepts every mail; its port."""
    from aiosmtpd.controller import Controller

    class Accepting:
        # aiosmtpd's name
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            return "250 accepted"

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(
        Accepting(),
        hostname="127.0.0.1",
        port=port,
        server_hostname="mail.example.org",
        enable_SMTPUTF8=True,
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def compare(
    first: Path,
    second: Path,
    *,
    stderr: bool = False,
    only_json: bool = False,
    ignore: Sequence[str] = (),
    allow_added: bool = False,
) -> list[str]:
    """Lines that say which recordings differ and how; none when none does."""
    ends = (".exit", ".stdout", ".files", *((".stderr",) if stderr else ()))
    names = sorted(
        {
            file.name
            for folder in (first, second)
            for file in folder.iterdir()
            if file.suffix in ends
        }
    )
    lines = []
    for name in names:
        if differences := _differences(
            first / name, second / name, only_json, ignore, allow_added
        ):
            lines += [f"{name}:", *(f"  {line}" for line in differences[:LONGEST])]
            lines += (
                [f"  … {len(differences) - LONGEST} more"]
                if len(differences) > LONGEST
                else []
            )
    return lines


def _differences(
    first: Path, second: Path, only_json: bool, ignore: Sequence[str], allow_added: bool
) -> list[str]:
    """What differs between two files."""
    for one, other in ((first, second), (second, first)):
        if not one.exists():
            return [f"only in {other.parent}"]
    texts = [
        file.read_text(encoding="utf-8", errors="surrogateescape")
        for file in (first, second)
    ]
    if texts[0] == texts[1]:
        return []
    documents = [_documents(text) for text in texts]
    if documents[0] is None or documents[1] is None:
        if only_json and documents[0] is documents[1]:
            return []
        return [
            line.rstrip("\n")
            for line in difflib.unified_diff(
                *(text.splitlines() for text in texts),
                "first",
                "second",
                n=0,
                lineterm="",
            )
        ][2:]
    changes = list(_changes(documents[0], documents[1], "", frozenset(ignore)))
    if not changes and not ignore:
        return ["the same values, printed in another way"]
    return [line for line in changes if not (allow_added and line.startswith("+"))]


def _documents(text: str) -> Any:
    """The JSON of a text, one document or a list of one each line; None where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in text.splitlines()] or None
    except ValueError:
        return None


def _changes(
    first: Any, second: Any, where: str, ignore: frozenset[str]
) -> Iterator[str]:
    """`- path` for what is gone, `+ path` for what is new, `~ path: old → new` for what changed."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in [*first, *(key for key in second if key not in first)]:
            path = f"{where}.{key}"
            if key not in second:
                yield f"- {path}: {_short(first[key])}"
            elif key not in first:
                yield f"+ {path}: {_short(second[key])}"
            elif key not in ignore:
                yield from _changes(first[key], second[key], path, ignore)
    elif isinstance(first, list) and isinstance(second, list):
        if len(first) != len(second):
            yield f"~ {where}: {len(first)} → {len(second)} entries"
        for number, (one, other) in enumerate(zip(first, second, strict=False)):
            yield from _changes(one, other, f"{where}[{number}]", ignore)
    elif (type(first), first) != (type(second), second):
        yield f"~ {where}: {_short(first)} → {_short(second)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else text[:99] + "…"


def main(words: Sequence[str] | None = None) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab.json_record",
        description="record what every verb answers, or compare two recordings",
    )
    parser.add_argument(
        "folder",
        metavar="DIR",
        type=Path,
        nargs="?",
        help="an empty or new directory for the recording",
    )
    parser.add_argument(
        "--patchpilot",
        metavar="CMD",
        default=str(Path(sys.executable).parent / "patchpilot"),
        help="the command that is run",
    )
    parser.add_argument(
        "--compare",
        nargs=2,
        type=Path,
        metavar=("DIR1", "DIR2"),
        help="compare two recordings; 1 if they differ",
    )
    parser.add_argument("--stderr", action="store_true", help="also compare stderr")
    parser.add_argument(
        "--json", action="store_true", help="compare JSON documents and exit codes only"
    )
    parser.add_argument(
        "--ignore",
        metavar="KEY,…",
        default="",
        help="leave the values of these keys out",
    )
    parser.add_argument(
        "--allow-added",
        action="store_true",
        help="a key that only DIR2 has is no difference",
    )
    options = parser.parse_args(words)
    if options.compare:
        for folder in options.compare:
            if not any(folder.glob("*.exit")):
                parser.error(f"{folder} is no recording")
        ignore = [key for key in options.ignore.split(",") if key]
        lines = compare(
            *options.compare,
            stderr=options.stderr,
            only_json=options.json,
            ignore=ignore,
            allow_added=options.allow_added,
        )
        print(
            "\n".join(lines)
            if lines
            else f"no differences in {len(list(options.compare[0].glob('*.exit')))} recordings"
        )
        return int(bool(lines))
    if options.folder is None:
        parser.error("DIR or --compare DIR1 DIR2 is needed")
    started = time.monotonic()
    count = record(options.folder, options.patchpilot)
    print(f"{count} recordings in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

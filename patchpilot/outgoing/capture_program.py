# SPDX-License-Identifier: GPL-2.0-or-later
"""A sendmail replacement that stores each message's final bytes and its arguments in a folder."""

import shlex
from pathlib import Path

_SCRIPT = """#!/bin/sh
# keeps what a sendmail would have been given
n=1
while ! mkdir {folder}/"$n" 2>/dev/null; do
    n=$((n + 1))
    test "$n" -lt 10000 || exit 75
done
for word in "$@"; do printf '%s\\n' "$word"; done > {folder}/"$n/arguments"
cat > {folder}/"$n/mail"
"""


def capturing_program(folder: Path) -> Path:
    """Writes the program into `folder`, which also receives the messages, and returns its path."""
    program = folder / "capture"
    program.write_text(_SCRIPT.format(folder=shlex.quote(str(folder))))
    program.chmod(0o700)
    return program


def captured_mails(folder: Path) -> tuple[tuple[tuple[str, ...], bytes], ...]:
    """Returns (arguments, bytes) of each message that the program received, in order."""
    places = sorted(
        (file for file in folder.iterdir() if file.name.isdigit()),
        key=lambda place: int(place.name),
    )
    return tuple(
        (
            tuple((place / "arguments").read_text().splitlines()),
            (place / "mail").read_bytes(),
        )
        for place in places
    )


def split_arguments(
    arguments: tuple[str, ...], options: int = 0
) -> tuple[str, tuple[str, ...]]:
    """Returns (envelope sender or "", recipients) from a sendmail call `[-f SENDER] -i
    RECIPIENT…`.

    The first `options` words are server options. Each word after `-i` is a recipient, even if it
    starts with a dash.
    """
    words = arguments[options:]
    sender, words = (
        (words[1], words[2:])
        if words[:1] == ("-f",) and len(words) > 1
        else ("", words)
    )
    return sender, words[1:] if words[:1] == ("-i",) else words

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the format string of a printed message is found in the source code, whatever its
arguments are.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.finding.candidates import locate_symptom
from patchpilot.finding.read_log import read_log
from tests.kit.repos import Repo

ARGUMENTS: dict[str, str] = dict(
    re.findall(
        r"([^|]+)=([^|]+)",
        "%u=2147483904|%d=-110|%#x=0x0|0x%x=0xdeadbeef|%08llx=00000fe0|%pK=00000000a1b2c3d4|"
        "%px=ffff88810a3e|%pM=52:54:00:12:34:56|%zu=64|%s=eeprom of card|%.*s=fw/acme.bin|%c=A|"
        "%3d%%= 99%|%#06x=0x00ff|%u bytes=12 bytes|(max %zu)=(max 4096)|[%d]=[7]|'%s'='eth0'|"
        "%pe=-ETIMEDOUT|%ld/%ld=4/16|%dms=500ms|%u:%u=8:1",
    )
)
WORDS = re.findall(
    r"\w+",
    "read bad length offset flash queue timeout firmware status cannot start failed ring reset"
    " version unexpected descriptor while waiting for after state of image link error",
)
HEADS = ["", "%s: ", "[%s] ", "port %d: ", "ring: ", "%s:%d ", "%pM: "]
TAILS = [
    "",
    "",
    "",
    " )",
    ", aborting",
    " from firmware",
    "!",
    " - please report this to the list",
]
PREFIXES = ["", "acme 0000:05:00.0: ", "acme: ", "acme eth0: ", "acme acme.3.auto: "]


def generate_formatted_messages(count: int) -> Iterator[tuple[str, str]]:
    message_rng = random.Random(1)
    for _ in range(count):
        format_parts = [
            message_rng.choice(HEADS),
            " ".join(message_rng.sample(WORDS, message_rng.randint(3, 5))),
        ]
        for _ in range(message_rng.randint(0, 4)):
            last_words = " ".join(message_rng.sample(WORDS, message_rng.randint(0, 3)))
            format_parts.append(
                f" {message_rng.choice(list(ARGUMENTS))}{last_words and ' ' + last_words}"
            )
        format_string = "".join([*format_parts, message_rng.choice(TAILS)])
        message = format_string
        for conversion in sorted(ARGUMENTS, key=len, reverse=True):
            message = message.replace(conversion, ARGUMENTS[conversion])
        yield format_string, message_rng.choice(PREFIXES) + message


@pytest.mark.parametrize("file", ["drivers/net/acme/%d.c", "lib/%d.c"])
def test_message_is_traced_to_its_function(workdir: Path, file: str) -> None:
    sources = dict(generate_formatted_messages(120))
    repo = Repo(workdir / "linux")
    code = [
        f'int f{number}(void)\n{{\nout:\n\tpr_err("{form}\\n", a, b);\n}}\n'
        for number, form in enumerate(sources)
    ]
    repo.commit("all", {file % index: "\n".join(code[index::7]) for index in range(7)})
    with Repository.open(repo.path) as repository:
        for number, message in enumerate(sources.values()):
            locations = locate_symptom(repository, "HEAD", read_log(f"[   12.5] {message}"))
            assert list(locations.functions) == [f"f{number}"], message


DRIVER = """\
static int {0}_access(struct {0} *w, u32 offset, u32 len)
{{
\tif (!w->base)
\t\tgoto out;
\tif (len > w->max)
\t\tdev_err(w->dev, "{1}\\n", len, offset);
out:
\treturn readl(w->base + offset);
}}

static int {0}_probe(struct platform_device *pdev)
{{
\treturn {0}_access(w, 0, 4);
}}

MODULE_LICENSE("GPL");
"""
NAMES = ("widget", "brcm", "acme", "spi_nor", "qcom", "tulip")


@pytest.fixture(scope="module")
def driver_tree(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Repo, dict[str, str]]:
    """Create drivers that print one message each, and later commits that fix them. Return the
    messages.

    Other commits contain words of the messages in their subjects, or add a line below a function.
    """
    repo = Repo(tmp_path_factory.mktemp("drivers") / "linux")
    base = dict.fromkeys(("Makefile", "Kbuild", "Kconfig", "MAINTAINERS"), "x\n")
    messages_by_driver = dict(zip(NAMES, generate_formatted_messages(len(NAMES)), strict=True))
    repo.commit(
        "Linux 6.1\n",
        base
        | {
            f"drivers/{driver}.c": DRIVER.format(driver, messages_by_driver[driver][0])
            for driver in NAMES
        },
    )
    repo.tag("v6.1")
    for name in NAMES:
        path, format_string = f"drivers/{name}.c", messages_by_driver[name][0]
        driver_code = DRIVER.format(name, format_string).replace("!w->base", "!w")
        repo.commit(f"{name}: use it\n", {path: driver_code})
        extended_code = driver_code.replace("\n\n", "\nMODULE_DESCRIPTION();\n\n")
        repo.commit(f"{name}: add a description\n", {path: extended_code})
        message_words = " ".join(
            [message_word for message_word in format_string.split() if message_word.isalpha()][:3]
        )
        repo.commit(f"net: {name[:2]}: handle {message_words}\n", {f"net/{name}.c": "int x;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    return repo, {
        name: message.replace("acme", name) for name, (_, message) in messages_by_driver.items()
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["message", "part", "trace", "function", "file", "dmesg"])
def test_fix_is_the_only_likely_candidate(
    driver_tree: tuple[Repo, dict[str, str]], name: str, kind: str
) -> None:
    repo, messages = driver_tree
    symptom = {
        "message": messages[name],
        "part": messages[name].rpartition(" ")[0],
        "trace": f"BUG: kernel NULL pointer dereference\nRIP: 0010:{name}_access+0x1/0x2",
        "function": f"{name}_access",
        "file": f"drivers/{name}.c",
        "dmesg": f"Linux version 6.1.1 (gcc)\npci 0000:05:00.0: type 00\n{messages[name]}",
    }[kind]
    document = repo.patchpilot("find", symptom, "--in", "v6.1", "--json").json
    subjects = [candidate["subject"] for candidate in document["candidates"]]
    assert document["fits"]
    assert f"{name}: use it" in subjects[: 1 + (kind not in ("trace", "function"))]
    assert not document["likely"] or subjects[0] == f"{name}: use it"

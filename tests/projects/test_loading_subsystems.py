# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the shipped subsystems and the user's.

The tests cover how they are selected, their effects, and that every convention has a source.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from patchpilot.projects.conventions import LABELS, conventions
from patchpilot.projects.loading import (
    _paths,
    _subsystems,
    apply_subsystem_rules,
    default_project,
    shortest_wait,
    subsystem_of,
    subsystem_of_path,
    subsystems,
    user_folder,
)
from patchpilot.projects.project import CHOICES, Subsystem
from tests.kit.cli import call
from tests.kit.snippets import build_file_diff, mail
from tests.kit.source import ROOT
from tests.lab.subsystem_page import format_page_lines

GUIDE = (
    (ROOT / "docs" / "how-to" / "add-a-project.md")
    .read_text(encoding="utf-8")
    .partition("## Add a subsystem")[2]
)
FROB = GUIDE.split("```toml\n")[1].split("```")[0]


@pytest.fixture(autouse=True)
def clear_caches() -> Iterator[None]:
    _clear_caches()
    yield
    _clear_caches()


def _clear_caches() -> None:
    _subsystems.cache_clear()
    _paths.cache_clear()


def write_patch(*paths: str, subject: str = "frob: wait for the link", recipients: str = "") -> str:
    diff = "".join(build_file_diff(path, "+\tfrob_start(frob);\n") for path in paths)
    mail_text = mail(
        subject,
        "Old boards need a moment until the link is up.\n"
        "\nSigned-off-by: Ada Fixer <ada@example.org>",
        diff,
    )
    return (
        mail_text.replace("\nDate: ", f"\nTo: {recipients}\nDate: ", 1) if recipients else mail_text
    )


def make_patch(*paths: str, recipients: str = "") -> Patch:
    return parse_patch(write_patch(*paths, recipients=recipients).encode(), "a.patch")


def write_subsystem(subsystem_toml: str, name: str) -> Path:
    file = Path(user_folder()) / "subsystems" / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(subsystem_toml, encoding="utf-8")
    _clear_caches()
    return file


def list_subsystem_names(*paths: str) -> list[str]:
    return [subsystem.name if (subsystem := subsystem_of_path(path)) else "" for path in paths]


def test_longest_path_wins() -> None:
    assert list_subsystem_names(
        "drivers/net/frob.c",
        "drivers/net/wireless/ath/frob.c",
        "drivers/usb/serial/frob.c",
    ) == ["net", "wireless", "usb-serial"]
    assert list_subsystem_names(
        "include/linux/mm_types.h",
        "include/linux/mmc/host.h",
        "arch/x86/kvm/x86.c",
        "frob.c",
    ) == ["mm", "", "", ""]


def test_bindings_do_not_hide_the_subsystem() -> None:
    binding = "Documentation/devicetree/bindings/iio/adc/frob.yaml"
    both, alone = (
        subsystem_of(make_patch(binding, "drivers/iio/adc/frob.c")),
        subsystem_of(make_patch(binding)),
    )
    assert both is not None
    assert alone is not None
    assert (both.name, alone.name) == ("iio", "devicetree")
    assert subsystem_of(make_patch("drivers/iio/adc/frob.c", "drivers/spi/spi-frob.c")) is None


def test_sections_and_lists_break_ties() -> None:
    by_section = subsystem_of(make_patch("lib/frob.c"), lambda _: ["IIO SUBSYSTEM AND DRIVERS"])
    by_list = subsystem_of(make_patch("lib/frob.c", recipients="linux-iio@vger.kernel.org"))
    assert by_section is by_list is subsystems()["iio"]
    assert (
        subsystem_of(
            make_patch(
                "lib/frob.c",
                recipients="linux-iio@vger.kernel.org, linux-spi@vger.kernel.org",
            )
        )
        is None
    )
    assert (
        subsystem_of(make_patch("lib/frob.c"))
        is subsystem_of(make_patch("MAINTAINERS", recipients="linux-spi@vger.kernel.org"))
        is None
    )
    assert (
        subsystem_of(make_patch("net/vmw_vsock/frob.c", recipients="netdev@vger.kernel.org"))
        is None
    )


def test_waiting_times_depend_on_the_subsystem() -> None:
    linux = default_project()
    xfs = apply_subsystem_rules(linux, [make_patch("fs/xfs/frob.c")])
    assert (linux.mail.waiting_days, xfs.mail.waiting_days) == (14, 7)
    assert (
        apply_subsystem_rules(linux, [make_patch("fs/xfs/frob.c"), make_patch("lib/frob.c")])
        is linux
    )
    assert shortest_wait() == 7
    write_subsystem('title = "frob"\npaths = ["drivers/frob/"]\nping_days = 3\n', "frob")
    assert shortest_wait() == 3


def test_check_uses_the_documented_subsystem(tmp_path: Path) -> None:
    write_subsystem(FROB, "frob")
    file = tmp_path / "wait.patch"
    file.write_text(
        write_patch(
            "drivers/frob/frob.c",
            subject="fix: Wait for the link",
            recipients="linux-frob@vger.kernel.org",
        ),
        encoding="utf-8",
    )
    findings = {
        finding["name"]: finding["message"]
        for patch in json.loads(call("check --strict --format json", str(file)).out)["patches"]
        for finding in patch["findings"]
    }
    assert (
        findings["unconventional-prefix"]
        == "wrong subject prefix 'fix:'; frob uses \"frob: driver: do this\""
    )
    assert (
        findings["missing-target-tree"]
        == "missing target tree in the subject; use [PATCH frob] (frob is for fixes, frob-next for"
        " the rest)"
    )
    assert (
        findings["subject-case"]
        == "subject text after the prefix starts with 'Wait'; frob uses a lower-case letter"
    )


def test_check_suggests_the_usual_prefix(
    tmp_path: Path,
) -> None:
    file = tmp_path / "wait.patch"
    file.write_text(
        write_patch("drivers/iio/adc/frob.c", subject="Wait for the link"),
        encoding="utf-8",
    )
    result = call("check --strict", str(file))
    assert "help: iio: adc: Wait for the link" in " ".join(result.out.split())


def test_users_file_overrides_single_keys() -> None:
    write_subsystem('declarations = "any"\n', "net")
    net = subsystems()["net"]
    assert (net.declarations, net.trees, net.title) == (
        "any",
        ("net", "net-next"),
        "networking",
    )


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        (
            'title = "frob"\nafter_prefix = "capitals"\n',
            "key 'after_prefix': 'capitals' is not one of capital, lower",
            "did you mean 'capital'?",
        ),
        (
            'title = "frob"\npath = ["drivers/frob/"]\n',
            "unknown key 'path'",
            "did you mean 'paths'?",
        ),
        (
            'title = "frob"\nprefix_pattern = "("\n',
            "key 'prefix_pattern' is not a valid pattern",
            "",
        ),
        (
            'title = "frob"\ncover_from = "2"\n',
            "key 'cover_from' takes a number, not '2'",
            "",
        ),
        (
            'title = "frob"\ninherits = "nets"\n',
            "inherits = 'nets' names no subsystem that inherits nothing itself",
            "did you mean 'net'?",
        ),
        ("cover_from = 2\n", "missing key 'title'", ""),
    ],
)
def test_error_names_file_and_key(text: str, error: str, hint: str, tmp_path: Path) -> None:
    file = write_subsystem(text, "frob")
    wait = tmp_path / "wait.patch"
    wait.write_text(write_patch("lib/frob.c"), encoding="utf-8")
    output = call("check --strict", str(wait)).err
    assert f"{file}: {error}" in output
    assert hint in output


def test_every_convention_has_a_source() -> None:
    source = re.compile(r"https://|Documentation/\S+\.rst$|\d+ % of \d\d+ [a-z]+$")
    for subsystem in subsystems().values():
        known = {key for key in LABELS if getattr(subsystem, key)}
        assert set(subsystem.sources) <= known, subsystem.name
        for convention in conventions(subsystem):
            assert source.match(convention.source), (subsystem.name, convention)


def test_reference_page_is_in_step() -> None:
    assert (ROOT / "docs" / "reference" / "subsystems.md").read_text(encoding="utf-8") == "".join(
        format_page_lines()
    )


def test_guide_shows_every_key() -> None:
    for key in Subsystem._fields:
        if key in LABELS and key not in ("links", "closes"):
            assert re.search(rf"^{key} = ", FROB, re.MULTILINE), key
    for words in CHOICES.values():
        assert all(f'"{word}"' in GUIDE for word in words)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test taking lines of logs apart."""

import pytest

from patchpilot.finding.log_lines import LogLine, split_line, split_log


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("<4>[  102.530941][  T811] acme: x", ("102.530941", "4", "T811", "", "acme: x")),
        ("kern  :warn  : [  102.530941] acme: x", ("102.530941", "warn", "", "", "acme: x")),
        ("[    1.5] [3:fio:811] acme: x", ("1.5", "", "fio", "", "acme: x")),
        (
            "Nov 24 10:00:00 nas kernel: acme: x",
            ("Nov 24 10:00:00", "", "", "nas", "acme: x"),
        ),
        ("> > [    1.5] acme: x", ("1.5", "", "", "", "acme: x")),
        ("4,12,5678902,-,caller=T1;acme: x", ("5678902", "4", "", "", "acme: x")),
        ("acme: x", ("", "", "", "", "acme: x")),
        ("[  412.9] ---[ end trace 0 ]---", ("412.9", "", "", "", "---[ end trace 0 ]---")),
        ("[    1.5]-acme: x", ("1.5", "", "", "", "acme: x")),
        ("[<c0123456>] ring_free+0x10/0x20", ("", "", "", "", "[<c0123456>] ring_free+0x10/0x20")),
    ],
)
def test_prefix_is_taken_apart(line: str, expected: tuple[str, ...]) -> None:
    parts = split_line(line)
    assert (parts.stamp, parts.level, parts.caller, parts.host, parts.text) == expected


def test_lines_of_programs_are_omitted_if_the_kernel_is_named() -> None:
    lines = split_log(
        "Nov 24 10:00:00 nas systemd[1]: Started it.\nNov 24 10:00:01 nas kernel: acme: x\n"
    )
    assert [line.text for line in lines] == ["acme: x"]
    assert split_log("Nov 24 10:00:00 nas systemd[1]: Started it.\n")[0] == LogLine(
        "nas systemd[1]: Started it.", "Nov 24 10:00:00", program="systemd", has_prefix=True
    )


def test_record_with_many_messages_is_read() -> None:
    """Its source is read once, not once for each message."""
    log = '"_TRANSPORT":"kernel" ' + '"msg":"acme: x" ' * 20_000
    assert [line.text for line in split_log(log)] == ["acme: x"] * 20_000

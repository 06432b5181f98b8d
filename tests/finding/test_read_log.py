# SPDX-License-Identifier: GPL-2.0-or-later
"""Test parsing functions, modules, messages and the version in a log."""

import pytest

from patchpilot.finding.read_log import Symptom, read_log

OOPS = """\
[  102.530941] BUG: kernel NULL pointer dereference, address: 0000000000000020
[  102.530942] CPU: 3 PID: 811 Comm: fio Not tainted 6.1.0-13-amd64 #1  Debian 6.1.55-1
[  102.530943] RIP: 0010:acme_ring_fill.isra.0+0x2b/0x110 [acme]
[  102.530944] Code: 48 8b 47 20 48 85 c0 74
[  102.530945] RAX: 0000000000000000 RBX: ffff8881026a8000
[  102.530946] Call Trace:
[  102.530947]  ? page_fault_oops+0x13f/0x170
[  102.530948]  acme_poll.constprop.0+0x51/0x90 [acme]
[  102.530949]  __napi_poll+0x28/0x160
[  102.530950]  do_syscall_64+0x38/0x90
"""


def read_log_functions(log_text: str) -> list[str]:
    return [call_frame.function for call_frame in read_log(log_text).frames]


def test_oops_has_functions_modules_and_version() -> None:
    symptom = read_log(OOPS)
    assert read_log_functions(OOPS)[:3] == [
        "acme_ring_fill",
        "acme_poll",
        "__napi_poll",
    ]
    assert symptom.modules == ("acme",)
    assert symptom.release == "6.1.55"
    assert symptom.messages == ("BUG: kernel NULL pointer dereference, address: 0000000000000020",)


def test_uncertain_frames_weigh_less() -> None:
    weights = {frame.function: frame.weight for frame in read_log(OOPS).frames}
    assert weights["acme_ring_fill"] == 1
    assert weights["acme_ring_fill"] > weights["acme_poll"] > weights["__napi_poll"]
    assert max(weights["page_fault_oops"], weights["do_syscall_64"]) < 0.1


@pytest.mark.parametrize(
    ("line", "function"),
    [
        ("    #1 0x4fc1f3 in ring_free lib/ring.c:42:7", "ring_free"),
        ("#3  0x00007f in ring_free (r=0x0) at ring.c:42", "ring_free"),
        ("==812==    at 0x4C2B3: ring_free (ring.c:42)", "ring_free"),
        ("PANIC at dbuf.c:2549:dbuf_undirty()", "dbuf_undirty"),
        ("[<c0123456>] ring_free+0x10/0x20", "ring_free"),
        ("mpt2sas0: _ctl_do_mpt_command: timeout", "_ctl_do_mpt_command"),
        ("pc : ring_free.part.3+0x4/0x20", "ring_free"),
    ],
)
def test_all_frame_formats_are_read(line: str, function: str) -> None:
    assert read_log_functions(line)[0] == function


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("[  12.5] mpt2sas0: _ctl_do_mpt_command: timeout", "mpt2sas"),
        ("e1000e 0000:00:19.0 eth0: Detected Hardware Unit Hang", "e1000e"),
        ("Nov 24 10:00:00 host kernel: [ 12.500000] acme-net: it failed", "acme-net"),
        ("EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2", "ext4"),
        ("bcachefs (sda6): check_allocations failed", "bcachefs"),
        ("NETDEV WATCHDOG: eth0 (r8169): transmit queue 0 timed out", "r8169"),
        ("r8169: probe of 0000:03:00.0 failed with error -5", "r8169"),
        ("ucsi_acpi USBC000:00: ucsi_handle_change: GET_STATUS failed (-5)", "ucsi_acpi"),
        ("drbd u12215/0 drbd854 nodeA: PingAck did not arrive in time.", "drbd"),
    ],
)
def test_driver_is_read_from_its_messages(line: str, module: str) -> None:
    assert module in read_log(line).modules


def test_variable_parts_are_not_searched() -> None:
    first = read_log("[   1.5] acme 0000:00:19.0: bad status 0xdeadbeef at ffff88810")
    second = read_log("<4>[ 987.654321][ T12] acme 0000:03:00.1: bad status 0x12 at ffff99")
    assert first.terms().keys() == second.terms().keys()


def test_boot_messages_are_skipped() -> None:
    symptom = read_log(
        "[ 0.0] Linux version 6.1.1 (root@build)\n[ 0.5] pci 0000:05:00.0: type 00\n"
        "[ 9.1] acme 0000:05:00.0: bad status 0x2\n[ 9.2] acme 0000:05:00.0: link down"
    )
    assert symptom.messages[0] == "acme 0000:05:00.0: bad status 0x2"
    assert (symptom.modules, symptom.release) == (("acme",), "6.1.1")


def test_empty_symptom_is_false() -> None:
    assert not read_log("\n  \n")
    assert not Symptom()


def test_trace_of_the_failed_task_comes_first() -> None:
    lines = [
        "[  1.000001][    C3] RIP: 0010:acme_ring_fill+0x2b/0x110 [acme]",
        "[  1.000002][    C1]  other_poll+0x51/0x90 [other]",
        "[  1.000003][    C3]  acme_poll+0x51/0x90 [acme]",
    ]
    assert read_log_functions("\n".join(lines)) == ["acme_ring_fill", "acme_poll", "other_poll"]


@pytest.mark.parametrize(
    ("line", "release"),
    [
        ("Linux version 5.15.0-91-generic (b@h) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0, GNU ld)"
         " #101-Ubuntu SMP (Ubuntu 5.15.0-91.101-generic 5.15.131)", "5.15.131"),
        ("Linux nas 6.1.0-18-amd64 #1 SMP Debian 6.1.76-1 (2024-02-01) x86_64", "6.1.76"),
        ("Pid: 811, comm: fio Tainted: P   O 3.2.0-4-amd64 #1 Debian 3.2.51-1 Dell", "3.2.51"),
        ("6.8.0-rc3 #12 Not tainted", "6.8-rc3"),
        ("**Kernel:** 6.18.9-cachyos", "6.18.9"),
    ],
)  # fmt: skip
def test_release_is_found_in_each_line(line: str, release: str) -> None:
    assert read_log(f"{line}\n[  102.5] acme 0000:03:00.0: ring error\n").release == release


def test_release_has_no_characters_of_a_shell() -> None:
    log = "Linux nas 6.1.0$(reboot) #1\n[  102.5] acme 0000:03:00.0: ring error\n"
    assert "$" not in read_log(log).version.named


@pytest.mark.parametrize(
    ("pc", "caller"),
    [
        ("TPC: <acme_fill+0x2c/0x110 [acme]>", "I7: <acme_poll+0x28/0x160 [acme]>"),
        (" IAOQ[0]: acme_fill+0x2c/0x110 [acme]", " RP(r2): acme_poll+0x50/0x90 [acme]"),
        ("  ERA: ffff800002a31a2c acme_fill+0x2c/0x110 [acme]",
         "   ra: ffff800002a31b60 acme_poll+0x50/0x90 [acme]"),
        ("pc is at acme_fill+0x2c/0x110 [acme]", "ra is at acme_poll+0x50/0x90 [acme]"),
        ("PC: [<00a31a2c>] acme_fill+0x2c/0x110 [acme]",
         "Call Trace: [<00a31b60>] acme_poll+0x50/0x90 [acme]"),
        ("EIP: acme_fill+0x2c/0x110 [acme]", " acme_poll+0x50/0x90 [acme]"),
    ],
)  # fmt: skip
def test_registers_of_each_architecture_are_read(pc: str, caller: str) -> None:
    for lines in ((pc, caller), (caller, pc) if "ERA" in pc else (pc, caller)):
        symptom = read_log("\n".join(("Oops[#1]:", *lines)))
        functions = [frame.function for frame in symptom.frames]
        assert (functions, symptom.modules) == (["acme_fill", "acme_poll"], ("acme",))


@pytest.mark.parametrize(
    "line",
    [
        "UBSAN: array-index-out-of-bounds in drivers/net/acme/acme.c:46:27",
        "UBSAN: shift-out-of-bounds in drivers/net/acme/acme.c:46:12",
        "KASAN: maybe wild-memory-access in range [0xdead000000000100-0xdead000000000107]",
        'irq 16: nobody cared (try booting with the "irqpoll" option)',
        "Asynchronous SError Interrupt on CPU0, code 0xbf000002",
        "INFO: trying to register non-static key.",
        "Redzone overwritten, the object was used after it was released",
        "Out of memory: Killed process 811 (acmed) total-vm:1024kB",
        "Unbalanced enable for IRQ 31",
        'memcpy: detected field-spanning write (size 16) of single field "entry->data"',
    ],
)
def test_report_without_the_word_error_starts_the_log(line: str) -> None:
    symptom = read_log(f"[ 1.000001] acme: version 3 loaded\n[ 1.000002] {line}\n")
    assert symptom.messages[0] == line


def test_file_of_a_build_elsewhere_is_kept() -> None:
    log = (
        "UBSAN: array-index-out-of-bounds in /build/linux-K1/linux-6.5.4/drivers/net/acme/a.c:46:27"
    )
    assert read_log(log).files[0].endswith("drivers/net/acme/a.c")


def test_time_in_brackets_may_have_a_zone() -> None:
    log = (
        "[2025-03-18T00:15:50.235Z] === RUN   acme.reset\n"
        "[2025-03-18T00:19:56.607Z] acme 0000:03:00.0: ring error\n"
        "[2025-03-18T00:19:56.608+01:00] acme_fill+0x2c/0x110 [acme]\n"
    )
    symptom = read_log(log)
    assert symptom.messages == ("acme 0000:03:00.0: ring error",)
    assert [frame.function for frame in symptom.frames] == ["acme_fill"]


def test_messages_that_a_console_joined_are_split() -> None:
    log = (
        "[20698.115141] acme 0000:03:00.0: ring error ->state=0x402[20698.119526] "
        "acme 0000:03:00.0: reset failed\n"
    )
    assert read_log(log).messages == (
        "acme 0000:03:00.0: ring error ->state=0x402",
        "acme 0000:03:00.0: reset failed",
    )


@pytest.mark.parametrize(
    "place", ["0x860546a4 [acme@8ad96439+0x96c0]", "[<860546a4>] 0x860546a4 [acme]"]
)
def test_module_of_an_address_without_symbols_is_read(place: str) -> None:
    log = f"WARNING: CPU: 1 PID: 9 at linux-ramips/acme-1-678071ef/core/mac.c:208 {place}\n"
    symptom = read_log(log)
    assert (symptom.modules, symptom.frames) == (("acme",), ())
    assert symptom.messages == (log.strip(),)


@pytest.mark.parametrize(
    "line",
    [
        "...",
        "Status: 1100f403\tKERNEL EXL IE ",
        "kworker/u8:0    D    0     5      2 0x00000000",
        "acmed           D 00000000     0    64      2 0x00100000",
    ],
)
def test_state_of_a_processor_or_task_is_no_message(line: str) -> None:
    log = f"[ 1.000001] acme 0000:03:00.0: ring error\n[ 1.000002] {line}\n"
    assert read_log(log).messages == ("acme 0000:03:00.0: ring error",)

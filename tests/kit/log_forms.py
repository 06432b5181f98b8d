# SPDX-License-Identifier: GPL-2.0-or-later
# ruff: noqa: E501 (lines of logs are wide)
"""Write kernel logs as tools, consoles and pastes show them, with what is to be read from each.

A log is made of a message (what the kernel printed, in the words of its sources), a form (how a
tool writes each line) and a damage (what a terminal, a mail program or a tracker does to the text).
The forms follow the sources and manual pages of util-linux 2.38 (dmesg), systemd (journalctl),
rsyslog, busybox, netconsole, pstore, logcat, crash, drgn and gdb, not the reader in patchpilot.
"""

import html
import json
import random
import re
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

START = 1_732_442_400
"""The time of the first line, in seconds: 2024-11-24 10:00:00 UTC."""


class Line(NamedTuple):
    """A line as the kernel prints it: its level, the seconds since boot and the text."""

    level: int
    stamp: float
    text: str


@dataclass(frozen=True)
class Message:
    """What the kernel printed, and what is to be read from it.

    `functions` are expected in this order and before all others; `others` may follow. `driver` is
    empty if the message names none. `texts` are messages that are searched in the sources.
    """

    name: str
    lines: tuple[str, ...]
    functions: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    driver: str = ""
    texts: tuple[str, ...] = ()
    level: int = 4


class Version(NamedTuple):
    """A kernel as a log names it (release, build and package), and its upstream release."""

    release: str
    build: str
    upstream: str
    banner_build: str = ""


VERSIONS = (
    Version("6.1.0", "#1", "6.1"),
    Version("6.1.0-18-amd64", "#1 Debian 6.1.76-1", "6.1.76"),
    Version("6.1.0-18-amd64", "#1  Debian 6.1.76-1", "6.1.76"),
    Version("6.1.0-0.deb11.21-amd64", "#1 Debian 6.1.90-1~bpo11+1", "6.1.90"),
    Version("4.19.0-27-amd64", "#1 Debian 4.19.316-1", "4.19.316"),
    Version("3.16.0-4-amd64", "#1 Debian 3.16.7-ckt11-1+deb8u3", "3.16.7"),
    Version("6.10-rc7-amd64", "#1 Debian 6.10~rc7-1~exp1", "6.10-rc7"),
    Version("6.12.41+deb13-amd64", "#1 Debian 6.12.41-1", "6.12.41"),
    Version("6.6.20+rpt-rpi-v8", "#1 Debian 1:6.6.20-1+rpt1", "6.6.20"),
    Version("6.1.21-v8+", "#1642", "6.1.21"),
    Version("4.14.30-v7+", "#1103", "4.14.30"),
    Version("5.15.0-91-generic", "#101-Ubuntu", "5.15"),
    Version("5.4.0-1103-aws", "#111~18.04.1-Ubuntu", "5.4"),
    Version("6.8.0-45-generic", "#45~22.04.1-Ubuntu", "6.8"),
    Version("5.14.0-427.22.1.el9_4.x86_64", "#1", "5.14"),
    Version("4.18.0-513.5.1.el8_9.x86_64", "#1", "4.18"),
    Version("3.10.0-1160.119.1.el7.x86_64", "#1", "3.10"),
    Version("5.4.17-2136.315.5.el8uek.x86_64", "#2", "5.4.17"),
    Version("4.14.336-256.557.amzn2.x86_64", "#1", "4.14.336"),
    Version("6.6.8-200.fc39.x86_64", "#1", "6.6.8"),
    Version("6.8.0-0.rc1.20240125git6098d87eaf31.15.fc40.x86_64", "#1", "6.8-rc1"),
    Version("6.7.4-arch1-1", "#1 cc5e6ed4b1a3b0a6d5b8f5e0c1d2e3f4a5b6c7d8", "6.7.4"),
    Version("6.7.0-arch3-1", "#1", "6.7"),
    Version("6.6.32-1-lts", "#1", "6.6.32"),
    Version("6.7.4-zen1-1-zen", "#1", "6.7.4"),
    Version("6.7.4-1-default", "#1 openSUSE Tumbleweed (unreleased)", "6.7.4"),
    Version("5.3.18-150300.59.87-default", "#1 SLE15-SP3", "5.3.18"),
    Version("5.10.43-android12-9-00007-g9ab3d4e1a0c7-ab8361234", "#1", "5.10.43"),
    Version("4.14.180-perf+", "#1", "4.14.180"),
    Version("5.10.153-rt76", "#1", "5.10.153"),
    Version("6.6.0-rt14", "#4", "6.6"),
    Version("6.8.0-rc3", "#12", "6.8-rc3"),
    Version("6.8.0-rc3-00012-gabcdef012345", "#5", "6.8-rc3"),
    Version("6.8.0-rc3-next-20240206", "#1", "6.8-rc3"),
    Version("6.8.0-rc3-syzkaller-00012-gabcdef012345", "#0", "6.8-rc3"),
    Version("6.8.0-rc3+", "#77", "6.8-rc3"),
    Version("6.5.11-8-pve", "#1", "6.5.11"),
    Version("5.15.167.4-microsoft-standard-WSL2", "#1", "5.15.167"),
    Version("6.1.55-gentoo-x86_64", "#3", "6.1.55"),
    Version("6.1.80-dirty", "#9", "6.1.80"),
    Version("5.10.0-60.18.0.50.oe2203.x86_64", "#1", "5.10"),
)


TAINTS = (
    "Not tainted",
    "Tainted: G           OE     ",
    "Tainted: P        W  OE     ",
    "Kdump: loaded Tainted: P           OE  X  -------  --- ",
    "Kdump: loaded Not tainted",
    "Tainted: G S      W        ",
    "Tainted: GF       W  O",
    "Tainted: [W]=WARN, [O]=OOT_MODULE",
    "Tainted: G        W I    L    T",
)

PCI_NAMES = ("0000:03:00.0", "0000:00:1f.6", "0000:c1:00.0")


def write_messages(driver: str, version: Version, chance: random.Random) -> list[Message]:
    """Return one message of each kind, of this driver and kernel."""
    device = chance.choice(PCI_NAMES)
    fail, caller, probe = f"{driver}_ring_fill", f"{driver}_poll_one", f"{driver}_probe_port"
    taint = chance.choice(TAINTS)
    cpu = f"CPU: 3 PID: 811 Comm: fio {taint} {version.release} {version.build}"
    newer_cpu = (
        f"CPU: 3 UID: 0 PID: 811 Comm: kworker/u16:3 {taint} {version.release} {version.build}"
    )
    hardware = "Hardware name: Dell Inc. OptiPlex 7050/0NW6H5, BIOS 1.18.0 08/25/2021"
    module = f" [{driver}]"
    build_id = f" [{driver} 55b49ae4cd884535a75fc35c5a6e3d5760c319cb]"
    modules = (
        f"Modules linked in: {driver}(OE+) snd_hda_intel(+) ext4 mbcache [last unloaded: zram]"
    )
    x86_registers = (
        "RSP: 0018:ffffb2eb1fc1eef8 EFLAGS: 00010246",
        "RAX: 0000000000000000 RBX: ffff8881026a8000 RCX: 0000000000000001",
        "RDX: 0000000000000000 RSI: 0000000000000286 RDI: ffffffffa1b2c3d4",
        "R13: 0000000000000000 R14: ffff888103b5c000 R15: dead000000000100",
        "FS:  00007f4c382f1740(0000) GS:ffff9c4bdd5c0000(0000) knlGS:0000000000000000",
        "CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033",
        "CR2: 0000000000000020 CR3: 0000000101b2e004 CR4: 00000000003706f0",
    )
    x86_user = (
        "RIP: 0033:0x7f4c383b2a3d",
        "Code: 5b 41 5c c3 66 0f 1f 84 00 00 00 00 00 f3 0f 1e fa 48 89 f8 <48> 3d 01 f0",
        "RSP: 002b:00007ffd0a7c8d58 EFLAGS: 00000246 ORIG_RAX: 0000000000000010",
        "RAX: ffffffffffffffda RBX: 0000000000000003 RCX: 00007f4c383b2a3d",
    )
    entry = (" do_syscall_64+0x38/0x90", " entry_SYSCALL_64_after_hwframe+0x64/0xce")
    machinery = (
        "do_syscall_64",
        "entry_SYSCALL_64_after_hwframe",
        "asm_exc_page_fault",
        "exc_page_fault",
        "page_fault_oops",
        "dump_stack_lvl",
        "dump_stack",
    )
    core = ("__napi_poll", "net_rx_action")
    null = "BUG: kernel NULL pointer dereference, address: 0000000000000020"
    return [
        Message(
            "x86 oops",
            (
                null,
                "#PF: supervisor read access in kernel mode",
                "#PF: error_code(0x0000) - not-present page",
                "PGD 0 P4D 0 ",
                "Oops: 0000 [#1] PREEMPT SMP NOPTI",
                cpu,
                hardware,
                f"RIP: 0010:{fail}+0x2b/0x110{module}",
                "Code: 48 8b 47 20 48 85 c0 74 0c <0f> b7 40 04 48 89 da 66 89 43 04 e8 9a ed",
                *x86_registers,
                "Call Trace:",
                " <TASK>",
                " ? page_fault_oops+0x13f/0x170",
                " ? asm_exc_page_fault+0x22/0x30",
                f" ? {probe}+0x10/0x20{module}",
                f" {caller}+0x51/0x90{module}",
                " __napi_poll+0x28/0x160",
                " net_rx_action+0x29e/0x350",
                *entry,
                *x86_user,
                " </TASK>",
                modules,
                "CR2: 0000000000000020",
                "---[ end trace 0000000000000000 ]---",
            ),
            (fail, caller, *core),
            (*machinery, probe),
            driver,
        ),
        Message(
            "x86 oops of a module with a build id",
            (
                "BUG: unable to handle page fault for address: ffffb2eb1fc1eef8",
                newer_cpu,
                hardware,
                "Workqueue: events_unbound async_run_entry_fn",
                f"RIP: 0010:{fail}.isra.0+0x2b/0x110{build_id}",
                *x86_registers,
                "Call Trace:",
                " <IRQ>",
                f" {caller}.constprop.0.cold+0x51/0x90{build_id}",
                " __napi_poll+0x28/0x160",
                " net_rx_action+0x29e/0x350",
                " </IRQ>",
                " worker_thread+0x52/0x3b0",
                " kthread+0xfa/0x130",
                " ret_from_fork+0x34/0x50",
            ),
            (fail, caller, *core),
            ("worker_thread", "kthread", "ret_from_fork", "async_run_entry_fn"),
            driver,
        ),
        Message(
            "x86 oops before 4.10",
            (
                "BUG: unable to handle kernel NULL pointer dereference at 0000000000000020",
                f"IP: [<ffffffffa0841d99>] {fail}+0x2b/0x110{module}",
                "PGD 0 ",
                "Oops: 0000 [#1] SMP ",
                modules,
                cpu,
                hardware,
                "task: ffff880424d5a4c0 ti: ffff88042a8b4000 task.ti: ffff88042a8b4000",
                f"RIP: 0010:[<ffffffffa0841d99>]  [<ffffffffa0841d99>] {fail}+0x2b/0x110{module}",
                "RSP: 0018:ffff88042a8b7d48  EFLAGS: 00010246",
                *x86_registers[1:],
                "Stack:",
                " ffff88042a8b7d58 ffffffff8109e1d5 ffff88042a8b7e18 ffffffffa0842f21",
                "Call Trace:",
                f" [<ffffffffa0842f21>] {caller}+0x51/0x90{module}",
                " [<ffffffff8159a1a8>] __napi_poll+0x28/0x160",
                " [<ffffffff8159a5fe>] ? net_rx_action+0x29e/0x350",
                " [<ffffffff8172d6a4>] do_syscall_64+0x38/0x90",
                "Code: 48 8b 47 20 48 85 c0 74 0c <0f> b7 40 04 48 89 da 66 89 43 04 e8 9a ed ",
                f"RIP  [<ffffffffa0841d99>] {fail}+0x2b/0x110{module}",
                " RSP <ffff88042a8b7d48>",
                "CR2: 0000000000000020",
            ),
            (fail, caller, "__napi_poll"),
            ("net_rx_action", *machinery),
            driver,
        ),
        Message(
            "arm64 oops",
            (
                "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000020",
                "Mem abort info:",
                "  ESR = 0x0000000096000004",
                "  EC = 0x25: DABT (current EL), IL = 32 bits",
                "user pgtable: 4k pages, 48-bit VA, pgdp=0000000108a3b000",
                "[0000000000000020] pgd=0000000000000000, p4d=0000000000000000",
                "Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP",
                modules,
                cpu,
                "Hardware name: Radxa ROCK 5B (DT)",
                "pstate: 60400009 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)",
                f"pc : {fail}+0x2c/0x110{module}",
                f"lr : {caller}+0x50/0x90{module}",
                "sp : ffff80000b5cbc10",
                "x29: ffff80000b5cbc10 x28: ffff000102a68000 x27: 0",
                "x2 : 0000000000000000 x1 : 0000000000000001 x0 : 0000000000000000",
                "Call trace:",
                f" {fail}+0x2c/0x110{module}",
                f" {caller}+0x50/0x90{module}",
                " __napi_poll+0x28/0x160",
                " el0t_64_sync_handler+0xb8/0xbc",
                " el0t_64_sync+0x18c/0x190",
                "Code: f9401000 b4000060 f9400c00 (b9402001) ",
            ),
            (fail, caller, "__napi_poll"),
            ("el0t_64_sync_handler", "el0t_64_sync"),
            driver,
        ),
        Message(
            "arm oops",
            (
                "8<--- cut here ---",
                "Unable to handle kernel NULL pointer dereference at virtual address 00000020",
                "pgd = 2e80ff30",
                "[00000020] *pgd=00000000",
                "Internal error: Oops: 5 [#1] SMP ARM",
                modules,
                cpu,
                "Hardware name: BCM2835",
                f"PC is at {fail}+0x2c/0x110{module}",
                f"LR is at {caller}+0x50/0x90{module}",
                "pc : [<bf0c3218>]    lr : [<bf0c32a0>]    psr: 60000013",
                "sp : cd009d54  ip : cd009d6c  fp : cd009d68",
                "r10: c5cf5dc0  r9 : 00000000  r8 : c024801c",
                "Flags: nZCv  IRQs on  FIQs on  Mode SVC_32  ISA ARM  Segment user",
                "Process fio (pid: 811, stack limit = 0x0d4a4a7f)",
                "Stack: (0xcd009d54 to 0xcd00a000)",
                "9d40:                   c0955d38 cd009d8c",
                "Backtrace: ",
                f"[<bf0c3218>] ({fail}{module}) from [<bf0c32a0>] ({caller}+0x50/0x90{module})",
                " r5:00000000 r4:00000000",
                f"[<bf0c32a0>] ({caller}{module}) from [<c0701a2c>] (__napi_poll+0x28/0x160)",
                "[<c0701a2c>] (__napi_poll) from [<c0108220>] (ret_fast_syscall+0x0/0x54)",
                "Code: e92dd800 e24cb004 e1a03002 e5912020 (e5920020) ",
            ),
            (fail, caller, "__napi_poll"),
            ("ret_fast_syscall",),
            driver,
        ),
        Message(
            "powerpc oops",
            (
                "BUG: Kernel NULL pointer dereference on read at 0x00000020",
                "Faulting instruction address: 0xc008000004b41a2c",
                "Oops: Kernel access of bad area, sig: 11 [#1]",
                "LE PAGE_SIZE=64K MMU=Radix SMP NR_CPUS=2048 NUMA PowerNV",
                modules,
                cpu,
                "NIP:  c008000004b41a2c LR: c008000004b41b60 CTR: c000000000a0b1c0",
                "REGS: c00000000f7ab6f0 TRAP: 0300   Not tainted",
                "MSR:  9000000000009033 <SF,HV,EE,ME,IR,DR,RI,LE>  CR: 24002288  XER: 20040000",
                "CFAR: c00800000 DAR: 0000000000000020 DSISR: 40000000 IRQMASK: 0 ",
                "GPR00: c008000004b41b60 c00000000f7ab990 c008000004b69300 0000000000000000 ",
                f"NIP [c008000004b41a2c] {fail}+0x2c/0x110{module}",
                f"LR [c008000004b41b60] {caller}+0x50/0x90{module}",
                "Call Trace:",
                f"[c00000000f7ab990] [c008000004b41b60] {caller}+0x50/0x90{module} (unreliable)",
                "[c00000000f7aba20] [c000000000c31a2c] __napi_poll+0x28/0x160",
                "[c00000000f7abe10] [c00000000000c0cc] system_call_exception+0x15c/0x330",
                "--- interrupt: c00 at 0x7fffa3b1c0d8",
                "Instruction dump:",
                "7c0802a6 fbe1fff8 f8010010 f821ffd1 e9230020 2fa90000 419e0010 <e8690020> 38210030 ",
            ),
            (fail, caller, "__napi_poll"),
            ("system_call_exception",),
            driver,
        ),
        Message(
            "riscv oops",
            (
                "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000020",
                "Oops [#1]",
                modules,
                cpu,
                "Hardware name: StarFive VisionFive 2 v1.3B (DT)",
                f"epc : {fail}+0x2c/0x110{module}",
                f" ra : {caller}+0x50/0x90{module}",
                "epc : ffffffff01c53a2c ra : ffffffff01c53b60 sp : ffffffc80064bc10",
                " gp : ffffffff8181d4e8 tp : ffffffd8c1ec8000 t0 : ffffffff8002a1b4",
                "status: 0000000200000120 badaddr: 0000000000000020 cause: 000000000000000d",
                f"[<ffffffff01c53a2c>] {fail}+0x2c/0x110{module}",
                f"[<ffffffff01c53b60>] {caller}+0x50/0x90{module}",
                "[<ffffffff8070a1a8>] __napi_poll+0x28/0x160",
                "[<ffffffff80003f7c>] ret_from_exception+0x0/0x16",
            ),
            (fail, caller, "__napi_poll"),
            ("ret_from_exception",),
            driver,
        ),
        Message(
            "mips oops",
            (
                "CPU 0 Unable to handle kernel paging request at virtual address 00000020, "
                "epc == c0a31a2c, ra == c0a31b60",
                "Oops[#1]:",
                cpu,
                "$ 0   : 00000000 00000001 00000000 00000000",
                "Hi    : 00000000",
                f"epc   : c0a31a2c {fail}+0x2c/0x110{module}",
                f"ra    : c0a31b60 {caller}+0x50/0x90{module}",
                "Status: 11007c03\tKERNEL EXL IE ",
                "Cause : 00800008 (ExcCode 02)",
                "BadVA : 00000020",
                modules,
                "Stack : 00000000 87fe5d40 00000000 80080000 00000000 00000000",
                "Call Trace:",
                f"[<c0a31a2c>] {fail}+0x2c/0x110{module}",
                f"[<c0a31b60>] {caller}+0x50/0x90{module}",
                "[<80701a2c>] __napi_poll+0x28/0x160",
                "",
                "Code: 00000000  8c820020  14400003 <8c420020> 00000000",
            ),
            (fail, caller, "__napi_poll"),
            (),
            driver,
        ),
        Message(
            "s390 oops",
            (
                "Unable to handle kernel pointer dereference in virtual kernel address space",
                "Failing address: 0000000000000000 TEID: 0000000000000483",
                "Oops: 0004 ilc:3 [#1] SMP ",
                modules,
                cpu,
                "Hardware name: IBM 8561 T01 703 (z/VM 7.2.0)",
                f"Krnl PSW : 0704e00180000000 000003ff80a31a2c ({fail}+0x2c/0x110{module})",
                "           R:0 T:1 IO:1 EX:1 Key:0 M:1 W:0 P:0 AS:3 CC:2 PM:0 RI:0 EA:3",
                "Krnl GPRS: 0000000000000000 0000000000000001 0000000000000020 0000000000000000",
                "           00000000b5cbc100 0000000102a68000 0000000000000000 0000000000000000",
                "Krnl Code: 000003ff80a31a20: e31020200004\tlg\t%r1,32(%r2)",
                "          #000003ff80a31a2c: e32010200004\tlg\t%r2,32(%r1)",
                "Call Trace:",
                f" [<000003ff80a31a2c>] {fail}+0x2c/0x110{module} ",
                f"([<000003ff80a31b60>] {caller}+0x50/0x90{module})",
                " [<0000000000c31a2c>] __napi_poll+0x28/0x160 ",
                " [<0000000000e0a2c4>] system_call+0x70/0x98 ",
                "Last Breaking-Event-Address:",
                f" [<000003ff80a31b5a>] {caller}+0x4a/0x90{module}",
            ),
            (fail, caller, "__napi_poll"),
            ("system_call",),
            driver,
        ),
        Message(
            "KASAN",
            (
                "=" * 66,
                f"BUG: KASAN: slab-use-after-free in {fail}+0x2b/0x110{module}",
                "Read of size 8 at addr ffff888103b5c020 by task fio/811",
                "",
                cpu,
                hardware,
                "Call Trace:",
                " <TASK>",
                " dump_stack_lvl+0x4a/0x60",
                " print_report+0xc1/0x5e0",
                " kasan_report+0xb5/0xf0",
                f" {fail}+0x2b/0x110{module}",
                f" {caller}+0x51/0x90{module}",
                " __napi_poll+0x28/0x160",
                *entry,
                " </TASK>",
                "",
                "Allocated by task 700:",
                " kasan_save_stack+0x20/0x40",
                f" {probe}+0x40/0x80{module}",
                "",
                "Freed by task 811:",
                " kasan_save_free_info+0x2a/0x50",
                " kfree+0x78/0x120",
                f" {driver}_remove_port+0x33/0x60{module}",
                "",
                "The buggy address belongs to the object at ffff888103b5c000",
                " which belongs to the cache kmalloc-64 of size 64",
                "Memory state around the buggy address:",
                " ffff888103b5bf00: fc fc fc fc fc fc fc fc fc fc fc fc fc fc fc fc",
                ">ffff888103b5c000: fa fb fb fb fb fb fb fb fc fc fc fc fc fc fc fc",
                "                               ^",
            ),
            (fail, caller),
            (
                probe,
                f"{driver}_remove_port",
                "__napi_poll",
                "print_report",
                "kasan_report",
                "kfree",
                "kasan_save_stack",
                "kasan_save_free_info",
                *machinery,
            ),
            driver,
        ),
        Message(
            "warning",
            (
                "------------[ cut here ]------------",
                f"WARNING: CPU: 3 PID: 811 at drivers/net/{driver}/ring.c:812 {fail}+0x2b/0x110{module}",
                modules,
                cpu,
                hardware,
                f"RIP: 0010:{fail}+0x2b/0x110{module}",
                *x86_registers,
                "Call Trace:",
                " ? __warn+0x7d/0x130",
                f" ? {fail}+0x2b/0x110{module}",
                f" {caller}+0x51/0x90{module}",
                " __napi_poll+0x28/0x160",
                *entry,
                "---[ end trace 5d2c1f1f1e1d1c1b ]---",
            ),
            (fail, caller, "__napi_poll"),
            ("__warn", *machinery),
            driver,
        ),
        Message(
            "BUG at a line",
            (
                "------------[ cut here ]------------",
                f"kernel BUG at drivers/net/{driver}/ring.c:812!",
                "invalid opcode: 0000 [#1] PREEMPT SMP NOPTI",
                cpu,
                hardware,
                f"RIP: 0010:{fail}+0x2b/0x110{module}",
                *x86_registers,
                "Call Trace:",
                f" {caller}+0x51/0x90{module}",
                " __napi_poll+0x28/0x160",
                *entry,
                "Kernel panic - not syncing: Fatal exception",
            ),
            (fail, caller, "__napi_poll"),
            machinery,
            driver,
        ),
        Message(
            "UBSAN",
            (
                "=" * 80,
                f"UBSAN: array-index-out-of-bounds in drivers/net/{driver}/ring.c:812:3",
                "index 7 is out of range for type 'u32 [4]'",
                cpu,
                hardware,
                "Call Trace:",
                " <TASK>",
                " dump_stack_lvl+0x48/0x70",
                " dump_stack+0x10/0x20",
                " __ubsan_handle_out_of_bounds+0xc6/0x110",
                f" {fail}+0x2b/0x110{module}",
                f" {caller}+0x51/0x90{module}",
                " do_one_initcall+0x5b/0x310",
                " </TASK>",
            ),
            (fail, caller),
            ("__ubsan_handle_out_of_bounds", "do_one_initcall", *machinery),
            driver,
        ),
        Message(
            "hung task",
            (
                "INFO: task fio:811 blocked for more than 120 seconds.",
                f"      {taint} {version.release} {version.build}",
                '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
                "task:fio             state:D stack:0     pid:811   ppid:1      flags:0x00004002",
                "Call Trace:",
                " <TASK>",
                " __schedule+0x2ba/0x830",
                " schedule+0x5a/0xe0",
                " schedule_timeout+0x118/0x150",
                " wait_for_completion+0x8a/0x160",
                f" {fail}+0x2b/0x110{module}",
                f" {caller}+0x51/0x90{module}",
                *entry,
                *x86_user,
                " </TASK>",
            ),
            (fail, caller),
            ("__schedule", "schedule", "schedule_timeout", "wait_for_completion", *machinery),
            driver,
        ),
        Message(
            "soft lockup",
            (
                "watchdog: BUG: soft lockup - CPU#3 stuck for 23s! [fio:811]",
                modules,
                cpu,
                hardware,
                f"RIP: 0010:{fail}+0x2b/0x110{module}",
                *x86_registers,
                "Call Trace:",
                " <IRQ>",
                " ? watchdog_timer_fn+0x1a8/0x210",
                " ? __hrtimer_run_queues+0x10f/0x2b0",
                " </IRQ>",
                " <TASK>",
                f" {caller}+0x51/0x90{module}",
                " __napi_poll+0x28/0x160",
                *entry,
            ),
            (fail, caller, "__napi_poll"),
            ("watchdog_timer_fn", "__hrtimer_run_queues", *machinery),
            driver,
        ),
        Message(
            "RCU stall",
            (
                "rcu: INFO: rcu_preempt self-detected stall on CPU",
                "rcu: \t3-....: (5249 ticks this GP) idle=2b4c/1/0x4000000000000000 softirq=3519/3519 fqs=2624",
                "rcu: \t(t=5250 jiffies g=7113 q=61 ncpus=4)",
                cpu,
                hardware,
                f"RIP: 0010:{fail}+0x2b/0x110{module}",
                *x86_registers,
                "Call Trace:",
                " <IRQ>",
                " ? rcu_dump_cpu_stacks+0xc4/0x100",
                " ? rcu_sched_clock_irq+0x6a9/0x10f0",
                " </IRQ>",
                f" {caller}+0x51/0x90{module}",
                " __napi_poll+0x28/0x160",
                " kthread+0xfa/0x130",
                " ret_from_fork+0x29/0x50",
            ),
            (fail, caller, "__napi_poll"),
            ("rcu_dump_cpu_stacks", "rcu_sched_clock_irq", "kthread", "ret_from_fork"),
            driver,
        ),
        Message(
            "lockdep",
            (
                "=" * 54,
                "WARNING: possible circular locking dependency detected",
                f"{version.release} {version.build} {taint}",
                "-" * 54,
                "fio/811 is trying to acquire lock:",
                f"ffff888103b5c0a8 (&ring->lock){{+.+.}}-{{3:3}}, at: {fail}+0x2b/0x110{module}",
                "",
                "but task is already holding lock:",
                f"ffff8881026a80e8 (&port->mutex){{+.+.}}-{{3:3}}, at: {caller}+0x51/0x90{module}",
                "",
                "which lock already depends on the new lock.",
                "",
                "-> #1 (&port->mutex){+.+.}-{3:3}:",
                "       __mutex_lock+0x9a/0xd10",
                f"       {probe}+0x40/0x80{module}",
                "stack backtrace:",
                cpu,
                hardware,
                "Call Trace:",
                " <TASK>",
                " dump_stack_lvl+0x5b/0x80",
                " check_noncircular+0x12c/0x150",
                " __lock_acquire+0x1330/0x2160",
                " lock_acquire+0xd2/0x310",
                " __mutex_lock+0x9a/0xd10",
                f" {fail}+0x2b/0x110{module}",
                f" {caller}+0x51/0x90{module}",
                *entry,
                " </TASK>",
            ),
            (fail, caller),
            (
                probe,
                "check_noncircular",
                "__lock_acquire",
                "lock_acquire",
                "__mutex_lock",
                *machinery,
            ),
            driver,
        ),
        Message(
            "atomic",
            (
                f"BUG: sleeping function called from invalid context at drivers/net/{driver}/ring.c:812",
                "in_atomic(): 1, irqs_disabled(): 1, non_block: 0, pid: 811, name: fio",
                "preempt_count: 1, expected: 0",
                cpu,
                hardware,
                "Call Trace:",
                " dump_stack_lvl+0x5b/0x80",
                " __might_resched.cold+0xfa/0x128",
                f" {fail}+0x2b/0x110{module}",
                f" {caller}+0x51/0x90{module}",
                *entry,
            ),
            (fail, caller),
            ("__might_resched", *machinery),
            driver,
        ),
        Message(
            "syzbot",
            (
                "general protection fault, probably for non-canonical address 0xdffffc0000000004: "
                "0000 [#1] PREEMPT SMP KASAN",
                "KASAN: null-ptr-deref in range [0x0000000000000020-0x0000000000000027]",
                cpu,
                "Hardware name: Google Google Compute Engine/Google Compute Engine, BIOS Google 01/25/2024",
                f"RIP: 0010:{fail}+0x2b/0x110 drivers/net/{driver}/ring.c:812",
                *x86_registers,
                "Call Trace:",
                " <TASK>",
                f" {driver}_peek drivers/net/{driver}/ring.c:90 [inline]",
                f" {caller}+0x51/0x90 drivers/net/{driver}/main.c:44",
                " __napi_poll+0x28/0x160 net/core/dev.c:6576",
                " do_syscall_x64 arch/x86/entry/common.c:52 [inline]",
                " do_syscall_64+0xf9/0x240 arch/x86/entry/common.c:83",
                " entry_SYSCALL_64_after_hwframe+0x6f/0x77",
                *x86_user,
                " </TASK>",
            ),
            (fail, f"{driver}_peek", caller),
            ("do_syscall_x64", "__napi_poll", *machinery),
            "",
        ),
        Message(
            "decode_stacktrace.sh",
            (
                null,
                cpu,
                hardware,
                f"RIP: 0010:{fail} (drivers/net/{driver}/ring.c:812 drivers/net/{driver}/ring.h:61) {driver}",
                "Code: 48 8b 47 20 48 85 c0 74 0c <0f> b7 40 04 48 89 da",
                "All code",
                "========",
                "   0:\t48 8b 47 20          \tmov    0x20(%rdi),%rax",
                "  2b:*\t0f b7 40 04          \tmovzwl 0x4(%rax),%eax\t\t<-- trapping instruction",
                *x86_registers,
                "Call Trace:",
                "<TASK>",
                "? __die (arch/x86/kernel/dumpstack.c:421 arch/x86/kernel/dumpstack.c:434)",
                f"{caller} (drivers/net/{driver}/main.c:44) {driver}",
                "__napi_poll (net/core/dev.c:6576)",
                "do_syscall_64 (arch/x86/entry/common.c:80)",
                "entry_SYSCALL_64_after_hwframe (arch/x86/entry/entry_64.S:120)",
                "</TASK>",
            ),
            (fail, caller, "__napi_poll"),
            ("__die", *machinery),
            driver,
        ),
        Message(
            "driver message",
            (
                f"Linux version {version.release} (build@host) (gcc 12.2.0) "
                f"{version.banner_build or version.build}",
                f"{driver} {device}: timeout while waiting for the ring",
                f"{driver} {device} eth0: Detected Tx Unit Hang",
                cpu,
                hardware,
            ),
            (),
            (),
            driver,
            ("timeout while waiting for the ring", "Detected Tx Unit Hang"),
        ),
        Message(
            "driver message without a device",
            (
                f"{driver}: probe of 3-1:1.0 failed with error -71",
                f"{driver}: failed to initialize the ring, ret=-22",
                cpu,
                hardware,
            ),
            (),
            (),
            driver,
            ("failed to initialize the ring",),
            3,
        ),
        Message(
            "driver message with its function",
            (
                f"{driver} {device}: {fail}: no free descriptor",
                f"{driver} {device}: [drm:{caller}{module}] *ERROR* ring is full",
                cpu,
                hardware,
            ),
            (fail, caller),
            (),
            driver,
            ("no free descriptor",),
            3,
        ),
    ]


def _ctime(stamp: float, pattern: str) -> str:
    """Return the time of a line in this form of strftime, in UTC."""
    return time.strftime(pattern, time.gmtime(START + stamp))


def _fraction(stamp: float) -> str:
    """Return the microseconds of a line, six digits."""
    return f"{stamp % 1:.6f}"[2:]


def _boot(stamp: float) -> str:
    return f"[{stamp:12.6f}]"


FACILITY = {1: "alert", 2: "crit", 3: "err", 4: "warn", 6: "info"}
PLAIN_LEVEL = {1: "A", 2: "F", 3: "E", 4: "W", 6: "I"}

LineForm = Callable[[Line], str]


def _line_forms() -> dict[str, LineForm]:
    """Return the forms that write each line alone."""
    forms: dict[str, LineForm] = {
        "plain text": lambda line: line.text,
        "dmesg": lambda line: f"{_boot(line.stamp)} {line.text}",
        "dmesg -r": lambda line: f"<{line.level}>{_boot(line.stamp)} {line.text}",
        "dmesg -x": lambda line: (
            f"kern  :{FACILITY[line.level]:6}: {_boot(line.stamp)} {line.text}"
        ),
        "dmesg -T": lambda line: f"[{_ctime(line.stamp, '%a %b %e %H:%M:%S %Y')}] {line.text}",
        "dmesg -T -x": lambda line: (
            f"kern  :{FACILITY[line.level]:6}: "
            f"[{_ctime(line.stamp, '%a %b %e %H:%M:%S %Y')}] {line.text}"
        ),
        "dmesg -d": lambda line: f"[{line.stamp:12.6f} <{0.000021:12.6f}>] {line.text}",
        "dmesg -e": lambda line: (
            f"[{_ctime(line.stamp, '%b%e %H:%M')}] {line.text}"
            if int(line.stamp * 1e6) % 7 == 0
            else f"[  +{line.stamp % 1:.6f}] {line.text}"
        ),
        "dmesg -T -d": lambda line: (
            f"[{_ctime(line.stamp, '%a %b %e %H:%M:%S %Y')} <{0.000021:12.6f}>] {line.text}"
        ),
        "dmesg --time-format iso": lambda line: (
            f"{_ctime(line.stamp, '%Y-%m-%dT%H:%M:%S')},{_fraction(line.stamp)}+01:00 {line.text}"
        ),
        "dmesg --time-format delta": lambda line: f"[<{0.000021:12.6f}>] {line.text}",
        "dmesg -t -x": lambda line: f"kern  :{FACILITY[line.level]:6}: {line.text}",
        "dmesg with caller": lambda line: f"{_boot(line.stamp)}[  T811] {line.text}",
        "dmesg -T with caller": lambda line: (
            f"[{_ctime(line.stamp, '%a %b %e %H:%M:%S %Y')}] [    C3] {line.text}"
        ),
        "dmesg -x with caller": lambda line: (
            f"kern  :{FACILITY[line.level]:6}: {_boot(line.stamp)} [ T811] {line.text}"
        ),
        "dmesg --color": lambda line: (
            f"\x1b[32m{_boot(line.stamp)} \x1b[0m\x1b[33m{line.text.partition(': ')[0]}"
            f"{line.text.partition(': ')[1]}\x1b[0m\x1b[1m{line.text.partition(': ')[2]}\x1b[0m"
        ),
        "console with caller": lambda line: f"{_boot(line.stamp)}[    C3] {line.text}",
        "level only": lambda line: f"<{line.level}>{line.text}",
        "igt": lambda line: f"<{line.level}> [{line.stamp:.6f}] {line.text}",
        "journalctl": lambda line: (
            f"{_ctime(line.stamp, '%b %d %H:%M:%S')} nas kernel: {line.text}"
        ),
        "journalctl short-precise": lambda line: (
            f"{_ctime(line.stamp, '%b %d %H:%M:%S')}.{_fraction(line.stamp)} nas kernel: {line.text}"
        ),
        "journalctl short-iso": lambda line: (
            f"{_ctime(line.stamp, '%Y-%m-%dT%H:%M:%S')}+0100 nas.example.org kernel: {line.text}"
        ),
        "journalctl short-iso-precise": lambda line: (
            f"{_ctime(line.stamp, '%Y-%m-%dT%H:%M:%S')}.{_fraction(line.stamp)}+01:00 nas kernel: "
            f"{line.text}"
        ),
        "journalctl short-full": lambda line: (
            f"{_ctime(line.stamp, '%a %Y-%m-%d %H:%M:%S')} CET nas kernel: {line.text}"
        ),
        "journalctl short-monotonic": lambda line: f"{_boot(line.stamp)} nas kernel: {line.text}",
        "journalctl short-delta": lambda line: (
            f"[{line.stamp:12.6f} <{0.000021:12.6f} >] nas kernel: {line.text}"
        ),
        "journalctl short-unix": lambda line: (
            f"{START + int(line.stamp)}.{_fraction(line.stamp)} nas kernel: {line.text}"
        ),
        "journalctl --no-hostname": lambda line: (
            f"{_ctime(line.stamp, '%b %d %H:%M:%S')} kernel: {line.text}"
        ),
        "rsyslog": lambda line: (
            f"{_ctime(line.stamp, '%b %e %H:%M:%S')} web-01 kernel: {_boot(line.stamp)} {line.text}"
        ),
        "rsyslog ISO": lambda line: (
            f"{_ctime(line.stamp, '%Y-%m-%dT%H:%M:%S')}.{_fraction(line.stamp)}+01:00 web-01 kernel: "
            f"{_boot(line.stamp)} {line.text}"
        ),
        "rsyslog ISO, UTC": lambda line: (
            f"{_ctime(line.stamp, '%Y-%m-%dT%H:%M:%S')}Z web-01 kernel: {line.text}"
        ),
        "RFC 5424": lambda line: (
            f"<{line.level}>1 {_ctime(line.stamp, '%Y-%m-%dT%H:%M:%S')}.{_fraction(line.stamp)}Z "
            f"web-01 kernel - - - {_boot(line.stamp)} {line.text}"
        ),
        "busybox syslogd": lambda line: (
            f"{_ctime(line.stamp, '%b %e %H:%M:%S')} router kern.{FACILITY[line.level]} kernel: "
            f"{_boot(line.stamp)} {line.text}"
        ),
        "OpenWrt logread": lambda line: (
            f"{_ctime(line.stamp, '%a %b %e %H:%M:%S %Y')} kern.{FACILITY[line.level]} kernel: "
            f"{_boot(line.stamp)} {line.text}"
        ),
        "metalog": lambda line: f"{_ctime(line.stamp, '%b %e %H:%M:%S')} [kernel] {line.text}",
        "Chrome OS": lambda line: (
            f"{_ctime(line.stamp, '%Y-%m-%dT%H:%M:%S')}.{_fraction(line.stamp)}Z WARNING kernel: "
            f"{_boot(line.stamp)} {line.text}"
        ),
        "netconsole by address": lambda line: (
            f"{_ctime(line.stamp, '%b %e %H:%M:%S')} 192.168.1.5 {_boot(line.stamp)} {line.text}"
        ),
        "netconsole extended": lambda line: (
            f"{line.level},{int(line.stamp)},{int(line.stamp * 1e6)},-;{line.text}"
        ),
        "netconsole extended, caller": lambda line: (
            f"{line.level},{int(line.stamp)},{int(line.stamp * 1e6)},-,caller=T811;{line.text}"
        ),
        "netconsole release": lambda line: (
            f"6.4.0,{line.level},{int(line.stamp)},{int(line.stamp * 1e6)},-;{line.text}"
        ),
        "LAVA": lambda line: (
            f"{_ctime(line.stamp, '%Y-%m-%dT%H:%M:%S')}.{_fraction(line.stamp)}  "
            f"<{line.level}>{_boot(line.stamp)} {line.text}"
        ),
        "GitHub Actions": lambda line: (
            f"{_ctime(line.stamp, '%Y-%m-%dT%H:%M:%S')}.{_fraction(line.stamp)}0Z "
            f"{_boot(line.stamp)} {line.text}"
        ),
        "ts": lambda line: (
            f"{_ctime(line.stamp, '%b %d %H:%M:%S')} {_boot(line.stamp)} {line.text}"
        ),
        "tio": lambda line: (
            f"[{_ctime(line.stamp, '%H:%M:%S')}.123] {_boot(line.stamp)} {line.text}"
        ),
        "picocom": lambda line: (
            f"[{_ctime(line.stamp, '%Y-%m-%d %H:%M:%S')}] {_boot(line.stamp)} {line.text}"
        ),
        "grabserial": lambda line: f"[{line.stamp:.6f} 0.000021] {line.text}",
        "Android, CPU": lambda line: f"<{line.level}>[{line.stamp:.6f}] c3 {line.text}",
        "Android, task": lambda line: (
            f"<{line.level}>{_boot(line.stamp)}  [3:             fio:  811] {line.text}"
        ),
        "Android, task in brackets": lambda line: f"{_boot(line.stamp)} [3:fio:811] {line.text}",
        "MediaTek": lambda line: f"{_boot(line.stamp)} (3)[811:fio]{line.text}",
        "MediaTek, level": lambda line: (
            f"<{line.level}>{_boot(line.stamp)}.(3)[811:fio]{line.text}"
        ),
        "Amlogic": lambda line: f"[{line.stamp:12.6f}@3] {line.text}",
        "logcat, kernel tag": lambda line: (
            f"{PLAIN_LEVEL[line.level]}/KERNEL  (  811): {_boot(line.stamp)} {line.text}"
        ),
        "logcat threadtime": lambda line: (
            f"{_ctime(line.stamp, '%m-%d %H:%M:%S')}.123     0     0 {PLAIN_LEVEL[line.level]} "
            f"        : {line.text}"
        ),
        "logcat threadtime, kernel tag": lambda line: (
            f"{_ctime(line.stamp, '%m-%d %H:%M:%S')}.123  root     0     0 "
            f"{PLAIN_LEVEL[line.level]} kernel  : {line.text}"
        ),
        "kselftest": lambda line: f"# {_boot(line.stamp)} {line.text}",
        "abrt": lambda line: f":{line.text}",
        "dmesg -T, German": lambda line: (
            f"[So Nov 24 {_ctime(line.stamp, '%H:%M:%S %Y')}] {line.text}"
        ),
        "dmesg -T, French": lambda line: (
            f"[dim. nov. 24 {_ctime(line.stamp, '%H:%M:%S %Y')}] {line.text}"
        ),
        "dmesg -T, Chinese": lambda line: (
            f"[日 11月 24 {_ctime(line.stamp, '%H:%M:%S %Y')}] {line.text}"
        ),
        "journalctl, Chinese": lambda line: (
            f"11月 24 {_ctime(line.stamp, '%H:%M:%S')} nas kernel: {line.text}"
        ),
        "journalctl, French": lambda line: (
            f"nov. 24 {_ctime(line.stamp, '%H:%M:%S')} nas kernel: {line.text}"
        ),
        "klogd without a host name": lambda line: (
            f"Jan  1 {_ctime(line.stamp, '%H:%M:%S')} (none) user.warn kernel: "
            f"{_boot(line.stamp)} {line.text}"
        ),
        "crash> log -T": lambda line: (
            f"[{_ctime(line.stamp, '%a %b %e %H:%M:%S')} CET 2024] {line.text}"
        ),
        "Android, level and task": lambda line: (
            f"{_boot(line.stamp)} I[3:             fio:  811] {line.text}"
        ),
        "Huawei": lambda line: f"[{line.stamp:.6f}s][pid:811,cpu3,fio]{line.text}",
        "HTC": lambda line: f"[{line.stamp:12.6f} / 11-24 09:00:00.123] {line.text}",
        "Motorola": lambda line: f"[{line.stamp:.6f},3] {line.text}",
        "MediaTek, name": lambda line: f"{_boot(line.stamp)}[  T811] fio: [name:core&]{line.text}",
        "Amlogic, new": lambda line: f"[{line.stamp:12.6f}@C3] {line.text}",
        "logcat time": lambda line: (
            f"{_ctime(line.stamp, '%m-%d %H:%M:%S')}.123 {PLAIN_LEVEL[line.level]}/kernel  (    0): "
            f"{line.text}"
        ),
        "logcat brief": lambda line: f"{PLAIN_LEVEL[line.level]}/kernel  (    0): {line.text}",
        "containerd": lambda line: (
            f"{_ctime(line.stamp, '%Y-%m-%dT%H:%M:%S')}.123456789Z stdout F {_boot(line.stamp)} "
            f"{line.text}"
        ),
        "conman": lambda line: f"{_ctime(line.stamp, '%Y-%m-%d %H:%M:%S')} {line.text}",
        "grep -n": lambda line: f"{int(line.stamp)}:{_boot(line.stamp)} {line.text}",
        "grep in a log": lambda line: (
            f"/var/log/kern.log.1:{_ctime(line.stamp, '%b %e %H:%M:%S')} nas kernel: {line.text}"
        ),
        "cat -n": lambda line: f"{int(line.stamp):6}\t{_boot(line.stamp)} {line.text}",
        "syslogd broadcast": lambda line: (
            f"Message from syslogd@nas at Nov 24 10:00:00 ...\n kernel:{_boot(line.stamp)} {line.text}"
        ),
        "stamp without space": lambda line: f"[{line.stamp:.6f}]{line.text}",
        "short stamp": lambda line: f"[{line.stamp:.2f}] {line.text}",
    }
    return forms


LINE_FORMS = _line_forms()


def _write_verbose(lines: list[Line]) -> str:
    blocks = [
        f"{_ctime(line.stamp, '%a %Y-%m-%d %H:%M:%S')}.{_fraction(line.stamp)} CET "
        f"[s=9f2c;i={number:x};b=3a1d;m=4e2;t=62a;x=5b]\n"
        f"    _TRANSPORT=kernel\n    SYSLOG_IDENTIFIER=kernel\n    PRIORITY={line.level}\n"
        f"    _HOSTNAME=nas\n    MESSAGE={line.text}\n    _SOURCE_MONOTONIC_TIMESTAMP=1025309"
        for number, line in enumerate(lines)
    ]
    return "\n".join(blocks) + "\n"


def _write_export(lines: list[Line]) -> str:
    blocks = [
        f"__CURSOR=s=9f2c;i={number:x}\n__REALTIME_TIMESTAMP=1732442400123456\nPRIORITY={line.level}\n"
        f"_TRANSPORT=kernel\nSYSLOG_IDENTIFIER=kernel\nMESSAGE={line.text}\n_HOSTNAME=nas\n"
        for number, line in enumerate(lines)
    ]
    return "\n".join(blocks)


def _journal_entry(line: Line) -> dict[str, str]:
    return {
        "__CURSOR": "s=9f2c;i=1",
        "_TRANSPORT": "kernel",
        "PRIORITY": str(line.level),
        "MESSAGE": line.text,
        "_HOSTNAME": "nas",
    }


def _write_json(lines: list[Line]) -> str:
    return "".join(json.dumps(_journal_entry(line)) + "\n" for line in lines)


def _write_json_pretty(lines: list[Line]) -> str:
    return "\n".join(json.dumps(_journal_entry(line), indent="\t") for line in lines) + "\n"


def _write_dmesg_json(lines: list[Line]) -> str:
    entries = [
        f'      {{\n         "pri": {line.level},\n         "time": {line.stamp:12.6f},\n'
        f'         "msg": {json.dumps(line.text)}\n      }}'
        for line in lines
    ]
    return '{\n   "dmesg": [\n' + ",".join(entries) + "\n   ]\n}\n"


def _write_fragments(lines: list[Line]) -> str:
    """Write messages over 60 bytes in fragments, as netconsole does over its limit."""
    written = []
    for line in lines:
        head = f"{line.level},{int(line.stamp)},{int(line.stamp * 1e6)},-"
        if len(line.text) <= 60:
            written.append(f"{head};{line.text}")
            continue
        for start in range(0, len(line.text), 60):
            part = line.text[start : start + 60]
            written.append(f"{head},ncfrag={start}/{len(line.text)};{part}")
    return "\n".join(written) + "\n"


def _write_kmsg(lines: list[Line]) -> str:
    return "".join(
        f"{line.level},{int(line.stamp)},{int(line.stamp * 1e6)},-;{line.text}\n"
        + (" SUBSYSTEM=pci\n DEVICE=+pci:0000:03:00.0\n" if " 0000:" in line.text else "")
        for line in lines
    )


def _write_pstore(lines: list[Line]) -> str:
    return "Oops#1 Part1\n" + "".join(
        f"<{line.level}>{_boot(line.stamp)} {line.text}\n" for line in lines
    )


def _write_several_boots(lines: list[Line]) -> str:
    first = [
        "-- Boot 3a1d0c1f1e1d1c1b1a19181716151413 --",
        "Nov 23 10:00:00 nas kernel: Linux version 3.2.1 (build@host) (gcc 12.2.0) #1 SMP",
        "Nov 23 10:00:00 nas kernel: ACPI: Core revision 20220331",
        "Nov 23 10:00:01 nas systemd[1]: Started Journal Service.",
        "-- Boot 4b2e0c1f1e1d1c1b1a19181716151413 --",
    ]
    rest = [LINE_FORMS["journalctl"](line) for line in lines]
    return "\n".join([*first, *rest, ""])


BLOCK_FORMS: dict[str, Callable[[list[Line]], str]] = {
    "journalctl verbose": _write_verbose,
    "journalctl export": _write_export,
    "journalctl json": _write_json,
    "journalctl json-pretty": _write_json_pretty,
    "dmesg --json": _write_dmesg_json,
    "netconsole fragments": _write_fragments,
    "/dev/kmsg": _write_kmsg,
    "pstore": _write_pstore,
    "several boots": _write_several_boots,
}

FORMS = (*LINE_FORMS, *BLOCK_FORMS)


def _wrap_mail(text: str) -> str:
    """Break lines over 78 columns at spaces, as a mail program does."""
    wrapped = []
    for line in text.splitlines():
        parts = textwrap.wrap(
            line, 78, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
        )
        wrapped += parts if len(line) > 78 and parts else [line]
    return "\n".join(wrapped) + "\n"


def _wrap_terminal(text: str) -> str:
    """Break lines at 80 columns wherever that is, as text copied from a terminal is."""
    return "".join(
        part + "\n" for line in text.splitlines() for part in (re.findall(".{1,80}", line) or [""])
    )


DAMAGES: dict[str, Callable[[str], str]] = {
    "none": lambda text: text,
    "quoted": lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
    "quoted twice": lambda text: "".join(f">> {line}\n" for line in text.splitlines()),
    "quoted, no space": lambda text: "".join(f">{line}\n" for line in text.splitlines()),
    "HTML": lambda text: f"<pre>{html.escape(text)}</pre>\n",
    "HTML lines": lambda text: html.escape(text).replace("\n", "<br>\n"),
    "fenced": lambda text: (
        f"My machine hangs after I plug it in:\n\n```\n{text}```\n\nCan you help?\n"
    ),
    "fenced shell": lambda text: f"```shell\n$ sudo dmesg | tail -n 100\n{text}```\n",
    "BBCode": lambda text: f"[code]\n{text}[/code]\n",
    "Jira": lambda text: f"{{noformat}}\n{text}{{noformat}}\n",
    "CR": lambda text: text.replace("\n", "\r\n"),
    "CR before": lambda text: text.replace("\n", "\r\r\n"),
    "indented": lambda text: textwrap.indent(text, "    "),
    "tab": lambda text: textwrap.indent(text, "\t"),
    "trailing spaces": lambda text: text.replace("\n", "   \n"),
    "no-break spaces": lambda text: text.replace("  ", "\u00a0 "),
    "byte order mark": lambda text: "\ufeff" + text,
    "wrapped by mail": _wrap_mail,
    "wrapped by the terminal": _wrap_terminal,
    "cut at both ends": lambda text: text[7:-9] if len(text) > 200 else text,
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "colors": lambda text: "".join(f"\x1b[0;33m{line}\x1b[0m\n" for line in text.splitlines()),
    "Markdown": lambda text: re.sub(r"([\[\]_<>*])", r"\\\1", text),
    "code on each line": lambda text: "".join(f"`{line}`\n" for line in text.splitlines()),
    "escaped string": lambda text: json.dumps(text),
    "console noise": lambda text: "login: root\n\x07\x00" + text + "\x1b[K\nnas login: \n",
}


@dataclass(frozen=True)
class Case:
    """A log, and what is to be read from it."""

    name: str
    text: str
    message: Message
    version: Version

    @property
    def is_cut(self) -> bool:
        """Return whether both ends are missing."""
        return self.name.endswith("cut at both ends")

    @property
    def names_version(self) -> bool:
        """Return whether the log contains the version."""
        lines = self.message.lines
        return bool(self.version.upstream) and (
            not lines or any(self.version.release in line for line in lines)
        )


def write_form(form: str, lines: list[Line]) -> str:
    """Return the lines in this form."""
    if form in BLOCK_FORMS:
        return BLOCK_FORMS[form](lines)
    return "".join(LINE_FORMS[form](line) + "\n" for line in lines)


DRIVERS = ("acme", "zedfs", "r8x69", "snd_oxe", "wifi6k", "nvtool", "usb_frob", "mt7x")


def write_cases(seed: int, damages: int = 1) -> Iterator[Case]:
    """Yield a log for each message in each form, with `damages` damages of this seed each."""
    chance = random.Random(seed)
    for form in FORMS:
        for number in range(len(write_messages("acme", VERSIONS[0], random.Random(0)))):
            for damage in chance.sample(list(DAMAGES), damages):
                driver, version = chance.choice(DRIVERS), chance.choice(VERSIONS)
                message = write_messages(driver, version, chance)[number]
                if form == "plain text" and damage == "quoted, no space":
                    # the lines that the kernel begins with a space look the same
                    damage = "none"
                stamp = chance.uniform(20, 90_000)
                lines = [
                    Line(message.level, stamp + index * 0.000021, text)
                    for index, text in enumerate(message.lines)
                ]
                text = DAMAGES[damage](write_form(form, lines))
                yield Case(f"{form} / {message.name} / {damage}", text, message, version)


TOOL_CASES: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], str, str], ...] = (
    (
        "crash bt",
        """\
crash> bt
PID: 811      TASK: ffff88810a1b2c80  CPU: 3    COMMAND: "fio"
 #0 [ffffb2eb1fc1ec48] machine_kexec at ffffffff8106e2a3
 #1 [ffffb2eb1fc1eca0] __crash_kexec at ffffffff8116b4aa
 #2 [ffffb2eb1fc1ed60] crash_kexec at ffffffff8116c3d0
 #3 [ffffb2eb1fc1ed78] oops_end at ffffffff8102a1c9
 #4 [ffffb2eb1fc1eda0] page_fault_oops at ffffffff8107d0f5
 #5 [ffffb2eb1fc1ee48] asm_exc_page_fault at ffffffff81c00b62
    [exception RIP: acme_ring_fill+43]
    RIP: ffffffffc0a31a2b  RSP: ffffb2eb1fc1eef8  RFLAGS: 00010246
    RAX: 0000000000000000  RBX: ffff8881026a8000  RCX: 0000000000000001
    ORIG_RAX: ffffffffffffffff  CS: 0010  SS: 0018
 #6 [ffffb2eb1fc1ef00] acme_poll_one at ffffffffc0a31b60 [acme]
 #7 [ffffb2eb1fc1ef30] __napi_poll at ffffffff819d2e58
 #8 [ffffb2eb1fc1ef80] do_syscall_64 at ffffffff81ab3c08
 #9 [ffffb2eb1fc1efb0] entry_SYSCALL_64_after_hwframe at ffffffff81c000aa
    RIP: 00007f4c383b2a3d  RSP: 00007ffd0a7c8d58  RFLAGS: 00000246
    RAX: ffffffffffffffda  RBX: 0000000000000003  RCX: 00007f4c383b2a3d
    ORIG_RAX: 0000000000000010  CS: 0033  SS: 002b
""",
        ("acme_ring_fill", "acme_poll_one", "__napi_poll"),
        (
            "machine_kexec",
            "__crash_kexec",
            "crash_kexec",
            "oops_end",
            "page_fault_oops",
            "asm_exc_page_fault",
            "do_syscall_64",
            "entry_SYSCALL_64_after_hwframe",
        ),
        "acme",
        "",
    ),
    (
        "crash, its header and bt -l",
        """\
      KERNEL: /usr/lib/debug/lib/modules/5.14.0-427.22.1.el9_4.x86_64/vmlinux
    DUMPFILE: vmcore  [PARTIAL DUMP]
        CPUS: 16
        DATE: Sun Nov 24 10:00:00 CET 2024
      UPTIME: 02:05:11
LOAD AVERAGE: 0.12, 0.10, 0.09
       TASKS: 512
    NODENAME: nas
     RELEASE: 5.14.0-427.22.1.el9_4.x86_64
     VERSION: #1 SMP PREEMPT_DYNAMIC Mon Jun 10 09:23:36 EDT 2024
     MACHINE: x86_64  (2200 Mhz)
      MEMORY: 63.9 GB
       PANIC: "BUG: kernel NULL pointer dereference, address: 0000000000000020"
         PID: 811
     COMMAND: "fio"
        TASK: ffff88810a1b2c80  [THREAD_INFO: ffff88810a1b2c80]
         CPU: 3
       STATE: TASK_RUNNING (PANIC)

crash> bt -l
PID: 811      TASK: ffff88810a1b2c80  CPU: 3    COMMAND: "fio"
 #0 [ffffb2eb1fc1ec48] machine_kexec at ffffffff8106e2a3
    /usr/src/debug/kernel-5.14.0/arch/x86/kernel/machine_kexec_64.c: 367
 #1 [ffffb2eb1fc1ee48] asm_exc_page_fault at ffffffff81c00b62
    /usr/src/debug/kernel-5.14.0/arch/x86/include/asm/idtentry.h: 570
    [exception RIP: acme_ring_fill+0x2b]
    RIP: ffffffffc0a31a2b  RSP: ffffb2eb1fc1eef8  RFLAGS: 00010246
 #2 [ffffb2eb1fc1ef00] acme_poll_one+0x50 at ffffffffc0a31b60 [acme]
    /root/acme/main.c: 44
""",
        ("acme_ring_fill", "acme_poll_one"),
        ("machine_kexec", "asm_exc_page_fault"),
        "acme",
        "5.14",
    ),
    (
        "crash bt -f on arm64",
        """\
crash> bt -f 811
PID: 811    TASK: ffff000102a68000  CPU: 3   COMMAND: "fio"
 #0 [ffff80000b5cb8f0] __delay at ffff8000089a1c20
    ffff80000b5cb8f0: ffff80000b5cb910 ffff800008a1b2c0
    ffff80000b5cb900: 0000000000000000 acme_ring_fill+44
 #1 [ffff80000b5cb910] acme_ring_fill at ffff800001a31a2c [acme]
     PC: ffff800001a31a2c  [acme_ring_fill+44]
     LR: ffff800001a31b60  [acme_poll_one+80]
     SP: ffff80000b5cbc10  PSTATE: 60400009
    X29: ffff80000b5cbc10  X28: ffff000102a68000  X27: 0000000000000000
 #2 [ffff80000b5cbc10] acme_poll_one at ffff800001a31b5c [acme]
 #3 [ffff80000b5cbd80] el0t_64_sync_handler at ffff800008b1c2d4
""",
        ("acme_ring_fill", "acme_poll_one"),
        ("__delay", "el0t_64_sync_handler"),
        "acme",
        "",
    ),
    (
        "gdb",
        """\
(gdb) bt
#0  acme_ring_fill (ring=0x0 <fixed_percpu_data>, budget=64) at drivers/net/acme/ring.c:812
#1  0xffffffffc0a31b60 in acme_poll_one (napi=0xffff8881026a8000, budget=<optimized out>)
    at drivers/net/acme/main.c:44
#2  0xffffffff819d2e58 in __napi_poll (n=n@entry=0xffff8881026a8000, repoll=repoll@entry=0xffffc90000003f47) at net/core/dev.c:6576
#3  0xffffffff81ab3c08 in do_syscall_64 (regs=0xffffc90000e8bf58, nr=16) at arch/x86/entry/common.c:80
#4  0xffffffff81c000aa in entry_SYSCALL_64 () at arch/x86/entry/entry_64.S:120
""",
        ("acme_ring_fill", "acme_poll_one", "__napi_poll"),
        ("do_syscall_64", "entry_SYSCALL_64"),
        "",
        "",
    ),
    (
        "gdb, list of an address",
        """\
(gdb) list *(acme_ring_fill+0x2b)
0xffffffffc0a31a2b is in acme_ring_fill (drivers/net/acme/ring.c:812).
807\t\tstruct acme_ring *ring = priv->ring;
""",
        ("acme_ring_fill",),
        (),
        "",
        "",
    ),
    (
        "drgn",
        """\
>>> prog.crashed_thread().stack_trace()
#0  acme_ring_fill (drivers/net/acme/ring.c:812:6)
#1  acme_poll_one (drivers/net/acme/main.c:44:9)
#2  __napi_poll (net/core/dev.c:6576:10)
#3  do_syscall_x64 (arch/x86/entry/common.c:50:14)
#4  do_syscall_64 (arch/x86/entry/common.c:80:7)
#5  entry_SYSCALL_64+0x9a/0x9e (arch/x86/entry/entry_64.S:120)
#6  0x7f4c383b2a3d
""",
        ("acme_ring_fill", "acme_poll_one", "__napi_poll"),
        ("do_syscall_x64", "do_syscall_64", "entry_SYSCALL_64"),
        "",
        "",
    ),
    (
        "drgn, symbols of a module",
        """\
#0  acme_ring_fill+0x2b/0x110 [acme]
#1  acme_poll_one at 0xffffffffc0a31b60 (drivers/net/acme/main.c:44:9)
#2  __napi_poll in net_rx_action at 0xffffffff819d2e58 (net/core/dev.c:6576:10)
""",
        ("acme_ring_fill", "acme_poll_one", "__napi_poll"),
        ("net_rx_action",),
        "acme",
        "",
    ),
    (
        "faddr2line",
        """\
$ ./scripts/faddr2line drivers/net/acme/acme.ko acme_ring_fill+0x2b/0x110
acme_ring_fill+0x2b/0x110:
arch_static_branch at arch/x86/include/asm/jump_label.h:27
(inlined by) acme_peek at drivers/net/acme/ring.c:90
(inlined by) acme_ring_fill at drivers/net/acme/ring.c:812
""",
        ("acme_ring_fill", "acme_peek"),
        ("arch_static_branch",),
        "",
        "",
    ),
    (
        "perf script",
        """\
fio   811 [003]   102.530941:     250000 cpu-clock:pppH:
\tffffffffc0a31a2b acme_ring_fill+0x2b ([acme])
\tffffffffc0a31b60 acme_poll_one+0x50 ([acme])
\tffffffff819d2e58 __napi_poll+0x28 ([kernel.kallsyms])
\tffffffff81ab3c08 do_syscall_64+0x38 ([kernel.kallsyms])
\t    7f4c383b2a3d ioctl+0x3d (/usr/lib/x86_64-linux-gnu/libc.so.6)
""",
        ("acme_ring_fill", "acme_poll_one", "__napi_poll"),
        ("do_syscall_64", "ioctl"),
        "acme",
        "",
    ),
    (
        "ftrace, function",
        """\
# tracer: function
#
# entries-in-buffer/entries-written: 3/3   #P:4
#
#                                _-----=> irqs-off/BH-disabled
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
             fio-811     [003] ..s1.   102.530941: acme_ring_fill [acme] <-acme_poll_one [acme]
             fio-811     [003] ..s1.   102.530942: acme_peek [acme] <-acme_ring_fill [acme]
""",
        ("acme_ring_fill", "acme_poll_one", "acme_peek"),
        (),
        "acme",
        "",
    ),
    (
        "ftrace, stack",
        """\
             fio-811     [003] ..s1.   102.530941: kmem_cache_alloc: call_site=acme_ring_fill+0x2b/0x110 ptr=00000000a1b2c3d4
             fio-811     [003] ..s1.   102.530942: <stack trace>
 => acme_ring_fill
 => acme_poll_one
 => __napi_poll
 => do_syscall_64
""",
        ("acme_ring_fill", "acme_poll_one", "__napi_poll"),
        ("do_syscall_64", "kmem_cache_alloc"),
        "",
        "",
    ),
    (
        "ftrace, graph",
        """\
 3)               |  acme_poll_one [acme]() {
 3)               |    acme_ring_fill [acme]() {
 3)   0.521 us    |      acme_peek [acme]();
 3)   1.402 us    |    }
 3)   2.012 us    |  }
""",
        ("acme_poll_one", "acme_ring_fill", "acme_peek"),
        (),
        "acme",
        "",
    ),
    (
        "pstore ftrace",
        """\
CPU:3 ts:1025309 ffffffffc0a31a2b  ffffffffc0a31b60  acme_ring_fill <- acme_poll_one+0x50/0x90
""",
        ("acme_ring_fill", "acme_poll_one"),
        (),
        "",
        "",
    ),
    (
        "/proc/PID/stack",
        """\
# cat /proc/811/stack
[<0>] acme_ring_fill+0x2b/0x110 [acme]
[<0>] acme_poll_one+0x51/0x90 [acme]
[<0>] __napi_poll+0x28/0x160
[<0>] do_syscall_64+0x38/0x90
""",
        ("acme_ring_fill", "acme_poll_one", "__napi_poll"),
        ("do_syscall_64",),
        "acme",
        "",
    ),
    (
        "kmemleak",
        """\
unreferenced object 0xffff888103b5c000 (size 64):
  comm "fio", pid 811, jiffies 4294942296 (age 12.340s)
  hex dump (first 32 bytes):
    00 00 00 00 00 00 00 00 ad de ad de 00 00 00 00  ................
  backtrace:
    [<000000009ab3d4e1>] kmem_cache_alloc_trace+0x1b2/0x2a0
    [<00000000a0c7ab83>] acme_ring_fill+0x2b/0x110 [acme]
    [<00000000c319d2e5>] acme_poll_one+0x51/0x90 [acme]
""",
        ("acme_ring_fill", "acme_poll_one"),
        ("kmem_cache_alloc_trace",),
        "acme",
        "",
    ),
    (
        "KCSAN",
        """\
==================================================================
BUG: KCSAN: data-race in acme_poll_one / acme_ring_fill

write to 0xffff888103b5c020 of 4 bytes by task 811 on cpu 3:
 acme_ring_fill+0x2b/0x110
 __napi_poll+0x28/0x160

read to 0xffff888103b5c020 of 4 bytes by interrupt on cpu 1:
 acme_poll_one+0x51/0x90
 __napi_poll+0x28/0x160

Reported by Kernel Concurrency Sanitizer on:
CPU: 1 PID: 0 Comm: swapper/1 Not tainted 6.8.0-rc3-syzkaller-00012-gabcdef012345 #0
""",
        ("acme_poll_one", "acme_ring_fill"),
        ("__napi_poll",),
        "",
        "6.8-rc3",
    ),
    (
        "KMSAN",
        """\
=====================================================
BUG: KMSAN: uninit-value in acme_ring_fill+0x2b/0x110 drivers/net/acme/ring.c:812
 acme_ring_fill+0x2b/0x110 drivers/net/acme/ring.c:812
 acme_poll_one+0x51/0x90 drivers/net/acme/main.c:44
 do_syscall_x64 arch/x86/entry/common.c:52 [inline]
 do_syscall_64+0xcd/0x1e0 arch/x86/entry/common.c:83

Uninit was created at:
 slab_post_alloc_hook+0x129/0xa70 mm/slab.h:768
 acme_probe_port+0x40/0x80 drivers/net/acme/main.c:12

CPU: 0 PID: 811 Comm: syz-executor.0 Not tainted 6.8.0-rc3-syzkaller-00012-gabcdef012345 #0
""",
        ("acme_ring_fill", "acme_poll_one"),
        ("acme_probe_port", "do_syscall_x64", "do_syscall_64", "slab_post_alloc_hook"),
        "",
        "6.8-rc3",
    ),
    (
        "a mail of syzbot",
        """\
Hello,

syzbot found the following issue on:

HEAD commit:    abcdef012345 Merge tag 'net-6.8-rc4' of git://git.kernel.org..
git tree:       upstream
console output: https://syzkaller.appspot.com/x/log.txt?x=15d9a2b0180000
kernel config:  https://syzkaller.appspot.com/x/.config?x=93ac5233c138249e
dashboard link: https://syzkaller.appspot.com/bug?extid=0123456789abcdef0123
compiler:       gcc (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40

IMPORTANT: if you fix the issue, please add the following tag to the commit:
Reported-by: syzbot+0123456789abcdef0123@syzkaller.appspotmail.com

==================================================================
BUG: KASAN: slab-out-of-bounds in acme_peek drivers/net/acme/ring.c:90 [inline]
BUG: KASAN: slab-out-of-bounds in acme_ring_fill+0x2b/0x110 drivers/net/acme/ring.c:812
Read of size 8 at addr ffff888103b5c020 by task syz-executor.0/811

CPU: 0 PID: 811 Comm: syz-executor.0 Not tainted 6.8.0-rc3-syzkaller-00012-gabcdef012345 #0
Hardware name: Google Google Compute Engine/Google Compute Engine, BIOS Google 01/25/2024
Call Trace:
 <TASK>
 __dump_stack lib/dump_stack.c:88 [inline]
 dump_stack_lvl+0x1e7/0x2e0 lib/dump_stack.c:106
 print_address_description mm/kasan/report.c:377 [inline]
 print_report+0x169/0x550 mm/kasan/report.c:488
 kasan_report+0x143/0x180 mm/kasan/report.c:601
 acme_peek drivers/net/acme/ring.c:90 [inline]
 acme_ring_fill+0x2b/0x110 drivers/net/acme/ring.c:812
 acme_poll_one+0x51/0x90 drivers/net/acme/main.c:44
 </TASK>

This report is generated by a bot. It may contain errors.
See https://goo.gl/tpsmEJ for more information about syzbot.
""",
        ("acme_peek", "acme_ring_fill", "acme_poll_one"),
        (
            "__dump_stack",
            "dump_stack_lvl",
            "print_address_description",
            "print_report",
            "kasan_report",
        ),
        "",
        "6.8-rc3",
    ),
    (
        "typed from a photo",
        """\
BUG: kernel NULL pointer dereference, address 20
Comm: fio not tainted 6.1.76 #1
RIP: acme_ring_fill+0x2b
Call trace:
acme_poll_one+0x51
__napi_poll+0x28
do_syscall_64
""",
        ("acme_ring_fill", "acme_poll_one", "__napi_poll"),
        ("do_syscall_64",),
        "",
        "6.1.76",
    ),
    (
        "a panic without a trace",
        """\
[  102.530941] Kernel panic - not syncing: acme: no ring in acme_ring_fill()
[  102.530942] CPU: 3 PID: 811 Comm: fio Not tainted 6.1.76 #1
""",
        ("acme_ring_fill",),
        (),
        "acme",
        "6.1.76",
    ),
)


def write_tool_cases(seed: int) -> Iterator[Case]:
    """Yield what tools print about a stack, with each damage that keeps its lines."""
    chance = random.Random(seed)
    for name, text, functions, others, driver, upstream in TOOL_CASES:
        for damage, change in DAMAGES.items():
            if damage in {"cut at both ends", "quoted, no space"}:
                continue
            new = chance.choice(DRIVERS)
            message = Message(
                name,
                (),
                tuple(function.replace("acme", new) for function in functions),
                tuple(function.replace("acme", new) for function in others),
                driver and new,
            )
            yield Case(
                f"{name} / {damage}",
                change(text.replace("acme", new)),
                message,
                Version("", "", upstream),
            )

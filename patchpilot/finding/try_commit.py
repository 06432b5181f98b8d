# SPDX-License-Identifier: GPL-2.0-or-later
"""List the commands that try a fix on the user's machine, and record the result.

Nothing is run. The commands follow the Debian Linux Kernel Handbook (4.2, 4.3), Fedora's page
"Building a Custom Kernel", the ArchWiki's "Kernel/Traditional compilation" and the kernel's
scripts/package/PKGBUILD, Documentation/admin-guide/quickly-build-trimmed-linux.rst, the GRUB manual
(grub-reboot, grub-set-default), grubby(8), and bootctl(1).
"""

import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_verdicts import (
    BackportRequest,
    BackportSession,
    resolve_onto_revisions,
)
from patchpilot.backports.prerequisites import SearchState
from patchpilot.backports.targets import branch_ref
from patchpilot.backports.trial_branch import name_trial_branch, name_trials
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError, UsageError
from patchpilot.finding.kernel_version import NO_VERSION, KernelVersion, read_kernel_version
from patchpilot.finding.read_log import Symptom
from patchpilot.finding.searched_tree import SearchedTree, find_searched_tree
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.releases import (
    BranchFix,
    find_release_of_series,
    name_release,
    name_series,
    parse_release,
)
from patchpilot.history.stable_branches import find_stable_branches
from patchpilot.model.action import Action, Advice
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.settings.read_settings import is_in_demo
from patchpilot.threads.trials import NO_TRIALS, read_own_trials, store_trials

ANSWERS = ("yes", "no")
"""Whether the bug is gone with the commit."""
_FAMILIES = {
    "debian": "debian",
    "ubuntu": "debian",
    "fedora": "fedora",
    "rhel": "fedora",
    "arch": "arch",
}
_NO_SYMPTOM = Symptom()
_EFI = "sys/firmware/efi/efivars"
_OS_FIELD = re.compile(r"^(ID|ID_LIKE)=(.*)$", re.MULTILINE)


class Machine(NamedTuple):
    """The running kernel, the file with its configuration, the family of the distribution
    (`debian`, `fedora`, `arch` or ""), the boot loader (`grub`, `grub2`, `systemd-boot` or ""), and
    whether Secure Boot is on. GRUB's commands and directory have the name of the boot loader.
    """

    kernel: KernelVersion = NO_VERSION
    configuration: str = ""
    distribution: str = ""
    boot_loader: str = ""
    is_secure: bool = False


def read_machine(root: Path = Path("/")) -> Machine:
    """Read what the system in a directory runs. Whatever is missing is empty."""
    kernel = read_kernel_version(_read_text(root / "proc/version"))
    fields = dict(_OS_FIELD.findall(_read_text(root / "etc/os-release")))
    names = [
        name for field in ("ID", "ID_LIKE") for name in fields.get(field, "").strip("\"'").split()
    ]
    files = [f"boot/config-{kernel.named}", f"lib/modules/{kernel.named}/config", "proc/config.gz"]
    loaders = {
        "systemd-boot": f"{_EFI}/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
        "grub": "boot/grub",
        "grub2": "boot/grub2",
    }
    return Machine(
        kernel,
        next((f"/{file}" for file in files if _exists(root / file)), ""),
        next((_FAMILIES[name] for name in names if name in _FAMILIES), ""),
        next((name for name, file in loaders.items() if _exists(root / file)), ""),
        _read_text(root / _EFI / "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c").endswith("\1"),
    )


def _exists(file: Path) -> bool:
    with suppress(OSError):
        return file.exists()
    return False


def _read_text(file: Path) -> str:
    with suppress(OSError):
        return file.read_text("utf-8", "replace")
    return ""


_DEMO_NOTE = (
    "the tree of the demo does not build, and these commands change your own machine: run only step"
    " 1, then answer with --works yes"
)


@json_form()
@dataclass(frozen=True, slots=True)
class TrialStep:
    """Commands for a shell, and their purpose. A command that begins with "#" is a comment."""

    purpose: str
    commands: tuple[str, ...]


@json_form("release works=answer same_symptom=is_same_symptom same_release=is_same_release")
class CommitTrial(NamedTuple):
    """The user's answer about a commit on a release, compared with the symptom and release that are
    searched. If either differs, it decides nothing.
    """

    answer: str
    release: str
    is_same_symptom: bool = True
    is_same_release: bool = True

    @property
    def words(self) -> str:
        """Return the release, how the trial differs from the search, and the answer."""
        release = self.release if self.is_same_release else f"another release, {self.release}"
        if not self.is_same_symptom:
            release = f"{self.release} for another or unknown log"
        return f"tried on {release}: {describe_answer(self.answer)}"


def describe_answer(answer: str) -> str:
    return "the bug is gone" if answer == "yes" else "the bug is still there"


def find_branch_fix(
    repository: Repository, release: str, branches: Sequence[BranchResult]
) -> BranchFix | None:
    """Return the fix in the stable branch of a release, or None if the release has it or if the
    branch lacks it.
    """
    series = name_series(release)
    for branch in branches:
        if series and branch.version == series and branch.landed_as and branch.tip:
            fixed = find_release_of_series(repository, branch.landed_as, branch.tip, series)
            first, own = (parse_release(f"v{name.removeprefix('v')}") for name in (fixed, release))
            if not (first and own and first.numbers <= own.numbers):
                return BranchFix(series, fixed)
    return None


@json_form("commit subject base distribution steps works=answer next notes")
@dataclass(frozen=True, slots=True)
class Trial:
    """How to try a commit on the release `base`.

    `distribution` is `debian`, `fedora`, `arch` or "". `answer` is the user's answer whether the
    bug is gone: `yes`, `no` or "" if there is none. `steps` is empty if there is an answer.
    """

    commit: str
    subject: str
    base: str
    distribution: str
    steps: tuple[TrialStep, ...]
    answer: str
    next: Advice
    notes: tuple[str, ...] = ()


def plan_trial(
    repository: Repository,
    revision: str,
    *,
    tree: str = "",
    symptom: Symptom = _NO_SYMPTOM,
    machine: Machine | None = None,
    profile: str | None = None,
    progress: Progress = ignore_progress,
) -> Trial:
    """Return the commands that try a commit on a release of the kernel.

    The release is `tree`, the upstream release of the kernel that a log names, or that of the
    running kernel. Raise `UsageError` if the release has the commit or has no such bug.
    """
    machine = machine or read_machine()
    commit = repository.commit(repository.resolve(revision))
    if len(commit.parents) > 1:
        raise UsageError(f"{commit.short} is a merge: it cannot be applied to a release")
    version = symptom.version or machine.kernel
    found_tree = SearchedTree(tree) if tree else find_searched_tree(repository, version)
    base = branch_ref(repository, found_tree.name, profile=profile)
    stable = find_stable_branches(repository, profile=profile)
    branches = resolve_onto_revisions(repository, stable, [base])
    request = BackportRequest(effort=10.0, profile=profile)
    with BackportSession(repository, stable, request, progress) as session:
        (result,) = session.ask([commit.id], branches)
    branch = result.branches[0]
    if not branch.wants_fix:
        raise UsageError(
            f"there is nothing to try on {base}: {branch.reason}",
            hint=Action("find", ("--try", commit.id[:12], "--in", "v6.1"), "name the version: {}"),
        )
    notes = [_DEMO_NOTE] if is_in_demo() else []
    notes += [found_tree.note] if found_tree.note else []
    if not machine.configuration:
        notes.append("no configuration of the running kernel was found: copy it to .config")
    if version and machine.kernel and version.named != machine.kernel.named:
        notes.append(f"this machine runs {machine.kernel.named}, the log is of {version.named}")
    if machine.is_secure:
        notes.append("Secure Boot is on: sign the kernel, or turn it off (`mokutil`)")
    if machine.boot_loader.startswith("grub"):
        notes.append(
            "on LVM, RAID or btrfs, GRUB cannot clear the entry for one boot: choose the old kernel"
            " in its menu"
        )
    name = name_trial_branch(commit.id, base)
    tried = ("--try", commit.id[:12], "--in", base)
    answers = [Action("find", (*tried, "--works", answer)) for answer in ANSWERS]
    _note_planned_trial(repository, commit.id, base, symptom.key)
    top = Path(repository.top)
    folder = quote(str(top.parent / f"{top.name}-{name}"))
    steps = (
        _make_branch_step(folder, branch, commit.id, name, base),
        *_list_build_steps(machine, name, folder),
        _make_boot_step(machine),
        TrialStep(
            "after the boot, check that this kernel runs, try to reproduce the bug, and answer",
            (
                f"uname -r   # the name contains {name}",
                f"{answers[0]}   # the bug is gone",
                f"{answers[1]}    # the bug is there",
            ),
        ),
        _make_removal_step(repository, machine, name, folder),
    )
    family = machine.distribution
    return Trial(commit.id, commit.subject, base, family, steps, "", answers[0], tuple(notes))


def record_trial(
    repository: Repository,
    revision: str,
    answer: str,
    *,
    tree: str = "",
    symptom: Symptom = _NO_SYMPTOM,
    machine: Machine | None = None,
    profile: str | None = None,
) -> Trial:
    """Record whether the bug is gone with a commit.

    The release is `tree`, that of the running kernel if it was built with the commit, the one for
    which `plan_trial` was last called, or the one that the log names. Raise `UsageError` if there
    is none of these: any other running kernel was not tried. If the bug is gone, the next command
    requests the backport (see `ask_for_backport`), unless the release's stable branch has the
    commit; otherwise it continues the search.
    """
    commit = repository.commit(repository.resolve(revision))
    running = (machine or read_machine()).kernel
    is_running = bool(running) and name_trials(commit.id) in running.named
    state = read_own_trials(repository).get(commit.id, NO_TRIALS)
    release = name_release(repository, tree) or (running.release if is_running else "")
    release = release or state["planned"][0] or symptom.version.release
    if not release:
        raise UsageError(
            "the version that was tried is unknown",
            hint=Action("", ("--in", "v6.1"), "name it, for example {}"),
        )
    hint = "set XDG_STATE_HOME to a writable directory"
    planned_key = state["planned"][1] if is_running else ""
    key = symptom.key or planned_key or _find_planned_symptom(state, release)
    others = [trial for trial in state["answers"] if trial[1:] != [release, key]]
    state = {**state, "answers": [*others, [answer, release, key]]}
    store_trials(repository, commit.id, state, hint)
    next_step: Advice = Action("find", ("--bisect",), "try the next commit of the list, or {}")
    if answer == "yes":
        trials = find_trials(repository, commit.id, key, [release])
        tested = list_tested_releases(trials) or (release,)
        branches = _judge_series(repository, commit.id, tested, profile)
        branch_fix = find_branch_fix(repository, release, branches)
        is_requestable = applies_to_tested(tested, branches)
        next_step = (
            branch_fix.advice
            if branch_fix
            else ask_for_backport(
                commit.id, tested, symptom.messages, is_requestable=is_requestable
            )
        )
    notes = []
    if running and not is_running:
        notes.append(
            f"the running kernel is {running.named}: was the commit in the kernel that you tried?"
        )
    if not key:
        notes.append("it is unknown which log it was tried for: `find` only shows the answer")
    return Trial(commit.id, commit.subject, release, "", (), answer, next_step, tuple(notes))


def _judge_series(
    repository: Repository, commit: str, releases: Collection[str], profile: str | None
) -> tuple[BranchResult, ...]:
    """Return the verdicts for the stable branches of releases, or for branches with these names."""
    stable = find_stable_branches(repository, profile=profile)
    names = {*releases, *filter(None, map(name_series, releases))}
    branches = [it for it in stable.branches if {it.version, it.name} & names]
    if not branches or len(repository.commit(commit).parents) > 1:
        return ()
    request = BackportRequest(effort=0.0, profile=profile)
    with BackportSession(repository, stable, request, ignore_progress) as session:
        (result,) = session.ask([commit], branches)
    return result.branches


def applies_to_tested(releases: Iterable[str], branches: Sequence[BranchResult]) -> bool:
    """Return whether each release on which a commit was tested has a stable branch, or is the name
    of one, that needs the commit and to which it applies.
    """
    names = {
        name
        for row in branches
        if row.wants_fix and row.verdict is not BranchVerdict.CONFLICT
        for name in (row.branch, row.version)
    }
    return all({release, name_series(release)} & names for release in releases)


def ask_for_backport(
    commit: str, releases: Collection[str], messages: Sequence[str] = (), *, is_requestable: bool
) -> Action:
    """Return the command that asks for the backport of a commit that works on releases.

    Unless it `is_requestable` (see `applies_to_tested`), it shows the verdicts, which lead to
    patches to send, because a request is for a commit that applies. A request quotes the message of
    the log if there is exactly one: of several, it is unknown which one the fix is about. Stable
    branches have releases: no command names another commit as tested.
    """
    tested = [name for name in releases if not re.fullmatch(r"[0-9a-f]{12,40}", name)]
    options = [word for release in tested for word in ("--tested", release)]
    if is_requestable:
        notes = ("--note", f"It is seen as: {messages[0]}") if len(messages) == 1 else ()
        options = ["--request", *options, *notes]
    return Action("backport", (commit[:12], *options))


def find_trials(
    repository: Repository, commit: str, symptom_key: str, releases: Collection[str]
) -> tuple[CommitTrial, ...]:
    """Return the user's trials of a commit.

    The ones of the symptom on one of the releases come first, then the other ones of the symptom,
    the latest first.
    """
    answers = read_own_trials(repository).get(commit, NO_TRIALS)["answers"]
    trials = [
        CommitTrial(answer, release, bool(symptom_key) and key == symptom_key, release in releases)
        for answer, release, key in reversed(answers)
    ]
    return tuple(sorted(trials, key=lambda it: (not it.is_same_symptom, not it.is_same_release)))


def list_tested_releases(trials: Iterable[CommitTrial]) -> tuple[str, ...]:
    """Return the releases on which the bug with the same symptom is gone."""
    return tuple(it.release for it in trials if it.is_same_symptom and it.answer == "yes")


def note_shown_trial(repository: Repository, commit: str, base: str, symptom_key: str) -> None:
    """Record for which symptom the command that tries a commit was shown.

    An answer without a log is about this symptom.
    """
    state = read_own_trials(repository).get(commit, NO_TRIALS)
    shown = [name_release(repository, base), symptom_key]
    if state["shown"] != shown:
        with suppress(PatchpilotError):
            store_trials(repository, commit, {**state, "shown": shown}, "")


def _note_planned_trial(repository: Repository, commit: str, base: str, symptom_key: str) -> None:
    """Record the release and symptom for which the commands were written.

    The script names the release, so nothing is lost if the state cannot be written.
    """
    state = read_own_trials(repository).get(commit, NO_TRIALS)
    release = name_release(repository, base)
    planned = [release, symptom_key or _find_planned_symptom(state, release)]
    with suppress(PatchpilotError):
        store_trials(repository, commit, {**state, "planned": planned}, "")


def _find_planned_symptom(state: dict[str, Any], release: str) -> str:
    """Return the symptom for which a trial on a release was written or shown, or ""."""
    known = (state["planned"], state["shown"])
    return next((key for planned, key in known if key and planned == release), "")


def _make_branch_step(
    folder: str, branch: BranchResult, own: str, name: str, base: str
) -> TrialStep:
    """Return the step that makes the branch, with the follow-ups that the commit needs.

    If a command fails, the pasted rest must not change the user's own tree.
    """
    commit = own[:12]
    adapt = Action("backport", (commit, "--onto", base, "--adapt"))
    purpose = f"make a branch of {base} with the commit"
    needed = {row.commit for row in branch.prerequisites if not row.paths}
    if needed:
        purpose += f" after its {'prerequisite' if len(needed) == 1 else 'prerequisites'}"
    if count := len(branch.follow_ups):
        purpose += f" and {'the commit' if count == 1 else 'the commits'} that it also needs"
    commands = (
        f"git worktree add -b {name} {folder} {quote(base)}",
        f"cd {folder}",
        # the first command switches to a branch
        *(
            command.replace("git ", f"git -C {folder} ", 1)
            + ("   # a prerequisite" if command.split()[-1] in needed else "")
            for command in branch.commands[1:]
        ),
        *(
            f"git -C {folder} cherry-pick -x {row.commit}   # {row.describe_relation(own)}"
            for row in branch.follow_ups
        ),
    )
    # the commands apply whole prerequisites, but not parts of them
    is_solved = branch.search is SearchState.FOUND and not branch.partial
    if branch.verdict is BranchVerdict.CONFLICT and not is_solved:
        purpose += "; it conflicts there: resolve the conflict, then `git cherry-pick --continue`"
        commands += (f"# whether it can be adapted: {adapt.command}",)
    elif branch.alternative:
        words = f"backport --adapt writes other code for {base} than is tried here"
        commands += (f"# {words}: {adapt.command}",)
    return TrialStep(purpose, commands)


def _list_build_steps(machine: Machine, name: str, folder: str) -> list[TrialStep]:
    """Return the steps that configure, build and install the kernel."""
    file = machine.configuration
    copy = f"cp {file} {folder}/.config"
    if file.endswith(".gz"):
        copy = f"zcat {file} > {folder}/.config"
    elif not file:
        copy = "# copy the configuration of the running kernel to .config"
    options = [f"--set-str LOCALVERSION -{name} --disable LOCALVERSION_AUTO"]
    if machine.distribution == "debian":
        # the configuration names certificates of the distribution
        options += [
            "--set-str SYSTEM_TRUSTED_KEYS '' --set-str SYSTEM_REVOCATION_KEYS ''",
            "--set-str MODULE_SIG_KEY certs/signing_key.pem",
        ]
    options.append(
        "--disable DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT --disable DEBUG_INFO_DWARF4"
        " --disable DEBUG_INFO_DWARF5 --disable DEBUG_INFO --enable DEBUG_INFO_NONE"
    )
    packages, build = _BUILDS[machine.distribution]
    return [
        TrialStep("install what a build needs", (packages,)),
        TrialStep(
            "use the configuration of the running kernel, without debug information",
            (
                copy,
                *(f"scripts/config {option}" for option in options),
                "make olddefconfig",
                '# faster, only the modules that are loaded now: yes "" | make localmodconfig',
            ),
        ),
        TrialStep("build and install it", (*build, "KERNEL=$(make -s kernelrelease)")),
    ]


_BUILDS = {
    "debian": (
        "sudo apt install build-essential bc bison flex libelf-dev libssl-dev rsync cpio kmod"
        " debhelper dwarves",
        (
            "make -j$(nproc) bindeb-pkg",
            "sudo dpkg -i ../linux-image-$(make -s kernelrelease)_*.deb",
        ),
    ),
    "fedora": (
        "sudo dnf install gcc make bc bison flex elfutils-libelf-devel openssl openssl-devel perl"
        " dwarves",
        ("make -j$(nproc)", "sudo make modules_install install"),
    ),
    "arch": (
        "sudo pacman -S --needed base-devel bc cpio gettext libelf openssl pahole perl python tar",
        (
            "# `make pacman-pkg` exists since 6.11; for older releases: ArchWiki, Kernel/"
            "Traditional compilation",
            "PACMAN_PKGBASE=linux-try PACMAN_EXTRAPACKAGES= make -j$(nproc) pacman-pkg",
            "sudo pacman -U linux-try-*.pkg.tar.zst",
        ),
    ),
    "": (
        "# install a compiler, make, bc, bison, flex, and the headers of libelf and openssl",
        ("make -j$(nproc)", "sudo make modules_install install"),
    ),
}


def _make_boot_step(machine: Machine) -> TrialStep:
    """Return the step that boots the new kernel once. Other boots keep the running kernel."""
    purpose = "boot it once; each other boot stays with the kernel that runs now"
    if machine.distribution == "fedora" and machine.boot_loader != "systemd-boot":
        return TrialStep(
            purpose,
            (
                "sudo grubby --set-default=/boot/vmlinuz-$(uname -r)",
                'ENTRY=$(sudo grubby --info=/boot/vmlinuz-$KERNEL | sed -n \'s/^id="\\(.*\\)"/'
                "\\1/p')",
                'sudo grub2-reboot "$ENTRY"',
                "sudo reboot",
            ),
        )
    if machine.boot_loader == "systemd-boot":
        entry = (
            (
                "ENTRY=linux-try.conf",
                "# copy the entry of the running kernel, and name vmlinuz-linux-try and"
                " initramfs-linux-try.img",
                'sudo cp "$(bootctl -x)/loader/entries/arch.conf"'
                ' "$(bootctl -x)/loader/entries/$ENTRY"',
                'sudoedit "$(bootctl -x)/loader/entries/$ENTRY"',
            )
            if machine.distribution == "arch"
            else ('ENTRY=$(basename "$(bootctl -x)"/loader/entries/*-$KERNEL.conf)',)
        )
        return TrialStep(
            purpose,
            (
                "sudo bootctl set-default @current",
                *entry,
                'sudo bootctl set-oneshot "$ENTRY"',
                "sudo reboot",
            ),
        )
    grub = machine.boot_loader
    if not grub:
        return TrialStep(purpose, ("# choose it in the menu of your boot loader", "sudo reboot"))
    names = ("$(uname -r)", "$KERNEL")
    if machine.distribution == "arch":
        # the images have the names of the packages
        names = ("$(cat /usr/lib/modules/$(uname -r)/pkgbase)", "linux-try")
    return TrialStep(
        purpose,
        (
            "sudo cp -n /etc/default/grub /etc/default/grub.before-try",
            "sudo sed -i 's/^GRUB_DEFAULT=.*/GRUB_DEFAULT=saved/' /etc/default/grub",
            _update_grub(machine),
            f"DISK=$(sudo {grub}-probe --target=fs_uuid /)",
            f'sudo {grub}-set-default "gnulinux-advanced-$DISK>gnulinux-{names[0]}-advanced-$DISK"',
            f'sudo {grub}-reboot "gnulinux-advanced-$DISK>gnulinux-{names[1]}-advanced-$DISK"',
            "sudo reboot",
        ),
    )


def _update_grub(machine: Machine) -> str:
    if machine.distribution == "debian":
        return "sudo update-grub"
    return f"sudo {machine.boot_loader}-mkconfig -o /boot/{machine.boot_loader}/grub.cfg"


def _make_removal_step(
    repository: Repository, machine: Machine, name: str, folder: str
) -> TrialStep:
    kernel = f"KERNEL=$(basename /lib/modules/*-{name}*)"
    removal = {
        "debian": (kernel, "sudo apt purge linux-image-$KERNEL"),
        "arch": ("sudo pacman -R linux-try",),
    }.get(
        machine.distribution,
        (kernel, "sudo kernel-install remove $KERNEL", 'sudo rm -r "/lib/modules/${KERNEL:?}"'),
    )
    if machine.boot_loader.startswith("grub") and machine.distribution != "fedora":
        removal += (
            "sudo mv /etc/default/grub.before-try /etc/default/grub",
            _update_grub(machine),
        )
    return TrialStep(
        "to go back: reboot, and remove it while the old kernel runs",
        (
            "uname -r",
            *removal,
            f"git -C {quote(str(repository.top))} worktree remove --force {folder}",
            f"git -C {quote(str(repository.top))} branch -D {name}",
        ),
    )

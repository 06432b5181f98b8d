# SPDX-License-Identifier: GPL-2.0-or-later
"""Run programs that execute code of a tree, without access to anything else on the machine.

They see the system's programs and libraries, and the folders of the call. Only the folders that the
call names for output can be written. There is no network, no other process, no home directory, and
no variable of the user's environment except for PATH and TZ. bubblewrap sets this up or, if it is
not installed, unshare. `find_confinement` names everything that this machine cannot confine.
"""

import functools
import os
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patchpilot.cache.entries import cache_dir, is_private_folder
from patchpilot.commits.run import Completed, RunWatch, run, run_with_line_callback
from patchpilot.errors import GitError, MissingError
from patchpilot.extras import system_install_command
from patchpilot.model.printable import join_words, make_printable

_SYSTEM = tuple(
    Path(name)
    for name in (
        *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
        *("/nix/store", "/gnu/store", "/run/current-system"),
        *("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),
        *("/etc/localtime", "/etc/perl", "/etc/clang", "/etc/static"),
        # the OCaml rules in semantic patches are compiled when they are run
        *("/etc/ocamlfind.conf", "/etc/ocamlfind.conf.d"),
    )
)
"""The system's programs and libraries, which any user may read; /etc has private files as well."""
_PROGRAMS = (
    "make",
    "gcc",
    "clang",
    "ld.lld",
    "perl",
    "python3",
    "sparse",
    "spatch",
    "dtc",
    "ccache",
)
_INSTALLED_WITH = ("lib", "lib32", "lib64", "libexec", "include", "share", "pyvenv.cfg")
"""Files next to a folder of programs that these need."""
_DEVICES = ("null", "zero", "full", "random", "urandom")
_HOME = "/tmp/home"
_ALL = ("files", "network", "processes")
_MEMORY, _FILE_SIZE, _CPU_SECONDS, _SCRATCH = 8 << 30, 2 << 30, 3600, 1 << 30
"""Limits of each process, and the size of its private /tmp, in bytes and seconds."""
_LIMIT = (
    f"for limit in 'c 0' 't {_CPU_SECONDS}' 'v {_MEMORY >> 10}' 'f {_FILE_SIZE >> 9}'; do"
    ' ulimit -$limit 2>/dev/null || :; done; exec "$@"'
)
_NAMESPACES = "--mount --propagation private --net --pid --fork --kill-child --ipc --uts"
_BWRAP, _UNSHARE, _UNSHARE_AS_ROOT = "bwrap", "unshare -r", "unshare"
_SETTINGS = (
    ("user/max_user_namespaces", "0", "15000"),
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
)
"""Settings of the kernel, each with the values that forbid and allow namespaces."""
_CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv")


class Access(NamedTuple):
    """The files that a program may read and write, in addition to the system's programs.

    An empty file is shown instead of the files in `hides`. `home` is the value of HOME, which is an
    empty directory by default.
    """

    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    hides: tuple[Path, ...] = ()
    home: str = _HOME


class Confinement(NamedTuple):
    """How this machine confines programs.

    `method` is the program that does it, or "". `missing` lists what is not confined, `cause` is
    the reason, and `remedy` is the setting or package that helps.
    """

    method: str
    has_proc: bool = True
    missing: tuple[str, ...] = ()
    cause: str = ""
    remedy: str = ""

    @property
    def is_complete(self) -> bool:
        return not self.missing

    def describe(self) -> str:
        """Return what is not confined and the reason, or ""."""
        return f"{join_words(self.missing)} not confined: {self.cause}" if self.missing else ""


@functools.cache
def find_confinement() -> Confinement:
    """Return how this machine confines programs, after a trial of each method."""
    methods = [_BWRAP, _UNSHARE, *([_UNSHARE_AS_ROOT] if os.geteuid() == 0 else ())]
    candidates = [Confinement(method) for method in methods]
    # a container can forbid to mount /proc, and umount needs it
    candidates += [Confinement(_BWRAP, has_proc=False)]
    errors = []
    for candidate in candidates:
        if shutil.which(candidate.method.partition(" ")[0]):
            error = _try_prefix(_make_prefix(candidate, Path("/"), Access()))
            if error is None:
                return candidate
            errors.append(error)
    cause, remedy = _find_cause(errors)
    has_no_network = _try_prefix(("unshare", "-rn", "--")) is None
    missing = tuple(name for name in _ALL if not (has_no_network and name == "network"))
    return Confinement(
        _UNSHARE if has_no_network else "", missing=missing, cause=cause, remedy=remedy
    )


def _try_prefix(prefix: Sequence[str]) -> str | None:
    """Return the error of a program that does nothing, or None if it runs."""
    try:
        outcome = run([*prefix, "true"], env=_make_environment(Access()), cwd=Path("/"), timeout=20)
    except (MissingError, GitError) as error:
        return error.message
    if outcome.code == 0:
        return None
    return make_printable(outcome.error_text.partition("\n")[0]) or f"exit code {outcome.code}"


def _find_cause(errors: Sequence[str]) -> tuple[str, str]:
    """Return why programs cannot be confined, and what helps."""
    if not errors:
        return "neither bubblewrap nor unshare is installed", system_install_command("bwrap")
    for name, forbidden, allowed in _SETTINGS:
        setting = name.replace("/", ".")
        if _read_system_file(f"/proc/sys/{name}").strip() == forbidden:
            return f"{setting} is {forbidden}", f"run `sudo sysctl -w {setting}={allowed}`"
    has_filter = "\nSeccomp:\t2" in _read_system_file("/proc/self/status")
    if has_filter or any(map(os.path.exists, _CONTAINER_FILES)):
        return (
            f"the container's policy forbids namespaces ({errors[0]})",
            "start the container with `--security-opt seccomp=unconfined --security-opt"
            " apparmor=unconfined --security-opt systempaths=unconfined`",
        )
    return f"namespaces do not work ({errors[0]})", "allow user namespaces on this machine"


def _read_system_file(name: str) -> str:
    try:
        return Path(name).read_text("utf-8", "replace")
    except OSError:
        return ""


def run_confined(
    argv: Sequence[str],
    access: Access,
    *,
    cwd: Path,
    timeout: float | RunWatch,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Run a program that executes code of a tree. Exceptions are the same as in `run`.

    `env` is added to the small environment of the program.
    """
    return run(
        confine(argv, access, cwd),
        env=_make_environment(access) | dict(env or {}),
        cwd=cwd,
        stdin=stdin,
        timeout=timeout,
        name=argv[0],
    )


def stream_confined(
    argv: Sequence[str],
    callback: Callable[[str], None],
    access: Access,
    *,
    cwd: Path,
    watched: RunWatch,
    env: Mapping[str, str],
) -> int:
    """Run a program like `run_confined`, and call `callback` for each line of its output."""
    return run_with_line_callback(
        confine(argv, access, cwd),
        callback,
        env=_make_environment(access) | dict(env),
        cwd=cwd,
        watched=watched,
    )


def confine(argv: Sequence[str], access: Access, cwd: Path) -> list[str]:
    """Return the command that runs a program confined, as far as this machine allows it."""
    confinement = find_confinement()
    if confinement.is_complete:
        prefix = _make_prefix(confinement, cwd, access)
    else:
        prefix = ["unshare", "-rn", "--"] if confinement.method else []
    return [*prefix, "sh", "-c", _LIMIT, "sh", *argv]


def _make_environment(access: Access) -> dict[str, str]:
    """Return the environment of a confined program.

    The cache of ccache is in the first output folder, so that it can be written.
    """
    is_complete = not access.writes or find_confinement().is_complete
    inherited = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
    cache = {"CCACHE_DIR": f"{access.writes[0]}/.ccache"} if access.writes else {}
    return {
        **inherited,
        **cache,
        "CCACHE_MAXSIZE": "20M",
        "HOME": access.home if is_complete else str(access.writes[0]),
        "TMPDIR": "/tmp",
        "LC_ALL": "C",
        "LANG": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "KBUILD_BUILD_TIMESTAMP": "0",
        "KBUILD_BUILD_USER": "patchpilot",
        "KBUILD_BUILD_HOST": "patchpilot",
    }


def _make_prefix(confinement: Confinement, cwd: Path, access: Access) -> list[str]:
    """Return the arguments in front of the command that confine it."""
    if confinement.method == _BWRAP:
        return _make_bwrap_prefix(confinement, cwd, access)
    script = "\n".join(_write_script(confinement, cwd, access))
    mapping = ["--user", "--map-root-user"] if confinement.method == _UNSHARE else []
    drop = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"]
    return ["unshare", *mapping, *_NAMESPACES.split(), "--", "sh", "-c", script, "sh", *drop]


def _make_bwrap_prefix(confinement: Confinement, cwd: Path, access: Access) -> list[str]:
    argv = [_BWRAP, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--dev", "/dev"]
    # root can change settings of the kernel in /proc/sys, even without capabilities
    argv += ["--proc", "/proc", "--remount-ro", "/proc"] if confinement.has_proc else []
    argv += ["--size", str(_SCRATCH), "--tmpfs", "/tmp", "--dir", access.home]
    for path in _list_readable_paths(os.environ.get("PATH", "")):
        if path.is_symlink():
            argv += ["--symlink", str(path.readlink()), str(path)]
        else:
            argv += ["--ro-bind", str(path), str(path)]
    for option, paths in (("--ro-bind", access.reads), ("--bind", access.writes)):
        argv += [word for path in paths for word in (option, str(path), str(path))]
    argv += [word for path in access.hides for word in ("--ro-bind", os.devnull, str(path))]
    return [*argv, "--remount-ro", "/", "--chdir", str(cwd), "--"]


def _write_script(confinement: Confinement, cwd: Path, access: Access) -> Iterator[str]:
    """Yield the lines of a shell script that sets up the file system and runs its arguments."""
    top = cache_dir() / "confinement"
    is_private_folder(top)
    new = shlex.quote(str(top))
    yield "set -e"
    yield f"mount -t tmpfs -o mode=755,nosuid confinement {new}"
    yield f"mkdir {new}/old {new}/dev {new}/proc {new}/tmp"
    yield f"mount -t tmpfs -o mode=1777,nosuid,nodev,size={_SCRATCH} tmp {new}/tmp"
    yield f"mkdir -p {new}{shlex.quote(access.home)}"
    for name in _DEVICES:
        yield f": > {new}/dev/{name}; mount --bind /dev/{name} {new}/dev/{name}"
    for target, name in (("", "fd"), ("/0", "stdin"), ("/1", "stdout"), ("/2", "stderr")):
        yield f"ln -s /proc/self/fd{target} {new}/dev/{name}"
    if confinement.has_proc:
        yield f"mount -t proc -o nosuid,nodev,noexec proc {new}/proc"
        # root can change settings of the kernel in /proc/sys, even without capabilities
        yield f"mount -o remount,bind,ro {new}/proc"
    for path in _list_readable_paths(os.environ.get("PATH", "")):
        if path.is_symlink():
            yield f"mkdir -p {new}{shlex.quote(str(path.parent))}"
            yield f"ln -s {shlex.quote(str(path.readlink()))} {new}{shlex.quote(str(path))}"
        else:
            yield from _bind(path, f"{new}{shlex.quote(str(path))}")
    for path in access.reads:
        yield from _bind(path, f"{new}{shlex.quote(str(path))}")
    for path in access.writes:
        yield from _bind(path, f"{new}{shlex.quote(str(path))}", is_writable=True)
    for path in access.hides:
        yield f"mount --bind {os.devnull} {new}{shlex.quote(str(path))}"
    yield f"cd {new}; pivot_root . old; umount -l /old"
    yield f"mount -o remount,bind,ro /; cd {shlex.quote(str(cwd))}"
    yield 'exec "$@"'


def _bind(path: Path, target: str, *, is_writable: bool = False) -> Iterator[str]:
    source = shlex.quote(str(path))
    if path.is_dir():
        yield f"mkdir -p {target}; mount --rbind {source} {target}"
    else:
        yield f"mkdir -p $(dirname {target}); : >> {target}; mount --bind {source} {target}"
    if not is_writable:
        yield f"mount -o remount,bind,ro {target}"


@functools.cache
def _list_readable_paths(search_path: str) -> tuple[Path, ...]:
    """Return the paths of programs and libraries that confined programs may read.

    `search_path` is the value of PATH.
    """
    names = dict.fromkeys(path for path in _SYSTEM if path.exists() or path.is_symlink())
    for folder in _list_program_folders(search_path):
        if not any(folder.is_relative_to(path) for path in names):
            names[folder] = None
    return tuple(names)


def _list_program_folders(search_path: str) -> Iterator[Path]:
    """Yield the folders in PATH, and the folders to which their programs are linked.

    Yield what is installed with these programs as well, unless a folder is in the home directory
    itself, such as ~/bin.
    """
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 (Path.home() raises where there is none)
    folders = [Path(name) for name in search_path.split(":") if name[:1] == "/"]
    programs = [Path(os.path.realpath(path)) for path in map(shutil.which, _PROGRAMS) if path]
    for folder in dict.fromkeys([*folders, *(program.parent for program in programs)]):
        if not folder.is_dir() or home.is_relative_to(folder):
            continue
        yield folder
        prefix = folder.parent
        if home.is_relative_to(prefix):
            continue
        if prefix == home / ".local":
            yield from filter(Path.is_dir, (prefix / "share/pipx", prefix / "lib"))
            continue
        yield from (prefix / name for name in _INSTALLED_WITH if (prefix / name).exists())

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test what confined programs can read, change and reach."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from patchpilot.commits import confinement
from patchpilot.commits.confinement import Access, Confinement, run_confined
from patchpilot.commits.run import RunWatch
from patchpilot.errors import CancelledError

SECRET = "zz-private-word"
METHODS = [
    Confinement("bwrap"),
    Confinement("bwrap", has_proc=False),
    Confinement("unshare -r"),
    Confinement("unshare"),
]


def works(method: Confinement) -> bool:
    """Return whether this machine allows a method."""
    if not shutil.which(method.method.partition(" ")[0]):
        return False
    prefix = confinement._make_prefix(method, Path("/"), Access())
    return confinement._try_prefix(prefix) is None


@pytest.fixture(params=METHODS, ids=lambda method: f"{method.method} {method.has_proc}")
def method(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Confinement:
    if not works(request.param):
        pytest.skip("this machine forbids it")
    monkeypatch.setattr(confinement, "find_confinement", lambda: request.param)
    value: Confinement = request.param
    return value


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "output"
    folder.mkdir()
    return folder


def run_script(script: str, output: Path, *reads: Path, timeout: float = 30.0) -> str:
    """Run a shell script confined, and return what it prints."""
    done = run_confined(["sh", "-c", script], Access(reads, (output,)), cwd=output, timeout=timeout)
    return f"{done.text}{done.error_text}"


def test_only_the_output_folder_is_written(method: Confinement, output: Path) -> None:
    tree, outside = output.parent / "tree", output.parent / "outside"
    for folder in (tree, outside):
        folder.mkdir()
        (folder / "file").write_text(SECRET)
    targets = (tree / "new", tree / "file", outside / "new", Path.home() / "new", Path("/usr/zz"))
    script = "\n".join(f"echo x > {target} || :" for target in targets)
    script += f"\nrm -rf {tree}/file {outside}/file; echo x > {output}/new; ln -s {outside} link"
    run_script(script, output, tree)
    assert (output / "new").read_text() == "x\n"
    assert [(folder / "file").read_text() for folder in (tree, outside)] == [SECRET] * 2
    assert not any(target.exists() for target in targets if target.name != "file")


def test_private_files_and_variables_do_not_exist(
    method: Confinement, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    netrc = Path.home() / ".netrc"
    netrc.write_text(f"password {SECRET}\n")
    shared = Path("/tmp") / f"zz-{os.getpid()}"
    shared.write_text(SECRET)
    try:
        text = run_script(
            f"env; cat {netrc} ~/.netrc {shared} /etc/shadow /etc/hosts; ls -A ~;"
            " cat /proc/*/environ /proc/*/cmdline",
            output,
        )
    finally:
        shared.unlink()
    assert SECRET not in text
    assert "root:" not in text
    assert "localhost" not in text
    assert "HOME=/tmp/home" in text


def test_network_is_unreachable(method: Confinement, output: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        run_script(f"exec 3<>/dev/tcp/127.0.0.1/{port}", output)
        done = run_confined(
            ["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}"],
            Access(writes=(output,)),
            cwd=output,
            timeout=30.0,
        )
        assert done.code != 0
        with pytest.raises(TimeoutError):
            server.accept()


def test_other_processes_are_out_of_reach(method: Confinement, output: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        text = run_script(f"kill -9 {other.pid}; kill -9 -1; ls -d /proc/{other.pid}", output)
        assert other.poll() is None, text
        other.kill()


def test_kernel_settings_and_mounts_are_read_only(method: Confinement, output: Path) -> None:
    # the value is not changed even if it could be written
    name = "/proc/sys/kernel/core_pattern"
    script = f"[ -e {name} ] && dd if={name} of={name} conv=notrunc && echo written"
    script += "; mount -o remount,rw,bind /usr && echo remounted"
    script += "; unshare -Urm mount -o remount,rw,bind /usr && echo remounted"
    script += "; umount /usr && echo unmounted; ls /old/* && echo left"
    text = run_script(script, output)
    assert not {"written", "remounted", "unmounted", "left"} & {*text.split()}


def test_resources_are_limited(method: Confinement, output: Path) -> None:
    text = run_script("ulimit -v; ulimit -t; ulimit -f; ulimit -c", output)
    assert text.split() == [str(8 << 20), "3600", str(4 << 20), "0"]
    run_script("dd if=/dev/zero of=/tmp/large bs=1M count=1100 2>&1; ls /tmp", output)
    assert not Path("/tmp/large").exists()


def test_canceled_program_leaves_no_process(method: Confinement, output: Path) -> None:
    end = time.monotonic() + 1.0

    def cancel() -> None:
        if time.monotonic() > end:
            raise CancelledError

    mark = f"61.{os.getpid()}"
    with pytest.raises(CancelledError):
        run_confined(
            ["sh", "-c", f"trap '' TERM; setsid sleep {mark} & sleep {mark}; :"],
            Access(writes=(output,)),
            cwd=output,
            timeout=RunWatch(30.0, cancel),
        )
    time.sleep(0.2)
    assert subprocess.run(["pgrep", "-f", f"sleep {mark}"], check=False).returncode == 1


SYSTEM_SETTINGS = [
    ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "kernel.apparmor_restrict_unprivileged_userns=0",
    ),
]


@pytest.mark.parametrize(("name", "value", "setting"), SYSTEM_SETTINGS)
def test_setting_that_forbids_namespaces_is_named(
    name: str, value: str, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"/proc/sys/{name}": f"{value}\n"}
    monkeypatch.setattr(confinement, "_read_system_file", lambda file: files.get(file, ""))
    monkeypatch.setattr(confinement, "_try_prefix", lambda _: "bwrap: No permissions")
    result = confinement.find_confinement.__wrapped__()
    assert result.missing == ("files", "network", "processes")
    assert result.describe() == (
        f"files, network and processes not confined: {name.replace('/', '.')} is {value}"
    )
    assert result.remedy == f"run `sudo sysctl -w {setting}`"


def test_container_policy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"/proc/self/status": "NoNewPrivs:\t0\nSeccomp:\t2\n"}
    monkeypatch.setattr(confinement, "_read_system_file", lambda file: files.get(file, ""))
    monkeypatch.setattr(confinement, "_try_prefix", lambda _: "unshare failed")
    result = confinement.find_confinement.__wrapped__()
    assert "the container's policy forbids namespaces (unshare failed)" in result.describe()
    assert "--security-opt" in result.remedy


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = confinement.find_confinement.__wrapped__()
    assert "neither bubblewrap nor unshare is installed" in result.describe()
    assert "bwrap" in result.remedy


def test_network_alone_is_confined_if_nothing_else_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def try_prefix(prefix: tuple[str, ...]) -> str | None:
        return None if prefix[1:2] == ("-rn",) else "mount: permission denied"

    monkeypatch.setattr(confinement, "_try_prefix", try_prefix)
    result = confinement.find_confinement.__wrapped__()
    assert result.missing == ("files", "processes")


def test_machine_without_namespaces_is_recognized() -> None:
    """Run in a user namespace that forbids further ones, as far as root may create it."""
    code = (
        "from patchpilot.commits.confinement import find_confinement as f;"
        "c = f(); print(c.missing, c.cause, c.remedy, sep='|')"
    )
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all "$@"'
    python = sys.executable
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", script, "sh", python, "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this machine forbids it")
    missing, cause, remedy = done.stdout.strip().split("|")
    assert missing == "('files', 'network', 'processes')"
    assert cause == "user.max_user_namespaces is 0"
    assert remedy == "run `sudo sysctl -w user.max_user_namespaces=15000`"

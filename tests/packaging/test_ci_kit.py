# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the files for CI.

pre-commit runs its hooks, and the commands in each template are run on a repository.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.kit.ci_runner import (
    ACTION,
    GITLAB_JOBS,
    run_action,
    run_gitlab_job,
    run_jenkins_stage,
    run_script,
)
from tests.kit.ci_schemas import find_github_problems
from tests.kit.repos import Repo
from tests.kit.source import ROOT
from tests.kit.topics import SIGNED

GOOD = (
    "frob: wait for the link\n\nOld boards need a moment until the link is up, and the driver uses"
    f" it too\nearly. Wait for the link.\n\n{SIGNED}\n"
)
CLEAN = "/* SPDX-License-Identifier: GPL-2.0 */\nint frob(int x);\n"
DIRTY = CLEAN + "int grob(int x ) ;\n"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put the command in PATH, and use a separate data folder for pre-commit."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    # no host can be reached, so trying to install a hook fails
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_NO_INDEX", "1")


@pytest.fixture
def repo(tmp_path: Path, environment: None) -> Repo:
    """Create a topic with one commit that has findings. Its base branch is on the remote."""
    repo = Repo(tmp_path / "r")
    repo.commit(GOOD.replace("wait for the link", "add the link", 1), {"lib/frob.h": CLEAN})
    repo.git("clone -q --bare .", str(tmp_path / "origin.git"))
    repo.git("remote add origin", str(tmp_path / "origin.git"))
    repo.git("fetch -q origin")
    return repo


@pytest.mark.long
def test_pre_commit_runs_the_hooks(repo: Repo, tmp_path: Path) -> None:
    hooks = Repo(tmp_path / "hooks")
    revision = hooks.commit(
        "hooks\n",
        {".pre-commit-hooks.yaml": (ROOT / ".pre-commit-hooks.yaml").read_text()},
    )
    ids = [
        # use the command in this environment, because installing another one needs the network
        {"id": hook["id"], "language": "system"}
        for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    ]
    config = {"repos": [{"repo": hooks.path.as_uri(), "rev": revision, "hooks": ids}]}
    repo.commit(
        GOOD.replace("wait", "ask", 1),
        {".pre-commit-config.yaml": yaml.safe_dump(config)},
    )
    repo.git("push -q origin HEAD")

    def run_hook_command(*arguments: str) -> tuple[int, str]:
        completed = run_script(" ".join(arguments), repo.path, {})
        return completed.returncode, completed.stdout + completed.stderr

    assert run_hook_command("pre-commit install -t pre-commit -t commit-msg -t pre-push")[0] == 0
    (repo.path / "lib/frob.h").write_text(DIRTY)
    repo.git("add .")
    exit_code, out = run_hook_command("git commit -m 'frob: wait'")
    assert (exit_code, "lib/frob.h:3: ERROR:SPACING: " in out) == (1, True), out
    (repo.path / "lib/frob.h").write_text(CLEAN + "int grob(int x);\n")
    repo.git("add .")
    exit_code, out = run_hook_command("git commit -m 'frob: wait'")
    assert (exit_code, "missing Signed-off-by: line" in out) == (1, True), out
    (tmp_path / "message").write_text(GOOD)
    exit_code, out = run_hook_command(f"git commit -F {tmp_path / 'message'}")
    assert exit_code == 0, out
    exit_code, out = run_hook_command("git push -q origin HEAD:refs/heads/topic")
    assert exit_code == 0, out
    repo.git("commit -q --no-verify --allow-empty-message --amend -m 'frob: wait.'")
    exit_code, out = run_hook_command("git push -q origin HEAD:refs/heads/other")
    assert (exit_code, "error: missing Signed-off-by: line" in out) == (1, True), out
    # the pushed branch is checked, and not the one that is checked out
    repo.git("branch flawed")
    repo.git("reset -q --hard origin/topic")
    exit_code, out = run_hook_command("git push -q origin flawed")
    assert (exit_code, "error: missing Signed-off-by: line" in out) == (1, True), out
    exit_code, out = run_hook_command("git push -q origin HEAD:refs/heads/again")
    assert exit_code == 0, out


@pytest.mark.parametrize(
    "name",
    ["--fail-on=never", *(pytest.param(name, marks=pytest.mark.long) for name in ("--help", "-o"))],
)
def test_file_name_is_not_an_option_of_a_hook(repo: Repo, name: str) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (entry,) = (hook["entry"] for hook in hooks if hook["id"] == "patchpilot-files")
    (repo.path / name).write_text(CLEAN)
    (repo.path / "lib/frob.h").write_text(DIRTY)
    # pre-commit appends the names of the changed files to the command
    completed = run_script(f"{entry} -- {name} lib/frob.h", repo.path, {})
    assert completed.returncode == 1, completed.stderr
    assert "lib/frob.h:3: ERROR:SPACING: " in completed.stdout
    assert not (repo.path / "out").exists()


def test_hooks_install_the_core() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["language"] for hook in hooks} == {"python"}


OFFLINE = {
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "off",
    "PYTHONPATH": sysconfig.get_path("purelib"),
    "GITHUB_ACTION_PATH": str(ROOT),
    "PATCHPILOT": str(ROOT),
}
"""The installation needs no network: it uses this Python's packages."""


@pytest.fixture
def runner_without_patchpilot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create the Python environment of a CI runner. It does not contain patchpilot."""
    venv.create(tmp_path / "runner", with_pip=True)
    monkeypatch.setenv("PATH", f"{tmp_path / 'runner' / 'bin'}:/usr/bin:/bin")
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)


@pytest.mark.long
@pytest.mark.parametrize("given_range", ["", "HEAD~1..HEAD"])
def test_action_installs_annotates_and_reports(
    repo: Repo, given_range: str, runner_without_patchpilot: None
) -> None:
    repo.commit(GOOD, {"lib/frob.h": DIRTY})
    run = run_action(
        repo.path,
        installs=True,
        sarif="true",
        range=given_range,
        arguments="--strict --ignore spdx-tag",
    )
    assert not run.passed
    assert any(line.startswith("::error file=lib/frob.h,line=3,") for line in run.annotations)
    assert run.sarif
    assert find_github_problems(run.sarif) == []


def test_action_annotates_summarizes_and_uploads(repo: Repo) -> None:
    repo.commit("frob: wait", {"lib/frob.h": DIRTY})
    uploads: list[bool] = []

    def upload(file: Path) -> bool:
        uploads.append(not find_github_problems(json.loads(file.read_text())))
        return False

    run = run_action(repo.path, upload=upload, sarif="true", arguments="--fail-on\nerror\n")
    assert (run.passed, uploads) == (False, [True]), run.log
    # the log has the text, and the annotations come after it
    assert "error: missing Signed-off-by: line [no-sign-off]" in run.log
    assert any(line.startswith("::error file=lib/frob.h,line=3,") for line in run.annotations)
    assert "| error | **missing Signed-off-by: line**" in run.summary
    # the report is not in the tree under check, where a commit could put a file in its place
    assert repo.git("status --porcelain --ignored") == ""
    repo.commit(GOOD, {"lib/frob.h": CLEAN})
    run = run_action(repo.path, upload=upload, sarif="true", range="HEAD~1..HEAD")
    assert (run.passed, run.annotations, len(uploads)) == (True, [], 2), run.log


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        pytest.param("--fail-on\nnever", True, marks=pytest.mark.long),
        ("--waive \"no-sign-off=not ours, for now\"\n--select 'no-sign-off'\n", True),
        pytest.param("--select no-sign-off", False, marks=pytest.mark.long),
        ("--waive 'no-sign-off=x", False),
    ],
)
def test_action_arguments_are_words_of_a_shell(repo: Repo, arguments: str, passed: bool) -> None:
    repo.commit("frob: wait", {"lib/frob.h": DIRTY})
    run = run_action(repo.path, arguments=arguments)
    assert run.passed is passed, run.log
    if "'no-sign-off=x" in arguments:
        assert run.annotations == [
            "::error title=patchpilot::the input arguments has a quote that is not closed, or ends"
            " in a backslash"
        ]
        assert "Traceback" not in run.log


def test_gitlab_job_names_an_unclosed_quote(repo: Repo) -> None:
    repo.commit(GOOD, {"lib/frob.h": DIRTY})
    completed, _ = run_gitlab_job(
        *("patchpilot", repo.path),
        installs=False,
        ARGUMENTS="--waive 'no-sign-off=x",
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="master",
    )
    assert completed.returncode == 1
    assert completed.stderr.endswith("patchpilot: error: ARGUMENTS: No closing quotation\n")
    assert "Traceback" not in completed.stderr


def test_action_input_is_not_interpolated() -> None:
    assert not [step for step in ACTION["runs"]["steps"] if "${{" in step.get("run", "")]


def test_gitlab_job_only_adds_its_report_to_the_checkout(repo: Repo) -> None:
    repo.commit(GOOD, {"lib/frob.h": DIRTY})
    completed, issues = run_gitlab_job(
        *("patchpilot", repo.path),
        installs=False,
        ARGUMENTS="--fail-on error --waive 'spdx-tag=not ours'",
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="master",
    )
    assert completed.returncode == 1, completed.stderr
    assert {issue["location"]["path"] for issue in issues or ()} == {"lib/frob.h"}
    assert "error: space prohibited" in completed.stdout
    assert repo.git("status --porcelain --ignored").strip() == "?? gl-code-quality-report.json"
    # a cache of GitLab can only store files of the checkout, where commits may add files
    assert not [name for name, job in GITLAB_JOBS.items() if "cache" in job]


def test_gitlab_base_job_reports_nothing(repo: Repo) -> None:
    completed, issues = run_gitlab_job("patchpilot-base", repo.path)
    assert (completed.returncode, issues) == (0, [])
    merge_request_job, base_job = GITLAB_JOBS.values()
    assert merge_request_job["artifacts"]["reports"] == base_job["artifacts"]["reports"]


def write_wheel(folder: Path) -> Path:
    """Write a wheel that contains one module."""
    wheel = folder / "planted-1.0-py3-none-any.whl"
    info = "planted-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("planted.py", "")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.mark.parametrize(
    ("given", "is_installed"),
    [
        *(pytest.param(name, False, marks=pytest.mark.long) for name in ("", "./{name}")),
        ("{name}", False),
        pytest.param("{path}", True, marks=pytest.mark.long),
    ],
)
def test_gitlab_job_installs_nothing_from_its_checkout(
    repo: Repo, tmp_path: Path, given: str, is_installed: bool
) -> None:
    folder = tmp_path if is_installed else repo.path
    wheel = write_wheel(folder)
    (script,) = [line for line in GITLAB_JOBS["patchpilot"]["script"] if "pip install" in line]
    variables = {
        **GITLAB_JOBS["patchpilot"]["variables"],
        "PIP_TARGET": str(tmp_path / "target"),
    }
    if given:
        variables["PATCHPILOT"] = given.format(name=wheel.name, path=wheel)
    completed = run_script(script, repo.path, variables)
    assert (completed.returncode == 0) is is_installed, completed.stderr
    assert (tmp_path / "target" / "planted.py").exists() is is_installed
    if not given:
        assert "PATCHPILOT: set it to" in completed.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "is_trusted"), [("--strict", False), ("--strict --build", True)]
)
def test_gitlab_job_trusts_its_checkout(
    repo: Repo, arguments: str, is_trusted: bool, runner_without_patchpilot: None
) -> None:
    repo.commit(GOOD, {"lib/frob.h": DIRTY})
    completed, issues = run_gitlab_job(
        "patchpilot",
        repo.path,
        ARGUMENTS=arguments,
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="master",
    )
    assert ("trusted as printed" in completed.stderr) is is_trusted
    if not is_trusted:
        assert completed.returncode == 1, completed.stderr
        assert {issue["location"]["path"] for issue in issues or ()} == {"lib/frob.h"}
        assert "error: space prohibited" in completed.stdout


def test_jenkins_stage_fails_and_writes_its_report(repo: Repo) -> None:
    repo.commit(GOOD, {"lib/frob.h": DIRTY})
    steps, report = run_jenkins_stage(repo.path)
    assert [step.returncode for step in steps] == [0, 1], steps[-1].stderr
    assert "error: space prohibited" in steps[-1].stdout
    assert int(ET.parse(report).getroot().attrib["failures"]) > 0


def find_container_tool() -> str | None:
    """Return podman or buildah if its storage contains the base image of the recipe. No image is
    downloaded.
    """
    base = re.search(r"^ARG BASE=(\S+)$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    assert base
    for tool in filter(shutil.which, ("podman", "buildah")):
        if (
            subprocess.run(
                [tool, "inspect", "--type", "image", base[1]],
                capture_output=True,
                check=False,
            ).returncode
            == 0
        ):
            return tool
    return None


@pytest.mark.long
def test_container_checks_a_mounted_repository(tmp_path: Path) -> None:
    tool = find_container_tool()
    if not tool:
        pytest.skip("needs podman or buildah, and the image that the recipe starts from")
    made = subprocess.run(
        [tool, "build", "--pull=never", "-q", str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    image = made.stdout.split()[-1]
    try:
        if tool == "podman":
            assert_mounted_repository_is_checked(image, Repo(tmp_path / "r"))
    finally:
        assert (
            subprocess.run([tool, "rmi", image], capture_output=True, check=False).returncode == 0
        )


def assert_mounted_repository_is_checked(image: str, repo: Repo) -> None:
    """Assert that the image checks commits in a read-only repository, and exits with the right
    code.
    """
    repo.commit(GOOD.replace("wait for the link", "add the link", 1), {"lib/frob.h": CLEAN})
    repo.commit(GOOD, {"lib/frob.h": DIRTY})
    repo.commit(GOOD.replace("wait", "ask", 1), {"lib/frob.h": CLEAN})
    code_by_target = {"HEAD^": 1, "HEAD": 0, "nosuch": 2}
    for target, exit_code in code_by_target.items():
        podman_argv = [
            "podman",
            "run",
            "--rm",
            "--network=none",
            "-v",
            f"{repo.path}:/work:ro",
            image,
            "check",
            "--format",
            "checkpatch",
            target,
        ]
        completed = subprocess.run(podman_argv, capture_output=True, text=True, check=False)
        assert (completed.returncode, "ERROR:SPACING: " in completed.stdout) == (
            exit_code,
            exit_code == 1,
        ), completed.stderr


def test_container_excludes_the_environment() -> None:
    recipe = (ROOT / "Containerfile").read_text()
    assert {".git", ".venv"} <= set((ROOT / ".containerignore").read_text().split())
    assert recipe.rstrip().endswith('ENTRYPOINT ["patchpilot"]')

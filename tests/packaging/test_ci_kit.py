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
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.kit.ci_schemas import CODE_SCANNING
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
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "origin.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    repo.git("fetch", "-q", "origin")
    return repo


def run_step(script: str, repo: Repo, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step of a workflow in a shell that stops at the first error, like a CI runner."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=repo.path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


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
    repo.git("push", "-q", "origin", "HEAD")

    def run_hook_command(*arguments: str) -> tuple[int, str]:
        completed = run_step(" ".join(arguments), repo)
        return completed.returncode, completed.stdout + completed.stderr

    assert run_hook_command("pre-commit install -t pre-commit -t commit-msg -t pre-push")[0] == 0
    (repo.path / "lib/frob.h").write_text(DIRTY)
    repo.git("add", ".")
    exit_code, out = run_hook_command("git commit -m 'frob: wait'")
    assert (exit_code, "lib/frob.h:3: ERROR:SPACING: " in out) == (1, True), out
    (repo.path / "lib/frob.h").write_text(CLEAN + "int grob(int x);\n")
    repo.git("add", ".")
    exit_code, out = run_hook_command("git commit -m 'frob: wait'")
    assert (exit_code, "missing Signed-off-by: line" in out) == (1, True), out
    (tmp_path / "message").write_text(GOOD)
    exit_code, out = run_hook_command(f"git commit -F {tmp_path / 'message'}")
    assert exit_code == 0, out
    exit_code, out = run_hook_command("git push -q origin HEAD:refs/heads/topic")
    assert exit_code == 0, out
    repo.git(
        "commit",
        "-q",
        "--no-verify",
        "--allow-empty-message",
        "--amend",
        "-m",
        "frob: wait.",
    )
    exit_code, out = run_hook_command("git push -q origin HEAD:refs/heads/other")
    assert (exit_code, "ERROR:MISSING_SIGN_OFF" in out) == (1, True), out


@pytest.mark.parametrize("name", ["--fail-on=never", "--help", "-oout"])
def test_file_name_is_not_an_option_of_a_hook(repo: Repo, name: str) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (entry,) = (hook["entry"] for hook in hooks if hook["id"] == "patchpilot-files")
    (repo.path / name).write_text(CLEAN)
    (repo.path / "lib/frob.h").write_text(DIRTY)
    # pre-commit appends the names of the changed files to the command
    completed = run_step(f"{entry} {name} lib/frob.h", repo)
    assert completed.returncode == 1, completed.stderr
    assert "lib/frob.h:3: ERROR:SPACING: " in completed.stdout
    assert not (repo.path / "out").exists()


def test_hooks_install_the_core() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["language"] for hook in hooks} == {"python"}


ACTION = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
GITLAB_JOBS = yaml.safe_load((ROOT / "contrib/ci/gitlab-ci.yml").read_text())
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


def run_action(
    repo: Repo,
    upload: Callable[[Path], bool],
    *,
    installs: bool = False,
    given_range: str = "",
    arguments: str = "",
) -> tuple[bool, str]:
    """Run the steps of the action with `sarif`, as GitHub does: the first failed step is the last
    one, unless it may fail.

    `upload` replaces the upload of the report. Return whether the action succeeded, and the log.
    """
    temporary = repo.path.parent / "runner-temp"
    temporary.mkdir()
    variables = {
        "RANGE": given_range,
        "ARGUMENTS": arguments,
        "GITHUB_BASE_REF": "master",
        "RUNNER_TEMP": str(temporary),
    }
    log = ""
    for step in ACTION:
        if "--build" in step.get("if", "") or (step.get("name") == "Install" and not installs):
            continue
        is_passed = True
        if "run" in step:
            completed = run_step(step["run"], repo, **variables)
            log += completed.stdout + completed.stderr
            is_passed = completed.returncode == 0
        elif "upload-sarif@" in step["uses"]:
            file = step["with"]["sarif_file"].replace("${{ runner.temp }}", "{}")
            is_passed = upload(repo.path / file.format(temporary))
        if not is_passed and not step.get("continue-on-error"):
            return False, log
    return True, log


def is_accepted_by_code_scanning(file: Path) -> bool:
    return Draft202012Validator(CODE_SCANNING).is_valid(json.loads(file.read_text()))


@pytest.mark.long
@pytest.mark.parametrize("given_range", ["", "HEAD~1..HEAD"])
def test_action_installs_annotates_and_reports(
    repo: Repo, given_range: str, runner_without_patchpilot: None
) -> None:
    repo.commit(GOOD, {"lib/frob.h": DIRTY})
    uploaded = []
    passed, log = run_action(
        repo,
        lambda file: bool(uploaded.append(file.read_text())) or True,
        installs=True,
        given_range=given_range,
        arguments="--strict --ignore spdx-tag",
    )
    assert not passed
    assert "::error file=lib/frob.h,line=3," in log
    (run,) = json.loads(uploaded[0])["runs"]
    assert {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
    } == {"lib/frob.h"}


def test_action_uploads_what_code_scanning_accepts(repo: Repo) -> None:
    repo.commit("frob: wait", {"lib/frob.h": DIRTY})
    accepted = []

    def upload(file: Path) -> bool:
        accepted.append(is_accepted_by_code_scanning(file))
        return accepted[-1]

    passed, log = run_action(repo, upload, arguments="--fail-on error")
    assert (passed, accepted) == (False, [True]), log
    assert "no-sign-off" in log
    # the report is not in the tree under check, where a commit could put a file in its place
    assert repo.git("status", "--porcelain", "--ignored") == ""


def test_action_checks_after_a_failed_upload(repo: Repo) -> None:
    repo.commit(GOOD, {"lib/frob.h": DIRTY})
    passed, log = run_action(repo, lambda _: False)
    assert (passed, "::error file=lib/frob.h,line=3," in log) == (False, True), log
    repo.commit(GOOD, {"lib/frob.h": CLEAN})
    (repo.path.parent / "runner-temp").rename(repo.path.parent / "last-temp")
    passed, log = run_action(repo, lambda _: False, given_range="HEAD~1..HEAD")
    assert passed, log


def test_action_input_is_not_interpolated() -> None:
    assert not [step for step in ACTION if "${{" in step.get("run", "")]


def run_gitlab_job(
    name: str, repo: Repo, *, installs: bool = True, **variables: str
) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]] | None]:
    """Run the script of a job with its variables. Return also its report, if there is one."""
    job = GITLAB_JOBS[name]
    job_variables = {
        key: value.replace("$CI_PROJECT_DIR", str(repo.path))
        for key, value in job["variables"].items()
    }
    lines = [line for line in job["script"] if installs or "pip install" not in line]
    completed = run_step("\n".join(lines), repo, **{**job_variables, **variables})
    report = repo.path / job["artifacts"]["reports"]["codequality"]
    return completed, json.loads(report.read_text()) if report.exists() else None


def test_gitlab_job_only_adds_its_report_to_the_checkout(repo: Repo) -> None:
    repo.commit(GOOD, {"lib/frob.h": DIRTY})
    completed, issues = run_gitlab_job(
        *("patchpilot", repo),
        installs=False,
        ARGUMENTS="--fail-on error",
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="master",
    )
    assert completed.returncode == 1, completed.stderr
    assert {issue["location"]["path"] for issue in issues or ()} == {"lib/frob.h"}
    assert "error: space prohibited" in completed.stdout
    assert (
        repo.git("status", "--porcelain", "--ignored").strip() == "?? gl-code-quality-report.json"
    )
    # a cache of GitLab can only store files of the checkout, where commits may add files
    assert not [name for name, job in GITLAB_JOBS.items() if "cache" in job]


def test_gitlab_base_job_reports_nothing(repo: Repo) -> None:
    completed, issues = run_gitlab_job("patchpilot-base", repo)
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
    [("", False), ("{name}", False), ("./{name}", False), ("{path}", True)],
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
    completed = run_step(script, repo, **variables)
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
        repo,
        ARGUMENTS=arguments,
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="master",
    )
    assert ("trusted as printed" in completed.stderr) is is_trusted
    if not is_trusted:
        assert completed.returncode == 1, completed.stderr
        assert {issue["location"]["path"] for issue in issues or ()} == {"lib/frob.h"}
        assert "error: space prohibited" in completed.stdout


def test_jenkins_stage_writes_its_report(repo: Repo) -> None:
    repo.commit(GOOD, {"lib/frob.h": DIRTY})
    content = (ROOT / "contrib/ci/Jenkinsfile").read_text()
    completed = run_step(
        "\n".join(re.findall(r"^ *sh '(.*)'$", content, re.MULTILINE)),
        repo,
        CHANGE_TARGET="master",
    )
    assert completed.returncode == 0, completed.stderr
    (report,) = re.findall(r"junit '(.*)'", content)
    assert int(ET.parse(repo.path / report).getroot().attrib["failures"]) > 0


def find_container_tool() -> str | None:
    """Return podman or buildah if its storage contains the base image of the recipe. No image is
    downloaded.
    """
    base = re.search(r"^FROM (\S+)$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
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


def test_pages_do_not_mention_a_package_index() -> None:
    pages = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "contrib").rglob("*"),
        ROOT / "action.yml",
        ROOT / "Containerfile",
    ]
    pages_ = [
        page.name
        for page in pages
        if page.is_file()
        and re.search(r"(?:pipx?|uv tool) install (?:-\S+ )*patchpilot(?!\S)", page.read_text())
    ]
    assert not pages_

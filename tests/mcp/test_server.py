# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the server with the client of the protocol's own SDK, over standard input and output."""

import json
import os
import sys
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from patchpilot.cli.agent_tools import make_tools
from patchpilot.cli.main import root
from patchpilot.mcp.shorten import LARGEST_ANSWER
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED

if TYPE_CHECKING:
    from mcp import Client, types

CODE = "// SPDX-License-Identifier: GPL-2.0\n\nint frob(int x)\n{\n\treturn x;\n}\n"
BAD = CODE.replace("return x;", "if(x)\n\t\treturn 1; \n\treturn x;")
MAIL = "From: Ada <ada@example.org>\nSubject: [PATCH] lib: frob: grow\n\nIt is small.\n\n{}\n---\n"
TOOLS = {tool.name: tool for tool in make_tools(root.commands)}


class Answer(NamedTuple):
    """The answer to a call: its text, whether it is an error, and the reported progress."""

    text: str
    is_error: bool
    progress: list[str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Agent:
    """A client that is connected to a server."""

    def __init__(self, portal: BlockingPortal, client: "Client") -> None:
        self.portal, self.client = portal, client

    def call(self, tool: str, *, timeout: float = 60, **arguments: Any) -> Answer:
        from mcp.types import TextContent

        steps: list[str] = []

        async def report(_: float, __: float | None, message: str | None) -> None:
            steps.append(message or "")

        async def request() -> "types.CallToolResult":
            return await self.client.call_tool(tool, arguments, timeout, report)

        result = self.portal.call(request)
        content = result.content[0]
        assert isinstance(content, TextContent)
        assert len(content.text.encode()) <= LARGEST_ANSWER
        return Answer(content.text, result.is_error, steps)

    def read(self, uri: str) -> str:
        from mcp.types import TextResourceContents

        result = cast(
            "types.ReadResourceResult",
            self.portal.call(cast("Any", self.client.read_resource), uri),
        )
        content = result.contents[0]
        assert isinstance(content, TextResourceContents)
        assert len(content.text.encode()) <= LARGEST_ANSWER
        return content.text

    def ask(self, question: Awaitable[Any]) -> Any:
        async def wait() -> Any:
            return await question

        return self.portal.call(wait)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Create a topic with one commit that has findings in its message and its file."""
    repo = Repo(tmp_path_factory.mktemp("served") / "r")
    repo.commit(f"lib: frob: start\n\nAdd it.\n\n{SIGNED}", {"lib/frob.c": CODE})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.commit(f"lib: frob: check it\n\nThe the argument is 0.\n\n{SIGNED}", {"lib/frob.c": BAD})
    return repo


@pytest.fixture(scope="module")
def agent(repo: Repo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    # only here: each pytest worker would need a second to import it
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    state = tmp_path_factory.mktemp("state")
    names = {"HOME": "home", "XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache"}
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "patchpilot", "mcp", "-C", str(repo.path), "--offline"],
        env={**os.environ, **{name: str(state / folder) for name, folder in names.items()}},
    )
    with (
        start_blocking_portal() as portal,
        # by default, errors go to what was stderr when the client was first imported
        portal.wrap_async_context_manager(
            Client(stdio_client(server, errlog=cast("TextIO", sys.__stderr__)))
        ) as client,
    ):
        yield Agent(portal, client)


def test_check_answers_with_findings_and_progress(agent: Agent) -> None:
    answer = agent.call("check")
    findings = answer.json["patches"][0]["findings"]
    names = {finding["name"] for finding in findings}
    assert {"repeated-word", "no-space-after-keyword", "trailing-space"} <= names
    assert not answer.is_error
    assert answer.json["exit_code"] == 1
    assert "checking" in answer.progress
    assert "null" not in answer.text


def test_check_shows_what_newcomers_need(agent: Agent) -> None:
    # the author has a commit in the base, so `check` hides this finding
    findings = agent.call("check").json["patches"][0]["findings"]
    optional = {finding["name"] for finding in findings if finding.get("counts") is False}
    assert "message-without-reason" in optional


def test_calls_that_are_refused(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "outside.patch").write_text("secret")
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("check", {"target": str(tmp_path / "outside.patch")}, "not in the working tree"),
        ("check", {"target": "--write-baseline=/tmp/x"}, "not a valid value"),
        ("check", {"target": "https://example.org/x"}, "no server is named"),
        ("check", {"target": "HEAD", "text": "x"}, "cannot be combined"),
        ("check", {"fix": True}, "'fix' was unexpected"),
        ("check", {"target": ["HEAD"]}, "is not of type 'string'"),
        ("check", {"target": "x" * 10_000_000}, "is too long"),
        ("check", {"files": ["../../etc/passwd"]}, "not in the working tree"),
        ("check", {"files": []}, "should be non-empty"),
        ("conventions", {"path": "/etc"}, "not in the working tree"),
        ("conventions", {}, "'path' is a required property"),
        ("backport", {"onto": [str(tmp_path)]}, "not in the working tree"),
        ("backport", {"write": "/tmp/x"}, "'write' was unexpected"),
        ("fixes", {"limit": 10**9}, "is greater than the maximum"),
        ("preview_send", {"yes": True}, "'yes' was unexpected"),
        ("series", {"series": "-o/tmp/x"}, "not a valid value"),
        ("apply_fixes", {"base": "HEAD\n"}, "not a valid value"),
    ]
    for tool, arguments, problem in refused:
        answer = agent.call(tool, **arguments)
        assert answer.is_error
        assert problem in answer.text
        assert len(answer.text) < 400


def test_unknown_tools_and_pages_are_errors_of_the_protocol(agent: Agent) -> None:
    from mcp.shared.exceptions import MCPError

    with pytest.raises(MCPError, match="unknown tool"):
        agent.call("send")
    for uri in (
        "patchpilot://how-to/../../etc/passwd",
        "patchpilot://how-to/%2e%2e%2finstall",
        "patchpilot://rule/--help",
        "file:///etc/passwd",
    ):
        with pytest.raises(MCPError, match="no such resource"):
            agent.read(uri)


def test_errors_of_commands_have_their_hint(agent: Agent) -> None:
    answer = agent.call("explain", rule="missing-fixs")
    assert answer.is_error
    assert "did you mean 'missing-fixes'" in answer.text


def test_tools_are_described_by_the_help(agent: Agent) -> None:
    tools = agent.ask(agent.client.list_tools()).tools
    assert [tool.name for tool in tools] == list(TOOLS)
    check = next(tool for tool in tools if tool.name == "check")
    rows = {option.key: option.text for option in root.commands["check"].options}
    for name in ("base", "select", "strict", "since_version"):
        assert check.input_schema["properties"][name]["description"] == rows[name]
    assert [tool.name for tool in tools if not tool.annotations.read_only_hint] == ["apply_fixes"]
    assert "Signed-off-by" in (agent.client.instructions or "")


def test_pages_are_resources(agent: Agent) -> None:
    resources = agent.ask(agent.client.list_resources()).resources
    pages = {str(resource.uri): resource.name for resource in resources}
    assert pages["patchpilot://how-to/use-with-an-agent"] == "Use it with a coding agent"
    assert agent.read("patchpilot://how-to/fix-findings").startswith("# ")
    assert agent.read("patchpilot://rule/missing-fixes").startswith("#")


def test_canceled_call_ends_its_command(agent: Agent, repo: Repo) -> None:
    from mcp.shared.exceptions import MCPError

    text = make_large_patch(2_000_000)
    with pytest.raises(MCPError, match="timed out"):
        agent.call("check", text=text, timeout=1)
    deadline = time.monotonic() + 10
    while commands := find_commands_in(repo.path):
        assert time.monotonic() < deadline, commands
        time.sleep(0.05)
    assert agent.call("check", target="nowhere").is_error


def test_fixes_change_files_and_no_commit(agent: Agent, repo: Repo) -> None:
    head, message = repo.git("rev-parse HEAD"), repo.git("log -1 --format=%B")
    answer = agent.call("apply_fixes", select=["no-space-after-keyword,repeated-word"])
    try:
        assert answer.json["fix"]["written"] == ["lib/frob.c"]
        fixed = (repo.path / "lib/frob.c").read_text()
        assert fixed == BAD.replace("if(x)", "if (x)")
        assert (repo.git("rev-parse HEAD"), repo.git("log -1 --format=%B")) == (head, message)
        assert repo.git("diff --cached --name-only") == ""
        again = agent.call("apply_fixes", select=["no-space-after-keyword"])
        assert again.is_error
        assert "uncommitted changes" in again.text
    finally:
        repo.git("checkout -q -- lib/frob.c")


CALLS: dict[str, tuple[dict[str, Any], str]] = {
    "check": ({"files": ["lib/frob.c"]}, "no-space-after-keyword"),
    "preview_fixes": ({}, "+\\tif (x)"),
    "apply_fixes": ({"select": ["missing-fixes"]}, '"mode":"fix"'),
    "explain": ({"rule": "trailing-space"}, '"why"'),
    "conventions": ({"path": "drivers/net"}, '"facts"'),
    "maintainers": ({}, "MAINTAINERS not found"),
    "fixes": ({"target": "HEAD", "limit": 2}, '"sure"'),
    "stable": ({"target": "HEAD"}, '"eligible"'),
    "backport": ({"onto": ["origin/master"], "effort": 0}, '"verdict"'),
    "find": ({"what": "frob", "in": "origin/master"}, "nothing to search"),
    "track": ({}, '"topic"'),
    "series": ({"mails": True}, "no series is tracked"),
    "preview_send": ({"target": "HEAD"}, "user.name"),
}
"""A call of each tool, and a part of its answer."""


@pytest.mark.long
def test_every_tool_answers(agent: Agent) -> None:
    assert list(CALLS) == list(TOOLS)
    for tool, (arguments, expected) in CALLS.items():
        assert expected in agent.call(tool, **arguments).text, tool


@pytest.mark.long
def test_every_page_fits(agent: Agent) -> None:
    for resource in agent.ask(agent.client.list_resources()).resources:
        assert agent.read(str(resource.uri))
    assert "no-sign-off" in agent.read("patchpilot://rules/checkpatch-message")


@pytest.mark.long
def test_inputs_of_10_mb_are_answered(agent: Agent) -> None:
    answer = agent.call("check", text=make_large_patch(10_000_000), timeout=600)
    assert answer.json["shortened"][0].startswith("patches.findings: ")
    for text in ("x" * 10_000_000, "\0" * 10_000_000, "\u2028" * 3_000_000):
        answer = agent.call("check", text=text, timeout=600)
        assert answer.is_error
        assert "hint: " in answer.text
        assert agent.call("find", text=text, timeout=600).text


def make_large_patch(size: int) -> str:
    line = "+\tint value = frob(x) ;\n"
    count = size // len(line)
    head = f"diff --git a/a.c b/a.c\n--- /dev/null\n+++ b/a.c\n@@ -0,0 +1,{count} @@\n"
    return MAIL.format(SIGNED) + head + line * count


def find_commands_in(folder: Path) -> list[str]:
    """Return the command lines of the processes that check a patch in a folder."""
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            is_here = (process / "cwd").readlink() == folder.resolve()
        except OSError:
            continue
        if is_here and b"check" in command:
            commands.append(b" ".join(command).decode())
    return commands

# SPDX-License-Identifier: GPL-2.0-or-later
"""Answer the requests of an agent: its tool calls, and the pages that it reads."""

import json
import re
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

import anyio
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from patchpilot import __version__
from patchpilot.commits.run import Completed
from patchpilot.errors import ExitCode, InputError, PatchpilotError
from patchpilot.mcp.boundary import Boundary
from patchpilot.mcp.run_command import run_command
from patchpilot.mcp.shorten import format_answer, shorten_text
from patchpilot.mcp.tools import Tool, make_command_call
from patchpilot.model.bounded import MAX_MAIL, MIB
from patchpilot.model.printable import crop_text
from patchpilot.resources import data_dir

INSTRUCTIONS = (
    "Checks and prepares Linux kernel patches in one repository. Nothing is sent, no commit is made"
    " or changed, and only `fix` with `apply` writes to files. A key that is missing from an answer"
    " is null or empty; `shortened` lists what an answer is too long for. Never write a"
    " Signed-off-by, a review tag, or a bug number: findings with `who: person` are for the author"
    " to decide. Declare your part with an Assisted-by tag. Start with `check`."
)
PAGE = "patchpilot://how-to/"
RULE = "patchpilot://rule/"
RULES = "patchpilot://rules"
_TEMPLATES = {
    f"{RULES}/{{pack}}": "The rules of a pack",
    f"{RULE}{{name}}": "A rule: why, examples, and the fix",
}
_TEXT: dict[str, Any] = {"mime_type": "text/markdown"}
MOST_CALLS = 4
"""Commands that run at the same time."""
LONGEST_MESSAGE = 2 * MAX_MAIL
"""Characters of a message, in which the text of a patch is escaped."""
_Context = ServerRequestContext[Any, Any]
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


class AgentServer:
    """The tools and pages for one working tree."""

    def __init__(self, tools: Sequence[Tool], boundary: Boundary) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._boundary = boundary
        self._calls = anyio.CapacityLimiter(MOST_CALLS)
        self.server: Server[Any] = Server(
            "patchpilot",
            version=__version__,
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
        )

    async def run(self) -> None:
        """Serve standard input and output until the agent closes them.

        Raise InputError for a message that is too large.
        """
        # stdio_server() diverts standard output; commands have their own standard input
        messages = _BoundedLines(sys.stdin.buffer)
        options = self.server.create_initialization_options()
        async with stdio_server(anyio.wrap_file(cast("Any", messages))) as (
            read_stream,
            write_stream,
        ):
            await self.server.run(read_stream, write_stream, options)
        if messages.error:
            raise messages.error

    async def _list_tools(self, context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=tool.name,
                    description=tool.description,
                    input_schema=tool.schema,
                    annotations=types.ToolAnnotations(
                        read_only_hint=not tool.writes, destructive_hint=False
                    ),
                )
                for tool in self._tools.values()
            ]
        )

    async def _call_tool(
        self, context: _Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = self._tools.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"unknown tool {params.name[:80]!r}")
        is_error = True
        try:
            text, is_error = await self._answer(context, tool, params.arguments or {})
        except PatchpilotError as error:
            hint = f"\nhint: {error.hint}" if error.hint else ""
            text = shorten_text(f"error: {error.message}{hint}")
        content = types.TextContent(type="text", text=text)
        return types.CallToolResult(content=[content], is_error=is_error)

    async def _answer(
        self, context: _Context, tool: Tool, arguments: dict[str, Any]
    ) -> tuple[str, bool]:
        """Return the answer of a tool, and whether it is an error."""
        call = make_command_call(tool, arguments, self._boundary)
        # without a target, it is the topic of the current branch
        targets = call.targets or (None,)
        await anyio.to_thread.run_sync(self._boundary.refuse_undisclosed, targets, call.stdin)
        result = await self._run(context, call.arguments, call.stdin)
        is_error = result.code not in (ExitCode.OK, ExitCode.FINDINGS)
        try:
            document = json.loads(result.out)
        except ValueError:
            return shorten_text(result.error_text or f"the command exited with {result.code}"), True
        document = self._boundary.withhold_undisclosed(document, tool.omitted | {"schema"})
        answer = {"exit_code": result.code, **document}
        if notes := result.error_text:
            answer["notes"] = notes.split("\n")
        return format_answer(answer), is_error

    async def _run(
        self, context: _Context, arguments: Sequence[str], stdin: bytes = b""
    ) -> Completed:
        return await anyio.to_thread.run_sync(
            partial(run_command, report=context.session.report_progress),
            arguments,
            self._boundary.top,
            stdin,
            limiter=self._calls,
        )

    async def _list_resources(self, context: Any, params: Any) -> types.ListResourcesResult:
        pages = {RULES: "All rules of check, by pack"}
        pages |= {f"{PAGE}{name}": title for name, title in list_pages().items()}
        return types.ListResourcesResult(
            resources=[types.Resource(uri=uri, name=name, **_TEXT) for uri, name in pages.items()]
        )

    async def _list_templates(self, context: Any, params: Any) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(uri_template=uri, name=name, **_TEXT)
                for uri, name in _TEMPLATES.items()
            ]
        )

    async def _read_resource(
        self, context: _Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        text = shorten_text(await self._read_page(context, uri))
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=uri, text=text, **_TEXT)]
        )

    async def _read_page(self, context: _Context, uri: str) -> str:
        name = unquote(uri.rpartition("/")[2])
        if uri.startswith(PAGE) and name in list_pages():
            return (data_dir("docs/how-to") / f"{name}.md").read_text(encoding="utf-8")
        if uri.startswith(RULE) and _NAME.fullmatch(name):
            result = await self._run(context, ("explain", "--format=markdown", "--", name))
            if result.code == ExitCode.OK:
                return result.text
        elif uri == RULES or (uri.startswith(f"{RULES}/") and _NAME.fullmatch(name)):
            result = await self._run(context, ("explain", "--json"))
            rules = json.loads(result.out)["rules"] if result.code == ExitCode.OK else []
            if text := format_rules(rules, "" if uri == RULES else name):
                return text
        raise MCPError(types.INVALID_PARAMS, f"no such resource: {crop_text(uri, 80)}")


def list_pages() -> dict[str, str]:
    """Map the names of the how-to pages to their titles."""
    return {
        file.stem: file.open(encoding="utf-8").readline().lstrip("# ").strip()
        for file in sorted(data_dir("docs/how-to").glob("*.md"))
    }


def format_rules(rules: Sequence[dict[str, Any]], pack: str) -> str:
    """List the rules of a pack with their summaries; for "", list the names in each pack."""
    packs: dict[str, dict[str, str]] = {}
    for rule in rules:
        packs.setdefault(rule["pack"], {})[rule["name"]] = rule["summary"]
    if pack:
        return "\n".join(f"- {name}: {text}" for name, text in packs.get(pack, {}).items())
    return "\n\n".join(
        f"{name} ({RULES}/{name})\n{', '.join(summaries)}" for name, summaries in packs.items()
    )


class _BoundedLines:
    """The messages of an agent, one per line. They end with one that is too large, the `error`."""

    error: InputError | None = None

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.close = stream.close

    def readline(self) -> str:
        """Return the next message, or "" at the end."""
        line = self._stream.readline(LONGEST_MESSAGE)
        if len(line) < LONGEST_MESSAGE:
            return line.decode("utf-8", "replace")
        self.error = InputError(
            "the agent sent a message that is too large",
            hint=f"the limit is {LONGEST_MESSAGE // MIB} MiB",
        )
        return ""


def serve(tools: Sequence[Tool], boundary: Boundary) -> None:
    """Serve a working tree on standard input and output, until the agent closes them."""
    anyio.run(AgentServer(tools, boundary).run)

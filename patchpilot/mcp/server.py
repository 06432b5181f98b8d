# SPDX-License-Identifier: GPL-2.0-or-later
"""Answer the requests of an agent: its tool calls, and the pages that it reads."""

import io
import json
import os
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Any
from urllib.parse import unquote

import anyio
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from patchpilot import __version__
from patchpilot.errors import ExitCode, InputError, PatchpilotError
from patchpilot.mcp.boundary import Boundary
from patchpilot.mcp.run_command import CommandResult, run_command
from patchpilot.mcp.shorten import compact, format_answer, shorten_text
from patchpilot.mcp.tools import Tool, list_targets, make_command_call
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
MOST_CALLS = 4
"""Commands that run at the same time."""
LONGEST_MESSAGE = 2 * MAX_MAIL
"""Characters of a message, in which the text of a patch is escaped."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


class AgentServer:
    """The tools and pages for one working tree.

    `base_options` are passed to each command.
    """

    def __init__(
        self, tools: Sequence[Tool], boundary: Boundary, base_options: Sequence[str] = ()
    ) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._boundary, self._base_options = boundary, tuple(base_options)
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
        """Serve standard input and output until the agent closes them."""
        # commands must not read or write the protocol's streams
        stdin, stdout = os.dup(0), os.dup(1)
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
        messages = _BoundedLines(os.fdopen(stdin, "rb"))
        answers = io.TextIOWrapper(os.fdopen(stdout, "wb"), encoding="utf-8", newline="\n")
        async with stdio_server(
            anyio.wrap_file(messages),  # type: ignore[arg-type]
            anyio.wrap_file(answers),
        ) as (read_stream, write_stream):
            await self.server.run(
                read_stream, write_stream, self.server.create_initialization_options()
            )

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
        self, context: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = self._tools.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"unknown tool {params.name[:80]!r}")
        try:
            text, is_error = await self._answer(context, tool, params.arguments or {})
        except PatchpilotError as error:
            text, is_error = _format_error(error), True
        content = types.TextContent(type="text", text=text)
        return types.CallToolResult(content=[content], is_error=is_error)

    async def _answer(
        self, context: ServerRequestContext[Any, Any], tool: Tool, arguments: dict[str, Any]
    ) -> tuple[str, bool]:
        """Return the answer of a tool, and whether it is an error."""
        call = make_command_call(tool, arguments, self._boundary)
        targets = list_targets(call)
        await anyio.to_thread.run_sync(self._boundary.refuse_undisclosed, targets, call.stdin)
        result = await self._run(context, call.arguments, call.stdin)
        is_error = result.code not in (ExitCode.OK, ExitCode.FINDINGS)
        try:
            document = json.loads(result.output)
        except ValueError:
            return shorten_text(result.notes or f"the command exited with {result.code}"), True
        document = self._boundary.withhold_undisclosed(document)
        document.pop("schema", None)
        answer = {"exit_code": result.code, **compact(document, tool.omitted)}
        if notes := result.notes.strip():
            answer["notes"] = notes.split("\n")
        return format_answer(answer), is_error

    async def _run(
        self, context: ServerRequestContext[Any, Any], arguments: Sequence[str], stdin: bytes = b""
    ) -> CommandResult:
        words = tuple(takewhile(lambda argument: not argument.startswith("-"), arguments))
        async with self._calls:
            return await run_command(
                (*words, *self._base_options, *arguments[len(words) :]),
                self._boundary.top,
                stdin,
                context.session.report_progress,
            )

    async def _list_resources(self, context: Any, params: Any) -> types.ListResourcesResult:
        pages = [(f"{PAGE}{name}", title) for name, title in list_pages().items()]
        return types.ListResourcesResult(
            resources=[
                types.Resource(uri=uri, name=title, mime_type="text/markdown")
                for uri, title in ((RULES, "All rules of check, by pack"), *pages)
            ]
        )

    async def _list_templates(self, context: Any, params: Any) -> types.ListResourceTemplatesResult:
        templates = {
            f"{RULES}/{{pack}}": "The rules of a pack",
            f"{RULE}{{name}}": "A rule: why, examples, and the fix",
        }
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(uri_template=uri, name=name, mime_type="text/markdown")
                for uri, name in templates.items()
            ]
        )

    async def _read_resource(
        self, context: ServerRequestContext[Any, Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        text = await self._read_page(context, uri)
        content = types.TextResourceContents(
            uri=uri, mime_type="text/markdown", text=shorten_text(text)
        )
        return types.ReadResourceResult(contents=[content])

    async def _read_page(self, context: ServerRequestContext[Any, Any], uri: str) -> str:
        name = unquote(uri.rpartition("/")[2])
        if uri.startswith(PAGE) and name in list_pages():
            return (data_dir("docs/how-to") / f"{name}.md").read_text(encoding="utf-8")
        if uri.startswith(RULE) and _NAME.fullmatch(name):
            result = await self._run(context, ("explain", "--format=markdown", "--", name))
            if result.code == ExitCode.OK:
                return result.output.decode()
        elif uri == RULES or (uri.startswith(f"{RULES}/") and _NAME.fullmatch(name)):
            result = await self._run(context, ("explain", "--json"))
            rules = json.loads(result.output)["rules"] if result.code == ExitCode.OK else []
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
    if pack:
        lines = [f"- {rule['name']}: {rule['summary']}" for rule in rules if rule["pack"] == pack]
        return "\n".join(lines)
    packs = dict.fromkeys(rule["pack"] for rule in rules)
    return "\n\n".join(
        f"{name} ({RULES}/{name})\n"
        + ", ".join(rule["name"] for rule in rules if rule["pack"] == name)
        for name in packs
    )


def _format_error(error: PatchpilotError) -> str:
    hint = f"\nhint: {error.hint}" if error.hint else ""
    return shorten_text(f"error: {error.message}{hint}")


class _BoundedLines:
    """The messages of an agent, one per line.

    Reading a message that is too large raises InputError, which ends the server.
    """

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream

    def readline(self) -> str:
        """Return the next message, or "" at the end."""
        line = self._stream.readline(LONGEST_MESSAGE)
        if len(line) == LONGEST_MESSAGE:
            raise InputError(
                "the agent sent a message that is too large",
                hint=f"the limit is {LONGEST_MESSAGE // MIB} MiB",
            )
        return line.decode("utf-8", "replace")

    def close(self) -> None:
        self._stream.close()


def serve(tools: Sequence[Tool], boundary: Boundary, base_options: Sequence[str] = ()) -> None:
    """Serve a working tree on standard input and output, until the agent closes them."""
    try:
        anyio.run(AgentServer(tools, boundary, base_options).run)
    except* PatchpilotError as errors:
        raise _first_error(errors) from None


def _first_error(errors: BaseExceptionGroup[PatchpilotError]) -> PatchpilotError:
    error = errors.exceptions[0]
    return _first_error(error) if isinstance(error, BaseExceptionGroup) else error

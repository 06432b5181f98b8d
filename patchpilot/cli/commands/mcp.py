# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot mcp`: serve one repository to a coding agent."""

from pathlib import Path

from patchpilot.cli.command import make_command, option


@make_command(epilog="\b\nExample:\n  patchpilot mcp -C ~/linux")
@option("-C", "--repo", metavar="DIR", type=Path, help="serve this repository")
@option("--offline", is_flag=True, help="do not access the network")
def command(repo: Path | None, offline: bool) -> int:
    """Serve a repository to a coding agent: MCP on standard input and output.

    Its tools check patches, explain rules, and find recipients, tags, backports and replies. They
    send nothing and rewrite no commit; one of them writes safe fixes to files of the working tree.
    They read no path outside of the repository, and no undisclosed fix.
    """
    from patchpilot.cli.agent_tools import make_tools
    from patchpilot.cli.main import root
    from patchpilot.mcp.boundary import Boundary
    from patchpilot.mcp.server import serve

    boundary = Boundary(repo)
    shared = ["-C", str(boundary.top), *(["--offline"] if offline else [])]
    serve(make_tools(root.commands, *shared), boundary)
    return 0

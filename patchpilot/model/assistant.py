# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs in tags, and the format of Assisted-by: tags.

See Documentation/process/coding-assistants.rst.
"""

import re

from patchpilot.cache.cached_re import compile_late

# a single first word may be a given name followed by a surname
_PROGRAM = compile_late(
    r"(?:claude|copilot|github copilot|chatgpt|gpt-?\d\S*|gemini|codex|cursor(?: agent)?|devin"
    r"|aider|llama|deepseek\S*|grok|qwen\S*)\b"
    r"(?: (?:code|ai|bot|agent|opus|sonnet|haiku|cli|pro|flash|\(?[a-z]{0,9}[\d.]{1,5}[a-z]{0,9}\)?"
    r")){0,4} ?(?:<|$)",
    re.IGNORECASE,
)
_ADDRESS = compile_late(
    r"<(?:noreply@(?:anthropic|openai|cursor)\.com|cursoragent@cursor\.com|copilot@github\.com"
    r"|\d+\+copilot@users\.noreply\.github\.com)>",
    re.IGNORECASE,
)
_FORM = compile_late(r"[^\s:<>@\[\]]+:[^\s<>@\[\]]+")
_MAILBOX = compile_late(r"\s*<[^<>]*@[^<>]*>")
_BRACKETED = compile_late(r"\[([^][]*)\]")
EVERYDAY_TOOLS = frozenset(
    [
        "cc",
        "clang",
        "emacs",
        "gcc",
        "git",
        "ld",
        "make",
        "nano",
        "neovim",
        "nvim",
        "vi",
        "vim",
        "vscode",
    ]
)
"""Tools of every developer, which Assisted-by: does not list."""


def is_program(value: str) -> bool:
    """Return whether the value of a tag names a program instead of a person."""
    return bool(_PROGRAM.match(value) or _ADDRESS.search(value))


def has_agent(value: str) -> bool:
    """Return whether the value of an Assisted-by: tag starts with an agent and its model."""
    return bool(_FORM.match(value))


def assistant_faults(value: str) -> dict[str, str]:
    """Return the errors in the value of an Assisted-by: tag, each with the wrong text.

    The keys are `address`, `brackets` and `everyday`.
    """
    faults = {}
    if mailbox := _MAILBOX.search(value):
        faults["address"] = mailbox[0].strip()
    if bracketed := _BRACKETED.search(value):
        faults["brackets"] = bracketed[0]
    tools = _BRACKETED.sub(r" \1 ", _MAILBOX.sub("", value)).replace(",", " ").split()
    if basic := [tool for tool in tools[1:] if tool.lower() in EVERYDAY_TOOLS]:
        faults["everyday"] = basic[0]
    return faults


def right_assistant(value: str) -> str:
    """Correct the value of an Assisted-by: tag, keeping agent and model."""
    plain = _BRACKETED.sub(r" \1 ", _MAILBOX.sub("", value)).replace(",", " ").split()
    return " ".join(
        [
            *plain[:1],
            *(tool for tool in plain[1:] if tool.lower() not in EVERYDAY_TOOLS),
        ]
    )

# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands in groups, each with its line in `patchpilot --help`."""

GROUPS: dict[str, dict[str, str]] = {
    "Prepare": {
        "find": "find the commit that fixes a symptom; the thread of a commit",
        "check": "check patches as maintainers and bots do; --fix fixes them",
        "build": "compile the files of each commit; report new warnings",
        "fixes": "find the commit that introduced the bug",
        "stable": "print the Cc: stable line that a fix needs",
        "prepare": "write Fixes:, Cc: stable and other tags into commit messages",
        "backport": "check whether the fix applies to each LTS branch",
        "maintainers": "list the recipients of the patch, with reasons",
    },
    "Send": {
        "draft": "edit cover letter, notes, changelog and prefix of a topic",
        "send": "preview and send the messages, each message once",
    },
    "Follow": {
        "track": "track replies in the archive until the fix is merged",
        "trailers": "add review tags from replies to the commits",
    },
    "Setup": {
        "doctor": "check this machine: git, mail server, archive, stable branches",
        "demo": "try everything in a sandbox; no message leaves this machine",
    },
}
OTHERS = {
    "undo": "restore commits that prepare, trailers or check --fix rewrote",
    "explain": "list all rules, or explain one with examples",
    "config": "list every setting with its value and origin",
    "setup": "fix what doctor finds; set up mail, stable branches, hooks",
    "trust": "allow the rule packs and commands of a tree",
    "lsp": "show findings in an editor (language server)",
    "tui": "open the guided workflow",
    "help": "show help on a command or a topic",
    "completion": "print the completion script of a shell",
}
"""The commands that the short overview lists by name only."""
VERBS = {
    name: line for group in (*GROUPS.values(), OTHERS) for name, line in group.items()
}


def overview() -> str:
    """Return the output of `patchpilot --help`, at most 24 lines of 80 columns."""
    import textwrap

    lines = ["Usage: patchpilot [-C DIR] COMMAND [OPTIONS] [TARGET]..."]
    lines += [
        "Take a Linux kernel fix from git commit to mainline and every LTS branch.",
        "Without COMMAND: the guided workflow in the terminal (--home: all your topics).",
        "",
    ]
    for title, verbs in GROUPS.items():
        lines.append(title)
        lines += [f"  {name:<12} {line}" for name, line in verbs.items()]
    names = " ".join(name for name in OTHERS if name != "help")
    lines += [
        *textwrap.wrap(
            f"Also: {names}", 80, subsequent_indent="      ", break_on_hyphens=False
        ),
        "`patchpilot help COMMAND` shows its options; `patchpilot help` lists"
        " the topics.",
    ]
    return "\n".join(lines)

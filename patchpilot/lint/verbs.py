# SPDX-License-Identifier: GPL-2.0-or-later
"""English verbs as patches use them: from "added", "adds" or "adding" to "add"."""

_STEMS = frozenset(
    ["abort", "accept", "access", "account", "acquire", "adapt", "add", "address", "adjust", "advertise", "align", "allocate", "allow", "annotate", "apply", "assign", "attach", "avoid", "bail", "batch", "bind", "block", "bound", "break", "bring", "build", "bump", "cache", "call", "cancel", "cast", "catch", "change", "check", "clamp", "clarify", "clean", "cleanup", "clear", "close", "collect", "combine", "compare", "compute", "configure", "consolidate", "constify", "convert", "copy", "correct", "count", "cover", "create", "deal", "decode", "decouple", "decrease", "default", "defer", "define", "delay", "delete", "demote", "deprecate", "describe", "destroy", "detect", "disable", "disallow", "discard", "do", "document", "drop", "dump", "duplicate", "eliminate", "emit", "enable", "encode", "enforce", "enhance", "ensure", "establish", "exclude", "expand", "explain", "export", "expose", "extend", "extract", "factor", "fail", "fill", "filter", "fix", "flag", "flush", "fold", "force", "forward", "free", "generate", "get", "give", "grab", "group", "guard", "handle", "hide", "hold", "hook", "ignore", "implement", "improve", "include", "increase", "initialise", "initialize", "inline", "insert", "install", "integrate", "introduce", "invalidate", "invert", "isolate", "issue", "kill", "label", "lift", "limit", "link", "load", "lock", "log", "lower", "make", "map", "mark", "mask", "match", "merge", "migrate", "modify", "move", "name", "narrow", "normalize", "note", "notify", "open", "optimise", "optimize", "order", "override", "parse", "pass", "permit", "pick", "populate", "postpone", "prefer", "prepare", "prevent", "print", "propagate", "protect", "provide", "pull", "put", "quiesce", "quirk", "raise", "read", "rearrange", "rebase", "record", "reduce", "refactor", "refer", "refine", "refresh", "register", "reject", "relax", "release", "reload", "relocate", "remove", "rename", "reorder", "reorganize", "repair", "replace", "report", "request", "require", "reserve", "reset", "resize", "resolve", "restart", "restore", "restrict", "restructure", "resume", "retain", "retry", "return", "reuse", "revert", "review", "revise", "rework", "rewrite", "roll", "round", "route", "run", "save", "scale", "schedule", "select", "send", "separate", "serialize", "set", "share", "shift", "shorten", "show", "shrink", "shut", "silence", "simplify", "skip", "sort", "specify", "speed", "split", "squash", "start", "stop", "store", "strengthen", "strip", "suppress", "support", "suspend", "swap", "switch", "sync", "synchronize", "tag", "take", "teach", "terminate", "test", "tidy", "tighten", "touch", "trace", "track", "transfer", "translate", "treat", "trigger", "trim", "turn", "tweak", "unbind", "unexport", "unify", "unlock", "unmap", "unregister", "unroll", "unset", "unwind", "update", "upgrade", "use", "utilize", "validate", "verify", "wait", "wake", "warn", "whitelist", "widen", "wire", "work", "wrap", "write", "zero"]
)
_IRREGULAR = {
    "made": "make", "brought": "bring", "built": "build", "chosen": "choose", "gave": "give", "held": "hold", "kept": "keep", "put": "put",
    "rewrote": "rewrite", "sent": "send", "took": "take", "wrote": "write", "did": "do", "got": "get", "ran": "run", "broke": "break",
}  # fmt: skip


def imperative_of(word: str) -> str | None:
    """The imperative of a verb in third person, past or -ing form; None when it is none that is known (or is imperative already)."""
    lower = word.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if lower in _STEMS:
        return None
    for ending in ("ing", "ed", "es", "s", "d"):
        if not lower.endswith(ending):
            continue
        stem = lower[: -len(ending)]
        for one in (stem, f"{stem}e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem, f"{stem[:-1]}y" if stem.endswith("i") else stem):
            if one in _STEMS:
                return one
    return None

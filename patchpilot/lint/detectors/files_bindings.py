# SPDX-License-Identifier: GPL-2.0-or-later
"""Device tree bindings."""

from collections.abc import Iterator

from patchpilot.cache import patterns as re
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context


@detector("binding-example-indent")
def binding_example_indent(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """The example of a binding indented by tabs, or by neither two nor four spaces."""
    for change in context.patch.files:
        path = change.new_path or ""
        if not (path.endswith(".yaml") and "bindings/" in path):
            continue
        inside = False
        base: int | None = None
        depth = 0
        whole = True
        for line in (line for hunk in change.hunks for line in hunk.lines if line.kind != "-"):
            text = line.text
            if re.match(r"^examples:", text):
                inside, base, depth, whole = True, None, 0, True
                continue
            if not inside:
                continue
            if re.match(r"^  - \|", text) or not text.strip():
                base = None if re.match(r"^  - \|", text) else base
                depth = 0 if base is None else depth
                whole = True if base is None else whole
                continue
            if text[:1] not in (" ", ""):
                inside = False
                continue
            stripped = text.strip()
            indent = len(text) - len(text.lstrip())
            if base is None:
                if stripped.startswith("#include"):
                    continue
                base = indent
            level = depth - (1 if stripped.startswith("}") else 0)
            begins, whole = whole, stripped.endswith((";", "{", "}", "*/", ">;")) or stripped.startswith(("#", "//"))
            wrong = begins and level > 0 and (indent - base) not in (4 * level, 2 * level) and not re.match(r'^["<]|^/?\*', stripped)
            depth += stripped.count("{") - stripped.count("}")
            if line.kind == "+" and wrong:
                yield Hit(line.patch_line)
                return

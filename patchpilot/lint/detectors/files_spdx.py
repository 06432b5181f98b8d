# SPDX-License-Identifier: GPL-2.0-or-later
"""The detector for SPDX license tags: the line they are on, and their comment style."""

from collections.abc import Iterator

from patchpilot.lint.c.line_scan import ScannedLine, scan
from patchpilot.lint.detector import Hit, TypedHits, make_hit, typed_detector
from patchpilot.lint.detectors.files_whitespace import SOURCES
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context

_TAG = "SPDX-License-Identifier:"
_SHEBANG = lazy(r"^[ +]\s*#!\s*/")
_TAG_WORD = lazy(rf"\b{_TAG}")
_DUAL = lazy(r"GPL-2\.0.*BSD-2-Clause")
_STRICTER = (6, 17)
"""The first kernel whose checkpatch.pl checks the license names of bindings."""
_DUAL_AS_WRITTEN = lazy(r"GPL-2\.0(?:-only)? OR BSD-2-Clause")
_DUAL_HEADER = lazy(r"GPL-2\.0(?:-only)? OR \S+")
_PERMISSIVE = r"(?:MIT|ISC|X11|0BSD|BSD-\d-Clause|Apache-2\.0)"
_PERMISSIVE_CHOICE = lazy(rf" OR \(?{_PERMISSIVE}\b|\b{_PERMISSIVE}\)? OR ")
_COMMENTS = {
    **dict.fromkeys(("h", "s", "S"), "/*"),
    **dict.fromkeys(("c", "rs", "dts", "dtsi"), "//"),
    **dict.fromkeys(("sh", "pl", "py", "awk", "tc", "yaml"), "#"),
}


@typed_detector(
    "checkpatch-spdx",
)
def spdx(context: Context) -> TypedHits:
    """Return the hits about the SPDX license tag."""
    place = 1
    for line in scan(context).lines:
        if line.starts_file:
            place = 1
        elif line.left and line.sign != "-" and not line.starts_hunk:
            if line.new_line == place:
                if _SHEBANG.match(line.raw):
                    place = 2
                elif line.sign == "+":
                    yield from (
                        ("SPDX_LICENSE_TAG", hit)
                        for hit in _first_line(line, place, context.options.kernel)
                    )
            if (
                line.new_line != place
                and _TAG in line.raw
                and line.suffix in SOURCES
                and _TAG_WORD.search(line.raw)
            ):
                yield (
                    "SPDX_LICENSE_TAG",
                    make_hit(line.number, "line", place=place),
                )


def _first_line(
    line: ScannedLine, number: int, kernel: tuple[int, int]
) -> Iterator[Hit]:
    raw, suffix = line.raw, line.suffix
    comment = _COMMENTS.get(suffix, "")
    if number == 2 and suffix not in ("h", "s", "S", "c", "rs", "dts", "dtsi"):
        comment = "#"
    elif not comment and suffix == "rst":
        comment = ".."
    if (
        suffix in ("c", "h", "s", "S")
        and _TAG in raw
        and not raw[1:].lstrip(" \t\r\f\v").startswith(comment)
    ):
        yield make_hit(line.number, "comment", suffix=suffix, comment=comment)
    if comment and not raw.startswith(f"+{comment} {_TAG} "):
        yield make_hit(line.number, place=number, comment=comment, tag=_TAG)
    elif (
        f"{_TAG} " in raw
        and line.file.startswith("include/dt-bindings/")
        and kernel >= _STRICTER
    ):
        if not _DUAL_HEADER.search(raw):
            yield make_hit(
                line.number,
                (
                    "other-license"
                    if _PERMISSIVE_CHOICE.search(raw)
                    else "binding-header"
                ),
            )
    elif f"{_TAG} " in raw and line.file.startswith(
        "Documentation/devicetree/bindings/"
    ):
        licence = raw[raw.index(f"{_TAG} ") :]
        if not (_DUAL_AS_WRITTEN if kernel >= _STRICTER else _DUAL).search(licence):
            yield make_hit(
                line.number,
                ("other-license" if _PERMISSIVE_CHOICE.search(licence) else "binding"),
            )

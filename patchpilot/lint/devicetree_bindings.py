# SPDX-License-Identifier: GPL-2.0-or-later
"""The devicetree bindings of a tree, loaded once and searched for compatible strings."""

import re
from pathlib import Path

from patchpilot.cache.cached_re import compile_late
from patchpilot.model.source_tree import Tree, changed_below, ground_of

FOLDER = "Documentation/devicetree/bindings"
_PART = compile_late(r",[a-zA-Z0-9]*-")
_NUMBERED = compile_late(r",([a-z]*)[0-9]*-")


class Bindings:
    """The text of all devicetree bindings of a tree, and the known vendors.

    They are the files under Documentation/devicetree/bindings, and the list in
    vendor-prefixes.yaml.
    """

    def __init__(
        self, text: bytes, vendors: bytes, below: "Bindings | None" = None
    ) -> None:
        self._text = text
        self._vendors = vendors
        self._below = below
        self._known: dict[str, bool] = {}

    @property
    def is_there(self) -> bool:
        """Return whether the tree has bindings; other projects keep them elsewhere."""
        return bool(self._text or self._vendors) or (
            self._below is not None and self._below.is_there
        )

    def documents(self, compatible: str) -> bool:
        """Return whether a compatible string is documented.

        It may be documented literally, or with `<.*>` for the part, or the number in the part,
        before its first hyphen.
        """
        known = self._known.get(compatible)
        if known is None:
            forms = {
                compatible,
                _PART.sub(",<.*>-", compatible, count=1),
                _NUMBERED.sub(r",\1<.*>-", compatible, count=1),
            }
            known = self._known[compatible] = any(
                self._contains(form) for form in forms
            ) or bool(self._below and self._below.documents(compatible))
        return known

    def knows_vendor(self, vendor: str) -> bool:
        """Return whether the vendor has an entry in vendor-prefixes.yaml."""
        return f'"^{vendor},.*":'.encode("utf-8", "surrogateescape") in self._vendors

    def _contains(self, form: str) -> bool:
        # dots and pluses match as in a pattern, because checkpatch.pl looks up a compatible with
        # grep -E
        if form.encode("utf-8", "surrogateescape") in self._text and "+" not in form:
            return True
        if not re.search(r"[.+*]", form):
            return False
        try:
            return (
                re.search(form.encode("utf-8", "surrogateescape"), self._text)
                is not None
            )
        except re.error:
            return False


_READ: list[tuple[Tree, Bindings]] = []


def bindings_of(tree: Tree) -> Bindings:
    """Return a tree's bindings, including those added by earlier patches of the series.

    The result is cached for the last tree and the last state of a series.
    """
    for kept, bindings in _READ:
        if kept is tree:
            return bindings
    changed = changed_below(tree, FOLDER)
    ground = ground_of(tree)
    if ground is not tree:
        below = bindings_of(ground)
        if not changed:
            return below
        text = b"\n".join(data for path in changed if (data := tree.read(path)))
        bindings = Bindings(
            text, tree.read(f"{FOLDER}/vendor-prefixes.yaml") or b"", below
        )
        _READ[:] = [(ground, below), (tree, bindings)]
        return bindings
    bindings = Bindings(_text(tree), tree.read(f"{FOLDER}/vendor-prefixes.yaml") or b"")
    _READ[:] = [(tree, bindings)]
    return bindings


def _text(tree: Tree) -> bytes:
    root = getattr(tree, "root", None)
    if isinstance(root, Path):
        # there are thousands of files, and os.walk does not follow links, so skip the tree's link
        # checks
        return b"\n".join(_read_bindings(root / FOLDER))
    return b"\n".join(tree.read(path) or b"" for path in tree.files(FOLDER))


def _read_bindings(folder: Path) -> list[bytes]:
    import os

    texts: list[bytes] = []
    for top, _, names in os.walk(folder):
        for name in names:
            path = f"{top}/{name}"
            try:
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            except OSError:
                continue
            try:
                texts.append(os.read(handle, 1 << 22))
            finally:
                os.close(handle)
    return texts

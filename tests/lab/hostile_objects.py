# SPDX-License-Identifier: GPL-2.0-or-later
"""Write git objects directly. They include objects that git would refuse to create."""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

Files = Mapping[bytes, tuple[bytes, bytes]]
"""The files of a tree: their mode and content by path."""
_TREE = b"40000"


class ObjectWriter:
    """Writes loose objects and refs to a git directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write_object(self, object_type: bytes, data: bytes) -> str:
        content = b"%s %d\0%s" % (object_type, len(data), data)
        name = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        file = self._folder / "objects" / name[:2] / name[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(content, 1))
        return name

    def write_tree(self, files: Files) -> str:
        """Write a tree with its subtrees, without checking names, and return its id."""
        subtrees: dict[bytes, dict[bytes, tuple[bytes, bytes]]] = {}
        rows: list[tuple[bytes, bytes, str]] = []
        for path, (file_mode, data) in files.items():
            name, separator, remaining_path = path.partition(b"/")
            if separator:
                subtrees.setdefault(name, {})[remaining_path] = (file_mode, data)
            elif file_mode == b"160000":
                rows.append(
                    (
                        file_mode,
                        name,
                        hashlib.sha1(data, usedforsecurity=False).hexdigest(),
                    )
                )
            else:
                rows.append((file_mode, name, self.write_object(b"blob", data)))
        rows += [
            (_TREE, name, self.write_tree(subtree_path)) for name, subtree_path in subtrees.items()
        ]
        # git sorts a directory as if its name ended with a slash
        rows.sort(key=lambda row: row[1] + (b"/" if row[0] == _TREE else b""))
        return self.write_object(
            b"tree",
            b"".join(
                b"%s %s\0%s" % (file_mode, name, bytes.fromhex(object_id))
                for file_mode, name, object_id in rows
            ),
        )

    def write_commit(
        self,
        tree: str,
        parents: Sequence[str],
        author: bytes,
        committer: bytes,
        message: bytes,
    ) -> str:
        """Write a commit and return its id.

        `author` and `committer` include the date.
        """
        header = [
            b"tree " + tree.encode(),
            *(b"parent " + parent.encode() for parent in parents),
        ]
        header += [b"author " + author, b"committer " + committer]
        return self.write_object(b"commit", b"\n".join(header) + b"\n\n" + message)

    def write_tag(self, name: bytes, commit: str, tagger: bytes, message: bytes) -> str:
        return self.write_object(
            b"tag",
            b"object %s\ntype commit\ntag %s\ntagger %s\n\n%s"
            % (commit.encode(), name, tagger, message),
        )

    def write_ref(self, name: str, commit: str) -> None:
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{commit}\n")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Create repositories, commits, branches and settings without git, which takes milliseconds.

The results are those of git; tests/kit/test_quick_commit.py compares them. If a setting, a hook or
the state of the repository could lead to another result, the functions change nothing, and the
caller runs git.
"""

import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_VARIABLES = {
    *(f"GIT_{role}_{part}" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")),
    *("GIT_CONFIG_NOSYSTEM", "GIT_PYTHON_REFRESH"),
}
"""The variables that are read here or have no effect on commits."""
_SETTINGS = {
    "core.bare": "false",
    "core.filemode": "true",
    "core.logallrefupdates": "true",
    "core.repositoryformatversion": "0",
    "commit.gpgsign": "false",
}
_SECTIONS = tuple(
    f"{section}."
    for section in (
        *("author", "commit", "committer", "core", "extensions", "filter", "i18n", "submodule"),
        *("tag", "user"),
    )
)
"""Settings in these sections have an effect, except for the usual values in `_SETTINGS`."""
_INIT_SETTINGS = re.compile(r"template|format|shared|\bpath|\[core|\[extensions", re.IGNORECASE)
_FILES = {
    *("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "MERGE_MSG", "SQUASH_MSG", "BISECT_LOG"),
    *("rebase-merge", "rebase-apply", "sequencer", "commondir", "modules"),
    *("index.lock", "info/attributes", "info/grafts", "info/sparse-checkout"),
}
"""Files of unfinished commands and of unusual repositories."""
_PERSON = re.compile(r"(?P<name>\w(?:[^<>\x00-\x1f]*[\w)])?) <(?P<email>\w(?:[^<>\x00-\x20]*\w)?)>")
_NAME = re.compile(r"\w[\w-]*(?:[./]\w[\w-]*)*(?<!\.lock)")
_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*\.(?:[^\x00-\x1f]*\.)?[a-zA-Z][a-zA-Z0-9-]*")
_NO_COMMIT = "0" * 40


class _Branch(NamedTuple):
    """The current branch of the repository in `folder`, and its commit if there is one."""

    folder: str
    name: str
    commit: str

    def write(self, commit: str, person: str, date: int, action: str) -> None:
        """Set the branch to a commit, and add lines to its log and to that of HEAD."""
        _write(f"{self.folder}/refs/heads/{self.name}", f"{commit}\n", "w")
        line = f"{self.commit or _NO_COMMIT} {commit} {person} {date} +0000\t{action}\n"
        for log in ("HEAD", f"refs/heads/{self.name}"):
            _write(f"{self.folder}/logs/{log}", line, "a")


def _write(file: str, text: str, mode: str) -> None:
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, mode) as stream:
        stream.write(text)


def create_repository(path: Path, *, is_bare: bool) -> bool:
    """Create a repository on the branch `master`, and return whether that was possible."""
    settings = Path(os.environ["HOME"], ".gitconfig")
    text = settings.read_text(errors="replace") if settings.is_file() else ""
    if _has_unusual_environment() or _INIT_SETTINGS.search(text) or any(path.iterdir()):
        return False
    folder = path if is_bare else path / ".git"
    for name in ("hooks", "info", "objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (folder / name).mkdir(parents=True)
    (folder / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n"
        + ("\tbare = true\n" if is_bare else "\tbare = false\n\tlogallrefupdates = true\n")
    )
    (folder / "HEAD").write_text("ref: refs/heads/master\n")
    (folder / "description").write_text("Unnamed repository\n")
    (folder / "info" / "exclude").touch()
    return True


def commit_all(path: Path, message: str, author: str | None, date: int) -> str:
    """Commit all changes, and return the commit id, or an empty string if git must be started.

    `author` is of the form "name <address>", and `date` is in seconds.
    """
    branch, text = _read_branch(path), _clean_message(message)
    if not branch or not text:
        return ""
    repository = _open_repository(branch.folder)
    committer = _find_person("COMMITTER", repository)
    signatures = [
        _sign(person, date) for person in (author or _find_person("AUTHOR", repository), committer)
    ]
    tree = _add_all(repository) if all(signatures) else None
    if tree is None:
        return ""
    parents = [branch.commit] if branch.commit else []
    try:
        commit = str(repository.create_commit(None, *signatures, text, tree, parents))
    except _import_pygit2().InvalidError:
        # the parent is damaged
        return ""
    action = "commit" if parents else "commit (initial)"
    subject = text.partition("\n")[0].lstrip()
    branch.write(commit, committer, date, f"{action}: {subject}")
    return commit


def create_tag(path: Path, name: str, date: int) -> bool:
    """Create an annotated tag of HEAD, and return whether that was possible."""
    branch = _read_branch(path)
    if not branch or not _is_new(branch, f"refs/tags/{name}"):
        return False
    repository = _open_repository(branch.folder)
    tagger = _sign(_find_person("COMMITTER", repository), date)
    if not tagger:
        return False
    kind = _import_pygit2().enums.ObjectType.COMMIT
    repository.create_tag(name, branch.commit, kind, tagger, f"{name}\n")
    return True


def create_branch(path: Path, name: str, date: int) -> bool:
    """Create a branch at HEAD, check it out, and return whether that was possible."""
    branch = _read_branch(path)
    if not branch or not _is_new(branch, f"refs/heads/{name}"):
        return False
    person = _find_person("COMMITTER", _open_repository(branch.folder))
    if not _sign(person, date):
        return False
    new = _Branch(branch.folder, name, "")
    _write(f"{new.folder}/refs/heads/{name}", f"{branch.commit}\n", "w")
    line = f"{branch.commit} {person} {date} +0000\t"
    created = f"{_NO_COMMIT} {line}branch: Created from HEAD\n"
    moved = f"{branch.commit} {line}checkout: moving from {branch.name} to {name}\n"
    _write(f"{new.folder}/logs/refs/heads/{name}", created, "a")
    _write(f"{new.folder}/logs/HEAD", moved, "a")
    _write(f"{new.folder}/HEAD", f"ref: refs/heads/{name}\n", "w")
    return True


def write_setting(path: Path, arguments: Sequence[str]) -> bool:
    """Set a key of the repository or, with `--global`, of the user, and return whether that was
    possible.

    `arguments` are those of `git config`.
    """
    is_global = arguments[:1] == ("--global",)
    key, value = arguments[is_global:] if len(arguments) == 2 + is_global else ("", "")
    file = Path(os.environ["HOME"], ".gitconfig") if is_global else path / ".git" / "config"
    is_usual = _KEY.fullmatch(key) and value.isprintable() and not _has_unusual_environment()
    if not is_usual or file.is_symlink() or not file.is_file():
        return False
    pygit2 = _import_pygit2()
    try:
        config = pygit2.Config(str(file))
        if has_one_value := len([*config.get_multivar(key)]) < 2:
            config[key] = value
    except (pygit2.GitError, ValueError):
        # the file is damaged
        return False
    return has_one_value


def read_head(path: Path) -> str:
    """Return the commit id of the current branch, or an empty string if git must be started."""
    head = path / ".git" / "HEAD"
    content = head.read_text().strip() if head.is_file() else ""
    branch = path / ".git" / content.removeprefix("ref: ")
    is_loose = content.startswith("ref: ") and branch.is_file()
    commit = branch.read_text().strip() if is_loose else ""
    return commit if re.fullmatch("[0-9a-f]{40}", commit) else ""


def _add_all(repository: Any) -> Any:
    """Write the index and return its tree, or None if git could write something else."""
    pygit2 = _import_pygit2()
    index = repository.index
    try:
        index.add_all()
    except pygit2.GitError:
        return None
    for entry in index:
        is_submodule = entry.mode == pygit2.enums.FileMode.COMMIT
        if is_submodule or entry.path.endswith((".gitattributes", ".gitmodules")):
            return None
    tree = index.write_tree()
    index.write()
    return tree


@cache
def _import_pygit2() -> Any:
    """Import pygit2 when a test first commits. It reads no settings of this machine."""
    import pygit2

    for level in ("SYSTEM", "XDG", "PROGRAMDATA"):
        pygit2.settings.search_path[pygit2.enums.ConfigLevel[level]] = ""
    return pygit2


def _open_repository(folder: str) -> Any:
    pygit2 = _import_pygit2()
    pygit2.settings.search_path[pygit2.enums.ConfigLevel.GLOBAL] = os.environ["HOME"]
    return pygit2.Repository(folder, pygit2.enums.RepositoryOpenFlag.NO_SEARCH)


def _has_unusual_environment() -> bool:
    settings = os.environ.get("XDG_CONFIG_HOME") or os.environ["HOME"] + "/.config"
    return os.path.exists(f"{settings}/git") or any(
        name.startswith("GIT_") and name not in _VARIABLES for name in os.environ
    )


def _read_branch(path: Path) -> _Branch | None:
    """Return the current branch, or None if the state of the repository is unusual."""
    folder = f"{path}/.git"
    if not os.path.isfile(f"{folder}/HEAD") or _has_unusual_environment():
        return None
    files = {*os.listdir(folder), *(f"info/{name}" for name in _list_folder(f"{folder}/info"))}
    hooks = [name for name in _list_folder(f"{folder}/hooks") if not name.endswith(".sample")]
    head = Path(folder, "HEAD").read_text().strip()
    if hooks or not files.isdisjoint(_FILES) or not head.startswith("ref: refs/heads/"):
        return None
    # pygit2 cannot open a repository with most extensions
    if "[extensions]" in Path(folder, "config").read_text(errors="replace"):
        return None
    name = head.removeprefix("ref: refs/heads/")
    try:
        commit = Path(folder, "refs/heads", name).read_text().strip()
    except FileNotFoundError:
        if "packed-refs" in files:
            return None
        commit = ""
    return None if commit.startswith("ref: ") else _Branch(folder, name, commit)


def _is_new(branch: _Branch, ref: str) -> bool:
    """Return whether a valid branch or tag can be created at the current commit."""
    name = ref.split("/", 2)[2]
    existing = (f"{branch.folder}/{ref}", f"{branch.folder}/packed-refs")
    return bool(branch.commit and _NAME.fullmatch(name)) and not any(map(os.path.exists, existing))


def _list_folder(folder: str) -> list[str]:
    return os.listdir(folder) if os.path.isdir(folder) else []


def _clean_message(message: str) -> str:
    """Remove the same spaces and blank lines as git."""
    lines = [line.rstrip(" \t\r\v\f") for line in message.split("\n")]
    text = re.sub("\n{3,}", "\n\n", "\n".join(lines).strip("\n"))
    return f"{text}\n" if text and "\0" not in text else ""


def _find_person(role: str, repository: Any) -> str:
    """Return the author or the committer, or an empty string if a setting is unusual."""
    settings = {
        entry.name: entry.value for entry in repository.config if entry.name.startswith(_SECTIONS)
    }
    person = [
        os.environ.get(f"GIT_{role}_{part.upper()}", settings.get(f"user.{part}", ""))
        for part in ("name", "email")
    ]
    unusual = {name for name, value in settings.items() if _SETTINGS.get(name) != value}
    return "" if unusual - {"user.name", "user.email"} else "{} <{}>".format(*person)


def _sign(person: str, date: int) -> Any:
    """Return a signature, or None if git writes the name in another way."""
    match = _PERSON.fullmatch(person)
    return match and _import_pygit2().Signature(match["name"], match["email"], date, 0)

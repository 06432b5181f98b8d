# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a gate reports a flaw however a request hides it.

Each case combines a way of hiding, a flaw and an output format. What cannot be checked must be
reported as an error. `python -m tests.checking.test_driver_gate` counts the cases that are wrong.
"""

import functools
import itertools
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.cli import Outcome
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED

START = (
    "/* SPDX-License-Identifier: GPL-2.0 */\n#include <linux/frob.h>\n\nint frob_start(int x);\n"
)
FLAWS = {
    "space-before-semicolon": "int frob( int x ) ;\n",
    "unsigned-without-int": "unsigned crob;\n",
    "trailing-whitespace": "int trailing(void); \n",
}
FORMATS = ("text", "github", "sarif", "checkpatch")
KERNEL_FILES = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\n",
    "Kconfig": 'mainmenu "Linux/$(ARCH) Kernel Configuration"\n',
    "MAINTAINERS": "List of maintainers\n",
    "include/linux/frob.h": START,
    "frob/a.h": START,
    "frob/b.txt": "Notes about the device.\n",
}
MARK = (
    "frob: cover\n\n--- b4-submit-tracking ---\n# This section is used internally by b4.\n"
    '{{"series": {{"revision": 1, "change-id": "20260101-frob-0123456789ab", "prefixes": []}}}}\n'
)
Hide = Callable[[Repo, str], None]


def hide_in_merge(repo: Repo, flaw: str) -> None:
    start_topic(repo)
    repo.commit(f"frob: add other\n\nIt is needed.\n\n{SIGNED}", {"frob/other.h": START})
    repo.branch("side", "target")
    repo.commit(f"frob: add third\n\nIt is needed.\n\n{SIGNED}", {"frob/third.h": START})
    repo.checkout("topic")
    merge(repo, "side", {"frob/a.h": START + flaw})


def hide_in_only_a_merge(repo: Repo, flaw: str) -> None:
    start_topic(repo)
    repo.git("merge -q --no-ff --no-commit target", must_succeed=False)
    repo.checkout("master")
    repo.commit(f"frob: go on\n\nIt is needed.\n\n{SIGNED}", {"frob/on.h": START})
    repo.git("branch -f target HEAD")
    repo.checkout("topic")
    repo.commit(f"frob: add other\n\nIt is needed.\n\n{SIGNED}", {"frob/other.h": START})
    merge(repo, "target", {"frob/new.h": START + flaw})


def hide_in_octopus(repo: Repo, flaw: str) -> None:
    for name in ("one", "two"):
        repo.branch(name, "target")
        repo.commit(f"frob: add {name}\n\nIt is needed.\n\n{SIGNED}", {f"frob/{name}.h": START})
    start_topic(repo)
    repo.commit(f"frob: add other\n\nIt is needed.\n\n{SIGNED}", {"frob/other.h": START})
    merge(repo, "one two", {"frob/a.h": START + flaw})


def hide_in_resolved_conflict(repo: Repo, flaw: str) -> None:
    start_topic(repo)
    repo.commit(f"frob: one\n\nIt is needed.\n\n{SIGNED}", {"frob/a.h": f"{START}int one;\n"})
    repo.branch("side", "target")
    repo.commit(f"frob: two\n\nIt is needed.\n\n{SIGNED}", {"frob/a.h": f"{START}int two;\n"})
    repo.checkout("topic")
    merge(repo, "side", {"frob/a.h": f"{START}int one;\nint two;\n{flaw}"})


def hide_in_revert(title: str) -> Hide:
    def hide(repo: Repo, flaw: str) -> None:
        start_topic(repo)
        text = f"{title}\n\nIt is needed.\n\n{SIGNED}"
        repo.commit(text, {"frob/a.h": START + flaw})

    return hide


def hide_by_name(name: str) -> Hide:
    def hide(repo: Repo, flaw: str) -> None:
        start_topic(repo)
        text = f"frob: add other\n\nIt is needed.\n\n{SIGNED}"
        repo.commit(text, {f"frob/{name}": START + flaw})

    return hide


def hide_by_orphan(path: str, content: str) -> Hide:
    """Merge an unrelated first commit that looks like another project or an old version."""

    def hide(repo: Repo, flaw: str) -> None:
        start_topic(repo)
        text = f"frob: add other\n\nIt is needed.\n\n{SIGNED}"
        repo.commit(text, {"frob/a.h": START + flaw})
        tip = repo.git("rev-parse HEAD")
        repo.git("checkout -q --orphan unrelated")
        repo.git("rm -rqf .")
        repo.commit(f"begin\n\nIt is needed.\n\n{SIGNED}", {path: content})
        repo.git("merge -q --allow-unrelated-histories -X theirs -m Merge", tip)
        repo.git("branch -f topic HEAD")
        repo.checkout("topic")

    return hide


def hide_in_marked_root(repo: Repo, flaw: str) -> None:
    start_topic(repo)
    repo.commit(f"frob: add other\n\nIt is needed.\n\n{SIGNED}", {"frob/other.h": START})
    tip = repo.git("rev-parse HEAD")
    repo.git("checkout -q --orphan unrelated")
    repo.git("rm -rqf .")
    repo.commit(MARK.format(), {"frob/new.h": START + flaw})
    repo.git("merge -q --allow-unrelated-histories -m Merge", tip)
    repo.git("branch -f topic HEAD")
    repo.checkout("topic")


def hide_by_renaming(repo: Repo, flaw: str) -> None:
    start_topic(repo)
    repo.commit(f"frob: add notes\n\nThey help.\n\n{SIGNED}", {"frob/c.txt": START + flaw})
    repo.git("mv frob/c.txt frob/c.h")
    repo.commit(f"frob: rename the notes\n\nThey help.\n\n{SIGNED}")


def hide_by_binary_attribute(repo: Repo, flaw: str) -> None:
    start_topic(repo)
    repo.commit(f"frob: sort files\n\nIt is needed.\n\n{SIGNED}", {".gitattributes": "*.h -diff\n"})
    repo.commit(f"frob: add other\n\nIt is needed.\n\n{SIGNED}", {"frob/a.h": START + flaw})


def hide_by_nul(repo: Repo, flaw: str) -> None:
    start_topic(repo)
    text = f"frob: add other\n\nIt is needed.\n\n{SIGNED}"
    repo.commit(text, {"frob/a.h": f"{START}/* \0 */\n{flaw}"})


def hide_by_early_fork(repo: Repo, flaw: str) -> None:
    """Fork before the target had strict settings."""
    repo.checkout("master")
    repo.commit(f"frob: be soft\n\nIt is easy.\n\n{SIGNED}", {SETTINGS: 'fail-on = "never"\n'})
    repo.branch("topic")
    repo.checkout("master")
    repo.commit(f"frob: be strict\n\nIt is safe.\n\n{SIGNED}", {SETTINGS: 'fail-on = "check"\n'})
    repo.git("branch -f target HEAD")
    repo.checkout("topic")
    repo.commit(f"frob: add\n\nIt is needed.\n\n{SIGNED}", {"frob/a.h": START + flaw})


def hide_by_own_settings(repo: Repo, flaw: str) -> None:
    start_topic(repo)
    text = f"frob: be soft\n\nIt is easy.\n\n{SIGNED}"
    repo.commit(text, {SETTINGS: 'fail-on = "never"\n', "frob/a.h": START + flaw})


def hide_in_submodule(repo: Repo, _flaw: str) -> None:
    start_topic(repo)
    commit = repo.git("rev-parse HEAD")
    repo.git("update-index --add --cacheinfo", f"160000,{commit},frob/sub")
    repo.git("commit -q -m", f"frob: add a part\n\nIt is needed.\n\n{SIGNED}")


def hide_behind_link(target: str) -> Hide:
    def hide(repo: Repo, _flaw: str) -> None:
        start_topic(repo)
        (repo.path / "frob" / "link.h").symlink_to(target)
        repo.commit(f"frob: add a link\n\nIt is needed.\n\n{SIGNED}")

    return hide


def hide_behind_moved_link(repo: Repo, _flaw: str) -> None:
    repo.checkout("master")
    folder = repo.path / "frob" / "deep"
    folder.mkdir()
    (folder / "link.h").symlink_to("../../Makefile")
    repo.commit(f"frob: add a link\n\nIt is needed.\n\n{SIGNED}")
    repo.git("branch -f target HEAD")
    start_topic(repo)
    repo.git("mv frob/deep/link.h link.h")
    repo.commit(f"frob: move the link\n\nIt is needed.\n\n{SIGNED}")


SETTINGS = ".patchpilot.toml"
UNREAD = {
    "submodule": hide_in_submodule,
    "absolute link": hide_behind_link("/etc/passwd"),
    "link out": hide_behind_link("../../secret"),
    "link by another": hide_behind_link("x/../../../secret"),
    "link to the repository": hide_behind_link("../.git/config"),
    "moved link": hide_behind_moved_link,
}
"""Ways in which no rule can see the code; it must be named."""
UNREAD_NAMES = {"new-submodule", "link-out-of-tree"}
WAYS: dict[str, Hide] = {
    "plain": hide_by_name("plain.h"),
    "merge": hide_in_merge,
    "only a merge": hide_in_only_a_merge,
    "octopus": hide_in_octopus,
    "resolved conflict": hide_in_resolved_conflict,
    "revert": hide_in_revert('Revert "frob: begin"'),
    "reapply": hide_in_revert('Reapply "frob: begin"'),
    "revert of an id": hide_in_revert("frob: revert commit 0123456789ab"),
    **{
        f"name {name!r}": hide_by_name(name)
        for name in (
            *("a b.h", "a\tb.h", 'a"b.h', "a\rb.h", "a\\b.h", "a b/c.h", " a.h", "a\nb.h"),
            *("'a'.h", "\u00e9 b.h", 'a" b.h', "a.txt b/a.h", "-.h", "--fail-on=never.h"),
        )
    },
    "orphan of QEMU": hide_by_orphan("qemu-options.hx", "HXCOMM\n"),
    "orphan of man-pages": hide_by_orphan("man/man2/open.2", ".TH open 2\n"),
    "ancient orphan": hide_by_orphan("Makefile", "VERSION = 2\nPATCHLEVEL = 6\nSUBLEVEL = 12\n"),
    "marked root": hide_in_marked_root,
    "renamed text": hide_by_renaming,
    "binary attribute": hide_by_binary_attribute,
    "NUL": hide_by_nul,
    "early fork": hide_by_early_fork,
    "own settings": hide_by_own_settings,
}


def start_topic(repo: Repo) -> None:
    repo.branch("topic", "target")


def merge(repo: Repo, others: str, files: dict[str, str]) -> None:
    """Merge branches, and change files in the merge commit."""
    repo.git(f"merge -q --no-ff --no-commit {others}", must_succeed=False)
    for path, content in files.items():
        repo.put(path, content)
    repo.git("add -A")
    repo.git("commit -q -m", f"Merge {others}")


def create_request(path: Path, hide: Hide, flaw: str) -> Repo:
    """Create a repository with a target branch, and a request in the branch `topic`."""
    repo = Repo(path)
    repo.commit(f"frob: begin\n\nIt is needed.\n\n{SIGNED}", KERNEL_FILES)
    repo.git("branch target")
    hide(repo, flaw)
    return repo


def check(repo: Repo, output_format: str) -> Outcome:
    return repo.patchpilot(f"check --format {output_format}", "--", "target..topic")


def list_cases() -> Iterator[tuple[str, str, str]]:
    """Yield each way of hiding with each flaw and format."""
    ways = itertools.product(WAYS, FLAWS, FORMATS)
    return itertools.chain(ways, itertools.product(UNREAD, ("",), FORMATS))


def find_problem(folder: Path, way: str, flaw: str, output_format: str) -> str:
    """Return what is wrong with the check of a hidden flaw, or ""."""
    hide = {**WAYS, **UNREAD}[way]
    repo = create_request(folder, hide, FLAWS.get(flaw, ""))
    outcome = check(repo, output_format)
    if outcome.code not in (1, 2):
        return f"exit {outcome.code}"
    if outcome.code == 2:
        return "" if way == "marked root" and "b4" in outcome.err else f"exit 2: {outcome.err}"
    if way in UNREAD:
        return "" if list_names(repo) & UNREAD_NAMES else "it is not named"
    if way == "NUL":
        return "" if "text-as-binary" in list_names(repo) else "it is not named"
    return "" if count_findings(repo) >= count_plain_findings(flaw) else "findings are missing"


@functools.cache
def count_plain_findings(flaw: str) -> int:
    """Return the number of findings about a flaw that is not hidden."""
    with tempfile.TemporaryDirectory() as folder:
        return count_findings(create_request(Path(folder) / "r", WAYS["plain"], FLAWS[flaw]))


def list_names(repo: Repo) -> set[str]:
    patches = check(repo, "json").json["patches"]
    return {finding["name"] for patch in patches for finding in patch["findings"]}


def count_findings(repo: Repo) -> int:
    """Return the number of findings about the code of a request."""
    patches = check(repo, "json").json["patches"]
    return sum(
        finding["path"] is not None and finding["name"] != "changed-check-settings"
        for patch in patches
        for finding in patch["findings"]
        if finding.get("line")
    )


CASES = sorted(list_cases())
SAMPLE = random.Random(81).sample(CASES, len(CASES) // 20)


@pytest.mark.parametrize(("way", "flaw", "output_format"), SAMPLE)
def test_hidden_flaw_is_reported(tmp_path: Path, way: str, flaw: str, output_format: str) -> None:
    assert not find_problem(tmp_path / "r", way, flaw, output_format)


@pytest.mark.long
@pytest.mark.parametrize("way", [*WAYS, *UNREAD])
def test_every_hidden_flaw_is_reported(tmp_path: Path, way: str) -> None:
    cases = [case for case in CASES if case[0] == way]
    problems = {
        case: problem
        for number, case in enumerate(cases)
        if (problem := find_problem(tmp_path / f"r{number}", *case))
    }
    assert not problems


def main() -> None:
    """Print each case that is wrong, and the counts."""
    wrong: dict[tuple[str, str, str], str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(CASES):
            try:
                problem = find_problem(Path(folder) / f"r{number}", *case)
            except AssertionError as error:
                problem = f"failed: {error}"
            if problem:
                wrong[case] = problem
                print(*case, problem.partition("\n")[0], sep=" | ")
    print(f"{len(wrong)} of {len(CASES)} wrong")


if __name__ == "__main__":
    main()

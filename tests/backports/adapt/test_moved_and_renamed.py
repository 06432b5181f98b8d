# SPDX-License-Identifier: GPL-2.0-or-later
"""Names and files that are others on the branch: the history of a small repository."""

from pathlib import Path

import pytest

from patchpilot.backports.adapt.adaptation import adapt
from patchpilot.backports.adapt.verify import is_sound
from patchpilot.backports.adapted_fix import Adaptation
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.object_store import Scratch
from patchpilot.commits.repository import Repository
from tests.kit.repos import Repo


def function(name: str, *body: str) -> str:
    return (
        f"int {name}(struct foo *f)\n{{\n"
        + "".join(f"\t{line}\n" for line in body)
        + "}\n"
    )


def adapted(
    path: Path,
    files: dict[str, str],
    later: dict[str, str | None],
    fixed: dict[str, str],
) -> tuple[Adaptation | None, dict[str, str], str]:
    """The fix (`later` → `fixed`) adapted to a branch that has `files`: the adaptation, the files
    it gives, and the id of the commit of `later`.
    """
    repo = Repo(path / "repo")
    old = repo.commit("start", files)
    changed = repo.commit(
        "move on",
        {name: content for name, content in later.items() if content is not None},
    )
    fix = repo.commit("fix it", fixed)
    with Repository.open(repo.path) as repository, Scratch(repository) as scratch:
        commit = FixCommit.read(repository, fix)
        onto = scratch.tree_of(old)
        merge = scratch.pick(fix, onto, commit.base)
        assert not merge.clean
        found = adapt(scratch, merge, onto, commit, old)
        tree = found.tree(scratch, merge) if found else onto
        return (
            found,
            {name: (scratch.blob(tree, name) or b"").decode() for name in files},
            changed,
        )


def test_a_name_that_a_missing_commit_changed_is_the_branchs_own(
    tmp_path: Path,
) -> None:
    calls = ["foo_lookup(f, 1);", "other(f);", "foo_lookup(f, 2);", "last(f);"]
    new = [line.replace("foo_lookup", "foo_get") for line in calls]
    found, made, changed = adapted(
        tmp_path,
        {"a.c": function("work", *calls), "b.c": function("foo_lookup", "return 1;")},
        {"a.c": function("work", *new), "b.c": function("foo_get", "return 1;")},
        {"a.c": function("work", *new[:3], "foo_get(f, 3);", *new[3:])},
    )
    assert found is not None
    assert made["a.c"] == function("work", *calls[:3], "foo_lookup(f, 3);", *calls[3:])
    assert f"foo_get was called foo_lookup before {changed[:12]}" in found.steps
    assert found.kind == "renamed"


def test_lines_that_are_in_another_file_on_the_branch_are_changed_there(
    tmp_path: Path,
) -> None:
    words = [f"word_{number} of_list another_{number}" for number in range(9)]
    text = "".join(f"{line}\n" for line in words)
    filler = "".join(f"filler {number}\n" for number in range(40))
    found, made, _ = adapted(
        tmp_path,
        {"tools/all.txt": filler + text},
        {"tools/all.txt": filler, "tools/lists/words.txt": text},
        {"tools/lists/words.txt": text.replace("of_list another_4", "of_list fixed_4")},
    )
    assert found is not None
    assert made["tools/all.txt"] == filler + text.replace(
        "of_list another_4", "of_list fixed_4"
    )
    assert found.kind == "moved"
    assert found.steps == (
        "tools/all.txt:45: the code is in a different file in the branch; made the change there",
    )


def test_code_that_is_in_another_file_on_the_branch_is_changed_there(
    tmp_path: Path,
) -> None:
    one, other = function("one", "a(f);", "b(f);"), function("other", "c(f);")
    filler = "".join(
        function(f"filler{number}", f"step{number}(f);") for number in range(12)
    )
    found, made, _ = adapted(
        tmp_path,
        {"dir/old.c": filler + one + other},
        {"dir/old.c": filler + other, "dir/new.c": one},
        {"dir/new.c": function("one", "a(f);", "new(f);", "b(f);")},
    )
    assert found is not None
    assert (
        made["dir/old.c"]
        == filler + function("one", "a(f);", "new(f);", "b(f);") + other
    )
    assert found.files == ("dir/new.c", "dir/old.c")
    assert found.kind == "moved"
    assert any(
        step.startswith("dir/old.c:") and "the code is in a different file" in step
        for step in found.steps
    )


def test_a_dropped_change_whose_code_is_elsewhere_is_never_sure(tmp_path: Path) -> None:
    body = (
        "lock(f, MODE_FAST);",
        "if (f->type == TYPE_ONE && f->weight)",
        "unlock(f);",
    )
    here = {
        "lib/all.c": (
            "".join(function(f"f{number}", "x();") for number in range(4))
            + function("work", *body)
        ),
        "t.c": function("test", "run(one);"),
    }
    later = {
        "lib/work.c": (
            function("first", "y();")
            + function("work", *body)
            + "int table[] = { 1 };\n"
        ),
        "lib/all.c": None,
        "t.c": function("test", "run(ONE);"),
    }
    fixed = {
        "lib/work.c": (
            function("first", "y();")
            + function("work", body[0], "if (f->type == TYPE_ONE)", body[2])
            + "int table[] = { 2 };\n"
        ),
        "t.c": function("test", "run(ONE, 1);"),
    }
    found, _, _ = adapted(tmp_path, here, later, fixed)
    assert found
    assert found.confidence < 0.5
    assert (
        "lib/work.c: the code of a dropped change is in lib/all.c in the branch; make the change"
        " there" in found.steps
    )


def test_a_moved_change_is_not_sure_where_a_second_function_has_the_same_code(
    tmp_path: Path,
) -> None:
    one, two = function("one", "a(f);", "b(f);"), function("two", "a(f);", "b(f);")
    other = "".join(
        function(f"filler{number}", f"step{number}(f);") for number in range(12)
    )
    found, made, _ = adapted(
        tmp_path,
        {"dir/old.c": other + one + two},
        {"dir/old.c": other, "dir/new.c": one},
        {"dir/new.c": function("one", "a(f);", "new(f);", "b(f);")},
    )
    assert found is not None
    assert made["dir/old.c"].endswith(two)
    assert (
        "dir/old.c: two() has the same code in the branch; make the change there as well, if it"
        " needs it" in found.steps
    )
    assert found.confidence < 0.5


@pytest.mark.parametrize("has_header", [True, False])
def test_a_header_that_the_branch_lacks_makes_an_adaptation_unsure(
    tmp_path: Path, *, has_header: bool
) -> None:
    work = function("work", "a(f);")
    header = {"include/new/dbus.h": "int dbus;\n"}
    found, made, _ = adapted(
        tmp_path,
        {"a.c": '#include "one.h"\n\n' + work, **(header if has_header else {})},
        {"a.c": '#include "one.h"\n#include "two.h"\n\n' + work, **header},
        {"a.c": '#include "one.h"\n#include "new/dbus.h"\n#include "two.h"\n\n' + work},
    )
    assert found is not None
    assert made["a.c"] == '#include "one.h"\n#include "new/dbus.h"\n\n' + work
    assert (found.confidence >= 0.5) is has_header


def test_a_fix_of_which_half_is_dropped_is_not_sure(tmp_path: Path) -> None:
    body, block = (
        [f"step{number}(f);" for number in range(9)],
        ["do {", "again(f);", "more(f);", "} while (f->next);"],
    )
    found, made, _ = adapted(
        tmp_path,
        {"a.c": function("work", *body, "end(f);")},
        {"a.c": function("work", *body, *block, "end(f);")},
        {
            "a.c": function(
                "work",
                "int saved = f->v;",
                *body,
                *block[:2],
                "f->v = saved;",
                *block[2:],
                "end(f);",
            )
        },
    )
    assert found is not None
    assert made["a.c"] == function("work", "int saved = f->v;", *body, "end(f);")
    assert found.confidence < 0.5


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (function("work", "a(f);"), True),
        (function("work", "if (f) {", "a(f);"), False),
        (function("work", "a(f);", "goto out;"), False),
        (function("work", "goto out;", "out:", "a(f);"), True),
        (function("work", "a(f);", "return 0;", "b(f);"), False),
        (function("work", "if (f)", "return 0;", "b(f);"), True),
        (function("work", "<<<<<<< ours", "a(f);").replace("\t", ""), False),
        (function("work", 'a("{");', "/* } ) */"), True),
        (function("work", "int k;", "else if (f)", "a(f);"), False),
        (function("work", "if (f)", "a(f);", "else", "b(f);"), True),
    ],
)
def test_what_an_adapted_file_must_not_have(made: str, expected: bool) -> None:
    plain = function("work", "a(f);").splitlines(keepends=True)
    lines = made.splitlines(keepends=True)
    assert is_sound("work.c", lines, plain, plain, plain) is expected


@pytest.mark.parametrize(
    ("path", "ours", "made", "expected"),
    [
        ("plan.py", "if a:\n    b()\n", "elif a:\n    b()\n", False),
        ("plan.py", "print 1\n", "print 2\n", True),
        ("plan.py", "from a import b, c\nb(c.d)\n", "from a import c\nb(c.d)\n", False),
        ("plan.py", "import a.b\na.b()\n", "import a.c\na.b()\n", True),
        ("plan.py", "from a import b\nb()\n", "def b():\n    pass\nb()\n", True),
        ("plan.py", "def a(b):\n    return b\n", "def a():\n    return b\n", False),
        ("plan.txt", "if a:\n", "elif a:\n", True),
        ("plan.txt", "a\n", "<<<<<<< ours\na\n", False),
    ],
)
def test_what_an_adapted_file_that_is_no_c_must_not_have(
    path: str, ours: str, made: str, expected: bool
) -> None:
    own = ours.splitlines(keepends=True)
    assert is_sound(path, made.splitlines(keepends=True), own, own, own) is expected

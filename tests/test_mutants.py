# SPDX-License-Identifier: GPL-2.0-or-later
"""The mutation check makes the changes it should and sees whether tests notice them."""

from pathlib import Path

import pytest

from tests.lab.mutants.__main__ import EQUIVALENT, ROOT, SAMPLED, equivalents, sample
from tests.lab.mutants.operators import mutants


def results(source: str) -> set[str]:
    return {
        mutant.applied(source.encode()).decode()
        for mutant in mutants("x.py", source.encode())
    }


@pytest.mark.parametrize(
    ("source", "some"),
    [
        ("x = a < b\n", {"x = a <= b\n", "x = a >= b\n"}),
        ("x = (a) not in b\n", {"x = (a) in b\n"}),
        ("x = a is not b\n", {"x = a is b\n"}),
        ("x = a and b\n", {"x = a or b\n", "x = True and b\n", "x = a and True\n"}),
        (
            "x = a or b or c\n",
            {"x = a and b or c\n", "x = a or b and c\n", "x = a or False or c\n"},
        ),
        ("x = not a\n", {"x = a\n"}),
        ("x = a + -b\n", {"x = a - -b\n", "x = a + b\n"}),
        ("x = 3\n", {"x = 4\n"}),
        ("x = True\n", {"x = False\n"}),
        ("x = 'ab'\n", {"x = 'XXabXX'\n"}),
        ("x = ''\n", {"x = 'XX'\n"}),
        ("x = a[1:b]\n", {"x = a[:b]\n", "x = a[1:]\n", "x = a[2:b]\n"}),
        (
            "x = f(a, b, c=d, e=g)\n",
            {"x = f(a, c=d, e=g)\n", "x = f(a, b, e=g)\n", "x = f(a, b, c=d)\n"},
        ),
        ("def f():\n    return a\n", {"def f():\n    return None\n"}),
        (
            "for a in b:\n    f()\n    continue\n",
            {
                "for a in b:\n    pass\n    continue\n",
                "for a in b:\n    f()\n    break\n",
            },
        ),
        ("if a:\n    raise b\n", {"if (not (a)):\n    raise b\n", "if a:\n    pass\n"}),
        ("x += 1\n", {"x -= 1\n", "pass\n", "x += 2\n"}),
        ("x.y = z\n", {"pass\n"}),
        (
            "x = 'ä' + (a\n  < b)\n",
            {"x = 'ä' + (a\n  <= b)\n", "x = 'XXäXX' + (a\n  < b)\n"},
        ),
    ],
)
def test_each_kind_of_change_is_made(source: str, some: set[str]) -> None:
    assert some <= results(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""What it is."""\n',
        "import a.b\n",
        "x: int | None\n",
        "@d(1)\nclass C:\n    pass\n",
        "x = f'{a < 1} b'\n",
        "f = 'could not be read'\n",
    ],
)
def test_what_is_no_behavior_is_left_alone(source: str) -> None:
    assert results(source) == set()


def test_the_sample_is_the_same_each_time_and_every_mutant_compiles_to_something_else() -> (
    None
):
    some = sample(
        ROOT, ["patchpilot/model/trailer.py", "patchpilot/model/bounded_gzip.py"], 40, 1
    )
    assert some == sample(
        ROOT, ["patchpilot/model/trailer.py", "patchpilot/model/bounded_gzip.py"], 40, 1
    )
    assert len({one.key for one in some}) == 40
    for one in some:
        source = (ROOT / one.path).read_bytes()
        assert source[one.start : one.end].decode() == one.old
        assert one.applied(source) != source
        compile(one.applied(source), one.path, "exec")


def test_a_file_that_is_gone_is_an_error_and_those_of_the_sample_are_there() -> None:
    with pytest.raises(SystemExit, match="gone"):
        sample(ROOT, ["patchpilot/gone.py"], 1, 1)
    assert all(list(ROOT.glob(one)) for one in SAMPLED)


def test_an_equivalent_mutant_has_its_reason() -> None:
    assert all(why.strip() for why in equivalents(EQUIVALENT).values())
    assert Path(EQUIVALENT).exists()

# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m tests.lab.fix_table --data FOLDER --tree LINUX-6.1`: the fixes of `check --fix` beside
those of checkpatch.pl --fix, on real patches.

FOLDER has corpus/patches and the findings of checkpatch.pl in a tree (corpus/checkpatch.jsonl). The
patches with findings are split in halves by a
hash: `learn`, on which fixers may be tried, and `aside`. Both results are checked by checkpatch.pl
and by patchpilot. Counted per patch and type:

* removed, new: the findings that a type has less or more after the fixes
* damaged: the fixed patch does not apply to the lines that the original was made for, or the C
  tokens of the result differ by more than the equivalences in `EQUIVALENT`
"""

import argparse
import collections
import difflib
import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pygments.lexers.c_cpp import CLexer
from pygments.token import Token

from patchpilot.cache import cached_re
from patchpilot.checking.check_patches import check
from patchpilot.checking.check_request import CheckRequest
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.lint.fixing.guard import aligns, compiled
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from patchpilot.services.check.apply_fixes import fix
from tests.kit.checkpatch_examples import KERNEL, LEFT_OUT
from tests.lab.checkpatch_oracle import ask

SEED = "fixes"
FIXED_BY_CHECKPATCH = ".EXPERIMENTAL-checkpatch-fixes"
_SIDE = r"(?:[\w\s.,()\[\]&*-]|->)*(?:[<>] ?=?|[!=] ?=)(?:[\w\s.,()\[\]&*-]|->)*|"
# what the pages of the rules state as equivalent: (tokens before, tokens after), joined by spaces
EQUIVALENT = (
    (r"(?:u?int(?:8|16|32|64)_t ?)+", r"(?:[us](?:8|16|32|64) ?)+"),
    (r"__FUNCTION__", r"__func__"),
    (r"__inline(?:__)?", r"inline"),
    # parentheses, braces, commas and semicolons that have no effect
    (r"(?:[(){};,]|int|extern|fallthrough|else| )*", r"(?:[(){};,]|int|else| )*"),
    (r"= (?:0|NULL|false)", r""),
    (r"", r"!"),
    (r"(?:[!=] ?= NULL)? ?\)?", r""),
    (_SIDE, _SIDE),
    (r"S_I\w+(?: \| S_I\w+)*", r"0[0-7]{3}"),
    # the line of a macro that goes on
    (r"", r"\\"),
    (r"\\ (?:\| \||& &)", r"(?:\| \||& &) \\"),
    (r"printk\w*", r"pr_(?!debug|cont)\w+"),
    (r"KERN_[A-Z]+", r""),
    (r"(?:\( )?1(?i:ull?) < ?<(?: \()?", r"(?:BIT(?:_ULL)?)?"),
    (r"", r"BIT(?:_ULL)?"),
)
_LICENSE = cached_re.compile(r'(MODULE_LICENSE\("GPL) v2(?="\))')
"""A string of which the module loader treats both forms the same."""
_CHAIN = cached_re.compile(
    r"^([ \t]*)([\w.>-]+) = ([\w.>-]+) = ([^=;]+);$", cached_re.MULTILINE
)
"""An assignment to two places on one line."""
_NEAR = 8
"""Lines between changes that are compared together."""
_MOST_ALIGNMENTS = 20000
Counts = collections.Counter[str]


@dataclass(frozen=True, slots=True)
class Fixed:
    """What one tool's fixes do to a patch: findings before and after by both checkers, and what is
    damaged ("" where nothing is).
    """

    before: tuple[Counts, Counts]
    after: tuple[Counts, Counts]
    damage: str


def main() -> None:
    """Prints the table, and the types of findings that remain."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("PATCHPILOT_DATA", "../shared")),
    )
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--half", choices=("learn", "aside", "all"), default="learn")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument(
        "--only-patchpilot", action="store_true", help="do not run checkpatch.pl"
    )
    parser.add_argument(
        "--answers", type=Path, help="keep the answers of checkpatch.pl in this file"
    )
    words = parser.parse_args()
    patches = chosen(words.data.resolve() / "corpus", words.half)[: words.limit or None]
    answers = Answers(words.tree.resolve(), words.answers)
    tools = {
        "patchpilot --fix": ours,
        "patchpilot --fix --unsafe-fixes": partial(ours, unsafe=True),
    }
    if not words.only_patchpilot:
        tools["checkpatch.pl --fix"] = theirs
    with ProcessPoolExecutor(2) as pool:
        for tool, function in tools.items():
            work = partial(
                scored,
                function=function,
                answers=answers,
                ask_script=not words.only_patchpilot,
            )
            report(tool, dict(zip(patches, pool.map(work, patches), strict=True)))


def chosen(corpus: Path, half: str) -> list[Path]:
    """Returns the patches of a half of those with findings."""
    records = [
        json.loads(line)
        for line in (corpus / "checkpatch.jsonl").read_text().splitlines()
    ]
    named = sorted(
        record["patch"]
        for record in records
        if any(one["type"] not in LEFT_OUT for one in record["findings"])
    )
    halves = ("learn", "aside")
    return [
        corpus / "patches" / name
        for name in named
        if half
        in ("all", halves[hashlib.sha256(f"{SEED}{name}".encode()).digest()[0] % 2])
    ]


@dataclass(frozen=True)
class Answers:
    """checkpatch.pl of a tree, and the folder with its earlier answers."""

    tree: Path
    folder: Path | None

    def findings(self, content: bytes) -> Counts:
        """Returns how many findings of each type checkpatch.pl has in a patch."""
        return collections.Counter(self._answer(content)["findings"])

    def fixed(self, content: bytes) -> bytes:
        """Returns the patch after checkpatch.pl --fix."""
        return self._answer(content, "--fix")["fixed"].encode("latin-1")

    def _answer(self, content: bytes, *options: str) -> dict[str, str]:
        kept = (
            self.folder
            / hashlib.sha256(
                b" ".join((content, *map(str.encode, options)))
            ).hexdigest()
            if self.folder
            else None
        )
        if kept and kept.is_file():
            return json.loads(kept.read_text())
        with tempfile.TemporaryDirectory() as scratch:
            patch = Path(scratch) / "0001-fix.patch"
            patch.write_bytes(content)
            root = Path(scratch) / "root"
            root.mkdir()
            for name in os.listdir(self.tree):
                (root / name).symlink_to(self.tree / name)
            found = ask(
                self.tree / "scripts/checkpatch.pl",
                patch,
                [f"--root={self.tree}", *options],
                root,
                LEFT_OUT,
            )
            written = patch.with_name(patch.name + FIXED_BY_CHECKPATCH)
            fixed = written.read_bytes() if written.exists() else content
        answer = {
            "findings": [kind for kind, _ in found],
            "fixed": fixed.decode("latin-1"),
        }
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(answer))
        return answer


def scored(patch: Path, *, function, answers: Answers, ask_script: bool) -> Fixed:
    """Scores a tool's fixes of a patch."""
    content = patch.read_bytes()
    fixed, mine = function(content, answers)
    script = (
        tuple(answers.findings(one) for one in (content, fixed))
        if ask_script
        else (Counts(), Counts())
    )
    return Fixed(
        (script[0], mine[0]),
        (script[1], mine[1]),
        damage(content, fixed, DirectoryTree(answers.tree).version),
    )


def ours(
    content: bytes, answers: Answers, *, unsafe: bool = False
) -> tuple[bytes, tuple[Counts, Counts]]:
    """Returns the patch after `check --fix`, and the findings of patchpilot before and after."""
    request = _request(content)
    request = request._replace(unsafe_fixes=unsafe)
    result = fix(request, write=False, tree=DirectoryTree(answers.tree))
    texts = [text for patch in result.patches for text in patch.texts]
    fixed = (
        b"".join(
            b"%s\n" % line.encode("utf-8", "surrogateescape") for line in texts[0].after
        )
        if texts
        else content
    )
    return fixed, (_counted(result.check), _counted(result.remaining))


def theirs(content: bytes, answers: Answers) -> tuple[bytes, tuple[Counts, Counts]]:
    """Returns the patch after checkpatch.pl --fix, and the findings of patchpilot before and after."""  # noqa: E501
    fixed = answers.fixed(content)
    tree = DirectoryTree(answers.tree)
    return fixed, (
        _counted(check(_request(content), tree=tree)),
        _counted(check(_request(fixed), tree=tree)),
    )


def _request(content: bytes) -> CheckRequest:
    return CheckRequest(("-",), stdin=content, strict=True, kernel=KERNEL)


def _counted(result) -> Counts:
    return Counts(finding.checkpatch or finding.name for finding in result.all)


def damage(old: bytes, new: bytes, version: tuple[int, int] | None) -> str:
    """Returns what a fixed patch damages: "" where it applies to the same lines, and the result
    differs by equivalences only.

    Code that is not compiled from this kernel version on does not count.
    """
    if old == new:
        return ""
    patch = parse_patch(old, "old.patch")
    was, now = applied(patch, old), applied(patch, new)
    if was is None:
        return ""
    if now is None:
        return "does not apply"
    if was.keys() != now.keys():
        return "other files"
    changes = {
        change
        for path in was
        if path.endswith((".c", ".h"))
        for change in token_changes(
            *(_compiled(one[path], version) for one in (was, now))
        )
    }
    return "; ".join(sorted(changes))


def applied(patch: Patch, content: bytes) -> dict[str, str] | None:
    """Returns the files after a patch is applied to the old side of `patch`, None where it does not
    apply.
    """
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        for change in patch.files:
            if not change.old_path or not change.hunks:
                continue
            lines: list[str] = []
            for hunk in change.hunks:
                # other lines of the file, each different from every other
                lines += [
                    f"/* line {number} */"
                    for number in range(len(lines) + 1, hunk.old_start)
                ]
                lines += [line.text for line in hunk.lines if line.kind in " -"]
            (top / change.old_path).parent.mkdir(parents=True, exist_ok=True)
            (top / change.old_path).write_bytes(
                "".join(f"{line}\n" for line in lines).encode(
                    "utf-8", "surrogateescape"
                )
            )
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": scratch}
        done = subprocess.run(
            ["git", "apply", "--whitespace=nowarn"],
            cwd=top,
            input=content,
            env=environment,
            capture_output=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            return None
        return {
            str(file.relative_to(top)): file.read_text("latin-1")
            for file in sorted(top.rglob("*"))
            if file.is_file()
        }


def token_changes(old: str, new: str) -> Iterator[str]:
    """Yields the changes between the C tokens of two texts that are not in `EQUIVALENT`."""
    was, now = (
        token_lines(_CHAIN.sub(_split, _LICENSE.sub(r"\1", text)))
        for text in (old, new)
    )
    for group in difflib.SequenceMatcher(
        None, was, now, autojunk=False
    ).get_grouped_opcodes(_NEAR):
        (_, top, _, start, _), (_, _, bottom, _, end) = group[0], group[-1]
        if not aligns(
            _joined(was[top:bottom]),
            _joined(now[start:end]),
            EQUIVALENT,
            most=_MOST_ALIGNMENTS,
        ):
            for _, first, last, low, high in group:
                yield from _changes(_joined(was[first:last]), _joined(now[low:high]))


def _joined(lines: Sequence[tuple[str, ...]]) -> list[str]:
    return [token for line in lines for token in line]


def _compiled(text: str, version: tuple[int, int] | None) -> str:
    return "\n".join(compiled(text.split("\n"), "", version)) if version else text


def _split(chain: "cached_re.Match[str]") -> str:
    """Returns the two assignments that an assignment to two places is."""
    indent, first, second, value = chain.groups()
    if cached_re.fullmatch("[01]|NULL|true|false", value):
        return f"{indent}{first} = {value};\n{indent}{second} = {value};"
    return f"{indent}{second} = {value};\n{indent}{first} = {second};"


def _changes(was: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    """Yields the changed runs of tokens; hexadecimal digits may become lower case."""
    for kind, first, last, start, end in difflib.SequenceMatcher(
        None, was, now, autojunk=False
    ).get_opcodes():
        before, after = " ".join(was[first:last]), " ".join(now[start:end])
        is_hex = before.lower() == after.lower().removesuffix(
            ","
        ).rstrip() and cached_re.fullmatch(r"(?:0[xX]\w+ ?)+", before)
        if (
            kind != "equal"
            and not is_hex
            and not any(
                cached_re.fullmatch(one, before) and cached_re.fullmatch(two, after)
                for one, two in EQUIVALENT
            )
        ):
            yield f"'{before}' becomes '{after}'"


def token_lines(text: str) -> list[tuple[str, ...]]:
    """Returns the C tokens of each line that has some, by pygments' lexer, without comments."""
    lines: list[list[str]] = [[]]
    for kind, value in CLexer().get_tokens(text):
        if (
            kind not in Token.Comment
            or kind in Token.Comment.Preproc
            or kind in Token.Comment.PreprocFile
        ):
            lines[-1] += (
                cached_re.findall(r"\w+|\S", value)
                if kind in Token.Comment or value.startswith("-")
                else value.split()
            )
        lines += [[] for _ in range(value.count("\n"))]
    return [tuple(line) for line in lines if line]


def report(tool: str, results: dict[Path, Fixed]) -> None:
    """Prints a row for each checker, the damaged patches, and the types that remain."""
    damaged = {path: one.damage for path, one in results.items() if one.damage}
    broken = sum("does not apply" in text for text in damaged.values())
    for index, checker in enumerate(("checkpatch.pl", "patchpilot")):
        before, removed, new, left = Counts(), Counts(), Counts(), Counts()
        for one in results.values():
            before += one.before[index]
            removed += one.before[index] - one.after[index]
            new += one.after[index] - one.before[index]
            left += one.after[index]
        share = removed.total() / max(1, before.total())
        print(
            f"{tool}, checked by {checker}: {len(results)} patches, {before.total()} findings,"
            f" removed {removed.total()} ({share:.1%}), new {new.total()}, do not apply {broken},"
            f" otherwise damaged {len(damaged) - broken}"
        )
        print("  new: ", dict(new.most_common()))
        print(
            "  left:",
            {kind: (left[kind], before[kind]) for kind, _ in left.most_common(70)},
        )
    for path, text in damaged.items():
        print(f"  {path.name}: {text[:500]}")


if __name__ == "__main__":
    main()

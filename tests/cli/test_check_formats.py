# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the CI formats against official schemas. If a format has none, it is tested against our own
schema.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from jsonschema import Draft4Validator, Draft202012Validator, FormatChecker

from tests.kit.ci_schemas import CODE_SCANNING, GITLAB, JUNIT, SARIF
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED_LINE

BASE = "/* SPDX-License-Identifier: GPL-2.0 */\n"
LINE = '\tpr_info("größer ☃" ,x );\n'
CALL = f"{BASE}void f(int x)\n{{\n{LINE}}}\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.commit("frob: start\n\n" + SIGNED_LINE, {"lib/frob.c": BASE})
    repo.commit(
        f"frob: say it\n\nThe user has to see the size. Print it.\n\n{SIGNED_LINE}",
        {"lib/frob.c": CALL},
    )
    return repo


def print_report(repo: Repo, output_format: str, *arguments: str) -> str:
    return repo.patchpilot("check HEAD --format", output_format, *arguments).out


WAYS = [
    (),
    ("--strict",),
    ("--waive", "space-before-comma=our style"),
    ("--write-baseline", "baseline.json"),
    ("--since-version", "out"),
]


@pytest.fixture
def check_inputs(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[tuple[str, ...], bytes]]:
    """Return inputs for check.

    They are a commit, a patch file, an mbox with special characters in names, standard input, and a
    source file.
    """
    monkeypatch.chdir(repo.path)
    repo.git("format-patch -q -1 -o out")
    repo.commit(
        f"frob: größer \x0c und \x1b[1mmehr\n\nTeh ☃ has \ufffe no space.\n\n{SIGNED_LINE}",
        {"lib/größe&co.c": CALL},
    )
    mails = repo.git("format-patch --stdout -2 '--from=Ada Größer <ada@example.org>'").encode()
    (repo.path / "mails.mbox").write_bytes(mails)
    patch = str(next((repo.path / "out").iterdir()).relative_to(repo.path))
    return [
        (arguments, mails)
        for arguments in (
            ("HEAD",),
            (patch,),
            ("mails.mbox",),
            ("-",),
            ("-f", "lib/größe&co.c"),
        )
    ]


def print_documents(
    output_format: str,
    arguments: tuple[str, ...],
    check_inputs: list[tuple[tuple[str, ...], bytes]],
) -> Iterator[str]:
    for target, stdin in check_inputs:
        if target[0] == "-f" and arguments[:1] == ("--since-version",):
            continue
        yield call("check", *target, "--format", output_format, *arguments, stdin=stdin).out


@pytest.mark.skipif(not JUNIT.exists(), reason="needs Jenkins' schema, which .ci/setup installs")
@pytest.mark.parametrize("words", WAYS)
def test_junit_matches_the_jenkins_schema(
    words: tuple[str, ...], check_inputs: list[tuple[tuple[str, ...], bytes]]
) -> None:
    schema = xmlschema.XMLSchema(JUNIT)
    skipped = False
    for text in print_documents("junit", words, check_inputs):
        assert [f"{error.path}: {error.reason}" for error in schema.iter_errors(text)] == []
        skipped |= ET.fromstring(text).find(".//skipped") is not None
    assert skipped == (words[:1] == ("--waive",))


SCHEMAS = {
    "sarif": ("sarif", Draft4Validator(SARIF, format_checker=FormatChecker())),
    "code scanning": ("sarif", Draft202012Validator(CODE_SCANNING)),
    "gitlab": ("gitlab", Draft202012Validator(GITLAB)),
}


@pytest.mark.parametrize("words", WAYS)
@pytest.mark.parametrize("name", SCHEMAS)
def test_documents_match_their_schemas(
    name: str, words: tuple[str, ...], check_inputs: list[tuple[tuple[str, ...], bytes]]
) -> None:
    form, schema = SCHEMAS[name]
    for text in print_documents(form, words, check_inputs):
        assert [
            f"{error.json_path}: {error.message}" for error in schema.iter_errors(json.loads(text))
        ] == []


def locate_results(document: str) -> list[tuple[str, str, int]]:
    """Return the message of each result with its file and line."""
    (run,) = json.loads(document)["runs"]
    return [
        (
            result["message"]["text"],
            place["artifactLocation"]["uri"],
            place["region"]["startLine"],
        )
        for result in run["results"]
        for place in [result["locations"][0]["physicalLocation"]]
    ]


UNSIGNED = "frob: say more\n\nThe user has to see the size. Print it.\n"


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"lib/a.h": None, "lib/frob.c": f"{CALL}int g;\n"}, ("lib/frob.c", 6)),
        ({"lib/frob.c": BASE}, ("lib/frob.c", 1)),
        ({"lib/a.h": None}, ("lib/a.h", 1)),
    ],
    ids=["added line", "removed lines", "removed file"],
)
def test_sarif_locates_message_findings_in_the_change(
    repo: Repo, files: dict[str, str | None], place: tuple[str, int]
) -> None:
    repo.commit("frob: add a\n", {"lib/a.h": BASE})
    for path in [path for path, content in files.items() if content is None]:
        repo.git("rm -q", path)
    commit = repo.commit(
        UNSIGNED,
        {path: content for path, content in files.items() if content is not None},
    )
    ((message, *located),) = locate_results(print_report(repo, "sarif", "--select", "no-sign-off"))
    assert tuple(located) == place
    assert re.search(r" \((\w+)\)$", message)[1] in commit  # type: ignore[index]


def test_sarif_names_the_input_without_a_changed_file(repo: Repo) -> None:
    repo.commit(UNSIGNED, {"lib/frob.c": f"{CALL}int g;\n"})
    mail = repo.git("format-patch --stdout -1")
    without_names = re.sub(r"(?m)^(?:diff|index|---|\+\+\+) .*\n", "", mail)
    for patch, place in ((mail, ("lib/frob.c", 6)), (without_names, ("stdin", 1))):
        document = call(
            *("check", "-", "--select", "no-sign-off", "--format", "sarif"),
            stdin=patch.encode(),
        ).out
        assert [(uri, line) for _, uri, line in locate_results(document)] == [place]


def test_sarif_locates_only_real_files(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    # a message in an mbox is named FILE:NUMBER, which is no file
    repo.commit(UNSIGNED, {"lib/frob.c": f"{CALL}int g;\n"})
    mails = repo.git("format-patch --stdout -2")
    (repo.path / "two.mbox").write_text(mails)
    monkeypatch.chdir(repo.path)
    for target in ("two.mbox", "-"):
        options = ("--select", "no-sign-off", "--format", "sarif")
        document = call("check", target, *options, stdin=mails.encode()).out
        ((message, *place),) = locate_results(document)
        assert place == ["lib/frob.c", 6]
        assert f"({target}:2)" in message


@pytest.mark.parametrize("target", ["out", "all.mbox", "-", "HEAD~2.."])
def test_series_findings_are_in_their_own_patch(
    repo: Repo, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # two patches have one subject, and the cover letter has git's text
    monkeypatch.chdir(repo.path)
    for name in ("a", "b"):
        repo.commit(f"frob: add it\n\nAdd {name}.\n\n{SIGNED_LINE}", {f"lib/{name}.h": BASE})
    repo.git("format-patch", "-q", "--cover-letter", "-o", "out", "HEAD~2")
    mails = [mail.read_text() for mail in sorted((repo.path / "out").iterdir())]
    (repo.path / "all.mbox").write_text("".join(mails))
    select = "duplicate-subject,unfinished-cover-letter"
    words = ("check", target, "--select", select, "--format")
    text = "".join(mails).encode()
    found = json.loads(call(*words, "json", stdin=text).out)["series"]["findings"]
    in_patches = {finding["name"]: finding["in_patch"] for finding in found}
    results = locate_results(call(*words, "sarif", stdin=text).out)
    places = dict(zip([finding["name"] for finding in found], results, strict=True))
    _, *second = places["duplicate-subject"]
    if target == "out":
        assert second == ["out/0002-frob-add-it.patch", 4]
        assert places["unfinished-cover-letter"][1:] == ("out/0000-cover-letter.patch", 4)
        assert in_patches["unfinished-cover-letter"].endswith("out/0000-cover-letter.patch")
    elif target == "HEAD~2..":
        assert second == ["lib/b.h", 1]
        assert in_patches == {"duplicate-subject": repo.git("rev-parse", "HEAD").strip()[:12]}
    else:
        assert second == ["lib/b.h", 1]
        assert f"({target}:3:4)" in places["duplicate-subject"][0]
        assert f"({target}:1:4)" in places["unfinished-cover-letter"][0]
        assert in_patches["duplicate-subject"] == f"{target}:3"


MISSPELLED = f"frob: more.\n\nIt has occured that\nthere is none. Add it.\n\n{SIGNED_LINE}"


@pytest.mark.parametrize("is_file", [False, True])
def test_sarif_has_the_edits_of_messages(
    repo: Repo, is_file: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.path)
    repo.commit(MISSPELLED, {"lib/frob.c": f"{CALL}int g;\n"})
    repo.git("format-patch -q -1")
    (file,) = repo.path.glob("*.patch")
    select = "possible-misspelling,subject-ends-with-punctuation"
    words = ("check", file.name if is_file else "HEAD", "--select", select, "--format")
    (checked,) = json.loads(call(*words, "json").out)["patches"]
    (run,) = json.loads(call(*words, "sarif").out)["runs"]
    edits = [(found["message_line"], found["edits"]) for found in checked["findings"]]
    assert [line for line, _ in edits] == [1, 3]
    properties = [result["properties"] for result in run["results"]]
    assert [(each["messageLine"], each["edits"]) for each in properties] == edits
    changes = [
        fix["artifactChanges"] for result in run["results"] for fix in result.get("fixes", ())
    ]
    lines = file.read_text().split("\n")
    for (change,) in changes:
        assert change["artifactLocation"]["uri"] == file.name
        (replacement,) = change["replacements"]
        first, end = _read_region_lines(replacement["deletedRegion"])
        assert lines[first - 1 : end - 1] == ["It has occured that"]
        assert replacement["insertedContent"]["text"] == "It has occurred that"
    assert len(changes) == is_file


CODE = (
    "// SPDX-License-Identifier: GPL-2.0\n"
    + "int f(int x);\nint g(int x)\n{\n\treturn f(x ) ;\n}\n\n\nint h(int x);\n"
)
FIXED = (
    "// SPDX-License-Identifier: GPL-2.0\n"
    + "int f(int x);\nint g(int x)\n{\n\treturn f(x);\n}\n\nint h(int x);\n"
)


@pytest.mark.parametrize("words", [("HEAD",), ("-f", "lib/frob.c")])
def test_sarif_fixes_match_fix(
    repo: Repo, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.path)
    repo.commit(f"frob: more\n\nMore is needed. Add it.\n\n{SIGNED_LINE}", {"lib/frob.c": CODE})
    (run,) = json.loads(call("check", *words, "--strict", "--format", "sarif").out)["runs"]
    changes = [
        fix["artifactChanges"][0] for result in run["results"] for fix in result.get("fixes", [])
    ]
    assert {change["artifactLocation"]["uri"] for change in changes} == {"lib/frob.c"}
    lines = CODE.split("\n")
    assert _apply_edits(
        lines,
        [
            (
                *_read_region_lines(replacement["deletedRegion"]),
                replacement["insertedContent"]["text"],
            )
            for change in changes
            for replacement in change["replacements"]
        ],
    )


def _read_region_lines(region: dict[str, int]) -> tuple[int, int]:
    return region["startLine"], region["endLine"] + (0 if region.get("endColumn") == 1 else 1)


def _apply_edits(lines: list[str], edits: list[tuple[int, int, str]]) -> bool:
    """Apply each edit once. Return whether the result is the same as the fixed file."""
    fixed_lines = list(lines)
    for first_line, end, replacement in sorted(set(edits), reverse=True):
        fixed_lines[first_line - 1 : end - 1] = replacement.split("\n") if replacement else []
    return "\n".join(fixed_lines) == FIXED


def test_columns_count_characters(repo: Repo) -> None:
    (run,) = json.loads(print_report(repo, "sarif", "--select", "space-inside-brackets"))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    (finding,) = run["results"]
    region = finding["locations"][0]["physicalLocation"]["region"]
    expected = LINE.index(" );") + 1
    assert abs(region["startColumn"] - expected) <= 1, (region, expected)
    assert f"col={region['startColumn']}," in print_report(
        repo, "github", "--select", "space-inside-brackets"
    )


def test_column_is_the_first_excess_character(
    repo: Repo,
) -> None:
    code = "\tint " + "a" * 110 + ";\n"
    repo.commit(
        f"frob: more\n\nMore is needed. Add it.\n\n{SIGNED_LINE}",
        {"lib/frob.c": BASE + code},
    )
    (run,) = json.loads(print_report(repo, "sarif", "--select", "long-line"))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"] == 94


@pytest.mark.parametrize("form", ["sarif", "gitlab", "github"])
def test_path_is_relative_to_the_repository(repo: Repo, form: str) -> None:
    repo.git("format-patch -q -1 -o out --subject-prefix 'PATCH foo'")
    (file,) = (repo.path / "out").iterdir()
    text = file.read_text().replace("The user has", "Teh user has")
    file.write_text(text.replace(SIGNED_LINE, ""))
    output = repo.patchpilot("check", file, "--format", form, "--select", "MISSING_SIGN_OFF").out
    assert f"out/{file.name}" in output
    assert str(repo.path) not in output


@pytest.mark.parametrize(
    ("form", "key"), [("gitlab", "fingerprint"), ("sarif", "partialFingerprints")]
)
def test_fingerprints_survive_an_amend(repo: Repo, form: str, key: str) -> None:
    def read_fingerprints() -> list[str]:
        document = json.loads(print_report(repo, form, "--strict"))
        results = document if form == "gitlab" else document["runs"][0]["results"]
        return [json.dumps(result[key]) for result in results]

    before = read_fingerprints()
    assert len(set(before)) == len(before) > 1
    repo.git(
        "commit -q --amend -m",
        f"frob: say it\n\nThe user has to see it. Print it.\n\n{SIGNED_LINE}",
    )
    assert read_fingerprints() == before


SPDX = "// SPDX-License-Identifier: GPL-2.0\n"
REASON = f"The user has to see the size. Print it.\n\n{SIGNED_LINE}"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        # checkpatch.pl asks for MAINTAINERS, and the other formats do not
        ({"lib/new.c": SPDX}, f"frob: say it\n\n{REASON}"),
        # its long line, in the other formats a check
        (
            {"lib/frob.c": f"{BASE}static int frob{'_' * 90}; /* {'x' * 20} */\n"},
            f"frob: say it\n\n{REASON}",
        ),
        ({"lib/frob.c": f"{BASE}int  b ;\n"}, "frob: say it"),
    ],
)
def test_format_does_not_decide(repo: Repo, files: dict[str, str], message: str) -> None:
    repo.commit(message, files)
    for fail_on in ("error", "warning", "check"):
        arguments = ("check", "-C", repo.path, "HEAD", "--fail-on", fail_on)
        forms = ("text", "jsonl", "checkpatch")
        codes = {form: call(*arguments, "--format", form).code for form in forms}
        assert set(codes.values()) == {codes["text"]}, (fail_on, codes)


def test_checkpatch_format_prints_what_the_text_shows(repo: Repo) -> None:
    repo.commit(
        f"frob: Says it.\n\nTeh size. Print it.\n\n{SIGNED_LINE}",
        {"lib/frob.c": f"{CALL}int  b ;\n// {'x' * 110}\n"},
    )
    arguments = ("check", "-C", repo.path, "HEAD", "--format")
    (patch,) = json.loads(call(*arguments, "json").out)["patches"]
    printed = call(*arguments, "checkpatch").out
    for finding in patch["findings"]:
        kind = finding["checkpatch"] or finding["name"].upper().replace("-", "_")
        assert f":{finding['patch_line'] or 1}: " in printed
        assert f":{kind}: " in printed

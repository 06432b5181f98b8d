# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the language server with a real client.

Findings, hover and fixes are tested in source files, messages and patch files.
"""

import re
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from patchpilot.model.printable import UNSAFE
from tests.kit import patches
from tests.kit.cli import start_and_wait
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED_LINE

CODE = "/* SPDX-License-Identifier: GPL-2.0 */\n\nint frob(int x)\n{\n\treturn x;\n}\n"
BAD = CODE.replace("return x;", "if(x)\n\t\treturn 1; \n\treturn x;")


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=[sys.executable, "-m", "patchpilot", "lsp"])
)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    await lsp_client.initialize_session(
        lsp.InitializeParams(capabilities=client_capabilities("neovim"))
    )
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.commit(f"frob: start\n\n{SIGNED_LINE}", {"lib/frob.c": CODE, "lib/other.c": CODE})
    return repo


class EditedText:
    """A file open in the editor."""

    def __init__(self, client: LanguageClient, path: Path) -> None:
        self.client, self.uri, self.version = client, path.as_uri(), 0

    async def open_and_find_lines(self, text: str) -> list[tuple[int, str]]:
        item = lsp.TextDocumentItem(self.uri, "c", self.version, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return await self._wait_for_findings()

    async def change_and_find_lines(self, text: str) -> list[tuple[int, str]]:
        self.version += 1
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        document = lsp.VersionedTextDocumentIdentifier(self.version, self.uri)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))
        return await self._wait_for_findings()

    async def _wait_for_findings(self) -> list[tuple[int, str]]:
        """Wait for the findings. Return their line numbers (from 0) and rule names."""
        while True:
            params = await self.client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            if params.uri == self.uri and params.version == self.version:
                return [
                    (diagnostic.range.start.line, str(diagnostic.code))
                    for diagnostic in params.diagnostics
                ]

    async def read_hover_text(self, line: int) -> str:
        params = lsp.HoverParams(lsp.TextDocumentIdentifier(self.uri), lsp.Position(line, 0))
        hover_response = await self.client.text_document_hover_async(params)
        return (
            hover_response.contents.value
            if hover_response and isinstance(hover_response.contents, lsp.MarkupContent)
            else ""
        )

    async def apply_suggested_fixes(
        self, text: str, line: int, only: str = "quickfix"
    ) -> list[str]:
        """Return the text after each of the fixes that are suggested for a line.

        `only` is the kind of the wanted fixes; "" means any.
        """
        span = lsp.Range(lsp.Position(line, 0), lsp.Position(line, 0))
        context = lsp.CodeActionContext([], [only] if only else None)
        params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(self.uri), span, context)
        code_actions = await self.client.text_document_code_action_async(params)
        fixed_texts = []
        for code_action in code_actions or ():
            assert isinstance(code_action, lsp.CodeAction)
            assert code_action.edit
            assert code_action.edit.changes
            lines = text.splitlines(keepends=True)
            for text_edit in reversed(code_action.edit.changes[self.uri]):
                lines[text_edit.range.start.line : text_edit.range.end.line] = (
                    text_edit.new_text.splitlines(keepends=True)
                )
            fixed_texts.append("".join(lines))
        return fixed_texts


async def test_findings_follow_edits(client: LanguageClient, repo: Repo) -> None:
    document = EditedText(client, repo.path / "lib" / "frob.c")
    assert await document.open_and_find_lines(CODE) == []
    assert await document.change_and_find_lines(BAD) == [
        (4, "no-space-after-keyword"),
        (5, "trailing-space"),
    ]
    assert await document.change_and_find_lines(CODE) == []


async def test_unchanged_lines_have_no_findings(client: LanguageClient, repo: Repo) -> None:
    repo.commit(f"frob: more\n\n{SIGNED_LINE}", {"lib/frob.c": BAD})
    assert await EditedText(client, repo.path / "lib" / "frob.c").open_and_find_lines(
        BAD + "\nint more; \n"
    ) == [(9, "trailing-space")]


async def test_opening_one_file_checks_all_changes(client: LanguageClient, repo: Repo) -> None:
    (repo.path / "lib" / "other.c").write_text(BAD)
    other = (repo.path / "lib" / "other.c").as_uri()
    await EditedText(client, repo.path / "lib" / "frob.c").open_and_find_lines(CODE)
    while other not in client.diagnostics:
        await client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    assert [diagnostic.code for diagnostic in client.diagnostics[other]] == [
        "no-space-after-keyword",
        "trailing-space",
    ]


async def test_safe_fix_is_offered(client: LanguageClient, repo: Repo) -> None:
    document = EditedText(client, repo.path / "lib" / "frob.c")
    await document.open_and_find_lines(BAD)
    assert await document.apply_suggested_fixes(BAD, 5) == [BAD.replace("1; \n", "1;\n")]
    assert await document.apply_suggested_fixes(BAD, 4) == [BAD.replace("if(", "if (")]
    assert await document.apply_suggested_fixes(BAD, 1) == []


async def test_one_action_applies_all_fixes(client: LanguageClient, repo: Repo) -> None:
    document = EditedText(client, repo.path / "lib" / "frob.c")
    await document.open_and_find_lines(BAD)
    fixed = BAD.replace("1; \n", "1;\n").replace("if(", "if (")
    for kind in ("source.fixAll", "source.fixAll.patchpilot", "source"):
        assert await document.apply_suggested_fixes(BAD, 1, kind) == [fixed]
    assert fixed in await document.apply_suggested_fixes(BAD, 4, "")
    assert await document.apply_suggested_fixes(BAD, 1, "") == []
    await document.change_and_find_lines(fixed)
    assert await document.apply_suggested_fixes(fixed, 4, "source.fixAll") == []


async def test_misspelled_word_can_be_replaced(client: LanguageClient, repo: Repo) -> None:
    spelling = "loose||lose, loosen\n"
    repo.commit(f"all: words\n\n{SIGNED_LINE}", {"scripts/spelling.txt": spelling})
    document = EditedText(client, repo.path / "lib" / "frob.c")
    bad = CODE.replace("return x;", "return x; /* Dont loose it */")
    assert (4, "misspelling") in await document.open_and_find_lines(bad)
    fixes = await document.apply_suggested_fixes(bad, 4)
    assert bad.replace("loose", "lose") in fixes
    assert bad.replace("loose", "loosen") in fixes


async def test_message_shows_what_the_hook_rejects(client: LanguageClient, repo: Repo) -> None:
    repo.put("lib/frob.c", CODE.replace("return x;", "BUG_ON(x);\n<<<<<<< HEAD\n\treturn x;"))
    repo.git("add -A")
    message = "frob: return one more\n\nThe caller has to see the size.\n# comment\n"
    file = repo.path / ".git" / "COMMIT_EDITMSG"
    file.write_text(message)
    document = EditedText(client, file)
    findings = await document.open_and_find_lines(message)
    assert (2, "no-sign-off") in findings
    shown = {str(one.code): one.message for one in client.diagnostics[document.uri]}
    assert shown["conflict-marker"].startswith("lib/frob.c:6: ")
    hook = repo.patchpilot("setup hooks commit-msg --run", file)
    assert hook.code == 1
    rejected = re.findall(r"(?m)\berror: .*\[([\w-]+)\]$", hook.out + hook.err)
    assert set(rejected) <= shown.keys()
    assert len(rejected) > 1


async def test_hover_shows_the_rule_page(client: LanguageClient, repo: Repo) -> None:
    document = EditedText(client, repo.path / "lib" / "frob.c")
    await document.open_and_find_lines(BAD)
    assert (await document.read_hover_text(5)).startswith("# trailing-space\n")
    assert await document.read_hover_text(1) == ""


async def test_commit_message_is_checked_while_typing(client: LanguageClient, repo: Repo) -> None:
    repo.put("lib/frob.c", CODE.replace("return x", "return x + 1"))
    repo.git("add -A")
    repo.git("config patchpilot.strict true")
    document = EditedText(client, repo.path / ".git" / "COMMIT_EDITMSG")
    comments = "# Please enter the commit message.\n"
    assert await document.open_and_find_lines(f"\n{comments}") == []
    body = "The caller has to see the the size of what was read.\n"
    message = f"{comments}frob: return one more.\n\n{comments}{body}\n{SIGNED_LINE}{comments}"
    findings = await document.change_and_find_lines(message)
    assert findings == [(1, "subject-ends-with-punctuation"), (4, "repeated-word")]
    (fixed,) = await document.apply_suggested_fixes(message, 1)
    assert fixed == message.replace("more.", "more")


async def test_patch_file_is_checked(client: LanguageClient, tmp_path: Path) -> None:
    document = EditedText(client, tmp_path / "0001-x.patch")
    mail = patches.build_patch_text(diff=patches.DIFF.replace("rc = bar();", "rc = bar(); "))
    line = mail.split("\n").index("+\trc = bar(); ")
    assert (line, "trailing-space") in await document.open_and_find_lines(mail)
    assert await document.apply_suggested_fixes(mail, line) == [mail.replace("bar(); ", "bar();")]
    assert await document.change_and_find_lines("no patch\n") == []


async def test_escape_sequences_are_removed(client: LanguageClient, tmp_path: Path) -> None:
    hostile = "\x1b]8;;command:a\x07the the\x1b]8;;\x07 \u202e\x9b2J [a](command:b) <img src=c>"
    document = EditedText(client, tmp_path / "0001-x.patch")
    mail = patches.build_patch_text(
        f"[PATCH] a: {hostile}", f"{hostile}\n\nReviewed-by: {hostile}\n{patches.BODY}"
    )
    assert await document.open_and_find_lines(mail)
    diagnostics = client.diagnostics[document.uri]
    assert any("the" in diagnostic.message for diagnostic in diagnostics)
    assert not [
        diagnostic.message for diagnostic in diagnostics if UNSAFE.search(diagnostic.message)
    ]
    assert all(
        diagnostic.code_description and diagnostic.code_description.href.startswith("https://")
        for diagnostic in diagnostics
    )
    # a page describes the rule and does not quote the patch
    pages = [await document.read_hover_text(line) for line in range(len(mail.split("\n")))]
    assert not [page for page in pages if "command:" in page or "<img" in page]


@pytest.mark.long
async def test_large_change_is_checked_quickly(client: LanguageClient, repo: Repo) -> None:
    document = EditedText(client, repo.path / "lib" / "frob.c")
    functions = "".join(
        f"\nint frob{number}(int x)\n{{\n\tif (x > {number})\n\t\treturn {number};\n\treturn"
        " x;\n}\n"
        for number in range(71)
    )
    await document.open_and_find_lines(CODE + functions)
    times = []
    for number in range(5):
        start = time.process_time(), time.monotonic()
        assert (
            len(CODE.splitlines()) + 3,
            "trailing-space",
        ) in await document.change_and_find_lines(
            CODE + functions.replace("(x > 0)", f"(x > 0{number}) ")
        )
        times.append(time.monotonic() - start[1])
    # it takes 150 ms on an idle machine, but this one may be busy
    assert min(times) < 1.5, times


def test_missing_pygls_names_its_extra(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['pygls'] = None\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path))
        result = start_and_wait("lsp")
    assert result.code == 3
    assert "pygls" in result.err
    assert "pip install 'pygls" in result.err


@pytest.mark.parametrize("length", ["99999999999", "9" * 5000, "0" * 100 + "9" * 12])
def test_oversized_message_is_an_error(length: str) -> None:
    outcome = start_and_wait("lsp", stdin=f"Content-Length: {length}\r\n\r\n{{}}".encode())
    assert (outcome.code, outcome.out) == (2, "")
    assert "too large" in outcome.err
    assert "Traceback" not in outcome.err

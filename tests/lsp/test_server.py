# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the language server with a real client.

Findings, hover and fixes are tested in source files, messages and patch files.
"""

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
from tests.kit.cli import spawn
from tests.kit.repos import Repo

SIGNED = "Signed-off-by: Ada Fixer <ada@example.org>\n"
CODE = "/* SPDX-License-Identifier: GPL-2.0 */\n\nint frob(int x)\n{\n\treturn x;\n}\n"
BAD = CODE.replace("return x;", "if(x)\n\t\treturn 1; \n\treturn x;")


@pytest_lsp.fixture(
    config=ClientServerConfig(
        server_command=[sys.executable, "-m", "patchpilot", "lsp"]
    )
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
    repo.commit(f"frob: start\n\n{SIGNED}", {"lib/frob.c": CODE, "lib/other.c": CODE})
    return repo


class EditedText:
    """A file open in the editor."""

    def __init__(self, client: LanguageClient, path: Path) -> None:
        self.client, self.uri, self.version = client, path.as_uri(), 0

    async def opened(self, text: str) -> list[tuple[int, str]]:
        item = lsp.TextDocumentItem(self.uri, "c", self.version, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return await self._found()

    async def changed(self, text: str) -> list[tuple[int, str]]:
        self.version += 1
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        document = lsp.VersionedTextDocumentIdentifier(self.version, self.uri)
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(document, [change])
        )
        return await self._found()

    async def _found(self) -> list[tuple[int, str]]:
        """Wait for the findings. Return their line numbers (from 0) and rule names."""
        while True:
            params = await self.client.wait_for_notification(
                lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
            )
            if params.uri == self.uri and params.version == self.version:
                return [
                    (diagnostic.range.start.line, str(diagnostic.code))
                    for diagnostic in params.diagnostics
                ]

    async def hover(self, line: int) -> str:
        params = lsp.HoverParams(
            lsp.TextDocumentIdentifier(self.uri), lsp.Position(line, 0)
        )
        answer = await self.client.text_document_hover_async(params)
        return (
            answer.contents.value
            if answer and isinstance(answer.contents, lsp.MarkupContent)
            else ""
        )

    async def fixed(self, text: str, line: int) -> list[str]:
        """Return the text after each of the fixes that are suggested for a line."""
        span = lsp.Range(lsp.Position(line, 0), lsp.Position(line, 0))
        params = lsp.CodeActionParams(
            lsp.TextDocumentIdentifier(self.uri), span, lsp.CodeActionContext([])
        )
        actions = await self.client.text_document_code_action_async(params)
        texts = []
        for action in actions or ():
            assert isinstance(action, lsp.CodeAction)
            assert action.edit
            assert action.edit.changes
            lines = text.splitlines(keepends=True)
            for edit in reversed(action.edit.changes[self.uri]):
                lines[edit.range.start.line : edit.range.end.line] = (
                    edit.new_text.splitlines(keepends=True)
                )
            texts.append("".join(lines))
        return texts


async def test_findings_follow_edits(client: LanguageClient, repo: Repo) -> None:
    text = EditedText(client, repo.path / "lib" / "frob.c")
    assert await text.opened(CODE) == []
    assert await text.changed(BAD) == [
        (4, "no-space-after-keyword"),
        (5, "trailing-space"),
    ]
    assert await text.changed(CODE) == []


async def test_unchanged_lines_have_no_findings(
    client: LanguageClient, repo: Repo
) -> None:
    repo.commit(f"frob: more\n\n{SIGNED}", {"lib/frob.c": BAD})
    assert await EditedText(client, repo.path / "lib" / "frob.c").opened(
        BAD + "\nint more; \n"
    ) == [(9, "trailing-space")]


async def test_opening_one_file_checks_all_changes(
    client: LanguageClient, repo: Repo
) -> None:
    (repo.path / "lib" / "other.c").write_text(BAD)
    other = (repo.path / "lib" / "other.c").as_uri()
    await EditedText(client, repo.path / "lib" / "frob.c").opened(CODE)
    while other not in client.diagnostics:
        await client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    assert [diagnostic.code for diagnostic in client.diagnostics[other]] == [
        "no-space-after-keyword",
        "trailing-space",
    ]


async def test_safe_fix_is_offered(client: LanguageClient, repo: Repo) -> None:
    text = EditedText(client, repo.path / "lib" / "frob.c")
    await text.opened(BAD)
    assert await text.fixed(BAD, 5) == [BAD.replace("1; \n", "1;\n")]
    assert await text.fixed(BAD, 4) == [BAD.replace("if(", "if (")]
    assert await text.fixed(BAD, 1) == []


async def test_hover_shows_the_rule_page(client: LanguageClient, repo: Repo) -> None:
    text = EditedText(client, repo.path / "lib" / "frob.c")
    await text.opened(BAD)
    assert (await text.hover(5)).startswith("# trailing-space\n")
    assert await text.hover(1) == ""


async def test_commit_message_is_checked_while_typing(
    client: LanguageClient, repo: Repo
) -> None:
    repo.put("lib/frob.c", CODE.replace("return x", "return x + 1"))
    repo.git("add", "-A")
    repo.git("config", "patchpilot.strict", "true")
    text = EditedText(client, repo.path / ".git" / "COMMIT_EDITMSG")
    comments = "# Please enter the commit message.\n"
    assert await text.opened(f"\n{comments}") == []
    body = "The caller has to see the the size of what was read.\n"
    message = (
        f"{comments}frob: return one more.\n\n{comments}{body}\n{SIGNED}{comments}"
    )
    findings = await text.changed(message)
    assert findings == [(1, "subject-ends-with-punctuation"), (4, "repeated-word")]
    (fixed,) = await text.fixed(message, 1)
    assert fixed == message.replace("more.", "more")


async def test_patch_file_is_checked(client: LanguageClient, tmp_path: Path) -> None:
    text = EditedText(client, tmp_path / "0001-x.patch")
    mail = patches.mail(diff=patches.DIFF.replace("rc = bar();", "rc = bar(); "))
    line = mail.split("\n").index("+\trc = bar(); ")
    assert (line, "trailing-space") in await text.opened(mail)
    assert await text.fixed(mail, line) == [mail.replace("bar(); ", "bar();")]
    assert await text.changed("no patch\n") == []


async def test_escape_sequences_are_removed(
    client: LanguageClient, tmp_path: Path
) -> None:
    hostile = "\x1b]8;;command:a\x07the the\x1b]8;;\x07 \u202e\x9b2J [a](command:b) <img src=c>"
    text = EditedText(client, tmp_path / "0001-x.patch")
    mail = patches.mail(
        f"[PATCH] a: {hostile}", f"{hostile}\n\nReviewed-by: {hostile}\n{patches.BODY}"
    )
    assert await text.opened(mail)
    diagnostics = client.diagnostics[text.uri]
    assert any("the" in diagnostic.message for diagnostic in diagnostics)
    assert not [
        diagnostic.message
        for diagnostic in diagnostics
        if UNSAFE.search(diagnostic.message)
    ]
    assert all(
        diagnostic.code_description
        and diagnostic.code_description.href.startswith("https://")
        for diagnostic in diagnostics
    )
    # a page describes the rule and does not quote the patch
    pages = [await text.hover(line) for line in range(len(mail.split("\n")))]
    assert not [page for page in pages if "command:" in page or "<img" in page]


@pytest.mark.long
async def test_large_change_is_checked_quickly(
    client: LanguageClient, repo: Repo
) -> None:
    text = EditedText(client, repo.path / "lib" / "frob.c")
    functions = "".join(
        f"\nint frob{number}(int x)\n{{\n\tif (x > {number})\n\t\treturn {number};\n\treturn"
        " x;\n}\n"
        for number in range(71)
    )
    await text.opened(CODE + functions)
    times = []
    for number in range(5):
        start = time.process_time(), time.monotonic()
        assert (len(CODE.splitlines()) + 3, "trailing-space") in await text.changed(
            CODE + functions.replace("(x > 0)", f"(x > 0{number}) ")
        )
        times.append(time.monotonic() - start[1])
    # it takes 150 ms on an idle machine, but this one may be busy
    assert min(times) < 1.5, times


def test_missing_pygls_names_its_extra(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['pygls'] = None\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path))
        done = spawn("lsp")
    assert done.code == 3
    assert "pygls" in done.err
    assert "pip install 'pygls" in done.err


@pytest.mark.parametrize("length", ["99999999999", "9" * 5000, "0" * 100 + "9" * 12])
def test_oversized_message_is_an_error(length: str) -> None:
    outcome = spawn("lsp", stdin=f"Content-Length: {length}\r\n\r\n{{}}".encode())
    assert (outcome.code, outcome.out) == (2, "")
    assert "too large" in outcome.err
    assert "Traceback" not in outcome.err

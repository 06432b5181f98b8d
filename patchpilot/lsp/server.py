# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the language server: handle an editor's requests and publish the findings."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar, cast

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import TextDocument

from patchpilot import __version__
from patchpilot.checking.editor_check import (
    LONG,
    EditorCheck,
    TextEdit,
    find_edited_tree,
    find_replacements,
)
from patchpilot.checking.result import FindingRow
from patchpilot.errors import CancelledError, InputError, PatchpilotError
from patchpilot.model.bounded import MAX_INPUT, MIB
from patchpilot.model.printable import make_printable
from patchpilot.model.rule import Severity
from patchpilot.model.web_address import valid_web_address

_LENGTH = re.compile(rb"content-length:\s*0*(\d+)\s*", re.IGNORECASE)
_LONGEST_HEADER = 4096
_DIGITS = len(str(MAX_INPUT))


class BoundedInput:
    """A binary stream of messages.

    Reading a message that is larger than the input limit raises InputError.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readline(self) -> bytes:
        """Return the next header line."""
        line = self._stream.readline(_LONGEST_HEADER)
        match = _LENGTH.match(line)
        is_large = match and (len(match[1]) > _DIGITS or int(match[1]) > MAX_INPUT)
        if is_large or len(line) == _LONGEST_HEADER:
            raise InputError(
                "the editor sent a message that is too large",
                hint=(
                    f"the limit is {MAX_INPUT // MIB} MiB, and {_LONGEST_HEADER:,} bytes for a line"
                    " of its header"
                ),
            )
        return line

    def read(self, size: int) -> bytes:
        return self._stream.read(size)

    def close(self) -> None:
        self._stream.close()


def limit_stream(stream: BinaryIO) -> BinaryIO:
    """Wrap a stream to limit the size of messages."""
    return cast("BinaryIO", BoundedInput(stream))


PAUSE, LONGEST_PAUSE = 0.02, 1.0
"""Seconds without a change after which a text is checked, and for a text whose check takes long."""
FIX_ALL = f"{lsp.CodeActionKind.SourceFixAll.value}.patchpilot"
_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.CHECK: lsp.DiagnosticSeverity.Information,
    Severity.NOTE: lsp.DiagnosticSeverity.Hint,
}

P = ParamSpec("P")
T = TypeVar("T")


class Server(LanguageServer):
    """The language server. It has the open documents and the findings of their last check.

    Documents are checked one after another in a separate thread.
    """

    def __init__(self, *, topic: bool, base: str | None) -> None:
        super().__init__("patchpilot", __version__)
        self._topic, self._base = topic, base
        self._worker = ThreadPoolExecutor(1, "check")
        self._checks: dict[Path, EditorCheck] = {}
        self._found: dict[str, tuple[FindingRow, ...]] = {}
        self._due: dict[str, asyncio.Task[None]] = {}
        self._seconds: dict[str, float] = {}

    def check_soon(self, uri: str, *, is_full: bool) -> None:
        """Check a document when the user stops changing it.

        A full check also uses settings and history, and checks the other changed files.
        """
        if uri in self._due:
            self._due[uri].cancel()
        self._due[uri] = asyncio.ensure_future(self._check(uri, is_full))

    async def _check(self, uri: str, is_full: bool) -> None:
        if not is_full:
            await asyncio.sleep(min(max(PAUSE, self._seconds.get(uri, 0) / 2), LONGEST_PAUSE))
        try:
            check = await self._run_request(self._open_check, uri)
            if is_full:
                await self._run_request(check.refresh)
            await self._publish(check, uri, is_full)
            if is_full:
                await self._check_others(check)
        except CancelledError:
            # a newer text is checked in place of this one
            return
        except PatchpilotError as error:
            self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, error.message))

    async def _check_others(self, check: EditorCheck) -> None:
        """Check changed files that are not open, and files that had findings and are no longer
        changed.
        """
        paths = {
            uri
            for path in await self._run_request(check.changed)
            if (uri := from_fs_path(str(path)))
        }
        for uri in (paths | self._found.keys()) - self.workspace.text_documents.keys():
            await self._publish(check, uri, is_full=False)

    async def _publish(self, check: EditorCheck, uri: str, is_full: bool) -> None:
        document = self.workspace.get_text_document(uri)
        version, path = document.version, _path(uri)
        try:
            text = document.source
        except OSError:
            text = ""

        def stop_if_outdated(what: str, done: int = 0, total: int | None = None) -> None:
            del what, done, total
            current = self.workspace.text_documents.get(uri)
            if current is not None and current.version != version:
                raise CancelledError

        started = time.monotonic()
        findings = await self._run_request(
            check.findings, path, text, with_history=is_full, progress=stop_if_outdated
        )
        self._seconds[uri] = time.monotonic() - started
        self._found[uri] = findings
        diagnostics = [_diagnostic(document, text.split("\n"), finding) for finding in findings]
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, diagnostics, version)
        )

    async def _run_request(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._worker, lambda: work(*args, **kwargs)
        )

    def _open_check(self, uri: str) -> EditorCheck:
        directory = find_edited_tree(_path(uri))
        if directory not in self._checks:
            self._checks[directory] = EditorCheck(directory, topic=self._topic, base=self._base)
        return self._checks[directory]

    def forget(self, uri: str) -> None:
        """Delete the data of a closed document."""
        self._found.pop(uri, None)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    async def hover(self, uri: str, position: lsp.Position) -> lsp.Hover | None:
        """Return the pages of the rules with findings on a line."""
        rules = dict.fromkeys(
            finding.finding.name for finding in self._location(uri, position.line, position.line)
        )
        if not rules:
            return None
        check = self._checks.get(find_edited_tree(_path(uri)))
        if check is None:
            return None
        # a page needs nothing from the check that may be running
        pages = [await asyncio.to_thread(check.page, rule) for rule in rules]
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n---\n\n".join(pages)))

    async def actions(
        self, uri: str, span: lsp.Range, only: Sequence[str] | None = None
    ) -> list[lsp.CodeAction]:
        """Return the fixes for findings on these lines, and one that applies all safe fixes.

        `only` has the kinds of actions that the editor wants; None means any. Without it, all fixes
        are offered together if the text has several fixable findings, of which these lines have
        one.
        """
        found = self._location(uri, span.start.line, span.end.line)
        fixable = [finding for finding in self._found.get(uri, ()) if finding.is_fixable]
        actions = []
        if _wants(only, lsp.CodeActionKind.QuickFix.value):
            actions += await self._make_quick_fixes(uri, found)
        # in a long text, trying all fixes takes seconds, so it is done on request only
        text = self.workspace.get_text_document(uri).source
        is_quick = len(fixable) > 1 and text.count("\n") < LONG
        is_offered = bool(only) or (is_quick and any(one.is_fixable for one in found))
        if fixable and is_offered and _wants(only, FIX_ALL):
            check = await self._run_request(self._open_check, uri)
            if edits := await self._run_request(check.fix_all, _path(uri), text):
                title = "Fix all findings of patchpilot"
                actions.append(lsp.CodeAction(title, FIX_ALL, edit=_make_edit(uri, edits)))
        return actions

    async def _make_quick_fixes(
        self, uri: str, found: Sequence[FindingRow]
    ) -> list[lsp.CodeAction]:
        document = self.workspace.get_text_document(uri)
        text = document.source
        lines = text.split("\n")
        check = await self._run_request(self._open_check, uri)
        actions = []
        for finding in found:
            edits = (
                await self._run_request(check.fix, _path(uri), text, finding.finding)
                if finding.is_fixable
                else ()
            )
            offers = [(f"Fix {finding.finding.name}", edits)] if edits else []
            offers += [
                (f"Replace '{word.wrong}' with '{word.right}'", (word.edit,))
                for word in (() if edits else find_replacements(text, finding))
            ]
            for title, offered in offers:
                diagnostics = [_diagnostic(document, lines, finding)]
                edit = _make_edit(uri, offered)
                kind = lsp.CodeActionKind.QuickFix
                is_safe = bool(edits) or None
                actions.append(
                    lsp.CodeAction(title, kind, diagnostics, is_preferred=is_safe, edit=edit)
                )
        return actions

    def _location(self, uri: str, first: int, last: int) -> list[FindingRow]:
        return [finding for finding in self._found.get(uri, ()) if first <= finding.line <= last]


def make_server(*, topic: bool, base: str | None) -> Server:
    """Return the language server with its request handlers."""
    server = Server(topic=topic, base=base)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def on_open(params: lsp.DidOpenTextDocumentParams) -> None:
        server.check_soon(params.text_document.uri, is_full=True)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def on_change(params: lsp.DidChangeTextDocumentParams) -> None:
        server.check_soon(params.text_document.uri, is_full=False)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def on_save(params: lsp.DidSaveTextDocumentParams) -> None:
        server.check_soon(params.text_document.uri, is_full=True)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def on_close(params: lsp.DidCloseTextDocumentParams) -> None:
        server.forget(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        return await server.hover(params.text_document.uri, params.position)

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, FIX_ALL]),
    )
    async def actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        return await server.actions(params.text_document.uri, params.range, params.context.only)

    return server


def _path(uri: str) -> Path:
    return Path(to_fs_path(uri) or "").resolve()


def _diagnostic(document: TextDocument, lines: Sequence[str], row: FindingRow) -> lsp.Diagnostic:
    finding = row.finding
    # the text may be shorter than when it was checked
    end = len(lines[row.line]) if row.line < len(lines) else row.column
    span = lsp.Range(lsp.Position(row.line, row.column), lsp.Position(row.line, end))
    return lsp.Diagnostic(
        document.position_codec.range_to_client_units(lines, span),
        make_printable(finding.message),
        severity=_SEVERITIES[finding.severity],
        code=finding.name,
        code_description=lsp.CodeDescription(address)
        if (address := valid_web_address(finding.reference))
        else None,
        source="patchpilot",
    )


def _wants(only: Sequence[str] | None, kind: str) -> bool:
    """Return whether the editor wants actions of a kind, or of a kind that contains it."""
    names = (wanted.value if isinstance(wanted, Enum) else wanted for wanted in only or ())
    return not only or any(f"{kind}.".startswith(f"{name}.") for name in names)


def _make_edit(uri: str, edits: Sequence[TextEdit]) -> lsp.WorkspaceEdit:
    changes = [_text_edit(edit.start, edit.end, edit.lines) for edit in edits]
    return lsp.WorkspaceEdit(changes={uri: changes})


def _text_edit(start: int, end: int, new: Sequence[str]) -> lsp.TextEdit:
    return lsp.TextEdit(
        lsp.Range(lsp.Position(start, 0), lsp.Position(end, 0)),
        "".join(f"{line}\n" for line in new),
    )

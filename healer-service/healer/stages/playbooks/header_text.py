"""Text that a header cannot hold, such as a file's name in another script: percent-encoded as RFC 5987 has it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import AddImport, Edit, Replace
from healer.syntax.parsing import parse
from healer.syntax.project import Module
from healer.syntax.situation import Situation

_FILENAME = re.compile(r"filename=(\\?[\"'])?")


def in_header(s: Situation) -> Iterator[Draft]:
    if s.report.exception.type != "UnicodeEncodeError":
        return
    yield from _as_utf8(s)
    for frame in reversed(s.report.app_frames):
        module = s.project.modules.get(frame.file)
        function = module.function_at(frame.line) if module is not None else None
        for node in function.own_nodes if function is not None else ():
            if isinstance(node, ast.JoinedStr) and module is not None and "filename=" in module.text(node):
                yield from _quoted(module, node)


def _quoted(module: Module, node: ast.JoinedStr) -> Iterator[Draft]:
    text = module.text(node)
    found = re.search(r"filename=(\\?[\"']?)((?:[^\"'\\]|\{[^}]*\})+)\1", text)
    if found is None:
        return
    name = re.sub(r"\{([^{}]+)\}", r"{quote(\1)}", found.group(2))
    code = text.replace(found.group(0), f"filename*=UTF-8''{name}")
    if text.lstrip("fFrR")[:1] == "'":
        body = code[code.index("'") + 1 : -1].replace('\\"', '"')
        code = f'f"{body}"' if '"' not in body else code
    try:
        parse(code, "eval")
    except SyntaxError:
        return
    needs = () if "quote" in module.imports else (AddImport("urllib.parse", "quote"),)
    edits: tuple[tuple[Module, Edit], ...] = ((module, Replace(node, code)), *((module, n) for n in needs))
    yield Draft("Encode the file's name for the header", edits, Answer.CORRECT, 0.96)


def _as_utf8(s: Situation) -> Iterator[Draft]:
    """`text.encode("ascii")` of text that people write."""
    for call in [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call)]:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "encode" and len(call.args) == 1:
            if isinstance(call.args[0], ast.Constant) and str(call.args[0].value).lower() in (
                "ascii",
                "latin-1",
                "latin1",
            ):
                code = f"{s.module.text(call.func)}()"
                yield Draft("Encode as UTF-8", ((s.module, Replace(call, code)),), Answer.CORRECT, 0.88)

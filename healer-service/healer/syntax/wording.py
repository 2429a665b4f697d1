"""New refusals in the style of those around a place: which statement, which status, which words.

It does not decide whether to refuse; it says how, and how well that fits the code around it.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

from healer.syntax.edits import AddImport, place_of
from healer.syntax.kinds import BAD_INPUT, CONFLICT, NOT_FOUND, STATE_STATUSES, UNAUTHORISED, kind_of
from healer.syntax.parsing import parse
from healer.syntax.project import Function, Module, names_in
from healer.syntax.refusals import Refusal, Refusals, Wording, local_names, reachable
from healer.syntax.routes import route_path, stands_around

_STATUSES = {NOT_FOUND: (404,), BAD_INPUT: (400, 422), UNAUTHORISED: (401, 403), CONFLICT: STATE_STATUSES}
_STATUS_TEXT = re.compile(r"(?<![\d.])(4\d\d)(?!\d)")


@dataclass(frozen=True)
class Wish:
    """What a refusal should say: `kind` decides the status, the rest its words."""

    kind: str
    noun: str  # what it is about: "unit", "room"
    value: str = ""  # expression of the client's value, where it may be shown
    says: str = ""  # a whole phrase instead of "no such <noun>": "amount must be a number"


def refuse(refusals: Refusals, where: Function, wish: Wish, limit: int = 3) -> list[Wording]:
    """Ways to say it at a place in `where`, best first; empty when that function cannot refuse in any known way."""
    statuses = wanted_statuses(refusals, where, wish.kind)
    templates = sorted(usable(refusals, where), key=lambda pair: -_likeness(pair[0], where, wish, statuses))
    found: list[Wording] = []
    for template, imports in templates[:12]:
        made = _from_template(template, imports, refusals, where, wish, statuses)
        if made is not None and made.code not in {w.code for w in found}:
            found.append(made)
    if not found:
        plain = _plain(refusals, where, wish, statuses[0])
        found += [plain] if plain is not None else []
    return sorted(found, key=lambda w: -w.fit)[:limit]


def usable(refusals: Refusals, where: Function) -> list[tuple[Refusal, tuple[AddImport, ...]]]:
    """Refusals whose form works in `where`: answers are returned by request handlers only."""
    found = []
    outside = _beyond_handlers(refusals, where)
    for refusal in refusals.all:
        if outside and not refusal.returns:
            continue
        own = refusal.function is not None and refusal.function.node is where.node
        if refusal.carried and (refusals.is_route(where) or not refusals.is_caught(where, refusal.carried)):
            continue
        if refusal.returns and not own:
            if route_path(where) is None or refusal.function is None or route_path(refusal.function) is None:
                continue
            if _returns_pairs(where) != _returns_pairs(refusal.function):
                continue
        imports = reachable(refusal, where.module, refusals.project)
        if imports is not None and not _unknown_names(refusal, where):
            found.append((refusal, imports))
    return found


def _beyond_handlers(refusals: Refusals, where: Function) -> bool:
    """A middleware stands outside of what turns errors into answers: it returns its answers itself."""
    return refusals.framework in ("fastapi", "starlette") and stands_around(where)


def _returns_pairs(function: Function) -> bool:
    """Plain ASGI handlers answer `status, body`; they do not mix with ones that answer responses."""
    return any(
        isinstance(n, ast.Return)
        and isinstance(n.value, ast.Tuple)
        and isinstance(n.value.elts[0], ast.Constant)
        and isinstance(n.value.elts[0].value, int)
        for n in function.own_nodes
    )


def _unknown_names(refusal: Refusal, where: Function) -> bool:
    """Whether it uses variables of its own function that the new place does not have."""
    skip = {name for part in (refusal.message, refusal.status_node) if part is not None for name in names_in(part)}
    handled = {refusal.handler.name} if refusal.handler is not None and refusal.handler.name else set()
    if refusal.function is None or refusal.function.node is where.node:
        return bool((names_in(refusal.node) - skip) & handled)
    local = local_names(refusal)
    cause = refusal.node.cause if isinstance(refusal.node, ast.Raise) else None
    here = {arg.arg for arg in where.params}
    used = names_in(refusal.node) - skip - (names_in(cause) if cause is not None else set())
    return bool((used & local) - here)


def wanted_statuses(refusals: Refusals, where: Function, kind: str) -> list[int]:
    """The statuses that say this here, likeliest first: the docstring's word, the function's, the module's, the
    project's.
    """
    usual = _STATUSES[kind]
    scores: Counter[int] = Counter({status: 1 for status in usual})
    fastapi = refusals.framework == "fastapi"
    if kind == BAD_INPUT and fastapi:
        scores[422] += 1
    allowed = {409, 412, 423} if kind == CONFLICT else set(usual) | ({413, 415} if kind == BAD_INPUT else set())
    if kind == CONFLICT:
        scores[409] += 1
    for refusal in refusals.all:
        if refusal.status in usual:
            about_state = kind_of(refusal) == CONFLICT
            if kind == CONFLICT and not about_state:
                continue
            same_module = refusal.module is where.module
            own = refusal.function is not None and refusal.function.node is where.node
            weight = 40 if own else 6 if same_module else 2
            scores[refusal.status] += 1 if about_state and kind != CONFLICT else weight
    for text, weight in ((where.docstring, 100), (ast.get_docstring(where.module.tree) or "", 10)):
        for match in _STATUS_TEXT.finditer(text):
            if int(match.group(1)) in allowed:
                scores[int(match.group(1))] += weight
    shown = [status for status, score in scores.most_common() if score > 1 or kind != CONFLICT]
    return shown or [409]


def _likeness(refusal: Refusal, where: Function, wish: Wish, statuses: list[int]) -> float:
    own = refusal.function is not None and refusal.function.node is where.node
    score = 3.0 if own else 2.0 if refusal.module is where.module else 1.0
    if refusal.status == statuses[0]:
        score += 2.5
    elif refusal.status in statuses:
        score += 1.0
    if refusal.message is None:
        score -= 1
    if wish.noun and wish.noun in refusal.words:
        score += 0.4
    return score - (2 if refusal.handler is not None and refusal.message is None else 0)


def _from_template(
    template: Refusal,
    imports: tuple[AddImport, ...],
    refusals: Refusals,
    where: Function,
    wish: Wish,
    statuses: list[int],
) -> Wording | None:
    status = template.status or 0
    status_text: str | None = None
    if status != statuses[0]:
        if template.status_node is not None:
            status = statuses[0]
            status_text = _status_like(template.status_node, status)
        elif status not in statuses:
            return None
    message = phrase(refusals, where, wish, template)
    code = render(template, message, status_text)
    if code is None:
        return None
    fit = 0.55 + 0.07 * min(_likeness(template, where, wish, statuses), 5.5) - _foreign(where, imports)
    return Wording(code, status, imports, min(fit, 0.95), template.returns, template)


def _foreign(where: Function, imports: tuple[AddImport, ...]) -> float:
    """A module that knows nothing of the web framework should not learn of it for one refusal."""
    roots = {dotted.partition(".")[0] for dotted in where.module.imports.values()}
    needed = {added.module.partition(".")[0] for added in imports} & {"fastapi", "flask", "starlette", "werkzeug"}
    return 0.15 if needed - roots else 0.0


def _status_like(node: ast.expr, status: int) -> str:
    if isinstance(node, ast.Attribute):
        name = HTTPStatus(status).name
        if node.attr.startswith("HTTP_"):
            return f"{ast.unparse(node.value)}.HTTP_{status}_{'UNPROCESSABLE_ENTITY' if status == 422 else name}"
        return f"{ast.unparse(node.value)}.{'UNPROCESSABLE_ENTITY' if status == 422 else name}"
    return str(status)


def render(template: Refusal, message: str, status: str | None) -> str | None:
    """The template's statement with other words (source of a string expression) and another status, on one line."""
    node = template.node
    swaps: list[tuple[ast.expr, str]] = []
    if template.message is not None:
        swaps.append((template.message, message))
    if status is not None and template.status_node is not None:
        swaps.append((template.status_node, status))
    text = template.module.text(node)
    for part, fresh in sorted(swaps, key=lambda s: (-s[0].lineno, -s[0].col_offset)):
        start, end = _offsets(template.module.source, node, part)
        text = text[:start] + fresh + text[end:]
    if isinstance(node, ast.Raise) and node.cause is not None:
        text = text[: text.rindex(" from ")]
    if template.sends:
        text = f"return {text}"
    if "\n" in text:
        text = " ".join(line.strip() for line in text.splitlines())
        text = re.sub(r"([(\[{]) ", r"\1", text)
        text = re.sub(r",? ([)\]}])", r"\1", text)
    try:
        parse(text if not template.returns else f"async def f():\n    {text}")
    except SyntaxError:
        return None
    return text


def replaced(module: Module, statement: ast.stmt, part: ast.expr, code: str) -> str:
    """The statement's source with other code for a part of it."""
    text = module.text(statement)
    start, end = _offsets(module.source, statement, part)
    return text[:start] + code + text[end:]


def _offsets(source: str, statement: ast.stmt, part: ast.expr) -> tuple[int, int]:
    lines = source.splitlines(keepends=True)

    def absolute(line: int, column: int) -> int:
        return sum(len(text) for text in lines[: line - 1]) + column

    whole, inner = place_of(source, statement), place_of(source, part)
    base = absolute(whole[0], whole[1])
    return absolute(inner[0], inner[1]) - base, absolute(inner[2], inner[3]) - base


def phrase(refusals: Refusals, where: Function, wish: Wish, template: Refusal | None = None) -> str:
    """The words as the source of a string expression, in the pattern the other refusals use."""
    quote = '"' if where.module.source.count('"') >= where.module.source.count("'") else "'"
    siblings = [r.words for r in refusals.all if r.module is where.module and r.words]
    siblings = siblings or [r.words for r in refusals.all if r.words]
    if template is not None and wish.kind == NOT_FOUND and not wish.says and _makes_words(refusals, template):
        return f"{quote}{wish.noun}{quote}"
    if template is not None and wish.kind == NOT_FOUND and not wish.says and _NAMED.match(template.words):
        # The noun and the key are all that is said: the error's class or its handler says the rest.
        shown = wish.value and '"' not in wish.value and "'" not in wish.value
        return f"f{quote}{wish.noun} {{{wish.value}}}{quote}" if shown else f"{quote}{wish.noun}{quote}"
    patterned = [w for w in siblings if any(pattern.match(w) for pattern, _ in _PATTERNS)]
    text = wish.says or _no_such(patterned or [r.words for r in refusals.all], wish)
    if siblings:
        capital = sum(w[0].isupper() for w in siblings) * 2 > len(siblings)
        text = text[0].upper() + text[1:] if capital and not wish.says.partition(" ")[0].endswith("_") else text
        if sum(w.endswith(".") for w in siblings) * 2 > len(siblings):
            text += "."
        if all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", w) for w in siblings):
            text = re.sub(r"\W+", "_", text.lower()).strip("_") if "{" not in text else text
    if " " not in text and template is not None:
        text = text.lower()
    prefix = "f" if "{" in text else ""
    return f"{prefix}{quote}{text}{quote}"


def _makes_words(refusals: Refusals, template: Refusal) -> bool:
    """Whether the error's class, or the helper, makes the sentence itself from the noun it is given:
    `NotFound("trip")`.
    """
    said = template.node.exc if isinstance(template.node, ast.Raise) else getattr(template.node, "value", None)
    if not isinstance(said, ast.Call) or not 0 < len(template.words.split()) < 3:
        return False
    found = refusals.project.find_class(template.module, said.func)
    helper = refusals.project.find_function(template.module, said.func) if found is None else None
    maker: ast.AST | None = found[1] if found is not None else helper.node if helper is not None else None
    if maker is None:
        return False
    texts = [n for n in ast.walk(maker) if isinstance(n, ast.JoinedStr)]
    return any(len(n.values) > 1 for n in texts)


_NAMED = re.compile(r"^[a-z_-]+ '?\{\}'?$", re.I)

_PATTERNS = (
    (re.compile(r"^no such (?P<noun>[\w -]+)", re.I), "no such {noun}"),
    (re.compile(r"^no (?P<noun>[\w -]+?) with id '?\{\}", re.I), "no {noun} with id {value}"),
    (re.compile(r"^unknown (?P<noun>[\w -]+?) \{\}", re.I), "unknown {noun} {value}"),
    (re.compile(r"^unknown (?P<noun>[\w -]+)", re.I), "unknown {noun}"),
    (re.compile(r"^(?P<noun>[\w -]+?) '?\{\}'? not found", re.I), "{noun} {value} not found"),
    (re.compile(r"^(?P<noun>[\w -]+?) '?\{\}'? does not exist", re.I), "{noun} {value} does not exist"),
    (re.compile(r"^(?P<noun>[\w -]+?) (not found)", re.I), "{noun} not found"),
    (re.compile(r"^(?P<noun>[\w -]+?) (does not exist)", re.I), "{noun} does not exist"),
    (re.compile(r"^(?P<noun>[\w -]+?)_not_found$", re.I), "{noun}_not_found"),
)


def _no_such(siblings: list[str], wish: Wish) -> str:
    tally: Counter[str] = Counter()
    for words in siblings:
        found = next(((m, shape) for pattern, shape in _PATTERNS if (m := pattern.match(words))), None)
        if found is not None:
            # What was said of the same thing before is said again.
            tally[found[1]] += 10 if found[0].group("noun").lower() == wish.noun else 1
    shape = (
        tally.most_common(1)[0][0] if tally else ("unknown {noun}" if wish.kind == BAD_INPUT else "{noun} not found")
    )
    if wish.kind == BAD_INPUT and tally and shape.endswith(("not found", "does not exist")):
        shape = "unknown {noun}"
    if not wish.value or '"' in wish.value or "'" in wish.value:
        shape = "{noun} not found" if " with " in shape else shape.replace(" {value}", "")
    return shape.format(noun=wish.noun, value="{" + wish.value + "}")


def _plain(refusals: Refusals, where: Function, wish: Wish, status: int) -> Wording | None:
    """The framework's own way, for code that shows no example."""
    message = phrase(refusals, where, wish)
    module = where.module
    if _beyond_handlers(refusals, where):
        imports = (
            () if _has(module, "JSONResponse") else (AddImport(f"{refusals.framework}.responses", "JSONResponse"),)
        )
        field = "detail" if refusals.framework == "fastapi" else "error"
        code = f'return JSONResponse({{"{field}": {message}}}, status_code={status})'
        return Wording(code, status, imports, 0.55, True)
    if refusals.framework in ("fastapi", "starlette"):
        source = "fastapi" if refusals.framework == "fastapi" else "starlette.exceptions"
        imports = () if _has(module, "HTTPException") else (AddImport(source, "HTTPException"),)
        return Wording(
            f"raise HTTPException(status_code={status}, detail={message})",
            status,
            imports,
            0.55 - _foreign(where, imports),
        )
    if refusals.framework == "flask":
        imports = () if _has(module, "abort") else (AddImport("flask", "abort"),)
        return Wording(f"abort({status}, {message})", status, imports, 0.5 - _foreign(where, imports))
    return None


def _has(module: Module, name: str) -> bool:
    return name in module.imports or name in module.classes

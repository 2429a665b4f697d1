"""The forty rules by number and name: what each refuses and why. How they are found out is in the modules beside it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from healer.model import Finding


@dataclass(frozen=True)
class Rule:
    number: int
    name: str
    refuses: str
    why: str


UNCHECKED = Rule(0, "unchecked", "a patch that cannot be checked", "what cannot be read cannot be judged")

RULES: tuple[Rule, ...] = (
    Rule(1, "catch-all", "an `except` that catches everything", "it hides faults that nobody has seen yet"),
    Rule(
        2, "swallowed", "an exception dropped, or a constant in its place", "the caller takes a failure for an answer"
    ),
    Rule(3, "special-case", "a comparison with the very value that failed", "the next value crashes as before"),
    Rule(4, "permission-check", "a permission check removed or weakened", "a crash is better than an open door"),
    Rule(
        5,
        "request-protection",
        "CSRF, CORS, cookie or rate limits relaxed",
        "they guard against other sites and floods",
    ),
    Rule(
        6,
        "dynamic-code",
        "eval, exec, compile, `__import__`, reflection around them",
        "text of a request could become code",
    ),
    Rule(7, "subprocess", "another process started", "a repair needs no program"),
    Rule(8, "network", "a new connection or HTTP call", "data could leave, and a new dependency could fail"),
    Rule(
        9,
        "unsafe-deserialising",
        "pickle, marshal, unsafe YAML, archives unpacked",
        "such data can run code or write anywhere",
    ),
    Rule(10, "native-code", "ctypes, cffi, mapped memory", "native code escapes every check made here"),
    Rule(
        11,
        "unknown-import",
        "an import of what is not installed for the service",
        "it fails, or brings somebody else's package",
    ),
    Rule(12, "dependencies", "dependency files changed", "what is installed is decided by people"),
    Rule(13, "secret", "a secret in the patch", "what is committed once is never secret again"),
    Rule(14, "environment-leak", "environment or settings let out", "they hold the service's secrets"),
    Rule(15, "ci-workflow", "CI workflows changed", "they run with the repository's rights"),
    Rule(16, "build-files", "Dockerfile, compose, Makefile, scripts changed", "they decide what runs in production"),
    Rule(17, "test-machinery", "conftest, sitecustomize, `.pth`, pytest plugins", "they could make any test pass"),
    Rule(18, "test-removed", "a test deleted, skipped or expected to fail", "the proof must not shrink with the patch"),
    Rule(19, "assertion-weakened", "an existing test asks for less", "a test that cannot fail proves nothing"),
    Rule(20, "path-escape", "a path outside the folders a patch may touch", "the rest is none of its business"),
    Rule(21, "link-or-mode", "symbolic links, changed file modes", "they reach or run what the text does not show"),
    Rule(22, "git-internals", "`.git`, hooks, attributes, submodules", "git runs them on other machines"),
    Rule(23, "binary", "content that is no text", "nobody can review it"),
    Rule(24, "too-large", "too many lines or files, lines too long", "a repair is small enough to be read"),
    Rule(
        25,
        "weak-crypto",
        "TLS verification off, weak hashes, fewer rounds, guessable tokens",
        "they hold only while they are strong",
    ),
    Rule(26, "sql-by-text", "SQL put together from values", "a value could become a command"),
    Rule(27, "debug-on", "debug mode, tracebacks shown to users", "internals help an attacker"),
    Rule(28, "personal-data", "personal data logged, redaction dropped", "logs are read by many and kept for long"),
    Rule(
        29,
        "sleep",
        "sleeping, retrying, loops and recursion without a bound",
        "waiting repairs nothing and ties up a worker",
    ),
    Rule(
        30, "patched-harness", "builtins, modules or the test run patched", "it changes the judge instead of the fault"
    ),
    Rule(31, "fake-exit", "the process ended, its end caught", "an early end can look like success"),
    Rule(
        32,
        "hidden-characters",
        "invisible, reordering or look-alike characters",
        "a reviewer sees other code than runs",
    ),
    Rule(33, "obfuscated", "packed or encoded code and text", "a reviewer cannot see what runs"),
    Rule(34, "data-loss", "migrations, DROP, deletion of everything", "no test brings data back"),
    Rule(35, "healer-off", "the healer's client or settings changed", "a patch must not blind its judge"),
    Rule(36, "silenced-checker", "a comment that silences a checker", "the checker may be right"),
    Rule(37, "public-changed", "a route or public signature removed or changed", "callers rely on them"),
    Rule(
        38, "no-op", "nothing changed, or a function that does nothing any more", "the crash is gone with the function"
    ),
    Rule(39, "ownership", "CODEOWNERS, licence, copyright", "who decides and who owns is no part of a repair"),
    Rule(40, "unescaped", "template escaping off, markup from values", "a value could become a script"),
)

_BY_NUMBER = {rule.number: rule for rule in (UNCHECKED, *RULES)}
NAMES = frozenset(rule.name for rule in RULES)
# Without these a patch could prepare the next one, or hide from every other rule.
NEVER_OFF = frozenset(_BY_NUMBER[n].name for n in (13, 15, 17, 18, 20, 21, 22, 23, 31, 32, 35))


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def finding(number: int, at: ast.AST | int, reason: str, file: str = "") -> Finding:
    """`at`: the node, or the line, that breaks the rule; 0 where it is about the whole file."""
    line = at if isinstance(at, int) else getattr(at, "lineno", 0)
    return Finding(_BY_NUMBER[number].name, number, file, line, reason)

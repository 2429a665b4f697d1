"""Settings that must not be given certain values, wherever they stand: as argument, key, attribute or name."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator

from healer.model import Finding
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import Trees
from healer.stages.guardrails.values import UNKNOWN, given, given_values, off, value_of


def _off_or_none(value: object) -> bool:
    return off(value) or value is None


def _on(value: object) -> bool:
    return value is True or value in (1, "1", "true", "True", "on", "yes")


def _anything(value: object) -> bool:
    return isinstance(value, str) and (value.strip() in ("*", ".*", "null", "^.*$", ".+") or "*" in value.split(","))


def _none_at_all(value: object) -> bool:
    return isinstance(value, str) and value.lower() in ("none", "")


# Rule, pattern of the name, which values, what it means.
_SWITCHES: tuple[tuple[int, str, Callable[[object], bool], str], ...] = (
    (
        25,
        (
            r"verify|verify_ssl|ssl_verify|check_hostname|verify_(signature|exp|aud|iss|certs?|"
            r"hostname)|ssl|tls|require_(exp|tls)|validate_certs?|strict_ssl|cert_reqs"
        ),
        off,
        "Verification is switched off",
    ),
    (25, r"algorithms?|alg|cert_reqs", _none_at_all, "Signatures are not checked"),
    (25, r"cert_reqs", lambda v: v == "CERT_NONE", "Certificates are not checked"),
    (
        27,
        (
            r"debug|flask_debug|propagate_exceptions|show_traceback|include_traceback|template_debug|"
            r"use_debugger|use_evalex|(app_|is_)?debug(_mode)?|trap_http_exceptions|"
            r"explain_template_loading|show_errors?|expose_\w*(error|trace)\w*"
        ),
        _on,
        "Internals are shown to users",
    ),
    (40, r"autoescape", off, "Escaping is switched off"),
    (
        5,
        (
            r"allow_origins?|origins?|access-control-allow-(origin|headers|methods)|"
            r"allow_origin_regex|cors_\w+|supports_credentials_origin|allowed_hosts|trusted_hosts?|"
            r"csrf_trusted_origins|resources"
        ),
        _anything,
        "Every other site is let in",
    ),
    (
        5,
        r"allow_credentials|supports_credentials|access-control-allow-credentials|cors_allow_all\w*",
        _on,
        "Other sites may act for the user",
    ),
    (
        5,
        r"(session_cookie_)?(samesite|same_site)|csrf_cookie_samesite",
        lambda v: _none_at_all(v) or _off_or_none(v),
        "Cookies go along with other sites' requests",
    ),
    (
        5,
        r"(session_cookie_|csrf_cookie_|remember_cookie_)?(secure|httponly|http_only|https_only)",
        off,
        "Cookies are protected less",
    ),
    (
        5,
        (
            r"(wtf_)?csrf\w*|check_(csrf|referer|origin)|enforce_csrf\w*|rate_?limit\w*|throttl\w*|"
            r"limiter_enabled|ratelimit_enabled|x_frame_options"
        ),
        _off_or_none,
        "A protection of requests is switched off",
    ),
    (
        4,
        (
            r"auto_error|(auth|login|token|permission)_required|require_\w*(auth|login|token|"
            r"admin)\w*|auth(entication)?_enabled|enforce_(auth|permissions?)|check_permissions?"
        ),
        off,
        "A permission check is switched off",
    ),
    (
        4,
        (
            r"(is_)?(admin|superuser|staff|authenticated|authorized|authorised|owner)|allow_anonymous|"
            r"skip_(auth|checks?|permissions?)\w*|public|bypass\w*"
        ),
        _on,
        "Rights are given away",
    ),
    (
        4,
        r"(user_?|default_?)?(role|roles|scope|scopes)",
        lambda v: isinstance(v, str) and v.lower() in ("admin", "root", "superuser", "owner", "staff", "*"),
        "Rights are given away",
    ),
    (7, r"shell", _on, "A shell reads the command"),
    (9, r"allow_pickle|weights_only_off|trust_remote_code", _on, "Data may run code"),
    (2, r"ignore_errors|suppress_errors|silent_failures?|swallow\w*", _on, "Failures are dropped"),
    (1, r"raise_server_exceptions|raise_app_exceptions", off, "Failures are hidden"),
    (
        28,
        r"redact\w*|mask_\w+|scrub\w*|anonymi[sz]e\w*|hide_parameters|filter_sensitive\w*|send_default_pii_off",
        off,
        "Redaction is switched off",
    ),
    (
        28,
        r"send_default_pii|log_(body|bodies|headers|payloads?|passwords?)|echo|diagnose",
        _on,
        "Personal data goes to the log",
    ),
    (36, r"no_type_check", _on, "A checker is silenced"),
)
_PATTERNS = [(number, re.compile(pattern, re.IGNORECASE), bad, said) for number, pattern, bad, said in _SWITCHES]


def about_switches(trees: Trees) -> Iterator[Finding]:
    if trees.is_test:
        return
    known = Counter((name.lower(), repr(value)) for name, value, _ in given_values(trees.before))
    for name, value, node in given_values(trees.after):
        key = (name.lower(), repr(value))
        if known[key] > 0:
            known[key] -= 1
            continue
        for number, pattern, bad, said in _PATTERNS:
            if pattern.fullmatch(name) and bad(value):
                yield finding(number, node, f"{said} ({name}={value!r}).")
    yield from _turned(trees)
    yield from _defaults(trees)


def _turned(trees: Trees) -> Iterator[Finding]:
    """What decides about a switch when it runs, decided otherwise."""
    keywords = {id(n.value) for side in (trees.before, trees.after) for n in side.nodes if isinstance(n, ast.keyword)}
    before: dict[str, set[str]] = {}
    for name, value in given(trees.before):
        if id(value) in keywords or (isinstance(value, ast.Constant) and isinstance(value.value, bool)):
            before.setdefault(name.lower(), set()).add(ast.dump(value))
    for name, value in given(trees.after):
        known = before.get(name.lower())
        if known and ast.dump(value) not in known and value_of(trees.after, value) is UNKNOWN:
            for number, pattern, bad, said in _PATTERNS:
                safe = any(ast.dump(ast.Constant(not bad(True))) == one for one in known)
                if number in (25, 27, 40) and pattern.fullmatch(name) and (id(value) in keywords or safe):
                    yield finding(number, value, f"{said}, or may be ({name}).")


def _defaults(trees: Trees) -> Iterator[Finding]:
    """Rights as what stands in for something missing: `claims.get("role", "admin")`, `user or ADMIN`."""
    for call in trees.added(ast.Call):
        last = ast.unparse(call.func).rpartition(".")[2]
        if last in ("get", "getattr", "pop", "setdefault") and len(call.args) >= 2:
            name = value_of(trees.after, call.args[-2])
            value = value_of(trees.after, call.args[-1])
            for number, pattern, bad, said in _PATTERNS:
                if isinstance(name, str) and number in (4, 25) and pattern.fullmatch(name) and bad(value):
                    yield finding(number, call, f"{said} ({name}={value!r}).")
    for choice in trees.added(ast.BoolOp):
        if isinstance(choice.op, ast.Or) and not any(isinstance(value, ast.Compare) for value in choice.values):
            said = " ".join(ast.unparse(value) for value in choice.values[1:])
            if re.search(
                r"\badmin\b|\broot\b|superuser|'owner'|'staff'|\bADMIN\w*|SYSTEM_USER|is_admin\s*=\s*True", said
            ):
                if re.search(r"role|user|scope|claims|principal|actor|identity", ast.unparse(choice.values[0]), re.I):
                    yield finding(4, choice, f"Rights are given away ({ast.unparse(choice)[:60]}).")

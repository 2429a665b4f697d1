"""What protects, by its words: a check, a protection of requests, redaction, escaping, the strength of a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Watch:
    number: int
    what: str
    words: re.Pattern[str]  # in tests, decorators and names of constants
    calls: re.Pattern[str]  # in names of functions
    statuses: frozenset[int]  # that a check answers with
    arguments: bool  # whether a call must keep what it is given


def pattern_of(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


WATCHES = (
    Watch(
        4,
        "permission check",
        pattern_of(
            r"auth|login|logged_in|permission|permit|privilege|role|admin|owner|superuser|staff|"
            r"current_user|forbid|allowed|access_|_access|jwt|credential|principal|\bacl|scope|tenant|"
            r"\bcan_|\bmay_|belongs|signature|identity|user_id|account_id|api_?key|x-token|\btoken|"
            r"_token|is_member|public_path|exempt|anonymous|is_relative_to|commonpath|safe_join|created_by|author"
        ),
        pattern_of(
            r"auth|login_req|require|ensure_|permission|verify|check_(access|user|owner|role|token|"
            r"perm|admin|scope|login|session|sign|pass)|admin|owner|superuser|staff|current_user|"
            r"forbid|\bacl|scope|credential|principal|jwt|compare_digest|_access|allowed|\bcan_|"
            r"\bmay_|signature|api_?key|tenant|Depends|Security|is_relative_to|commonpath|realpath|resolve$|secure_filename|safe_join|guard|protect|assert_"
        ),
        frozenset({401, 403}),
        True,
    ),
    Watch(
        5,
        "protection of requests",
        pattern_of(
            r"csrf|xsrf|cors|rate_?limit|limiter|throttl|too_many|safe_(methods|paths)|per_(second|minute|hour|day)\b|burst|quota|same_?site|origin|referer|"
            r"hsts|nosniff|httponly|trusted_?host|max_(body|upload|content)|(hits|attempts|calls|"
            r"requests)\b"
        ),
        pattern_of(
            r"csrf|xsrf|cors|rate_?limit|limiter|throttl|quota|origin|referer|trusted_?host|"
            r"https_?redirect|talisman|add_middleware|set_cookie|\.limit$|SessionMiddleware"
        ),
        frozenset({429, 413}),
        True,
    ),
    Watch(
        28,
        "redaction",
        pattern_of(
            r"redact|mask|scrub|anonymi|saniti[sz]e_log|censor|pseudonym|obfuscat|sensitive|"
            r"private_(fields|keys)|\bpii|\bhidden|confidential|exclude"
        ),
        pattern_of(r"redact|mask|scrub|anonymi|censor|pseudonym|obfuscat|addfilter|strip_pii|hide_|SecretStr"),
        frozenset(),
        False,
    ),
    Watch(
        40,
        "escaping",
        pattern_of(r"escape|bleach|saniti[sz]|autoescape"),
        pattern_of(
            r"(^|\.|_)escape|bleach|saniti[sz]e|clean_html|striptags|select_autoescape|nh3|purify|(^|"
            r"\.)quote(_plus)?$|format_html"
        ),
        frozenset(),
        False,
    ),
    Watch(
        25,
        "strength of a secret",
        pattern_of(r"pbkdf2|bcrypt|scrypt|argon|iterations|hash_rounds|cipher|\bsalt"),
        pattern_of(
            r"pbkdf2|bcrypt|scrypt|argon|hash_password|check_password|encrypt|decrypt|hmac|\bsign|"
            r"compare_digest|secrets\.|token_(hex|urlsafe|bytes)|fernet|check_hostname"
        ),
        frozenset(),
        True,
    ),
)

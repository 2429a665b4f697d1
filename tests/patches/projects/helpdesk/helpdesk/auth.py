"""Who is signed in."""

import functools
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any

from flask import abort, g, redirect, session, url_for

from . import store

ROUNDS = 200_000


def load_user() -> None:
    name = session.get("name")
    g.user = store.user(name) if name else None


def login_required(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if g.user is None:
            return redirect(url_for("account.login"))
        return view(*args, **kwargs)

    return wrapped


def require_role(role: str) -> None:
    if g.user is None or g.user["role"] != role:
        abort(403)


def hashed(password: str, salt: str | None = None) -> str:
    salt = salt or secrets.token_hex(16)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), ROUNDS)
    return f"{salt}${digest.hex()}"


def password_matches(password: str, stored: str) -> bool:
    salt = stored.split("$", maxsplit=1)[0]
    return hmac.compare_digest(hashed(password, salt), stored)

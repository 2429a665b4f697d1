"""Who is asking, and what they may do."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, HTTPException

from . import settings


@dataclass(frozen=True)
class User:
    name: str
    role: str


def _signature(body: str) -> str:
    return hmac.new(settings.load().session_key.encode(), body.encode(), hashlib.sha256).hexdigest()


def token_for(user: User) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"name": user.name, "role": user.role}).encode()).decode()
    return f"{body}.{_signature(body)}"


def read_token(token: str) -> User:
    body, signature = token.split(".")
    if not hmac.compare_digest(signature, _signature(body)):
        raise HTTPException(401, "The token is not valid.")
    claims = json.loads(base64.urlsafe_b64decode(body))
    return User(claims["name"], claims["role"])


def current_user(authorization: Annotated[str | None, Header()] = None) -> User:
    if authorization is None:
        raise HTTPException(401, "Sign in first.")
    return read_token(authorization.split(" ")[1])


def require_admin(user: Annotated[User, Depends(current_user)]) -> User:
    if user.role != "admin":
        raise HTTPException(403, "Only an administrator may do this.")
    return user


def may_see(user: User, reservation: dict) -> bool:
    return user.role == "admin" or reservation["guest"] == user.name

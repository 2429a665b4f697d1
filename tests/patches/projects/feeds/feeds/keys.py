"""Who may write."""

import hmac

from starlette.exceptions import HTTPException
from starlette.requests import Request

from . import config


def is_known(key: str) -> bool:
    return any(hmac.compare_digest(key, known) for known in config.API_KEYS)


def require_key(request: Request) -> str:
    key = request.headers.get("X-Api-Key", "")
    if not is_known(key):
        raise HTTPException(401, "A known API key is needed.")
    return key

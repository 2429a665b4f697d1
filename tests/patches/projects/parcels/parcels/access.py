"""Who may ask."""

import hmac
import os

from fastapi import HTTPException, Request


def operator(request: Request) -> str:
    token = os.environ.get("PARCELS_OPERATOR_TOKEN", "")
    sent = request.headers["Authorization"].removeprefix("Bearer ")
    if not token or not hmac.compare_digest(sent, token):
        raise HTTPException(status_code=401, detail="The operator's token is needed.")
    return "operator"

"""Who may use the admin routes."""

import hmac
from typing import Annotated

from fastapi import Header, HTTPException, Request


def require_admin(request: Request, x_admin_token: Annotated[str, Header()] = "") -> None:
    """Without a token in the settings nobody is an admin."""
    expected = request.app.state.settings.admin_token
    if expected is None or not hmac.compare_digest(x_admin_token.encode(), expected.encode()):
        raise HTTPException(403, "admin token required")

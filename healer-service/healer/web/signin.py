"""How a browser gets a session and ends it: by the link, by the page's form. Who may do what is in access.py."""

from __future__ import annotations

from importlib.metadata import version
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field

from healer.edges.store.sessions import LASTS
from healer.model import Unauthorised
from healer.web.access import Entry, Forbidden
from healer.web.needs import Web
from healer.web.recording import entering, leaving
from healer.web.throttle import Throttled


class SignIn(BaseModel):
    token: str = Field(max_length=200)


def routes(web: Web) -> APIRouter:
    router = APIRouter()
    access = web.access

    def entered(response: Response, entry: Entry) -> Response:
        response.set_cookie(
            access.cookie,
            entry.secret,
            max_age=int(LASTS.total_seconds()),
            path="/",
            secure=access.https,
            httponly=True,
            samesite="strict",
        )
        return response

    @router.get("/signin")
    def sign_in_by_link(request: Request, token: str = "") -> Response:
        _require_a_person(request)
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return RedirectResponse(f"/#token={quote(token, safe='')}", 303)  # another site may want it: the page asks
        try:
            entry = access.sign_in(request, token, lambda role: entering(request, role, "link"))
        except (Unauthorised, Throttled) as error:
            if "text/html" not in request.headers.get("accept", ""):
                raise
            return RedirectResponse(f"/#signin={'later' if isinstance(error, Throttled) else 'invalid'}", 303)
        # What stands after # is sent to no server; the page takes it out of the address at once.
        return entered(RedirectResponse(f"/#page={entry.page_key}", 303), entry)

    @router.post("/signin")
    def sign_in(body: SignIn, request: Request) -> Response:
        access.require_own_page(request)
        entry = access.sign_in(request, body.token, lambda role: entering(request, role, "form"))
        return entered(JSONResponse({"role": entry.role, "page_key": entry.page_key}), entry)

    @router.post("/signout", status_code=204)
    def sign_out(request: Request) -> Response:
        access.require_own_page(request)
        access.sign_out(request, lambda role: leaving(request, role))
        response = Response(status_code=204)
        response.delete_cookie(access.cookie, path="/", secure=access.https, httponly=True, samesite="strict")
        return response

    @router.get("/api/v1/session")
    def session(request: Request) -> dict[str, str | bool]:
        role = access.require_reader(request)
        return {"role": role, "version": version("healer"), "examples": bool(web.examples), "page": web.files.version}

    return router


def _require_a_person(request: Request) -> None:
    """A link is for opening: what a browser fetches ahead, or for another page's picture or frame, does not sign in.

    What another site leads to is asked about first: a viewer's link there would take the operator's session away.
    """
    said = request.headers
    ahead = "prefetch" in f"{said.get('sec-purpose', '')} {said.get('purpose', '')}".lower()
    if ahead or said.get("sec-fetch-dest", "document") != "document":
        raise Forbidden("this link signs in when it is opened in a window of its own, not when it is fetched ahead")

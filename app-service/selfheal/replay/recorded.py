"""Makes a recorded request sendable: redacted headers and cookies, identifiers, the encoding of its body.

It keeps what the replay has learnt so far (cookies, tokens, identifiers) and sends nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlencode

from .identifiers import Identifiers, resolve
from .messages import Answer, Request

_REDACTED = "[redacted]"
_OF_THE_CONNECTION = frozenset(("content-length", "transfer-encoding", "connection", "keep-alive", "expect", "upgrade"))
_TOKEN_KEYS = ("access_token", "token", "id_token", "jwt")
_MOST_COOKIES = 50
_LONGEST_COOKIE = 4096  # as browsers have it
_LONGEST_TOKEN = 16 << 10
_IN_A_PATH = "/%:@!$&'()*+,;=~-._"
_IN_A_QUERY = _IN_A_PATH + "?"


class Session:
    """A client that repeats what was recorded. `headers`: values for recorded headers that were redacted."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers
        self._cookies: dict[str, str] = {}
        self._token = ""
        self._identifiers = Identifiers()

    def request(self, recorded: Mapping[str, object]) -> Request:
        path, _, query = self._identifiers.path(str(recorded["path"])).partition("?")
        method = str(recorded.get("method") or "GET").upper()
        content_type, body = self._body(recorded)
        headers = self._sendable(recorded.get("headers"))
        if content_type:
            headers.setdefault("content-type", content_type)
        headers.setdefault("host", "localhost")
        if body or method in ("POST", "PUT", "PATCH"):
            headers["content-length"] = str(len(body))
        return Request(
            method=method,
            path=quote(path or "/", safe=_IN_A_PATH),
            query=quote(query, safe=_IN_A_QUERY),
            headers=tuple(headers.items()),
            body=body,
        )

    def _body(self, recorded: Mapping[str, object]) -> tuple[str, bytes]:
        if "json" in recorded:
            return "application/json", json.dumps(self._identifiers.value(recorded["json"])).encode()
        form = recorded.get("form")
        if isinstance(form, dict):
            return "application/x-www-form-urlencoded", urlencode(self._form(form), doseq=True).encode()
        encoded = recorded.get("body_b64")
        if isinstance(encoded, str):
            try:
                return "", base64.b64decode(encoded)
            except binascii.Error:
                return "", b""
        text = recorded.get("body")
        return "", text.encode("utf-8", "surrogatepass") if isinstance(text, str) else b""

    def _form(self, form: Mapping[str, object]) -> dict[str, object]:
        changed = self._identifiers.value(dict(form))
        return changed if isinstance(changed, dict) else dict(form)

    def _sendable(self, recorded: object) -> dict[str, str]:
        sendable: dict[str, str] = {}
        for key, value in recorded.items() if isinstance(recorded, dict) else ():
            name, text = str(key).lower(), str(value)
            if name in _OF_THE_CONNECTION:
                continue
            if _REDACTED in text:
                text = self._instead(name, text)
            else:
                changed = self._identifiers.value(text)
                text = changed if isinstance(changed, str) else text
            if text:
                sendable[name] = text.replace("\r", " ").replace("\n", " ")
        return sendable

    def _instead(self, name: str, text: str) -> str:
        """For a redacted header: the value given for it, or what the replayed application handed out, or nothing."""
        if name in self._headers:
            return self._headers[name]
        if name == "authorization" and self._token:
            return f"Bearer {self._token}"
        if name == "cookie":
            kept = [part.strip() for part in text.split(";") if _REDACTED not in part]
            own = [f"{key}={value}" for key, value in self._cookies.items()]
            return "; ".join([*(part for part in kept if part.partition("=")[0] not in self._cookies), *own])
        return ""

    def learn(self, recorded: Mapping[str, object], told: object) -> None:
        """`told`: what `tell` says of the answer, as it came from a process that nobody trusts."""
        if not isinstance(told, dict):
            return
        cookies, token, replayed = told.get("cookies"), told.get("token"), told.get("ids")
        for header in cookies[:_MOST_COOKIES] if isinstance(cookies, list) else ():
            if isinstance(header, str) and len(header) <= _LONGEST_COOKIE:
                self._set_cookie(header)
        if isinstance(token, str) and 0 < len(token) <= _LONGEST_TOKEN:
            self._token = token
        ids = recorded.get("ids")
        if isinstance(ids, dict) and isinstance(replayed, dict):
            self._identifiers.learn(str(recorded["path"]), ids, replayed)

    def _set_cookie(self, header: str) -> None:
        try:
            morsels = SimpleCookie(header)
        except CookieError:
            return
        for name, morsel in morsels.items():
            if morsel["max-age"] == "0" or not morsel.value:
                self._cookies.pop(name, None)
            else:
                self._cookies[name] = morsel.coded_value


def tell(answer: Answer, pointers: Iterable[str]) -> dict[str, object]:
    """What a Session learns from an answer; `pointers`: to the identifiers in its JSON."""
    document = answer.json()
    fields = document if isinstance(document, dict) else {}
    found = {pointer: resolve(document, pointer) for pointer in pointers}
    return {
        "cookies": [value for name, value in answer.headers if name == "set-cookie"],
        "token": next((fields[key] for key in _TOKEN_KEYS if isinstance(fields.get(key), str)), ""),
        "ids": {pointer: value for pointer, value in found.items() if isinstance(value, (int, str))},
    }

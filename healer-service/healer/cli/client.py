"""The healer's API from outside, for the commands and the demo. It knows the address and the token, no meanings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import httpx

from healer.model import BadInput, EdgeError, HealerError, NotFound
from healer.settings import Settings


class Client:
    """Raises EdgeError when the healer is not there, BadInput or another HealerError with what it answered."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.base_url
        headers = {
            "authorization": f"Bearer {settings.operator_token.get_secret_value()}",
            "user-agent": f"healer-cli/{version('healer')}",
        }
        self._http = httpx.Client(base_url=self._base, headers=headers, timeout=60, trust_env=False)

    def get(self, path: str) -> Any:
        return self._send("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._send("POST", path, body)

    def whole_id(self, beginning: str) -> str:
        found = [item["id"] for item in self.get("/api/v1/incidents")["incidents"]]
        matching = [incident_id for incident_id in found if incident_id.startswith(beginning)]
        if len(matching) != 1:
            what = "no incident begins" if not matching else f"{len(matching)} incidents begin"
            raise NotFound(f"{what} with {beginning!r}; `healer incidents` lists them")
        return str(matching[0])

    def events(self, after: int = 0) -> Iterator[dict[str, Any]]:
        """Events as they come; ends when the healer closes the stream."""
        with self._http.stream("GET", "/api/v1/events", params={"after": after}, timeout=None) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise EdgeError(f"no healer answers at {self._base}: {error}; start it with `healer serve`") from None
        if answer.is_success:
            return answer.json()
        try:
            detail = str(answer.json()["detail"])
        except (ValueError, KeyError, TypeError):
            detail = f"{answer.status_code} {answer.reason_phrase}"
        raise (BadInput if answer.status_code in (400, 401) else HealerError)(detail)

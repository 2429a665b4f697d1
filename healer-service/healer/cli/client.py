"""The healer's API from outside, for the commands and the demo. It knows the address and the token, no meanings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from healer.model import BadInput, EdgeError, HealerError, NotFound

if TYPE_CHECKING:
    import httpx

    from healer.settings import Settings

SECONDS = 60.0
SILENCE_SECONDS = 40.0  # the event stream says something every 15
CANDIDATES = 8  # that are named when an id is not whole
_WIRE_ERRORS = "the answer is no JSON object, so this is no healer"


def settings() -> Settings:
    """Of the environment and healer.toml. Raises BadInput."""
    from healer.settings import load_settings  # noqa: PLC0415 - takes longer than what a completion may take

    return load_settings()


def connect() -> Client:
    return Client(settings())


class Client:
    """Raises EdgeError when the healer is not there, BadInput or another HealerError with what it answered."""

    def __init__(self, settings: Settings) -> None:
        import httpx  # noqa: PLC0415 - as above

        self._base = settings.base_url
        headers = {
            "authorization": f"Bearer {settings.operator_token.get_secret_value()}",
            "user-agent": f"healer-cli/{version('healer')}",
        }
        self._http = httpx.Client(base_url=self._base, headers=headers, timeout=SECONDS, trust_env=False)

    def get(self, path: str, **query: Any) -> Any:
        """`query`: what is empty or None is left out."""
        asked = {name: value for name, value in query.items() if value not in ("", None)}
        return self._send("GET", path, None, asked)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._send("POST", path, body, {})

    def whole_id(self, beginning: str) -> str:
        """Raises NotFound with the candidates unless exactly one incident's id begins so, BadInput for no beginning:
        every id begins so, and the only one must not be what a script's unset variable means.
        """
        if not beginning:
            raise BadInput("the incident's id is empty; `healer incidents` lists them")
        found = self.get("/api/v1/incidents", id=beginning, limit=CANDIDATES + 1)["incidents"]
        matching = [item for item in found if item["id"].startswith(beginning)]
        whole = [item for item in matching if item["id"] == beginning]
        if len(matching) == 1 or whole:
            return str((whole or matching)[0]["id"])
        if not matching:
            raise NotFound(f"no incident begins with {beginning!r}; `healer incidents` lists them")
        many = f"more than {CANDIDATES}" if len(matching) > CANDIDATES else str(len(matching))
        names = "\n".join(f"  {item['id']}  {item['state']}  {item['title'][:80]}" for item in matching[:CANDIDATES])
        raise NotFound(f"{many} incidents begin with {beginning!r}; write more of the id:\n{names}")

    def events(self, after: int | None = None) -> Iterator[dict[str, Any] | None]:
        """Events as they come; None whenever the healer says that it is still there. Ends with the stream.

        Without `after` they begin with the next one. Raises as the other calls do.
        """
        import httpx  # noqa: PLC0415 - as above

        headers = {"last-event-id": str(after)} if after is not None else {}
        timeout = httpx.Timeout(SECONDS, read=SILENCE_SECONDS)
        try:
            with self._http.stream("GET", "/api/v1/events", headers=headers, timeout=timeout) as answer:
                if not answer.is_success:
                    answer.read()
                    raise self._refusal(answer)
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        yield json.loads(line.removeprefix("data: "))
                    elif line:
                        yield None
        except httpx.HTTPError as error:
            raise self._away(error) from None
        except ValueError:
            raise EdgeError(f"{self._base}: {_WIRE_ERRORS}") from None

    def _send(self, method: str, path: str, body: dict[str, Any] | None, query: Mapping[str, Any]) -> Any:
        import httpx  # noqa: PLC0415 - as above

        try:
            answer = self._http.request(method, path, json=body, params=query or None)
        except httpx.HTTPError as error:
            raise self._away(error) from None
        except httpx.InvalidURL as error:  # such as one that is too long
            raise BadInput(f"what was given does not fit into an address: {error}") from None
        except UnicodeError:
            raise BadInput(f"{_no_text({**query, **(body or {})})} is no UTF-8") from None
        if not answer.is_success:
            raise self._refusal(answer)
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise EdgeError(f"{self._base}: {_WIRE_ERRORS}; is HEALER_URL or HEALER_PORT right?")
        return document

    def _away(self, error: Exception) -> EdgeError:
        return EdgeError(
            f"no healer answers at {self._base}: {error or type(error).__name__}; start it with `healer serve`, or say "
            "with HEALER_URL where it is"
        )

    def _refusal(self, answer: httpx.Response) -> HealerError:
        try:
            detail = str(answer.json()["detail"])
        except (ValueError, KeyError, TypeError):
            detail = f"{self._base} answered {answer.status_code} {answer.reason_phrase}"
        if answer.status_code in (401, 403):
            return BadInput(
                f"{detail}\n{self._base} refused the token. The commands take it from HEALER_OPERATOR_TOKEN, or from "
                "operator-token in HEALER_HOME: run them as the healer's user and with its settings (in compose: "
                "docker-compose exec healer-service healer …)"
            )
        if answer.status_code == 400:
            return BadInput(detail)
        passes = answer.status_code == 429 or answer.status_code >= 500  # by asking again later, as when it is away
        return (EdgeError if passes else HealerError)(detail)


def _no_text(given: Mapping[str, Any]) -> str:
    """Of what was given the one that cannot be encoded: Python holds bytes that are no UTF-8 as lone surrogates."""
    for name, value in given.items():
        try:
            str(value).encode()
        except UnicodeError:
            return f"{name}: {value!r}"
    return "what was given"

"""A deployment by a webhook out: somebody else's system is told which commit to serve. It follows no redirects.

Whoever receives it answers 2xx as soon as it has understood; whether the commit is served, the health address says.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from healer.edges.deployment.health import Health
from healer.edges.deployment.orders import Order, OrderedDeployment, Orders, Outcome
from healer.edges.deployment.sending import UNREACHED, client_for
from healer.model import DeploymentError

SECONDS = 10.0
LONGEST_SAID = 300
SIGNATURE = "X-Healer-Signature-256"
# Wrong settings, or a moment's trouble: neither says anything about the release.
_NOT_NOW = frozenset((401, 403, 404, 405, 407, 408, 425, 429))


class WebhookDeployment(OrderedDeployment):
    """`secret` signs what is sent, "" for nothing. `state` is a file of this deployment's own.

    Nothing is prepared here: the receiver has its own way to the repository.
    """

    def __init__(self, service: str, address: str, secret: str, *, state: Path, health: Health, url: str) -> None:
        self._service = service
        self._address = address
        self._secret = secret.encode()
        parts = urlsplit(address)
        self._shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"  # its path or query may be a secret
        super().__init__(Orders(state, health, url, self._carry_out), url)

    def _carry_out(self, order: Order, serves: str | None) -> Outcome:
        told = {"service": self._service, "commit": order.commit, "previous": serves}
        body = json.dumps({**told, "action": order.action, "delivery": order.delivery}).encode()
        headers = {"content-type": "application/json"}
        if self._secret:
            headers[SIGNATURE] = f"sha256={hmac.new(self._secret, body, hashlib.sha256).hexdigest()}"
        try:
            with (
                client_for(SECONDS) as client,
                client.stream("POST", self._address, content=body, headers=headers) as answer,
            ):
                said = "" if answer.is_success else _beginning(answer)
        except UNREACHED as error:
            raise DeploymentError(f"the webhook at {self._shown} does not answer: {type(error).__name__}") from error
        if answer.is_success:
            return Outcome()
        what = f"the webhook at {self._shown} answered {answer.status_code}"
        if answer.is_redirect:
            raise DeploymentError(f"{what}, and redirects are not followed: write the address it leads to")
        if answer.is_server_error or answer.status_code in _NOT_NOW:
            raise DeploymentError(what)
        return Outcome(f"{what}: {said or 'it said nothing'}", touched=False)


def _beginning(answer: httpx.Response) -> str:
    try:
        text = next(answer.iter_text(4 * LONGEST_SAID), "")
    except httpx.TransportError:
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_SAID]

"""Sends webhook deliveries as GitHub does: signed, one after the other, never again by itself.

It does not build their bodies.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import threading
import urllib.parse
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.github.faults import Fate, Faults
from tests.github.state import Hook
from tests.github.webhooks import wrong_delivery

PATIENCE = 10.0  # seconds that GitHub waits for the answer
HELD = 0.3  # seconds after which a delivery that waits for the next one goes out without it


@dataclass
class Delivery:
    id: str  # X-GitHub-Delivery; the same again when it is sent again
    hook: Hook
    event: str
    body: bytes
    answers: list[int | None] = field(default_factory=list)  # status for each time it was sent; None: no answer
    fate: str | None = None


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Deliveries:
    def __init__(self, fate: Fate, faults: Callable[[], Faults], violations: list[str]) -> None:
        self.all: list[Delivery] = []
        self._fate = fate
        self._faults = faults
        self._violations = violations
        self._waiting: queue.Queue[Delivery | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._unsettled = 0
        self._settled = threading.Condition()

    def add(self, hook: Hook, event: str, body: dict[str, Any]) -> Delivery:
        for problem in wrong_delivery(event, body):
            self._violations.append(f"the fake's own delivery of {event} {body.get('action', '')}: {problem}")
        made = Delivery(str(uuid.uuid4()), hook, event, json.dumps(body, separators=(",", ":")).encode())
        made.fate = self._fate.of_delivery(self._faults())
        self.all.append(made)
        if made.fate != "lost":
            self._put(made)
        return made

    def again(self, delivery_id: str) -> None:
        """What a person does with the button "Redeliver"."""
        made = next(made for made in self.all if made.id == delivery_id)
        made.fate = None
        self._put(made)

    def settle(self, patience: float = 10.0) -> None:
        """Wait until all that are under way have been answered."""
        with self._settled:
            if not self._settled.wait_for(lambda: self._unsettled == 0, patience):
                raise TimeoutError(f"{self._unsettled} deliveries are still under way after {patience} seconds")

    def stop(self) -> None:
        if self._thread:
            self._waiting.put(None)
            self._thread.join(PATIENCE)

    def _put(self, made: Delivery) -> None:
        with self._settled:
            self._unsettled += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fake GitHub's deliveries", daemon=True)
                self._thread.start()
        self._waiting.put(made)

    def _run(self) -> None:
        held: Delivery | None = None
        while True:
            try:
                made = self._waiting.get(timeout=HELD if held else None)
            except queue.Empty:
                made, held = held, None
            if made is None:
                return
            if made.fate == "reordered" and held is None:
                made.fate, held = "held", made
                continue
            self._send(made)
            if made.fate == "duplicate":
                self._send(made)
            self._done()
            if held:
                self._send(held)
                held = None
                self._done()

    def _done(self) -> None:
        with self._settled:
            self._unsettled -= 1
            self._settled.notify_all()

    def _send(self, made: Delivery) -> None:
        hook = made.hook
        address = urllib.parse.urlsplit(hook.url)
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": f"GitHub-Hookshot/{made.id[:7]}",
            "X-GitHub-Delivery": made.id,
            "X-GitHub-Event": made.event,
            "X-GitHub-Hook-ID": str(hook.id),
            "X-GitHub-Hook-Installation-Target-ID": str(json.loads(made.body)["repository"]["id"]),
            "X-GitHub-Hook-Installation-Target-Type": "repository",
        }
        if hook.secret:
            old = "sha1=" + hmac.new(hook.secret.encode(), made.body, hashlib.sha1).hexdigest()
            headers |= {"X-Hub-Signature": old, "X-Hub-Signature-256": signature(hook.secret, made.body)}
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
        try:
            connection.request("POST", address.path or "/", made.body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            made.answers.append(None)
            hook.last = (502, "failed to connect", str(error))
            if isinstance(error, TimeoutError):
                self._violations.append(f"the delivery {made.id} was not answered within {PATIENCE:.0f} seconds")
            return
        finally:
            connection.close()
        made.answers.append(status)
        hook.last = (status, "active", "OK") if status < 300 else (status, "misconfigured", "Invalid HTTP Response")

"""One stage of a workflow: timed, announced, patient with the outside, and never a surprise to the workflow."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

import structlog

from healer.model import EdgeError, HealerError
from healer.pipeline.parts import Parts

log = structlog.get_logger()

TRIES = 4  # over about two seconds; what is down for longer ends the attempt with its reason
FIRST_WAIT = 0.3


class HasParts(Protocol):
    parts: Parts


S = TypeVar("S", bound=HasParts)
Body = Callable[[S, str, int], str]


def stage(name: str) -> Callable[[Body[S]], Body[S]]:
    """Makes a function of (self, incident id, attempt) a stage. It returns "" to go on, or why the attempt ends.

    A reason is data: a workflow that branches on an exception takes another way when it is replayed.
    """

    def decorate(body: Body[S]) -> Body[S]:
        @functools.wraps(body)
        def run(self: S, incident_id: str, attempt: int) -> str:
            return perform(self.parts, name, incident_id, lambda: body(self, incident_id, attempt))

        return run

    return decorate


def perform(parts: Parts, name: str, incident_id: str, body: Callable[[], str]) -> str:
    """The same for a stage that belongs to no workflow."""
    incident = parts.store.incidents.get(incident_id)
    parts.note(incident, "stage.started", {"stage": name}, "execution", once=name)
    started = time.monotonic()
    reason = _patiently(body, name, incident_id)
    payload = {"stage": name, "seconds": round(time.monotonic() - started, 3), "detail": reason}
    parts.note(incident, "stage.finished", payload, "execution", once=name)
    return reason


def _patiently(action: Callable[[], str], name: str, incident_id: str) -> str:
    for attempt in range(1, TRIES + 1):
        try:
            return action()
        except EdgeError as error:
            log.warning("stage failed outside", stage=name, incident=incident_id, attempt=attempt, error=str(error))
            if attempt == TRIES:
                return f"{name}: {error}"
            time.sleep(FIRST_WAIT * 2 ** (attempt - 1))
        except HealerError as error:
            return f"{name}: {error}"
        except Exception:
            # A fault of ours must not leave the incident hanging; the log has the traceback, the incident the fact.
            log.exception("stage failed", stage=name, incident=incident_id)
            return f"{name}: the healer itself failed here; its log tells more"
    raise AssertionError("unreachable")

"""Moves the services' releases on: sees what is wanted, and has the next act done, one at a time for each service.

What is wanted and how far it came is in the store; whatever a killed process left is found there and done again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from healer.edges.store import Incident, Release
from healer.model import Conflict, EdgeError, HealerError, NotFound, State
from healer.pipeline import releasing, returning, stopping
from healer.pipeline.beat import Beat
from healer.pipeline.carrying import UNDER_WAY, attach, deployment_of, holds, merge_of, note_healed, note_relapse, tell
from healer.pipeline.parts import Parts, Service
from healer.pipeline.watching import Watcher

log = structlog.get_logger()

LOOK_SECONDS = 1.0
LONGEST_WAIT = 60.0  # between two tries of what the outside prevents
LONGEST_BLIND = 4.0  # the same for a release that users have

Act = Callable[[Parts, Service, Release], None]


class Rollout:
    def __init__(self, parts: Parts, poll_seconds: float) -> None:
        self._parts = parts
        self._poll_seconds = poll_seconds
        self._beat = Beat("rollout", self.turn, LOOK_SECONDS)
        self._busy: dict[str, threading.Lock] = {name: threading.Lock() for name in parts.services}
        self._watchers = {
            name: Watcher(parts, service) for name, service in parts.services.items() if service.deployment is not None
        }
        self._fetched: dict[str, float] = {}  # service -> when its branch was looked at for others' pushes

    def start(self) -> None:
        self._beat.start()

    def stop(self) -> None:
        """What is being done is left where it is: a change-over may take longer than anybody waits for a stop."""
        self._beat.stop()

    def soon(self) -> None:
        """Something may be due."""
        self._beat.soon()

    def pushed(self, service: str) -> None:
        """Somebody pushed to the service's repository."""
        self._fetched.pop(service, None)
        self._beat.soon()

    def turn(self) -> None:
        """Everything that is due now, each service in a thread of its own: a change-over takes its time."""
        moving = {release.service for release in self._parts.store.releases.moving()}
        waiting = {one.service for one in self._parts.store.incidents.list((*UNDER_WAY, State.SOAKING))}
        for name in self._watchers:
            due = name in moving or name in waiting or self._is_due(self._parts.services[name])
            if due and not self._busy[name].locked():
                threading.Thread(target=self._tend, args=(self._parts.services[name],), daemon=True).start()

    def tend(self, service: Service) -> None:
        """All that is due for one service now."""
        self.want(service)
        moving = [one for one in self._parts.store.releases.moving() if one.service == service.name]
        for release in moving:
            if release.state == "leaving":
                self._try(service, release, returning.go_back)
        for release in moving:
            if release.state in ("canary", "soaking"):
                self._try(service, release, self._watch)
        waiting = [one for one in moving if one.state == "waiting"]
        busy = any(one.state in ("leaving", "canary") for one in moving)
        if waiting and not busy and not stopping.stopped(self._parts):
            self._try(service, self._newest(service, waiting), releasing.attempt)
        self._resolve(service)

    def want(self, service: Service) -> None:
        """Have released what was merged, and by setting what was pushed."""
        store = self._parts.store
        for incident in store.incidents.list(UNDER_WAY, service=service.name):
            merged = merge_of(self._parts, incident)
            if merged is None or store.releases.want(service.name, merged, "proposal", incident.id):
                continue
            known = store.releases.get(service.name, merged)
            if known is not None:
                self._join(service, incident, known)
        if self._is_due(service):
            self._fetched[service.name] = time.monotonic()
            try:
                tip = service.checkout.fetch()
                if any(holds(service, tip, filed.proposal.head_sha) for filed in store.proposals.open(service.name)):
                    self._fetched.pop(service.name)  # a merge of ours, which is noted in a moment
                elif tip != deployment_of(service).current():
                    store.releases.want(service.name, tip, "push")
            except EdgeError as error:
                log.info("cannot see what was pushed", service=service.name, error=str(error))

    def serve(self, service: Service, commit: str, by: str, reason: str) -> None:
        """A person wants a kept release served: an older one, or again one that was taken back.

        Raises Conflict, NotFound.
        """
        kept = [name for name in deployment_of(service).kept() if name.startswith(commit)]
        if len(kept) != 1:
            found = ", ".join(name[:10] for name in kept or deployment_of(service).kept())
            raise NotFound(f"{commit!r} names {'several' if kept else 'none'} of the kept releases: {found}")
        target, serving = kept[0], deployment_of(service).serving()
        if serving.release == target and serving.canary is None:
            raise Conflict(f"{target[:10]} is what {service.name} serves now")
        why = _by(by, reason)
        store = self._parts.store.releases
        for waiting in store.list(service.name, ("waiting",)):
            if not holds(service, target, waiting.commit):
                returning.leave(self._parts, waiting, why, target=target, by=by)
        leaving = serving.canary or serving.release
        if serving.canary == target:
            if not store.set(service.name, target, expected=("canary",), until=time.time()):  # its share ends now
                raise Conflict(f"{target[:10]} is being taken back already")
        elif leaving is not None and holds(service, leaving, target):
            store.want(service.name, leaving, "first")  # one that the store has not heard of
            release = store.get(service.name, leaving)
            assert release is not None, "it was put there"
            if not returning.leave(self._parts, release, why, target=target, by=by):
                raise Conflict(f"{leaving[:10]} is being taken back already")
        elif not store.want(service.name, target, "first"):
            anew: dict[str, Any] = {
                "previous": None,
                "before": None,
                "target": None,
                "left_by": "",
                "live_at": None,
                "until": None,
            }
            store.set(service.name, target, "waiting", reason=why, tries=0, next_try=0.0, **anew)
        payload = {"by": by, "to": target, "from": leaving, "reason": reason}
        self._parts.note_service(service.name, "service.rolled_back", payload, "control")
        self._beat.soon()

    def roll_back(self, incident: Incident, by: str, reason: str) -> None:
        """A person wants the release back that was there before an incident's fix. Raises Conflict."""
        service = self._parts.service(incident.service)
        release = self._parts.store.releases.get(service.name, incident.release or "")
        if release is None or release.state not in ("canary", "soaking", "live"):
            raise Conflict(f"the release of {incident.id} is not served: nothing is to be rolled back")
        if release.previous is None:
            raise Conflict(f"there is no release before {release.commit[:10]} to go back to")
        returning.leave(self._parts, release, _by(by, reason), by=by)
        self._beat.soon()

    def came_back(self, incident: Incident, reported_by: str) -> None:
        """A release reported a crash that one was to heal, or had healed."""
        service = self._parts.services.get(incident.service)
        if service is None or service.deployment is None or incident.release is None:
            return
        if not holds(service, reported_by, incident.release):
            return  # from a release without the fix
        store = self._parts.store
        release = store.releases.get(service.name, reported_by)
        reason = "The same crash was reported by the release that was to heal it."
        if incident.state in (State.RELEASING, State.SOAKING):
            own = store.releases.get(service.name, incident.release)
            if own is not None:
                returning.leave(self._parts, own, reason)
        elif release is not None and release.state in ("canary", "soaking") and release.commit != incident.release:
            self._watchers[service.name].suspect(incident.id, release.commit)
        elif incident.state == State.RESOLVED:
            note_relapse(self._parts, incident)
            store.incidents.move(incident.id, State.REGRESSED, reason, expected=(State.RESOLVED,))
        self._beat.soon()

    def judges(self, incident: Incident) -> bool:
        """Whether it is still to be seen if a young release is to blame for it."""
        if incident.opened_on is None:
            return False
        release = self._parts.store.releases.get(incident.service, incident.opened_on)
        if release is None or release.state not in ("canary", "soaking"):
            return False
        return self._watchers[incident.service].is_suspected(release, incident.id)

    def _tend(self, service: Service) -> None:
        if not self._busy[service.name].acquire(blocking=False):
            return  # its last turn is still at it
        try:
            self.tend(service)
        except Exception:  # whatever it was, what is due must be looked at again
            log.exception("release not moved on; trying again", service=service.name)
        finally:
            self._busy[service.name].release()

    def _is_due(self, service: Service) -> bool:
        """Whether the branch has to be looked at for what others pushed."""
        since = time.monotonic() - self._fetched.get(service.name, -self._poll_seconds)
        return service.release_pushes and since >= self._poll_seconds

    def _join(self, service: Service, incident: Incident, release: Release) -> None:
        """The merge is a release already: somebody's push was quicker."""
        if release.state in ("soaking", "live", "superseded"):
            serving = deployment_of(service).serving().release
            if serving is not None and holds(service, serving, release.commit):
                attach(self._parts, service, incident, serving)
        elif release.state in ("failed", "rolled_back"):
            incidents = self._parts.store.incidents
            incidents.move(incident.id, State.ROLLED_BACK, release.reason, expected=UNDER_WAY, release=None)

    def _newest(self, service: Service, waiting: list[Release]) -> Release:
        """The one that holds the most of the others; those need no release of their own."""
        newest = max(waiting, key=lambda one: sum(holds(service, one.commit, other.commit) for other in waiting))
        for other in waiting:
            if other.commit != newest.commit and holds(service, newest.commit, other.commit):
                reason = f"{newest.commit[:10]} holds it and is released instead."
                self._parts.store.releases.set(
                    service.name, other.commit, "superseded", expected=("waiting",), reason=reason
                )
        return newest

    def _watch(self, _parts: Parts, service: Service, release: Release) -> None:
        watcher = self._watchers[service.name]
        if reason := watcher.look(release):
            returning.leave(self._parts, release, reason)
            self._beat.soon()
        elif not watcher.is_over(release):
            return
        elif release.state == "soaking":
            self._parts.store.releases.set(service.name, release.commit, "live", expected=("soaking",), until=None)
        elif not stopping.stopped(self._parts):
            releasing.go_on(self._parts, service, release)

    def _try(self, service: Service, release: Release, act: Act) -> None:
        """What the outside prevents now is tried again, each time a little later."""
        if release.next_try > time.time():
            return
        store = self._parts.store.releases
        try:
            act(self._parts, service, release)
            if release.tries:
                store.set(service.name, release.commit, expected=(release.state,), tries=0)
        except HealerError as error:
            reason = str(error)
        except Exception:
            log.exception("a fault of the healer's own", service=service.name, release=release.commit)
            reason = "the healer itself failed here; its log tells more"
        else:
            return
        # Users have the others: they are not left alone for long.
        wait = min(LONGEST_WAIT if release.state == "waiting" else LONGEST_BLIND, 2.0**release.tries)
        values: dict[str, Any] = {"tries": release.tries + 1, "next_try": time.time() + wait}
        if release.state == "waiting":
            values["reason"] = reason
        store.set(service.name, release.commit, expected=(release.state,), **values)
        payload = {"commit": release.commit, "state": release.state, "reason": reason}
        log.warning("release waits", service=service.name, **payload)
        incidents = self._parts.store.incidents.list(UNDER_WAY, service=service.name)
        tell(self._parts, service, incidents, "release.waits", payload, f"{release.commit} {reason}"[:120])

    def _resolve(self, service: Service) -> None:
        """The incidents whose soak is over, unless their release is still under suspicion."""
        for incident in self._parts.store.incidents.list((State.SOAKING,), service=service.name):
            if (incident.soak_until or 0.0) > time.time():
                continue
            release = self._parts.store.releases.get(service.name, incident.release or "")
            # Its release may be watched for longer: as long as a supervisor may leave it by itself.
            if release is not None and release.state not in ("soaking", "live"):
                continue
            if release is None or not self._watchers[service.name].is_suspected(release):
                note_healed(self._parts, incident, "sandbox")
                self._parts.store.incidents.move(incident.id, State.RESOLVED, expected=(State.SOAKING,))


def _by(person: str, reason: str) -> str:
    return f"Rolled back by {person}" + (f": {reason}" if reason else ".")

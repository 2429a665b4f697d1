"""A healer over the fake GitHub in one process, which can be killed at any call and started again, and time that jumps.

Real are the store, git, HTTP, PyGithub, the webhook's route, dispatch and tending. There is no sandbox: heals find what
they are told to. There is no DBOS: `Durable` does what the tests need of it.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import healer.edges.forge.github
import uvicorn
from healer.edges.checkout import Access as GitAccess
from healer.edges.checkout import Checkout
from healer.edges.forge.github import GitHub, allowance, calls, discussion
from healer.edges.store import Store, database
from healer.model import Change, EdgeError, Evidence, Frame, HealerError, State, Verdict
from healer.pipeline import forges, healing, rechecking, tending
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts, Service
from healer.web.access import Access
from healer.web.application import Web, create_app

from tests.github import FakeGitHub, limits, state
from tests.healer.samples import a_candidate, a_diagnosis, a_replay, a_report, answered, crashed

SECRET = "a secret that both sides know"
RIGHTS = {"contents": "write", "pull_requests": "write", "metadata": "read", "checks": "read", "statuses": "read"}
PEOPLE = {"ada": "write", "bob": "read", "owen": "write"}
OWNERS = ".github/CODEOWNERS"
PART = """STOCK = {}


def left(name):
    return STOCK[name]
"""


class Clock:
    """Real time and whatever was jumped over. Healer and fake GitHub go by the same one."""

    TIMED = (forges, tending, allowance, calls, discussion, healer.edges.forge.github, limits)
    DATED = (tending, database, state)

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def time(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds

    def put_into(self, monkeypatch: Any) -> None:
        clock = self

        class Moved(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + timedelta(seconds=clock.ahead)

        for module in self.TIMED:
            monkeypatch.setattr(module, "time", self)
        for module in self.DATED:
            monkeypatch.setattr(module, "datetime", Moved)


class Killed(BaseException):
    """Nothing in the healer may catch it, as nothing can catch a signal 9."""


class Mortality:
    """Kills at the n-th step from now: before or after a call of the forge or of git, or a transaction of the store."""

    def __init__(self) -> None:
        self._left = 0
        self._writes = False
        self._thread = threading.get_ident()  # deliveries come in on others

    def aim(self, steps: int, *, writes: bool = False) -> None:
        """`writes`: only the ends of transactions count. 0 steps: not at all."""
        self._left = steps
        self._writes = writes

    def pass_by(self, *, write: bool = False) -> None:
        if self._left and (write or not self._writes) and threading.get_ident() == self._thread:
            self._left -= 1
            if not self._left:
                raise Killed

    def of_calls(self, thing: Any) -> Any:
        return _Mortal(thing, self)

    def of_writes(self, store: Store) -> None:
        writing = store._database.writing

        @contextmanager
        def mortal() -> Iterator[Any]:
            self.pass_by()
            with writing() as transaction:
                yield transaction
            self.pass_by(write=True)

        store._database.writing = mortal  # type: ignore[method-assign]


class _Mortal:
    def __init__(self, thing: Any, mortality: Mortality) -> None:
        self._thing = thing
        self._mortality = mortality

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if not callable(found):
            return found

        def call(*given: Any, **named: Any) -> Any:
            self._mortality.pass_by()
            answer = found(*given, **named)
            self._mortality.pass_by()
            return answer

        return call


class Durable:
    """Workflows as DBOS has them: an id starts once, and whatever was interrupted goes on after its last whole step."""

    heal, recheck = "heal", "recheck"  # as the healer's Workflows calls them

    def __init__(self, finds: Callable[[str, int], bool], files: dict[str, str]) -> None:
        """`finds`: whether a heal's attempt comes to a fix. `files`: incident -> where it crashed."""
        self.started: dict[str, tuple[str, str, int]] = {}
        self._ended: dict[str, str] = {}
        self._steps: dict[tuple[str, str], str] = {}
        self._finds = finds
        self._files = files

    def start(self, workflow_id: str, workflow: Any, incident: Any) -> None:
        self.started.setdefault(workflow_id, (workflow, incident.id, incident.attempt))

    def work(self, parts: Parts) -> None:
        for name, (kind, incident_id, attempt) in list(self.started.items()):
            if name not in self._ended:
                with suppress(EdgeError):  # git does not answer now
                    self._ended[name] = getattr(self, f"_{kind}")(parts, name, incident_id, attempt)

    def _recheck(self, parts: Parts, _name: str, incident_id: str, _attempt: int) -> str:
        return rechecking.prove_again(parts, None, incident_id)  # type: ignore[arg-type]

    def _heal(self, parts: Parts, name: str, incident_id: str, attempt: int) -> str:
        reason = (
            self._step(name, "fetch", lambda: healing.fetch(parts, incident_id))
            or self._step(name, "repair", lambda: self._repair(parts, incident_id, attempt))
            or self._step(name, "propose", lambda: healing.propose(parts, incident_id, attempt))
        )
        return healing.decline(parts, incident_id, reason) if reason else "proposed"

    def _step(self, name: str, step: str, work: Callable[[], str]) -> str:
        if (name, step) not in self._steps:
            try:
                self._steps[name, step] = work()
            except EdgeError:
                raise
            except HealerError as error:
                self._steps[name, step] = f"{step}: {error}"
        return self._steps[name, step]

    def _repair(self, parts: Parts, incident_id: str, attempt: int) -> str:
        incidents = parts.store.incidents
        incidents.move(incident_id, State.REPAIRING, expected=(State.DIAGNOSING,))
        incidents.set(incident_id, diagnosis=a_diagnosis())
        if not self._finds(incident_id, attempt):
            return "nothing was found"
        incident = incidents.get(incident_id)
        file = self._files[incident_id]
        text = parts.service("stock").checkout.sources(incident.base or "")[file]
        candidate = a_candidate(changes=(Change(file, text, f"{text}# found by attempt {attempt}\n"),))
        incidents.forget_candidates(incident_id, attempt)
        evidence = Evidence(a_replay(crashed()), a_replay(answered(404)))
        incidents.put_verdict(
            incident_id, attempt, 0, Verdict(candidate, True, "It answers.", evidence=evidence), chosen=True
        )
        return ""


class Contented:
    """Stands where the sandbox would prove a change: it takes whatever a person added."""

    def __init__(self, *_: Any) -> None:
        pass

    def prove(self, candidate: Any) -> Verdict:
        return Verdict(candidate, True, "")


class Entrance:
    """The webhook's route over real HTTP, for one healer after the other; while none lives, it fails."""

    take_all = None  # it takes no reports

    def __init__(self) -> None:
        self.dispatch: Dispatch | None = None
        parts = SimpleNamespace(store=SimpleNamespace(log=None, statistics=None), services={})
        web = Web(parts, self, None, Access("t", {}), SECRET, str)  # type: ignore[arg-type]
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{probe.getsockname()[1]}/webhooks/github"
        config = uvicorn.Config(create_app(web, _no_lifespan), log_config=None, access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        work = lambda: asyncio.run(self._server.serve([probe]))  # noqa: E731
        self._thread = threading.Thread(target=work, name="entrance", daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)

    def deliver(self, delivery: Any) -> bool:
        dispatch = self.dispatch
        if dispatch is None:
            raise EdgeError("the healer is down")
        return dispatch.deliver(delivery)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


@asynccontextmanager
async def _no_lifespan(_app: Any) -> AsyncIterator[None]:
    yield


def make_template(path: Path) -> Path:
    """A database as new; copying one takes a hundredth of the time that making one does."""
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


class Desk:
    """One fake GitHub with a repository, and one healer after the other over the same folder."""

    def __init__(
        self, folder: Path, seed: int, entrance: Entrance, template: Path, finds: Callable[[str, int], bool]
    ) -> None:
        (folder / "hub").mkdir()
        self.folder = folder
        self.hub = FakeGitHub(folder / "hub", seed, strict=False)
        self.hub.__enter__()
        for person in PEOPLE:
            self.hub.user(person)
        self.token = self.hub.token(**RIGHTS)
        files = {f"part{number}.py": PART for number in range(3)}
        self.repo = self.hub.repository("acme/stock", files={**files, OWNERS: "* @owen\n"}, collaborators=PEOPLE)
        self.repo.webhook(entrance.url, SECRET)
        self.mortality = Mortality()
        shutil.copy(template, folder / "healer.db")
        self.store = Store(f"sqlite:///{folder}/healer.db")
        self.mortality.of_writes(self.store)
        self.files: dict[str, str] = {}
        self._entrance = entrance
        self.durable = Durable(finds, self.files)
        self._checkout: Checkout | None = None
        self.start()

    def start(self) -> None:
        address = f"{self.hub.url}/acme/stock.git"
        self._checkout = Checkout(self.folder / "mirror.git", address, None, GitAccess(self.token))
        self.forge = GitHub(f"{self.hub.url}/api/v3", "acme/stock", self.token, gap=0)
        service = Service(
            "stock",
            None,
            (),
            "propose",
            "playbook",
            self.mortality.of_calls(self._checkout),
            None,  # type: ignore[arg-type]
            self.mortality.of_calls(self.forge),
            SimpleNamespace(),  # type: ignore[arg-type]
            repository="acme/stock",
            labels=("healer",),
        )
        self.parts = Parts(self.store, {"stock": service}, "http://127.0.0.1:9", 3)
        self.dispatch = Dispatch(self.parts, self.durable)  # type: ignore[arg-type]
        self.dispatch._start = self.durable.start  # type: ignore[method-assign]
        self.dispatch.tending._start = self.durable.start  # type: ignore[method-assign]
        self._entrance.dispatch = self.dispatch

    def kill(self) -> None:
        """What would die with the process."""
        self._entrance.dispatch = None
        self.mortality.aim(0)
        self.forge._calls.hub.close()
        if self._checkout is not None and self._checkout._repo is not None:
            self._checkout._repo.close()

    def crash(self, number: int) -> str:
        file = f"part{number}.py"
        frame = Frame(file, 5, "left", True, "return STOCK[name]")
        report = a_report(report_id=f"{number:032d}", service="stock", frames=(frame,))
        incident = self.dispatch.take(report)
        self.files[incident.id] = file
        return incident.id

    def turn(self) -> None:
        """What the healer's threads do, one after the other."""
        self.dispatch.tick()
        self.durable.work(self.parts)
        self.dispatch.tending.turn()
        self.dispatch._rollout.want(self.parts.services["stock"])

    @property
    def releases(self) -> list[str]:
        """The commits that are wanted of the service."""
        return [release.commit for release in self.store.releases.list("stock")]

    def close(self) -> None:
        self.kill()
        self.hub.__exit__(None, None, None)
        self.store.close()

"""Where the real parts are put together: settings in, a running healer out. It holds no logic of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import structlog
import uvicorn
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer
from fastapi import FastAPI
from sqlalchemy import Engine, create_engine, event, text

from healer.alive import ENGINE
from healer.edges.bus import Bus
from healer.edges.bus.duty import DatabaseDuty, HomeDuty
from healer.edges.bus.postgres import PostgresLine
from healer.edges.bus.shared import SharedBus
from healer.edges.checkout import Access as GitAccess
from healer.edges.checkout import Checkout
from healer.edges.deployment import Deployment
from healer.edges.deployment.command import CommandDeployment
from healer.edges.deployment.health import Health
from healer.edges.deployment.supervisor import SupervisorDeployment
from healer.edges.deployment.webhook import WebhookDeployment
from healer.edges.forge import Forge
from healer.edges.forge.local import LocalForge
from healer.edges.llm import Llm
from healer.edges.notify import Target
from healer.edges.sandbox import LocalSandbox, Sandbox
from healer.edges.store import Bounds, Store, now
from healer.edges.tracing import SECRETS as OTLP_SECRETS
from healer.edges.tracing import Collector
from healer.hosts import address_elsewhere, address_of
from healer.model import HealerError, LlmError, Message
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.following import STOP_SECONDS
from healer.pipeline.notifying import Notifying, Wish
from healer.pipeline.parts import Parts, Service
from healer.pipeline.retention import Retention
from healer.pipeline.standby import Duty, Standby
from healer.pipeline.tracing import Tracing, forget_traces
from healer.pipeline.workflows import Workflows
from healer.settings import SECRETS, GitHubAddress, ServiceSettings, Settings
from healer.stages import guardrails, prompt
from healer.web.access import Access
from healer.web.application import Web, create_app

log = structlog.get_logger()

# Pinned: DBOS's own default is a hash of the workflows' source, and in-flight work would be stranded by any edit.
# Raise it only together with a way for the old version's work to drain.
WORKFLOW_VERSION = "healer-1"

RETRY_SECONDS = 5.0
WARM_AGAIN_SECONDS = 20.0


def configure_logging(level: str, form: str) -> None:
    """One line an event, JSON or for people, from structlog and the standard library alike."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[structlog.typing.Processor] = (
        # A traceback with the locals would write secrets into the log.
        [
            _one_line,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
        if form == "console"
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
    )
    handler = logging.StreamHandler(sys.stderr)
    removed = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[removed, *last], foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in ("httpx", "httpcore", "alembic", "git", "github", "urllib3", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))


def _one_line(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A terminal obeys control characters, and a line end would begin an event of somebody else's making."""
    return {name: _shown(value) if isinstance(value, str) else value for name, value in event.items()}


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Healer:
    """Everything of one healer process, in the order it is started."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.bus = _bus(settings)
        self.store = Store(
            settings.database,
            self.bus.notify,
            audit_key=settings.audit_key.get_secret_value(),
            audit_head=settings.audit_head,
        )
        self._problem = "starting"
        self._stopping = threading.Event()
        self._stopped = False
        self._sandboxes: dict[str, LocalSandbox] = {}
        self._standby = Standby(_duty(settings, self.store.kind), _own_address(settings))
        self._standby.join(self.store)
        self.store.migrate()
        keys = {name: self.store.service_key(name) for name in (service.name for service in settings.services)}
        services = {service.name: self._service(service) for service in settings.services}
        self._llm = _llm(settings)
        self.parts = Parts(self.store, services, settings.base_url, settings.heals_at_once, self._llm)
        self._dbos = DBOS(config=_dbos_config(settings))
        self.dispatch = Dispatch(self.parts, Workflows(self.parts), settings.poll_seconds, self._standby)
        self._notifying = Notifying(self.parts, self.bus, _wishes(settings))
        self._tracing = Tracing(self.parts, self.bus, Collector(settings.otlp_url)) if settings.otlp_url else None
        self._retention = Retention(self.store, settings.kept_for, settings.max_incidents)
        for service in settings.services:
            number, key = keys[service.name]
            _write_dsn(service, settings, number, key)
        access = Access(
            settings.operator_token.get_secret_value(),
            {key: name for name, (_, key) in keys.items()},
            settings.viewer_token.get_secret_value(),
            self.store,
            settings.base_url,
        )
        self.web = Web(
            self.parts,
            self.dispatch,
            self.bus,
            access,
            settings.webhook_secret.get_secret_value(),
            self._ready,
            {service.name: service.offered for service in settings.services if service.examples is not None},
        )

    def app(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            self.bus.start()
            if self._standby.at_work:
                await asyncio.to_thread(self._launch)
            # Live at once, ready when the repositories are: a slow clone must not look like a dead process.
            preparing = asyncio.create_task(asyncio.to_thread(self._work))
            warming = asyncio.create_task(asyncio.to_thread(self._warm))
            yield
            self._stopping.set()
            try:
                await asyncio.gather(preparing, warming)
            finally:
                await asyncio.to_thread(self._stop)

        return create_app(self.web, lifespan)

    def _work(self) -> None:
        """Begin it; where another healer does it, once it is this one's turn."""
        try:
            if not self._standby.at_work:
                self._problem = ""
                log.info("standing by")
                if not self._standby.wait(self.store, self._stopping, self.store.incidents.tell_counts):
                    return
                log.info("taking over")
                self._launch()
            self._standby.begin(self.store)
            self._start()
        except Exception:  # who has the duty and does not do it keeps all others from it
            log.exception("the work cannot be begun; this healer ends")
            os._exit(1)
        self._bring_up()

    def _launch(self) -> None:
        self._standby.settle()
        DBOS.launch()

    def _start(self) -> None:
        self.dispatch.start()
        self._retention.start()
        self._notifying.start()
        if self._tracing is not None:
            self._tracing.start()
        else:
            forget_traces(self.store)

    def _bring_up(self) -> None:
        """Every service; one that fails is tried again while the others are at work."""
        waiting = list(self.settings.services)
        while True:
            waiting = [service for service in waiting if not self._is_up(service)]
            # Anybody may ask for it: the reasons, which hold paths and addresses, are in the log.
            names = ", ".join(service.name for service in waiting)
            self._problem = f"not ready: {names}; the healer's log says why" if names else ""
            if not waiting:
                log.info("ready", services=[service.name for service in self.settings.services])
                return
            if self._stopping.wait(RETRY_SECONDS):
                return

    def _is_up(self, service: ServiceSettings) -> bool:
        try:
            self._first_release(service)
        except (HealerError, OSError) as error:
            log.error("service not ready", service=service.name, reason=str(error))
            return False
        except Exception:  # a fault of ours must show as not ready, not as starting for ever
            log.exception("service not ready", service=service.name)
            return False
        return True

    def _warm(self) -> None:
        """Load the guardrails' scanners, and have the model's server read what all prompts begin with."""
        guardrails.warm()
        while self._llm is not None and not self._stopping.is_set():
            try:
                self._llm.warm((Message("system", prompt.SYSTEM),))
                return
            except LlmError as error:
                log.debug("the model is not warm yet", reason=str(error))
                self._stopping.wait(WARM_AGAIN_SECONDS)

    def _stop(self) -> None:
        self.web.intake.stop()
        self.web.access.stop()
        if self._standby.at_work:
            self._retention.stop()
            self._stop_following()
            self.dispatch.stop()
            DBOS.destroy(workflow_completion_timeout_sec=5)
        for sandbox in self._sandboxes.values():
            sandbox.stop()
        if self._llm is not None:
            self._llm.close()
        self.bus.stop()
        self.store.close()
        if not self._standby.at_work:
            self._standby.stop()  # else a step may still run, and the duty ends with the process
        self._stopped = True

    def _stop_following(self) -> None:
        """All at once: each may hang in a request, and together they get no more time than one."""
        following = [self._notifying, *([self._tracing] if self._tracing is not None else ())]
        for one in following:
            one.end()
        deadline = time.monotonic() + STOP_SECONDS
        for one in following:
            one.stop(deadline)

    def end(self) -> None:
        """After an orderly stop, where others stand by: leave what still runs to them, instead of waiting for it."""
        if self._stopped and self._standby.shared:
            logging.shutdown()
            os._exit(0)

    def _ready(self) -> str:
        if not self._problem:
            self.store.check()
        return self._problem

    def _first_release(self, service: ServiceSettings) -> None:
        parts = self.parts.services[service.name]
        if service.seed is not None:
            parts.checkout.seed(service.seed)
        commit = parts.checkout.fetch()
        if parts.deployment is not None and parts.deployment.current() is None:
            parts.deployment.prepare(commit, lambda folder: parts.checkout.export(commit, folder))
            self.store.releases.want(service.name, commit, "first")
            parts.deployment.point(commit)
            self.store.releases.set(service.name, commit, "live", live_at=now())
        if isinstance(parts.sandbox, LocalSandbox):
            parts.sandbox.start()
        self.dispatch.measure_baseline(service.name)

    def _service(self, service: ServiceSettings) -> Service:
        settings, deploy = self.settings, service.deploy
        github = settings.github_of(service)
        token = settings.token_of(service).get_secret_value()
        checkout = Checkout(
            settings.home / "repositories" / f"{service.name}.git",
            service.repository,
            service.branch,
            GitAccess(token, service.ssh_key),
            service.fetch_depth,
        )
        if lack := settings.lack_of(service):
            log.warning("no way to the repository", service=service.name, reason=lack)
        return Service(
            name=service.name,
            entry=service.entry,
            tests=service.tests,
            autonomy=service.autonomy,
            engine=service.engine,
            heals_per_hour=service.heals_per_hour,
            open_proposals=service.open_proposals,
            bounds=Bounds(service.new_incidents_per_hour, settings.max_incidents),
            policy=service.policy,
            checkout=checkout,
            sandbox=self._sandbox(service),
            forge=self._github(github, token) if github is not None else self._local(checkout),
            repository=(github.repository if github is not None else f"local/{service.name}").lower(),
            labels=service.labels,
            ask_review=service.ask_review,
            deployment=self._deployment(service),
            soak_seconds=settings.soak_of(service),
            canary_workers=deploy.canary_workers,
            canary_seconds=deploy.canary_seconds,
            release_pushes=service.release_pushes,
            safe_requests=service.safe_requests,
            min_confidence=service.autonomous.min_confidence,
            max_risk=service.autonomous.max_risk,
            merges_per_day=service.autonomous.merges_per_day,
            address=service.url,
            replay_env=service.replay.env,
            replay_headers=service.replay.headers,
            limits={"seconds": service.replay.seconds, "memory_mb": service.replay.memory_mb},
        )

    def _deployment(self, service: ServiceSettings) -> Deployment | None:
        deploy, state = service.deploy, self.settings.home / "deployments" / f"{service.name}.json"
        if service.way == "supervisor" and service.releases is not None and service.control is not None:
            return SupervisorDeployment(
                service.releases,
                service.control,
                service.url,
                python=service.interpreter,
                requirements=deploy.requirements,
            )
        health = Health(deploy.health, deploy.health_seconds, deploy.version_header)
        if service.way == "command":
            return CommandDeployment(
                service.name,
                deploy.command,
                deploy.way_back,
                run_in=deploy.run_in,
                state=state,
                health=health,
                url=service.url,
                releases=service.releases,
                python=service.interpreter,
                requirements=deploy.requirements,
            )
        if service.way == "webhook":
            secret = deploy.secret.get_secret_value()
            return WebhookDeployment(service.name, deploy.webhook, secret, state=state, health=health, url=service.url)
        return None

    def _local(self, checkout: Checkout) -> Forge:
        return LocalForge(
            checkout,
            f"{address_of('', self.settings.host, self.settings.port)}/webhooks/github",
            self.settings.webhook_secret.get_secret_value(),
            self.settings.base_url,
        )

    def _github(self, address: GitHubAddress, token: str) -> Forge:
        from healer.edges.forge.github import GitHub  # noqa: PLC0415 - takes its time, and most do without

        return GitHub(address.api, address.repository, token)

    def _sandbox(self, service: ServiceSettings) -> Sandbox:
        if self.settings.sandbox is not None:
            return Sandbox(self.settings.sandbox)
        if service.interpreter not in self._sandboxes:
            folder = self.settings.home / "sandbox" / str(len(self._sandboxes))
            self._sandboxes[service.interpreter] = LocalSandbox(
                folder.resolve(), service.interpreter, allow_weak=self.settings.sandbox_weak
            )
        return self._sandboxes[service.interpreter]


def serve(settings: Settings) -> None:
    """Run until a signal."""
    signal.signal(signal.SIGTERM, _end)
    configure_logging(settings.log_level, settings.log_format)
    for name in SECRETS:  # they are in the settings now, and no concern of the programs started from here
        os.environ.pop(f"HEALER_{name.upper()}", None)
    healer = Healer(settings)
    for name in OTLP_SECRETS:  # likewise, now that there is whoever reads them
        os.environ.pop(name, None)
    try:
        _Server(_listening(settings, healer.app()), healer.web.feed.end).run()
    finally:
        healer.end()


def _listening(settings: Settings, app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,  # it would hold the sign-in link's token
        proxy_headers=bool(settings.proxy),  # else whoever connects from this machine could say who they are
        forwarded_allow_ips=settings.proxy,
        timeout_graceful_shutdown=2,  # for those who do not read what they asked for
        server_header=False,
    )


class _Server(uvicorn.Server):
    """Event streams never end by themselves: they are ended first, so that nothing waits for them."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)


def _end(_number: int, _frame: object) -> None:
    """A stop that was asked for is no failure. uvicorn calls this once more after it has shut down."""
    raise SystemExit(0)


def _llm(settings: Settings) -> Llm | None:
    key = settings.llm_key.get_secret_value()
    return Llm(settings.llm_url, settings.llm_model, key) if settings.llm_url else None


def _wishes(settings: Settings) -> list[Wish]:
    return [
        Wish(
            Target(one.title, one.address.get_secret_value(), one.secret.get_secret_value(), one.format),
            frozenset(one.states),
            frozenset(one.services),
        )
        for one in settings.notifications
    ]


def _bus(settings: Settings) -> Bus:
    bus = settings.bus.get_secret_value()
    if not bus:
        return Bus()
    if bus == "postgres":
        return SharedBus(lambda: PostgresLine(settings.database))
    from healer.edges.bus.redis import RedisLine  # noqa: PLC0415 - takes its time, and most do without

    return SharedBus(lambda: RedisLine(bus))


def _duty(settings: Settings, kind: str) -> Duty:
    """Several healers may share a database behind a server; beside a file there is one."""
    return HomeDuty(settings.home / "healer.lock") if kind == "sqlite" else DatabaseDuty(settings.database)


def _own_address(settings: Settings) -> str:
    """Of this process; settings.url may be that of several."""
    return address_elsewhere(settings.host, settings.port, socket.gethostname())


def _teach_old_sqlite(connection: object, _record: object) -> None:
    """From Python 3.12 on DBOS 3.4 asks SQLite for `unixepoch('subsec')`, which before SQLite 3.42 is NULL.

    Pythons built on a distribution's SQLite (3.40 on Debian 12) would not start without it.
    """
    if isinstance(connection, sqlite3.Connection):  # the listener hears of every engine
        connection.create_function("unixepoch", 1, lambda _modifier: time.time())


def _dbos_config(settings: Settings) -> DBOSConfig:
    url = settings.database_url
    if not url or url.startswith("sqlite"):
        url = f"sqlite:///{(settings.home / 'workflows.db').resolve()}"
        if sqlite3.sqlite_version_info < (3, 42):
            event.listen(Engine, "connect", _teach_old_sqlite)
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.execute(text("PRAGMA journal_mode=WAL"))
        engine.dispose()
    config: DBOSConfig = {
        "name": "healer",
        "system_database_url": url,
        "application_version": WORKFLOW_VERSION,
        "executor_id": "healer",
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
        "use_listen_notify": False,
        "max_executor_threads": 16,
    }
    if not url.startswith("sqlite"):
        config["db_engine_kwargs"] = ENGINE
    return config


def _write_dsn(service: ServiceSettings, settings: Settings, number: int, key: str) -> None:
    """The address a client reports to; whole or not at all, for the app may be waiting for the file."""
    parts = urlsplit(service.report_url or settings.base_url)
    dsn = f"{parts.scheme}://{key}@{parts.netloc}{parts.path}/{number}\n"
    path = service.dsn_file or settings.home / "services" / f"{service.name}.dsn"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # another healer may write it at this moment
    try:
        draft.touch(mode=0o600, exist_ok=False)
        draft.chmod(0o640 if service.dsn_file else 0o600)
        draft.write_text(dsn)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

"""What a whole healer makes of a stock SDK's report: Python is healed, other platforms are diagnosed and declined."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import children
from tests.sentry.running import ENVIRONMENTS, HERE, PYTHON, App, Stock

pytestmark = pytest.mark.xdist_group("sentry-healing")

SAMPLES = HERE / "samples"
FASTAPI = tuple(stock for stock in PYTHON if stock.framework == "fastapi")
RECORDED_KEY = b"//0123456789abcdef0123456789abcdef@"  # in the DSN of an envelope's header
OTHERS = "others"  # the service of what is not Python
PATIENCE = 60


class Healing:
    """A whole healer, as `healer serve` starts it, over a small repository."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(HERE / "apps" / "ferry", folder / "seed" / "ferry")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        tables = [self._table(stock.sdk, stock.name, 'entry = "ferry.by_fastapi:app"') for stock in FASTAPI]
        config = folder / "healer.toml"
        config.write_text("\n".join([*tables, self._table(OTHERS, FASTAPI[-1].name)]))
        self.home, self._log = folder / "home", folder / "healer.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEALER_")}
        environment |= {"HEALER_HOME": str(self.home), "HEALER_CONFIG": str(config), "HEALER_PORT": str(port)}
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "healer.cli", "serve"]
            self._process = children.start(command, env=environment, stdout=log, stderr=log)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)

    @staticmethod
    def _table(service: str, environment: str, line: str = "") -> str:
        python = ENVIRONMENTS / f"sentry-{environment}" / "bin" / "python"
        return f'[services.{service}]\nrepository = "ferry.git"\nseed = "seed"\npython = "{python}"\n{line}\n'

    def close(self) -> None:
        self.http.close()
        self._process.kill()  # an orderly stop takes seconds, and is a test of its own
        self._process.wait(timeout=20)

    def ready(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            if not self.http.get("/health/ready").is_success:
                return False
        except httpx.TransportError:
            return False
        self.http.headers["authorization"] = f"Bearer {(self.home / 'operator-token').read_text().strip()}"
        return True

    def dsn(self, service: str) -> str:
        return (self.home / "services" / f"{service}.dsn").read_text().strip()

    def post(self, event: bytes, kind: str) -> None:
        """As an SDK posts it; the healer's DSN is all it knows."""
        dsn = httpx.URL(self.dsn(OTHERS))
        event = event.replace(RECORDED_KEY, f"//{dsn.username}@".encode())
        auth = {"x-sentry-auth": f"Sentry sentry_key={dsn.username}, sentry_version=7"}
        answer = self.http.post(f"/api{dsn.path}/{kind}/", content=event, headers=auth)
        assert answer.status_code == 200, answer.text

    def ended(self, service: str, type_: str, function: str) -> dict[str, Any]:
        """The whole incident, once it is proposed or declined."""

        def found() -> str:
            for one in self.http.get("/api/v1/incidents").json()["incidents"]:
                named = (one["service"], one["exception"]["type"], one["fault"] and one["fault"]["function"])
                if named == (service, type_, function) and one["state"] in ("proposed", "declined"):
                    return str(one["id"])
            return ""

        incident: dict[str, Any] = self.http.get(f"/api/v1/incidents/{wait(found)}").json()
        return incident


def wait(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
    return result


@pytest.fixture(scope="module")
def healer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healing]:
    folder = tmp_path_factory.mktemp("healing")
    with ExitStack() as running:
        healing = Healing(folder)
        running.callback(healing.close)
        wait(healing.ready)
        apps = []
        for stock in (one for one in FASTAPI if not one.lack):
            app = App(stock, healing.dsn(stock.sdk), folder / f"{stock.name}.log")
            running.callback(app.close)
            apps.append(app)
        for app in apps:
            app.wait()
            app.crash("none")
        for sample in sorted((*SAMPLES.glob("go-*"), *SAMPLES.glob("node-*"))):
            healing.post(sample.read_bytes(), "store" if sample.suffix == ".json" else "envelope")
        yield healing


@pytest.mark.parametrize("stock", FASTAPI, ids=lambda stock: stock.name)
def test_a_crash_is_healed_and_the_evidence_says_that_the_replay_was_approximate(healer: Healing, stock: Stock) -> None:
    if stock.lack:
        pytest.skip(stock.lack)
    incident = healer.ended(stock.sdk, "AttributeError", "book")
    assert incident["state"] == "proposed", incident["reason"]
    proposal = incident["proposal"]
    assert "approximate replay" in proposal["body"].lower()
    assert f"sentry.python.fastapi/{stock.version}" in proposal["body"]
    [chosen] = [verdict for verdict in incident["verdicts"] if verdict["chosen"]]
    assert chosen["evidence"]["shown_by"] == "request"
    assert chosen["evidence"]["after"]["status"] == 404
    assert "+++ b/ferry/by_fastapi.py" in proposal["diff"]


@pytest.mark.parametrize(
    ("type_", "function", "category", "words"),
    [
        ("TypeError", "price", "none-dereference", ["sailing", "undefined", "price"]),
        ("TypeError", "notify", "none-dereference", ["numbers[harbour]", "undefined", "toUpperCase"]),
        ("runtime.errorString", "price", "none-dereference", ["nil", "pointer"]),
        ("runtime.boundsError", "seat", "empty-sequence", ["index 7", "2"]),
        ("runtime.plainError", "main.func2", "none-dereference", ["nil", "map"]),
        ("*fmt.wrapError", "main.func3", "other", ["pier of dover"]),
    ],
)
def test_what_is_not_python_is_diagnosed_and_left_to_a_person(
    healer: Healing, type_: str, function: str, category: str, words: list[str]
) -> None:
    incident = healer.ended(OTHERS, type_, function)
    platform = "Go" if "." in type_ else "Node.js"
    assert incident["state"] == "declined"
    assert platform in incident["reason"]
    assert incident["diagnosis"]["category"] == category
    assert [word for word in words if word.lower() not in incident["diagnosis"]["cause"].lower()] == []
    assert incident["report"]["platform"] == ("go" if platform == "Go" else "node")
    assert incident["report"]["request"]["path"]
    assert incident["proposal"] is None


def test_a_tree_of_go_errors_is_led_by_its_outermost_in_whichever_order_it_comes(healer: Healing) -> None:
    incident = healer.ended(OTHERS, "*fmt.wrapError", "main.func3")
    assert incident["count"] == len(list(SAMPLES.glob("go-wrapper-*.envelope"))) + 1  # and the one of the older SDK
    newest = incident["report"]
    assert newest["exception"]["message"] == "pier of dover: no such pier\ntide too low"
    assert {(one["relation"], one["exception"]["message"]) for one in newest["chain"]} == {
        ("group", "no such pier\ntide too low"),
        ("member", "no such pier"),
        ("member", "tide too low"),
    }

"""The client still makes reports of the form in tests/contract/report.json, which the healer is held to as well.

The sample is a report of the small application below, with what differs from run to run made constant. After an
intended change write it anew: SELFHEAL_CONTRACT=write python -m pytest tests/selfheal/test_contract.py
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import selfheal

from tests.selfheal.sink import Sink

SAMPLE = Path(__file__).parent.parent / "contract" / "report.json"
MAIN = """
import selfheal
from fastapi import FastAPI
from selfheal.hooks.asgi import SelfhealMiddleware

from contract_shop.returns import Return, open_return

app = FastAPI()
app.add_middleware(SelfhealMiddleware)
orders = {}


@app.post("/orders", status_code=201)
def place_order(order: dict[str, list[str]]) -> dict[str, object]:
    lines = [{"id": 9 + number, "sku": sku} for number, sku in enumerate(order["skus"])]
    orders[7] = {"id": 7, "number": "2026-000007", "lines": lines}
    return orders[7]


@app.get("/orders/{order_id}")
def show_order(order_id: int) -> dict[str, object]:
    return orders[order_id]


@app.post("/returns", status_code=201)
def make_return(wish: Return) -> dict[str, object]:
    return open_return(orders[wish.order_id], wish)
"""
RETURNS = """
from dataclasses import dataclass

from pydantic import BaseModel


class Return(BaseModel):
    order_id: int
    line_id: int
    reason: str = ""


@dataclass
class Policy:
    days: int


POLICIES = {"MUG-BLUE": Policy(14)}


def open_return(order: dict, wish: Return) -> dict[str, object]:
    line = next(line for line in order["lines"] if line["id"] == wish.line_id)
    policy = POLICIES.get(line["sku"])
    days = policy.days
    return {"order_id": wish.order_id, "days": days}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Any]:
    folder = tmp_path / "contract_shop"
    folder.mkdir()
    for name, source in (("__init__", ""), ("main", MAIN), ("returns", RETURNS)):
        (folder / f"{name}.py").write_text(source)
    sys.path.insert(0, str(tmp_path))
    yield importlib.import_module("contract_shop.main").app
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "contract_shop"]:
        del sys.modules[name]


def crash(app: Any) -> None:
    async def run() -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"user-agent": "shop-page/1.0", "x-admin-token": "sandbox", "accept-encoding": "gzip, deflate"}
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test", headers=headers) as client:
            await client.post("/orders", json={"skus": ["MUG-BLUE", "GIFT-CARD"]})
            await client.get("/orders/7?page=1")
            answer = await client.post(
                "/returns?source=page", json={"order_id": 7, "line_id": 10, "reason": "too small"}
            )
            assert answer.status_code == 500

    asyncio.run(run())


def shape(value: Any, path: str = "") -> Any:
    """Names and types; of maps with free names the types of their values only, of lists what any of their items has."""
    if isinstance(value, dict):
        if path.rpartition("/")[2] in ("headers", "locals", "context", "ids", "json", "versions"):
            return {"*": sorted({type(part).__name__ for part in value.values()})}
        return {name: shape(part, f"{path}/{name}") for name, part in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(shape(part, path), sort_keys=True) for part in value})
    return type(value).__name__


def test_the_client_makes_reports_of_the_form_of_the_sample(
    sink: Sink, client_off: None, tmp_path: Path, shop: Any
) -> None:
    selfheal.init(
        sink.dsn, root=str(tmp_path), entry="contract_shop.main:app", release="5f0c1d2e3b4a59687766554433221100ffeeddcc"
    )
    crash(shop)
    (report,) = sink.wait(1)
    stable = {
        **report,
        "report_id": "0123456789abcdef0123456789abcdef",
        "timestamp": "2026-11-20T12:00:00.123456Z",
        "python": "3.11.7",
    }
    if os.environ.get("SELFHEAL_CONTRACT") == "write":
        SAMPLE.write_text(json.dumps(stable, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    assert shape(report) == shape(sample)
    assert report["exception"] == sample["exception"]
    assert report["request"] == sample["request"]
    assert report["earlier_requests"] == sample["earlier_requests"]
    assert report["frames"][-1] == sample["frames"][-1]
    assert len(report["report_id"]) == 32
    assert report["timestamp"][-1] == "Z"

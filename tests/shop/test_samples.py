"""Plays each sample against the shop as it is, in-process, on a database of its own: every one must crash it.

It does not judge fixes: whether a repair gives the wanted answer is for the tests of the whole loop.
"""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from healer.cli.samples import filled

ROOT = Path(__file__).parents[2]
SAMPLES = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "tests" / "samples").glob("*.json"))}


@dataclass(frozen=True)
class Play:
    """What the shop answered to one sample."""

    earlier: tuple[int, ...]
    status: int
    exception: BaseException | None
    neighbours: tuple[tuple[int, Any], ...]


class Watched:
    """An ASGI application that remembers the exception its last request ended in."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.exception: BaseException | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            self.exception = error
            raise


def pointed(document: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def send(client: TestClient, request: dict[str, Any], saved: dict[str, Any]) -> httpx.Response:
    answer: httpx.Response = client.request(
        request["method"],
        filled(request["path"], saved),
        headers=request.get("headers"),
        json=filled(request.get("json"), saved),
        content=base64.b64decode(request["body_b64"]) if "body_b64" in request else None,
    )
    for name, pointer in request.get("save", {}).items():
        saved[name] = pointed(answer.json(), pointer)
    return answer


def play(shop: Watched, sample: dict[str, Any]) -> Play:
    shop.exception = None
    saved: dict[str, Any] = {}
    with TestClient(shop, raise_server_exceptions=False) as client:
        earlier = tuple(send(client, request, saved).status_code for request in sample["earlier_requests"])
        answer = send(client, sample["request"], saved)
        exception = shop.exception
        neighbours = [send(client, neighbour["request"], saved) for neighbour in sample["also"]]
    found = tuple((each.status_code, each.json() if each.content else None) for each in neighbours)
    return Play(earlier, answer.status_code, exception, found)


def is_within(wanted: Any, given: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(given, dict) and all(key in given and is_within(wanted[key], given[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(given, list) and len(wanted) == len(given) and all(map(is_within, wanted, given))
    return bool(wanted == given)


def category(error: BaseException) -> str:
    """The exception's name; asyncio turns a StopIteration that leaves a route into a RuntimeError."""
    return type(error.__cause__ if isinstance(error.__cause__, StopIteration) else error).__name__


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Play]]:
    with pytest.MonkeyPatch.context() as environment:
        environment.syspath_prepend(str(ROOT / "app-service" / "shop"))
        environment.setenv("SHOP_ADMIN_TOKEN", "sandbox")
        environment.delenv("SELFHEAL_DSN", raising=False)
        shop = Watched(importlib.import_module("shop.main").create_app())
        played = {}
        for name, sample in SAMPLES.items():
            environment.setenv("SHOP_DATABASE_URL", f"sqlite:///{tmp_path_factory.mktemp(name)}/shop.db")
            played[name] = play(shop, sample)
        yield played


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_says_what_it_is(name: str) -> None:
    sample = SAMPLES[name]
    assert sample["name"] == name
    assert sample["title"]
    assert sample["healed_by"] in {"playbook", "model"}
    assert 200 <= sample["wanted"]["status"] < 500
    assert 1 <= len(sample["also"]) <= 3


@pytest.mark.parametrize("name", SAMPLES)
def test_the_request_crashes_the_shop(plays: dict[str, Play], name: str) -> None:
    played = plays[name]
    assert all(status < 400 for status in played.earlier), played.earlier
    assert played.status == 500
    assert played.exception is not None


@pytest.mark.parametrize("name", SAMPLES)
def test_the_neighbours_answer(plays: dict[str, Play], name: str) -> None:
    for neighbour, (status, body) in zip(SAMPLES[name]["also"], plays[name].neighbours, strict=True):
        assert status == neighbour["wanted"]["status"], (neighbour["request"], body)
        if "json" in neighbour["wanted"]:
            assert is_within(neighbour["wanted"]["json"], body), (neighbour["request"], body)


def test_the_samples_cover_many_categories(plays: dict[str, Play]) -> None:
    categories = {category(played.exception) for played in plays.values() if played.exception is not None}
    assert len(SAMPLES) >= 12
    assert len(categories) >= 10, categories


def test_one_sample_is_a_return_without_a_policy(plays: dict[str, Play]) -> None:
    assert category(plays["return-without-policy"].exception or Exception()) == "AttributeError"

"""Clients that go away, and deadlines, with the real llama.cpp: it stops within a token or two, and forgets nothing.

How far it got shows in what the next request finds evaluated: no clock is needed for that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.llm_service.client import PLAIN, until
from tests.llm_service.conftest import Process, Running
from tests.llm_service.test_completions import ENDLESS
from tests.llm_service.tiny_model import write_model

pytestmark = pytest.mark.xdist_group("slow-llama")

LONG = 3000  # tokens of a prompt or an answer: seconds of work
STEP = 256  # tokens of a prompt that are evaluated at once
BEFORE = "def before("


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, running_llama: Running) -> Iterator[Process]:
    model = write_model(tmp_path_factory.mktemp("slow") / "slow.gguf", width=256, layers=6)
    with running_llama(model, LLM_CONTEXT=4096) as service:
        service.become("ready")
        yield service


@pytest.fixture(scope="module")
def fresh(slow: Process) -> dict[str, Any]:
    """What it answered before anything was stopped."""
    return _greedy(slow)


def _greedy(service: Process) -> dict[str, Any]:
    answer = service.post(PLAIN, prompt=BEFORE, max_tokens=24, temperature=0, logprobs=1)
    assert answer.status_code == 200, answer.text
    choice: dict[str, Any] = answer.json()["choices"][0]
    return choice


def _assert_as_fresh(service: Process, fresh: dict[str, Any]) -> None:
    answer = _greedy(service)
    assert answer["text"] == fresh["text"]
    assert np.allclose(answer["logprobs"]["token_logprobs"], fresh["logprobs"]["token_logprobs"], atol=0.05)


def _cached(service: Process, prompt: str) -> int:
    answer = service.post(PLAIN, prompt=prompt, max_tokens=1)
    assert answer.status_code == 200, answer.text
    count: int = answer.json()["usage"]["prompt_tokens_details"]["cached_tokens"]
    return count


def _worked(service: Process) -> float:
    """Seconds of processor that the worker has used."""
    fields = Path(f"/proc/{service.worker}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _go_at_work(service: Process, seconds: float, **body: object) -> None:
    """A client that goes once its request has kept the worker busy for as long."""
    began = _worked(service)
    ended = service.requests().get("client_gone", 0)
    client = service.open(PLAIN, **body)
    until(lambda: _worked(service) >= began + seconds)
    client.close()
    until(lambda: service.requests().get("client_gone", 0) == ended + 1)


def test_a_stream_nobody_reads_on_is_stopped(slow: Process, fresh: dict[str, Any]) -> None:
    with slow.open(PLAIN, prompt="x", grammar=ENDLESS, max_tokens=LONG, stream=True) as client:
        received = b""
        while received.count(b"data: ") < 5:
            received += client.recv(4096)
    assert 1 < _cached(slow, "x" + "a" * LONG) < LONG / 2
    _assert_as_fresh(slow, fresh)


def test_an_answer_nobody_waits_for_is_stopped(slow: Process, fresh: dict[str, Any]) -> None:
    _go_at_work(slow, 0.2, prompt="y", grammar=ENDLESS, max_tokens=LONG)
    assert 1 < _cached(slow, "y" + "a" * LONG) < LONG / 2
    _assert_as_fresh(slow, fresh)


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_is_not_read_to_its_end(slow: Process, fresh: dict[str, Any], stream: bool) -> None:
    prompt = BEFORE + f"{stream}" + "b" * LONG
    _go_at_work(slow, 0.3, prompt=prompt, max_tokens=5, stream=stream)
    # Some steps were done, and are of use to the next who asks the same; the others were not.
    assert STEP <= _cached(slow, prompt) < LONG - STEP
    _assert_as_fresh(slow, fresh)


def test_whenever_it_is_stopped_the_next_answer_is_right(slow: Process, fresh: dict[str, Any]) -> None:
    for moment in range(6):
        prompt = BEFORE + f"{moment}" * 500
        _go_at_work(slow, moment * 0.06, prompt=prompt, grammar=ENDLESS, max_tokens=LONG, stream=moment % 2 == 0)
        _assert_as_fresh(slow, fresh)


def test_a_deadline_stops_it_too(slow: Process, fresh: dict[str, Any]) -> None:
    prompt = BEFORE + "c" * LONG
    answer = slow.post(PLAIN, prompt=prompt, max_tokens=5, headers={"X-Deadline-Seconds": "0.3"})
    assert answer.status_code == 504
    assert _cached(slow, prompt) < LONG - STEP
    _assert_as_fresh(slow, fresh)


def test_who_goes_while_waiting_stops_nobody_else(slow: Process) -> None:
    with slow.open(PLAIN, prompt="x", grammar=ENDLESS, max_tokens=600, stream=True) as client:
        received = client.recv(4096)
        while b"data: " not in received:
            received += client.recv(4096)
        for _ in range(3):
            waiting = slow.open(PLAIN, prompt="z", max_tokens=5)
            until(lambda: slow.numbers()["llm_queue_waiting"] == 1)
            waiting.close()
            until(lambda: slow.numbers()["llm_queue_waiting"] == 0)
        while b"[DONE]" not in received:
            received += client.recv(65536)
    # A token an event, and one that says how it ended.
    assert received.count(b"data: {") == 601
    assert b'"length"' in received


def test_nothing_of_it_cost_the_worker_its_life(slow: Process) -> None:
    assert slow.numbers()["llm_worker_restarts_total"] == 0

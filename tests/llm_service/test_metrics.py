"""The numbers for Prometheus after a known sequence of requests, with a worker that needs no llama.cpp."""

from __future__ import annotations

from pathlib import Path

from llm_service.settings import Settings
from prometheus_client.parser import text_string_to_metric_families

from tests.llm_service.client import CHAT, PLAIN, until
from tests.llm_service.scripted import ScriptedEngine, serving

OUTCOMES = ("ok", "client_gone", "deadline", "refused", "queue_full", "failed")


def test_all_are_there_from_the_start(tmp_path: Path, engine: ScriptedEngine) -> None:
    with serving(Settings(model=tmp_path / "absent"), engine) as service:
        answer = service.get("/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = {family.name: family.type for family in text_string_to_metric_families(answer.text)}
        # Beside each of them the library says when it was made.
        assert {name: kind for name, kind in families.items() if not name.endswith("_created")} == {
            "llm_tokens": "counter",
            "llm_prefix_tokens_reused": "counter",
            "llm_requests": "counter",
            "llm_worker_restarts": "counter",
            "llm_queue_waiting": "gauge",
            "llm_running": "gauge",
            "llm_model_ready": "gauge",
            "llm_queue_seconds": "histogram",
            "llm_first_token_seconds": "histogram",
            "llm_generation_tokens_per_second": "histogram",
        }
        numbers = service.numbers()
        for outcome in OUTCOMES:
            assert numbers[f'llm_requests_total{{outcome="{outcome}"}}'] == 0


def test_a_known_sequence_makes_known_numbers(tiny_model: Path, engine: ScriptedEngine) -> None:
    with serving(Settings(model=tiny_model, queue=0), engine) as service:
        service.become("ready")
        service.post(PLAIN, prompt="say:1 say:2 say:3")  # 3 tokens in, 3 out
        service.events(CHAT, messages=[{"role": "user", "content": "say:1 say:2"}])  # 2 in, 2 out
        service.post(PLAIN, prompt="say:1")  # 1 in, 1 out: no speed in that
        service.post(PLAIN, prompt="")  # refused in front
        service.post(PLAIN, prompt="fail:400")  # refused by the worker
        service.post(PLAIN, prompt="fail:500")
        service.post(PLAIN, prompt="wait:never", headers={"X-Deadline-Seconds": "0.1"})
        until(lambda: not service.numbers()["llm_running"])  # its turn ends once the worker has really stopped
        running = service.post_later(PLAIN, prompt="wait:go")  # 1 in, none out
        until(lambda: service.numbers()["llm_running"])
        service.post(PLAIN, prompt="say:1")  # no place left
        engine.allow("go")
        running.result()
        client = service.open(PLAIN, prompt="say:1 wait:never")
        until(lambda: "say:1 wait:never" in engine.begun())
        client.close()
        until(lambda: service.requests().get("client_gone"))

        assert service.requests() == {
            "ok": 4,
            "refused": 2,
            "failed": 1,
            "deadline": 1,
            "queue_full": 1,
            "client_gone": 1,
        }
        numbers = service.numbers()
        # Each answer of the scripted worker re-used one token and took half a second after its first token.
        assert numbers['llm_tokens_total{direction="in"}'] == 7
        assert numbers['llm_tokens_total{direction="out"}'] == 6
        assert numbers["llm_prefix_tokens_reused_total"] == 4
        assert numbers["llm_generation_tokens_per_second_count"] == 2
        assert numbers["llm_generation_tokens_per_second_sum"] == 2 / 0.5 + 1 / 0.5
        assert numbers["llm_queue_seconds_count"] == 8
        assert numbers["llm_first_token_seconds_count"] == 4
        assert numbers["llm_worker_restarts_total"] == 0
        assert (numbers["llm_running"], numbers["llm_queue_waiting"], numbers["llm_model_ready"]) == (0, 0, 1)


def test_waiting_is_measured(tiny_model: Path, engine: ScriptedEngine) -> None:
    with serving(Settings(model=tiny_model), engine) as service:
        service.become("ready")
        first = service.post_later(PLAIN, prompt="wait:go")
        until(engine.begun)
        second = service.post_later(PLAIN, prompt="say:2", stream=True)
        until(lambda: service.numbers()["llm_queue_waiting"] == 1)
        before = service.numbers()
        third = service.post(PLAIN, prompt="say:3", headers={"X-Deadline-Seconds": "0.2"})
        engine.allow("go")
        assert (first.result().status_code, second.result().status_code, third.status_code) == (200, 200, 504)
        numbers = service.numbers()
        assert numbers["llm_queue_seconds_count"] == before["llm_queue_seconds_count"] + 1
        # The second waited while the third ran into its deadline, which had no turn and so counts nowhere.
        assert 0.2 <= numbers["llm_queue_seconds_sum"] <= numbers["llm_first_token_seconds_sum"] + 0.1

"""The service's numbers for Prometheus, in a registry of their own. Counts only what it is told."""

from __future__ import annotations

from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

Outcome = Literal["ok", "client_gone", "deadline", "refused", "queue_full", "failed"]
_OUTCOMES: tuple[Outcome, ...] = ("ok", "client_gone", "deadline", "refused", "queue_full", "failed")
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
_RATES = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 200, 500)


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._tokens = Counter(
            "llm_tokens", "Tokens of finished requests: prompts in, answers out", ["direction"], registry=self._registry
        )
        self._reused = Counter(
            "llm_prefix_tokens_reused", "Prompt tokens that were not evaluated again", registry=self._registry
        )
        self._requests = Counter(
            "llm_requests", "Completion requests by how they ended", ["outcome"], registry=self._registry
        )
        self.waiting = Gauge("llm_queue_waiting", "Requests that wait for their turn", registry=self._registry)
        self.running = Gauge("llm_running", "Requests that hold the model", registry=self._registry)
        self.ready = Gauge("llm_model_ready", "1 while requests can be answered", registry=self._registry)
        self.restarts = Counter(
            "llm_worker_restarts", "Times the model's process ended and was started again", registry=self._registry
        )
        self.queue_seconds = Histogram(
            "llm_queue_seconds", "From acceptance to the turn", buckets=_SECONDS, registry=self._registry
        )
        self.first_token_seconds = Histogram(
            "llm_first_token_seconds", "From acceptance to the first token", buckets=_SECONDS, registry=self._registry
        )
        self._rate = Histogram(
            "llm_generation_tokens_per_second",
            "Speed of an answer after its first token",
            buckets=_RATES,
            registry=self._registry,
        )
        for direction in ("in", "out"):
            self._tokens.labels(direction)
        for outcome in _OUTCOMES:
            self._requests.labels(outcome)

    def ended(self, outcome: Outcome) -> None:
        self._requests.labels(outcome).inc()

    def written(self, prompt: int, cached: int, completion: int, seconds: float) -> None:
        """The numbers of an answer, `seconds` from its first token to its last."""
        self._tokens.labels("in").inc(prompt)
        self._tokens.labels("out").inc(completion)
        self._reused.inc(cached)
        if completion > 1 and seconds > 0:
            self._rate.observe((completion - 1) / seconds)

    def text(self) -> bytes:
        return generate_latest(self._registry)

"""The measurements of `make bench-llm` in their order, each as rows of the table. Starts processes, makes no model.

The service and llama.cpp called directly take turns within one run and never compute at the same time: the same number
differs by half between two runs on a shared machine, a ratio of two neighbours does not.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from llm_service.cores import usable_cores

from tests.benchmarks.llm import direct, heal, processes, service
from tests.benchmarks.llm.direct import Direct
from tests.benchmarks.llm.service import Messages, Service
from tests.benchmarks.table import Row, within

CONTEXT = 4096
LONG_PROMPT = 3900
PROMPT, ANSWER = 600, 128  # tokens of a heal that are not cached, and of its answer
_SYSTEM = 300  # about the fixed part of a prompt
_WORDS = 100_000  # token numbers below this are ordinary words in Qwen's vocabulary
_QUIET = 0.05  # share of the processor that others may use
_ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Report:
    """Rows for people, figures for programs, notes for both."""

    rows: list[Row] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Speed:
    prefill: float  # tokens per second, or a share of them
    decode: float


def measure(model: Path, rounds: int, heals: int, say: Callable[[str], None]) -> Report:
    report = Report()
    threads = usable_cores()
    with tempfile.TemporaryDirectory(prefix="bench-llm-") as name:
        state = Path(name)
        say("starting the service …")
        with service.running(model, state, CONTEXT, threads) as served:
            report.figures["start_seconds"] = served.ready_seconds
            with direct.running(model, CONTEXT, threads) as called:
                report.notes.append(f"{threads} threads, llama.cpp with {called.features}")
                _throughput(served, called, rounds, report, say)
            say("second sample …")
            _second_sample(served, report)
            say(f"a prompt of {LONG_PROMPT} tokens …")
            _memory(served, report)
            system = _text(served, _SYSTEM)
            served.ask(_chat(system, "Say yes."), 1)
        say("restart …")
        with service.running(model, state, CONTEXT, threads) as served:
            _restart(served, system, report)
            if heals:
                _heals(served, heals, report, say)
    return report


def _heals(served: Service, most: int, report: Report, say: Callable[[str], None]) -> None:
    """From report to proposal with the model asked for each, and where the time goes."""
    found = heal.measure(str(served.http.base_url).rstrip("/"), most, say)
    if not found.whole:
        report.rows.append((f"heal of the shop, none of {most} was proposed", "", "≤ 12 s", False))
        return
    report.figures["heal_p50_seconds"] = statistics.median(found.whole)
    report.rows.append(within(f"heal of the shop, p50 of {len(found.whole)}", statistics.median(found.whole), 12, "s"))
    for stage, seconds in heal.breakdown(found):
        report.figures[f"heal_{stage.replace(' ', '_')}_seconds"] = seconds
        report.rows.append((f"  of it {stage}", f"{seconds:.2f} s", "", True))
    tokens = (
        f"{statistics.median(found.prompts):.0f} tokens of prompt, {statistics.median(found.answers):.0f} of answer"
    )
    report.notes.append(
        f"a heal: {tokens} at the median; fixes elsewhere than asked: {', '.join(found.left_out) or 'none'}"
    )


def _throughput(served: Service, called: Direct, rounds: int, report: Report, say: Callable[[str], None]) -> None:
    direct_speeds: list[_Speed] = []
    shares: list[_Speed] = []
    others: list[float] = []
    for number in range(rounds + 1):
        chat = _fresh_chat(served, PROMPT)
        before = processes.ticks()
        if number % 2:
            through_service = _service_speed(served, chat)
            directly = _direct_speed(called)
        else:
            directly = _direct_speed(called)
            through_service = _service_speed(served, chat)
        if number == 0:
            continue  # pages, caches and clocks warm up
        others.append(processes.ticks().others_since(before))
        direct_speeds.append(directly)
        shares.append(_Speed(through_service.prefill / directly.prefill, through_service.decode / directly.decode))
        say(
            f"directly {directly.prefill:.0f} and {directly.decode:.1f} tokens/s, "
            f"through the service {shares[-1].prefill:.3f} and {shares[-1].decode:.3f} of it"
            f"; other programs used {others[-1] * 100:.0f} % of the processors"
        )
    report.figures["others_share_most"] = max(others)
    if max(others) > _QUIET:
        report.notes.append(
            f"Other programs used up to {max(others) * 100:.0f} % of the processors meanwhile: a step on all cores "
            "waits for the slowest, so the shares of prefill and decode say little. Measure again on a quiet machine."
        )
    _share("prefill", [speed.prefill for speed in direct_speeds], [share.prefill for share in shares], report)
    _share("decode", [speed.decode for speed in direct_speeds], [share.decode for share in shares], report)


def _service_speed(served: Service, chat: Messages) -> _Speed:
    answer = served.ask(chat, ANSWER, temperature=0)
    return _Speed(answer.computed_tokens / answer.first, (answer.tokens - 1) / answer.rest)


def _direct_speed(called: Direct) -> _Speed:
    run = called.run([random.randrange(_WORDS) for _ in range(PROMPT)], ANSWER)
    return _Speed(PROMPT / run.first, (ANSWER - 1) / run.rest)


def _share(name: str, direct_speeds: list[float], shares: list[float], report: Report) -> None:
    speed, share = statistics.median(direct_speeds), statistics.median(shares)
    least, most = min(shares), max(shares)
    report.figures |= {
        f"{name}_direct_tokens_per_second": speed,
        f"{name}_share": share,
        f"{name}_share_least": least,
        f"{name}_share_most": most,
    }
    title = f"{name}, share of {speed:.0f} tokens/s directly, p50 of {len(shares)} ({least:.2f} to {most:.2f})"
    report.rows.append((title, f"{share:.3f}", "≥ 0.95", share >= 0.95))


def _second_sample(served: Service, report: Report) -> None:
    chat = _fresh_chat(served, PROMPT)
    first = served.ask(chat, 16, temperature=0)
    second = served.ask(chat, 16, temperature=0.7, seed=1)
    report.figures |= {
        "first_sample_seconds": first.first,
        "second_sample_seconds": second.first,
        "second_sample_computed_tokens": second.computed_tokens,
    }
    share = second.first / first.first * 100
    report.rows += [
        within(f"second sample's first token, of the first sample's {first.first:.1f} s", share, 10, "%"),
        within(f"prompt tokens computed again, of {second.prompt_tokens}", second.computed_tokens, 1, ""),
    ]


def _memory(served: Service, report: Report) -> None:
    answer = served.ask(_fresh_chat(served, LONG_PROMPT), 16, temperature=0)
    peak = served.peak_memory() / 1e9
    report.figures |= {"peak_memory_gb": peak, "peak_memory_prompt_tokens": answer.prompt_tokens}
    shown = f"{peak:.2f} GB"
    report.rows.append((f"peak memory, {answer.prompt_tokens} of {CONTEXT} tokens", shown, "≤ 1.6 GB", peak <= 1.6))


def _restart(served: Service, system: str, report: Report) -> None:
    fixed = served.count_text(f"<|im_start|>system\n{system}<|im_end|>\n")
    answer = served.ask(_chat(system, "Say no."), 1)
    report.figures |= {
        "restart_seconds": served.ready_seconds,
        "restart_prefix_tokens": fixed,
        "restart_cached_tokens": answer.cached_tokens,
    }
    report.rows += [
        within("start to ready, weights in the page cache, prefix warm", served.ready_seconds, 15, "s"),
        within(f"prefix of {fixed} tokens computed again after it", max(fixed - answer.cached_tokens, 0), 0, ""),
    ]


def _fresh_chat(served: Service, tokens: int) -> Messages:
    """Shares no more than the template's first tokens with any other."""
    salt = uuid.uuid4().hex
    return _chat(salt, _text(served, tokens - served.count(_chat(salt, ""))))


def _chat(system: str, user: str) -> Messages:
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def _text(served: Service, tokens: int) -> str:
    """Python source of about so many tokens, and no more."""
    source = "".join(path.read_text() for path in sorted((_ROOT / "healer-service" / "healer").rglob("*.py")))
    text = source[: tokens * 8]
    while (counted := served.count_text(text)) > tokens:
        text = text[: min(len(text) * tokens // counted, len(text) - 1)]
    return text

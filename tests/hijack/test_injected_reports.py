"""Hostile text in any field of a report: taken as data or refused, and inert wherever it is shown."""

from __future__ import annotations

import itertools
import json
import logging
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient
from healer.edges.bus import Bus
from healer.main import configure_logging
from healer.model import BadInput, Diagnosis, Evidence, Exchange, Prompt, Replay, Report, Suite, Verdict
from healer.pipeline.dispatch import Dispatch
from healer.stages import announcement
from healer.stages import prompt as prompts
from healer.stages.diagnosis import diagnose
from healer.stages.fingerprint import fingerprint
from healer.syntax.situation import Situation
from healer.web.access import Access
from healer.web.application import Web, create_app
from healer.web.reports import LARGEST_REPORT, parse_report
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.healer.samples import a_candidate
from tests.hijack import SERVICES
from tests.hijack.engine import Engine, HijackedModel
from tests.hijack.injections import BREAKER, FIELDS, MARK, TEXTS, hidden, injected

SOURCES = {"app.py": (SERVICES / "ferry" / "app.py").read_text()}
NUMBERS = itertools.count(100)


# Nothing asks a model about these, so that they may stand in one report.
UNASKED = ("module", "bases", "place of an identifier", "identifier", "earlier request", "framework", "name in env")


@cache
def taken(name: str, *fields: str) -> Report | None:
    """The report with this text in these fields as the healer knows it; None when it is refused."""
    try:
        return parse_report(json.dumps(injected(TEXTS[name], *fields)).encode(), "ferry")
    except BadInput:
        return None


def every(*together: str) -> list[tuple[str, Report]]:
    """Each text in each field, those that are given in one report, where a report with it is taken."""
    groups = [(field,) for field in FIELDS if field not in together] + ([together] if together else [])
    found = [(f"{name} in {' and '.join(group)}", taken(name, *group)) for name in TEXTS for group in groups]
    return [(label, report) for label, report in found if report is not None]


# Taken in and shown


@pytest.fixture(scope="module")
def client(engine: Engine) -> TestClient:
    """The API over a real store; nothing is healed."""
    web = Web(engine.parts, Dispatch(engine.parts, None), Bus(), Access("operator", {"key": "ferry"}), "", lambda: "")
    made = TestClient(create_app(web, None), raise_server_exceptions=False)
    made.headers.update({"x-selfheal-key": "key", "authorization": "Bearer operator"})
    return made


@pytest.mark.xdist_group("hijack")
@pytest.mark.parametrize("name", TEXTS)
def test_a_report_is_taken_or_refused_and_shown_as_text(client: TestClient, name: str) -> None:
    fits = [field for field in FIELDS if taken(name, field) is not None]
    for fields in (fits, *([field] for field in FIELDS if field not in fits)):
        body = json.dumps(injected(TEXTS[name], *fields, number=next(NUMBERS)))
        answer = client.post("/api/v1/reports", content=body)
        wanted = 413 if len(body) > LARGEST_REPORT else 202 if fields is fits else 400
        assert answer.status_code == wanted, f"{fields}: {answer.text[:300]}"
        assert MARK not in str(answer.headers)
        if wanted != 202:
            assert answer.headers["content-type"] == "application/problem+json"
            assert len(answer.text) < 5000, f"{fields}: the refusal repeats {len(answer.text)} characters"
            continue
        shown = client.get(f"/api/v1/incidents/{answer.json()['incident_id']}")
        assert shown.status_code == 200, shown.text[:300]
        assert shown.headers["content-type"] == "application/json"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert min(shown.text) >= " ", "a control character outside of an escape"
        assert MARK in shown.json()["report"]["exception"]["message"]
        assert client.get("/api/v1/incidents").status_code == 200


AWKWARD = {
    "not a number": "NaN",
    "infinite": "-Infinity",
    "overflowing": "1e400",
    "long number": "1" * 4000,
    "nested lists": "[" * 400 + "]" * 400,
    "nested objects": '{"a":' * 800 + "1" + "}" * 800,
    "same key twice": '{"": 1, "": 2}',
}


@pytest.mark.xdist_group("hijack")
@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_values_are_taken_or_refused(client: TestClient, name: str) -> None:
    for field in ("json", "form", "ids", "status", "body", "headers"):
        whole = json.dumps(injected("", number=next(NUMBERS)))
        value = AWKWARD[name] if field in ("json", "status", "body") else f'{{"/id": {AWKWARD[name]}}}'
        answer = client.post("/api/v1/reports", content=whole.replace('"method":', f'"{field}": {value}, "method":', 1))
        assert answer.status_code in (202, 400), f"{field}: {answer.text[:300]}"
        if answer.status_code == 202:
            shown = client.get(f"/api/v1/incidents/{answer.json()['incident_id']}")
            assert shown.status_code == 200, f"{field}: {shown.text[:300]}"


def test_a_fingerprint_is_a_hash_whatever_the_report_says() -> None:
    for label, report in every():
        assert re.fullmatch(r"[0-9a-f]{64}", fingerprint(report)), label


def test_text_cannot_move_from_field_to_field_within_a_fingerprint() -> None:
    one, two = injected("", "message"), injected("", "message")
    one["frames"][-1].update(file="a\0b", function="c")
    two["frames"][-1].update(file="a", function="b\0c")
    prints = {fingerprint(parse_report(json.dumps(report).encode(), "ferry")) for report in (one, two)}
    assert len(prints) == 2


# The prompt


def prompt_about(report: Report) -> Prompt | None:
    situation = Situation.of(report, SOURCES)
    diagnosis = diagnose(report, SOURCES)
    target = next(iter(prompts.targets(situation, diagnosis)), None) if situation is not None else None
    if situation is None or target is None:
        return None
    model = HijackedModel()
    return prompts.compose(situation, diagnosis, target, ["a playbook: no"], prompts.Room(model.count, 100_000, 4000))


def outside_of_data(text: str) -> str:
    return re.sub(r"^<report>\n.*?^</report>$", "", text, flags=re.S | re.M)


def test_a_prompt_keeps_its_structure() -> None:
    harmless = prompt_about(parse_report(json.dumps(injected("")).encode(), "ferry"))
    assert harmless is not None
    reached = 0
    for label, report in every(*UNASKED):
        prompt = prompt_about(report)
        if prompt is None:
            continue
        assert [message.role for message in prompt.messages] == ["system", "user"], label
        assert prompt.messages[0].content == prompts.SYSTEM, label
        text = prompt.messages[1].content
        reached += MARK in text
        outside = outside_of_data(text)
        assert MARK not in outside, label
        delimiters = [line for line in text.split("\n") if line in ("<report>", "</report>")]
        assert delimiters == ["<report>", "</report>"] * (len(delimiters) // 2), label
        assert outside.count("\n") <= outside_of_data(harmless.messages[1].content).count("\n") + 2, label
        assert not re.search(r"<\s*[|｜]|\[/?INST\]|<<SYS>>|</?think>|</s>", text), label
        assert not hidden(text, "\n"), label
        assert len(text) < len(harmless.messages[1].content) + 1500, label
    assert reached > 100


# The proposal

MENTION = re.compile(r"(?<!\w)@\w")
REFERENCE = re.compile(r"#\d|\bGH-\d", re.I)
LINK = re.compile(r"\w://|\bwww\.\w|\]\(|\]\[", re.I)
HTML = re.compile(r"<[a-z!/?]|&#?\w+;", re.I)  # an entity is written out before mentions are looked for
INCIDENT = "0123456789abcdef"
INCIDENT_URL = f"http://healer.test/incidents/{INCIDENT}"
PIECES = [
    *("@", "#", "&", "1", "octocat", "http", "s", ":", "/", "//", "www", ".", "GH", "-", "num", ";", " ", "|"),
    *("<", ">", "!", "--", "[", "]", "(", ")", "`", "```", "~~~", "=", "\n", "\r", "\t", "\u2028", "\x85", "\n\n"),
    *("\u200b", "\u2060", "\xad", "\x00", "\x9b", "\u202e", "\ud800", "Healer-Incident: 1", "### Undo"),
]
HARMFUL = {"mention": MENTION, "reference": REFERENCE, "link": LINK, "HTML": HTML}


def proposal_about(report: Report, diagnosis: Diagnosis) -> tuple[str, str, str]:
    crashed = Exchange(500, exception=report.exception, frames=report.frames)
    tests = Suite("", {"tests/test_app.py::test": "passed"})
    body = f'{{"detail": "no such crossing: {report.exception.message[:200]}"}}'
    evidence = Evidence(Replay("", (crashed,)), Replay("", (Exchange(404, body=body),)), tests, tests)
    words = report.exception.message
    chosen = Verdict(
        a_candidate(summary=f"Correct {report.frames[-1].function}", note=words, origin=words),
        True,
        words,
        (),
        evidence,
    )
    other = Verdict(a_candidate(origin=words, summary=words), False, words, (), evidence)
    body = announcement.body(
        report,
        diagnosis,
        chosen,
        (other,),
        count=1,
        first_seen="2026-01-02T03:04:05Z",
        last_seen="2026-01-02T03:04:05Z",
        incident_url=INCIDENT_URL,
    )
    message = announcement.commit_message(report, diagnosis, chosen, INCIDENT)
    return announcement.title(report, chosen), body, message


def without_fences(text: str) -> str:
    return re.sub(r"^(`{3,})\w*\n.*?\n\1$", "", text, flags=re.S | re.M)


def harm_in(text: str) -> set[str]:
    return {name for name, pattern in HARMFUL.items() if pattern.search(text)} | {*hidden(text, "\n" + BREAKER)}


def wrong_in_proposal(report: Report) -> set[str]:
    """What the proposal for a report would do where it is shown."""
    title, body, message = proposal_about(report, diagnose(report, SOURCES))
    shown = without_fences(body).replace(INCIDENT_URL, "")
    wrong = {f"title: {what}" for what in harm_in(title)} | {f"body: {what}" for what in harm_in(shown)}
    wrong |= {f"commit: {what}" for what in harm_in(message)}
    wrong |= {f"fence: {what}" for what in hidden(body, "\n" + BREAKER)}
    if "\n" in title or len(title) > 200:
        wrong.add("title: not one short line")
    if len(body) > 20_000:
        wrong.add("body: endless")
    heads = re.findall(r"^#+ (.*)$", shown, re.M)
    if heads[0] != "What happened" or len(heads) != len(set(heads)):
        wrong.add("body: a section of its own")
    trailers = message.rstrip("\n").rpartition("\n\n")[2].split("\n")
    if [line.partition(":")[0] for line in trailers] != ["Origin", "Healer-Incident"]:
        wrong.add("commit: a trailer of its own")
    if trailers[-1] != f"Healer-Incident: {INCIDENT}":
        wrong.add("commit: another incident")
    for text in (title, body, message):
        text.encode()
    return wrong


def test_a_proposal_is_inert() -> None:
    found: dict[str, list[str]] = {}
    for label, report in every():
        for wrong in wrong_in_proposal(report):
            found.setdefault(wrong, []).append(label)
    assert not found, "\n".join(f"{wrong}: {len(labels)} as {labels[:3]}" for wrong, labels in sorted(found.items()))


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sampled_from(["message", "function", "path"]))
@settings(max_examples=100, deadline=None)
def test_no_mixture_of_signs_gets_through(text: str, field: str) -> None:
    report = parse_report(json.dumps(injected(text, field)).encode(), "ferry")
    assert not wrong_in_proposal(report)


# The log


@pytest.fixture
def log_output(capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    yield lambda: capfd.readouterr().err
    structlog.reset_defaults()
    logging.getLogger().handlers[:], logging.getLogger().level = before


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_event_is_one_line_of_the_log(form: str, log_output: Any) -> None:
    configure_logging("info", form)
    wrong: list[str] = []
    for name, text in TEXTS.items():
        structlog.get_logger().warning("stage failed outside", stage="fetch", error=text[:2000])
        logging.getLogger("healer.test").warning("refused: %s", text[:2000])
        lines = log_output().split("\n")
        if len(lines) != 3 or hidden("".join(lines)):
            wrong.append(f"{name}: {len(lines) - 1} lines, {hidden(''.join(lines))}")
    assert not wrong, "\n".join(wrong)

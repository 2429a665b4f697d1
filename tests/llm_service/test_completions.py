"""Answers of the real llama.cpp on a tiny generated model: streamed and whole, ended, seeded and counted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.llm_service.client import CHAT, PLAIN, Service, joined

pytestmark = pytest.mark.xdist_group("llama")

QUESTION = [{"role": "system", "content": "Fix it."}, {"role": "user", "content": "Why?"}]
# Without an end of its own: as many tokens as are asked for, each of one letter.
ENDLESS = 'root ::= "a" root'


def _choice(service: Service, path: str, **body: object) -> dict[str, Any]:
    answer = service.post(path, **body)
    assert answer.status_code == 200, answer.text
    (choice,) = answer.json()["choices"]
    found: dict[str, Any] = choice
    return found


def test_a_chat_and_its_stream_say_the_same(llama: Service) -> None:
    body = {"messages": QUESTION, "max_tokens": 24, "temperature": 0}
    answer = llama.post(CHAT, **body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["object"] == "chat.completion"
    assert "x-llm-numbers" not in answer.headers
    (choice,) = answer.json()["choices"]
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] == "length"
    events = llama.events(CHAT, **body)
    assert {event["object"] for event in events} == {"chat.completion.chunk"}
    assert joined(events) == choice["message"]["content"] != ""
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    assert events[-1]["choices"][0]["finish_reason"] == "length"
    assert len({event["id"] for event in events}) == 1


def test_a_completion_and_its_stream_say_the_same(llama: Service) -> None:
    body = {"prompt": "def f(", "max_tokens": 16, "temperature": 0}
    choice = _choice(llama, PLAIN, **body)
    events = llama.events(PLAIN, **body)
    assert joined(events) == choice["text"] != ""
    assert [event["choices"][0]["finish_reason"] for event in events][-2:] == [None, "length"]


def test_the_answer_ends_where_the_context_does(llama: Service) -> None:
    answer = llama.post(CHAT, messages=QUESTION, grammar=ENDLESS).json()
    assert answer["usage"]["total_tokens"] == 512
    assert answer["choices"][0]["finish_reason"] == "length"
    assert _choice(llama, PLAIN, prompt="x" * 490, grammar=ENDLESS, max_tokens=1 << 20)["text"] == "a" * 22


def test_the_other_name_of_max_tokens(llama: Service) -> None:
    answer = llama.post(CHAT, messages=QUESTION, grammar=ENDLESS, max_completion_tokens=3).json()
    assert answer["choices"][0]["message"]["content"] == "aaa"


@pytest.mark.parametrize("stop", ["345", ["999", "345"]])
def test_a_stop_text_ends_it_though_it_is_three_tokens(llama: Service, stop: object) -> None:
    body = {"prompt": "x", "grammar": 'root ::= "1234567"', "stop": stop}
    choice = _choice(llama, PLAIN, **body)
    assert (choice["text"], choice["finish_reason"]) == ("12", "stop")
    events = llama.events(PLAIN, **body)
    # Nothing of it is shown on the way either.
    assert joined(events) == "12"
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


def test_the_end_of_a_grammar_is_an_end(llama: Service) -> None:
    choice = _choice(llama, PLAIN, prompt="x", grammar='root ::= "yes"', stop="345")
    assert (choice["text"], choice["finish_reason"]) == ("yes", "stop")


def test_characters_arrive_whole(llama: Service) -> None:
    """The tiny model's tokens are single bytes."""
    events = llama.events(PLAIN, prompt="x", grammar='root ::= "€ → 漢字 😀"', max_tokens=40)
    assert joined(events) == "€ → 漢字 😀"
    assert not any("�" in event["choices"][0]["text"] for event in events)


def test_a_seed_is_an_answer(llama: Service) -> None:
    def text(seed: int | None) -> str:
        body = {"prompt": "x", "max_tokens": 24, "temperature": 1.5, "seed": seed}
        found: str = _choice(llama, PLAIN, **body)["text"]
        return found

    assert text(7) == text(7)
    assert text((1 << 32) - 2) == text((1 << 32) - 2)
    assert text(7) != text(8)
    assert text(None) != text(None)


def test_usage_says_what_was_read_written_and_known(llama: Service) -> None:
    def usage(**body: object) -> dict[str, Any]:
        found: dict[str, Any] = llama.post(PLAIN, max_tokens=4, grammar=ENDLESS, **body).json()["usage"]
        return found

    def wanted(prompt: int, cached: int) -> dict[str, Any]:
        counts = {"prompt_tokens": prompt, "completion_tokens": 4, "total_tokens": prompt + 4}
        return {**counts, "prompt_tokens_details": {"cached_tokens": cached}}

    usage(prompt="something else")
    assert usage(prompt="The prefix, and") == wanted(15, 0)
    assert usage(prompt="The prefix, but") == wanted(15, 12)
    # The last one is read again, for what comes after it.
    assert usage(prompt="The prefix, but") == wanted(15, 14)
    assert usage(prompt="The prefix, butaaa!") == wanted(19, 18)


def test_a_prompt_that_was_read_last_is_known_whole(llama: Service) -> None:
    for cached in (0, 9):
        answer = llama.post(PLAIN, prompt="No answer", max_tokens=1).json()
        assert answer["usage"]["prompt_tokens_details"] == {"cached_tokens": cached}


@pytest.mark.parametrize("path", [CHAT, PLAIN])
def test_a_stream_tells_its_usage_when_asked(llama: Service, path: str) -> None:
    body = {"grammar": ENDLESS, "max_tokens": 3, **({"messages": QUESTION} if path == CHAT else {"prompt": "xyz"})}
    assert not any("usage" in event for event in llama.events(path, **body))
    whole = llama.post(path, **body).json()
    events = llama.events(path, **body, stream_options={"include_usage": True})
    last = events.pop()
    assert last["choices"] == []
    assert last["id"] == events[-1]["id"]
    assert last["object"] == events[-1]["object"]
    assert last["usage"] == whole["usage"]
    assert not any("usage" in event for event in events)


def test_repetition_is_no_fault(llama: Service) -> None:
    body = {"prompt": "abc abc abc", "max_tokens": 40, "temperature": 0}
    assert _choice(llama, PLAIN, **body)["text"] == _choice(llama, PLAIN, **body, repeat_penalty=1.0)["text"]
    assert _choice(llama, PLAIN, **body)["text"] != _choice(llama, PLAIN, **body, repeat_penalty=3.0)["text"]


@pytest.mark.parametrize(("seed", "temperature"), [(1, 0), (2, 0.7), (3, 1.5)])
def test_a_text_that_repeats_is_answered_as_any_other(llama: Service, seed: int, temperature: float) -> None:
    """What comes next may be guessed from what stood before, several tokens at a time; with logprobs it is not."""
    body = {"prompt": "abc cba abc cab abc cba ", "max_tokens": 100, "seed": seed, "temperature": temperature}
    for grammar in ("root ::= [abc ]{80}", 'root ::= ("abc " | "cba " | "cab "){20}', 'root ::= "a"{80}'):
        guessed, drawn = (_choice(llama, PLAIN, **body, grammar=grammar, logprobs=logprobs) for logprobs in (None, 0))
        assert guessed["text"] == drawn["text"]
        assert len(guessed["text"]) == 80


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "body", "size"),
    [
        (PLAIN, {"prompt": "x" * 512}, "512 tokens"),
        (PLAIN, {"prompt": "x" * 20_000}, "20,000 bytes"),
        (CHAT, {"messages": [{"role": "user", "content": "x" * 1000}]}, "1019 tokens"),
    ],
)
def test_a_prompt_beyond_the_context_is_a_bad_request(
    llama: Service, path: str, body: dict[str, Any], size: str, stream: bool
) -> None:
    answer = llama.post(path, **body, stream=stream)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "context_length_exceeded"
    assert size in error["message"]
    assert "the context is 512 tokens" in error["message"]
    assert _choice(llama, PLAIN, prompt="x", max_tokens=1)


def test_the_prompt_is_what_the_template_makes_of_the_messages(llama: Service) -> None:
    rendered = "<|im_start|>system\nFix it.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    body = {"max_tokens": 12, "temperature": 0}
    chat = llama.post(CHAT, messages=QUESTION, **body).json()
    plain = llama.post(PLAIN, prompt=rendered, **body).json()
    assert chat["choices"][0]["message"]["content"] == plain["choices"][0]["text"]
    assert chat["usage"]["prompt_tokens"] == plain["usage"]["prompt_tokens"]

"""What the tokenizer answers, with the real llama.cpp: at once, whatever runs."""

from __future__ import annotations

import pytest

from tests.llm_service.client import CHAT, PLAIN, Service
from tests.llm_service.test_completions import ENDLESS

pytestmark = pytest.mark.xdist_group("llama")

MESSAGES = [{"role": "system", "content": "Fix it."}, {"role": "user", "content": "Why, and where — ab?"}]


def test_text_to_tokens_and_back(llama: Service) -> None:
    text = "déjà vu <|im_end|>\n"
    tokens = llama.post("/extras/tokenize", input=text).json()["tokens"]
    assert llama.post("/extras/tokenize/count", input=text).json() == {"count": len(tokens)}
    assert llama.post("/tokenize", content=text).json() == {"tokens": tokens}
    # é and à are two bytes each and the mark is one token, which stands for no text.
    assert len(tokens) == 12
    assert llama.post("/extras/detokenize", tokens=tokens).json() == {"text": "déjà vu \n"}


@pytest.mark.parametrize("messages", [MESSAGES, MESSAGES[1:], [*MESSAGES, {"role": "assistant", "content": "Here:"}]])
def test_a_chat_s_count_is_what_the_chat_will_cost(llama: Service, messages: list[dict[str, str]]) -> None:
    answer = llama.post(CHAT, messages=messages, max_tokens=1).json()
    assert llama.post("/extras/chat/count", messages=messages).json() == {"count": answer["usage"]["prompt_tokens"]}


def test_it_answers_beside_a_running_completion(llama: Service) -> None:
    with llama.open(PLAIN, prompt="x", grammar=ENDLESS, max_tokens=500, stream=True) as client:
        received = client.recv(1024)
        while b"data: " not in received:
            received += client.recv(1024)
        assert llama.post("/extras/tokenize/count", input="abc").json() == {"count": 2}
        assert llama.post("/extras/chat/count", messages=MESSAGES).status_code == 200
        assert llama.get("/v1/models").status_code == 200
        # The stream runs still: what it has sent until now does not end it.
        assert llama.numbers()["llm_running"] == 1
        while b"[DONE]" not in received:
            received = received[-100:] + client.recv(65536)


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/extras/tokenize", {}, "input is missing; give a text"),
        ("/extras/tokenize", {"input": 5}, "input is 5; it must be a text"),
        ("/tokenize", {"input": "x"}, "content is missing"),
        ("/extras/tokenize/count", {"input": "x" * 20_000}, "20,000 bytes"),
        ("/extras/detokenize", {"tokens": [1, "a"]}, 'tokens[1] is "a"; it must be a whole number'),
        ("/extras/detokenize", {"tokens": [True]}, "tokens[0] is true"),
        ("/extras/detokenize", {"tokens": 1}, "tokens is 1; it must be a list"),
        ("/extras/detokenize", {}, "tokens is missing"),
        ("/extras/detokenize", {"tokens": [5000]}, "there is no token 5000; the highest is 259"),
        ("/extras/chat/count", {}, "messages is missing"),
        ("/extras/chat/count", {"messages": [1]}, "messages[0] is 1"),
    ],
)
def test_what_it_cannot_read_is_a_bad_request(llama: Service, path: str, body: dict[str, object], says: str) -> None:
    answer = llama.post(path, **body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]

"""Files that come, lie and are replaced, and bodies of every kind, with the real llama.cpp on a tiny model."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.llm_service.bodies import bodies
from tests.llm_service.client import CHAT, PLAIN, Service, until
from tests.llm_service.conftest import Process, Running
from tests.llm_service.tiny_model import write_model

pytestmark = pytest.mark.xdist_group("llama")


def _text(service: Service) -> str:
    answer = service.post(PLAIN, prompt="def f(", max_tokens=16, temperature=0)
    assert answer.status_code == 200, answer.text
    text: str = answer.json()["choices"][0]["text"]
    return text


def _put(content: bytes, model: Path) -> None:
    """As a download does: whole, in one step; and a while ago, so that nobody waits for more of it."""
    draft = model.with_suffix(".draft")
    draft.write_bytes(content)
    os.utime(draft, (1, 1))
    draft.replace(model)


def test_each_file_that_takes_the_model_s_place_is_judged(
    tmp_path: Path, tiny_model: Path, running_llama: Running
) -> None:
    model = tmp_path / "late.gguf"
    good = tiny_model.read_bytes()
    with running_llama(model) as service:
        service.become("missing")
        # Same length, so the file stays whole for our own check and only llama.cpp can tell.
        _put(good.replace(b"qwen2", b"qwen9"), model)
        body = service.become("refused")
        assert "llama.cpp could not load it: " in body["detail"]
        assert "qwen9" in body["detail"]
        assert service.get("/health/live").status_code == 200

        _put(good, model)
        service.become("ready")
        text, sha256 = _text(service), until(lambda: service.get("/health/ready").json()["sha256"])

        _put(write_model(tmp_path / "another", layers=1).read_bytes(), model)
        until(lambda: service.get("/health/ready").json().get("sha256") not in (None, sha256))
        assert _text(service) != text
        assert service.numbers()["llm_worker_restarts_total"] == 0


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from([CHAT, PLAIN]),
    data=st.one_of(bodies().map(lambda body: json.dumps(body).encode()), st.binary(max_size=50)),
)
def test_no_body_is_too_odd_for_an_answer(llama: Process, path: str, data: bytes) -> None:
    worker = llama.worker
    answer = llama.post_bytes(path, data)
    assert answer.status_code < 500, answer.text
    if answer.status_code != 200:
        error: dict[str, Any] = answer.json()["error"]
        assert error["message"]
    elif answer.headers["content-type"].startswith("text/event-stream"):
        assert answer.text.endswith("data: [DONE]\n\n")
    assert llama.worker == worker

"""What native code would end the process on is refused before it gets there, with the parser's own reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip(
    "llama_cpp",
    reason="llama-cpp-python is not installed (it compiles for minutes); make test-compose runs this in its image",
    exc_type=ImportError,
)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Iterator[Any]:
    from llm_service.model import Model
    from llm_service.native import NativeLog

    model = Model(tiny_model, "tiny", 512, 1, NativeLog())
    yield model
    model.close()


@pytest.mark.parametrize(
    ("grammar", "says"),
    [
        ('root ::= "a', "unexpected end of input"),
        ("root ::= foo", "Undefined rule identifier 'foo'"),
        ('root ::= root "a"', "left recursion"),
        ('other ::= "a"', "'root'"),
        ('root ::= "a"{100000000}', "repetitions"),
        ("root ::= " + "(" * 20000 + '"a"' + ")" * 20000, "nested 20000 deep"),
        ("root ::= <|im_end|>", "names a token"),
        ("root ::= <[259]>", "names a token"),
    ],
)
def test_a_bad_grammar_is_refused_with_a_reason(model: Any, grammar: str, says: str) -> None:
    from llm_service.errors import Refusal
    from llm_service.model import Stopped, Turn

    model.turn = Turn()
    with pytest.raises(Stopped):
        model.create_completion("x", grammar=_grammar(grammar), max_tokens=1)
    assert isinstance(model.turn.refusal, Refusal)
    assert says in str(model.turn.refusal)
    assert model.turn.refusal.status == 400


@pytest.mark.parametrize(
    ("grammar", "written"),
    [
        ('root ::= "<a>"', "<a>"),
        ('root ::= [(] "(" # <a> ((', "(("),
        ("root ::= " + "(" * 300 + '"a"' + ")" * 300, "a"),
    ],
)
def test_what_only_looks_bad_is_kept_to(model: Any, grammar: str, written: str) -> None:
    from llm_service.model import Turn

    model.turn = Turn()
    answer = model.create_completion("x", grammar=_grammar(grammar), max_tokens=8, temperature=0.0)
    assert answer["choices"][0]["text"] == written


def test_a_long_token_keeps_all_its_bytes(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """llama-cpp-python's own detokenizer loses what has more than 32 bytes."""
    import llama_cpp

    indentation = b" " * 128

    def piece(_vocabulary: object, _token: int, buffer: Any, size: int, _strip: int, _special: bool) -> int:
        if size < len(indentation):
            return -len(indentation)
        buffer[: len(indentation)] = indentation
        return len(indentation)

    monkeypatch.setattr(llama_cpp, "llama_token_to_piece", piece)
    assert model.text([1]) == indentation.decode()


def _grammar(text: str) -> Any:
    from llama_cpp import LlamaGrammar

    return LlamaGrammar.from_string(text)

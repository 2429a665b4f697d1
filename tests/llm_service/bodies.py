"""Bodies of completion requests for property tests: near enough to real ones to get far, and odd in every field."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

_TEXTS = st.text(max_size=20)
_NUMBERS = st.one_of(
    st.integers(-3, 40), st.sampled_from([2**31, 2**32 - 1, 2**63, 10**400]), st.floats(allow_nan=False)
)
_ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXTS, inner, max_size=3)),
    max_leaves=5,
)
_GRAMMARS = st.one_of(
    _TEXTS,
    st.text('root:="ab|()[]{}*+?.,0123456789-\\\n ', max_size=20).map(lambda tail: "root ::= " + tail),
    st.sampled_from(['root ::= "yes" | "no"', "root ::= root", 'root ::= "a" root', "root ::= x", "x ::= [a-z]"]),
)
_TYPES = st.sampled_from(["object", "array", "string", "number", "integer", "boolean", "null", "other"])
_SCHEMAS = st.recursive(
    st.one_of(_TYPES.map(lambda kind: {"type": kind}), st.just({"enum": ["a", 1, None]}), _ANYTHING),
    lambda inner: st.one_of(
        st.dictionaries(_TEXTS, inner, max_size=2).map(lambda found: {"type": "object", "properties": found}),
        inner.map(lambda found: {"type": "array", "items": found}),
        st.lists(inner, max_size=2).map(lambda found: {"anyOf": found}),
        _TEXTS.map(lambda found: {"$ref": "#/" + found}),
        _TEXTS.map(lambda found: {"type": "string", "pattern": "^" + found + "$"}),
    ),
    max_leaves=4,
)
_FORMATS = st.one_of(
    _ANYTHING,
    _SCHEMAS.map(lambda schema: {"type": "json_object", "schema": schema}),
    _SCHEMAS.map(lambda schema: {"type": "json_schema", "json_schema": {"schema": schema}}),
)
_MESSAGES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": _TEXTS}), _ANYTHING
    ),
    max_size=3,
)
_FIELDS = {
    "temperature": st.one_of(st.floats(0, 5), _ANYTHING),
    "top_p": st.one_of(st.floats(0, 1), _ANYTHING),
    "min_p": st.one_of(st.floats(0, 1), _ANYTHING),
    "top_k": _ANYTHING,
    "repeat_penalty": st.one_of(st.floats(0.1, 10), _ANYTHING),
    "presence_penalty": st.one_of(st.floats(-2, 2), _ANYTHING),
    "seed": _ANYTHING,
    "stop": st.one_of(_TEXTS, st.lists(_TEXTS, max_size=3), _ANYTHING),
    "stream": st.one_of(st.booleans(), _ANYTHING),
    "stream_options": st.one_of(st.just({"include_usage": True}), _ANYTHING),
    "n": st.one_of(st.just(1), _ANYTHING),
    "logprobs": st.one_of(st.booleans(), st.integers(0, 20), _ANYTHING),
    "top_logprobs": st.one_of(st.integers(0, 20), _ANYTHING),
    "grammar": st.one_of(_GRAMMARS, _ANYTHING),
    "response_format": _FORMATS,
    "user": _ANYTHING,
    "tools": _ANYTHING,
    "unknown": _ANYTHING,
}
_PROMPTS = st.one_of(
    st.fixed_dictionaries({"messages": st.one_of(_MESSAGES, _ANYTHING)}),
    st.fixed_dictionaries({"prompt": st.one_of(_TEXTS, _ANYTHING)}),
)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Most have few fields, so that one that is odd does not hide the others; an answer is short."""
    chosen = draw(st.lists(st.sampled_from(sorted(_FIELDS)), max_size=4, unique=True))
    length = draw(st.one_of(st.integers(1, 8), _NUMBERS.filter(lambda number: number < 1)))
    return {**draw(_PROMPTS), "max_tokens": length, **{name: draw(_FIELDS[name]) for name in chosen}}

"""`python -m tests.healer.answers`: writes docs/model-answers.md from the corpus."""

from __future__ import annotations

from pathlib import Path

from tests.healer.answers import Recorded, recorded

PAGE = Path(__file__).parents[3] / "docs" / "model-answers.md"
HEAD = """# Model answers

What becomes of each shape that a small model's answer may have. *Fixed*: the patch stood in the sandbox. *Refused*:
nothing was run, and the reason goes back to the model. *Caught*: the answer was well-formed and wrong, and guardrails,
replay or tests refused it. Every line is a recorded answer in `tests/healer/answers`, and the tests play each over HTTP
through the whole engine; this page is made from them.

| answer | becomes | because |
|---|---|---|
"""
_WORDS = {"fixed": "fixed", "refused": "refused", "wrong": "caught"}


def table() -> str:
    ordered = sorted(recorded(), key=lambda answer: (list(_WORDS).index(answer.becomes), answer.name))
    return HEAD + "".join(_row(answer) for answer in ordered)


def _row(answer: Recorded) -> str:
    target, _, shape = answer.name.partition("/")
    why = answer.why.replace("|", "\\|")
    return f"| {shape.replace('-', ' ')} ({target}) | {_WORDS[answer.becomes]} | {why} |\n"


if __name__ == "__main__":
    PAGE.write_text(table(), encoding="utf-8")

"""Dataclasses of the model to JSON and back, for the columns that hold them whole."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from healer.model import Candidate, Diagnosis, Report, Verdict

T = TypeVar("T")


class Codec(Generic[T]):
    def __init__(self, type_: type[T]) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(type_)

    def dump(self, value: T) -> Any:
        return self._adapter.dump_python(value, mode="json")

    def load(self, value: Any) -> T:
        return self._adapter.validate_python(value)


REPORT = Codec(Report)
DIAGNOSIS = Codec(Diagnosis)
CANDIDATE = Codec(Candidate)
VERDICT = Codec(Verdict)

"""Writers for single values of the standard types, each as its repr, each bounded.

It does not write containers or foreign objects: `values` does.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import sys
import types
import uuid
from collections.abc import Callable
from typing import Any

from selfheal.instances import attributes, module_names, type_module, type_name
from selfheal.patterns import REDACTED, scrub_forms

_PATH = 500


def _integer(value: int) -> str:
    bits = int.bit_length(value)
    if bits > 2000:
        return f"<int of {bits} bits>"
    text = int.__repr__(value)
    return repr(REDACTED) if bits >= 40 and scrub_forms(text, _unnoted) != text else text


def _unnoted(secret: str) -> None:
    """A card number is found by its form wherever it stands."""


def _path(value: pathlib.PurePath) -> str:
    text = scrub_forms(pathlib.PurePath.__str__(value)[:_PATH], _unnoted)
    return f"{type_name(type(value))}({text!r})"


def _decimal(value: decimal.Decimal) -> str:
    return "<Decimal>" if sys.getsizeof(value) > 1000 else decimal.Decimal.__repr__(value)


def _moment(value: Any) -> str:
    zone = value.tzinfo
    if zone is not None and type_module(type(zone)) not in ("datetime", "zoneinfo"):
        return f"<{type_name(type(value))} {value.year}-{value.month}-{value.day} {value.hour}:{value.minute}>"
    return datetime.datetime.__repr__(value)


def _callable_name(value: Any) -> str:
    return f"<{type_name(type(value))} {value.__name__}>"


def _fraction(value: fractions.Fraction) -> str:
    own = attributes(value)
    return f"Fraction({_integer(own['_numerator'])}, {_integer(own['_denominator'])})"


def _uuid(value: uuid.UUID) -> str:
    text = f"{attributes(value)['int']:032x}"
    return f"UUID('{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}')"


PLAIN: dict[type, Callable[[Any], str]] = {
    type(None): repr,
    bool: repr,
    float: repr,
    int: _integer,
    complex: repr,
    type(...): repr,
    type(NotImplemented): repr,
    datetime.date: repr,
    datetime.timedelta: repr,
    type: type.__repr__,
    types.ModuleType: lambda value: f"<module {module_names(value).get('__name__', '')}>",
    types.FunctionType: _callable_name,
    types.BuiltinFunctionType: _callable_name,
    types.CoroutineType: _callable_name,
    types.GeneratorType: _callable_name,
    range: repr,
}
SCALARS: dict[type, Callable[[Any], str]] = {
    int: _integer,
    float: float.__repr__,
    decimal.Decimal: _decimal,
    datetime.datetime: _moment,
    datetime.date: datetime.date.__repr__,
    datetime.time: lambda value: f"datetime.time({value.hour}, {value.minute}, {value.second}, {value.microsecond})",
    datetime.timedelta: datetime.timedelta.__repr__,
    fractions.Fraction: _fraction,
    uuid.UUID: _uuid,
    pathlib.PurePath: _path,
    type: type.__repr__,
}

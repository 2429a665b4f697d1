"""Writers for single values of the standard types, each as its repr, each bounded.

It does not write containers or foreign objects: `values` does.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import sys
import types
import uuid
from collections.abc import Callable
from typing import Any

from selfheal.instances import attributes, module_names, type_module, type_name


def integer(value: int) -> str:
    bits = int.bit_length(value)
    return f"<int of {bits} bits>" if bits > 2000 else int.__repr__(value)


def _decimal(value: decimal.Decimal) -> str:
    return "<Decimal>" if sys.getsizeof(value) > 1000 else decimal.Decimal.__repr__(value)


def _moment(value: Any) -> str:
    """A zone that is neither Python's nor zoneinfo's would run its own code."""
    base = datetime.datetime if issubclass(type(value), datetime.datetime) else datetime.time
    zone = base.tzinfo.__get__(value)
    if zone is None or type_module(type(zone)) in ("datetime", "zoneinfo"):
        return base.__repr__(value)
    if base is datetime.time:
        return f"<{type_name(type(value))}>"
    clock = datetime.time.isoformat(datetime.datetime.time(value))
    return f"<{type_name(type(value))} {datetime.date.isoformat(value)} {clock}>"


def _fraction(value: fractions.Fraction) -> str:
    own = attributes(value)
    return f"Fraction({integer(own['_numerator'])}, {integer(own['_denominator'])})"


def _uuid(value: uuid.UUID) -> str:
    text = f"{attributes(value)['int']:032x}"
    return f"UUID('{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}')"


def _called(value: Any) -> str:
    return f"<{type_name(type(value))} {value.__name__}>"


# Of these types and what is derived from them, by their identity: a metaclass may have a __hash__ and an __eq__.
SCALARS: dict[int, Callable[[Any], str]] = {
    **{id(cls): repr for cls in (complex, range, type(...), type(NotImplemented))},
    **{id(cls): cls.__repr__ for cls in (float, datetime.date, datetime.timedelta, type)},
    **{id(cls): _moment for cls in (datetime.datetime, datetime.time)},
    **{
        id(cls): _called
        for cls in (types.FunctionType, types.BuiltinFunctionType, types.CoroutineType, types.GeneratorType)
    },
    id(decimal.Decimal): _decimal,
    id(fractions.Fraction): _fraction,
    id(uuid.UUID): _uuid,
    id(memoryview): lambda value: f"<memory of {value.nbytes} bytes>",
    id(types.ModuleType): lambda value: f"<module {module_names(value).get('__name__', '')}>",
}

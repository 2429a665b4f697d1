"""Crashes of scripts and jobs that run outside of any application: `with selfheal.watch():` and `@selfheal.watch`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from selfheal.client import report

Function = TypeVar("Function", bound=Callable[..., Any])


class Watch:
    """Reports what leaves the block or the function, and lets it go on. It has no state: one serves as often as you
    like. What a generator raises on its way is seen by a block inside of it only."""

    def __init__(self, name: str) -> None:
        self._mechanism = f"job {name[:100]}".strip()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        report(error, self._mechanism)

    def __call__(self, function: Function) -> Function:
        watched: Any
        if inspect.iscoroutinefunction(function):

            async def watched(*arguments: Any, **named: Any) -> Any:
                with self:
                    return await function(*arguments, **named)

        else:

            def watched(*arguments: Any, **named: Any) -> Any:
                with self:
                    return function(*arguments, **named)

        return cast("Function", functools.wraps(function)(watched))


@overload
def watch(name: str = "") -> Watch: ...
@overload
def watch(name: Function) -> Function: ...
def watch(name: Any = "") -> Any:
    """`with selfheal.watch("nightly-import"):`, `@selfheal.watch("nightly-import")` or plain `@selfheal.watch`."""
    return Watch(name) if isinstance(name, str) else Watch(getattr(name, "__name__", ""))(name)

"""Where `healer watch` shows events: lines that pass, and on a terminal a part below them that shows the present."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from healer.cli import telling
from healer.cli.printing import clock, line, out, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

FRAMES_PER_SECOND = 4


class Screen:
    """To be used in a `with`; what is below is gone at its end, and the lines stay."""

    def __init__(self, below: Callable[[], RenderableType], *, as_json: bool) -> None:
        from rich.live import Live  # noqa: PLC0415 - a completion starts faster without

        self._as_json = as_json
        self._console = out()
        self.is_live = self._console.is_terminal and not as_json
        self._live = Live(
            get_renderable=below, console=self._console, transient=True, refresh_per_second=FRAMES_PER_SECOND
        )

    def __enter__(self) -> Screen:
        if self.is_live:
            for number in (signal.SIGTERM, signal.SIGHUP):  # dying of them would leave the cursor hidden
                signal.signal(number, _end)
            self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self.is_live:
            self._live.stop()

    def event(self, event: Mapping[str, Any], *, named: bool) -> None:
        """`named`: with the incident or service that it is about."""
        if self._as_json:
            print(json.dumps(event), flush=True)
            return
        if telling.is_detail(event):
            return
        about = f"{event['key'].removeprefix('service/')}  " if named else ""
        self._print(f"{clock(event['timestamp'])}  {about}{telling.told(event)}")

    def say(self, text: str) -> None:
        """What is no event: about the watching itself."""
        if self.is_live:
            self._print(text, "yellow")
        else:
            line(text, stderr=True)

    def _print(self, text: str, style: str = "") -> None:
        """As a Text of its own: what print() is told besides holds for the part below too, which it draws anew."""
        from rich.text import Text  # noqa: PLC0415 - as above

        self._console.print(Text(printable(text), style), soft_wrap=not self.is_live)
        self._console.file.flush()


def _end(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)

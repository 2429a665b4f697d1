"""Remembers how chats begin, so that a worker can evaluate it before the first request. Evaluates nothing itself."""

from __future__ import annotations

import json
import logging
import secrets
from pathlib import Path

log = logging.getLogger(__name__)

_LARGEST = 1 << 16
_FILE = "prefix.json"

Messages = list[dict[str, str]]


class Prefix:
    """The system messages of the last chat, in memory and in `folder`; None or an unusable folder: in memory only."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / _FILE if folder else None
        self.messages = self._read()

    def remember(self, messages: Messages) -> bool:
        """True when there is something new to save."""
        if not messages or messages == self.messages or len(json.dumps(messages)) > _LARGEST:
            return False
        self.messages = messages
        return True

    def forget(self) -> None:
        """Of a prefix that ends the process it is evaluated in."""
        self.messages = []
        self.save()

    def save(self) -> None:
        """Whole or not at all: a power cut leaves the file of before. Blocks."""
        if self._path is None:
            return
        draft = self._path.with_name(f".{_FILE}.{secrets.token_hex(4)}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.touch(mode=0o600)
            draft.write_text(json.dumps({"messages": self.messages}))
            draft.replace(self._path)
        except OSError as error:
            log.warning("LLM_STATE: cannot write %s: %s; the prefix is kept in memory only", self._path, error.strerror)
            self._path = None

    def _read(self) -> Messages:
        if self._path is None:
            return []
        try:
            with self._path.open("rb") as file:
                document = json.loads(file.read(2 * _LARGEST))
        except (OSError, ValueError, RecursionError):
            return []
        messages = document.get("messages") if isinstance(document, dict) else None
        return messages if isinstance(messages, list) and all(_is_system(message) for message in messages) else []


def _is_system(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") == "system" and isinstance(message.get("content"), str)

"""Logging that keeps personal data out."""

import logging
import re

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
HIDDEN = {"email", "phone", "street", "name", "token"}


def redact(values: dict) -> dict:
    return {key: "***" if key in HIDDEN else value for key, value in values.items()}


class RedactingFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = EMAIL.sub("***", str(record.msg))
        if isinstance(record.args, tuple):
            record.args = tuple(EMAIL.sub("***", arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


def set_up(level: int = logging.INFO) -> None:
    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter())
    logging.basicConfig(level=level, handlers=[handler])

"""Settings, read from the environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    database: str
    session_key: str
    payment_url: str
    debug: bool
    allowed_origins: tuple[str, ...]
    page_size: int


def load() -> Settings:
    origins = os.environ.get("BOOKINGS_ORIGINS", "")
    return Settings(
        database=os.environ.get("BOOKINGS_DATABASE", "bookings.db"),
        session_key=os.environ.get("BOOKINGS_SESSION_KEY", ""),
        payment_url=os.environ.get("BOOKINGS_PAYMENT_URL", "https://payments.internal/charge"),
        debug=os.environ.get("BOOKINGS_DEBUG") == "1",
        allowed_origins=tuple(origin for origin in origins.split(",") if origin),
        page_size=int(os.environ.get("BOOKINGS_PAGE_SIZE", "20")),
    )

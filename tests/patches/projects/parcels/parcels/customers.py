"""What we know of customers."""

import functools
import logging
import random

from .log import redact

log = logging.getLogger(__name__)

_customers: dict[str, dict] = {}
GREETINGS = ["Hello", "Good day", "Welcome back"]


def register(customer_id: str, values: dict) -> dict:
    customer = {"id": customer_id, "email": values["email"].lower(), **values}
    _customers[customer_id] = customer
    log.info("customer registered: %s", redact(customer))
    return customer


def customer(customer_id: str) -> dict:
    return _customers[customer_id]


@functools.lru_cache(maxsize=256)
def domain_of(email: str) -> str:
    return email.split("@")[1]


def greeting(customer_id: str) -> str:
    return f"{random.choice(GREETINGS)}, {customer(customer_id)['name'].split()[0]}"


def zone(values: dict) -> int:
    return int(values["zip"][0])

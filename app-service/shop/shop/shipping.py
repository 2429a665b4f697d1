"""What it costs to send a parcel. Knows nothing of carts and orders beyond their lines."""

from collections.abc import Sequence
from decimal import Decimal

from shop.models import CartLine

ZONES = {
    "DE": "home",
    "AT": "near",
    "CH": "near",
    "NL": "near",
    "BE": "far",
    "ES": "far",
    "FR": "far",
    "IT": "far",
    "PL": "far",
}
RATES = {
    "home": ((500, Decimal("3.90")), (5_000, Decimal("5.90")), (30_000, Decimal("11.90"))),
    "near": ((500, Decimal("7.90")), (5_000, Decimal("12.90")), (30_000, Decimal("24.90"))),
    "far": ((500, Decimal("9.90")), (5_000, Decimal("16.90")), (30_000, Decimal("34.90"))),
}
EXPRESS = {"home": Decimal("6.00"), "near": Decimal("14.00")}


class ShippingRefused(Exception):
    """A parcel we do not carry; main answers 422 with the message."""


def parcel_grams(lines: Sequence[CartLine]) -> int:
    return sum(line.quantity * line.product.weight_grams for line in lines)


def price(country: str, grams: int, express: bool = False) -> Decimal:
    zone = ZONES[country]
    if express and zone not in EXPRESS:
        raise ShippingRefused(f"no express delivery to {country}")
    surcharge = EXPRESS[zone] if express else Decimal("0.00")
    for limit, rate in RATES[zone]:
        if grams <= limit:
            return rate + surcharge
    raise ShippingRefused("the parcel is over 30 kg")

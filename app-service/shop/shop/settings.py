"""What the environment decides about the shop, read once when the application starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Settings:
    database_url: str
    admin_token: str | None
    free_shipping_from: Decimal
    gift_wrap_fee: Decimal


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    return Settings(
        database_url=environ.get("SHOP_DATABASE_URL", "sqlite:///./shop.db"),
        admin_token=environ.get("SHOP_ADMIN_TOKEN") or None,
        free_shipping_from=Decimal(environ.get("SHOP_FREE_SHIPPING_FROM", "60.00")),
        gift_wrap_fee=environ.get("SHOP_GIFT_WRAP_FEE", "2.50"),
    )

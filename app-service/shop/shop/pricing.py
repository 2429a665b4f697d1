"""What a cart costs: goods, discount, shipping, gift wrap. Reads no database."""

from decimal import ROUND_HALF_UP, Decimal

from shop import clock, shipping
from shop.models import Cart, Coupon
from shop.schemas import Quote
from shop.settings import Settings

NOTHING = Decimal("0.00")


class CouponRefused(Exception):
    """A coupon that does not apply here; main answers 409 with the message."""


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def discount_for(coupon: Coupon, goods: Decimal) -> Decimal:
    """What the coupon takes off the goods."""
    if coupon.expires_at is not None and coupon.expires_at <= clock.now():
        raise CouponRefused(f"coupon {coupon.code} has expired")
    if goods < coupon.minimum:
        raise CouponRefused(f"coupon {coupon.code} needs goods for {coupon.minimum}")
    if coupon.kind == "percent":
        discount = goods * coupon.value / 100
    elif coupon.kind == "amount":
        discount = min(coupon.value, goods)
    return cents(discount)


def quote(cart: Cart, coupon: Coupon | None, country: str, express: bool, gift_wrap: bool, settings: Settings) -> Quote:
    goods = cart.goods
    discount = discount_for(coupon, goods) if coupon else NOTHING
    grams = shipping.parcel_grams(cart.lines)
    freight = shipping.price(country, grams, express)
    pays_freight = coupon is None or coupon.kind != "shipping"
    if not pays_freight or (goods - discount >= settings.free_shipping_from and not express):
        freight = NOTHING
    wrapping = settings.gift_wrap_fee if gift_wrap else NOTHING
    return Quote(
        grams=grams,
        goods=goods,
        discount=discount,
        shipping=freight,
        gift_wrap=wrapping,
        total=goods - discount + freight + wrapping,
    )

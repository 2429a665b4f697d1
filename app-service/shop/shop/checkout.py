"""Turns a cart into an order."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from sqlalchemy.orm import Session

from shop import pricing
from shop.cart import cart_or_404
from shop.database import Db
from shop.models import Cart, Coupon, Order, OrderLine
from shop.schemas import CheckoutIn, Country, OrderOut, Quote

router = APIRouter(prefix="/carts/{cart_id}", tags=["checkout"])


def coupon_or_404(db: Session, code: str) -> Coupon:
    coupon = db.get(Coupon, code)
    if coupon is None:
        raise HTTPException(404, f"no such coupon: {code}")
    return coupon


def filled_cart(db: Session, cart_id: str) -> Cart:
    cart = cart_or_404(db, cart_id)
    if not cart.lines:
        raise HTTPException(409, "the cart is empty")
    return cart


@router.get("/quote", response_model=Quote)
def show_quote(
    request: Request,
    db: Db,
    cart_id: str,
    country: Annotated[Country, Query()],
    express: bool = False,
    gift_wrap: bool = False,
    coupon: str | None = None,
) -> Quote:
    """What a checkout would cost now."""
    cart = filled_cart(db, cart_id)
    found = coupon_or_404(db, coupon) if coupon else None
    return pricing.quote(cart, found, country, express, gift_wrap, request.app.state.settings)


@router.post("/checkout", status_code=201, response_model=OrderOut)
def check_out(request: Request, db: Db, cart_id: str, body: CheckoutIn) -> Order:
    """Places the order and takes its goods from the stock; the cart is gone afterwards."""
    cart = filled_cart(db, cart_id)
    coupon = coupon_or_404(db, body.coupon) if body.coupon else None
    costs = pricing.quote(cart, coupon, body.country, body.express, body.gift_wrap, request.app.state.settings)
    order = Order(
        email=body.email.lower(),
        country=body.country,
        coupon_code=coupon.code if coupon else None,
        **costs.model_dump(exclude={"grams"}),
    )
    for line in cart.lines:
        if line.quantity > line.product.stock:
            raise HTTPException(409, f"only {line.product.stock} of {line.sku} in stock")
        line.product.stock -= line.quantity
        order.lines.append(OrderLine(product=line.product, quantity=line.quantity, unit_price=line.unit_price))
    db.add(order)
    db.delete(cart)
    db.commit()
    return order

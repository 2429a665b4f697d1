"""Shopping carts. A cart is anonymous: who knows its id may change it."""

import secrets

from fastapi import APIRouter, HTTPException, Response
from sqlalchemy.orm import Session

from shop.catalog import product_or_404
from shop.database import Db
from shop.models import Cart, CartLine, Product
from shop.schemas import CartOut, Id, LineChange, LineIn

router = APIRouter(prefix="/carts", tags=["cart"])

LARGEST_QUANTITY = 99


def cart_or_404(db: Session, cart_id: str) -> Cart:
    cart = db.get(Cart, cart_id)
    if cart is None:
        raise HTTPException(404, f"no such cart: {cart_id}")
    return cart


def find_line(cart: Cart, line_id: int) -> CartLine | None:
    for line in cart.lines:
        if line.id == line_id:
            return line
    return None


def check_quantity(product: Product, quantity: int) -> None:
    if quantity > LARGEST_QUANTITY:
        raise HTTPException(409, f"at most {LARGEST_QUANTITY} of {product.sku} in a cart")
    if quantity > product.stock:
        raise HTTPException(409, f"only {product.stock} of {product.sku} in stock")


@router.post("", status_code=201, response_model=CartOut)
def open_cart(db: Db) -> Cart:
    cart = Cart(id=secrets.token_hex(8))
    db.add(cart)
    db.commit()
    return cart


@router.get("/{cart_id}", response_model=CartOut)
def show_cart(db: Db, cart_id: str) -> Cart:
    return cart_or_404(db, cart_id)


@router.post("/{cart_id}/lines", status_code=201, response_model=CartOut)
def add_line(db: Db, cart_id: str, body: LineIn) -> Cart:
    """Adds to the line of the product where the cart has one."""
    cart = cart_or_404(db, cart_id)
    product = product_or_404(db, body.sku)
    for line in cart.lines:
        if line.product_id == product.id:
            check_quantity(product, line.quantity + body.quantity)
            line.quantity += body.quantity
            break
    else:
        check_quantity(product, body.quantity)
        cart.lines.append(CartLine(product=product, quantity=body.quantity))
    db.commit()
    return cart


@router.patch("/{cart_id}/lines/{line_id}", response_model=CartOut)
def change_line(db: Db, cart_id: str, line_id: Id, body: LineChange) -> Cart:
    cart = cart_or_404(db, cart_id)
    line = find_line(cart, line_id)
    check_quantity(line.product, body.quantity)
    line.quantity = body.quantity
    db.commit()
    return cart


@router.delete("/{cart_id}/lines/{line_id}", status_code=204)
def remove_line(db: Db, cart_id: str, line_id: Id) -> Response:
    cart = cart_or_404(db, cart_id)
    line = find_line(cart, line_id)
    if line is None:
        raise HTTPException(404, f"no such line: {line_id}")
    cart.lines.remove(line)
    db.commit()
    return Response(status_code=204)

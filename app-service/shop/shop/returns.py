"""Sending goods back under the return policy of each product."""

from datetime import timedelta
from decimal import Decimal

from fastapi import APIRouter, HTTPException

from shop import clock
from shop.database import Db
from shop.models import OrderLine, OrderStatus, Return
from shop.orders import order_or_404
from shop.pricing import cents
from shop.schemas import Id, ReturnIn, ReturnOut

router = APIRouter(tags=["returns"])


def returnable(line: OrderLine) -> int:
    """How many of the line have not been sent back yet."""
    return line.quantity - sum(opened.quantity for opened in line.returns)


@router.post("/orders/{order_id}/returns", status_code=201, response_model=ReturnOut)
def open_return(db: Db, order_id: Id, body: ReturnIn) -> Return:
    order = order_or_404(db, order_id)
    if order.status == OrderStatus.CANCELLED:
        raise HTTPException(409, f"order {order_id} is cancelled")
    line = next(line for line in order.lines if line.id == body.line_id)
    policy = line.product.policy
    if clock.now() > order.placed_at + timedelta(days=policy.days):
        raise HTTPException(409, f"{line.sku} could be returned within {policy.days} days")
    if body.quantity > returnable(line):
        raise HTTPException(409, f"only {returnable(line)} of {line.sku} left to return")
    kept = Decimal(100 - policy.fee_percent) / 100
    opened = Return(
        line=line,
        quantity=body.quantity,
        reason=body.reason,
        refund=cents(line.unit_price * body.quantity * kept),
    )
    db.add(opened)
    db.commit()
    return opened


@router.get("/orders/{order_id}/returns", response_model=list[ReturnOut])
def list_returns(db: Db, order_id: Id) -> list[Return]:
    order = order_or_404(db, order_id)
    return [opened for line in order.lines for opened in line.returns]


@router.get("/returns/{return_id}", response_model=ReturnOut)
def show_return(db: Db, return_id: Id) -> Return:
    opened = db.get(Return, return_id)
    if opened is None:
        raise HTTPException(404, f"no such return: {return_id}")
    return opened

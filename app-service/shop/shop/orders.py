"""Orders as their customers see them. Who asks has been signed in by the shop front."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.database import Db
from shop.models import Order, OrderStatus
from shop.schemas import Email, Id, OrderOut, Tracking, UtcMoment

router = APIRouter(tags=["orders"])


def order_or_404(db: Session, order_id: int) -> Order:
    order = db.get(Order, order_id)
    if order is None:
        raise HTTPException(404, f"no such order: {order_id}")
    return order


def orders_of(db: Session, email: str) -> list[Order]:
    """A customer's orders, newest first."""
    return list(db.scalars(select(Order).where(Order.email == email.lower()).order_by(Order.id.desc())))


@router.get("/orders", response_model=list[OrderOut])
def list_orders(db: Db, email: Annotated[Email, Query()], since: UtcMoment | None = None) -> list[Order]:
    return [order for order in orders_of(db, email) if since is None or order.placed_at >= since]


@router.get("/orders/latest", response_model=OrderOut)
def show_latest_order(db: Db, email: Annotated[Email, Query()]) -> Order:
    return orders_of(db, email)[0]


@router.get("/orders/{order_id}", response_model=OrderOut)
def show_order(db: Db, order_id: Id) -> Order:
    return order_or_404(db, order_id)


@router.post("/orders/{order_id}/cancel", response_model=OrderOut)
def cancel_order(db: Db, order_id: Id) -> Order:
    """Puts the goods back into stock."""
    order = order_or_404(db, order_id)
    if order.status != OrderStatus.PLACED:
        raise HTTPException(409, f"order {order_id} is {order.status}")
    for line in order.lines:
        line.product.stock += line.quantity
    order.status = OrderStatus.CANCELLED
    db.commit()
    return order


@router.get("/tracking/{code}", response_model=Tracking)
def track(db: Db, code: str) -> Order:
    return db.scalars(select(Order).where(Order.tracking_code == code)).one()

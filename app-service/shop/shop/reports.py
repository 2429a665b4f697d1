"""Figures for the people who run the shop. Cancelled orders never count."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import clock
from shop.access import require_admin
from shop.database import Db
from shop.models import Order, OrderStatus, Product
from shop.pricing import NOTHING, cents
from shop.schemas import ReturnsReport, SalesReport, StockEntry

router = APIRouter(prefix="/admin/reports", tags=["reports"], dependencies=[Depends(require_admin)])


def orders_in(db: Session, month: str) -> list[Order]:
    begin, end = clock.month_bounds(month)
    query = select(Order).where(Order.placed_at >= begin, Order.placed_at < end, Order.status != OrderStatus.CANCELLED)
    return list(db.scalars(query.order_by(Order.id)))


@router.get("/sales")
def show_sales(db: Db, month: str) -> SalesReport:
    orders = orders_in(db, month)
    revenue = sum((order.total for order in orders), NOTHING)
    average = cents(revenue / len(orders)) if orders else NOTHING
    return SalesReport(month=month, orders=len(orders), revenue=revenue, average=average)


@router.get("/returns")
def show_returns(db: Db, month: str) -> ReturnsReport:
    """How many of the articles sold in the month came back, whenever they did."""
    lines = [line for order in orders_in(db, month) for line in order.lines]
    sold = sum(line.quantity for line in lines)
    returned = sum(opened.quantity for line in lines for opened in line.returns)
    return ReturnsReport(month=month, sold=sold, returned=returned, rate=round(100 * returned / sold, 1))


@router.get("/stock", response_model=list[StockEntry])
def show_stock(db: Db, below: Annotated[int, Query(ge=0, le=1_000_000)] = 10) -> list[Product]:
    """What runs out, scarcest first."""
    return list(db.scalars(select(Product).where(Product.stock < below).order_by(Product.stock, Product.sku)))

"""From the order to the parcel: what the warehouse sees."""

from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import select

from shop.access import require_admin
from shop.database import Db
from shop.models import Order, OrderStatus
from shop.orders import order_or_404
from shop.schemas import Aisle, Id, OrderOut, Pick, PickList

router = APIRouter(prefix="/admin/orders", tags=["fulfilment"], dependencies=[Depends(require_admin)])


@router.get("", response_model=list[OrderOut])
def list_orders(db: Db, status: str = OrderStatus.PLACED) -> list[Order]:
    """Oldest first. Several states are separated by commas."""
    wanted = {OrderStatus(name.strip()) for name in status.split(",")}
    return list(db.scalars(select(Order).where(Order.status.in_(wanted)).order_by(Order.id)))


@router.get("/{order_id}/pick-list", response_model=PickList)
def show_pick_list(db: Db, order_id: Id) -> PickList:
    """What to take from which aisle."""
    order = order_or_404(db, order_id)
    aisles: dict[str, list[Pick]] = {}
    for line in sorted(order.lines, key=lambda line: (line.product.aisle, line.sku)):
        picks = aisles.setdefault(line.product.aisle, [])
        if line.product.in_warehouse:
            picks.append(Pick(sku=line.sku, quantity=line.quantity))
    for aisle, picks in aisles.items():
        if not picks:
            del aisles[aisle]
    return PickList(order_id=order.id, aisles=[Aisle(aisle=aisle, picks=picks) for aisle, picks in aisles.items()])


@router.post("/{order_id}/ship", response_model=OrderOut)
def ship_order(db: Db, order_id: Id) -> Order:
    order = order_or_404(db, order_id)
    if order.status != OrderStatus.PLACED:
        raise HTTPException(409, f"order {order_id} is {order.status}")
    order.status = OrderStatus.SHIPPED
    order.tracking_code = f"SH{order.id:08d}"
    db.commit()
    return order

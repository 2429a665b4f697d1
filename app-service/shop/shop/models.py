"""The tables. Money is kept as whole cents, moments as UTC."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Integer, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from shop import clock


class Money(TypeDecorator[Decimal]):
    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int((value * 100).to_integral_value())

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class Moment(TypeDecorator[datetime]):
    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else clock.as_utc(value).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = {Decimal: Money, datetime: Moment}


class OrderStatus(StrEnum):
    PLACED = "placed"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class ReturnPolicy(Base):
    __tablename__ = "return_policies"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    days: Mapped[int]
    fee_percent: Mapped[int]


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    category: Mapped[str] = mapped_column(index=True)
    price: Mapped[Decimal]
    stock: Mapped[int]
    aisle: Mapped[str]
    drop_shipped: Mapped[bool] = mapped_column(default=False)
    """The supplier sends it; our warehouse never holds it."""
    weight_grams: Mapped[int | None]
    """None for what is delivered by e-mail."""
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("return_policies.id"))
    """None for what cannot be sent back."""

    policy: Mapped[ReturnPolicy | None] = relationship()
    details: Mapped[list["ProductAttribute"]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    @property
    def attributes(self) -> dict[str, str]:
        return {detail.name: detail.value for detail in self.details}

    @property
    def return_days(self) -> int:
        return self.policy.days if self.policy else 0

    @property
    def in_warehouse(self) -> bool:
        return self.weight_grams is not None and not self.drop_shipped


class ProductAttribute(Base):
    __tablename__ = "product_attributes"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Coupon(Base):
    __tablename__ = "coupons"

    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    value: Mapped[Decimal]
    minimum: Mapped[Decimal]
    expires_at: Mapped[datetime | None]


class Cart(Base):
    __tablename__ = "carts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    lines: Mapped[list["CartLine"]] = relationship(cascade="all, delete-orphan", order_by="CartLine.id")

    @property
    def goods(self) -> Decimal:
        return sum((line.unit_price * line.quantity for line in self.lines), Decimal("0.00"))


class CartLine(Base):
    __tablename__ = "cart_lines"
    __table_args__ = (UniqueConstraint("cart_id", "product_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cart_id: Mapped[str] = mapped_column(ForeignKey("carts.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    product: Mapped[Product] = relationship(lazy="joined")

    @property
    def sku(self) -> str:
        return self.product.sku

    @property
    def unit_price(self) -> Decimal:
        return self.product.price


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(default=OrderStatus.PLACED)
    country: Mapped[str] = mapped_column(String(2))
    coupon_code: Mapped[str | None]
    goods: Mapped[Decimal]
    discount: Mapped[Decimal]
    shipping: Mapped[Decimal]
    gift_wrap: Mapped[Decimal]
    total: Mapped[Decimal]
    placed_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    tracking_code: Mapped[str | None] = mapped_column(unique=True)
    lines: Mapped[list["OrderLine"]] = relationship(cascade="all, delete-orphan", order_by="OrderLine.id")


class OrderLine(Base):
    __tablename__ = "order_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    product: Mapped[Product] = relationship(lazy="joined")
    order: Mapped[Order] = relationship(back_populates="lines")
    returns: Mapped[list["Return"]] = relationship(back_populates="line")

    @property
    def sku(self) -> str:
        return self.product.sku


class Return(Base):
    __tablename__ = "returns"

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"))
    quantity: Mapped[int]
    reason: Mapped[str]
    refund: Mapped[Decimal]
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    line: Mapped[OrderLine] = relationship(back_populates="returns")

    @property
    def order_id(self) -> int:
        return self.line.order_id

    @property
    def sku(self) -> str:
        return self.line.sku

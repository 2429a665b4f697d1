"""What comes in and goes out over HTTP."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shop import clock

LARGEST_ID = 2**63 - 1

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 code, two letters")]
Quantity = Annotated[int, Field(ge=1, le=99)]
Price = Annotated[Decimal, Field(gt=0, lt=100_000, decimal_places=2)]
UtcMoment = Annotated[datetime, AfterValidator(clock.as_utc)]


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Output(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ProductIn(Input):
    sku: str = Field(pattern=r"^[A-Z0-9-]{3,30}$")
    name: str = Field(min_length=1, max_length=120)
    category: str = Field(min_length=1, max_length=40)
    price: Price
    stock: int = Field(0, ge=0, le=1_000_000)
    aisle: str = Field("A", pattern=r"^[A-Z]$")
    weight_grams: int | None = Field(None, ge=1, le=30_000)
    attributes: dict[str, str] = {}


class ProductOut(Output):
    sku: str
    name: str
    category: str
    price: Decimal
    stock: int
    weight_grams: int | None
    return_days: int
    attributes: dict[str, str]


class ProductPage(Output):
    items: list[ProductOut]
    page: int
    pages: int
    total: int


class LineIn(Input):
    sku: str
    quantity: Quantity = 1


class LineChange(Input):
    quantity: Quantity


class LineOut(Output):
    id: int
    sku: str
    quantity: int
    unit_price: Decimal


class CartOut(Output):
    id: str
    lines: list[LineOut]
    goods: Decimal


class Quote(Output):
    grams: int
    goods: Decimal
    discount: Decimal
    shipping: Decimal
    gift_wrap: Decimal
    total: Decimal


class CheckoutIn(Input):
    email: Email
    country: Country
    express: bool = False
    gift_wrap: bool = False
    coupon: str | None = None


class OrderOut(Output):
    id: int
    email: str
    status: str
    country: str
    coupon_code: str | None
    goods: Decimal
    discount: Decimal
    shipping: Decimal
    gift_wrap: Decimal
    total: Decimal
    placed_at: UtcMoment
    tracking_code: str | None
    lines: list[LineOut]


class Tracking(Output):
    tracking_code: str
    status: str
    country: str


class ReturnIn(Input):
    line_id: int = Field(ge=1, le=LARGEST_ID)
    quantity: Quantity = 1
    reason: str = Field(min_length=3, max_length=500)


class ReturnOut(Output):
    id: int
    order_id: int
    line_id: int
    sku: str
    quantity: int
    reason: str
    refund: Decimal
    opened_at: UtcMoment


class CouponIn(Input):
    kind: Literal["percent", "amount", "shipping"]
    value: Decimal = Field(Decimal("0.00"), ge=0, lt=100_000, decimal_places=2)
    minimum: Decimal = Field(Decimal("0.00"), ge=0, lt=100_000, decimal_places=2)
    expires_at: datetime | None = None


class CouponOut(Output):
    code: str
    kind: str
    value: Decimal
    minimum: Decimal
    expires_at: UtcMoment | None


class Pick(Output):
    sku: str
    quantity: int


class Aisle(Output):
    aisle: str
    picks: list[Pick]


class PickList(Output):
    order_id: int
    aisles: list[Aisle]


class SalesReport(Output):
    month: str
    orders: int
    revenue: Decimal
    average: Decimal


class ReturnsReport(Output):
    month: str
    sold: int
    returned: int
    rate: float = Field(description="returned of sold, in percent")


class StockEntry(Output):
    sku: str
    stock: int

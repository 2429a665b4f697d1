"""The catalogue a new shop starts with."""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.models import Coupon, Product, ProductAttribute, ReturnPolicy

# name: days, fee in percent
POLICIES = {"standard": (30, 0), "opened electronics": (14, 15)}

# sku, name, category, price, stock, aisle, grams, policy, attributes
PRODUCTS = [
    ("MUG-BLUE", "Mug, blue", "kitchen", "12.50", 400, "A", 350, "standard", {"color": "blue"}),
    ("MUG-RED", "Mug, red", "kitchen", "12.50", 400, "A", 350, "standard", {"color": "red"}),
    ("TEAPOT", "Teapot, one litre", "kitchen", "34.00", 120, "A", 900, "standard", {"color": "white", "volume": "1 l"}),
    ("PAN-24", "Frying pan", "kitchen", "45.90", 80, "B", 1800, "standard", {"diameter": "24 cm"}),
    ("DUTCH-OVEN", "Dutch oven, cast iron", "kitchen", "89.00", 60, "B", 6200, "standard", {"color": "black"}),
    ("LAMP-DESK", "Desk lamp", "home", "39.90", 90, "C", 1400, "standard", {"color": "black"}),
    ("BLANKET", "Wool blanket", "home", "59.00", 150, "C", 1300, "standard", {"color": "grey"}),
    ("CLOCK-WALL", "Wall clock", "home", "24.90", 5, "C", 800, "standard", {"color": "white"}),
    ("CANDLE-SALE", "Candle, last season's", "home", "4.90", 250, "C", 300, None, {"color": "red"}),
    ("HEADPHONES", "Headphones", "electronics", "79.00", 110, "D", 420, "opened electronics", {"color": "black"}),
    ("CHARGER", "USB charger", "electronics", "19.90", 300, "D", 150, "opened electronics", {"power": "65 W"}),
    ("EARRINGS", "Silver earrings", "jewellery", "29.00", 200, "E", 40, None, {"material": "silver"}),
    ("POSTER-FJORD", "Poster, fjord", "home", "18.00", 1000, "X", 200, "standard", {"ratio": "16:9", "size": "A2"}),
    ("GIFT-CARD-25", "Gift card", "gifts", "25.00", 10_000, "X", None, None, {"value": "25"}),
]
DROP_SHIPPED = {"POSTER-FJORD"}

# code, kind, value, minimum, end
COUPONS = [
    ("WELCOME10", "percent", "10.00", "0.00", None),
    ("FIVER", "amount", "5.00", "25.00", None),
    ("FREESHIP", "shipping", "0.00", "20.00", None),
    ("SUMMER20", "percent", "20.00", "0.00", datetime(2024, 9, 1, tzinfo=UTC)),
]


def fill(session: Session) -> None:
    """Does nothing where there are products already."""
    if session.scalar(select(func.count()).select_from(Product)):
        return
    policies = {name: ReturnPolicy(name=name, days=days, fee_percent=fee) for name, (days, fee) in POLICIES.items()}
    for sku, name, category, price, stock, aisle, grams, policy, attributes in PRODUCTS:
        product = Product(sku=sku, name=name, category=category, price=Decimal(price), stock=stock, aisle=aisle)
        product.drop_shipped = sku in DROP_SHIPPED
        product.weight_grams = grams
        product.policy = policies[policy] if policy else None
        product.details = [ProductAttribute(name=key, value=value) for key, value in attributes.items()]
        session.add(product)
    for code, kind, value, minimum, end in COUPONS:
        coupon = Coupon(code=code, kind=kind, value=Decimal(value), minimum=Decimal(minimum), expires_at=end)
        session.add(coupon)

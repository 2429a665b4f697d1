"""Keeping the catalogue, the prices and the coupons."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Response, UploadFile
from sqlalchemy import select

from shop import clock
from shop.access import require_admin
from shop.catalog import product_or_404
from shop.database import Db
from shop.models import Coupon, Product, ProductAttribute
from shop.schemas import CouponIn, CouponOut, ProductIn, ProductOut

router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[Depends(require_admin)])

HIGHEST_PRICE = 100_000


@router.post("/products", status_code=201, response_model=ProductOut)
def add_product(db: Db, body: ProductIn) -> Product:
    if db.scalar(select(Product).where(Product.sku == body.sku)) is not None:
        raise HTTPException(409, f"there is a product {body.sku} already")
    product = Product(**body.model_dump(exclude={"attributes"}))
    product.details = [ProductAttribute(name=name, value=value) for name, value in body.attributes.items()]
    db.add(product)
    db.commit()
    return product


@router.delete("/products/{sku}", status_code=204)
def delete_product(db: Db, sku: str) -> Response:
    product = product_or_404(db, sku)
    db.delete(product)
    db.commit()
    return Response(status_code=204)


def read_price_list(text: str) -> Iterator[tuple[int, str, Decimal]]:
    """Line number, SKU and price of each row."""
    rows = csv.DictReader(text.splitlines())
    if not {"sku", "price"} <= set(rows.fieldnames or ()):
        raise HTTPException(422, "the price list needs the columns sku and price")
    for row in rows:
        price = Decimal((row["price"] or "").strip())
        if not 0 < price < HIGHEST_PRICE:
            raise HTTPException(422, f"line {rows.line_num}: the price must be above 0 and below {HIGHEST_PRICE}")
        yield rows.line_num, row["sku"], price


@router.post("/prices")
def import_prices(db: Db, file: UploadFile) -> dict[str, int]:
    """Takes a CSV file with the columns sku and price: all of it or, where a line is wrong, nothing."""
    text = file.file.read().decode("utf-8-sig")
    changed = 0
    for number, sku, price in read_price_list(text):
        product = db.scalar(select(Product).where(Product.sku == sku))
        if product is None:
            raise HTTPException(422, f"line {number}: no such product: {sku}")
        changed += product.price != price
        product.price = price
    db.commit()
    return {"changed": changed}


@router.put("/coupons/{code}", response_model=CouponOut)
def put_coupon(db: Db, code: Annotated[str, Path(pattern=r"^[A-Z0-9]{3,20}$")], body: CouponIn) -> Coupon:
    if body.kind == "percent" and body.value > 100:
        raise HTTPException(422, "a coupon takes off at most 100 percent")
    if body.expires_at is not None and body.expires_at <= clock.now():
        raise HTTPException(422, "expires_at is in the past")
    coupon = db.merge(Coupon(code=code, **body.model_dump()))
    db.commit()
    return coupon

"""What is for sale."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.database import Db
from shop.models import Product, ProductAttribute
from shop.paging import Page, paginate
from shop.schemas import ProductOut, ProductPage

router = APIRouter(tags=["catalog"])


def product_or_404(db: Session, sku: str) -> Product:
    product = db.scalar(select(Product).where(Product.sku == sku))
    if product is None:
        raise HTTPException(404, f"no such product: {sku}")
    return product


@router.get("/products", response_model=ProductPage)
def list_products(
    db: Db,
    category: str | None = None,
    attribute: Annotated[str | None, Query(description="name and value, like color:blue")] = None,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    size: Annotated[int, Query(le=100)] = 20,
) -> Page:
    query = select(Product).order_by(Product.name, Product.id)
    if category is not None:
        query = query.where(Product.category == category)
    if attribute is not None:
        if ":" not in attribute:
            raise HTTPException(422, "attribute must look like color:blue")
        name, value = attribute.split(":")
        query = query.where(
            Product.details.any((ProductAttribute.name == name.strip()) & (ProductAttribute.value == value.strip()))
        )
    return paginate(db, query, page, size)


@router.get("/products/{sku}", response_model=ProductOut)
def show_product(db: Db, sku: str) -> Product:
    return product_or_404(db, sku)


@router.get("/categories")
def list_categories(db: Db) -> dict[str, int]:
    """The categories, each with the number of its products."""
    rows = db.execute(select(Product.category, func.count()).group_by(Product.category).order_by(Product.category))
    return {category: products for category, products in rows}

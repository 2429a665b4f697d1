"""Cuts a query into numbered pages."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Page:
    items: list[Any]
    page: int
    pages: int
    total: int


def paginate(db: Session, query: Select[Any], page: int, size: int) -> Page:
    """The page-th page, counted from 1; one beyond the last is empty."""
    total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    items = db.scalars(query.limit(size).offset((page - 1) * size)).all()
    return Page(items=list(items), page=page, pages=(total + size - 1) // size, total=total)

from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from shop.models import Order


@pytest.fixture
def backdate(client):
    """Moves an order to another day."""

    def move(placed, *day):
        with Session(client.app.state.engine) as session:
            session.execute(update(Order).where(Order.id == placed["id"]).values(placed_at=datetime(*day, tzinfo=UTC)))
            session.commit()

    return move


def test_sales_of_a_month(client, admin, order, backdate):
    backdate(order(("TEAPOT", 1)), 2026, 5, 1)
    backdate(order(("MUG-BLUE", 1)), 2026, 5, 31)
    cancelled = order(("TEAPOT", 1))
    backdate(cancelled, 2026, 5, 2)
    client.post(f"/orders/{cancelled['id']}/cancel")
    sales = client.get("/admin/reports/sales?month=2026-05", headers=admin).json()
    assert sales == {"month": "2026-05", "orders": 2, "revenue": "56.30", "average": "28.15"}


def test_a_month_without_sales(client, admin):
    sales = client.get("/admin/reports/sales?month=2026-02", headers=admin).json()
    assert sales == {"month": "2026-02", "orders": 0, "revenue": "0.00", "average": "0.00"}


def test_a_month_that_does_not_exist_is_refused(client, admin):
    answer = client.get("/admin/reports/sales?month=2026-13", headers=admin)
    assert (answer.status_code, answer.json()) == (422, {"detail": "month must look like 2026-05"})


def test_returns_of_a_month(client, admin, order, backdate):
    placed = order(("MUG-BLUE", 3))
    body = {"line_id": placed["lines"][0]["id"], "reason": "wrong colour"}
    assert client.post(f"/orders/{placed['id']}/returns", json=body).status_code == 201
    backdate(placed, 2026, 5, 10)
    report = client.get("/admin/reports/returns?month=2026-05", headers=admin).json()
    assert report == {"month": "2026-05", "sold": 3, "returned": 1, "rate": 33.3}


def test_the_scarcest_come_first(client, admin):
    scarce = client.get("/admin/reports/stock?below=70", headers=admin).json()
    assert scarce == [{"sku": "CLOCK-WALL", "stock": 5}, {"sku": "DUTCH-OVEN", "stock": 60}]

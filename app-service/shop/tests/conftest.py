import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.main import app
from shop.models import Cart, CartLine, Product

ADMIN_TOKEN = "sandbox"


@pytest.fixture(scope="session")
def started(tmp_path_factory) -> Iterator[tuple[TestClient, sqlite3.Connection]]:
    """The running shop, and a copy of its database as it is at the start."""
    with pytest.MonkeyPatch.context() as environment, closing(sqlite3.connect(":memory:")) as first:
        environment.setenv("SHOP_DATABASE_URL", f"sqlite:///{tmp_path_factory.mktemp('shop')}/shop.db")
        environment.setenv("SHOP_ADMIN_TOKEN", ADMIN_TOKEN)
        with TestClient(app) as client:
            with closing(app.state.engine.raw_connection()) as connection:
                connection.driver_connection.backup(first)
            yield client, first


@pytest.fixture
def client(started) -> TestClient:
    """The shop with a fresh database: the first catalogue and nothing else."""
    client, first = started
    with closing(app.state.engine.raw_connection()) as connection:
        first.backup(connection.driver_connection)
    return client


@pytest.fixture
def admin() -> dict[str, str]:
    """The headers of an admin's request."""
    return {"X-Admin-Token": ADMIN_TOKEN}


@pytest.fixture
def cart(client):
    """Makes a cart straight in the database: cart(("MUG-BLUE", 2), …) gives its id."""

    def make(*lines: tuple[str, int]) -> str:
        with Session(app.state.engine) as session:
            made = Cart(id=secrets.token_hex(8))
            for sku, quantity in lines:
                product = session.scalars(select(Product).where(Product.sku == sku)).one()
                made.lines.append(CartLine(product=product, quantity=quantity))
            session.add(made)
            session.commit()
            return made.id

    return make


@pytest.fixture
def order(client, cart):
    """Places an order: order(("MUG-BLUE", 2), email=…) gives the answer's JSON."""

    def place(*lines: tuple[str, int], email: str = "ann@example.com", **wishes: object) -> dict:
        body = {"email": email, "country": "DE"} | wishes
        answer = client.post(f"/carts/{cart(*lines)}/checkout", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return place

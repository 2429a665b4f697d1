"""Engine and session."""
import os
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy import create_engine
from sqlalchemy import orm
from sqlalchemy.pool import StaticPool

URL = os.environ.get("HOUSE_DB", "sqlite://")
engine = create_engine(URL, connect_args={"check_same_thread": False}, poolclass=StaticPool)
Session = orm.sessionmaker(engine, expire_on_commit=False)


class Base(orm.DeclarativeBase):
    pass


def session() -> Iterator[orm.Session]:
    with Session() as db:
        yield db


Db = Annotated[orm.Session, Depends(session)]

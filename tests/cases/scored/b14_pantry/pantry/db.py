"""Engine and session."""
import os

from sqlalchemy import create_engine, event
from sqlalchemy.orm import DeclarativeBase, scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool

engine = create_engine(os.environ.get("PANTRY_DB", "sqlite://"), connect_args={"check_same_thread": False}, poolclass=StaticPool)
Session = scoped_session(sessionmaker(engine))


class Base(DeclarativeBase):
    pass


@event.listens_for(engine, "connect")
def enforce_keys(connection, _):
    connection.execute("pragma foreign_keys = on")


def create_tables():
    from . import models  # noqa: F401

    Base.metadata.create_all(engine)

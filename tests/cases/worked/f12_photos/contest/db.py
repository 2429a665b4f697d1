from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, sessionmaker
from sqlalchemy.pool import StaticPool

engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
Sessions = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


def session():
    with Sessions() as db:
        yield db


def create_tables():
    from . import models  # noqa: F401

    Base.metadata.create_all(engine)

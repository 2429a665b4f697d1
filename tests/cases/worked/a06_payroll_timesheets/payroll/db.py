"""One SQLite database per process; it is rebuilt from the HR export on start-up."""
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, sessionmaker
from sqlalchemy.pool import StaticPool

engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
SessionLocal = sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


def create_all() -> None:
    from payroll import models  # noqa: F401  (registers the tables)

    Base.metadata.create_all(engine)

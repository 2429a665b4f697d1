from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .db import Base


class Contest(Base):
    __tablename__ = "contests"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    open: Mapped[bool] = mapped_column(default=True)
    photos: Mapped[list["Photo"]] = relationship(back_populates="contest", order_by="Photo.id")


class Photo(Base):
    __tablename__ = "photos"

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contests.id"))
    author: Mapped[str]
    title: Mapped[str]
    contest: Mapped[Contest] = relationship(back_populates="photos")


class Vote(Base):
    __tablename__ = "votes"
    __table_args__ = (UniqueConstraint("photo_id", "juror"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id"))
    juror: Mapped[str]
    points: Mapped[int]

"""Tables. A shelf holds ingredients, a recipe is made of ingredients."""
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .db import Base


class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)

    def as_json(self):
        return {"id": self.id, "name": self.name}


class Ingredient(Base):
    __tablename__ = "ingredients"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelves.id"))
    shelf: Mapped[Shelf | None] = relationship()

    def as_json(self):
        return {"id": self.id, "name": self.name, "shelf": self.shelf.name if self.shelf else None}


class Part(Base):
    __tablename__ = "parts"
    recipe_id: Mapped[int] = mapped_column(ForeignKey("recipes.id"), primary_key=True)
    ingredient_id: Mapped[int] = mapped_column(ForeignKey("ingredients.id"), primary_key=True)
    grams: Mapped[int]
    ingredient: Mapped[Ingredient] = relationship()


class Recipe(Base):
    __tablename__ = "recipes"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    parts: Mapped[list[Part]] = relationship(cascade="all, delete-orphan", order_by=Part.ingredient_id)

    def as_json(self):
        return {"id": self.id, "title": self.title, "parts": [{"ingredient": p.ingredient.name, "grams": p.grams} for p in self.parts]}

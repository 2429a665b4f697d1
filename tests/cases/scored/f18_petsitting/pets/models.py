from dataclasses import dataclass

ANIMALS = ("cat", "dog", "rabbit", "bird")


@dataclass
class Stay:
    pet: str
    animal: str
    nights: int

    def cost(self, fee: int) -> int:
        """Cents; the seventh night of every week is free."""
        return (self.nights - self.nights // 7) * fee


class Sitter:
    def __init__(self, name: str, animals: list[str], fee: int):
        self.id = None
        self.name = name
        self.animals = set(animals)
        self.fee = fee
        self.stays: list[Stay] = []
        self.reviews: list[int] = []

    def add_review(self, stars: int) -> None:
        self.reviews.append(stars)
        self.rating = round(sum(self.reviews) / len(self.reviews), 1)

"""Items and loans, in memory."""
from dataclasses import dataclass
from datetime import date
from typing import Iterator, Optional


class LibraryError(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class Loan:
    reader: str
    item: str
    kind: str
    since: date
    due: date
    returned: Optional[date] = None


class Shelves:
    def __init__(self):
        self.items = {"b-100": "book", "b-101": "book", "f-7": "film", "f-8": "film", "m-3": "magazine"}
        self.loans: list[Loan] = []

    def kind_of(self, item: str) -> str:
        if item not in self.items:
            raise LibraryError(404, "no such item")
        return self.items[item]

    def open_loans(self) -> Iterator[Loan]:
        return (loan for loan in self.loans if loan.returned is None)

    def loans_of(self, reader: str) -> list[Loan]:
        return [loan for loan in self.loans if loan.reader == reader]

    def lend(self, reader: str, item: str, since: date, due: date) -> Loan:
        if any(loan.item == item for loan in self.open_loans()):
            raise LibraryError(409, "item is out")
        loan = Loan(reader, item, self.kind_of(item), since, due)
        self.loans.append(loan)
        return loan

    def give_back(self, item: str, on: date) -> Loan:
        for loan in self.open_loans():
            if loan.item == item:
                if on < loan.since:
                    raise LibraryError(422, "returned before it was lent")
                loan.returned = on
                return loan
        raise LibraryError(409, "item is not out")

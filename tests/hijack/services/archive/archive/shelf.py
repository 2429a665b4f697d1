"""Documents, and who may see them."""

from dataclasses import dataclass, field
from pathlib import Path

from fastapi import HTTPException


@dataclass
class Document:
    title: str
    file: str


@dataclass
class Reader:
    name: str
    rooms: set[str] = field(default_factory=set)

    def may_see(self, room: str) -> bool:
        return room in self.rooms


class Shelf:
    def __init__(self, room: str, folder: Path) -> None:
        self.room = room
        self.folder = folder
        self.documents: dict[str, Document] = {}

    def put(self, name: str, document: Document) -> None:
        if name in self.documents:
            raise HTTPException(409, f"there is a document {name}")
        self.documents[name] = document

    def page(self, reader: Reader, name: str) -> dict[str, object]:
        """One document, for readers who may see it."""
        if not reader.may_see(self.room):
            raise HTTPException(403, "not yours to read")
        document = self.documents.get(name)
        path = (self.folder / document.file).resolve()
        if not path.is_relative_to(self.folder):
            raise HTTPException(400, "no such file")
        return {"title": document.title, "text": path.read_text()}

"""A reading room."""

from pathlib import Path

from fastapi import FastAPI, Header, HTTPException

from archive.shelf import Document, Reader, Shelf

app = FastAPI()
SHELF = Shelf("maps", Path("/srv/archive"))
READERS = {"k-maps": Reader("Ada", {"maps"})}
SHELF.put("delta", Document("The delta", "delta.txt"))


@app.get("/documents/{name}")
def document(name: str, x_key: str = Header("")):
    reader = READERS.get(x_key)
    if reader is None:
        raise HTTPException(401, "who are you?")
    return SHELF.page(reader, name)


@app.get("/titles/{name}")
def title(name: str):
    found = SHELF.documents.get(name)
    if found is None:
        raise HTTPException(404, f"no such document: {name}")
    return {"title": found.title}

"""Webhook relay: events come in once, go out to the endpoints of their topic."""
from datetime import datetime, timezone
from itertools import count
from typing import Any

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field, HttpUrl

app = FastAPI(title="relay")


class Endpoint(BaseModel):
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    url: HttpUrl
    topics: list[str] = Field(min_length=1)
    paused: bool = False
    fallback: str | None = None


class Event(BaseModel):
    topic: str = Field(min_length=1)
    data: dict[str, Any]


class EndpointRepo:
    """Asynchronous like the database version that production uses."""

    def __init__(self):
        self._rows: dict[str, Endpoint] = {}

    async def save(self, endpoint: Endpoint) -> None:
        self._rows[endpoint.name] = endpoint

    async def find(self, name: str) -> Endpoint | None:
        return self._rows.get(name)

    async def remove(self, name: str) -> None:
        self._rows.pop(name, None)

    async def for_topic(self, topic: str) -> list[Endpoint]:
        return [e for e in self._rows.values() if topic in e.topics]


class Outbox:
    """Deliveries in the order they are due; a sender process takes them from here."""

    def __init__(self):
        self.items: list[dict] = []
        self._ids = count(1)

    async def put(self, endpoint: str, event: Event, state: str) -> dict:
        item = {
            "id": next(self._ids),
            "endpoint": endpoint,
            "topic": event.topic,
            "data": event.data,
            "state": state,
            "at": datetime.now(timezone.utc).isoformat(),
        }
        self.items.append(item)
        return item


repo = EndpointRepo()
outbox = Outbox()


async def endpoint_or_404(name: str) -> Endpoint:
    endpoint = await repo.find(name)
    if endpoint is None:
        raise HTTPException(404, detail="endpoint not found")
    return endpoint


@app.post("/endpoints", status_code=201)
async def create_endpoint(endpoint: Endpoint):
    if await repo.find(endpoint.name):
        raise HTTPException(409, detail="endpoint exists")
    if endpoint.fallback is not None and await repo.find(endpoint.fallback) is None:
        raise HTTPException(422, detail="fallback is not an endpoint")
    await repo.save(endpoint)
    return endpoint


@app.get("/endpoints/{name}")
async def show_endpoint(endpoint: Endpoint = Depends(endpoint_or_404)):
    return endpoint


@app.delete("/endpoints/{name}", status_code=204)
async def delete_endpoint(endpoint: Endpoint = Depends(endpoint_or_404)):
    """An endpoint can go at any time, also while others name it as their fallback."""
    await repo.remove(endpoint.name)


@app.post("/endpoints/{name}/pause")
async def pause(endpoint: Endpoint = Depends(endpoint_or_404)):
    endpoint.paused = True
    return endpoint


@app.post("/endpoints/{name}/resume")
async def resume(endpoint: Endpoint = Depends(endpoint_or_404)):
    """Goes on; what was parked meanwhile becomes due."""
    endpoint.paused = False
    released = [d for d in outbox.items if d["endpoint"] == endpoint.name and d["state"] == "parked"]
    for delivery in released:
        delivery["state"] = "due"
    return {"name": endpoint.name, "released": len(released)}


async def schedule(endpoint: Endpoint, event: Event) -> dict:
    """Due at the endpoint, or at its fallback while it is paused; parked if nobody can take it."""
    if not endpoint.paused:
        return await outbox.put(endpoint.name, event, "due")
    if endpoint.fallback is not None:
        stand_in = repo.find(endpoint.fallback)
        if not stand_in.paused:
            return await outbox.put(stand_in.name, event, "due")
    return await outbox.put(endpoint.name, event, "parked")


@app.post("/events", status_code=202)
async def publish(event: Event):
    deliveries = [await schedule(e, event) for e in await repo.for_topic(event.topic)]
    return {"deliveries": [{"endpoint": d["endpoint"], "state": d["state"]} for d in deliveries]}


@app.get("/outbox")
async def show_outbox(state: str = "due"):
    return [{"endpoint": d["endpoint"], "topic": d["topic"], "data": d["data"]} for d in outbox.items if d["state"] == state]

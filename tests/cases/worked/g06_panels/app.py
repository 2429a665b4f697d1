"""HTTP side of the survey panels."""
from typing import Optional

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from panels.schemas import Member, NewPanel, PanelChanges, Topic
from panels.service import PanelError, Panels
from panels.store import Panel, PanelStore

app = FastAPI(title="survey panels")
store = PanelStore()
panels = Panels(store)


@app.exception_handler(PanelError)
async def panel_error(request: Request, exc: PanelError):
    return JSONResponse({"detail": str(exc)}, status_code=exc.status)


def as_json(panel: Panel) -> dict:
    return {
        "id": panel.id,
        "name": panel.name,
        "topics": panel.topics,
        "size": panel.size,
        "members": len(panel.members),
    }


@app.post("/panels", status_code=201)
def create(body: NewPanel):
    return as_json(panels.create(body))


@app.get("/panels")
def index(topic: Optional[str] = None):
    """All panels, or those that get questionnaires on a topic."""
    return [as_json(p) for p in store.all() if topic is None or topic in panels.topics_of(p)]


@app.get("/topics")
def topics():
    """Every topic some panel answers on."""
    return sorted(set().union(*(panels.topics_of(p) for p in store.all())))


@app.get("/panels/{panel_id}")
def show(panel_id: int):
    return as_json(panels.find(panel_id))


@app.patch("/panels/{panel_id}")
def change(panel_id: int, body: PanelChanges):
    return as_json(panels.change(panel_id, body))


@app.post("/panels/{panel_id}/topics", status_code=201)
def add_topic(panel_id: int, body: Topic):
    return as_json(panels.add_topic(panel_id, body.topic))


@app.delete("/panels/{panel_id}/topics/{topic}")
def drop_topic(panel_id: int, topic: str):
    return as_json(panels.drop_topic(panel_id, topic))


@app.post("/panels/{panel_id}/members", status_code=201)
def join(panel_id: int, body: Member):
    return as_json(panels.join(panel_id, body.email))

from .schemas import NewPanel, PanelChanges
from .store import Panel, PanelStore


class PanelError(Exception):
    status = 409


class NotFound(PanelError):
    status = 404


class Panels:
    def __init__(self, store: PanelStore):
        self.store = store

    def find(self, panel_id: int) -> Panel:
        panel = self.store.get(panel_id)
        if panel is None:
            raise NotFound("no such panel")
        return panel

    def create(self, new: NewPanel) -> Panel:
        return self.store.add(new.name, list(new.topics or []), new.size)

    def change(self, panel_id: int, changes: PanelChanges) -> Panel:
        panel = self.find(panel_id)
        sent = changes.model_dump(exclude_unset=True)
        if sent.get("size") is not None and sent["size"] < len(panel.members):
            raise PanelError("the panel has more members than that")
        if "topics" in sent:
            panel.topics = sent["topics"]
        for name in ("name", "size"):
            if sent.get(name) is not None:
                setattr(panel, name, sent[name])
        return panel

    def add_topic(self, panel_id: int, topic: str) -> Panel:
        panel = self.find(panel_id)
        if topic in self.topics_of(panel):
            raise PanelError("the panel has this topic")
        panel.topics.append(topic)
        return panel

    def drop_topic(self, panel_id: int, topic: str) -> Panel:
        panel = self.find(panel_id)
        try:
            panel.topics.remove(topic)
        except ValueError:
            raise NotFound("the panel does not have this topic") from None
        return panel

    def topics_of(self, panel: Panel) -> set[str]:
        """Topics of the panel and those every panel has."""
        return {"household"}.union(panel.topics)

    def join(self, panel_id: int, email: str) -> Panel:
        panel = self.find(panel_id)
        if email.lower() in panel.members:
            raise PanelError("is a member already")
        if len(panel.members) >= panel.size:
            raise PanelError("the panel is full")
        panel.members.append(email.lower())
        return panel

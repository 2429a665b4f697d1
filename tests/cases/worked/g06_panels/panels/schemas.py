from typing import Optional

from pydantic import BaseModel, Field


class NewPanel(BaseModel):
    name: str = Field(min_length=3)
    topics: Optional[list[str]] = None
    size: int = Field(50, ge=1, le=5000)


class PanelChanges(BaseModel):
    """Only what is sent changes. A null empties the list of topics."""
    name: Optional[str] = Field(None, min_length=3)
    topics: Optional[list[str]] = None
    size: Optional[int] = Field(None, ge=1, le=5000)


class Topic(BaseModel):
    topic: str = Field(min_length=2)


class Member(BaseModel):
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")

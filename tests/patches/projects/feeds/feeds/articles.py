"""Articles, kept in memory."""

from dataclasses import dataclass, field
from datetime import datetime

FIELDS = ("title", "source", "published")


@dataclass
class Article:
    id: int
    title: str
    source: str
    published: datetime
    tags: list[str] = field(default_factory=list)
    body: str | None = None


_articles: dict[int, Article] = {}


def add(values: dict) -> Article:
    article = Article(
        id=len(_articles) + 1,
        title=values["title"].strip(),
        source=values["source"],
        published=datetime.fromisoformat(values["published"]),
        tags=values.get("tags"),
        body=values.get("body"),
    )
    _articles[article.id] = article
    return article


def get(article_id: int) -> Article:
    return _articles[article_id]


def remove(article_id: int) -> None:
    del _articles[article_id]


def newest(count: int) -> list[Article]:
    return sorted(_articles.values(), key=lambda article: article.published, reverse=True)[:count]


def tagged(tag: str) -> list[Article]:
    return [article for article in _articles.values() if tag in article.tags]


def excerpt(article: Article, words: int = 20) -> str:
    return " ".join(article.body.split()[:words])


def as_json(article: Article) -> dict:
    return {
        "id": article.id,
        "title": article.title,
        "source": article.source,
        "published": article.published.isoformat(),
        "tags": article.tags,
        "excerpt": excerpt(article),
    }

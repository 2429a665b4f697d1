"""Pages: every change is a transaction of its own, with a line in the history."""
import sqlite3

from .errors import NoSuchPage, TitleTaken
from .slugs import slugify


def as_json(row):
    return {"slug": row["slug"], "title": row["title"], "text": row["text"]}


def find(db, slug):
    """The row of a page, by its address or one it had before."""
    row = db.execute("select * from pages where slug = ?", (slug,)).fetchone()
    if row is None:
        row = db.execute("select p.* from pages p join aliases a on a.page_id = p.id where a.slug = ?", (slug,)).fetchone()
    if row is None:
        raise NoSuchPage(slug)
    return row


def note(db, page_id, author, what):
    db.execute("insert into revisions (page_id, author, what) values (?, ?, ?)", (page_id, author, what))


def all_pages(db):
    return [{"slug": r["slug"], "title": r["title"]} for r in db.execute("select slug, title from pages order by slug")]


def get(db, slug):
    return as_json(find(db, slug))


def create(db, title, text, author):
    slug = slugify(title)
    try:
        with db:
            cursor = db.execute("insert into pages (slug, title, text) values (?, ?, ?)", (slug, title.strip(), text))
            db.execute("delete from aliases where slug = ?", (slug,))
            note(db, cursor.lastrowid, author, "created")
    except sqlite3.IntegrityError:
        raise TitleTaken(slug) from None
    return get(db, slug)


def edit(db, slug, text, author):
    page = find(db, slug)
    with db:
        db.execute("update pages set text = ? where id = ?", (text, page["id"]))
        note(db, page["id"], author, "edited")
    return get(db, page["slug"])


def rename(db, slug, title, author):
    page = find(db, slug)
    new = slugify(title)
    with db:
        note(db, page["id"], author, f"renamed from {page['title']}")
        if new != page["slug"]:
            db.execute("insert or replace into aliases (slug, page_id) values (?, ?)", (page["slug"], page["id"]))
            db.execute("delete from aliases where slug = ?", (new,))
        db.execute("update pages set slug = ?, title = ? where id = ?", (new, title.strip(), page["id"]))
    return get(db, new)


def remove(db, slug):
    page = find(db, slug)
    with db:
        db.execute("delete from pages where id = ?", (page["id"],))


def history(db, slug):
    page = find(db, slug)
    rows = db.execute("select author, what from revisions where page_id = ? order by id", (page["id"],))
    return [dict(r) for r in rows]

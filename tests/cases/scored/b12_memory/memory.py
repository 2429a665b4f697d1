"""Translation memory: source segments and their translations."""
from itertools import count

LANGUAGES = ("de", "fr", "pt-br", "zh-hant")


class MemoryProblem(Exception):
    status = 400


class NotThere(MemoryProblem):
    status = 404


class Closed(MemoryProblem):
    """An approved translation is not touched."""

    status = 409


def norm(lang):
    """Language tags are kept in lower case, whatever the editor sends (pt-BR, pt_BR)."""
    return lang.strip().replace("_", "-").lower()


class Memory:
    def __init__(self):
        self.clear()

    def clear(self):
        self._units = {}
        self._numbers = count(1)

    def add(self, source):
        unit = {"id": next(self._numbers), "source": source, "targets": {}}
        self._units[unit["id"]] = unit
        return unit

    def unit(self, unit_id):
        if unit_id not in self._units:
            raise NotThere(f"no unit {unit_id}")
        return self._units[unit_id]

    def all(self):
        return list(self._units.values())

    def has(self, unit_id, lang):
        return norm(lang) in self.unit(unit_id)["targets"]

    def translate(self, unit_id, lang, text):
        """Stores a translation; the old one is replaced unless it is approved."""
        lang, unit = norm(lang), self.unit(unit_id)
        if lang not in LANGUAGES:
            raise MemoryProblem(f"language must be one of {', '.join(LANGUAGES)}")
        if unit["targets"].get(lang, {}).get("state") == "approved":
            raise Closed(f"the {lang} translation is approved")
        unit["targets"][lang] = {"text": text, "state": "draft", "by": None}
        return unit

    def judge(self, unit_id, lang, state, reviewer):
        unit = self.unit(unit_id)
        if not self.has(unit_id, lang):
            raise NotThere(f"unit {unit_id} has no {lang} translation")
        unit["targets"][lang].update(state=state, by=reviewer)
        return unit

    def remove(self, unit_id, lang):
        if not self.has(unit_id, lang):
            raise NotThere(f"unit {unit_id} has no {lang} translation")
        del self.unit(unit_id)["targets"][norm(lang)]

    def search(self, text, lang):
        lang = norm(lang)
        hits = [u for u in self.all() if text.lower() in u["source"].lower() and lang in u["targets"]]
        return [{"id": u["id"], "source": u["source"], **u["targets"][lang]} for u in hits]


memory = Memory()

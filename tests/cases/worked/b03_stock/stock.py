"""Articles, bins and how many pieces lie where."""
from errors import Missing, Short

ARTICLES = {"bolt-m8": "Bolt M8", "nut-m8": "Nut M8", "washer-8": "Washer 8 mm", "rod-1m": "Threaded rod 1 m"}
BINS = ("A-01", "A-02", "B-01", "B-02", "DOCK")


class Stock:
    def __init__(self):
        self._levels = {}

    def reset(self):
        self._levels = {}

    def check(self, sku, *bins):
        if sku not in ARTICLES:
            raise Missing(f"no article {sku}")
        for code in bins:
            if code not in BINS:
                raise Missing(f"no bin {code}")

    def bins(self, sku):
        """The bins that hold an article at the moment."""
        return {code: qty for code, qty in self._levels.get(sku, {}).items() if qty}

    def level(self, sku, code):
        """How many pieces of an article are in a bin."""
        return self._levels[sku][code]

    def put(self, sku, code, qty):
        shelf = self._levels.setdefault(sku, {})
        shelf[code] = shelf.get(code, 0) + qty

    def take(self, sku, code, qty):
        have = self.bins(sku).get(code, 0)
        if have < qty:
            raise Short(f"only {have} of {sku} in {code}")
        self._levels[sku][code] = have - qty

    def move(self, sku, source, target, qty):
        """All or nothing."""
        have = self.level(sku, source)
        if have < qty:
            raise Short(f"only {have} of {sku} in {source}")
        self.take(sku, source, qty)
        self.put(sku, target, qty)

    def total(self, sku):
        return sum(self.bins(sku).values())


stock = Stock()

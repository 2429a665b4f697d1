"""Rules of the saleroom."""
from store import Bid, Lot

STEPS = [(100, 5), (500, 10), (1000, 25)]


class NotNow(Exception):
    """The lot is in no state for that."""


class TooLow(Exception):
    pass


def step(amount: int) -> int:
    for limit, size in STEPS:
        if amount < limit:
            return size
    return 50


def leading(lot: Lot) -> Bid | None:
    """The bid to beat. The earlier one wins where two are equal."""
    return max(lot.bids, key=lambda b: b.amount) if lot.bids else None


def minimum(lot: Lot) -> int:
    lead = leading(lot)
    return lot.start if lead is None else lead.amount + step(lead.amount)


def shortfall(lot: Lot, bid: Bid) -> int:
    """What the bid lacks to the reserve."""
    return max(lot.reserve - bid.amount, 0)


def require_open(lot: Lot) -> None:
    if lot.state != "open":
        raise NotNow(f"lot {lot.number} is {lot.state}")


def place(lot: Lot, bidder: str, amount: int) -> Bid:
    require_open(lot)
    if amount < minimum(lot):
        raise TooLow(f"at least {minimum(lot)}")
    bid = Bid(bidder, amount)
    lot.bids.append(bid)
    return bid


def hammer(lot: Lot) -> None:
    """Ends the bidding: sold to the leading bidder if the reserve was met, otherwise the lot is passed, without a buyer."""
    require_open(lot)
    lead = leading(lot)
    if shortfall(lot, lead):
        lot.state = "passed"
    else:
        lot.state, lot.buyer, lot.price = "sold", lead.bidder, lead.amount


def withdraw(lot: Lot) -> None:
    """The seller takes it back; not once somebody has bid."""
    require_open(lot)
    if lot.bids:
        raise NotNow(f"lot {lot.number} has bids")
    lot.state = "withdrawn"

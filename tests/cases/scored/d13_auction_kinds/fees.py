"""What the house keeps."""

MINIMUM = 15


def commission(item):
    """Euros kept from the price of a sold item. Charity sales are free of charge."""
    price = item["price"]
    if item["kind"] == "standard":
        fee = price * 18 // 100
    elif item["kind"] == "estate":
        fee = price * 12 // 100
    elif item["kind"] == "charity":
        return 0
    return min(max(fee, MINIMUM), price)


def statement(items):
    sold = [item for item in items if item["price"] is not None]
    lines = [{"number": i["number"], "title": i["title"], "price": i["price"], "commission": commission(i)} for i in sold]
    return {
        "lines": lines,
        "unsold": len(items) - len(sold),
        "payout": sum(line["price"] - line["commission"] for line in lines),
    }

"""Prices: written by people, kept in cents."""


def tidy(text):
    """How prices get written ('4,50', '€ 4.50', '1.200,00 €') as plain digits with a point."""
    text = text.replace("€", "").replace(" ", "").replace("\xa0", "")
    if "," in text:
        text = text.replace(".", "").replace(",", ".")
    return text


def to_cents(text):
    """Cents; ValueError for what is no amount of money."""
    euros = float(text)
    if not 0 < euros < 100_000:
        raise ValueError("out of range")
    return round(euros * 100)


def show(cents):
    return f"{cents / 100:.2f}".replace(".", ",") + " €"

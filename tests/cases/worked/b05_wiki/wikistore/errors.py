class WikiError(Exception):
    status, kind = 500, "internal"


class Invalid(WikiError):
    status, kind = 400, "invalid"


class NoSuchPage(WikiError):
    status, kind = 404, "no-such-page"

    def __init__(self, slug):
        super().__init__(f"there is no page {slug}")


class TitleTaken(WikiError):
    """Two pages cannot share an address."""

    status, kind = 409, "title-taken"

    def __init__(self, slug):
        super().__init__(f"there is a page {slug} already")

class Fault(Exception):
    status = 400

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code, self.text = code, text


class Missing(Fault):
    status = 404


class Clash(Fault):
    status = 409

"""Messages on their way to the chat."""
_QUEUE = []


def queue(message):
    _QUEUE.append(message)


def for_channel(name):
    return [m for m in _QUEUE if m.channel == name]


def view(message):
    return {"channel": message.channel, "text": message.text, "rule": message.rule}

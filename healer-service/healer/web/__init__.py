"""The healer's HTTP side: the API, the event stream, the webhook and the page."""

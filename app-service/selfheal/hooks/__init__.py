"""The ways in: one hook per file, each handing exceptions to the client. None of them keeps an exception from going
on."""

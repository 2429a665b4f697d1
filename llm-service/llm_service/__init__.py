"""Serves one GGUF model on the CPU over the OpenAI-compatible API. Shares JSON with the healer, no Python."""

__version__ = "0.1.0"

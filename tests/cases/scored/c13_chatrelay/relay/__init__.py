"""From webhooks to chat messages."""

"""Hours, rates and what follows from them."""

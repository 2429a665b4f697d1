"""An e-commerce service: catalog, cart, checkout, orders, returns, admin reports."""

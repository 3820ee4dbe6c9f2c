"""Messages as people write them, and how well the router understands them."""

"""What the services agree on; this package imports none of them."""

"""Networks that take any subset of their modalities."""

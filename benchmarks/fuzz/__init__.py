"""``make fuzz``: damaged and hostile input of every kind; see `benchmarks.fuzz.__main__`."""

"""``make faults``: killed runs, full disks, two runs at once; see `benchmarks.faults.__main__`."""

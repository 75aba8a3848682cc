"""ShaSpec on Audiovision-MNIST; see `benchmarks.avmnist.__main__`."""

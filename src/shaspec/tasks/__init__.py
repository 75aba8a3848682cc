"""Task files (TOML), one per segmentation problem."""

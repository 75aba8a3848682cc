"""Access to files: one guarded way in (`reading`), one guarded way out (`writing`), `lock`."""

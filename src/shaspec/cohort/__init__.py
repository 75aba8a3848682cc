"""Many cases at once: each is segmented into a folder, whatever happens to the others."""

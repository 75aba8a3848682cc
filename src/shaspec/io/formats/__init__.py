"""The formats of volumes, one file each, and the table of their endings."""

"""One module per volume format, and the table of their file endings."""

"""The panel *Compare*: two label maps of one patient."""

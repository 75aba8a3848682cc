"""The panel *Train*: starts, follows and resumes training runs."""

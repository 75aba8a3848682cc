"""The panel *Train*: a training run, started, watched and resumed."""

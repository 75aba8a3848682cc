"""The panel *Models*: the models on this computer, with their model cards."""

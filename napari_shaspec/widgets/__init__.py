"""General widgets: they show state and emit signals. The controllers do the work."""

"""Views: they build controls, emit signals and show state; the work is the controller's."""

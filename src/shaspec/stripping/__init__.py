"""Skull stripping: a small network, trained on generated heads, finds the brain in any scan."""

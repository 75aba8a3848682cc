"""The table of speed: measures, compares with the stored ratios, writes the page."""

"""Client of `shaspec serve`: sessions on another machine instead of local ones; no torch."""

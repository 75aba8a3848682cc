"""Client of `shaspec serve`: sessions on another machine, in the place of local ones; no torch."""

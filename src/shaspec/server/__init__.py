"""`shaspec serve`: the engine for other machines, over HTTP."""

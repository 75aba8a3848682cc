"""Print the CUDA packages that torch would install, from ``pip install --dry-run --report -``."""

from __future__ import annotations

import json
import sys

# pip's own copy: nothing else is installed yet when this runs.
from pip._vendor.packaging.requirements import Requirement

for item in json.load(sys.stdin)["install"]:
    for text in item["metadata"].get("requires_dist", []):
        needed = Requirement(text)
        wanted = needed.marker is None or needed.marker.evaluate({"extra": ""})
        if wanted and needed.name.startswith(("nvidia-", "cuda-")):
            print(needed.name)

"""Find the brain in one scan with the network."""

from __future__ import annotations

import numpy as np
import torch

from shaspec.stripping.brain import Field, Segment
from shaspec.stripping.network import DIVISOR, StripNetwork


def segment_with(network: StripNetwork) -> Segment:
    """Segment a scan with a network.

    Args:
        network: from `shaspec.stripping.weights.load_stripper`.

    Returns:
        A function for `shaspec.stripping.brain.find_brain`: the mean over the scan and its mirror
        image.
    """

    def segment(image: Field) -> Field:
        pad = [(0, -n % DIVISOR) for n in image.shape]
        x = torch.from_numpy(np.pad(image, pad))[None, None]
        with torch.inference_mode():
            part = (torch.sigmoid(network(x)) + torch.sigmoid(network(x.flip(-1))).flip(-1)) / 2
        inside = tuple(slice(n) for n in image.shape)
        return np.asarray(part[0, 0].numpy()[inside], np.float32)

    return segment

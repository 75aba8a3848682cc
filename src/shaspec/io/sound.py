"""Read WAV files and compute their mel cepstrum (MFCC), which represents a sound as a picture.

A spoken digit takes half a second, so 20 frames of 32 ms, one every 23 ms, contain its beginning.
"""

from __future__ import annotations

import io
import math
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.files.reading import read_bytes

Array = npt.NDArray[Any]

SAMPLE_RATE = 8000
"""Hz; other rates are resampled to it."""
FRAMES, COEFFICIENTS, BANDS = 20, 20, 40
WINDOW, HOP = 256, 184
LENGTH = WINDOW + HOP * (FRAMES - 1)
"""Samples used for a cepstrum: the first 0.47 s."""
MOST_BYTES = 256 * 1024**2
RATES = (1000, 384_000)  # Hz; other rates indicate a damaged header
MARGIN = 1.1  # read a little more to avoid edge effects of resampling


def is_sound(path: Path) -> bool:
    """Return whether the file name ends like that of a sound."""
    return path.name.lower().endswith(".wav")


def read_sound(path: str | Path) -> Array:
    """The cepstrum (coefficient, frame) of a WAV file, see `mfcc`.

    Raises `InputError` naming the file and what to do.
    """
    path = Path(path)
    return mfcc(decode(read_bytes(path, MOST_BYTES), str(path)))


def decode(data: bytes, name: str) -> Array:
    """The beginning of a WAV file, (n,) from -1 to 1 at `SAMPLE_RATE`; channels are averaged.

    ``name`` is for messages. Raises `InputError` if it is not PCM, truncated, empty or silent.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate, frames, *_ = file.getparams()
            if not RATES[0] <= rate <= RATES[1]:
                raise InputError(f"{name}: has a sample rate of {rate} Hz; record it again")
            wanted = min(frames, math.ceil(MARGIN * LENGTH / SAMPLE_RATE * rate))
            if not 1 <= width <= 4 or not 1 <= channels <= 64:
                raise InputError(f"{name}: {channels} channels of {width} bytes; record it again")
            frames_read = file.readframes(wanted)
    except (wave.Error, EOFError, RuntimeError, ValueError, ArithmeticError) as error:
        raise InputError(
            f"{name}: is not a readable sound ({error}); save it as WAV, 16-bit PCM"
        ) from error
    if len(frames_read) < wanted * channels * width:
        raise InputError(f"{name}: is truncated; copy or record it again")
    samples: Array = _numbers(frames_read, width).reshape(-1, channels).mean(axis=1)
    if samples.size == 0 or np.ptp(samples) == 0:
        raise InputError(
            f"{name}: begins with half a second of silence; trim it, or leave the file out "
            "(the modality then counts as missing)"
        )
    if rate == SAMPLE_RATE:
        return samples
    from scipy.signal import resample_poly

    common = math.gcd(rate, SAMPLE_RATE)
    return np.asarray(resample_poly(samples, SAMPLE_RATE // common, rate // common))


def _numbers(data: bytes, width: int) -> Array:
    """Samples of ``width`` bytes as numbers from -1 to 1; single bytes are unsigned."""
    if width == 1:
        return np.frombuffer(data, np.uint8) / 2**7 - 1
    # The bytes of a sample, little-endian, in the upper part of 32 bits.
    wide = np.zeros((len(data) // width, 4), np.uint8)
    wide[:, 4 - width :] = np.frombuffer(data, np.uint8).reshape(-1, width)
    return wide.view("<i4")[:, 0] / 2**31


def mfcc(samples: Array) -> Array:
    """Mel cepstrum (coefficient, frame) of the first 0.47 s, each coefficient to mean 0, sd 1.

    Power spectrum of Hann windows, 40 triangular bands on the mel scale, logarithm, cosine
    transform (Davis & Mermelstein, IEEE TASSP 1980). A shorter sound is followed by silence.
    ``samples`` (n,) are at `SAMPLE_RATE`.
    """
    from scipy.fft import dct

    padded = np.zeros(LENGTH)
    padded[: min(LENGTH, len(samples))] = samples[:LENGTH]
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2
    cepstrum = dct(np.log(power @ mel_bands().T + 1e-6), axis=1, norm="ortho")
    result = cepstrum[:, :COEFFICIENTS].T
    centred = result - result.mean(axis=1, keepdims=True)
    scaled: Array = centred / (centred.std(axis=1, keepdims=True) + 1e-6)
    return scaled


def mel_bands() -> Array:
    """Weights (band, frequency): triangles with corners at equal distances in mel."""
    highest = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, highest, BANDS + 2) / 2595) - 1)
    frequency = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    low, middle, high = (corners[k : k + BANDS, None] for k in range(3))
    rising, falling = (frequency - low) / (middle - low), (high - frequency) / (high - middle)
    return np.clip(np.minimum(rising, falling), 0, None)

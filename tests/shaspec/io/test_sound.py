"""WAV files and their cepstrum."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.io import sound
from shaspec.io.sound import decode, mfcc, read_sound


def speech(rate: int = 8000, seconds: float = 0.7, seed: int = 0) -> Any:
    """Voiced noise: harmonics of 150 Hz that come and go."""
    time = np.arange(round(rate * seconds)) / rate
    rng = np.random.default_rng(seed)
    tones = [np.sin(2 * np.pi * 150 * k * time + rng.uniform(0, 6)) / k for k in range(1, 20)]
    return 0.1 * np.sum(tones, axis=0) * (1 + np.sin(2 * np.pi * 3 * time))


def wav(samples: Any, rate: int = 8000, width: int = 2, channels: int = 1) -> bytes:
    """A PCM file of ``samples`` (n,) or (n, channels) from -1 to 1."""
    whole = np.round(np.asarray(samples) * (2 ** (8 * width - 1) - 1)).astype("<i4")
    if width == 1:
        data = (whole + 128).astype(np.uint8).tobytes()
    else:
        data = whole.reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(data)
    return buffer.getvalue()


@given(st.integers(0, 99))
def test_sixteen_bits_are_read_exactly(seed: int) -> None:
    codes = np.random.default_rng(seed).integers(-(2**15), 2**15, 500)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(codes.astype("<i2").tobytes())
    np.testing.assert_array_equal(decode(buffer.getvalue(), "x.wav"), codes / 2**15)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_sample_size_gives_the_same_sound(width: int) -> None:
    found = decode(wav(speech(), width=width), "x.wav")
    np.testing.assert_allclose(found, speech()[: len(found)], atol=1.5 / 2 ** (8 * width - 1))


def test_channels_are_averaged() -> None:
    both = np.column_stack([speech(), np.zeros_like(speech())])
    found = decode(wav(both, channels=2), "x.wav")
    np.testing.assert_allclose(found, speech()[: len(found)] / 2, atol=1e-4)


@pytest.mark.parametrize("rate", [4000, 11025, 16000, 44100, 48000])
def test_other_sample_rates_give_the_same_sound(rate: int) -> None:
    """What is below both limits of frequency, away from the ends of the filter."""
    slow = [np.sin(2 * np.pi * 700 * np.arange(round(r * 0.7)) / r) / 2 for r in (8000, rate)]
    one, other = decode(wav(slow[0]), "x.wav"), decode(wav(slow[1], rate), "x.wav")
    middle = slice(100, sound.LENGTH)
    np.testing.assert_allclose(other[middle], one[middle], atol=0.01)


def test_a_cepstrum_depends_neither_on_loudness_nor_on_what_comes_later() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(size=6000) * np.linspace(0.2, 1, 6000)
    found = mfcc(samples)
    assert found.shape == (20, 20)
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(found.std(axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(mfcc(3 * samples), found, atol=1e-3)
    np.testing.assert_array_equal(mfcc(samples[: sound.LENGTH]), found)
    assert mfcc(samples[:100]).shape == (20, 20)
    assert np.abs(mfcc(samples[::-1]) - found).mean() > 0.1


def test_a_tone_is_loudest_in_the_band_around_it() -> None:
    bands = sound.mel_bands()
    frequency = np.fft.rfftfreq(sound.WINDOW, 1 / sound.SAMPLE_RATE)
    centres = frequency[bands.argmax(axis=1)]
    for tone in (500, 1000, 3000):
        k = int((bands @ (frequency == tone)).argmax())
        assert abs(centres[k] - tone) <= 150
    assert (np.diff(centres) >= 0).all()


def as_float(data: bytes) -> bytes:
    """The same file with the format code of numbers that are no PCM."""
    at = data.index(b"fmt ") + 8
    return data[:at] + b"\x03\x00" + data[at + 2 :]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (as_float, "save it as WAV, 16-bit PCM"),
        (lambda data: b"ID3" + data, "save it as WAV, 16-bit PCM"),
        (lambda data: data[:20], "save it as WAV, 16-bit PCM"),
        (lambda data: b"", "save it as WAV, 16-bit PCM"),
        (lambda data: data[:1001], "is truncated"),
        (lambda data: wav(np.zeros(9000)), "half a second of silence"),
        (lambda data: wav([]), "half a second of silence"),
        (lambda data: wav(speech(), rate=2_000_000_000), "2000000000 Hz"),
    ],
)
def test_a_file_that_cannot_be_heard_is_named_in_the_error(
    tmp_path: Path, spoil: Callable[[bytes], bytes], message: str
) -> None:
    path = tmp_path / "seven.wav"
    path.write_bytes(spoil(wav(speech())))
    with pytest.raises(InputError, match=message) as caught:
        read_sound(path)
    assert "seven.wav" in str(caught.value)
    with pytest.raises(InputError, match="no such file"):
        read_sound(tmp_path / "eight.wav")

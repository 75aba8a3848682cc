"""The benchmark on Audiovision-MNIST: what it reads, pairs, hears and counts."""

from __future__ import annotations

import gzip
import io
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.avmnist import experiment
from benchmarks.avmnist import pairs as pairing
from benchmarks.avmnist.__main__ import table
from shaspec.inference.classification import ClassificationSession
from shaspec.io import case_from_arrays
from shaspec.models.weights import load_model
from shaspec.training.config import LossConfig

TRAIN, TEST = 4, 2  # pairs per digit in these tests


@pytest.fixture(autouse=True)
def _few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "TRAIN_PER_DIGIT", TRAIN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images of which every pixel is ten times the digit; tones that rise with the digit."""
    digits = np.repeat(np.arange(10, dtype=np.uint8), 8)
    images = np.broadcast_to((digits * 10)[:, None, None], (80, 28, 28))
    for name, values in (("images-idx3", images), ("labels-idx1", digits)):
        header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
        packed = gzip.compress(header + np.ascontiguousarray(values).tobytes())
        for part in ("train", "t10k"):
            (tmp_path / f"{part}-{name}-ubyte.gz").write_bytes(packed)
    with zipfile.ZipFile(tmp_path / "fsdd_recordings.zip", "w") as archive:
        for digit in range(10):
            for n, speaker in enumerate(["jackson", "nicolas", "theo"] * 2 + ["stranger"]):
                archive.writestr(f"recordings/{digit}_{speaker}_{n}.wav", recording(digit, n))
    return tmp_path


def recording(digit: int, n: int) -> bytes:
    seconds = np.arange(2000 + 100 * n) / 8000
    tone = 8000 * np.sin(2 * np.pi * (300 + 200 * digit) * seconds)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(tone.astype("<i2").tobytes())
    return buffer.getvalue()


def test_a_pair_is_an_image_and_a_sound_of_one_digit(folder: Path) -> None:
    train, test = pairing.draw_pairs(folder, seed=3)
    assert len(train.digits) == 10 * TRAIN
    assert len(test.digits) == 10 * TEST
    for pairs in (train, test):
        assert pairs.sounds.shape[1:] == (1, 20, 20)
        pixels = (pairs.images[:, 0, 0, 0] * 0.3081 + 0.1307) * 255 / 10
        assert pixels.round().long().tolist() == pairs.digits.tolist()
    again, _ = pairing.draw_pairs(folder, seed=3)
    assert torch.equal(train.sounds, again.sounds)


def test_sound_that_is_not_there_has_no_part_in_training(folder: Path) -> None:
    train, test = pairing.draw_pairs(folder, seed=0)
    silent = pairing.Pairs(train.images, torch.full_like(train.sounds, torch.nan), train.digits)
    one, other = (experiment.fit(p, 0.0, 0, LossConfig(), epochs=2) for p in (train, silent))
    mine, theirs = one.state_dict(), other.state_dict()
    assert all(torch.equal(mine[k], theirs[k]) for k in mine)
    assert 0 <= experiment.accuracy(one, test, ("image",)) <= 100


def test_sound_is_dropped_at_the_rate_of_the_benchmark(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, _ = pairing.draw_pairs(folder, seed=0)

    def weights(rate: float, heard: float) -> torch.Tensor:
        monkeypatch.setattr(experiment, "HEARD", heard)
        network = experiment.fit(train, rate, 0, LossConfig(), epochs=1)
        return torch.cat([p.detach().flatten() for p in network.parameters()])

    without = weights(0.0, 0.5)
    assert torch.equal(weights(1.0, 0.0), without)
    assert not torch.equal(weights(1.0, 0.5), without)
    assert not torch.equal(weights(1.0, 0.5), weights(1.0, 1.0))


def test_every_row_is_compared_with_the_lower_bound_seed_by_seed(folder: Path) -> None:
    pairs, images = experiment.one_seed(folder, 0, LossConfig(), epochs=1)
    assert list(pairs) == [*images, experiment.UPPER]  # which needs the sounds of the pairs
    assert next(iter(images)) == experiment.LOWER
    assert len(images) == 1 + len(experiment.RATES)
    lines = table([{"lower": 90.0, "more": 91.0}, {"lower": 92.0, "more": 93.0}])
    assert lines[-1].split() == ["more", "92.00", "1.41", "+1.00", "[+1.00,", "+1.00]"]


def test_a_saved_model_gets_the_same_inputs_as_the_benchmark(folder: Path, tmp_path: Path) -> None:
    scores = experiment.save(tmp_path / "model", folder, 0, LossConfig(), epochs=1)
    model = load_model(tmp_path / "model")
    assert model.card.scores["accuracy on the test pairs, %"] == scores
    train, test = pairing.draw_pairs(folder, 0)
    for pairs, seen in ((train, True), (test, False)):
        case = case_from_arrays({"audio": pairs.sounds[5, 0].numpy()}, model.card.task)
        assert ClassificationSession(model, case, device="cpu").seen_in_training is seen


def test_shifted_images_are_padded_with_background() -> None:
    images = torch.zeros(50, 1, 28, 28)
    images[:, :, 14, 14] = 1
    moved = experiment.shifted(images, torch.Generator().manual_seed(0))
    places = moved.flatten(1).argmax(dim=1)
    assert len(places.unique()) > 15  # of 25
    assert moved.sum(dim=(1, 2, 3)).tolist() == [1] * 50

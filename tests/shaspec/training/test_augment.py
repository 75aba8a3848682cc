"""Augmentation: repeatable, and true to the labels."""

from __future__ import annotations

import pytest
import torch

from shaspec.training.augment import augment, bent, centre_crop


def sample() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    labels = torch.zeros(2, 20, 22, 24, dtype=torch.uint8)
    labels[:, 5:12, 6:14, 8:18] = 4
    labels[:, 7:9, 8:12, 10:14] = 1
    images = torch.randn(2, 4, 20, 22, 24) + labels[:, None]
    images[:, :, :3] = 0
    return images, labels


def seeds(step: int) -> list[tuple[int, int]]:
    return [(step, 0), (step, 1)]


def test_the_same_seed_gives_the_same_sample_and_another_seed_another() -> None:
    images, labels = sample()
    one = augment(images, labels, (16, 16, 16), seeds(7))
    two = augment(images, labels, (16, 16, 16), seeds(7))
    other = augment(images, labels, (16, 16, 16), seeds(8))
    assert torch.equal(one[0], two[0])
    assert torch.equal(one[1], two[1])
    assert not torch.equal(one[0], other[0])


def test_a_sample_does_not_depend_on_its_neighbours() -> None:
    images, labels = sample()
    both = augment(images, labels, (16, 16, 16), seeds(3))
    alone = augment(images[1:], labels[1:], (16, 16, 16), seeds(3)[1:])
    assert torch.allclose(both[0][1:], alone[0], atol=1e-6)
    assert torch.equal(both[1][1:], alone[1])


def test_no_label_is_invented() -> None:
    images, labels = sample()
    for step in range(30):
        _, target = augment(images, labels, (16, 16, 16), seeds(step))
        assert set(target.unique().tolist()) <= {0, 1, 4}
        assert target.dtype == labels.dtype


def test_labels_move_with_the_image() -> None:
    _, labels = sample()
    shown = (labels[:, None] == 4).float().repeat(1, 4, 1, 1, 1) * 5
    for step in range(20):
        out, target = augment(shown, labels, (16, 16, 16), seeds(step))
        inside = target == 4
        if inside.sum() > 300:
            assert out[:, 0][inside].mean() > out[:, 0][~inside].mean() + 1


def test_background_stays_background() -> None:
    images = torch.zeros(1, 4, 20, 20, 20)
    images[:, :, 8:12, 8:12, 8:12] = 1.0
    for step in range(20):
        out, _ = augment(images, torch.zeros(1, 20, 20, 20), (16, 16, 16), seeds(step)[:1])
        assert (out == 0).float().mean() > 0.9


def test_without_augmentation_the_crop_is_the_middle() -> None:
    images, labels = sample()
    out, target = centre_crop(images, labels, (16, 16, 16))
    assert torch.equal(out, images[:, :, 2:18, 3:19, 4:20])
    assert torch.equal(target, labels[:, 2:18, 3:19, 4:20])


def test_the_channels_of_a_picture_change_alike_and_those_of_modalities_do_not() -> None:
    grey = torch.rand(2, 1, 20, 22) + 1
    images, labels = grey.expand(-1, 4, -1, -1), torch.zeros(2, 20, 22, dtype=torch.uint8)
    calm, differ = [], []
    for step in range(10):
        out, _ = augment(images, labels, (16, 16), seeds(step), (3, 1))
        smooth = torch.nn.functional.avg_pool2d(out, 16)  # noise is drawn for every channel
        calm.append((smooth[:, 0] - smooth[:, 2]).abs().max())
        differ.append((smooth[:, 0] - smooth[:, 3]).abs().max())
    assert max(calm) < 0.05
    assert max(differ) > 0.2


def test_intensities_have_no_end() -> None:
    """Enhancing tumour is as bright in training as it is at inference."""
    images = torch.full((1, 1, 20, 20, 20), 9.0)
    labels = torch.zeros(1, 20, 20, 20, dtype=torch.uint8)
    brightest = [augment(images, labels, (16, 16, 16), seeds(s)[:1])[0].max() for s in range(20)]
    assert max(brightest) > 10


@pytest.mark.parametrize("gamma", [0.7, 1.0, 1.4])
def test_gamma_keeps_the_order_of_intensities_and_makes_no_jump(gamma: float) -> None:
    x = torch.linspace(-12, 12, 2401)
    steps = bent(x, torch.tensor(gamma)).diff()
    assert (steps > 0).all()
    assert steps.max() < 0.2


def test_a_gamma_of_one_changes_nothing() -> None:
    x = torch.linspace(-12, 12, 2401)
    assert torch.allclose(bent(x, torch.tensor(1.0)), x, rtol=0, atol=2e-6)

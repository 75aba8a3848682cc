"""Augmentation: repeatable, and true to the labels."""

from __future__ import annotations

import pytest
import torch

from shaspec.training.augment import (
    ROTATION,
    SCALE,
    Change,
    augment,
    bent,
    centre_crop,
    draw_change,
    intensities,
    lattice,
    linear_map,
)
from shaspec.training.seeds import generator

MM = (1.0, 1.0, 1.0)


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


def still(n: int, c: int) -> Change:
    """For ``n`` volumes of ``c`` channels, nothing."""
    one, none = torch.ones(n, c), torch.zeros(n, c)
    return Change(one, none, one, torch.zeros(n, c, 3, 3, 3), none > 0, none, torch.arange(n))


def test_the_same_seed_gives_the_same_sample_and_another_seed_another() -> None:
    images, labels = sample()
    one = augment(images, labels, (16, 16, 16), MM, seeds(7))
    two = augment(images, labels, (16, 16, 16), MM, seeds(7))
    other = augment(images, labels, (16, 16, 16), MM, seeds(8))
    assert torch.equal(one[0], two[0])
    assert torch.equal(one[1], two[1])
    assert not torch.equal(one[0], other[0])


def test_a_sample_does_not_depend_on_its_neighbours() -> None:
    images, labels = sample()
    for step in range(10):
        both = augment(images, labels, (16, 16, 16), MM, seeds(step))
        alone = augment(images[1:], labels[1:], (16, 16, 16), MM, seeds(step)[1:])
        assert torch.allclose(both[0][1:], alone[0], atol=1e-6)
        assert torch.equal(both[1][1:], alone[1])


def test_modalities_that_nobody_looks_at_are_left_out_and_the_others_stay_where_they_are() -> None:
    images, labels = sample()
    shown = torch.tensor([[True, False, True, False], [False, False, False, True]])
    for step in range(5):
        every = augment(images, labels, (16, 16, 16), MM, seeds(step))
        some = augment(images, labels, (16, 16, 16), MM, seeds(step), shown=shown)
        assert torch.equal(some[1], every[1])
        assert not some[0][~shown].any()
        assert torch.equal(some[0] != 0, (every[0] != 0) & shown[:, :, None, None, None])


def test_no_label_is_invented() -> None:
    images, labels = sample()
    for step in range(30):
        _, target = augment(images, labels, (16, 16, 16), MM, seeds(step))
        assert set(target.unique().tolist()) <= {0, 1, 4}
        assert target.dtype == labels.dtype


def test_labels_move_with_the_image() -> None:
    _, labels = sample()
    shown = (labels[:, None] == 4).float().repeat(1, 4, 1, 1, 1) * 5
    for step in range(20):
        out, target = augment(shown, labels, (16, 16, 16), MM, seeds(step))
        inside = target == 4
        if inside.sum() > 300:
            assert out[:, 0][inside].mean() > out[:, 0][~inside].mean() + 1


def test_background_stays_background() -> None:
    images = torch.zeros(1, 4, 20, 20, 20)
    images[:, :, 8:12, 8:12, 8:12] = 1.0
    for step in range(20):
        out, _ = augment(images, torch.zeros(1, 20, 20, 20), (16, 16, 16), MM, seeds(step)[:1])
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
        out, _ = augment(images, labels, (16, 16), MM[:2], seeds(step), (3, 1))
        smooth = torch.nn.functional.avg_pool2d(out, 16)  # noise is drawn for every channel
        calm.append((smooth[:, 0] - smooth[:, 2]).abs().max())
        differ.append((smooth[:, 0] - smooth[:, 3]).abs().max())
    assert max(calm) < 0.05
    assert max(differ) > 0.2


def test_intensities_have_no_end() -> None:
    """Enhancing tumour is as bright in training as it is at inference."""
    images = torch.full((1, 1, 20, 20, 20), 9.0)
    labels = torch.zeros(1, 20, 20, 20, dtype=torch.uint8)
    brightest = [
        augment(images, labels, (16, 16, 16), MM, seeds(s)[:1])[0].max() for s in range(20)
    ]
    assert max(brightest) > 10


@pytest.mark.parametrize("gamma", [0.7, 1.0, 1.4])
def test_gamma_keeps_the_order_of_intensities_and_makes_no_jump(gamma: float) -> None:
    x = torch.linspace(-12, 12, 2401)
    steps = bent(x, torch.tensor(gamma)).diff()
    assert (steps > 0).all()
    assert steps.max() < 0.2


def test_intensities_that_do_not_change_are_the_same_to_the_last_bit() -> None:
    images, _ = sample()
    assert torch.equal(intensities(images, still(2, 4)), images)
    assert torch.allclose(bent(images, torch.tensor(1.0)), images, rtol=0, atol=2e-6)


def test_noise_has_the_given_strength_and_differs_between_channels() -> None:
    images = torch.ones(2, 3, 24, 24, 24)
    strength = torch.tensor([[0.1, 0.0, 0.1], [0.1, 0.02, 0.0]])
    noise = intensities(images, still(2, 3)._replace(noise=strength)) - 1
    assert torch.allclose(noise.flatten(2).std(2), strength, atol=3e-3)
    assert noise[0, 0].flatten().dot(noise[0, 2].flatten()).abs() < 5
    assert noise[0, 0].flatten().dot(noise[1, 0].flatten()).abs() < 5


@pytest.mark.parametrize("spacing", [MM, (3.0, 0.5, 0.5), (0.7, 5.0, 0.7), (2.0, 0.5)])
def test_rotation_keeps_shapes_for_anisotropic_voxels(spacing: tuple[float, ...]) -> None:
    """In mm, the map is orthogonal but for the scaling along each axis."""
    edges = torch.tensor(spacing)
    most = 0.0
    for step in range(20):
        matrix = edges[:, None] * linear_map(spacing, generator(step)) / edges
        scales = matrix.norm(dim=0)
        assert ((scales - 1).abs() < SCALE + 1e-5).all()
        rotation = matrix / scales
        assert torch.allclose(rotation.T @ rotation, torch.eye(len(spacing)), atol=1e-5)
        most = max(most, float(rotation[0, 1].abs()))
    assert most > ROTATION / 2


def test_a_ball_in_thick_slices_stays_a_ball(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shaspec.training.augment.SCALE", 0.0)
    monkeypatch.setattr("shaspec.training.augment.BEND", 0.0)
    mm = [3 * (torch.arange(20) - 9.5), torch.arange(60) - 29.5, torch.arange(60) - 29.5]
    ball = torch.stack(torch.meshgrid(*mm, indexing="ij")).norm(dim=0) < 18
    images, crop = torch.zeros(1, 1, 20, 60, 60), (16, 48, 48)
    for step in range(10):
        _, target = augment(images, ball[None].byte(), crop, (3.0, 1.0, 1.0), [(step, 0)])
        differ = target[0] != ball[2:18, 6:54, 6:54]
        assert differ.sum() < 0.1 * ball.sum()


def test_few_random_numbers_are_drawn_for_a_crop_of_any_size() -> None:
    rng = generator(0)
    points = lattice((128, 128, 128), (160, 160, 160), MM, rng)
    drawn = draw_change([1] * 4, 3, rng)
    assert points.numel() + sum(values.numel() for values in drawn) < 1000


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_reads_the_same_voxels_but_draws_other_noise() -> None:
    images, labels = sample()
    for step in range(5):
        _, expected = augment(images, labels, (16, 16, 16), MM, seeds(step))
        there = images.cuda(), labels.cuda()
        out, target = augment(*there, (16, 16, 16), MM, seeds(step))
        again, _ = augment(*there, (16, 16, 16), MM, seeds(step))
        assert out.is_cuda
        assert (target.cpu() != expected).float().mean() < 1e-3  # ties of the nearest voxel
        assert torch.equal(out, again)

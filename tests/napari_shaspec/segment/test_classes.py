"""Classification of image and sound in the panel *Segment*."""

from __future__ import annotations

import csv
import wave

import numpy as np
import pytest
from napari.layers import Image
from PIL import Image as Picture
from qtpy.QtWidgets import QCheckBox, QLabel, QPushButton, QTableWidget

from napari_shaspec.engine import LocalEngine
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.views import View
from napari_shaspec.reader import get_reader
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.robustness.panel import RobustnessPanel
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.panel import SegmentPanel
from shaspec.models.registry import CLASSIFIER
from shaspec.task import load_task
from tests.tiny_models import save_tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model folder with random weights."""
    folder = tmp_path_factory.mktemp("models") / "digits"
    return save_tiny(folder, load_task("avmnist"), CLASSIFIER, name="digits", window=28)


@pytest.fixture
def files(tmp_path):
    """A picture of 28x28 pixels and a sound, whose names say which is which by their ends only."""
    folder = tmp_path / "seven"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (28, 28)).astype(np.uint8)
    Picture.fromarray(pixels).save(folder / "7.png")
    with wave.open(str(folder / "7.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((9000 * np.sin(np.arange(5000) ** 1.2 / 9)).astype("<i2").tobytes())
    return [folder / "7.png", folder / "7.wav"]


@pytest.fixture
def control(viewer, model):
    control = SegmentController(viewer, engine=LocalEngine(), run=run_here)
    assert control.choose_model(model)
    yield control
    control.close()


def test_picture_and_sound_lie_beside_each_other(viewer, files):
    for paths in ([str(p) for p in files], str(files[0].parent)):
        viewer.layers.clear()
        for data, options, kind in get_reader(paths)(paths):
            assert kind == "image"
            viewer.add_layer(Image(data, **options))  # as napari does
        assert [layer.name for layer in viewer.layers] == ["audio", "image"]
        image, audio = viewer.layers["image"], viewer.layers["audio"]
        assert (image.data.shape, audio.data.shape) == ((28, 28), (20, 20))
        assert audio.extent.world[0, 1] > image.extent.world[1, 1]
        for end in (0, 1):  # of the same height
            pixels = [layer.extent.world[end, 0] for layer in (image, audio)]
            halves = [layer.scale[0] / 2 * (1 if end else -1) for layer in (image, audio)]
            assert pixels[0] + halves[0] == pytest.approx(pixels[1] + halves[1])


def test_a_sound_file_is_found_alone_or_among_other_files(files, tmp_path):
    assert get_reader(str(files[1])) is not None
    assert get_reader(str(files[0])) is None  # a picture is anybody's
    (tmp_path / "notes.txt").write_text("no case")
    assert get_reader([str(files[1]), str(tmp_path / "notes.txt")]) is None


def test_a_class_is_shown_and_toggles_run_at_once(
    qtbot, control, viewer, files, tmp_path, notifications
):
    panel = SegmentPanel(viewer, controller=control)
    qtbot.addWidget(panel)
    panel.show()
    control.open(files)
    assert control.state.present == {"image", "audio"}
    button = panel.findChild(QPushButton, "shaspec_run")
    assert button.text() == "Classify"
    button.click()
    assert control.state.status is Status.DONE
    control.tick("audio", False)
    results = {result.subset: result for result in control.state.results}
    assert list(results) == [("image", "audio"), ("image",)]
    assert results["image",].sentence in control.state.message.text
    assert not [layer for layer in viewer.layers if not isinstance(layer, Image)]

    table = panel.findChild(QTableWidget, "shaspec_classes")
    assert table.isVisible()
    assert not panel.findChild(QTableWidget, "shaspec_volumes").isVisible()
    assert not panel.findChild(QLabel, "shaspec_legend").isVisible()
    assert not panel.findChild(QPushButton, "shaspec_report").isVisible()
    heads = [table.horizontalHeaderItem(k).text() for k in range(3)]
    assert heads == ["classes in %", "image+audio", "image"]
    for column, subset in ((2, ("image",)), (1, ("image", "audio"))):
        table.cellClicked.emit(0, column)
        ranked = results[subset].ranked
        assert [table.item(k, 0).text() for k in range(10)] == [la.title for la, _ in ranked]
        assert table.item(0, column).text() == f"{100 * ranked[0][1]:.1f}"
    assert control.state.shown == "image+audio"

    control.compare()
    assert control.state.shown == "image"
    control.set_view(View.GRID)
    assert control.state.view is View.STACK
    assert "already shown side by side" in notifications[-1]
    assert "--present image " in control.command()
    with control.save(tmp_path / "classes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["title"] for row in rows] == [la.title for la, _ in results["image",].ranked]
    assert control.save(tmp_path / "classes.png") is None


def test_a_classification_can_be_cancelled(control, files):
    control.open(files)

    def cancel(progress):
        if progress.done == 1:
            control.cancel()

    control.state.events.progress.connect(cancel)
    control.segment()
    assert control.state.status is Status.IDLE
    assert control.state.results == ()
    assert "Cancelled" in control.state.message.text
    control.state.events.progress.disconnect(cancel)
    control.tick("audio", False)  # the image was encoded by then, so this needs no button
    assert [result.subset for result in control.state.results] == [("image",)]


def test_the_panel_robustness_does_not_take_a_model_of_classes(qtbot, viewer, model, notifications):
    panel = RobustnessPanel(
        viewer, controller=RobustnessController(viewer, engine=LocalEngine(), run=run_here)
    )
    qtbot.addWidget(panel)
    before = panel.controller.state.chosen
    assert not panel.controller.add_model(model)
    assert "has no regions to compare" in notifications[-1]
    assert panel.controller.state.chosen == before
    box = panel.findChild(QCheckBox, f"shaspec_model_{model.name}")
    assert (box.isEnabled(), box.isChecked()) == (False, False)
    assert "has no regions to compare" in box.toolTip()
    panel.controller.close()


def test_the_panel_features_says_that_classes_are_not_for_it(viewer, model, files, notifications):
    other = FeaturesController(viewer, engine=LocalEngine(), run=run_here)
    assert other.choose_model(model)
    other.open(files)
    other.compute()
    assert other.state.status is Status.FAILED
    assert "has no features of single modalities" in notifications[-1]
    other.close()

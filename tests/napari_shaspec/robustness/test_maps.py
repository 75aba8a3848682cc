"""Maps, tables and figures of a sweep."""

from __future__ import annotations

import numpy as np
from napari.layers import Labels

from napari_shaspec.jobs.state import Status
from napari_shaspec.robustness.state import Shown
from shaspec.analysis.robustness_files import contributions_figure, heat_map_figure
from shaspec.analysis.subset_table import DICE

FULL = ("FLAIR", "T1", "T1ce", "T2")


def test_maps_lie_over_the_images_and_are_made_once_per_kind(control, viewer, swept):
    for region in ("WT", "ET"):
        control.show_disagreement(region)
        control.show_smallest(region)
    maps = [la for la in viewer.layers if la.metadata.get("shaspec", {}).get("kind") == "map"]
    assert [la.name for la in maps] == ["disagreement · ET", "smallest subset · ET"]
    assert [la.visible for la in maps] == [False, True]
    assert not viewer.layers["sweep · FLAIR+T1+T1ce+T2"].visible
    for layer in maps:
        np.testing.assert_array_equal(layer.scale, viewer.layers["FLAIR"].scale)
        np.testing.assert_array_equal(layer.translate, viewer.layers["FLAIR"].translate)
    assert [key.text for key in control.state.legend] == ["found by 1 modality", "2", "3", "4"]
    assert control.state.status is Status.DONE


def test_the_smallest_subset_is_shown_at_the_mouse_position(control, viewer, swept):
    control.show_smallest("WT")
    layer = viewer.layers["smallest subset · WT"]
    assert isinstance(layer, Labels)
    inside = int(layer.data[12, 20, 30])  # in the middle of all balls: the first single modality
    assert "found by FLAIR" in set(layer.features.loc[layer.features["index"] == inside, "what"])
    assert not layer.data[0].any()


def test_a_difference_says_how_much_is_on_either_side(control, viewer, swept):
    control.show_row("instant", ("FLAIR",))
    control.show_difference("WT", Shown("instant", FULL))
    texts = [key.text for key in control.state.legend]
    assert texts[0] == "only FLAIR: 0.0 mL"
    assert texts[1].startswith("only FLAIR+T1+T1ce+T2: ")
    small, large = (control.state.row(Shown("instant", s)) for s in (("FLAIR",), FULL))
    more = large.values["ml"]["WT"] - small.values["ml"]["WT"]
    assert texts[1].endswith(f" {more:.1f} mL")
    control.show_difference("WT", None)
    assert control.state.legend[1].text.startswith("only ground truth")


def test_tables_and_figures_are_saved(control, viewer, swept, tmp_path, notifications):
    paths = control.save_tables(tmp_path / "rows.csv")
    assert [path.name for path in paths] == ["rows.csv", "rows_shapley.csv"]
    for draw in (heat_map_figure, contributions_figure):
        (path,) = control.save_figure(tmp_path / f"{draw.__name__}.svg", draw, DICE)
        assert path.stat().st_size > 1000
    assert control.save_figure(tmp_path / "a.txt", heat_map_figure, DICE) == []
    assert "change the ending" in notifications[-1]

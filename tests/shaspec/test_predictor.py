"""The Python interface: results, kept features, options and errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import shaspec
from shaspec.analysis.robustness_files import write_rows
from shaspec.case import Case
from shaspec.errors import InputError, ShaspecWarning
from shaspec.geometry import Grid
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.io import write_case
from shaspec.models.weights import Model
from shaspec.predictor import Predictor
from shaspec.task import Task

pytestmark = pytest.mark.slow  # runs networks on whole cases


@pytest.fixture
def model(shaspec_folder: Path) -> Predictor:
    return shaspec.load_model(shaspec_folder, device="cpu")


@pytest.fixture
def classifier(classifier_folder: Path) -> Predictor:
    return shaspec.load_model(classifier_folder, device="cpu")


def predictor(model: Model) -> Predictor:
    return Predictor(model.network, model.card, model.source, device="cpu")


def test_importing_the_package_loads_neither_torch_nor_numpy() -> None:
    code = "import sys, shaspec; print(*{'torch', 'numpy', 'pydantic'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_every_public_name_is_there_and_no_other() -> None:
    for name in shaspec.__all__:
        assert getattr(shaspec, name) is not None
        assert name in dir(shaspec)
    with pytest.raises(AttributeError, match="no attribute 'load_modell'"):
        _ = shaspec.load_modell


def test_a_prediction_is_that_of_the_event_stream(model: Predictor, small_case: Case) -> None:
    result = model.predict(small_case, ["FLAIR", "T2"])
    session = InferenceSession(model, small_case, device="cpu")
    same = last_event(session.predict(["T2", "FLAIR"])).prediction
    np.testing.assert_array_equal(result.labels, same.labels)
    assert result.subset == ("FLAIR", "T2")
    assert result.provenance["sha256"] == model.card.sha256


def test_a_case_is_read_from_a_folder_too(
    model: Predictor, small_case: Case, tmp_path: Path
) -> None:
    write_case(tmp_path / "anna", small_case)
    read = shaspec.read_case(tmp_path / "anna")
    assert read.task == shaspec.read_case(tmp_path / "anna", model).task == model.task
    np.testing.assert_array_equal(
        model.predict(tmp_path / "anna").labels, model.predict(read).labels
    )


def test_another_subset_of_the_same_case_encodes_nothing(
    model: Predictor, small_case: Case
) -> None:
    stages: list[str] = []
    model.predict(small_case)
    model.predict(small_case, ["T1"], progress=lambda done, total, stage: stages.append(stage))
    assert set(stages) == {"prepared", "decode"}
    stages.clear()
    model.release()
    model.predict(small_case, ["T1"], progress=lambda done, total, stage: stages.append(stage))
    assert "encode T1" in stages


def test_two_open_cases_keep_their_features_side_by_side(
    model: Predictor, small_case: Case
) -> None:
    other = replace(small_case, name="berta")
    with model.open(small_case) as first, model.open(other) as second:
        first.predict()
        second.predict(["T2"])
        assert first.is_kept(["FLAIR", "T1"])
        assert second.is_kept(["T2"])
        assert not second.is_kept(["T1"])
    assert not first.is_kept(["FLAIR"])


def test_progress_is_reported_up_to_the_total(model: Predictor, small_case: Case) -> None:
    calls: list[tuple[int, int]] = []
    model.predict(small_case, progress=lambda done, total, stage: calls.append((done, total)))
    assert calls[0][0] == 0
    assert calls[-1][0] == calls[-1][1] > 0


def test_a_bar_is_drawn_on_the_screen_where_one_is_asked_for(
    model: Predictor,
    small_case: Case,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as in a terminal
    model.predict(small_case, ["T1"])
    assert capsys.readouterr() == ("", "")
    model.predict(small_case, ["T1"], progress=True)
    assert "decode" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["shaspec", "maml", "zero-fill"])
@pytest.mark.parametrize("coarse", [False, True], ids=["same spacing", "other spacing"])
@pytest.mark.slow
def test_labels_follow_from_the_probabilities(
    method: str, coarse: bool, model_of: Callable[[Task, str], Model], small_case: Case
) -> None:
    case = small_case
    if coarse:
        volumes = {n: v[::2, ::2] for n, v in case.volumes.items()}
        case = Case("coarse", case.task, Grid((20, 24, 44), (2.0, 2.0, 1.0)), volumes)
    model = predictor(model_of(case.task, method))
    result = model.predict(case, probabilities=True)
    assert not model.predict(case).probabilities
    maps = np.stack([result.probability(region) for region in case.task.region_names])
    assert maps.dtype == np.float32
    assert maps.shape == (3, *case.grid.shape)
    assert 0 <= maps.min() < maps.max() <= 1 + 1e-5
    if model.network.exclusive:  # the probability of a region is the sum over its labels
        whole, core, enhancing = map(result.probability, ("WT", "TC", "ET"))
        assert (whole >= core - 1e-5).all()
        assert (core >= enhancing - 1e-5).all()
        assert (result.labels[whole > 0.75] > 0).all()  # of three labels, one has over a quarter
    else:
        np.testing.assert_array_equal(case.task.paint(maps > 0.5), result.labels)


def test_probabilities_that_were_not_asked_for_are_named_in_the_error(
    model: Predictor, small_case: Case
) -> None:
    result = model.predict(small_case)
    with pytest.raises(InputError, match="probabilities=True"):
        result.probability("WT")
    with pytest.raises(InputError, match=r"unknown region 'liver'.* has ET, WT, TC"):
        result.probability("liver")


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".seg.nrrd", ".csv"])
def test_a_result_saves_itself_by_the_ending(
    ending: str, model: Predictor, small_case: Case, tmp_path: Path
) -> None:
    path = model.predict(small_case, ["T1"]).save(tmp_path / "new" / f"seg{ending}")
    assert path.is_file()
    if ending == ".csv":
        assert path.read_text().splitlines()[0] == "case,subset,region,ml,edited,thresholds"


def test_an_ending_that_is_unknown_is_refused(
    model: Predictor, small_case: Case, classifier: Predictor, digit_case: Case, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="change the ending"):
        model.predict(small_case, ["T1"]).save(tmp_path / "seg.jpg")
    with pytest.raises(InputError, match="change the ending"):
        classifier.classify(digit_case).save(tmp_path / "class.nii.gz")


def test_a_classifier_classifies_and_says_so_where_labels_are_asked_for(
    classifier: Predictor, model: Predictor, digit_case: Case, small_case: Case, tmp_path: Path
) -> None:
    result = classifier.classify(digit_case, ["image"])
    assert result.probabilities.sum() == pytest.approx(1)
    assert result.save(tmp_path / "class.csv").read_text().startswith("case,model,subset,class")
    with pytest.raises(InputError, match="call classify"):
        classifier.predict(digit_case)
    with pytest.raises(InputError, match="call predict"):
        model.classify(small_case)
    with pytest.raises(InputError, match="leave out window"):
        replace(classifier, window=(8, 8)).classify(digit_case)


def test_options_reach_the_session(shaspec_folder: Path, small_case: Case) -> None:
    model = shaspec.load_model(
        shaspec_folder, device="cpu", window=[40, 48, 48], overlap=0.5, keep=0
    )
    with model.open(small_case) as session:
        facts = session.predict(["T1"]).provenance
        assert not session.is_kept(["T1"])
    assert (facts["device"], facts["overlap"]) == ("cpu", 0.5)
    assert max(facts["window"]) > 32  # that of the card
    with pytest.raises(InputError, match="overlap"):
        replace(model, overlap=1.0).predict(small_case)
    with pytest.raises(InputError, match="device 'abacus'"):
        replace(model, device="abacus").predict(small_case)


def test_features_are_those_of_the_event_stream(model: Predictor, small_case: Case) -> None:
    maps = model.features(small_case, ["FLAIR"])
    assert maps.present == ("FLAIR",)
    assert set(maps.of("shared")) == set(small_case.present)


def test_robustness_compares_with_the_labels_of_the_case_or_else_with_all_modalities(
    model: Predictor, small_case: Case, tmp_path: Path
) -> None:
    table = model.robustness(small_case)
    assert table.complete
    assert table.reference == "ground truth"
    frame = table.to_dataframe()
    assert len(frame) == 15 * 3
    assert {"subset", "region", "dice", "hd95_mm", "ml"} <= set(frame.columns)
    written = table.to_csv(tmp_path / "table.csv").read_bytes()
    assert written == write_rows(tmp_path / "rows.csv", [table]).read_bytes()
    unlabelled = replace(small_case, labels=None)
    few = model.robustness(unlabelled, [("FLAIR",)])
    assert few.reference == "all modalities"
    assert [row.name for row in few.rows] == ["FLAIR+T1+T1ce+T2", "FLAIR"]


def test_lack_of_memory_is_a_warning_that_the_result_keeps(
    model: Predictor, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, failures = type(model.network).encode, iter([True])

    def failing(self: object, image: torch.Tensor, modality: int) -> object:
        if next(failures, False):
            raise torch.OutOfMemoryError("no memory (made by the test)")
        return encode(self, image, modality)

    monkeypatch.setattr(type(model.network), "encode", failing)
    large = replace(model, window=(40, 48, 48))
    with pytest.warns(ShaspecWarning, match="windows of"):
        result = large.predict(small_case, ["T2"])
    assert any("windows of" in text for text in result.provenance["notices"])


def test_notebook_output_is_short_and_escaped(
    model: Predictor, small_case: Case, classifier: Predictor, digit_case: Case
) -> None:
    case = replace(small_case, name="<anna>")
    shown = [
        case,
        model,
        model.predict(case, ["T1"]),
        model.robustness(case, [("T1",)]),
        classifier.classify(digit_case),
        model.open(case),
        model.card,
    ]
    for thing in shown:
        assert len(repr(thing)) < 400, thing
        html = getattr(thing, "_repr_html_", lambda: "<table>")()
        assert "<table>" in html
        assert "<anna>" not in html

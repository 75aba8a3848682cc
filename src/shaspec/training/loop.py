"""The training loop. A single step is in `shaspec.training.learner`.

Lightning Fabric handles devices and processes.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, nullcontext

from lightning_fabric import Fabric

from shaspec.errors import InputError, ShaspecError
from shaspec.files.lock import locked_folder
from shaspec.files.writing import check_folder, sweep
from shaspec.memory import is_out_of_memory
from shaspec.models.card import CARD_FILE, WEIGHTS_FILE
from shaspec.task import Task, load_task
from shaspec.training.checkpoint import CHECKPOINT, last_good
from shaspec.training.clock import Interval
from shaspec.training.config import TrainConfig
from shaspec.training.data import samples
from shaspec.training.distributed import make_fabric
from shaspec.training.events import Finished, Prepared, Preparing, Step, TrainingEvent, Validation
from shaspec.training.init_network import first_network
from shaspec.training.learner import Learner
from shaspec.training.model_export import export_model
from shaspec.training.prepare import LeftOut, prepare
from shaspec.training.prepared import PreparedCase
from shaspec.training.run_state import SETTINGS_FILE, RunState
from shaspec.training.runlog import LOG
from shaspec.training.selection import Selection, select_cases
from shaspec.training.subsets import check_rule
from shaspec.training.validation import SAMPLES, Validator

FILES = (SETTINGS_FILE, LOG, CHECKPOINT, WEIGHTS_FILE, CARD_FILE)
"""What a run leaves in its folder, besides the pictures in ``samples``."""


def train(config: TrainConfig, command: str = "") -> Generator[Step, None, None]:
    """Run, or resume, a training; yields only the steps of `run`.

    Args:
        config: the settings.
        command: the command line, to be written into the model's card.

    Yields:
        A `Step` after every optimizer step. Closing the generator saves a checkpoint and ends.

    Raises:
        InputError: if the settings, the data or an existing checkpoint cannot be used.
        ShaspecError: if the loss is NaN or infinite, the disk is full, or memory does not suffice;
            the message names the last good checkpoint.
    """
    with closing(run(config, command)) as events:
        for event in events:
            if isinstance(event, Step):
                yield event


def run(config: TrainConfig, command: str = "") -> Generator[TrainingEvent, None, None]:
    """Run, or resume, the training that ``config`` describes.

    Leaves in ``config.out``: ``config.json``, ``log.jsonl``, ``checkpoint.pt``, the model (averaged
    weights and card) and the pictures of validations, in ``samples``. After an error the last
    checkpoint stays as it was. Sources of the methods are in ``docs/methods.md``.

    Args:
        config: the settings.
        command: the command line, to be written into the model's card.

    Yields:
        Events of `shaspec.training.events`: after every case that is prepared, every step,
        checkpoint and validation. Closing the generator saves a checkpoint and ends.

    Raises:
        InputError: if the settings, the data or an existing checkpoint cannot be used.
        ShaspecError: if the loss is NaN or infinite, the disk is full, or memory does not suffice;
            the message names the last good checkpoint.
    """
    try:
        yield from _run(config, command)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise ShaspecError(
            f"out of memory during training; {last_good(config.out / CHECKPOINT)}; close other "
            "programs and run the same command again, or set a smaller crop or batch and another "
            "folder for out"
        ) from error


def _run(config: TrainConfig, command: str) -> Generator[TrainingEvent, None, None]:
    task = load_task(config.task).at(config.spacing)
    selection = select_cases(config, task)
    selection.require()
    fabric = make_fabric(config)
    lead = fabric.is_global_zero
    if lead:
        check_folder(config.out, FILES)
    with locked_folder(config.out, "training") if lead else nullcontext():
        if lead:
            sweep(config.out / SAMPLES)
        yield from _trained(config, command, task, selection, fabric)


def _trained(
    config: TrainConfig, command: str, task: Task, selection: Selection, fabric: Fabric
) -> Generator[TrainingEvent, None, None]:
    network, start = first_network(config, task)
    learner = Learner(config, task, network, fabric)
    validator = None
    if config.validate_every_minutes and fabric.is_global_zero:
        validator = Validator(config, task, selection, str(fabric.device))
    cases, left_out = yield from _prepared(config, task, selection, fabric)
    left_out += validator.left_out if validator else ()
    check_rule(learner.method.rule, task, {c.name: c.available for c in cases})

    state = RunState(config, cases, learner.parts, writes=fabric.is_global_zero)
    step, clock = state.step, state.clock
    source = samples(cases, config, step * config.accumulate, fabric.global_rank, fabric.world_size)
    real = sum(not c.phantom for c in cases)
    save_interval = Interval(clock, config.checkpoint_minutes)
    validate_interval, validated_at = Interval(clock, config.validate_every_minutes), step

    def validation() -> Generator[TrainingEvent, None, None]:
        if validator is not None:
            minutes = clock.minutes
            with clock.paused():
                for event in validator.run(learner.model, step, minutes):
                    if isinstance(event, Validation):
                        state.log(event)
                    yield event

    try:
        held_out, notices = len(selection.held_out), selection.notices
        yield Prepared(real, len(cases) - real, held_out, notices, step, left_out)
        if step == 0:
            yield state.checkpoint(step)  # finds a full disk before training
        # All ranks use the clock of rank 0, otherwise one would stop while another waits for it.
        while (progress := float(fabric.broadcast(clock.progress(step)))) < 1:
            losses = learner.step(source, step, progress)
            step += 1
            event = Step(step, clock.minutes, clock.progress(step), losses)
            state.log(event)
            yield event
            if save_interval.is_over():
                yield state.checkpoint(step)
            if validate_interval.is_over():
                yield from validation()
                validated_at = step
        yield state.checkpoint(step)
        if fabric.is_global_zero:
            export_model(config, task, learner.model, cases, step, clock.minutes, command, start)
        if step > validated_at:
            yield from validation()
    except GeneratorExit:
        state.checkpoint(step)
        raise
    except FloatingPointError as error:
        raise ShaspecError(
            f"{error} at step {step}: {last_good(state.path)}; lower learning_rate and run the "
            "same command again to resume from there"
        ) from error
    except OSError as error:
        raise ShaspecError(f"step {step} failed ({error}); {last_good(state.path)}") from error
    finally:
        state.close()
    yield Finished(step, clock.minutes, str(config.out))


def _prepared(
    config: TrainConfig, task: Task, selection: Selection, fabric: Fabric
) -> Generator[TrainingEvent, None, tuple[list[PreparedCase], tuple[str, ...]]]:
    """The prepared cases to read crops from, and those that cannot be used."""
    cases: list[PreparedCase] = []
    left_out: list[str] = []
    yield Preparing(0, selection.number)
    for case in prepare(config, task, selection, fabric.global_rank, fabric.world_size):
        if isinstance(case, LeftOut):
            left_out.append(f"{case.name}: {case.reason}")
        else:
            cases.append(case)
        yield Preparing(len(cases) + len(left_out), selection.number)
    if not any(case.labelled for case in cases):
        raise InputError(f"no case is left to train on: {'; '.join(left_out)}")
    return cases, tuple(left_out)

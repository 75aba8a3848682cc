"""The file conventions of this version, for tasks stored in older cards.

A card stores its whole task. How files are named and coded does not depend on the weights, so an
older model reads files with the words and label schemes of the current task.
"""

from __future__ import annotations

from shaspec.task import Task, bundled_tasks, load_task


def with_conventions(task: Task) -> Task:
    """``task`` with the words, label schemes and invalid values of this version.

    A task that is not bundled, or has other modalities or labels, is unchanged.
    """
    if task.name not in bundled_tasks():
        return task
    today = load_task(task.name)
    labels = {label.value: label for label in today.labels}
    names_by_value = {value: label.name for value, label in labels.items()}
    if (
        set(task.names) != set(today.names)
        or {v.value: v.name for v in task.labels} != names_by_value
    ):
        return task
    modalities = []
    for modality in task.modalities:
        now = today.modality(modality.name)
        modalities.append(modality.model_copy(update={"words": now.words, "invalid": now.invalid}))
    return task.model_copy(
        update={
            "modalities": tuple(modalities),
            "labels": tuple(
                v.model_copy(update={"words": labels[v.value].words}) for v in task.labels
            ),
            "label_words": today.label_words,
            "background_words": today.background_words,
            "schemes": today.schemes,
        }
    )

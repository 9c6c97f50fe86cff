"""Which lessons there are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attnviz.lessons import by_hand, decode, fine_tune, hour_attention, hour_masks, look, mask, train
from attnviz.lessons.lesson import Lesson

LESSONS: Mapping[str, Lesson] = MappingProxyType(
    {one.LESSON.name: one.LESSON for one in (hour_attention, hour_masks, look, mask, by_hand, decode, train, fine_tune)}
)


def lesson_named(name: str) -> Lesson | None:
    """The lesson of that name, if there is one."""
    return LESSONS.get(name)

"""The user's own pictures: a folder or a zip in ImageFolder layout, `class/picture.png`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.picture_files import Files, numbers_of, open_files
from attnviz.data.split import split_by_key
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.tasks.digits import PictureTask
from attnviz.data.tasks.fields import labelled
from attnviz.data.tasks.labels import label_vocabulary
from attnviz.data.tasks.user import named
from attnviz.data.vocabulary import Vocabulary
from attnviz.errors import InputError, Notice

MOST_CLASSES = 100
MOST_PICTURES = 5_000
LEAST_PICTURES = 10  # different ones: less leaves nothing to hold out
SHOWN = 3  # names in a sentence


class UserPictures(PictureTask):
    """Every picture is cut to a square, made smaller and read as whole numbers from 0 to 255."""

    info = INFOS["user-pictures"]
    defaults: ClassVar[Mapping[str, Any]] = {**PictureTask.defaults, "side": 16, "patch": 4, "colour": False}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {
        **PictureTask.allowed,
        "side": (8, 16, 24, 32),
        "patch": (2, 4),
        "colour": (False, True),
    }
    levels = 255

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.pairs: list[Pair] | None = None
        self.classes: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        return int(self.options["side"])

    @property
    def patch_size(self) -> int:
        return int(self.options["patch"])

    @property
    def channels(self) -> int:
        return 3 if self.options["colour"] else 1

    @classmethod
    def read(cls, source: Path | str | bytes, name: str = "", **options: Any) -> UserPictures:
        """Make the task from a folder, a zip's path or its bytes.

        Pictures that cannot be read are left out with a notice. Raises InputError: pictures_zip, pictures_folder,
        one_class, too_many_classes, too_few_pictures, too_many_pictures.
        """
        task = cls(**options)
        task.info = named(cls.info, name)
        with open_files(source) as files:
            task._take(files)
        return task

    def _take(self, files: Files) -> None:
        classes = sorted({one.label for one in files.listed})
        if len(classes) > MOST_CLASSES:
            raise InputError("too_many_classes", given=len(classes), limit=MOST_CLASSES)
        if len(files.listed) > MOST_PICTURES:
            raise InputError("too_many_pictures", given=len(files.listed), limit=MOST_PICTURES)
        pairs: dict[str, Pair] = {}
        refused: list[tuple[str, InputError]] = []
        for one in files.listed:
            try:
                numbers = numbers_of(files.content(one), one.name, self.side, self.channels)
            except InputError as error:
                refused.append((one.name, error))
                continue
            pairs.setdefault(" ".join(numbers), labelled(numbers, one.label))
        kept = sorted({pair.target[0] for pair in pairs.values()})
        if len(kept) < 2:
            if refused:
                raise refused[0][1]
            raise InputError("one_class", given=", ".join(kept) or "0")
        if len(pairs) < LEAST_PICTURES:
            raise InputError("too_few_pictures", given=len(pairs), need=LEAST_PICTURES)
        self.pairs, self.classes = list(pairs.values()), tuple(kept)
        if refused:
            shown = ", ".join(name for name, _ in refused[:SHOWN])
            self.notices += (Notice("pictures_left_out", {"count": len(refused), "shown": shown}),)

    def load(self) -> Mapping[str, Sequence[Pair]]:
        if self.pairs is None:
            raise InputError("no_data", task=self.info.name)
        keyed = [(" ".join(pair.source), pair) for pair in self.pairs]
        return split_by_key(keyed, self.options["seed"], validation=0.1, test=0.2)

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        if self.pairs is None:
            raise InputError("no_data", task=self.info.name)
        return label_vocabulary(self.classes)

    def answer(self, source: Sequence[str]) -> Any:
        return None if self.pairs is None else super().answer(source)

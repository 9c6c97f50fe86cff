"""What can be wrong with a written or uploaded mask: one list of codes, each with its English sentence.

The interface looks the same codes up in its own tables (zh/en) and fills in `details`. `position` counts characters
from 1, as people do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SENTENCES: Mapping[str, str] = {
    # a written formula
    "mask_empty": "There is no mask here. Write a name; allowed: {allowed}.",
    "mask_too_long": "The mask is written with {given} characters; at most {limit} are read.",
    "mask_character": "Character {position}, {found!r}, means nothing in a mask. Join names with & | ~ and brackets.",
    "mask_name": "{name!r} at character {position} is not a mask; allowed: {allowed}.",
    "mask_expected": "At character {position} a mask is missing (found {found!r}).",
    "mask_operator": "At character {position} there is {found!r}; expected & or | before another mask.",
    "mask_bracket": "The bracket opened at character {position} is never closed.",
    "mask_arguments": "{name} at character {position} is written {usage}.",
    "mask_number": "{found!r} at character {position} is not a number that {name} can use; it is written {usage}.",
    "mask_range": "{found} at character {position} is out of range for {name}: {least} to {most}.",
    "mask_nesting": "Brackets and ¬ may stand at most {limit} deep (character {position}).",
    "mask_terms": "A mask may join at most {limit} terms (character {position}).",
    "mask_cells": "The cells at character {position} cannot be read; they are written 2:1, 0-3:5 or 1:0-2.",
    "mask_many_cells": "The mask lists more than {limit} cells (character {position}).",
    # a file
    "mask_file_empty": "The file is empty.",
    "mask_file_size": "The file has {given} bytes; at most {limit} are read.",
    "mask_file_encoding": "This is not a text file in UTF-8. Save the mask as CSV with 0 and 1, or as NPY.",
    "mask_file_npy": "This is not a whole NPY file of numbers.",
    "mask_file_type": "The NPY file holds {given}; a mask holds booleans or numbers.",
    "mask_file_shape": "The file's mask is {given}; a mask of {expected} (rows × columns) is needed.",
    "mask_file_limit": "The file's mask is {given}; at most {limit} × {limit} is read.",
    "mask_file_ragged": "Line {line} has {given} cells, the first has {expected}.",
    "mask_file_value": "Row {row}, column {column} holds {value}; only 0 (blocked) and 1 (visible) are allowed.",
}


class MaskError(ValueError):
    """A mask that cannot be used; `code` and `details` let the interface say so in any language."""

    def __init__(self, code: str, **details: Any) -> None:
        self.code = code
        self.details = details
        super().__init__(code)

    def __str__(self) -> str:
        return SENTENCES[self.code].format(**self.details)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.code, self.details)


def _rebuild(code: str, details: dict[str, Any]) -> MaskError:
    return MaskError(code, **details)

"""What can be wrong with people's input: one list of codes, each with its English sentence.

The interface looks the same codes up in its own tables (zh/en) and fills in `details`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Refusals (InputError) and remarks (Notice) share one table; `{name}` is filled from the details.
SENTENCES: Mapping[str, str] = {
    # refusals: text
    "empty": "There is no text to read. Type at least one character.",
    "too_little_text": "The text has {given} characters; at least {need} are needed to train on.",
    "repetitive_text": "The text repeats the same passage; no part of it can be held out to test on.",
    # refusals: files
    "empty_file": "The file is empty.",
    "binary": "This is not a text file ({what}). Save it as plain text or CSV in UTF-8.",
    "encoding": "The file's character encoding is not known (tried {tried}). Save it as UTF-8.",
    "one_column": "Line {line} has one column; two are needed: source and target, separated by , ; or tab.",
    "csv": "The CSV cannot be read near line {line}: {problem}.",
    "too_few_rows": "{given} usable rows; at least {need} different sources are needed.",
    "labels_missing": "{rows} rows have no label; each row needs a text and its label, separated by , ; or tab.",
    "one_label": "Every row has the same label ({label}); at least two different labels are needed.",
    "too_many_labels": "There are {given} different labels; at most {limit} can be told apart. Choose another column.",
    "label_count": "{given} labels were given for {need} tokens; each token needs one.",
    # refusals: names and options
    "unknown_task": "There is no task named {name!r}. There are: {known}.",
    "unknown_option": "The task {task} has no option {name!r}. It has: {known}.",
    "bad_option": "Option {name} is {value!r}; allowed: {allowed}.",
    "unknown_split": "There is no split {name!r}; there are train, validation and test.",
    "no_data": "The data of this task ({task}) are not kept with the model; load the file again.",
    "missing_package": "The data of this task come with the package {package}: pip install {package}.",
    "bad_vocabulary": "The vocabulary cannot be used: {problem}.",
    # remarks
    "cut": "The text was cut to the first {kept} of {given} tokens.",
    "cut_target": "The target was cut to the first {kept} of {given} tokens.",
    "encoding_used": "The file was read as {encoding}.",
    "text_capped": "Only the first {kept} characters of the file are used (limit {limit}).",
    "rows_capped": "Only the first {kept} rows are used (limit {limit}).",
    "header_skipped": "The first line was taken as a heading: {heading}.",
    "extra_columns": "{rows} rows have more than two columns; the first two are used.",
    "empty_cells": "{rows} rows with an empty cell were left out.",
    "one_column_rows": "{rows} rows with only one column were left out.",
    "long_cells": "{rows} rows longer than {limit} tokens were left out.",
    "repeated_rows": "{rows} repeated rows were left out.",
    "labels_unseen": "No example of these labels is left to train on: {labels}.",
    "tokens_learned": "{count} tokens are new to the model and will be learned, for example {shown}.",
    "tokens_unknown": "{count} tokens are unknown to the model and are read as <unk>, for example {shown}.",
    "vocabulary_capped": "{kept} of {given} different tokens are known; the others become <unk>.",
}


def sentence(code: str, details: Mapping[str, Any]) -> str:
    """The English sentence of a code, filled in."""
    return SENTENCES[code].format(**details)


class InputError(ValueError):
    """Input that cannot be used; `code` and `details` let the interface say so in any language."""

    def __init__(self, code: str, **details: Any) -> None:
        self.code = code
        self.details = details
        super().__init__(code)

    def __str__(self) -> str:
        template = SENTENCES.get(self.code)
        return template.format(**self.details) if template else f"{self.code}: {self.details}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.code, self.details)


def _rebuild(kind: type[InputError], code: str, details: dict[str, Any]) -> InputError:
    return kind(code, **details)


@dataclass(frozen=True)
class Notice:
    """Something done to the input that its owner should know."""

    code: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return sentence(self.code, self.details)

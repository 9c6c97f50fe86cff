"""One coded error and its kinds, and the remark: a code, details, and a sentence in either language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attnviz.errors.reasons import MOST, reason
from attnviz.errors.sentences import SENTENCES, said
from attnviz.language import Language


@dataclass(frozen=True)
class Notice:
    """Something done to the input that its owner should know, or something that stands in the way of a run."""

    code: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """The sentence, filled in."""
        return said(self.code, self.details, language)

    def __str__(self) -> str:
        return self.text("en")


class InputError(ValueError):
    """What people gave cannot be used. `code` names the sentence, `details` fill it; an unknown code is a ValueError.

    A detail may be another error or a Notice: it is said in the language of the whole sentence, with what another
    program said quoted. A reason is never English text. Details stay plain values, ready for JSON.
    """

    def __init__(self, code: str, **details: Any) -> None:
        if code not in SENTENCES:
            raise ValueError(f"code is {code!r}; allowed: {', '.join(SENTENCES)}")
        self.code = code
        self.details: dict[str, Any] = {name: detail(value) for name, value in details.items()}
        super().__init__(code)

    def text(self, language: Language) -> str:
        """The sentence, filled in."""
        return said(self.code, self.details, language)

    def __str__(self) -> str:
        return self.text("en")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.code, self.details)


class SettingError(InputError):
    """A setting, or settings together, that cannot be."""


class MaskError(InputError):
    """A written or loaded mask that cannot be used."""


class CheckpointError(InputError):
    """A checkpoint that cannot be used."""


class FineTuneError(InputError):
    """What cannot be fine-tuned, and a LoRA that cannot be used."""


class ForeignError(InputError):
    """A model from elsewhere that cannot be opened, or cannot do what is asked."""


class ExperimentError(InputError):
    """An experiment that cannot be used or run, and a prediction that cannot be made."""


class RunError(InputError):
    """A run that cannot be used as asked."""


def detail(value: Any) -> Any:
    """A detail as plain values, ready for JSON: errors and remarks by code, what another program said as a reason."""
    if isinstance(value, InputError | Notice):
        return {"code": value.code, "details": dict(value.details)}
    if isinstance(value, BaseException):
        code, details = reason(value)
        return {"code": code, "details": details}
    return value


def raised(error: BaseException) -> Notice:
    """What somebody else's code raised, quoted: the kind of it and its first line, as a reason inside a sentence."""
    text = (error.strerror if isinstance(error, OSError) else str(error)) or ""
    kind = type(error).__name__
    return Notice("reason_words", {"words": f"{kind}: {' '.join(text.split())}"[:MOST] if text.strip() else kind})


def _rebuild(kind: type[InputError], code: str, details: dict[str, Any]) -> InputError:
    return kind(code, **details)

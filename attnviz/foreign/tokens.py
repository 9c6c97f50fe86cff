"""The tokens of somebody else's tokenizer: what a screen prints for each piece, also where a piece is half a character.

A blank that a piece begins with is shown as ␣. Byte-level tokenizers cut a character they do not know into several
pieces: all of them say which character it is and which part they are, as 银 1/3.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, overload

from attnviz.data.tokens import Reading

BLANKS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "⏎"}
_ONE_SIDE_AT_A_TIME = threading.Lock()  # a tokenizer is switched to its other side and back
CJK = 0x2E80  # from here on scripts are written without blanks
BROKEN = "\ufffd"  # what decoders put where bytes make no character; never shown


class ForeignTokens:
    """A Hugging Face tokenizer behind the questions that pages ask; `size`: what the model's logits range over.

    `side`: of a model that reads one text and writes another, which of the two; their pieces may differ.
    """

    def __init__(
        self, tokenizer: Any, size: int, *, bos_id: int | None = None, side: Literal["source", "target"] | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self._size = size
        self._bos_id = bos_id
        self._side = side

    def __len__(self) -> int:
        return self._size

    def __contains__(self, token: object) -> bool:
        return isinstance(token, str) and token in (self._numbers or self.tokenizer.get_vocab())

    @cached_property
    def _pieces(self) -> Mapping[int, str]:
        """The pieces of this side by their numbers, where each side has a vocabulary of its own; else empty."""
        whole = getattr(self.tokenizer, "get_src_vocab", None)
        if self._side is None or whole is None:
            return {}
        if self._side == "source":
            return {int(number): str(piece) for piece, number in whole().items()}
        # Not what the tokenizer converts: it takes the numbers of the source's special pieces for the target's, too.
        written: Mapping[Any, Any] = getattr(self.tokenizer, "decoder", {})
        return {int(number): str(piece) for number, piece in written.items()}

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {piece: number for number, piece in reversed(list(self._pieces.items()))}

    def _known(self, token: int) -> bool:
        return token in self._pieces if self._pieces else 0 <= token < len(self.tokenizer)

    def _special(self, name: str) -> int | None:
        """The number of a special piece by its role."""
        number = getattr(self.tokenizer, f"{name}_token_id")
        return _number(self._numbers.get(str(getattr(self.tokenizer, f"{name}_token")), number))

    @property
    def pad_id(self) -> int | None:
        """What fills up rows."""
        return self._special("pad")

    @property
    def bos_id(self) -> int | None:
        """What a decoder reads first."""
        return self._bos_id if self._bos_id is not None else self._special("bos")

    @property
    def eos_id(self) -> int | None:
        """What ends a text."""
        ends = self._special("eos")
        return ends if ends is not None else self._special("sep")

    @property
    def mask_id(self) -> int | None:
        """What stands for a hidden token."""
        return self._special("mask")

    @property
    def tokens(self) -> Sequence[str]:
        """The label of every number, made when it is asked for."""
        return _Labels(self)

    def id(self, token: str) -> int:
        """The number of a token that is written as its label or as its raw piece; unknown ones become the unknown."""
        found = self._numbers.get(token) if self._pieces else self.tokenizer.convert_tokens_to_ids(token)
        if found is None or found == self.tokenizer.unk_token_id:
            ids = self.read(token.replace("␣", " ").replace("⏎", "\n").replace("⇥", "\t")).ids
            found = ids[0] if len(ids) == 1 else self.tokenizer.unk_token_id
        return int(found) if isinstance(found, int) else 0

    @cached_property
    def special_ids(self) -> frozenset[int]:
        """Numbers that stand for no text."""
        if self._pieces:
            specials = set(self.tokenizer.all_special_tokens)
            return frozenset(number for number, piece in self._pieces.items() if piece in specials)
        return frozenset(map(int, self.tokenizer.all_special_ids))

    @cached_property
    def _byte_level(self) -> bool:
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        return backend is not None and any(
            "ByteLevel" in repr(getattr(backend, part)) for part in ("pre_tokenizer", "decoder")
        )

    def raw(self, token: int) -> str:
        """The piece as the tokenizer's own file writes it."""
        if self._pieces:
            return self._pieces.get(int(token), f"[{token}]")
        piece = self.tokenizer.convert_ids_to_tokens(int(token)) if self._known(token) else None
        return f"[{token}]" if piece is None else str(piece)

    def _bytes(self, token: int) -> bytes:
        piece = self.raw(token)
        if self._byte_level:
            table = _byte_table()
            return b"".join(bytes([table[c]]) if c in table else c.encode() for c in piece)
        if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
            return bytes([int(piece[3:5], 16)])
        return piece.replace("▁", " ").encode()

    def label(self, token: int) -> str:
        """What a screen prints for one token that stands alone; bytes that make no character as numbers."""
        if token in self.special_ids or not self._known(token):
            return self.raw(token)
        return _shown(self._bytes(token))

    def labels(self, ids: Sequence[int]) -> tuple[str, ...]:
        """What a screen prints for tokens in a row: pieces of one character say which."""
        found: list[str] = []
        start = 0
        while start < len(ids):
            end = self._end_of_character(ids, start)
            if end > start + 1:
                found += _parts(b"".join(map(self._bytes, ids[start:end])), end - start)
            else:
                found.append(self.label(ids[start]))
            start = end
        return tuple(found)

    def words(self, ids: Sequence[int]) -> tuple[int, ...]:
        """Which word each token belongs to, counted from 0: pieces that stand together without a blank are one word,
        pieces of one character are one; specials, marks and the characters of scripts without blanks stand alone."""
        found: list[int] = []
        before = ""  # the text of the piece before; empty: nothing may be joined to it
        start, word = 0, -1
        while start < len(ids):
            end = self._end_of_character(ids, start)
            special = ids[start] in self.special_ids
            text = "" if special else _decoded(b"".join(map(self._bytes, ids[start:end]))) or ""
            if text.startswith("##") and self._marks_insides:
                joined, text = bool(before), text[2:]
            else:
                joined = not self._marks_insides and _joins(before, text)
            word += not joined
            found += [word] * (end - start)
            before, start = text, end
        return tuple(found)

    @cached_property
    def _marks_insides(self) -> bool:
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        return backend is not None and "WordPiece" in repr(backend.model)

    def _end_of_character(self, ids: Sequence[int], start: int) -> int:
        """Where the pieces end that make whole characters only together; `start` + 1 where one piece is enough."""
        together = b""
        for end in range(start, min(len(ids), start + 8)):
            if ids[end] in self.special_ids:
                break
            together += self._bytes(ids[end])
            if _decoded(together) is not None:
                return end + 1
        return start + 1

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The labels of the numbers, specials included."""
        return list(self.labels([int(token) for token in ids]))

    def text(self, ids: Iterable[int]) -> str:
        """The text that these tokens make, without specials; what makes no character is left out."""
        kept = [int(token) for token in ids]
        if self._pieces:
            kept = [token for token in kept if token in self._pieces and token not in self.special_ids]
            text: str = self.tokenizer.convert_tokens_to_string([self._pieces[token] for token in kept])
        else:
            text = self.tokenizer.decode(kept, skip_special_tokens=True)
        return text.replace(BROKEN, "")

    def read(self, text: str) -> Reading:
        """The tokens of a text, with nothing added around it."""
        return self._read(text, framed=False)

    def framed(self, text: str) -> Reading:
        """The tokens of a text with what the model expects around it; added ones come from no characters."""
        return self._read(text, framed=True)

    def _read(self, text: str, *, framed: bool) -> Reading:
        if not getattr(self.tokenizer, "is_fast", False):
            ids = [int(token) for token in self._taken(text, framed)["input_ids"]]
            return Reading(tuple(ids), self.labels(ids), tuple(_searched(self.labels(ids), text)))
        found = self._taken(text, framed, return_offsets_mapping=True)
        ids = [int(token) for token in found["input_ids"]]
        spans = [_stripped(text, int(a), int(b)) for a, b in found["offset_mapping"]]
        labels = list(self.labels(ids))
        unknown = self.tokenizer.unk_token_id
        for place, (token, (first, end)) in enumerate(zip(ids, spans, strict=True)):
            if token == unknown and end > first:  # an unknown token keeps its own characters
                labels[place] = _shown(text[first:end].encode("utf-8", "replace"))
        return Reading(tuple(ids), tuple(labels), tuple(spans))

    def _taken(self, text: str, framed: bool, **how: Any) -> Any:
        """What the tokenizer makes of a text of this side."""
        given = {"text_target" if self._side == "target" else "text": text}
        with _ONE_SIDE_AT_A_TIME:
            return self.tokenizer(**given, add_special_tokens=framed, return_attention_mask=False, verbose=False, **how)


class _Labels(Sequence[str]):
    """Labels by number: tens of thousands of them, of which a page shows a few."""

    def __init__(self, tokens: ForeignTokens) -> None:
        self._tokens = tokens

    def __len__(self) -> int:
        return len(self._tokens)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return tuple(self._tokens.label(token) for token in range(*index.indices(len(self))))
        return self._tokens.label(int(index))


def _joins(before: str, text: str) -> bool:
    """Whether two pieces are parts of one word; a blank that stands alone is the beginning of the next one."""
    ends = [] if before == " " else [before[-1:]]
    return bool(before and text) and all(one.isalnum() and ord(one) < CJK for one in (*ends, text[0]))


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int) else None


def _decoded(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _shown(raw: bytes) -> str:
    text = _decoded(raw)
    if text is None or BROKEN in text or not text:
        return "‹" + " ".join(f"{byte:02X}" for byte in raw) + "›"
    return "".join(BLANKS.get(c, c if c.isprintable() else f"‹{ord(c):02X}›") for c in text)


def _parts(raw: bytes, count: int) -> list[str]:
    """Labels of `count` pieces whose bytes together are `raw`: the blank before a character belongs to the first."""
    text = _shown(raw)
    blank = len(text) - len(text.lstrip("␣"))
    return [f"{text if part == 0 else text[blank:]} {part + 1}/{count}" for part in range(count)]


def _stripped(text: str, first: int, end: int) -> tuple[int, int]:
    """A span without the blanks that it begins with: they belong to the next character's piece."""
    while first < end - 1 and text[first].isspace():
        first += 1
    return first, end


def _searched(labels: Sequence[str], text: str) -> Iterable[tuple[int, int]]:
    """Spans of pieces whose tokenizer does not tell: each piece is looked for behind the one before."""
    at = 0
    for label in labels:
        piece = label.replace("␣", " ").strip()
        place = text.find(piece, at) if piece else -1
        if place < 0:
            yield at, at
        else:
            yield place, place + len(piece)
            at = place + len(piece)


def _byte_table() -> dict[str, int]:
    """Byte-level tokenizers write every byte as a printable character: those that are one as themselves, the others
    from U+0100 on, in order (Radford et al. 2019)."""
    if not _TABLE:
        own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
        _TABLE.update({chr(byte): byte for byte in own})
        others = [byte for byte in range(256) if byte not in set(own)]
        _TABLE.update({chr(0x100 + place): byte for place, byte in enumerate(others)})
    return _TABLE


_TABLE: dict[str, int] = {}

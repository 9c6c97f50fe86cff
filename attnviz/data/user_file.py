"""From the bytes of a file that somebody brings to its text, with a remark for all that was not as written."""

from __future__ import annotations

from attnviz.data.file_encoding import Decoded, decode
from attnviz.data.text import clean, invisible
from attnviz.errors import InputError, Notice

MAX_BYTES = 32_000_000  # the rest of a longer file is not looked at
NAMED = 5  # invisible characters that a remark lists


def opened(data: bytes | str, encoding: str = "auto") -> tuple[Decoded, list[Notice]]:
    """The text of a file, not cleaned yet, how it was decoded, and what its owner should know of that.

    Raises InputError: empty_file, binary, encoding, encoding_chosen.
    """
    if isinstance(data, str):
        found, notices = Decoded(data, "utf-8", sure=True), []
    else:
        found = decode(data[:MAX_BYTES], encoding, whole=len(data) <= MAX_BYTES)
        notices = [] if found.encoding == "utf-8" else [Notice("encoding_used", {"encoding": found.encoding})]
        if len(data) > MAX_BYTES:
            notices.append(Notice("bytes_capped", {"kept": MAX_BYTES, "given": len(data)}))
        if found.replaced:
            notices.append(Notice("bytes_replaced", {"count": found.replaced}))
    if not clean(found.text).strip():
        raise InputError("empty_file")
    return found, notices + invisible_removed(found.text)


def invisible_removed(text: str) -> list[Notice]:
    """The remark about characters that nobody sees and cleaning takes out; none where there are none."""
    hidden = invisible(text)
    if not hidden:
        return []
    shown = ", ".join(name for name, _ in sorted(hidden.items())[:NAMED]) + (" …" if len(hidden) > NAMED else "")
    return [Notice("invisible_removed", {"count": hidden.total(), "shown": shown})]

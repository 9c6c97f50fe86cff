"""What went wrong in the system or in another program, as a coded reason: for the sentence that it stands in."""

from __future__ import annotations

import errno
import gzip
import json
import zipfile
import zlib
from typing import Any

MOST = 300  # characters of another program's own words, which are in English

_OF_SYSTEM = {
    errno.ENOENT: "reason_gone",
    errno.EACCES: "reason_forbidden",
    errno.EPERM: "reason_forbidden",
    errno.EROFS: "reason_forbidden",
    errno.ENOSPC: "reason_full",
    errno.EISDIR: "reason_is_folder",
    errno.ENOTDIR: "reason_no_folder",
    errno.ENAMETOOLONG: "reason_name_long",
}


def reason(error: BaseException) -> tuple[str, dict[str, Any]]:
    """Code and details. What nobody foresaw is quoted in its own words."""
    match error:
        case json.JSONDecodeError():
            return "reason_json", {"line": error.lineno, "column": error.colno}
        case UnicodeDecodeError():
            return "reason_not_utf8", {}
        case UnicodeEncodeError():
            return "reason_surrogate", {}
        case OverflowError():
            return "reason_number_large", {}
        case ValueError() if "integer string conversion" in str(error):  # Python counts its digits and gives up
            return "reason_number_large", {}
        case RecursionError():
            return "reason_nested", {}
        case MemoryError():
            return "reason_memory", {}
        case zipfile.BadZipFile() | zlib.error() | EOFError() | gzip.BadGzipFile():
            return "reason_cut", {}
        case KeyError() if error.args and isinstance(error.args[0], str):
            return "reason_missing", {"name": error.args[0][:MOST]}
        case OSError() if error.errno in _OF_SYSTEM:
            return _OF_SYSTEM[error.errno], {}
        case OSError() if error.strerror:
            return "reason_words", {"words": error.strerror[:MOST]}
    return "reason_words", {"words": " ".join(str(error).split())[:MOST].rstrip(".") or type(error).__name__}

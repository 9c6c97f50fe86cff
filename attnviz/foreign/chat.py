"""A message as a model's own chat template writes it. Templates are programs of the model's makers: Jinja's sandbox
runs them, and not for long."""

from __future__ import annotations

import threading
from typing import Any

from attnviz.errors import ForeignError, Notice, raised

SECONDS = 3.0  # for a template: its text is short, and one that takes longer never ends
LONGEST = 200_000  # characters of what it may write


def chat_ids(tokenizer: Any, text: str) -> tuple[int, ...]:
    """Token numbers of one message of a person and of what an answer begins with. Raises ForeignError."""
    found: list[str] = []
    problem: list[Notice] = []

    def write() -> None:
        try:
            messages = [{"role": "user", "content": text}]
            found.append(tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
        except Exception as error:  # whatever a template raises
            problem.append(raised(error))

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(SECONDS)
    if not found or len(found[0]) > LONGEST:
        late = Notice("reason_template", {"seconds": f"{SECONDS:g}", "limit": f"{LONGEST:,}"})
        raise ForeignError("foreign_chat", problem=problem[0] if problem else late)
    ids = tokenizer(found[0], add_special_tokens=False, verbose=False)["input_ids"]
    return tuple(int(token) for token in ids)

"""What can be wrong with people's input, by the codes of `attnviz.data.errors` and of checkpoints."""

from attnviz.ui.text import table

TEXTS = table()

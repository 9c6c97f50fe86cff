"""What can be wrong with compressing a model, and with pictures and graphs."""

from attnviz.language import Text, table

TEXTS = table(
    compress_every_head=Text(
        "这样模型的 {heads} 个头就一个也不剩了；至少要留一个。",
        "None of the model's {heads} heads would be left; at least one must stay.",
    ),
    compress_head=Text(
        "模型在 {site} 没有第 {head} 个头（从 0 数起）。它有：{known}。",
        "The model has no head {head} (counting from 0) at {site}. It has: {known}.",
    ),
    compress_twice=Text(
        "模型 {name} 已经量化过了；再量化一次什么也省不下。",
        "The model {name} is quantized already; doing it again saves nothing.",
    ),
)

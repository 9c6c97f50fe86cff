"""What can be wrong with a model from elsewhere."""

from attnviz.language import Text, table

TEXTS = table(
    # what a model cannot do
    foreign_no_attention=Text(
        "{name} 的注意力无法观察：{problem}。", "The attention of {name} cannot be watched: {problem}."
    ),
    foreign_maps_only=Text(
        "{name} 只能显示注意力图：它的掩码和注意力头不能改动。",
        "{name} shows its maps only: its masks and heads cannot be changed.",
    ),
    foreign_too_long=Text(
        "文本有 {given} 个词元，{name} 最多容纳 {limit} 个。",
        "The text has {given} tokens; {name} has room for {limit}.",
    ),
)
# Details that have words of their own.
WORDS = table(
    problem_no_maps=Text("它不给出注意力图", "it hands out no maps"),
    problem_not_square=Text("它的图不是“查询 × 键”", "its maps are not queries by keys"),
    problem_other_numbers=Text(
        "要它给出注意力图时，它算出的结果就变了", "asked for its maps, it computes something else"
    ),
)

"""What can be wrong with a written or loaded mask. `position` counts characters from 1, as people do."""

from attnviz.language import Text, table

TEXTS = table(
    # a written formula
    mask_empty=Text("这里没有掩码，请写一个名字，可用：{allowed}。", "There is no mask here. Write a name: {allowed}."),
    mask_too_long=Text(
        "掩码写了 {given} 个字符，最多读取 {limit} 个。", "The mask has {given} characters; at most {limit} are read."
    ),
    mask_character=Text(
        "第 {position} 个字符“{found}”在掩码里没有意义。用 & | ~ 和括号连接名字。",
        "Character {position}, '{found}', means nothing in a mask. Join names with & | ~ and brackets.",
    ),
    mask_name=Text(
        "第 {position} 个字符处的“{name}”不是掩码，可用：{allowed}。",
        "'{name}' at character {position} is not a mask; allowed: {allowed}.",
    ),
    mask_expected=Text(
        "第 {position} 个字符处缺一个掩码（遇到的是“{found}”）。",
        "At character {position} a mask is missing (found '{found}').",
    ),
    mask_operator=Text(
        "第 {position} 个字符处是“{found}”；两个掩码之间要写 & 或 |。",
        "At character {position} there is '{found}'; between two masks write & or |.",
    ),
    mask_bracket=Text(
        "第 {position} 个字符处的括号没有闭合。", "The bracket opened at character {position} is never closed."
    ),
    mask_arguments=Text(
        "第 {position} 个字符处的 {name} 应写作 {usage}。", "{name} at character {position} is written {usage}."
    ),
    mask_number=Text(
        "第 {position} 个字符处的“{found}”不是 {name} 能用的数，应写作 {usage}。",
        "'{found}' at character {position} is not a number that {name} can use; it is written {usage}.",
    ),
    mask_range=Text(
        "第 {position} 个字符处的 {found} 超出 {name} 的范围 {least}–{most}。",
        "{found} at character {position} is out of range for {name}: {least} to {most}.",
    ),
    mask_nesting=Text(
        "括号和 ¬ 最多 {limit} 层（第 {position} 个字符）。",
        "Brackets and ¬ may stand at most {limit} deep (character {position}).",
    ),
    mask_terms=Text(
        "一个掩码最多 {limit} 项（第 {position} 个字符）。",
        "A mask may join at most {limit} terms (character {position}).",
    ),
    mask_cells=Text(
        "第 {position} 个字符处的格子读不懂，应写作 2:1、0-3:5 或 1:0-2。",
        "The cells at character {position} cannot be read; they are written 2:1, 0-3:5 or 1:0-2.",
    ),
    mask_many_cells=Text(
        "掩码列出的格子超过 {limit} 个（第 {position} 个字符）。",
        "The mask lists more than {limit} cells (character {position}).",
    ),
    # a file
    mask_file_empty=Text("文件是空的。", "The file is empty."),
    mask_file_size=Text(
        "文件有 {given} 字节，最多读取 {limit} 字节。", "The file has {given} bytes; at most {limit} are read."
    ),
    mask_file_encoding=Text(
        "这不是 UTF-8 的文本文件。请存成 0 和 1 的 CSV，或 NPY。",
        "This is not a text file in UTF-8. Save the mask as CSV with 0 and 1, or as NPY.",
    ),
    mask_file_npy=Text("这不是完整的、装着数的 NPY 文件。", "This is not a whole NPY file of numbers."),
    mask_file_type=Text(
        "NPY 文件里是 {given}；掩码须是布尔值或数。", "The NPY file holds {given}; a mask holds booleans or numbers."
    ),
    mask_file_shape=Text(
        "文件里的掩码是 {given}；这里需要 {expected}（行 × 列）。",
        "The file's mask is {given}; a mask of {expected} (rows × columns) is needed.",
    ),
    mask_file_limit=Text(
        "文件里的掩码是 {given}，最多读取 {limit} × {limit}。",
        "The file's mask is {given}; at most {limit} × {limit} is read.",
    ),
    mask_file_ragged=Text(
        "第 {line} 行有 {given} 格，第一行有 {expected} 格。",
        "Line {line} has {given} cells, the first has {expected}.",
    ),
    mask_file_value=Text(
        "第 {row} 行第 {column} 列是 {value}；只能是 0（屏蔽）和 1（可见），或加到分数上的 0（可见）和 -inf（屏蔽）。",
        "Row {row}, column {column} holds {value}; allowed are 0 (blocked) and 1 (visible), "
        "or, added to the scores, 0 (visible) and -inf (blocked).",
    ),
    mask_file_added=Text(
        "文件里的掩码是加到分数上的；第 {row} 行第 {column} 列是 {value}，只能是 0（可见）或 -inf（屏蔽）。",
        "The file's mask is added to the scores; row {row}, column {column} holds {value}, "
        "but only 0 (visible) and -inf (blocked) can be shown.",
    ),
    mask_file_heads=Text(
        "文件里有 {given} 的多个掩码，{place} 与 {first} 不同；请只存一个：np.save('mask.npy', {first})。",
        "The file holds {given} with masks that differ: {place} is not {first}. "
        "Save one of them: np.save('mask.npy', {first}).",
    ),
)

# What details are called in a sentence, by `<detail>_<value>`.
WORDS = table(
    found_=Text("末尾", "the end"),
)

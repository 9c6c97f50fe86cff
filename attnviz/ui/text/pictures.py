"""The page Pictures."""

from attnviz.language import Text, table
from attnviz.ui.text.fields import TEXTS as BOTH

TEXTS = table(
    **BOTH,
    title=Text("图片", "Pictures"),
    question=Text("模型认一幅图，靠的是哪几块？", "Which patches does the model need to read a picture?"),
    hint=Text(
        "Vision Transformer：图切成小块，每块当一个词元。涂掉一块，看回答怎么变",
        "Vision Transformer: each patch is a token. Hide some and see",
    ),
    model_digits=Text("数字 0–9", "Digits 0–9"),
    model_digits_low=Text("只认 0–4", "Digits 0–4 only"),
    title_picture=Text("第 {number} 幅：{label}", "Picture {number}: {label}"),
    patch=Text("第 {row} 行第 {column} 列", "row {row}, column {column}"),
    tool_hide=Text("涂掉", "Hide"),
    tool_ask=Text("从这块看", "Look from here"),
    board_hint=Text(
        "点或拖：涂掉小块，再点还原。“从这块看”选谁在看；数字是所选头的权重。",
        'Click or drag to hide patches, again to show them. "Look from here" chooses who looks; numbers are the '
        "chosen head's weights.",
    ),
    board_changed=Text(
        "斜线的块被屏蔽：任何层、任何头都看不到它。", "Hatched patches are blocked: no head of any layer sees them."
    ),
    cls_keeps=Text("CLS 得到 {weight}", "CLS itself: {weight}"),
    tip_hidden=Text("{key} 被屏蔽：{query} 给它的权重是 0", "{key} is blocked: its weight from {query} is 0"),
    fact_none=Text("没有涂掉的块。", "No patch is hidden."),
    fact_blocked=Text(
        "涂掉 {count} 块；所有头、所有查询给它们的最大权重：{weight}",
        "{count} hidden; the largest weight on them, of any head and query: {weight}",
    ),
    fact_rollout=Text("展开的每一行之和：{low}–{high}", "Rows of the rollout sum to {low}–{high}"),
    all_hidden=Text(
        "所有小块都被涂掉了：CLS 只看得见自己，回答与图无关。",
        "Every patch is hidden: CLS sees only itself, so the answer does not depend on the picture.",
    ),
    # the claim
    claim_flips=Text(
        "只要涂掉第 {row} 行第 {column} 列这一块，“{label}”（{before}）就被看成“{instead}”（“{label}”只剩 {after}）。",
        'Hide one patch, row {row}, column {column}, and "{label}" ({before}) is read as "{instead}" ("{label}" is '
        "left with {after}).",
    ),
    claim_falls=Text(
        "最要紧的是第 {row} 行第 {column} 列：涂掉它，“{label}”的概率 {before} → {after}。",
        'The patch that matters most is row {row}, column {column}: without it "{label}" falls from {before} to '
        "{after}.",
    ),
    claim_none=Text(
        "少了哪一块都不要紧：最多从 {before} 降到 {after}，仍是“{label}”。",
        'No single patch matters: at most "{label}" goes from {before} to {after}.',
    ),
    claim_try=Text("涂掉它 ▸", "Hide it ▸"),
    claim_tried=Text(
        "第 {row} 行第 {column} 列的权重现在处处是 0；“{label}”{before} → {now}，模型说“{said}”。",
        'Row {row}, column {column} now has weight 0 everywhere; "{label}" went from {before} to {now}, and it says '
        '"{said}".',
    ),
    # people's own pictures
    own=Text("我的图片…", "My pictures…"),
    own_help=Text(
        "一个 zip：每一类一个文件夹（猫/1.png、狗/2.png…）。只读像素，不解压到磁盘，不离开这台电脑。",
        "A zip with a folder for each class (cat/1.png, dog/2.png, …). Only pixels are read; nothing is unpacked to "
        "disk, nothing leaves this machine.",
    ),
    own_field=Text("zip 或整个文件夹", "A zip, or a whole folder"),
    own_folder=Text("或者：这台电脑上的文件夹", "Or: a folder on this computer"),
    own_side=Text("缩小到", "Made smaller to"),
    own_side_value=Text("{side}×{side} 像素", "{side} × {side} pixels"),
    own_colour=Text("彩色", "In colour"),
    own_read=Text("{count} 幅，{classes} 类：{names}", "{count} pictures of {classes} classes: {names}"),
    own_to_tune=Text(
        "想从认数字的模型开始微调：缩小到 8×8、不要彩色。",
        "To fine-tune the model of the digits on them, make them 8 × 8 and without colour.",
    ),
    tuned_head=Text("微调：仅头", "Fine-tune: head only"),
    tuned_last_layers=Text("微调：最后一层", "Fine-tune: last layer"),
    tuned_full=Text("微调：全量", "Fine-tune: full"),
    own_forget=Text("回到手写数字", "Back to the digits"),
    finetune=Text("微调：0–4 → 5–9 ▸", "Fine-tune: 0–4 → 5–9 ▸"),
    finetune_help=Text(
        "到微调页：只认 0–4 的模型学 5–9；仅头、最后几层、全量并排比较。",
        "On the page Fine-tuning: the model that knows 0–4 learns 5–9; head only, last layers and full side by side.",
    ),
    task_digits=Text("手写数字 0–9", "Handwritten digits 0–9"),
)

"""Every sentence of the attention stage, in Chinese and English. {braces} are filled in by the browser."""

from __future__ import annotations

from collections.abc import Mapping

STAGE_TEXT: dict[str, dict[str, str]] = {
    "stage": {"zh": "注意力画面", "en": "Attention stage"},
    "loading": {"zh": "正在准备画面……", "en": "Preparing the picture…"},
    "working": {"zh": "正在重新计算……", "en": "Computing…"},
    "broken": {
        "zh": "这幅画面读不出来，请刷新页面。",
        "en": "This picture could not be read. Please reload the page.",
    },
    # kinds of attention
    "kinds": {"zh": "注意力种类", "en": "Kind of attention"},
    "kind_encoder_self": {"zh": "编码器自注意力", "en": "Encoder self-attention"},
    "kind_decoder_self": {"zh": "解码器自注意力", "en": "Decoder self-attention"},
    "kind_cross": {"zh": "交互注意力", "en": "Cross-attention"},
    "about_encoder_self": {
        "zh": "源句的每个词元看源句的所有词元",
        "en": "Each source token looks at the whole source",
    },
    "about_decoder_self": {
        "zh": "目标的每个位置只看自己和之前（因果掩码）",
        "en": "Each target position looks at itself and before (causal mask)",
    },
    "about_cross": {
        "zh": "目标的每个位置看源句；又称交叉注意力、编码器-解码器注意力",
        "en": "Each target position looks at the source; also called encoder–decoder attention",
    },
    # the grid
    "grid_title": {"zh": "每层每头", "en": "Layers × heads"},
    "grid_hint": {
        "zh": "行 = 层，列 = 头 · 悬停联动，点选放大",
        "en": "Row = layer, column = head · hover links, click enlarges",
    },
    "keys_hint": {
        "zh": "方向键 移动 · Enter 选中，再按进入 · 空格 开关 · Esc 离开",
        "en": "Arrows move · Enter chooses, again enters · Space switches · Esc leaves",
    },
    "head_short": {"zh": "L{layer} H{head}", "en": "L{layer} H{head}"},
    "head_label": {
        "zh": "第 {layer} 层，头 {head}，{statistics}",
        "en": "Layer {layer}, head {head}, {statistics}",
    },
    "switch_label": {"zh": "第 {layer} 层头 {head} 的开关", "en": "Switch of layer {layer} head {head}"},
    "switch_turn_off": {
        "zh": "点击关掉这个头（输出置零），看预测怎么变",
        "en": "Turn this head off (its output becomes zero) and see the prediction change",
    },
    "switch_turn_on": {"zh": "点击重新打开这个头", "en": "Turn this head on again"},
    "off": {"zh": "已关", "en": "off"},
    "all_on": {"zh": "全部打开", "en": "All on"},
    # the chosen head
    "head_title": {"zh": "第 {layer} 层 · 头 {head}", "en": "Layer {layer} · head {head}"},
    "matrix_label": {
        "zh": "注意力矩阵，{rows} 行（查询）{columns} 列（键）。方向键移动，Enter 固定，Esc 返回。",
        "en": "Attention matrix, {rows} rows (queries), {columns} columns (keys). Arrows move, Enter pins, Esc leaves.",
    },
    "queries": {"zh": "查询 query", "en": "query"},
    "keys": {"zh": "键 key", "en": "key"},
    "views": {"zh": "画法", "en": "View"},
    "view_matrix": {"zh": "矩阵", "en": "Matrix"},
    "view_lines": {"zh": "连线", "en": "Lines"},
    "view_both": {"zh": "两者", "en": "Both"},
    "view_mask": {"zh": "掩码", "en": "Mask"},
    "scales": {"zh": "色标", "en": "Scale"},
    "scale_linear": {"zh": "线性", "en": "Linear"},
    "scale_sqrt": {"zh": "平方根", "en": "√ root"},
    "scale_row": {"zh": "按行最大", "en": "Row max"},
    "scale_linear_hint": {"zh": "颜色 = 权重", "en": "Colour = weight"},
    "scale_sqrt_hint": {
        "zh": "颜色 = √权重，小的权重也看得见",
        "en": "Colour = √weight: small weights become visible",
    },
    "scale_row_hint": {"zh": "颜色 = 权重 ÷ 本行最大", "en": "Colour = weight ÷ largest of its row"},
    "zoom_in": {"zh": "放大", "en": "Zoom in"},
    "zoom_out": {"zh": "缩小", "en": "Zoom out"},
    "zoom_reset": {"zh": "还原", "en": "Reset zoom"},
    "zoom_hint": {
        "zh": "滚轮缩放 · 拖动平移 · 双击还原",
        "en": "Wheel zooms · drag pans · double-click resets",
    },
    # the legend
    "weight": {"zh": "权重", "en": "weight"},
    "blocked": {"zh": "■ 屏蔽 blocked", "en": "■ blocked"},
    "visible": {"zh": "□ 可见 visible", "en": "□ visible"},
    "leak": {"zh": "屏蔽的格子仍有权重：泄漏", "en": "Blocked, yet it has weight: a leak"},
    "unknown": {"zh": "未登录词元（模型没见过）", "en": "Unknown token (the model has never seen it)"},
    # statistics
    "statistics": {"zh": "这个头的统计", "en": "This head in numbers"},
    "entropy": {"zh": "熵 entropy", "en": "Entropy"},
    "entropy_short": {"zh": "熵", "en": "Entropy"},
    "entropy_hint": {
        "zh": "各行权重的平均熵；0 = 只看一个词元，条 = 占最大值 ln S 的比例",
        "en": "Mean over rows; 0 = looks at one token only; the bar is the share of the largest, ln S",
    },
    "mean_distance": {"zh": "平均距离", "en": "Mean distance"},
    "mean_distance_hint": {
        "zh": "查询与所看的键平均相隔几个词元（按权重）",
        "en": "Tokens between a query and what it looks at, weighted",
    },
    "previous": {"zh": "看前一个", "en": "On previous"},
    "previous_hint": {"zh": "落在前一个位置的权重", "en": "Weight on the position before"},
    "first": {"zh": "看第一个", "en": "On first"},
    "first_hint": {"zh": "落在第一个位置的权重", "en": "Weight on the first position"},
    "same": {"zh": "看同一个", "en": "On same"},
    "same_hint": {"zh": "落在同一位置的权重", "en": "Weight on the same position"},
    "delta_loss": {"zh": "Δ损失", "en": "Δloss"},
    "head_tiny": {"zh": "H{head}", "en": "H{head}"},
    "layer_tiny": {"zh": "L{layer}", "en": "L{layer}"},
    "delta_loss_tiny": {"zh": "Δ", "en": "Δ"},
    "delta_loss_short": {"zh": "Δ损失", "en": "Δloss"},
    "delta_loss_hint": {
        "zh": "只关掉这个头，损失变化多少（纳特/词元）：越大，模型越依赖它",
        "en": "How much the loss moves when only this head is off (nats a token): the larger, the more it matters",
    },
    "nats": {"zh": "纳特", "en": "nats"},
    "tokens": {"zh": "词元", "en": "tokens"},
    "pending": {"zh": "…", "en": "…"},
    # the readout
    "readout_idle": {
        "zh": "把鼠标放在词元或格子上，看它注意谁",
        "en": "Point at a token or a cell to read what it looks at",
    },
    "readout_next": {"zh": "读到 {row}，预测 {next}", "en": "after {row}, predicting {next}"},
    "rest": {"zh": "其余", "en": "rest"},
    "dead_row": {"zh": "整行屏蔽，权重全为 0", "en": "the whole row is blocked, all weights are 0"},
    "nobody": {"zh": "没有查询能看到它", "en": "no query may look at it"},
    "position": {"zh": "位置 {position}", "en": "position {position}"},
    # downloads
    "downloads": {"zh": "下载", "en": "Download"},
    "download_png": {"zh": "下载图片 PNG（两倍清晰度）", "en": "Download the picture as PNG (2×)"},
    "download_svg": {"zh": "下载矢量图 SVG", "en": "Download the picture as SVG"},
    "download_csv": {"zh": "下载这个头的数字 CSV", "en": "Download this head's numbers as CSV"},
    "download_json": {"zh": "下载所有头的数字 JSON", "en": "Download all heads' numbers as JSON"},
}


def stage_text(language: str) -> dict[str, str]:
    """All sentences in one language ("zh" or "en"); raises ValueError for another one."""
    if language not in {"zh", "en"}:
        raise ValueError(f"language {language!r} is not one of zh, en")
    return {key: both[language] for key, both in STAGE_TEXT.items()}


def missing_keys(text: Mapping[str, str]) -> list[str]:
    """Keys that a table of sentences lacks."""
    return sorted(STAGE_TEXT.keys() - text.keys())

"""Chinese numerals."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"
FORMAL_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_FORMAL = str.maketrans(DIGITS + "十百千", FORMAL_DIGITS + "拾佰仟")
LIMIT = 10**12


def chinese_numeral(number: int) -> str:
    """The formal reading of 0 ≤ number < 10¹²: 7830021 is 七百八十三万零二十一 (二, not 两)."""
    if not 0 <= number < LIMIT:
        raise ValueError(f"number is {number}; allowed: 0 to {LIMIT - 1}")
    words, skipped = "", False
    for power, unit in ((2, "亿"), (1, "万"), (0, "")):
        group = number // 10_000**power % 10_000
        if group:
            words += "零" if words and (skipped or group < 1000) else ""
            words += _below_ten_thousand(group) + unit
        skipped = group == 0
    return (words.removeprefix("一") if words.startswith("一十") else words) or "零"


def formal_numeral(number: int) -> str:
    """The numeral as cheques have it: 7830021 is 柒佰捌拾叁万零贰拾壹; 十 at the beginning is 壹拾."""
    numeral = chinese_numeral(number)
    return ("一" + numeral if numeral.startswith("十") else numeral).translate(_FORMAL)


def _below_ten_thousand(group: int) -> str:
    words, skipped = "", False
    for power, unit in ((3, "千"), (2, "百"), (1, "十"), (0, "")):
        digit = group // 10**power % 10
        if digit:
            words += ("零" if words and skipped else "") + DIGITS[digit] + unit
        skipped = digit == 0
    return words

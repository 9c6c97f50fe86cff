"""What the buttons say that save what a stage shows as a file, and the legend of that file."""

from attnviz.language import Text, table

TEXTS = table(
    downloads=Text("下载", "Download"),
    download_png=Text("下载图片 PNG（两倍清晰度）", "Download the picture as PNG (2×)"),
    download_svg=Text("下载矢量图 SVG", "Download the picture as SVG"),
    download_csv=Text("下载这个头的数字 CSV", "Download this head's numbers as CSV"),
    weight=Text("权重", "weight"),
    blocked=Text("■ 屏蔽 blocked", "■ blocked"),
)

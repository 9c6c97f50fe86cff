"""What the tests of the attention stage in a real Chromium do often: find a cell, point at it, read pixels."""

import base64

import numpy as np

STAGE = "document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot.attnvizStage"


def box_of(tab, row, column):
    """Where a cell of the large head is on the page."""
    return tab.page.evaluate(
        f"""([row, column]) => {{
            const stage = {STAGE};
            const {{ cells }} = stage.layouts.head.matrix;
            const part = stage.shownPart();
            const at = stage.refs.surface.getBoundingClientRect();
            const [w, h] = [cells.w / part.columns, cells.h / part.rows];
            const [x, y] = [at.left + cells.x + (column - part.left) * w, at.top + cells.y + (row - part.top) * h];
            return {{ x, y, w, h }};
        }}""",
        [row, column],
    )


def point_at(tab, row, column):
    box = box_of(tab, row, column)
    tab.page.mouse.move(box["x"] + box["w"] / 2, box["y"] + box["h"] / 2)
    tab.page.wait_for_timeout(80)


def readout(tab):
    return tab.page.locator(".readout").inner_text()


def drawn(tab, selector, x, y, w, h):
    """Pixels of a canvas as an (h, w, 4) array, in CSS pixels of the canvas."""
    read = """(canvas, [x, y, w, h]) => {
        const { data } = canvas.getContext("2d").getImageData(x, y, w, h);
        let text = "";
        for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
        return btoa(text);
    }"""
    encoded = tab.page.locator(selector).evaluate(read, [x, y, w, h])
    return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(h, w, 4)


def clean(tab):
    assert tab.console_errors == []
    assert tab.foreign_requests == []

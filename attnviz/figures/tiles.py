"""Where cells stand: layers × heads tiles of T × S cells on one pair of axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """In axis coordinates one cell is 1 wide and cell 0 of the first tile is centred on 0; the y axis points down."""

    layers: int = 1
    heads: int = 1
    rows: int
    columns: int
    cell_width: float  # pixels
    cell_height: float
    gap_x: float = 14  # pixels between tiles
    gap_y: float = 30

    @property
    def single(self) -> bool:
        """Whether there is one tile only."""
        return self.layers == self.heads == 1

    @property
    def tiny(self) -> bool:
        """Cells too small for a hatching of their own: neighbours share one."""
        return min(self.cell_width, self.cell_height) < 14

    @property
    def cell_gap(self) -> float:
        """Pixels between two cells."""
        cell = min(self.cell_width, self.cell_height)
        return 0.0 if cell < 6 else 1.0 if cell < 24 else 2.0

    @property
    def stride_x(self) -> float:
        """From one tile to the next, in cells."""
        return self.columns + self.gap_x / self.cell_width

    @property
    def stride_y(self) -> float:
        """Rows from one tile to the next, the gap included."""
        return self.rows + self.gap_y / self.cell_height

    @property
    def width(self) -> float:
        """Of all tiles, in pixels."""
        return self.heads * self.columns * self.cell_width + (self.heads - 1) * self.gap_x

    @property
    def height(self) -> float:
        """Of all tiles, in pixels."""
        return self.layers * self.rows * self.cell_height + (self.layers - 1) * self.gap_y

    @property
    def x_range(self) -> list[float]:
        """What the x axis shows."""
        return [-0.5, (self.heads - 1) * self.stride_x + self.columns - 0.5]

    @property
    def y_range(self) -> list[float]:
        """Reversed: the first row is on top."""
        return [(self.layers - 1) * self.stride_y + self.rows - 0.5, -0.5]

    @property
    def x_edges(self) -> NDArray[np.float64]:
        """Borders of the sheet's columns; the gap between two tiles is one narrow column."""
        return np.concatenate([i * self.stride_x - 0.5 + np.arange(self.columns + 1) for i in range(self.heads)])

    @property
    def y_edges(self) -> NDArray[np.float64]:
        """Where the tiles of a column begin."""
        return np.concatenate([i * self.stride_y - 0.5 + np.arange(self.rows + 1) for i in range(self.layers)])

    def sheet(self, values: NDArray[Any], empty: object = np.nan) -> NDArray[Any]:
        """(L, H, T, S) as one matrix, with an empty row and column between tiles."""
        layers, heads, rows, columns = values.shape
        if self.single:
            found: NDArray[Any] = values[0, 0]
            return found
        sheet = np.full((layers, rows + 1, heads, columns + 1), empty, dtype=values.dtype)
        sheet[:, :rows, :, :columns] = values.transpose(0, 2, 1, 3)
        return sheet.reshape(layers * (rows + 1), heads * (columns + 1))[:-1, :-1]

    def centres(self, where: NDArray[np.bool_]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Coordinates x, y of the True cells of (L, H, T, S)."""
        layer, head, row, column = np.nonzero(where)
        return head * self.stride_x + column, layer * self.stride_y + row

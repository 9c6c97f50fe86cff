"""Rotary positions: the product of complex numbers is the rotation that is spelled out, in place as well."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from attnviz.model.positions import Turning, rotate, turned_by


def angles(head_dim: int, offset: int, length: int) -> Tensor:
    position = torch.arange(offset, offset + length, dtype=torch.float32)[:, None]
    return position * 10000 ** (-torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim)


@given(pairs=st.integers(1, 7), length=st.integers(1, 131), offset=st.integers(0, 257), back=st.booleans())
def test_a_complex_product_is_the_rotation_spelled_out(pairs: int, length: int, offset: int, back: bool) -> None:
    x = torch.randn(3, length, 2, 2 * pairs, generator=torch.Generator().manual_seed(length)).transpose(1, 2)
    angle = angles(2 * pairs, offset, length)
    found = rotate(x, offset, back=back)
    torch.testing.assert_close(found, turned_by(x, -angle if back else angle), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(rotate(found, offset, back=not back), x, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_turned_in_place_is_turned(dtype: torch.dtype) -> None:
    x = torch.randn(2, 5, 13, 6, generator=torch.Generator().manual_seed(1)).to(dtype)
    room = x.clone()
    Turning(room)()
    turned = rotate(x)
    torch.testing.assert_close(room, turned, atol=1e-6, rtol=1e-5)
    Turning(room, back=True)()
    torch.testing.assert_close(room, rotate(turned, back=True), atol=1e-6, rtol=1e-5)


def test_gradients_turn_back() -> None:
    x = torch.randn(1, 2, 11, 6, dtype=torch.float32, requires_grad=True)
    slope = torch.randn(1, 2, 11, 6)
    (rotate(x, 3) * slope).sum().backward()
    torch.testing.assert_close(x.grad, rotate(slope, 3, back=True), atol=1e-6, rtol=1e-5)

"""The app: text, state, frame, components and the parts that pages are made of.

Nothing here may import torch, Plotly or pandas while the module is imported, unless a page imports it inside its body:
the frame must be on screen before anything heavy is loaded.
"""

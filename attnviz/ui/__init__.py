"""The app: the frame of every page, a folder a page, and what pages share.

Nothing here may import torch, Plotly or pandas while the module is imported, unless a page imports it inside its body:
the frame must be on screen before anything heavy is loaded.
"""
